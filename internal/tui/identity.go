package tui

import (
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

// loadIdentity shows all that is known of a person, and what was changed about it.
func loadIdentity(ctx context.Context, d *desk, b *api.Beneficiary, c *content) error {
	l := d.l
	card := l.T("none yet")
	if b.Card > 0 {
		card = l.T("number %d", b.Card)
	}
	recovery := l.T("may open the vault")
	if b.NoRecovery {
		recovery = l.T("declined")
	}
	if !b.Readable {
		card, recovery = "", ""
	}
	texts := []string{l.T("family name"), b.FamilyName, l.T("given name"), b.GivenName, l.T("usage name"), b.UsageName,
		l.T("also called"), strings.Join(b.Aliases, ", "), l.T("born"), phrase.Born(l, b.Born), l.T("birth place"), b.BirthPlace,
		l.T("language"), b.Language, l.T("phone"), b.Phone, l.T("e-mail"), b.Email, l.T("references"), strings.Join(b.Refs, ", "),
		l.T("state"), phrase.BeneficiaryState(l, b.State).Text + phrase.Reason(l, b.Reason), l.T("opened"), phrase.Day(l, b.Opened),
		l.T("last contact"), phrase.Day(l, b.LastSeen), l.T("card"), card, l.T("recovery"), recovery, l.T("id"), b.ID}
	for i := 0; i+1 < len(texts); i += 2 {
		if texts[i+1] != "" {
			c.rows = append(c.rows, row{section: l.T("What is known"), cells: []termio.Cell{{Text: texts[i], Style: termio.Faint}, cell(texts[i+1])}})
		}
	}
	entries, err := d.journal(ctx, b.ID, "")
	if err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		if strings.HasPrefix(e.EventType, "vault.") || strings.HasPrefix(e.EventType, "card.") {
			c.rows = append(c.rows, row{section: l.T("What was changed, and by whom"), item: e,
				cells: []termio.Cell{{Text: phrase.Time(l, e.At), Style: termio.Faint}, cell(firstOf(e.Agent, e.Device) + ": " + e.Text)}})
		}
	}
	return nil
}

func identityActions() []action {
	return []action{
		{key: "e", label: lang.Key("correct it"), does: []string{"beneficiary edit"}, run: editPerson},
		{key: "n", label: lang.Key("notice"), does: []string{"consent notice"}, run: showNotice},
		{key: "c", label: lang.Key("close the vault"), does: []string{"beneficiary close"}, run: closeVault},
		{key: "o", label: lang.Key("reopen it"), does: []string{"beneficiary reopen"}, run: reopenVault},
		{key: "m", label: lang.Key("merge two vaults of one person"), does: []string{"beneficiary merge"}, run: mergeVaults},
		{key: "U", label: lang.Key("take an import back"), does: []string{"batch undo"}, run: undoImport},
		{key: "E", label: lang.Key("erase for ever"), does: []string{"beneficiary erase"}, run: eraseVault},
	}
}

// attribute is something that can be corrected.
type attribute struct {
	label, help string
	was, text   string
	reads       func(string) (string, error)
	set         func(*api.Person, string)
}

// attributes are those of a person, with what is known now.
func attributes(d *desk, b *api.Beneficiary) []*attribute {
	l := d.l
	return []*attribute{
		{label: l.T("Name at birth"), was: b.FamilyName, set: func(p *api.Person, s string) { p.FamilyName = &s }},
		{label: l.T("Given name"), was: b.GivenName, set: func(p *api.Person, s string) { p.GivenName = &s }},
		{label: l.T("Name in use, if it is another"), was: b.UsageName, set: func(p *api.Person, s string) { p.UsageName = &s }},
		{label: l.T("Date of birth (1985-03-14, 1985, 1985~ for about)"), was: b.Born, reads: d.birth, set: func(p *api.Person, s string) { p.Born = &s }},
		{label: l.T("Place of birth"), was: b.BirthPlace, set: func(p *api.Person, s string) { p.BirthPlace = &s }},
		{label: l.T("Other names or spellings, with commas"), was: strings.Join(b.Aliases, ", "),
			set: func(p *api.Person, s string) { some := between(s); p.Aliases = &some }},
		{label: l.T("References"), help: l.T("SYSTEM:NUMBER, several with commas: CCAS:2026-0417, CAF:0012345"), was: strings.Join(b.Refs, ", "), reads: readRefs,
			set: func(p *api.Person, s string) { some := between(s); p.Refs = &some }},
		{label: l.T("Language that the person reads or speaks"), help: l.T("A code of two letters: fr, ar, ps"), was: b.Language,
			set: func(p *api.Person, s string) { p.Language = &s }},
		{label: l.T("Telephone"), was: b.Phone, set: func(p *api.Person, s string) { p.Phone = &s }},
		{label: l.T("E-mail"), was: b.Email, set: func(p *api.Person, s string) { p.Email = &s }},
	}
}

// editPerson corrects what is known: what was emptied is cleared, what was left is not sent.
func editPerson(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	title := d.l.T("Correct what is known of %s", termio.Clean(firstOf(b.Name, b.ID)))
	all := attributes(d, b)
	var fields []*field
	for _, a := range all {
		a.text = a.was
		fields = append(fields, &field{kind: oneLine, label: a.label, help: a.help, text: &a.text, reads: a.reads})
	}
	for {
		if err := d.fill(ctx, &form{title: title, fields: fields}); err != nil {
			return err
		}
		p := api.Person{}
		for _, a := range all {
			if a.text != a.was {
				a.set(&p, a.text)
			}
		}
		if p == (api.Person{}) {
			d.note(d.l.T("Nothing was changed."))
			return nil
		}
		_, err := call[api.Beneficiary](ctx, d, api.RouteBeneficiaryEdit, api.BeneficiaryEditRequest{Beneficiary: b.ID, Person: p})
		if err == nil {
			d.note(d.l.T("Corrected."))
			return nil
		}
		if left(err) {
			return err
		}
		if err := d.tell(ctx, title, err); err != nil { // what was typed is still there
			return err
		}
	}
}

// journal returns the entries of a vault, the newest first.
func (d *desk) journal(ctx context.Context, id, since string) ([]api.JournalEntry, error) {
	entries, err := list[api.JournalEntry](ctx, d, api.RouteJournalList, api.JournalRequest{Beneficiary: id, Since: since, Language: d.l.String()})
	slices.Reverse(entries)
	return entries, err
}
