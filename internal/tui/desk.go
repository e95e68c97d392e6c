package tui

import (
	"context"
	"errors"
	"sync"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/lang"
	"vaultctl/internal/localsock"
	"vaultctl/internal/procedure"
	"vaultctl/internal/vault"
)

// desk is what pages and tasks have at hand: the daemon, the tables, the language, and the person in front of the screen.
// It is safe for concurrent use; each task has a desk of its own, whose asker belongs to it.
type desk struct {
	asker
	options    *Options
	l          lang.Lang
	link       *link
	types      *catalogue.Catalogue
	procedures *procedure.Table
	now        func() time.Time
	memory     *memory
	scans      *scanWatch
}

// today is the day here, YYYY-MM-DD.
func (d *desk) today() string { return d.now().Format(time.DateOnly) }

// with returns a desk that asks through a.
func (d *desk) with(a asker) *desk {
	other := *d
	other.asker = a
	return &other
}

// link is the connection to the daemon. It is made when it is needed, and anew after the daemon went away.
type link struct {
	options apiclient.Options

	mu     sync.Mutex // guards what follows
	client *apiclient.Client
}

// connect returns the connection, and makes it where there is none. Two callers wait for one another, so that one daemon is
// started.
func (k *link) connect(ctx context.Context) (*apiclient.Client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client != nil {
		return k.client, nil
	}
	c, err := apiclient.Connect(ctx, k.options)
	if err != nil {
		return nil, err
	}
	k.client = c
	return c, nil
}

// lost forgets a connection whose daemon does not answer.
func (k *link) lost(c *apiclient.Client) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client == c {
		c.Close()
		k.client = nil
	}
}

func (k *link) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client != nil {
		k.client.Close()
		k.client = nil
	}
}

// through makes calls over the link. A daemon that went away is noted, and the next call looks for another. Nothing that may
// have arrived is sent twice by itself, since nobody knows what the first sending did; what found nobody is.
func through[Res any](ctx context.Context, d *desk, use func(*apiclient.Client) (Res, error)) (Res, error) {
	res, err := once(ctx, d, use)
	if errors.Is(err, localsock.ErrNobody) {
		return once(ctx, d, use)
	}
	return res, err
}

// once makes calls over the link, and notes a daemon that went away.
func once[Res any](ctx context.Context, d *desk, use func(*apiclient.Client) (Res, error)) (Res, error) {
	var none Res
	c, err := d.link.connect(ctx)
	if err != nil {
		return none, err
	}
	res, err := use(c)
	if vault.CodeOf(err) == vault.CodeNoDaemon {
		d.link.lost(c)
	}
	return res, err
}

// call makes a call that returns one value.
func call[Res any](ctx context.Context, d *desk, route string, req any) (Res, error) {
	return through(ctx, d, func(c *apiclient.Client) (Res, error) { return apiclient.Call[Res](ctx, c, route, req) })
}

// stream makes a call that tells how far it has come, which the asker shows.
func stream[Res any](ctx context.Context, d *desk, route string, req any) (Res, error) {
	return through(ctx, d, func(c *apiclient.Client) (Res, error) {
		return apiclient.Stream[Res](ctx, c, route, req, d.progress)
	})
}

// list makes a call that returns items.
func list[Item any](ctx context.Context, d *desk, route string, req any) ([]Item, error) {
	return through(ctx, d, func(c *apiclient.Client) ([]Item, error) {
		var items []Item
		for item, err := range apiclient.List[Item](ctx, c, route, req) {
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	})
}

// upload makes a call that takes streams.
func upload[Res any](ctx context.Context, d *desk, route string, meta any, parts ...apiclient.Part) (Res, error) {
	var none Res
	if _, err := call[api.Status](ctx, d, api.RouteStatus, api.Empty{}); err != nil { // streams cannot be sent again
		return none, err
	}
	return once(ctx, d, func(c *apiclient.Client) (Res, error) {
		return apiclient.Upload[Res](ctx, c, route, meta, parts...)
	})
}

// show asks for a person with their consents and shares.
func (d *desk) show(ctx context.Context, id string) (*api.Beneficiary, error) {
	b, err := call[api.Beneficiary](ctx, d, api.RouteBeneficiaryShow, api.BeneficiaryRequest{Beneficiary: id})
	if err != nil {
		return nil, err
	}
	return &b, nil
}

// left reports whether an error says no more than that somebody did not want to go on.
func left(err error) bool {
	return errors.Is(err, errBack) || vault.CodeOf(err) == vault.CodeInterrupted || errors.Is(err, context.Canceled)
}
