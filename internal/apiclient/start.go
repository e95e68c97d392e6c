package apiclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// process is a daemon that was started and may die before it serves.
type process struct {
	done chan struct{} // closed once the process has ended and words is complete
	said tail
}

// start runs vaultd detached from everything that the caller may take with it. What it writes to standard error before
// it serves is kept; from then on it logs by itself.
func start(o Options) (*process, error) {
	program, err := findDaemon(o.Daemon)
	if err != nil {
		return nil, err
	}
	home, err := filepath.Abs(o.Home)
	if err != nil {
		return nil, vault.Errorf(vault.CodeUsage, "resolve home: %w", err)
	}
	p := &process{done: make(chan struct{})}
	cmd := exec.Command(program, "--detached", "--home", home) //nolint:noctx // it outlives the call
	cmd.Env = cleanEnv(os.Environ())
	cmd.Dir = filepath.VolumeName(home) + string(filepath.Separator)
	cmd.SysProcAttr = detached()
	cmd.Stderr = &p.said
	if err := cmd.Start(); err != nil {
		return nil, vault.Errorf(vault.CodeNoDaemon, "vaultd could not be started: %w", withoutPath(err))
	}
	go func() {
		_ = cmd.Wait() // how it ended is in its words
		close(p.done)
	}()
	return p, nil
}

// findDaemon looks for vaultd.
func findDaemon(explicit string) (string, error) {
	if explicit != "" {
		return explicit, nil
	}
	path, ok := Program("vaultd")
	if !ok {
		return "", vault.Errorf(vault.CodeNoDaemon, "vaultd is not running, and its program is neither beside vaultctl nor on PATH")
	}
	return path, nil
}

// Program finds another program of this package by its name: beside this one (through symbolic links), then on PATH.
func Program(name string) (path string, ok bool) {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		if target, err := filepath.EvalSymlinks(self); err == nil {
			self = target
		}
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, true
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", false
	}
	path, err = filepath.Abs(path)
	return path, err == nil
}

// managerVars belong to the service that the caller may run in: the daemon must neither report to its manager nor take
// its sockets.
var managerVars = []string{
	"NOTIFY_SOCKET=", "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "WATCHDOG_PID=", "WATCHDOG_USEC=", "JOURNAL_STREAM=", "INVOCATION_ID=",
}

func cleanEnv(env []string) []string {
	kept := make([]string, 0, len(env))
next:
	for _, entry := range env {
		for _, name := range managerVars {
			if strings.HasPrefix(entry, name) {
				continue next
			}
		}
		kept = append(kept, entry)
	}
	return kept
}

// report returns the error that the process wrote as its last line, or makes one of whatever it wrote.
func (p *process) report() error {
	text := bytes.TrimSpace(p.said.bytes())
	last := text[bytes.LastIndexByte(text, '\n')+1:]
	var line api.Line
	if json.Unmarshal(last, &line) == nil && line.Error != nil {
		return line.Error.Err()
	}
	if len(last) == 0 {
		return errors.New("it ended without a word")
	}
	return errors.New(string(last))
}

// lostRace reports whether the process ended only because another daemon holds the home.
func (p *process) lostRace() bool { return vault.CodeOf(p.report()) == vault.CodeConflict }

// lastWords returns why the process ended, as an error with vault.CodeNoDaemon and the daemon's own error as cause.
func (p *process) lastWords() error {
	err := p.report()
	return api.WithHint(vault.Errorf(vault.CodeNoDaemon, "vaultd did not start: %w", err), api.HintOf(err))
}

// tail keeps the last bytes written to it. It is safe for concurrent use.
type tail struct {
	mu  sync.Mutex // guards buf
	buf []byte
}

// tailSize is enough for a line of error and the head of a crash report in front of it.
const tailSize = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if extra := len(t.buf) - tailSize; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(b), nil
}

func (t *tail) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.buf)
}

// withoutPath strips the file name that the os package puts into its errors.
func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
