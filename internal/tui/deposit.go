package tui

import (
	"context"
	"errors"
	"path/filepath"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// intake is one document to be deposited: a file, or pages of one.
type intake struct {
	path  string
	pages vault.PageList // nil is all of the file
	about string         // size and pages of the file, in words
	said  *description

	doc *api.Document // once the daemon has it safe
	err error         // of the last try
}

// name is what the person knows it by.
func (in *intake) name(d *desk) string {
	name := termio.Isolate(termio.Clean(filepath.Base(in.path)))
	if in.pages != nil {
		return d.l.T("%s, p. %s", name, in.pages.String())
	}
	return name
}

// depositPicked deposits files that the person chooses.
func depositPicked(ctx context.Context, d *desk, c chosen) error {
	return pickAndDeposit(ctx, d, about(&c), nil)
}

func pickAndDeposit(ctx context.Context, d *desk, b *api.Beneficiary, wanted []string) error {
	paths, err := d.pick(ctx, &picking{title: d.l.T("Which files? For %s", personName(b))})
	if err != nil {
		return err
	}
	return depositFiles(ctx, d, b, paths, wanted)
}

// depositScanned deposits what lies in the scanner's folder.
func depositScanned(ctx context.Context, d *desk, c chosen) error {
	paths, err := pickScans(ctx, d)
	if err != nil || len(paths) == 0 {
		return err
	}
	return depositFiles(ctx, d, about(&c), paths, nil)
}

func personName(b *api.Beneficiary) string {
	return termio.Isolate(termio.Clean(firstOf(b.Name, b.ID)))
}

// depositFiles asks what files are, deposits them into the vault of a person, and says what became of each. Types that are
// wanted are proposed first. Files of the scanner's folder that are safe may be deleted there afterwards.
func depositFiles(ctx context.Context, d *desk, b *api.Beneficiary, paths, wanted []string) error {
	var (
		intakes []*intake
		refused []string
	)
	for _, path := range paths {
		in := &intake{path: path, said: &description{}}
		if err := in.look(d); err != nil {
			refused = append(refused, "✗ "+in.name(d)+" – "+d.fileTrouble(path, err))
			continue
		}
		intakes = append(intakes, in)
	}
	if len(refused) > 0 {
		if err := d.read(ctx, &sheet{title: d.l.T("These cannot be deposited"), lines: refused}); err != nil {
			return err
		}
	}
	if len(intakes) == 0 {
		return errBack
	}
	return depositAll(ctx, d, b, intakes, wanted)
}

// look says how large a file is, or why it cannot be deposited, before anybody says what it is.
func (in *intake) look(d *desk) error {
	u, err := userfile.Open(in.path)
	if err != nil {
		return err
	}
	defer func() { _ = u.Close() }() // only read
	var f api.DocumentFields
	u.Measure(&f)
	var doc api.Document
	for to, n := range map[*int]*int{&doc.PageCount: f.PageCount, &doc.Width: f.Width, &doc.Height: f.Height} {
		if n != nil {
			*to = *n
		}
	}
	in.about = phrase.Extent(d.l, termio.FormatBytes(u.Size), &doc)
	return nil
}

// fileTrouble says what is wrong with a file whose name the person reads beside it.
func (d *desk) fileTrouble(path string, err error) string {
	if vault.CodeOf(err) == vault.CodeNoDaemon {
		return d.l.T("the daemon went away before it had confirmed; nothing is deposited twice when it is tried again")
	}
	message, hint := phrase.Error(d.l, err)
	message = termio.Clean(phrase.WithoutName(message, path))
	if hint != "" {
		message += " (" + termio.Clean(hint) + ")"
	}
	return message
}

// depositAll asks, deposits, and asks again about what did not go in.
func depositAll(ctx context.Context, d *desk, b *api.Beneficiary, intakes []*intake, wanted []string) error {
	private := false
	if err := askDeposit(ctx, d, b, intakes, wanted, &private); err != nil {
		return err
	}
	for {
		runDeposit(ctx, d, b, intakes, private)
		again, err := tellDeposit(ctx, d, b, intakes)
		if err != nil || again == "" {
			return errors.Join(err, clearDeposited(ctx, d, intakes))
		}
		if again == "describe" {
			err := askDeposit(ctx, d, b, undone(intakes), wanted, &private)
			if err != nil {
				return errors.Join(err, clearDeposited(ctx, d, intakes))
			}
		}
	}
}

// undone are the documents that did not go in.
func undone(intakes []*intake) []*intake {
	var rest []*intake
	for _, in := range intakes {
		if in.doc == nil {
			rest = append(rest, in)
		}
	}
	return rest
}

// clearDeposited offers the deletion of scans whose bytes are safe.
func clearDeposited(ctx context.Context, d *desk, intakes []*intake) error {
	safe := map[string]*api.Document{}
	for _, in := range intakes {
		switch {
		case in.doc == nil:
		case in.pages == nil:
			safe[in.path] = in.doc
		case d.scans.holds(in.path):
			d.scans.deposited(in.path, "")
		}
	}
	if err := ctx.Err(); err != nil || len(safe) == 0 {
		return err
	}
	return clearScans(ctx, d, safe)
}

// askDeposit asks what each of the documents is, and at the end whether all of it is right.
func askDeposit(ctx context.Context, d *desk, b *api.Beneficiary, intakes []*intake, wanted []string, private *bool) error {
	var steps []func(context.Context) error
	same := false
	files := len(intakes) > 1
	if files {
		steps = append(steps, func(ctx context.Context) error {
			return d.fill(ctx, &form{title: d.l.T("Deposit for %s", personName(b)), intro: names(d, intakes), fields: []*field{{
				kind: yesNo, label: d.l.T("Is the same to be said of all of them?"), help: d.l.T("Type, days and holder are then asked once."), yes: &same}}})
		})
	}
	for i, in := range intakes {
		title := d.l.T("Deposit for %s", personName(b))
		intro := []string{in.name(d) + " – " + in.about}
		if files {
			intro[0] = d.l.T("%d of %d: %s", i+1, len(intakes), intro[0])
		}
		for n, step := range d.describe(b, title, intro, in.said, wanted) {
			steps = append(steps, func(ctx context.Context) error {
				if same && i > 0 {
					*in.said = *intakes[0].said
					return errSkip
				}
				if n == 0 && i > 0 && in.said.typ == "" { // often a pile of the same
					in.said.typ, in.said.holder = intakes[i-1].said.typ, intakes[i-1].said.holder
				}
				return step(ctx)
			})
		}
	}
	return d.steps(ctx, append(steps, func(ctx context.Context) error { return sureOfDeposit(ctx, d, b, intakes, private) })...)
}

func names(d *desk, intakes []*intake) []string {
	var lines []string
	for _, in := range intakes {
		lines = append(lines, in.name(d)+" – "+in.about)
	}
	return lines
}

// sureOfDeposit shows what is about to be deposited, and asks what concerns all of it.
func sureOfDeposit(ctx context.Context, d *desk, b *api.Beneficiary, intakes []*intake, private *bool) error {
	types := phrase.TypeNames(d.l, d.types)
	var intro []string
	for _, in := range intakes {
		intro = append(intro, in.name(d)+" → "+termio.Clean(in.said.summary(d.l, types)))
	}
	seen := intakes[0].said.seen
	fields := []*field{{kind: yesNo, label: d.l.T("Did you compare with the originals?"), yes: &seen}}
	if b.Card > 0 {
		fields = append(fields, &field{kind: yesNo, label: d.l.T("For the person alone?"), yes: private,
			help: d.l.T("Only their card opens it then; colleagues do not see what it is.")})
	}
	who := personName(b)
	if b.Born != "" {
		who = d.l.T("%s, born %s", who, phrase.Born(d.l, b.Born))
	}
	err := d.fill(ctx, &form{title: d.l.N(len(intakes), "Deposit %d document for %s", "Deposit %d documents for %s", who), intro: intro, fields: fields})
	for _, in := range intakes {
		in.said.seen = seen
	}
	return err
}
