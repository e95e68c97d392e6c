package manifest

import (
	"path"
	"regexp"
	"strings"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/spelling"
	"vaultctl/internal/vault"
)

// builder turns the cells of rows into documents and people.
type builder struct {
	kind    Kind
	source  string // system of bare references
	dates   []dateFormat
	today   vault.Date
	consent *Consent
	files   *files
}

func newBuilder(kind Kind, o *Options, f *files) *builder {
	b := &builder{kind: kind, source: o.source(), today: o.today(), consent: o.Consent, files: f}
	if o.Map != nil {
		b.dates = o.Map.formats
	}
	return b
}

// fill reads the cells of a row into it, and returns what is wrong with them.
func (b *builder) fill(row *Row, cell func(column string) string) error {
	r := &valueReader{cell: cell, dates: b.dates, today: b.today}
	if b.kind == People {
		row.Person = b.person(r)
		row.Person.Row = row.Number
	} else {
		row.Document = b.document(r)
		row.Document.Row = row.Number
	}
	return r.err
}

var spaces = map[string]string{"private": "private", "prive": "private", "privee": "private",
	"shared": "shared", "partage": "shared", "partagee": "shared"}

func (b *builder) document(r *valueReader) *Document {
	d := &Document{Path: r.cell(colPath)}
	d.Size = -1
	d.Fields = api.DocumentFields{
		Type: r.text(colType), Title: r.text(colTitle), Holder: r.text(colHolder), IssuedOn: r.day(colIssuedOn),
		ExpiresOn: r.end(colExpiresOn), Period: r.period(colPeriod), Pages: r.text(colPages), Note: r.text(colNote),
		OriginalSeen: r.flag(colOriginalSeen), SourceID: r.exactText(colSourceID), ReceivedOn: r.day(colReceivedOn),
	}
	d.Private = r.word(colSpace, spaces) == "private"
	if list := pages(r.cell(colPages)); list != "" {
		d.Fields.Pages, d.Split = &list, list
	}
	if d.Fields.Type == nil {
		r.fail(colType, errEmpty())
	}
	var err error
	if d.Beneficiary, err = b.beneficiary(r.exact(colBeneficiary)); err != nil {
		r.fail(colBeneficiary, err)
	}
	name, err := b.files.inside(r.exact(colPath))
	if err != nil {
		r.fail(colPath, err)
		return d
	}
	d.FileName = shown(path.Base(name))
	d.Open = func() (*Content, error) { return b.files.open(name) }
	return d
}

func errEmpty() *vault.Error { return vault.Errorf(vault.CodeInvalid, "the cell is empty") }

// refSystem matches the systems that references may have.
var refSystem = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`) })

// beneficiary reads an id, ref:SYSTEM:ID, SYSTEM:ID, or the bare id of the source's system, as the daemon takes it.
func (b *builder) beneficiary(v string) (string, error) {
	if v == "" {
		return "", errEmpty()
	}
	var idErr error
	if vault.LooksLikeID('b', strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(v, "-", ""), " ", ""))) {
		id, err := vault.ParseBeneficiaryID(v)
		if err == nil {
			return string(id), nil
		}
		idErr = err
	}
	ref, err := b.reference(v)
	if err != nil && idErr != nil {
		err = idErr
	}
	if err != nil {
		return "", err
	}
	return "ref:" + ref, nil
}

// reference reads SYSTEM:ID, with or without "ref:" before it, or the bare id of the source's system.
func (b *builder) reference(v string) (string, error) {
	v = strings.TrimPrefix(v, "ref:")
	system, id, ok := strings.Cut(v, ":")
	switch {
	case ok && refSystem().MatchString(strings.TrimSpace(system)) && strings.TrimSpace(id) != "":
		return strings.TrimSpace(system) + ":" + strings.TrimSpace(id), nil
	case !ok && b.source != "":
		return b.source + ":" + v, nil
	case !ok:
		return "", vault.Errorf(vault.CodeInvalid, "a bare reference needs its system: write SYSTEM:ID, or give --source SYSTEM")
	}
	return "", vault.Errorf(vault.CodeInvalid, "a reference is SYSTEM:ID")
}

func (b *builder) person(r *valueReader) *Person {
	p := &Person{}
	p.Person = api.Person{
		FamilyName: r.text(colFamilyName), GivenName: r.text(colGivenName), UsageName: r.text(colUsageName), Born: r.born(colBorn),
		BirthPlace: r.text(colBirthPlace), Language: r.text(colLanguage), Phone: r.exactText(colPhone), Email: r.text(colEmail),
	}
	if aliases := r.list(colAliases); aliases != nil {
		p.Person.Aliases = &aliases
	}
	refs := []string{}
	for _, v := range r.list(colRef) {
		ref, err := b.reference(v)
		if err != nil {
			r.fail(colRef, err)
		}
		refs = append(refs, ref)
	}
	if len(refs) == 0 {
		r.fail(colRef, errEmpty())
	}
	p.Person.Refs = &refs
	b.terms(r, p)
	return p
}

var givers = map[string]string{"person": "person", "personne": "person", "lui meme": "person", "elle meme": "person",
	"assisted": "assisted", "assiste": "assisted", "assistee": "assisted", "personne assistee": "assisted",
	"representative": "representative", "representant": "representative", "representante": "representative",
	"representant legal": "representative", "tuteur": "representative", "curateur": "representative"}

// purposes maps the codes of purposes and the words for them to the codes.
var purposes = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, p := range vault.Purposes {
		m[spelling.Fold(p.Code)], m[spelling.Fold(p.FR)], m[spelling.Fold(p.EN)] = p.Code, p.Code, p.Code
	}
	return m
})

// terms reads what a row says of a consent, completed by what was given for all rows.
func (b *builder) terms(r *valueReader, p *Person) {
	t := api.ConsentTerms{
		To: r.cell(colConsentTo), Purpose: r.word(colConsentPurpose, purposes()), On: value(r.day(colConsentOn)),
		Until: value(r.end(colConsentUntil)), Verbal: isSet(r.flag(colVerbal)), GivenBy: r.word(colGivenBy, givers),
		Representative: r.cell(colRepresentative), Interpreter: r.cell(colInterpreter), ReadAloud: isSet(r.flag(colReadAloud)),
	}
	p.Evidence, p.Mandate = b.attachment(r, colEvidence), b.attachment(r, colMandate)
	p.NoRecovery = isSet(r.flag(colNoRecovery))
	said := t != (api.ConsentTerms{}) || p.Evidence != nil || p.Mandate != nil
	if !said && b.consent == nil {
		return
	}
	t.CollectedBy = r.cell(colCollectedBy) // a form may give it for every row; it is no consent
	if p.Evidence != nil && t.Verbal {
		r.fail(colVerbal, vault.Errorf(vault.CodeInvalid, "a consent has evidence or was spoken, one of the two"))
	}
	if b.consent != nil {
		b.consent.complete(&t, p, r.cell(colConsentUntil) == vault.None)
	}
	p.Consent = &t
	p.announce()
	if err := checkTerms(p); err != nil && r.err == nil {
		r.err = err
	}
}

// announce names the attachments in the terms.
func (p *Person) announce() {
	if p.Evidence != nil {
		p.Consent.EvidenceName = p.Evidence.Name
	}
	if p.Mandate != nil {
		p.Consent.MandateName = p.Mandate.Name
	}
}

// checkTerms returns what a consent lacks.
func checkTerms(p *Person) error {
	column, err := colConsentTo, errEmpty()
	switch t := p.Consent; {
	case t.To == "":
	case t.Purpose == "":
		column = colConsentPurpose
	case p.Evidence == nil && !t.Verbal:
		column, err = colEvidence, vault.Errorf(vault.CodeInvalid, "a consent needs evidence, or consent_verbal")
	default:
		return nil
	}
	return vault.Errorf(vault.CodeInvalid, "column %s: %w", column, err)
}

// complete fills in what a row leaves out. Until stays empty where the row says that there is no end.
func (c *Consent) complete(t *api.ConsentTerms, p *Person, noEnd bool) {
	d := c.Terms
	if p.Evidence == nil && !t.Verbal {
		p.Evidence, t.Verbal = c.Evidence, d.Verbal && c.Evidence == nil
	}
	if p.Mandate == nil {
		p.Mandate = c.Mandate
	}
	for _, f := range []struct {
		to   *string
		from string
	}{{&t.To, d.To}, {&t.Purpose, d.Purpose}, {&t.On, d.On}, {&t.GivenBy, d.GivenBy}, {&t.Representative, d.Representative},
		{&t.Interpreter, d.Interpreter}, {&t.Language, d.Language}, {&t.CollectedBy, d.CollectedBy}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	if t.Until == "" && !noEnd {
		t.Until = d.Until
	}
	t.ReadAloud = t.ReadAloud || d.ReadAloud
	p.NoRecovery = p.NoRecovery || c.NoRecovery
}

// attachment returns the file that a row names in a column, nil if none.
func (b *builder) attachment(r *valueReader, column string) *Attachment {
	v := r.cell(column)
	if v == "" {
		return nil
	}
	name, err := b.files.inside(v)
	if err != nil {
		r.fail(column, err)
		return nil
	}
	return &Attachment{Name: shown(path.Base(name)), Open: func() (*Content, error) { return b.files.open(name) }}
}

func value(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

func isSet(p *bool) bool { return p != nil && *p }

// shown makes a file name fit to be shown.
func shown(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }
