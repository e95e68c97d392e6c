package tui

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

func loadConsents(ctx context.Context, d *desk, b *api.Beneficiary, c *content) error {
	l := d.l
	consents, err := list[api.Consent](ctx, d, api.RouteConsentList, api.BeneficiaryRequest{Beneficiary: b.ID})
	if err != nil {
		return err
	}
	slices.SortStableFunc(consents, func(a, b api.Consent) int { // those in force first, then the newest
		return cmp.Or(-cmp.Compare(inForce(&a), inForce(&b)), -cmp.Compare(a.Given, b.Given))
	})
	c.header = []string{l.T("state"), l.T("to"), l.T("purpose"), l.T("given"), l.T("until")}
	c.none = l.T("No consent was ever given: nobody but the person's card opens this vault.")
	for i := range consents {
		k := &consents[i]
		until := phrase.Until(l, k)
		if k.Ended != "" {
			until = phrase.Day(l, k.Ended)
		}
		c.rows = append(c.rows, row{item: k, cells: []termio.Cell{phrase.ConsentState(l, k.State), cell(recipientWords(l, k.To)),
			cell(phrase.Purpose(l, k.Purpose)), {Text: phrase.Day(l, k.Given)}, {Text: until}}})
	}
	return nil
}

// inForce is 1 of a consent that is.
func inForce(c *api.Consent) int {
	if c.State == "given" {
		return 1
	}
	return 0
}

func consentActions() []action {
	return []action{
		{key: "enter", label: lang.Key("see its record"), needs: oneRow, does: []string{"consent show"}, run: showConsent},
		{key: "a", label: lang.Key("record another consent"), does: []string{"consent give"}, run: giveConsent},
		{key: "w", label: lang.Key("withdraw this one"), needs: oneRow, does: []string{"consent withdraw"}, run: withdrawOne},
		{key: "n", label: lang.Key("notice"), does: []string{"consent notice"}, run: showNotice},
	}
}

// showConsent shows a consent in words, then its record in the field names of ISO/IEC TS 27560.
func showConsent(ctx context.Context, d *desk, c chosen) error {
	chosenOne, ok := c.item().(*api.Consent)
	if !ok {
		return nil
	}
	k, err := call[api.Consent](ctx, d, api.RouteConsentShow, api.ConsentRequest{Consent: chosenOne.ID})
	if err != nil {
		return err
	}
	l := d.l
	evidence := k.Evidence
	if evidence == "verbal" {
		evidence = l.T("by word of mouth")
	}
	says := labelled(pairs(l.T("state"), phrase.ConsentState(l, k.State).Text, l.T("to"), recipientWords(l, k.To), l.T("purpose"), phrase.Purpose(l, k.Purpose),
		l.T("given"), phrase.Day(l, k.Given), l.T("until"), phrase.Until(l, &k), l.T("ended"), phrase.Day(l, k.Ended),
		l.T("evidence"), evidence, l.T("recorded by"), k.CollectedBy))
	if record, ok := k.Record.(map[string]any); ok {
		says = append(says, "", l.T("Record, in the field names of ISO/IEC TS 27560:"))
		for _, name := range slices.Sorted(maps.Keys(record)) {
			says = append(says, labelled(pairs(name, recordWords(record[name])))...)
		}
	}
	return d.read(ctx, &sheet{title: l.T("Consent %s", k.ID), lines: says})
}

// recordWords shows a member of a record as it stands there.
func recordWords(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// giveConsent records a further consent.
func giveConsent(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	title := d.l.T("Another consent of %s", termio.Clean(firstOf(b.Name, b.ID)))
	g, err := newGiving(ctx, d, title, firstOf(b.Name, b.ID))
	if err != nil {
		return err
	}
	var card string
	askCard := func(ctx context.Context) error {
		q := cardField(d.l, d.l.T("Leave it empty if the card is not here: the consent then counts as recorded by you."), &card)
		return d.fill(ctx, &form{title: title, fields: []*field{q},
			intro: []string{d.l.T("With the person's card the consent counts as signed by themselves.")}})
	}
	if b.Card == 0 {
		askCard = func(context.Context) error { return errSkip }
	}
	give := func(ctx context.Context) error {
		terms, parts, done, err := g.terms()
		if err != nil {
			return g.again(ctx, err)
		}
		defer done()
		k, err := upload[api.Consent](ctx, d, api.RouteConsentGive,
			api.ConsentGiveRequest{Beneficiary: b.ID, Terms: terms, Card: card}, parts...)
		if err != nil {
			return g.again(ctx, err)
		}
		g.taken(d)
		d.note(d.l.T("Recorded: %s", phrase.ConsentLine(d.l, &k)))
		return nil
	}
	if err := d.steps(ctx, append(g.asks(), askCard, g.sums, give)...); err != nil {
		return err
	}
	return g.clear(ctx, d, b.ID)
}
