package tui

import (
	"context"
	"fmt"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// Values of the choice of what is withdrawn, before what they name.
const (
	allConsents = "all"
	consentsTo  = "to:"
	oneConsent  = "one:"
)

// withdrawSome withdraws the only consent of a person; where there are several it asks which.
func withdrawSome(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	all, err := list[api.Consent](ctx, d, api.RouteConsentList, api.BeneficiaryRequest{Beneficiary: b.ID})
	if err != nil {
		return err
	}
	var given []api.Consent
	for _, k := range all {
		if k.State == "given" {
			given = append(given, k)
		}
	}
	req := api.WithdrawRequest{Beneficiary: b.ID}
	switch len(given) {
	case 0:
		return vault.Errorf(vault.CodeNotFound, "no consent is in force")
	case 1:
		req.Consent = given[0].ID
	default:
		if err := whichConsents(ctx, d, b, given, &req); err != nil {
			return err
		}
	}
	return withdraw(ctx, d, b, req)
}

// whichConsents asks: all, everything to somebody who was given several, or one.
func whichConsents(ctx context.Context, d *desk, b *api.Beneficiary, given []api.Consent, req *api.WithdrawRequest) error {
	l := d.l
	what := allConsents
	options := []option{{allConsents, l.T("all of them")}}
	count := map[string]int{}
	for i := range given {
		if count[given[i].To]++; count[given[i].To] == 2 {
			options = append(options, option{consentsTo + given[i].To, l.T("every consent to %s", recipientWords(l, given[i].To))})
		}
	}
	for i := range given {
		k := &given[i]
		options = append(options, option{oneConsent + k.ID, fmt.Sprintf("%s · %s · %s", recipientWords(l, k.To), phrase.Purpose(l, k.Purpose),
			l.T("given on %s", phrase.Day(l, k.Given)))})
	}
	f := &form{title: d.withdrawal(b), fields: []*field{{kind: choice, label: l.T("Which consent is withdrawn?"), text: &what, options: options}}}
	if err := d.fill(ctx, f); err != nil {
		return err
	}
	if to, ok := strings.CutPrefix(what, consentsTo); ok {
		req.To = to
	}
	if id, ok := strings.CutPrefix(what, oneConsent); ok {
		req.Consent = id
	}
	return nil
}

// withdrawOne withdraws the consent under the cursor.
func withdrawOne(ctx context.Context, d *desk, c chosen) error {
	k, ok := c.item().(*api.Consent)
	switch {
	case !ok:
		return nil
	case k.State != "given":
		return vault.Errorf(vault.CodePolicy, "this consent has ended already")
	}
	b := about(&c)
	return withdraw(ctx, d, b, api.WithdrawRequest{Beneficiary: b.ID, Consent: k.ID})
}

func (d *desk) withdrawal(b *api.Beneficiary) string {
	return d.l.T("Withdrawal of consent: %s", termio.Clean(firstOf(b.Name, b.ID)))
}

// withdraw says what would end and what cannot be called back, asks, does it, and hands the receipt over.
func withdraw(ctx context.Context, d *desk, b *api.Beneficiary, req api.WithdrawRequest) error {
	req.Language = d.l.String()
	plan := req
	plan.DryRun = true
	res, err := stream[api.Receipt](ctx, d, api.RouteConsentWithdraw, plan)
	if err != nil {
		return err
	}
	if err := d.agree(ctx, d.withdrawal(b), d.l.T("Withdraw?"), phrase.Receipt(d.l, &res, termio.Clean)...); err != nil {
		return err
	}
	if res, err = stream[api.Receipt](ctx, d, api.RouteConsentWithdraw, req); err != nil {
		return err
	}
	return d.handReceipt(ctx, d.withdrawal(b), &res)
}

// handReceipt shows a receipt, and prints it or saves it as often as the person likes.
func (d *desk) handReceipt(ctx context.Context, title string, r *api.Receipt) error {
	name := d.l.T("receipt") + "_" + r.ID + "_" + d.today() + ".txt"
	says := phrase.Receipt(d.l, r, termio.Clean)
	return d.handText(ctx, title, name, append([]string{title, ""}, says...), says)
}

// handText shows lines, then offers to print them or to save them; paper is what goes there.
func (d *desk) handText(ctx context.Context, title, name string, paper, says []string) error {
	if err := d.read(ctx, &sheet{title: title, lines: says}); err != nil && !left(err) {
		return err
	}
	const done, printed, saved = "done", "print", "save"
	text := []byte(strings.Join(paper, "\n") + "\n")
	for {
		what := done
		f := &form{title: title, fields: []*field{{kind: choice, label: d.l.T("And now?"), text: &what, options: []option{
			{done, d.l.T("done")}, {printed, d.l.T("print it")}, {saved, d.l.T("save it to a file")}}}}}
		err := d.fill(ctx, f)
		switch {
		case left(err), err == nil && what == done:
			return ctx.Err() // what this is about is done
		case err != nil:
			return err
		case what == printed:
			err = d.printText(ctx, text)
		default:
			err = d.save(ctx, title, name, text)
		}
		if err != nil && !left(err) {
			if err = d.tell(ctx, title, err); err != nil && !left(err) {
				return err
			}
		}
	}
}

// printText sends a text to the print command.
func (d *desk) printText(ctx context.Context, text []byte) error {
	p, err := d.printer()
	if err != nil {
		return err
	}
	return d.print(ctx, p, text)
}
