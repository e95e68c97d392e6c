package tui

import (
	"context"
	"path/filepath"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
)

// agreement is how somebody agreed: to a share, or to a consent. Its zero value proposes a spoken one of today, given by the
// person alone.
type agreement struct {
	how      string // one of the ways below
	scan     string // path of the scan that was made last, "" for none
	evidence string // path of what was signed
	givenBy  string
	name     string // of the representative
	mandate  string // path
	heard    string // name of the interpreter
	aloud    bool
	on       string // day, "" today
}

// Ways in which somebody agrees, and who does it.
const (
	bySpeech = "verbal"
	byScan   = "scan"
	byFile   = "file"

	bySelf           = "person"
	byAssisted       = "assisted"
	byRepresentative = "representative"
)

// ask asks how somebody agreed. What was answered before is proposed again.
func (a *agreement) ask(ctx context.Context, d *desk, title string, says ...string) error {
	return d.steps(ctx,
		func(ctx context.Context) error { return d.fill(ctx, a.form(d, title, says)) },
		func(ctx context.Context) error { return a.pickEvidence(ctx, d) },
		func(ctx context.Context) error { return a.pickMandate(ctx, d) },
	)
}

func (a *agreement) form(d *desk, title string, says []string) *form {
	l := d.l
	if a.givenBy == "" {
		a.how, a.givenBy = bySpeech, bySelf
		if path, ok := lastScan(d); ok {
			a.how, a.scan = byScan, path
		}
	}
	ways := []option{{bySpeech, l.T("by word of mouth")}, {byFile, l.T("in writing: I choose the file of the signed paper")}}
	if a.scan != "" {
		ways = append([]option{{byScan, l.T("in writing: the last scan is the signed paper, %s", filepath.Base(a.scan))}}, ways...)
	}
	return &form{title: title, intro: says, fields: []*field{
		{kind: choice, label: l.T("How did the person agree?"), text: &a.how, options: ways},
		{kind: choice, label: l.T("Who agreed?"), text: &a.givenBy, options: []option{
			{bySelf, l.T("the person, alone")}, {byAssisted, l.T("the person, assisted by somebody")}, {byRepresentative, l.T("their legal representative")}}},
		{kind: oneLine, label: l.T("Name of the representative"), text: &a.name, needed: true,
			when: func() bool { return a.givenBy == byRepresentative }},
		{kind: oneLine, label: l.T("Interpreter"), help: l.T("Name or service. Empty: there was none."), text: &a.heard},
		{kind: yesNo, label: l.T("Was it read aloud?"), yes: &a.aloud},
		{kind: oneLine, label: l.T("Day on which they agreed"), help: l.T("YYYY-MM-DD. Empty: today."), text: &a.on, reads: d.day},
	}}
}

func (a *agreement) pickEvidence(ctx context.Context, d *desk) error {
	switch a.how {
	case bySpeech:
		a.evidence = ""
		return errSkip
	case byScan:
		a.evidence = a.scan
		return errSkip
	}
	paths, err := d.pick(ctx, &picking{title: d.l.T("File of the signed paper"), one: true})
	if err == nil && len(paths) > 0 {
		a.evidence = paths[0]
	}
	return err
}

func (a *agreement) pickMandate(ctx context.Context, d *desk) error {
	if a.givenBy != byRepresentative {
		a.name, a.mandate = "", ""
		return errSkip
	}
	paths, err := d.pick(ctx, &picking{title: d.l.T("File of the representative's mandate"), one: true})
	if err == nil && len(paths) > 0 {
		a.mandate = paths[0]
	}
	return err
}

// into writes into the terms what was answered, but for the files.
func (a *agreement) into(d *desk, t *api.ConsentTerms) {
	t.Verbal, t.GivenBy, t.Representative, t.Interpreter, t.ReadAloud, t.On = a.how == bySpeech, a.givenBy, a.name, a.heard, a.aloud, a.on
	if t.Language == "" {
		t.Language = d.l.String()
	}
}

// parts opens the files that go with the terms, and names them there. Whoever calls closes them.
func (a *agreement) parts(t *api.ConsentTerms) (parts []apiclient.Part, closeAll func(), err error) {
	var files []*userfile.File
	closeAll = func() {
		for _, u := range files {
			_ = u.Close() // it was only read
		}
	}
	for _, f := range []struct {
		part, path string
		name       *string
	}{{api.PartEvidence, a.evidence, &t.EvidenceName}, {api.PartMandate, a.mandate, &t.MandateName}} {
		if f.path == "" {
			continue
		}
		u, err := userfile.Open(f.path)
		if err != nil {
			closeAll()
			return nil, func() {}, err
		}
		files = append(files, u)
		*f.name = u.Name
		parts = append(parts, apiclient.Part{Reader: u, Name: f.part})
	}
	return parts, closeAll, nil
}

// scans are those of its files that lie in a watched folder.
func (a *agreement) scans(d *desk) []string {
	return slices.DeleteFunc([]string{a.evidence, a.mandate}, func(path string) bool { return path == "" || !d.scans.holds(path) })
}

// taken notes that its files are in a vault: a scan of them is not new any more.
func (a *agreement) taken(d *desk) {
	for _, path := range a.scans(d) {
		d.scans.deposited(path, "")
	}
}

// clear asks whether scans that were taken may be deleted from the scanner's folder. Leaving the question leaves them.
func (a *agreement) clear(ctx context.Context, d *desk, beneficiary string) error {
	scans := a.scans(d)
	if len(scans) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	docs, err := list[api.Document](ctx, d, api.RouteDocumentList, api.DocumentListRequest{Beneficiary: beneficiary, All: true})
	if err != nil {
		return err
	}
	done := map[string]*api.Document{}
	for _, path := range scans {
		digest, err := digestOf(path)
		if err != nil {
			continue // it stays there, and was taken all the same
		}
		if i := slices.IndexFunc(docs, func(doc api.Document) bool { return doc.Evidence != "" && doc.Digest == digest }); i >= 0 {
			done[path] = &docs[i]
		}
	}
	if err := clearScans(ctx, d, done); !left(err) {
		return err
	}
	return ctx.Err()
}

// line says the agreement in a line, to be looked at before it counts.
func (a *agreement) line(d *desk) string {
	if a.how == bySpeech {
		return d.l.T("The person agreed by word of mouth.")
	}
	return d.l.T("The person agreed in writing: %s", termio.Isolate(termio.Clean(filepath.Base(a.evidence))))
}
