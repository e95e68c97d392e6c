package engine

import (
	"context"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// JoinLook looks whether a remote holds an organization that can be joined from this home, so that nobody chooses a passphrase
// or types root words for an address that is mistyped. It writes nothing, and does not look from a home that has begun already.
// Errors are those of JoinAsk.
func (e *Engine) JoinLook(ctx context.Context, req api.JoinLookRequest) (api.Empty, error) {
	if e.self().Device != "" {
		return api.Empty{}, nil
	}
	if req.Remote == "" {
		return api.Empty{}, vault.Errorf(vault.CodeUsage, "a remote is needed: a folder, or any rclone remote")
	}
	if err := checkFingerprint(req.Root); err != nil {
		return api.Empty{}, err
	}
	_, remote, err := e.openExisting(ctx, req.Conf, req.Remote)
	if err != nil {
		return api.Empty{}, err
	}
	note, err := orgNoteOf(ctx, remote.Get)
	if err != nil {
		return api.Empty{}, err
	}
	_, err = readRootLine(ctx, remote, note, req.Root)
	return api.Empty{}, err
}

// checkFingerprint refuses what cannot be a whole fingerprint: a part of one would pass for the root of somebody else.
func checkFingerprint(text string) error {
	plain := plainFingerprint(text)
	if text != "" && (len(plain) != 24 || strings.Trim(plain, "abcdefghijklmnopqrstuvwxyz234567") != "") {
		return api.WithHint(vault.Errorf(vault.CodeUsage, "not a fingerprint of a root: 24 letters and digits, in groups of four"),
			"`vaultctl status` on an enrolled workstation shows it")
	}
	return nil
}
