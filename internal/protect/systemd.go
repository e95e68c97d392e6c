package protect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/vault"
)

// How systemd hands over a credential: the service manager decrypts what LoadCredentialEncrypted= names, with a key of
// the TPM or one that only root can read, and puts it as a file called CredentialName in a directory that only the
// service's user can read, which the service finds as $CREDENTIALS_DIRECTORY. A credential never changes while the
// service runs. So the secret of the device is sealed to an age identity, and the identity is the credential.

// errMakeCredential says how root makes the credential by hand, under CredentialName.
var errMakeCredential = vault.Errorf(vault.CodePolicy, "as root run: age-keygen -pq | systemd-creds encrypt --name=vaultctl - /etc/credstore.encrypted/vaultctl; "+
	"add LoadCredentialEncrypted=vaultctl:/etc/credstore.encrypted/vaultctl to the unit of vaultd; restart it, and try again")

func (k *Keeper) sealSystemd(ctx context.Context, dst io.Writer) (io.WriteCloser, error) {
	var recipient string
	identities, err := k.credential()
	switch {
	case err == nil:
		recipient, err = k.sealer.RecipientOf(identities[0])
	case errors.Is(err, errNoCredential):
		recipient, err = k.makeCredential(ctx)
	}
	if err != nil {
		return nil, err
	}
	return k.sealer.SealMarked(dst, []string{recipient}, []string{string(Systemd), CredentialName})
}

var errNoCredential = vault.Errorf(vault.CodeNoIdentity, "systemd hands no credential %s to this process: it is started outside of its unit, or the unit lacks LoadCredentialEncrypted=", CredentialName)

// openingCredential is credential for opening: where systemd hands over nothing, and Seal left a file for it, the error names the
// line that the unit needs.
func (k *Keeper) openingCredential() ([]string, error) {
	identities, err := k.credential()
	if !errors.Is(err, errNoCredential) {
		return identities, err
	}
	path, perr := filepath.Abs(k.path(CredentialFileName))
	if perr != nil {
		return nil, err
	}
	if _, perr = os.Stat(path); perr != nil {
		return nil, err
	}
	return nil, vault.Errorf(vault.CodeNoIdentity, "systemd hands no credential to this process: add LoadCredentialEncrypted=%s:%s to the unit of vaultd, and restart it", CredentialName, path)
}

// credential returns the identities that systemd handed over, or errNoCredential.
func (k *Keeper) credential() ([]string, error) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return nil, errNoCredential
	}
	f, err := os.Open(filepath.Join(dir, CredentialName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNoCredential
	case err != nil:
		return nil, vault.Errorf(vault.CodeNoIdentity, "read credential: %w", withoutPath(err))
	}
	defer func() { _ = f.Close() }()
	identities, err := k.sealer.ParseIdentityFile(io.LimitReader(f, maxFile))
	if vault.CodeOf(err) == vault.CodeInvalid {
		return nil, vault.Errorf(vault.CodeNoIdentity, "the credential %s is not an age identity", CredentialName)
	}
	return identities, err
}

// makeCredential has systemd encrypt a new identity, leaves the result in the directory and returns the recipient. The
// identity goes through a pipe. Accounts other than root need systemd 256, for their own manager. A credential file
// there may be replaced: if the secret at hand needed it, systemd has handed it over, and it is used again instead.
func (k *Keeper) makeCredential(ctx context.Context) (recipient string, err error) {
	program, err := exec.LookPath("systemd-creds")
	if err != nil {
		return "", vault.Errorf(vault.CodePolicy, "systemd-creds is not installed here; %w", errMakeCredential)
	}
	identity, recipient, err := k.sealer.NewIdentity()
	if err != nil {
		return "", err
	}
	args := []string{"encrypt", "--name=" + CredentialName, "-", "-"}
	if os.Geteuid() != 0 {
		args = append([]string{"--user"}, args...)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin = strings.NewReader(keyText(identity, recipient))
	var sealed bytes.Buffer
	cmd.Stdout = &sealed
	if err := cmd.Run(); err != nil || sealed.Len() == 0 {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", vault.Errorf(vault.CodePolicy, "systemd-creds refuses to encrypt for this account; %w", errMakeCredential)
	}
	err = atomicfile.Write(k.path(CredentialFileName), 0o600, func(w io.Writer) error {
		_, err := w.Write(sealed.Bytes())
		return err
	})
	if err != nil {
		return "", vault.Errorf(vault.CodeFailed, "write credential: %w", withoutPath(err))
	}
	return recipient, nil
}
