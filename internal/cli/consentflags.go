package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// consentFlags are the flags that say what a consent is, and the same as --input gives it.
type consentFlags struct {
	To             string `json:"to"`
	Purpose        string `json:"purpose"`
	Until          string `json:"until"`
	On             string `json:"on"`
	Verbal         bool   `json:"verbal"`
	Evidence       string `json:"evidence"` // path
	GivenBy        string `json:"given_by"`
	Representative string `json:"representative"`
	Mandate        string `json:"mandate"` // path
	Interpreter    string `json:"interpreter"`
	ReadAloud      bool   `json:"read_aloud"`
	Language       string `json:"language"`
}

func (o *consentFlags) declare(f *Factory, cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.To, "to", "", lang.Key("who may read: team:NAME or agent:NAME"))
	cmd.Flags().StringVar(&o.Purpose, "purpose", "", lang.Key("what for; complete with Tab, or see the manual"))
	cmd.Flags().StringVar(&o.Until, "until", "", lang.Key("last day: YYYY-MM-DD, +18mo, or none for until withdrawn"))
	complete(cmd, "to", f.completeReaders)
	o.declareAgreement(f, cmd)
}

// declareAgreement declares the flags that say how the person agreed.
func (o *consentFlags) declareAgreement(f *Factory, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.Evidence, "evidence", "", lang.Key("the signed paper, as a file"))
	flags.BoolVar(&o.Verbal, "verbal", false, lang.Key("the consent was spoken"))
	flags.StringVar(&o.On, "on", "", lang.Key("day on which it was given, if not today"))
	flags.StringVar(&o.GivenBy, "given-by", "", lang.Key("person, assisted or representative"))
	flags.StringVar(&o.Representative, "representative", "", lang.Key("name of the representative"))
	flags.StringVar(&o.Mandate, "mandate", "", lang.Key("the representative's mandate, as a file"))
	flags.StringVar(&o.Interpreter, "interpreter", "", lang.Key("name of the interpreter"))
	flags.BoolVar(&o.ReadAloud, "read-aloud", false, lang.Key("the notice was read aloud"))
	flags.StringVar(&o.Language, "language", "", lang.Key("language of the notice that the person was given: fr or en"))
	oneOf(cmd, "evidence", "verbal")
	complete(cmd, "purpose", f.completePurposes)
	complete(cmd, "given-by", fixed("person", "assisted", "representative"))
	complete(cmd, "language", fixed("fr", "en"))
}

// under returns o with the flags of the command line over it, so that they beat what --input says.
func (o consentFlags) under(cmd *cobra.Command, flags *consentFlags) consentFlags {
	for flag, pair := range map[string][2]*string{
		"to": {&o.To, &flags.To}, "purpose": {&o.Purpose, &flags.Purpose}, "until": {&o.Until, &flags.Until},
		"on": {&o.On, &flags.On}, "evidence": {&o.Evidence, &flags.Evidence}, "given-by": {&o.GivenBy, &flags.GivenBy},
		"representative": {&o.Representative, &flags.Representative}, "mandate": {&o.Mandate, &flags.Mandate},
		"interpreter": {&o.Interpreter, &flags.Interpreter}, "language": {&o.Language, &flags.Language},
	} {
		if cmd.Flags().Changed(flag) {
			*pair[0] = *pair[1]
		}
	}
	for flag, pair := range map[string][2]*bool{"verbal": {&o.Verbal, &flags.Verbal}, "read-aloud": {&o.ReadAloud, &flags.ReadAloud}} {
		if cmd.Flags().Changed(flag) {
			*pair[0] = *pair[1]
		}
	}
	return o
}

// missing lists the flags without which there is no consent.
func (o *consentFlags) missing() []string {
	var flags []string
	if o.To == "" {
		flags = append(flags, "--to")
	}
	if o.Purpose == "" {
		flags = append(flags, "--purpose")
	}
	if o.Evidence == "" && !o.Verbal {
		flags = append(flags, "--evidence FILE or --verbal")
	}
	return flags
}

// errMissing names flags that a script has to give.
func errMissing(cmd *cobra.Command, flags []string) error {
	return usagef(cmd, "missing: %s", strings.Join(flags, ", "))
}

// ask completes a consent with the person at the terminal.
func (o *consentFlags) ask(ctx context.Context, f *Factory, c *apiclient.Client) error {
	l := f.Lang()
	if o.To == "" {
		if err := o.askReader(ctx, f, c); err != nil {
			return err
		}
	}
	if o.Purpose == "" {
		var options []string
		for _, p := range vault.Purposes {
			options = append(options, phrase.Purpose(l, p.Code))
		}
		i, err := f.IO.Choose(ctx, l.T("What is the vault for?"), options, "--purpose")
		if err != nil {
			return err
		}
		o.Purpose = vault.Purposes[i].Code
	}
	if o.Evidence != "" || o.Verbal {
		return nil
	}
	return o.askProof(ctx, f)
}

func (o *consentFlags) askReader(ctx context.Context, f *Factory, c *apiclient.Client) error {
	var options []string
	for team, err := range apiclient.List[api.Team](ctx, c, api.RouteTeamList, api.Empty{}) {
		if err != nil {
			return err
		}
		options = append(options, "team:"+team.Name)
	}
	switch len(options) {
	case 0:
		return vault.Errorf(vault.CodeUsage, "there is no team yet: give --to agent:NAME")
	case 1:
		o.To = options[0]
		f.IO.Note(f.Lang().T("The consent is to %s.", o.To))
		return nil
	}
	i, err := f.IO.Choose(ctx, f.Lang().T("Which team may read the vault?"), options, "--to")
	if err == nil {
		o.To = options[i]
	}
	return err
}

// askProof asks how the consent was given, and whether the notice was.
func (o *consentFlags) askProof(ctx context.Context, f *Factory) error {
	l := f.Lang()
	told, err := f.IO.Confirm(ctx, l.T("Was the notice handed or read to the person? (`vaultctl consent notice` prints it)"), "--yes")
	if err != nil {
		return err
	}
	if !told {
		return api.WithHint(vault.Errorf(vault.CodePolicy, "a consent needs the notice first"),
			lang.Key("print the notice with `vaultctl consent notice`, then begin again"))
	}
	how, err := f.IO.Choose(ctx, l.T("How did the person consent?"),
		[]string{l.T("in writing: I have the signed paper as a file"), l.T("by word of mouth")}, "--evidence")
	if err != nil {
		return err
	}
	if how == 1 {
		o.Verbal = true
		return nil
	}
	o.Evidence, err = f.IO.Ask(ctx, l.T("File of the signed paper"), "--evidence")
	if err == nil && o.Evidence == "" {
		err = vault.Errorf(vault.CodeUsage, "no file given")
	}
	return err
}

// words turns the flags into what the daemon takes, but for the files.
func (o *consentFlags) words(f *Factory) (api.ConsentTerms, error) {
	t := api.ConsentTerms{
		To: o.To, Purpose: o.Purpose, Verbal: o.Verbal, GivenBy: o.GivenBy, Representative: o.Representative,
		Interpreter: o.Interpreter, ReadAloud: o.ReadAloud, Language: o.Language,
	}
	if t.Language == "" {
		t.Language = f.Lang().String()
	}
	var err error
	if t.Until, err = f.day("until", o.Until); err != nil {
		return t, err
	}
	t.On, err = f.day("on", o.On)
	return t, err
}

// terms is words, and opens the files that go with them.
func (o *consentFlags) terms(f *Factory) (api.ConsentTerms, *proofs, error) {
	t, err := o.words(f)
	if err != nil {
		return t, nil, err
	}
	if o.Evidence == stdio && o.Mandate == stdio {
		return t, nil, vault.Errorf(vault.CodeUsage, "evidence and mandate cannot both come from standard input")
	}
	p := &proofs{}
	if t.EvidenceName, err = p.open(f, api.PartEvidence, o.Evidence); err == nil {
		t.MandateName, err = p.open(f, api.PartMandate, o.Mandate)
	}
	if err != nil {
		p.close()
		return t, nil, err
	}
	return t, p, nil
}

// proofs are the files of a consent, as parts of an upload.
type proofs struct {
	parts []apiclient.Part
	files []*userfile.File
}

func (p *proofs) open(f *Factory, part, path string) (name string, err error) {
	if path == "" {
		return "", nil
	}
	u, err := f.openUserFile(path)
	if err != nil {
		return "", err
	}
	p.files = append(p.files, u)
	p.parts = append(p.parts, apiclient.Part{Reader: u, Name: part})
	if u.Name == "" {
		u.Name = part
	}
	return u.Name, nil
}

func (p *proofs) close() {
	for _, u := range p.files {
		_ = u.Close() // it was only read
	}
}
