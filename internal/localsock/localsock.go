// Package localsock is the only door between vaultctl and vaultd: a Unix socket (a named pipe on Windows) whose
// address derives from the home directory alone, so that a terminal, a desktop session and cron all find the same one.
//
// It promises that at most one daemon serves a home, that the socket lies in a directory which nobody else may enter
// before it exists, that both ends know which account the other runs under, and that whoever is neither the owner of
// the home nor root is hung up on.
package localsock

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"vaultctl/internal/vault"
)

// ErrNobody is the cause of a Dial error when no daemon listens: nothing was sent, so it is safe to start one and dial again.
var ErrNobody = errors.New("no vaultd listens")

const (
	lockName  = "vaultd.lock"
	startName = "start.lock"
	// probeTime bounds the question whether somebody still answers on a socket that is about to be replaced.
	probeTime = time.Second
)

// Listener accepts connections from the owner of the home and from root only. It is safe for concurrent use.
type Listener struct {
	net.Listener
	activated bool
	rejected  atomic.Int64
	verify    func(net.Conn) error
}

// Accept returns the next connection from an allowed account. Connections from any other account are closed and counted.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if err := l.verify(conn); err == nil {
			return conn, nil
		}
		l.rejected.Add(1)
		_ = conn.Close() // the peer is a stranger: nothing is owed to it
	}
}

// Rejected returns how many connections were refused because of who made them.
func (l *Listener) Rejected() int64 { return l.rejected.Load() }

// Activated reports whether the socket belongs to a service manager, which starts the daemon again on demand.
func (l *Listener) Activated() bool { return l.activated }

// Listen takes the instance lock of home, creates home (0700) and what else is missing, and listens. release gives the
// lock back; call it last, once nothing touches the home any more (closing the listener alone does not release it).
//
// Errors: vault.CodeConflict when another vaultd serves this home or something else listens on its socket,
// vault.CodePolicy when the home or the socket's directory belongs to another account or is open to others.
func Listen(home string) (l *Listener, release func(), err error) {
	return serve(home, listen)
}

// Adopt is Listen for a socket that a service manager has created; it must be the very socket that clients of home dial,
// otherwise vault.CodeInvalid is returned. Adopt owns inherited and closes it when it fails.
func Adopt(home string, inherited net.Listener) (l *Listener, release func(), err error) {
	l, release, err = serve(home, func(address string) (net.Listener, error) {
		return inherited, sameSocket(address, inherited)
	})
	if err != nil {
		return nil, nil, errors.Join(err, ignoreClosed(inherited.Close()))
	}
	l.activated = true
	return l, release, nil
}

// serve does what Listen and Adopt share: home, owner, lock, and the check of peers.
func serve(home string, open func(address string) (net.Listener, error)) (*Listener, func(), error) {
	home, err := prepareHome(home)
	if err != nil {
		return nil, nil, err
	}
	lock := flock.New(filepath.Join(home, lockName), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, nil, fmt.Errorf("lock home: %w", withoutPath(err))
	}
	if !held {
		return nil, nil, vault.Errorf(vault.CodeConflict, "another vaultd already serves this home")
	}
	release := func() { _ = lock.Close() } // closing the descriptor is what unlocks; there is nobody to tell
	address, err := addressOf(home)
	if err != nil {
		release()
		return nil, nil, err
	}
	inner, err := open(address)
	if err != nil {
		release()
		return nil, nil, err
	}
	return &Listener{Listener: inner, verify: verifyPeer}, release, nil
}

// Dial connects to the vaultd that serves home. The error wraps ErrNobody when none does; it is a vault.CodePolicy error
// when the socket's directory or the process behind the socket belongs to a stranger.
func Dial(ctx context.Context, home string) (net.Conn, error) {
	home, err := resolve(home)
	if err != nil {
		return nil, err
	}
	address, err := addressOf(home)
	if err != nil {
		return nil, err
	}
	return dial(ctx, home, address)
}

// Address returns what Dial connects to, for messages and service files.
func Address(home string) (string, error) {
	home, err := resolve(home)
	if err != nil {
		return "", err
	}
	return addressOf(home)
}

// LockStart makes sure that of several clients which find no daemon only one starts it. It waits until the lock is free
// or ctx ends, and creates home if need be. The lock is given up by release, or by the end of the process.
func LockStart(ctx context.Context, home string) (release func(), err error) {
	home, err = prepareHome(home)
	if err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(home, startName), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait for the start of vaultd: %w", withoutPath(err))
	}
	return func() { _ = lock.Close() }, nil
}

// AwaitFree returns once no vaultd holds home any more: whoever served it has finished and touches nothing there. Clients
// that would start one wait meanwhile. Errors: those of LockStart.
func AwaitFree(ctx context.Context, home string) error {
	release, err := LockStart(ctx, home)
	if err != nil {
		return err
	}
	defer release()
	home, err = resolve(home)
	if err != nil {
		return err
	}
	lock := flock.New(filepath.Join(home, lockName), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return fmt.Errorf("wait for the end of vaultd: %w", withoutPath(err))
	}
	return lock.Close()
}

// withoutPath strips the file name that the os package puts into its errors.
func withoutPath(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
