package importer

import (
	"context"
	"sync"

	"vaultctl/internal/apiclient"
	"vaultctl/internal/vault"
)

// reconnects is how often in a row the daemon may go away without having answered for anything in between.
const reconnects = 3

// connection is the way to the daemon, found again when it was lost. It is safe for concurrent use.
type connection struct {
	connect func(context.Context) (*apiclient.Client, error)

	mu   sync.Mutex // guards what follows
	c    *apiclient.Client
	lost int // since the last answer
}

func (k *connection) get(ctx context.Context) (*apiclient.Client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.c != nil {
		return k.c, nil
	}
	var err error
	k.c, err = k.connect(ctx)
	return k.c, err
}

// answered notes that the daemon works.
func (k *connection) answered() {
	k.mu.Lock()
	k.lost = 0
	k.mu.Unlock()
}

// renew replaces a connection that was lost with err; it returns err where that is no use. Of several that lost the same
// one the first replaces it for all.
func (k *connection) renew(ctx context.Context, broken *apiclient.Client, err error) error {
	if ctx.Err() != nil || !gone(err) {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.c != broken {
		return nil
	}
	if k.lost++; k.lost > reconnects {
		return err
	}
	k.c, err = k.connect(ctx)
	return err
}

// gone reports whether an error says that the daemon went away: by itself, killed, or asked to stop.
func gone(err error) bool {
	code := vault.CodeOf(err)
	return code == vault.CodeNoDaemon || code == vault.CodeInterrupted
}

// do makes a call that may be made again.
func (k *connection) do(ctx context.Context, call func(*apiclient.Client) error) error {
	for {
		c, err := k.get(ctx)
		if err != nil {
			return err
		}
		if err = call(c); err == nil {
			k.answered()
			return nil
		}
		if err := k.renew(ctx, c, err); err != nil {
			return err
		}
	}
}
