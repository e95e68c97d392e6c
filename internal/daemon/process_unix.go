//go:build !windows

package daemon

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"

	"vaultctl/internal/localsock"
	"vaultctl/internal/vault"
)

// harden makes the process unfit to leak what it holds: no core dumps, private files, no working directory.
func harden() error {
	limitMemory()
	// The client that started us may die first: neither its terminal nor its end of our standard error may kill us.
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	unix.Umask(0o077)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	if err := undumpable(); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("leave working directory: %w", err)
	}
	return nil
}

// open takes the home, with the service manager's socket if there is one.
func open(home string) (*localsock.Listener, func(), error) {
	files := activation.Files(true)
	if len(files) == 0 {
		return localsock.Listen(home)
	}
	if len(files) > 1 {
		return nil, nil, vault.Errorf(vault.CodeInvalid, "the service manager passed %d sockets instead of one", len(files))
	}
	inherited, err := net.FileListener(files[0])
	_ = files[0].Close() // FileListener works on a copy
	if err != nil {
		return nil, nil, vault.Errorf(vault.CodeInvalid, "the service manager did not pass a socket to listen on: %w", err)
	}
	return localsock.Adopt(home, inherited)
}

// letGoOfStderr ends the client's wait for last words. What the runtime writes when it crashes goes to a file from now on.
func letGoOfStderr(home string) {
	path := filepath.Join(home, logDir, "vaultd.crash")
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err == nil {
		_ = debug.SetCrashOutput(f, debug.CrashOptions{}) // without it a crash goes unexplained, no more
		_ = f.Close()                                     // SetCrashOutput keeps a copy
	}
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		_ = unix.Dup2(int(null.Fd()), int(os.Stderr.Fd()))
		_ = null.Close()
	}
}
