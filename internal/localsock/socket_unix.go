//go:build !windows

package localsock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"vaultctl/internal/vault"
)

const (
	socketName = "vaultd.sock"
	// maxPath is what fits into sun_path with its final zero on macOS, the narrowest of the systems served.
	maxPath = 103
	// shortBase is fixed, not $TMPDIR: cron and a desktop session must agree on it.
	shortBase = "/tmp"
)

var errForeign = errors.New("belongs to another account")

// addressOf returns the socket's path for a resolved home: inside the home where that is short enough.
func addressOf(home string) (string, error) {
	if path := filepath.Join(home, "run", socketName); len(path) <= maxPath {
		return path, nil
	}
	uid, err := ownerOf(home)
	if err != nil {
		return "", err
	}
	return filepath.Join(shortBase, "vaultctl-"+strconv.Itoa(uid)+"-"+fingerprint(home), socketName), nil
}

// ownerOf returns the account that a home belongs to; ours, as long as it does not exist. Root may thus talk to
// somebody's daemon.
func ownerOf(home string) (int, error) {
	info, err := os.Stat(home)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Geteuid(), nil
	}
	if err != nil {
		return 0, fmt.Errorf("open home: %w", withoutPath(err))
	}
	return uidOf(info), nil
}

func uidOf(info os.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

func ownedByUs(info os.FileInfo) error {
	if uidOf(info) != os.Geteuid() {
		return errForeign
	}
	return nil
}

// listen creates the socket in a directory that is private before the socket exists. The instance lock is held, so a
// socket on which nobody answers is what a killed daemon left behind.
func listen(address string) (net.Listener, error) {
	dir := filepath.Dir(address)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create socket directory: %w", withoutPath(err))
	}
	if err := checkPrivate(dir, os.Geteuid()); err != nil {
		return nil, err
	}
	if err := removeStale(address); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "unix", address)
	if err != nil {
		return nil, fmt.Errorf("listen on socket: %w", socketError(err))
	}
	return l, nil
}

// checkPrivate refuses a socket directory that is a link, is somebody else's, or lets others in.
func checkPrivate(dir string, uid int) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("open socket directory: %w", withoutPath(err))
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return vault.Errorf(vault.CodePolicy, "the socket's directory is a symbolic link: refused")
	case !info.IsDir():
		return vault.Errorf(vault.CodePolicy, "the socket's directory is not a directory: refused")
	case uidOf(info) != uid:
		return vault.Errorf(vault.CodePolicy, "the socket's directory belongs to another account: refused")
	case info.Mode().Perm()&0o077 != 0:
		return vault.Errorf(vault.CodePolicy, "the socket's directory is open to other accounts: refused, chmod 700 it")
	}
	return nil
}

func removeStale(address string) error {
	info, err := os.Lstat(address)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open socket: %w", withoutPath(err))
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return vault.Errorf(vault.CodeConflict, "something that is not a socket is where the socket should be")
	}
	// A service manager listens without holding the lock: its socket must not be pulled from under it.
	probe := net.Dialer{Timeout: probeTime}
	if conn, err := probe.DialContext(context.Background(), "unix", address); err == nil {
		_ = conn.Close()
		return vault.Errorf(vault.CodeConflict, "another process listens on this home's socket")
	}
	if err := os.Remove(address); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove stale socket: %w", withoutPath(err))
	}
	return nil
}

func dial(ctx context.Context, home, address string) (net.Conn, error) {
	uid, err := ownerOf(home)
	if err != nil {
		return nil, err
	}
	// Without this check anybody could lay out a directory in /tmp and wait for a passphrase to arrive.
	if err := checkPrivate(filepath.Dir(address), uid); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNobody
		}
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", address)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrNobody
	}
	if err != nil {
		return nil, fmt.Errorf("dial vaultd: %w", socketError(err))
	}
	if peer, err := peerUID(conn); err != nil || (peer != uid && peer != os.Geteuid()) {
		_ = conn.Close()
		return nil, vault.Errorf(vault.CodePolicy, "the process behind this home's socket runs under another account: refused")
	}
	return conn, nil
}

func verifyPeer(conn net.Conn) error {
	uid, err := peerUID(conn)
	if err != nil {
		return err
	}
	if uid != os.Geteuid() && uid != 0 {
		return errForeign
	}
	return nil
}

// sameSocket tells whether an inherited listener is bound to address.
func sameSocket(address string, l net.Listener) error {
	addr, ok := l.Addr().(*net.UnixAddr)
	if ok && addr.Name == address {
		return nil
	}
	if ok {
		a, errA := os.Lstat(address)
		b, errB := os.Lstat(addr.Name)
		if errA == nil && errB == nil && os.SameFile(a, b) {
			return nil
		}
	}
	return vault.Errorf(vault.CodeInvalid, "the service manager's socket is not the one of this home (ListenStream must be %s)", address)
}

// rawControl runs f on the descriptor of a Unix connection.
func rawControl(conn net.Conn, f func(fd int) error) error {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return errors.New("not a unix socket")
	}
	raw, err := unixConn.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// socketError strips the address from a network error: the home's path is nobody else's business in a log.
func socketError(err error) error {
	var oe *net.OpError
	if errors.As(err, &oe) {
		return oe.Err
	}
	return err
}
