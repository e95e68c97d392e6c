package tui

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// openVault opens a vault for somebody new, with the consent that they give.
func openVault(ctx context.Context, d *desk, _ chosen) error {
	title := d.l.T("Open a vault")
	g, err := newGiving(ctx, d, title, "")
	if err != nil {
		return err
	}
	g.opens = true
	o := &opening{giving: g}
	asks := append([]func(context.Context) error{o.askName, o.askKnown, o.askMore}, g.asks()...)
	err = d.steps(ctx, append(asks, o.askRecovery, o.sums, o.add)...)
	if errors.Is(err, errElsewhere) {
		return nil
	}
	if err != nil {
		return err
	}
	return o.after(ctx)
}

// errElsewhere is the end of an opening whose person has a vault already.
var errElsewhere = errors.New("they have a vault")

// opening is a vault that is being opened.
type opening struct {
	*giving
	family, given, usage, born                  string
	place, aliases, refs, phone, email, spelled string
	others                                      []string // ids of people who are known to be somebody else
	duplicate                                   bool
	added                                       api.Beneficiary
}

// askName asks who it is: one name at least.
func (o *opening) askName(ctx context.Context) error {
	l := o.d.l
	says := []string{l.T("Leave empty what is not known.")}
	for {
		f := &form{title: o.title, intro: says, fields: []*field{
			{kind: oneLine, label: l.T("Name at birth"), text: &o.family},
			{kind: oneLine, label: l.T("Given name"), text: &o.given},
			{kind: oneLine, label: l.T("Name in use, if it is another"), text: &o.usage},
			{kind: oneLine, label: l.T("Date of birth (1985-03-14, 1985, 1985~ for about)"), text: &o.born, reads: o.d.birth},
		}}
		if err := o.d.fill(ctx, f); err != nil {
			return err
		}
		if o.family+o.given+o.usage != "" {
			p := vault.Person{FamilyName: o.family, GivenName: o.given, UsageName: o.usage}
			o.name = p.DisplayName()
			return nil
		}
		says = []string{"✗ " + l.T("At least one name is needed; a nickname will do.")}
	}
}

// askKnown shows who bears such a name already: here, or at other sites.
func (o *opening) askKnown(ctx context.Context) error {
	var found []api.Beneficiary
	for _, name := range []string{strings.TrimSpace(o.given + " " + o.family), strings.TrimSpace(o.given + " " + o.usage)} {
		if name == "" {
			continue
		}
		people, err := list[api.Beneficiary](ctx, o.d, api.RouteBeneficiaryResolve, api.ResolveRequest{Text: name})
		switch vault.CodeOf(err) {
		case vault.CodeLocked, vault.CodeNoDaemon, vault.CodeInterrupted:
			return err
		}
		for _, b := range people { // of an error there are none: nobody of that name
			if !slices.ContainsFunc(found, func(f api.Beneficiary) bool { return f.ID == b.ID }) {
				found = append(found, b)
			}
		}
	}
	return o.compare(ctx, found, o.d.l.T("There is somebody of this name. Is it the same person?"))
}

// compare asks whether somebody of those found is the person; errSkip if there was nobody to ask about. Whoever is looked at instead ends
// the opening.
func (o *opening) compare(ctx context.Context, found []api.Beneficiary, question string) error {
	l := o.d.l
	const nobodyOfThem = ""
	who := nobodyOfThem
	options := []option{{nobodyOfThem, l.T("somebody else: go on")}}
	for i := range found {
		if !slices.Contains(o.others, found[i].ID) {
			options = append(options, option{found[i].ID, l.T("the same person: %s", phrase.PersonLine(l, &found[i]))})
		}
	}
	if len(options) == 1 {
		return errSkip
	}
	err := o.d.fill(ctx, &form{title: o.title, fields: []*field{{kind: choice, label: question, text: &who, options: options,
		help: l.T("Opening a second vault for one person splits their documents.")}}})
	switch {
	case err != nil:
		return err
	case who != nobodyOfThem:
		o.d.open(personPage{at: atDocuments, id: who})
		return errElsewhere
	}
	for _, b := range found {
		o.others = append(o.others, b.ID)
	}
	return nil
}

func (o *opening) askMore(ctx context.Context) error {
	l := o.d.l
	return o.d.fill(ctx, &form{title: o.title + ": " + termio.Clean(o.name), fields: []*field{
		{kind: oneLine, label: l.T("References"), help: l.T("SYSTEM:NUMBER, several with commas: CCAS:2026-0417, CAF:0012345"), text: &o.refs, reads: readRefs},
		{kind: oneLine, label: l.T("Language that the person reads or speaks"), help: l.T("A code of two letters: fr, ar, ps"), text: &o.spelled},
		{kind: oneLine, label: l.T("Telephone"), text: &o.phone},
		{kind: oneLine, label: l.T("E-mail"), text: &o.email},
		{kind: oneLine, label: l.T("Place of birth"), text: &o.place},
		{kind: oneLine, label: l.T("Other names or spellings, with commas"), text: &o.aliases},
	}})
}

// aReference is a reference in another system.
var aReference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[^:\s][^:]*:.*\S`) })

// readRefs checks references between commas.
func readRefs(text string) (string, error) {
	for _, ref := range between(text) {
		if !aReference().MatchString(ref) {
			return "", vault.Errorf(vault.CodeInvalid, "a reference is SYSTEM:NUMBER")
		}
	}
	return strings.Join(between(text), ", "), nil
}

// between splits at commas, without the spaces around.
func between(text string) []string {
	parts := []string{}
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

func (o *opening) askRecovery(ctx context.Context) error {
	l := o.d.l
	return o.d.fill(ctx, &form{title: o.title, intro: []string{
		l.T("If every workstation is lost, several people who keep the recovery can together open the vaults again. The person may decline: then only their card opens theirs, and without the card it is lost."),
	}, fields: []*field{{kind: yesNo, label: l.T("May recovery open this vault?"), yes: &o.keeps}}})
}

// person is what the daemon takes: nothing of what was left empty.
func (o *opening) person() api.Person {
	p := api.Person{}
	for _, pair := range []struct {
		to   **string
		text *string
	}{{&p.FamilyName, &o.family}, {&p.GivenName, &o.given}, {&p.UsageName, &o.usage}, {&p.Born, &o.born}, {&p.BirthPlace, &o.place},
		{&p.Language, &o.spelled}, {&p.Phone, &o.phone}, {&p.Email, &o.email}} {
		if *pair.text != "" {
			*pair.to = pair.text
		}
	}
	if refs := between(o.refs); len(refs) > 0 {
		p.Refs = &refs
	}
	if aliases := between(o.aliases); len(aliases) > 0 {
		p.Aliases = &aliases
	}
	return p
}

// add opens the vault. Whoever may be the same person is shown once more, with what the daemon knows.
func (o *opening) add(ctx context.Context) error {
	terms, parts, done, err := o.terms()
	if err != nil {
		return o.again(ctx, err)
	}
	defer done()
	o.added, err = upload[api.Beneficiary](ctx, o.d, api.RouteBeneficiaryAdd, api.BeneficiaryAddRequest{
		Person: o.person(), Consent: terms, NoRecovery: !o.keeps, Duplicate: o.duplicate}, parts...)
	if vault.CodeOf(err) != vault.CodeConflict || o.duplicate {
		if err != nil {
			return o.again(ctx, err)
		}
		o.taken(o.d)
		return nil
	}
	same := idsIn(err.Error())
	if len(same) == 0 {
		return o.again(ctx, err)
	}
	var found []api.Beneficiary
	for _, id := range same {
		b, err := o.d.show(ctx, id)
		if err != nil {
			b = &api.Beneficiary{ID: id} // known at another site alone
		}
		found = append(found, *b)
	}
	o.others = nil
	if err := o.compare(ctx, found, o.d.words(err)); err != nil {
		return err
	}
	o.duplicate = true
	return o.add(ctx)
}

// idsIn returns the ids of people in a message.
func idsIn(message string) []string {
	var ids []string
	for _, word := range strings.FieldsFunc(message, func(r rune) bool { return r == ' ' || r == ',' || r == ':' || r == ';' }) {
		if id, err := vault.ParseBeneficiaryID(word); err == nil {
			ids = append(ids, string(id))
		}
	}
	return ids
}

// after shows the new vault, and offers what usually comes next.
func (o *opening) after(ctx context.Context) error {
	l := o.d.l
	b := &o.added
	o.d.open(personPage{at: atDocuments, id: b.ID})
	o.d.note(l.T("Vault open: %s", b.ID))
	if err := o.clear(ctx, o.d, b.ID); err != nil {
		return err
	}
	says := []string{"✓ " + l.T("The vault is open.")}
	if len(b.Possible) > 0 {
		says = append(says, "! "+l.T("This may be somebody who has a vault already: %s. Compare before you deposit.", strings.Join(b.Possible, ", ")))
	}
	says = append(says, l.T("With the card the person opens their vault themselves, wherever they are."))
	err := o.d.agree(ctx, o.title+": "+termio.Clean(o.name), l.T("Issue the card now?"), lines(says...)...)
	if left(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return cardOf(ctx, o.d, b)
}
