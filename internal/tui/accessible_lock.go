package tui

import (
	"context"

	"vaultctl/internal/api"
)

// shut locks: nothing is told before the person is back. Where a passphrase protects the keys the daemon forgets them.
func (r *reader) shut(ctx context.Context) {
	asks := r.status != nil && r.status.Protect == byPassphrase
	if asks {
		// Locked is locked, whether or not the daemon hears of it.
		_, _ = call[api.Empty](ctx, r.desk, api.RouteLock, api.Empty{})
	}
	r.say("", r.l.T("Locked"))
	// What is being read at the moment is read with an echo, so the passphrase is asked for behind it.
	if _, err := r.talk.Ask(ctx, r.l.T("Press Enter to go on.")+" "); err != nil {
		r.over = true
		return
	}
	if asks {
		r.unlock(ctx)
	}
}

// unlock asks for the passphrase until it is right or the input ends.
func (r *reader) unlock(ctx context.Context) {
	for {
		typed, err := r.talk.AskSecret(ctx, r.l.T("%s: ", r.l.T("Passphrase")))
		if err != nil {
			r.over = true
			return
		}
		if typed == "" {
			continue
		}
		if _, err = call[api.Empty](ctx, r.desk, api.RouteUnlock, api.UnlockRequest{Passphrase: typed}); err == nil {
			r.state = ""
			r.look(ctx)
			return
		}
		r.trouble("", err)
	}
}
