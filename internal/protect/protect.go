// Package protect keeps the secret of a device at rest: an age file called device.age in the directory of the store,
// sealed by passphrase, to a key file, to a systemd credential, or to the key of an age plugin.
//
// The file can be opened by the stock age command, given the same passphrase or key. Which method it needs is read from
// its header, so that there is one file to replace when the method changes, in one step. A key file beside device.age
// keeps out neither a thief of the disk nor root; it is for machines whose disk is sealed otherwise, or for a path on
// other media.
//
// Nothing is printed; questions to a person go through Options.Ask. Errors name no path and quote no secret.
package protect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/vault"
)

const (
	// FileName is the sealed secret in the directory of a Keeper, mode 0600.
	FileName = "device.age"

	// KeyFileName is the default key file, in the same directory.
	KeyFileName = "device.key"

	// CredentialName is the name under which systemd hands over the credential.
	CredentialName = "vaultctl"

	// CredentialFileName is the encrypted credential that Seal leaves in the directory for the unit to load.
	CredentialFileName = "vaultctl.cred"

	maxSecret = 64 << 10
	maxFile   = 1 << 20
)

// Method is how a secret is kept: Passphrase, KeyFile, Systemd, or "plugin:" and the name of an age plugin.
type Method string

// The methods that need no name.
const (
	Passphrase Method = "passphrase"
	KeyFile    Method = "keyfile"
	Systemd    Method = "systemd"

	pluginPrefix = "plugin:"
)

// ParseMethod checks a method as a user writes it. Anything else is vault.CodeInvalid.
func ParseMethod(s string) (Method, error) {
	switch m := Method(s); m {
	case Passphrase, KeyFile, Systemd:
		return m, nil
	default:
		if m.plugin() == "" {
			return "", vault.Errorf(vault.CodeInvalid, "protection is passphrase, keyfile, systemd or plugin:NAME")
		}
		return m, nil
	}
}

// plugin returns the name of the plugin, empty for the other methods. Names are what a file name can safely hold.
func (m Method) plugin() string {
	name, ok := strings.CutPrefix(string(m), pluginPrefix)
	if !ok || strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.+", r)
	}) {
		return ""
	}
	return name
}

// Sealer is what this package needs of the age adapter, which documents it. Errors carry the codes of package vault.
type Sealer interface {
	NewIdentity() (identity, recipient string, err error)
	RecipientOf(identity string) (string, error)
	ParseIdentityFile(r io.Reader) ([]string, error)
	Open(src io.Reader, identities []string) (io.Reader, error)
	SealPassphrase(dst io.Writer, passphrase string) (io.WriteCloser, error)
	OpenPassphrase(src io.Reader, passphrase string) (io.Reader, error)
	SealMarked(dst io.Writer, recipients, mark []string) (io.WriteCloser, error)
	Mark(src io.Reader) (mark, types []string, err error)
	SealPlugin(dst io.Writer, name, identity string, mark []string, ask func(kind, message string) (string, error)) (io.WriteCloser, error)
	OpenPlugin(src io.Reader, name, identity string, ask func(kind, message string) (string, error)) (io.Reader, error)
}

// Options is what a method may need. Fields of other methods are ignored.
type Options struct {
	// Passphrase seals or opens. If it is empty, Ask is asked.
	Passphrase string

	// Hints are words that a passphrase must not be built from, such as the names of the organization and the agent.
	Hints []string

	// KeyFile is the path of the key file, KeyFileName in the directory if empty. To open, it overrides the path that was
	// given when sealing.
	KeyFile string

	// PluginIdentity is AGE-PLUGIN-NAME-1…, empty for plugins that need none. To open, what was given when sealing is used.
	PluginIdentity string

	// Ask reaches the person: kind is show, public, secret or confirm. It may be nil where nobody is there.
	Ask func(kind, message string) (string, error)
}

// Keeper keeps the secret in one directory. Its methods may be called from several goroutines; two that write at the
// same time leave the result of one of them.
type Keeper struct {
	sealer Sealer
	dir    string
}

// New returns the Keeper of dir, which must exist and be private.
func New(sealer Sealer, dir string) *Keeper { return &Keeper{sealer: sealer, dir: dir} }

// Seal writes secret, 1 to 65,536 bytes, as the first one of the directory: another one there is vault.CodeConflict, and
// is kept. A passphrase that is too easy to guess is vault.CodePolicy, as is a key file that other accounts can read.
func (k *Keeper) Seal(ctx context.Context, method Method, secret []byte, o Options) error {
	if _, err := os.Lstat(k.path(FileName)); err == nil {
		return errExists()
	}
	return k.write(ctx, method, secret, o, (*atomicfile.Pending).Commit)
}

// Open returns the secret. No secret there is vault.CodeNotFound; a wrong or missing passphrase, key file, credential or
// plugin is vault.CodeNoIdentity; a damaged file is vault.CodeIntegrity. It takes about a second by passphrase, and as
// long as the person does by plugin; if ctx ends first its error is returned.
func (k *Keeper) Open(ctx context.Context, o Options) ([]byte, error) {
	file, method, args, err := k.load()
	if err != nil {
		return nil, err
	}
	return await(ctx, func() ([]byte, error) { return k.open(method, args, file, o) })
}

// Needs returns the method with which Open will work, without opening. No secret there is vault.CodeNotFound.
func (k *Keeper) Needs() (Method, error) {
	_, method, _, err := k.load()
	return method, err
}

// Replace keeps another secret by the method that keeps the present one, which o must open. Errors are those of Open and
// Seal; the present secret is kept then.
func (k *Keeper) Replace(ctx context.Context, secret []byte, o Options) error {
	_, method, args, err := k.load()
	if err != nil {
		return err
	}
	old, err := k.Open(ctx, o)
	if err != nil {
		return err
	}
	clear(old)
	switch {
	case method == KeyFile && o.KeyFile == "" && args[1] != none:
		if o.KeyFile, err = keyPlace(args[1]); err != nil {
			return err
		}
	case method.plugin() != "" && args[2] != none:
		o.PluginIdentity = args[2]
	}
	return k.write(ctx, method, secret, o, (*atomicfile.Pending).Replace)
}

func (k *Keeper) path(name string) string { return filepath.Join(k.dir, name) }

func (k *Keeper) write(ctx context.Context, method Method, secret []byte, o Options, finish func(*atomicfile.Pending) error) error {
	if len(secret) == 0 || len(secret) > maxSecret {
		return vault.Errorf(vault.CodeInvalid, "a device secret has 1 to %d bytes", maxSecret)
	}
	own := bytes.Clone(secret) // a cancelled call may still read it when the caller wipes its own
	file, err := await(ctx, func() ([]byte, error) {
		defer clear(own)
		return k.seal(ctx, method, own, o)
	})
	if err != nil {
		return err
	}
	p, err := atomicfile.New(k.path(FileName), 0o600)
	if err != nil {
		return fmt.Errorf("write device secret: %w", withoutPath(err))
	}
	defer func() { _ = p.Abort() }() // the first error says more
	if _, err := p.Write(file); err != nil {
		return fmt.Errorf("write device secret: %w", withoutPath(err))
	}
	switch err := finish(p); {
	case errors.Is(err, fs.ErrExist):
		return errExists()
	case err != nil:
		return fmt.Errorf("write device secret: %w", withoutPath(err))
	}
	return nil
}

// load reads the file and what its header says of the method.
func (k *Keeper) load() (file []byte, method Method, args []string, err error) {
	f, err := os.Open(k.path(FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil, vault.Errorf(vault.CodeNotFound, "this machine has no device secret")
	}
	if err != nil {
		return nil, "", nil, fmt.Errorf("read device secret: %w", withoutPath(err))
	}
	defer func() { _ = f.Close() }()
	file, err = io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, "", nil, fmt.Errorf("read device secret: %w", withoutPath(err))
	}
	mark, types, err := k.sealer.Mark(bytes.NewReader(file))
	if err != nil {
		return nil, "", nil, err
	}
	if mark == nil && len(types) == 1 && types[0] == "scrypt" {
		return file, Passphrase, nil, nil
	}
	method, ok := methodOf(mark)
	if !ok {
		return nil, "", nil, vault.Errorf(vault.CodeUpgrade, "the device secret is kept in a way that this version does not know")
	}
	return file, method, mark, nil
}

func methodOf(mark []string) (Method, bool) {
	switch {
	case len(mark) == 2 && (Method(mark[0]) == KeyFile || Method(mark[0]) == Systemd):
		return Method(mark[0]), true
	case len(mark) == 3 && mark[0]+":" == pluginPrefix && Method(pluginPrefix+mark[1]).plugin() != "":
		return Method(pluginPrefix + mark[1]), true
	}
	return "", false
}

// await returns what do does, or the error of ctx if that ends first. do then ends by itself, and what it returns is
// dropped.
func await(ctx context.Context, do func() ([]byte, error)) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		b, err := do()
		done <- result{b, err}
	}()
	select {
	case r := <-done:
		return r.b, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func errExists() error {
	return vault.Errorf(vault.CodeConflict, "this machine has a device secret already")
}

// withoutPath drops the path that errors of package os carry.
func withoutPath(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
