package tui

import "context"

// askCard asks for the person's card, for the reason why: they type its words, or have its code scanned. What it returns goes
// into requests and nowhere else.
func askCard(ctx context.Context, d *desk, why string) (string, error) {
	return d.askCard(ctx, d.l.T("The person's card"), why)
}
