package protect

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/text/unicode/norm"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/vault"
)

// none stands in a mark for a value that was not given.
const none = "-"

// seal returns the age file of secret.
func (k *Keeper) seal(ctx context.Context, method Method, secret []byte, o Options) ([]byte, error) {
	var file bytes.Buffer
	var w io.WriteCloser
	var err error
	switch name := method.plugin(); {
	case method == Passphrase:
		w, err = k.sealPassphrase(&file, o)
	case method == KeyFile:
		w, err = k.sealKeyFile(&file, o)
	case method == Systemd:
		w, err = k.sealSystemd(ctx, &file)
	case name != "":
		identity := o.PluginIdentity
		if identity == "" {
			identity = none
		}
		w, err = k.sealer.SealPlugin(&file, name, o.PluginIdentity, []string{"plugin", name, identity}, o.Ask)
	default:
		return nil, vault.Errorf(vault.CodeInvalid, "no such protection")
	}
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(secret); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if method.plugin() != "" {
		return file.Bytes(), k.tryPlugin(file.Bytes(), secret, o)
	}
	return file.Bytes(), nil
}

// tryPlugin opens what was just sealed: a plugin may well seal to a key that it cannot use, and there is no other copy.
func (k *Keeper) tryPlugin(file, secret []byte, o Options) error {
	mark, _, err := k.sealer.Mark(bytes.NewReader(file))
	if err != nil {
		return err
	}
	method, ok := methodOf(mark)
	if !ok {
		return vault.Errorf(vault.CodeFailed, "the plugin wrote a file that cannot be recognized")
	}
	got, err := k.open(method, mark, file, o)
	if err != nil {
		return err
	}
	defer clear(got)
	if !bytes.Equal(got, secret) {
		return vault.Errorf(vault.CodeFailed, "the plugin did not give back what it was given")
	}
	return nil
}

func (k *Keeper) open(method Method, args []string, file []byte, o Options) ([]byte, error) {
	src := bytes.NewReader(file)
	var r io.Reader
	var err error
	switch method {
	case Passphrase:
		var passphrase string
		if passphrase, err = o.passphrase(); err == nil {
			r, err = k.sealer.OpenPassphrase(src, passphrase)
		}
	case KeyFile:
		r, err = k.openKeyFile(src, args[1], o)
	case Systemd:
		var identities []string
		if identities, err = k.openingCredential(); err == nil {
			r, err = k.sealer.Open(src, identities)
		}
	default:
		identity := args[2]
		if identity == none {
			identity = ""
		}
		r, err = k.sealer.OpenPlugin(src, args[1], identity, o.Ask)
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// passphrase returns what was given or what the person answers, in composed form: keyboards and terminals differ in it.
func (o Options) passphrase() (string, error) {
	p := o.Passphrase
	if p == "" && o.Ask != nil {
		var err error
		if p, err = o.Ask("secret", "passphrase of this device"); err != nil {
			return "", fmt.Errorf("ask for passphrase: %w", err)
		}
	}
	if p == "" {
		return "", vault.Errorf(vault.CodeNoIdentity, "a passphrase is needed")
	}
	return norm.NFC.String(p), nil
}

func (k *Keeper) sealPassphrase(dst io.Writer, o Options) (io.WriteCloser, error) {
	p, err := o.passphrase()
	if err != nil {
		return nil, err
	}
	if err := CheckPassphrase(p, o.Hints); err != nil {
		return nil, err
	}
	return k.sealer.SealPassphrase(dst, p)
}

func (k *Keeper) sealKeyFile(dst io.Writer, o Options) (io.WriteCloser, error) {
	path, place := k.path(KeyFileName), none
	if o.KeyFile != "" {
		abs, err := filepath.Abs(o.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("find key file: %w", withoutPath(err))
		}
		if abs != path {
			path, place = abs, base64.RawURLEncoding.EncodeToString([]byte(abs))
		}
	}
	identities, err := k.readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = k.makeKeyFile(path); err == nil {
			identities, err = k.readKeyFile(path)
		}
	}
	if err != nil {
		return nil, err
	}
	recipient, err := k.sealer.RecipientOf(identities[0])
	if err != nil {
		return nil, err
	}
	return k.sealer.SealMarked(dst, []string{recipient}, []string{string(KeyFile), place})
}

func (k *Keeper) openKeyFile(src io.Reader, place string, o Options) (io.Reader, error) {
	path := o.KeyFile
	if path == "" && place == none {
		path = k.path(KeyFileName)
	}
	if path == "" {
		var err error
		if path, err = keyPlace(place); err != nil {
			return nil, err
		}
	}
	identities, err := k.readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, vault.Errorf(vault.CodeNoIdentity, "the key file of this device is not where it was")
	}
	if err != nil {
		return nil, err
	}
	return k.sealer.Open(src, identities)
}

// keyPlace returns the path of a key file as its mark tells it.
func keyPlace(place string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(place)
	if err != nil {
		return "", vault.Errorf(vault.CodeIntegrity, "the place of the key file is malformed")
	}
	return string(b), nil
}

// makeKeyFile writes a new identity, never over another file.
func (k *Keeper) makeKeyFile(path string) error {
	identity, recipient, err := k.sealer.NewIdentity()
	if err != nil {
		return err
	}
	p, err := atomicfile.New(path, 0o600)
	if err != nil {
		return fmt.Errorf("write key file: %w", withoutPath(err))
	}
	defer func() { _ = p.Abort() }() // the first error says more
	if _, err := io.WriteString(p, keyText(identity, recipient)); err != nil {
		return fmt.Errorf("write key file: %w", withoutPath(err))
	}
	if err := p.Commit(); err != nil {
		return fmt.Errorf("write key file: %w", withoutPath(err))
	}
	return nil
}

func keyText(identity, recipient string) string {
	return "# key of the vaultctl device on this machine; opens " + FileName + "\n# public key: " + recipient + "\n" + identity + "\n"
}

// readKeyFile returns the identities of a key file that only its owner can read. A missing file is fs.ErrNotExist.
func (k *Keeper) readKeyFile(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", withoutPath(err))
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("read key file: %w", withoutPath(err))
	case !info.Mode().IsRegular():
		return nil, vault.Errorf(vault.CodeInvalid, "the key file is not a regular file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, vault.Errorf(vault.CodePolicy, "other accounts have access to the key file: set its mode to 600")
	}
	return k.sealer.ParseIdentityFile(io.LimitReader(f, maxFile))
}
