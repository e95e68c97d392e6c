package tui

import (
	"context"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// closeVault ends the active work on a vault.
func closeVault(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	l := d.l
	reason := "moved"
	err := d.fill(ctx, &form{title: l.T("Close the vault of %s", termio.Clean(firstOf(b.Name, b.ID))),
		intro: []string{l.T("Nothing is deposited any more; the documents stay, and the vault can be reopened.")},
		fields: []*field{{kind: choice, label: l.T("Why is the vault closed?"), text: &reason, options: []option{
			{"moved", l.T("moved away")}, {"deceased", l.T("deceased")}, {"inactive", l.T("no contact")}, {"request", l.T("at their request")}}}}})
	if err != nil {
		return err
	}
	if _, err = call[api.Beneficiary](ctx, d, api.RouteBeneficiaryClose, api.CloseRequest{Beneficiary: b.ID, Reason: reason}); err == nil {
		d.note("✓ " + l.T("Vault closed"))
	}
	return err
}

func reopenVault(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	if err := d.agree(ctx, termio.Clean(firstOf(b.Name, b.ID)), d.l.T("Reopen the vault?")); err != nil {
		return err
	}
	_, err := call[api.Beneficiary](ctx, d, api.RouteBeneficiaryReopen, api.BeneficiaryRequest{Beneficiary: b.ID})
	if err == nil {
		d.note("✓ " + d.l.T("Vault open again"))
	}
	return err
}

// eraseVault says what would be gone, has the id typed, and erases for ever.
func eraseVault(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	l := d.l
	title := l.T("Erase for ever: %s", termio.Clean(firstOf(b.Name, b.ID)))
	req := api.EraseRequest{Beneficiary: b.ID, DryRun: true, Language: l.String()}
	plan, err := stream[api.Receipt](ctx, d, api.RouteBeneficiaryErase, req)
	if err != nil {
		return err
	}
	says := append(phrase.Receipt(l, &plan, termio.Clean), "", l.T("The id of the vault is %s.", b.ID))
	q := &field{kind: oneLine, label: l.T("This cannot be undone. Type the id of the vault to erase it"), text: &req.Confirm, needed: true, reads: func(text string) (string, error) {
		if !strings.EqualFold(strings.NewReplacer("-", "", " ", "").Replace(text), b.ID) {
			return "", vault.Errorf(vault.CodeInvalid, "that is not the id of this vault")
		}
		return text, nil
	}}
	if err := d.fill(ctx, &form{title: title, intro: says, fields: []*field{q}}); err != nil {
		return err
	}
	req.DryRun = false
	res, err := stream[api.Receipt](ctx, d, api.RouteBeneficiaryErase, req)
	if code := vault.CodeOf(err); code == vault.CodeNoConsent || code == vault.CodeNoIdentity || code == vault.CodePolicy {
		// Nobody here may do it: the person can, with their card.
		if req.Card, err = d.askCard(ctx, "✗ "+d.words(err)); err != nil {
			return err
		}
		res, err = stream[api.Receipt](ctx, d, api.RouteBeneficiaryErase, req)
	}
	if err != nil {
		return err
	}
	// What is printed or saved does not bring back the name that is gone.
	err = d.handReceipt(ctx, l.T("Receipt: the vault %s is erased", b.ID), &res)
	d.back() // what the page was about is gone
	return err
}
