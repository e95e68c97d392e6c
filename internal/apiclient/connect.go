package apiclient

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/localsock"
	"vaultctl/internal/vault"
)

// startTime is how long Connect waits for a daemon that it starts, or that is about to leave, if Options does not say.
const startTime = 20 * time.Second

// loadRounds is how many times as long it waits for one that has taken the home and answers nothing yet: after an update it may
// have to make its index anew.
const loadRounds = 30

// Options says which daemon Connect looks for.
type Options struct {
	// Home is the home directory; localsock.DefaultHome where the user does not say otherwise.
	Home string
	// NoAutostart makes Connect fail with vault.CodeNoDaemon where no daemon answers.
	NoAutostart bool
	// Version is that of the calling program; a daemon of another one is named in errors that this may explain.
	Version string
	// Daemon is the path of vaultd; "" means beside this program, else on PATH.
	Daemon string
	// StartTime bounds the wait for a daemon to answer; 0 means 20 seconds.
	StartTime time.Duration
	// Loading, if set, is called once when a daemon holds the home and has not answered for StartTime. Connect goes on waiting,
	// thirty times as long.
	Loading func()
}

// Connect returns a client of the daemon that serves a home, and starts one if none does. The daemon that it starts
// outlives the caller, its process group and its session. Of several callers that find no daemon one starts it and all
// connect. A daemon of an older protocol is asked to finish and is replaced.
//
// Errors: vault.CodeNoDaemon when no daemon could be reached or started (with what it said before it died),
// vault.CodeUpgrade when the running daemon is newer than the caller, vault.CodePolicy when it is not to be trusted.
func Connect(ctx context.Context, o Options) (*Client, error) {
	if o.StartTime == 0 {
		o.StartTime = startTime
	}
	c, slow, err := connect(ctx, o)
	for round := 0; slow && round < loadRounds && listens(ctx, o.Home); round++ {
		if round == 0 && o.Loading != nil {
			o.Loading()
		}
		c, slow, err = connect(ctx, o)
	}
	return c, err
}

// listens reports whether a daemon holds the home, be it that it answers nothing.
func listens(ctx context.Context, home string) bool {
	bounded, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := localsock.Dial(bounded, home)
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was sent
	return true
}

// connect is Connect for StartTime; slow says that it ended because that was over.
func connect(ctx context.Context, o Options) (c *Client, slow bool, err error) {
	bounded, cancel := context.WithTimeout(ctx, o.StartTime)
	defer cancel()
	c, err = hello(bounded, o)
	if errors.Is(err, localsock.ErrNobody) {
		if o.NoAutostart {
			return nil, false, vault.Errorf(vault.CodeNoDaemon, "vaultd is not running, and may not be started")
		}
		c, err = startAndConnect(bounded, o)
	}
	switch {
	case err == nil:
		return c, false, nil
	case ctx.Err() != nil:
		return nil, false, vault.Errorf(vault.CodeInterrupted, "interrupted: %w", ctx.Err())
	case bounded.Err() != nil && vault.CodeOf(err) != vault.CodeNoDaemon:
		return nil, true, vault.Errorf(vault.CodeNoDaemon, "vaultd does not answer: %w", err)
	}
	return nil, bounded.Err() != nil, err
}

// hello dials and makes sure that somebody serves: a connection can be made to a daemon that is about to leave, and is
// then closed unanswered. Such an end, and an older daemon that leaves on request, count as nobody.
func hello(ctx context.Context, o Options) (*Client, error) {
	c := newClient(o.Home, o.Version)
	ping, err := Call[api.Ping](ctx, c, api.RoutePing, nil)
	if err != nil {
		c.Close()
		if vault.CodeOf(err) == vault.CodeNoDaemon {
			err = localsock.ErrNobody
		}
		return nil, err
	}
	c.server = ping
	if ping.Protocol == api.Protocol {
		return c, nil
	}
	defer c.Close()
	return nil, replaceOlder(ctx, c, o)
}

// replaceOlder asks a daemon of an older protocol to leave. A nightly job must not fail because the package was upgraded.
func replaceOlder(ctx context.Context, c *Client, o Options) error {
	theirs, err := strconv.Atoi(c.server.Protocol)
	ours, _ := strconv.Atoi(api.Protocol) // a constant
	if err != nil || theirs > ours || o.NoAutostart {
		return api.WithHint(
			vault.Errorf(vault.CodeUpgrade, "vaultd %s is running, and does not speak the protocol of vaultctl %s", c.server.Version, o.Version),
			"install the same version of both, and stop the running vaultd (process "+strconv.Itoa(c.server.PID)+")")
	}
	if _, err := Call[struct{}](ctx, c, api.RouteStop, nil); err != nil {
		return err
	}
	return localsock.ErrNobody
}

// startAndConnect starts a daemon while holding the start lock, and polls until one answers.
func startAndConnect(ctx context.Context, o Options) (*Client, error) {
	release, err := localsock.LockStart(ctx, o.Home)
	if err != nil {
		return nil, vault.Errorf(vault.CodeNoDaemon, "vaultd is not running and could not be started: %w", err)
	}
	defer release()
	var (
		child *process
		said  error // what the last daemon that gave way said
	)
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		c, err := hello(ctx, o)
		if err == nil || !errors.Is(err, localsock.ErrNobody) {
			return c, err
		}
		if child == nil {
			if child, err = start(o); err != nil {
				return nil, err
			}
		}
		select {
		case <-child.done:
			if !child.lostRace() {
				return nil, child.lastWords()
			}
			said, child = child.report(), nil // the home is still held by a daemon that is leaving: try again
		default:
		}
		if pause(ctx, wait, child) != nil {
			return nil, vault.Errorf(vault.CodeNoDaemon, "vaultd does not answer: %w", cmp.Or(said, errSlow))
		}
	}
}

// errSlow is the cause when a daemon was started and is alive, but has not got as far as answering.
var errSlow = errors.New("it was started and is not ready yet")

// pause waits for a time, for the death of a child if there is one, or for the end of ctx, which is an error.
func pause(ctx context.Context, d time.Duration, child *process) error {
	var died <-chan struct{}
	if child != nil {
		died = child.done
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-died:
	case <-timer.C:
	}
	return nil
}
