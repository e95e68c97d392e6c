package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// protection is how the keys of this device are to be kept.
type protection struct {
	method, passphraseFile, keyFile string
}

const (
	byPassphrase = "passphrase"
	byKeyFile    = "keyfile"
	bySystemd    = "systemd"
)

func (p *protection) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&p.method, "protect", "", lang.Key("how the keys of this device are kept: passphrase, keyfile, systemd or plugin:NAME"))
	declarePassphrase(cmd, &p.passphraseFile)
	flags.StringVar(&p.keyFile, "key-file", "", lang.Key("where the key file is put; beside the store if not given"))
	complete(cmd, "protect", fixed(byPassphrase, byKeyFile, bySystemd, "plugin:"))
}

// settle asks for the method where it is not given, and checks that the flags agree.
func (p *protection) settle(ctx context.Context, cmd *cobra.Command, f *Factory) error {
	if p.method == "" && p.passphraseFile != "" {
		p.method = byPassphrase
	}
	if p.method == "" && p.keyFile != "" {
		p.method = byKeyFile
	}
	if p.method == "" {
		l := f.Lang()
		i, err := f.IO.Choose(ctx, l.T("How are the keys of this device kept?"), []string{
			l.T("passphrase: typed at each unlock (workstations)"),
			l.T("keyfile: a file on this machine (servers with an encrypted disk)"),
			l.T("systemd: a credential bound to this machine (servers with systemd)"),
		}, "--protect")
		if err != nil {
			return err
		}
		p.method = []string{byPassphrase, byKeyFile, bySystemd}[i]
	}
	switch {
	case p.passphraseFile != "" && p.method != byPassphrase:
		return usagef(cmd, "--passphrase-file goes with --protect passphrase")
	case p.keyFile != "" && p.method != byKeyFile:
		return usagef(cmd, "--key-file goes with --protect keyfile")
	}
	if p.keyFile != "" {
		abs, err := filepath.Abs(p.keyFile)
		if err != nil {
			return vault.Errorf(vault.CodeUsage, "--key-file: %w", err)
		}
		p.keyFile = abs
	}
	return nil
}

// found calls do with the protection, with a passphrase chosen where the method has one.
func (p *protection) found(ctx context.Context, f *Factory, do func(api.Protection) error) error {
	if p.method != byPassphrase {
		return do(api.Protection{Method: p.method, KeyFile: p.keyFile})
	}
	return f.withPassphrase(ctx, p.passphraseFile, func(passphrase string) error {
		return do(api.Protection{Method: p.method, Passphrase: passphrase})
	})
}

func declareRclone(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "rclone-config", "", lang.Key("rclone.conf that the remote's section is copied from; rclone's own if not given"))
}
