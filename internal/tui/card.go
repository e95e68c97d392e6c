package tui

import "context"

// askCard asks for the person's card, for the reason why: they type its words or have its code scanned, which ends with Enter as
// well. Nothing of it is shown. What it returns goes into one request and nowhere else.
func askCard(ctx context.Context, d *desk, why string) (string, error) {
	var words string
	f := &form{title: d.l.T("The person's card"), intro: []string{why}, fields: []*field{{
		kind: secret, label: d.l.T("Words of the card, or scan its code"), help: d.l.T("Nothing of what is typed is shown."), text: &words, needed: true,
	}}}
	if err := d.fill(ctx, f); err != nil {
		return "", err
	}
	return words, nil
}
