package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/vault"
)

// remotesFile is remotes.age in the home, sealed to the device: which remotes there are, with the rclone configuration
// that they need, credentials included.
type remotesFile struct {
	Remotes []remoteEntry `json:"remotes"`
	Conf    []byte        `json:"conf,omitempty"` // rclone configuration sections
}

type remoteEntry struct {
	Name string `json:"name"`
	Spec string `json:"spec"`
}

const remotesName = "remotes.age"

var remoteName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,30}$`)

func (e *Engine) loadRemotes(keys *keyring) (remotesFile, error) {
	var f remotesFile
	raw, err := os.ReadFile(filepath.Join(e.Home, remotesName))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("read remotes: %w", err)
	}
	r, err := e.Sealer.Open(bytes.NewReader(raw), []string{keys.device})
	if err != nil {
		return f, fmt.Errorf("open remotes: %w", err)
	}
	if err := json.NewDecoder(r).Decode(&f); err != nil {
		return f, vault.Errorf(vault.CodeIntegrity, "remotes file: malformed")
	}
	_, err = io.Copy(io.Discard, r)
	return f, err
}

// saveRemotes seals the file to the device. It needs no secret, so that a token that rclone renews while locked is kept.
func (e *Engine) saveRemotes(recipient string, f remotesFile) error {
	raw, err := json.Marshal(&f)
	if err != nil {
		return fmt.Errorf("marshal remotes: %w", err)
	}
	return atomicfile.Write(filepath.Join(e.Home, remotesName), 0o600, func(w io.Writer) error {
		wc, err := e.Sealer.Seal(w, []string{recipient})
		if err != nil {
			return err
		}
		if _, err := wc.Write(raw); err != nil {
			return err
		}
		return wc.Close()
	})
}

// mountRemotes opens every configured remote. One that cannot be opened stays mounted with its error and is retried.
func (e *Engine) mountRemotes(ctx context.Context) error {
	keys, _ := e.view()
	if keys == nil || len(e.mounted()) > 0 {
		return nil
	}
	f, err := e.loadRemotes(keys)
	if err != nil {
		return err
	}
	recipient, err := e.Sealer.RecipientOf(keys.device)
	if err != nil {
		return err
	}
	save := func(conf []byte) error { return e.saveRemotes(recipient, remotesFile{f.Remotes, conf}) }
	if err := e.Remotes.SetConfig(f.Conf, save); err != nil {
		return fmt.Errorf("remote configuration: %w", err)
	}
	var mounts []*mount
	for _, r := range f.Remotes {
		m := &mount{name: r.Name, spec: r.Spec, remote: &lazyRemote{e: e, spec: r.Spec}}
		mounts = append(mounts, m)
	}
	e.mu.Lock()
	e.mounts = mounts
	e.mu.Unlock()
	return ctx.Err()
}

// addRemote keeps a remote under a name and mounts it. The remote must hold this organization, or nothing.
func (e *Engine) addRemote(ctx context.Context, keys *keyring, name, spec, confFile string) error {
	if !remoteName.MatchString(name) {
		return vault.Errorf(vault.CodeInvalid, "a remote's name is of a-z, 0-9 and -")
	}
	f, err := e.loadRemotes(keys)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(f.Remotes, func(r remoteEntry) bool { return r.Name == name }) {
		return vault.Errorf(vault.CodeConflict, "there is a remote of that name already")
	}
	if f.Conf, err = e.Remotes.Import(confFile, spec); err != nil {
		return err
	}
	f.Remotes = append(f.Remotes, remoteEntry{name, spec})
	recipient, err := e.Sealer.RecipientOf(keys.device)
	if err != nil {
		return err
	}
	if err := e.saveRemotes(recipient, f); err != nil {
		return err
	}
	m := &mount{name: name, spec: spec, remote: &lazyRemote{e: e, spec: spec}}
	e.mu.Lock()
	e.mounts = append(slices.Clone(e.mounts), m)
	e.mu.Unlock()
	return nil
}

// healthAllowed reports whether every remote is declared fit for health data.
func (e *Engine) healthAllowed() bool {
	mounts := e.mounted()
	return len(mounts) > 0 && !slices.ContainsFunc(mounts, func(m *mount) bool { return !e.Settings.HealthData(m.name) })
}

// lazyRemote opens a remote at first use and again after a failure to open, so that a disk that is not mounted yet or a
// network that is down is found later.
type lazyRemote struct {
	e    *Engine
	spec string
	once onceRemote
}

func (l *lazyRemote) open(ctx context.Context) (Remote, error) {
	return l.once.get(func() (Remote, error) { return l.e.Remotes.Open(ctx, l.spec) })
}

// Put implements Remote.
func (l *lazyRemote) Put(ctx context.Context, o Upload) error {
	r, err := l.open(ctx)
	if err != nil {
		return err
	}
	return r.Put(ctx, o)
}

// Get implements Remote.
func (l *lazyRemote) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	r, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return r.Get(ctx, path)
}

// Stat implements Remote.
func (l *lazyRemote) Stat(ctx context.Context, path string) (ObjectInfo, error) {
	r, err := l.open(ctx)
	if err != nil {
		return ObjectInfo{}, err
	}
	return r.Stat(ctx, path)
}

// List implements Remote.
func (l *lazyRemote) List(ctx context.Context, prefix string, fn func(ObjectInfo) error) error {
	r, err := l.open(ctx)
	if err != nil {
		return err
	}
	return r.List(ctx, prefix, fn)
}

// Folders implements Remote.
func (l *lazyRemote) Folders(ctx context.Context, prefix string) ([]string, error) {
	r, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return r.Folders(ctx, prefix)
}

// Delete implements Remote.
func (l *lazyRemote) Delete(ctx context.Context, path string) (string, error) {
	r, err := l.open(ctx)
	if err != nil {
		return "", err
	}
	return r.Delete(ctx, path)
}

// Links implements Remote.
func (l *lazyRemote) Links(ctx context.Context) (bool, error) {
	r, err := l.open(ctx)
	if err != nil {
		return false, err
	}
	return r.Links(ctx)
}

// Link implements Remote.
func (l *lazyRemote) Link(ctx context.Context, path string, expires time.Duration) (string, error) {
	r, err := l.open(ctx)
	if err != nil {
		return "", err
	}
	return r.Link(ctx, path, expires)
}

// Test implements Remote.
func (l *lazyRemote) Test(ctx context.Context) (map[string]string, error) {
	r, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return r.Test(ctx)
}
