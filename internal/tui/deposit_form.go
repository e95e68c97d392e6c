package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/vault"
)

// description is what the person says of a document. Days are those of vault.Date; "" is nothing.
type description struct {
	typ, title, holder, issued, expires, period, note, pages, source, received string
	seen                                                                       bool

	proposed string // the end that was proposed for expires
}

// textMost is how many bytes the daemon takes of a line.
const textMost = 1000

// fields are those of a deposit: what was not said is left to the daemon.
func (x *description) fields() api.DocumentFields {
	f := api.DocumentFields{Type: said(x.typ), Title: said(x.title), Holder: said(x.holder), IssuedOn: said(x.issued), Period: said(x.period),
		Note: said(x.note)}
	if x.expires != x.proposed {
		f.ExpiresOn = &x.expires // said otherwise, or cleared
	}
	if x.seen {
		f.OriginalSeen = &x.seen
	}
	return f
}

// changes are those that turn what is known of a document into what the person says.
func (x *description) changes(doc *api.Document) api.DocumentFields {
	changed := func(was, is string) *string {
		if was == is {
			return nil
		}
		return &is
	}
	f := api.DocumentFields{
		Type: changed(doc.DocumentType, x.typ), Title: changed(doc.Title, x.title), Holder: changed(doc.Holder, x.holder),
		IssuedOn: changed(doc.IssuedOn, x.issued), ExpiresOn: changed(doc.ExpiresOn, x.expires), Period: changed(doc.Period, x.period),
		Note: changed(doc.Note, x.note), Pages: changed(doc.Pages, x.pages), SourceID: changed(doc.SourceID, x.source),
		ReceivedOn: changed(doc.ReceivedOn, x.received),
	}
	if x.seen != doc.OriginalSeen {
		f.OriginalSeen = &x.seen
	}
	return f
}

// said is a text that was given, nil for none.
func said(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// described is what is known of a document.
func described(doc *api.Document) *description {
	return &description{typ: doc.DocumentType, title: doc.Title, holder: doc.Holder, issued: doc.IssuedOn, expires: doc.ExpiresOn,
		period: doc.Period, note: doc.Note, pages: doc.Pages, source: doc.SourceID, received: doc.ReceivedOn, seen: doc.OriginalSeen}
}

// typeField chooses a type of document, found by all names it goes by in both languages. Those that are wanted come first.
func (d *desk) typeField(typ *string, wanted []string) *field {
	types := d.types.List()
	place := func(t *catalogue.Type) int {
		if i := slices.Index(wanted, t.Code); i >= 0 {
			return i
		}
		return len(wanted)
	}
	name := func(t *catalogue.Type) string { return phrase.Either(d.l, t.French, t.English) }
	slices.SortFunc(types, func(a, b catalogue.Type) int {
		return cmp.Or(cmp.Compare(place(&a), place(&b)), strings.Compare(fold(name(&a)), fold(name(&b))))
	})
	words := map[string]string{}
	options := make([]option, len(types))
	for i := range types {
		t := &types[i]
		options[i] = option{t.Code, name(t)}
		words[t.Code] = strings.Join(append([]string{t.French, t.English}, t.Aliases...), " ")
	}
	return &field{kind: choice, label: d.l.T("What is it?"), text: typ, options: options, needed: true,
		help: d.l.T("Letters of a name narrow the list."), finds: func(code string) string { return words[code] }}
}

// lineField asks for a line of text of a document; name is what the daemon calls it.
func lineField(label, help, name string, text *string) *field {
	return &field{kind: oneLine, label: label, help: help, text: text, reads: func(typed string) (string, error) {
		if len(typed) > textMost {
			return "", vault.Errorf(vault.CodeInvalid, "%s is longer than %d bytes", name, textMost)
		}
		return typed, nil
	}}
}

// issuedField asks for the day of issue, which is not to come.
func (d *desk) issuedField(text *string) *field {
	return &field{kind: oneLine, label: d.l.T("Issued on"), help: d.l.T("The day that stands on it; empty for none."), text: text,
		reads: func(typed string) (string, error) {
			day, err := d.day(typed)
			if err == nil && day > d.today() {
				err = vault.Errorf(vault.CodeInvalid, "the date of issue is in the future")
			}
			return day, err
		}}
}

func (d *desk) periodField(text *string) *field {
	return &field{kind: oneLine, label: d.l.T("Period"), help: d.l.T("What it covers, if it says so: 2026, 2026-02."), text: text, reads: vault.ParsePeriod}
}

func (d *desk) holderField(text *string) *field {
	return lineField(d.l.T("Holder"), d.l.T("Whose it is, if not the person's: a child's."), "holder", text)
}

// expiresField asks for the last day, and says what a document of the type usually has.
func (d *desk) expiresField(x *description) *field {
	return &field{kind: oneLine, label: d.l.T("Expires on"), help: d.expiryHelp(x), text: &x.expires, reads: func(typed string) (string, error) {
		day, err := d.day(typed)
		if err == nil && x.issued != "" && day < x.issued {
			err = vault.Errorf(vault.CodeInvalid, "the document would expire before it was issued")
		}
		return day, err
	}}
}

func (d *desk) expiryHelp(x *description) string {
	t, _ := d.types.Lookup(x.typ)
	switch span := phrase.Period(d.l, t.Validity); {
	case t.Validity == catalogue.Printed:
		return d.l.T("The day that is printed on it.")
	case x.proposed != "":
		return d.l.T("Usually so, from the day of issue. What is printed on it counts; empty for no end.")
	case span != "":
		return d.l.T("Usually %s after the day of issue. What is printed on it counts.", span)
	}
	return d.l.T("Empty for no end.")
}

// propose fills in the end that a document of the type usually has, unless the person has said another.
func (d *desk) propose(x *description, born string) {
	if x.holder != "" {
		born = "" // that of somebody else is not known
	}
	end := ""
	if t, ok := d.types.Lookup(x.typ); ok {
		if day, ok := t.DefaultExpiry(vault.Date(x.issued), vault.BirthDate(born)); ok {
			end = string(day)
		}
	}
	if x.expires == x.proposed {
		x.expires = end
	}
	x.proposed = end
}

// describe asks what a document is, in three steps: its type, its days, its end and title.
func (d *desk) describe(b *api.Beneficiary, title string, intro []string, x *description, wanted []string) []func(context.Context) error {
	ask := func(fields func() []*field) func(context.Context) error {
		return func(ctx context.Context) error {
			return d.fill(ctx, &form{title: title, intro: intro, fields: fields()})
		}
	}
	return []func(context.Context) error{
		ask(func() []*field { return []*field{d.typeField(&x.typ, wanted)} }),
		ask(func() []*field {
			return []*field{d.issuedField(&x.issued), d.periodField(&x.period), d.holderField(&x.holder)}
		}),
		ask(func() []*field {
			d.propose(x, b.Born)
			return []*field{d.expiresField(x),
				lineField(d.l.T("Title"), d.l.T("Where the type does not say enough."), "title", &x.title)}
		}),
	}
}

// summary says a description in one line.
func (x *description) summary(l lang.Lang, names map[string]string) string {
	doc := api.Document{DocumentType: x.typ, Title: x.title, Holder: x.holder, Period: x.period}
	words := firstOf(names[x.typ], x.typ)
	if title := phrase.DocumentTitle(&doc); title != "" {
		words += " – " + title
	}
	if x.issued != "" {
		words += ", " + l.T("issued on %s", phrase.Day(l, x.issued))
	}
	if x.expires != "" {
		words += ", " + l.T("until %s", phrase.Day(l, x.expires))
	}
	return words
}
