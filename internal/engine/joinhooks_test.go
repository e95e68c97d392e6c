package engine

import (
	"bytes"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// RootKey is the root's public key as this device knows it.
func (e *Engine) RootKey() string { return e.self().Root }

// SignWelcome signs a welcome with this device's key.
func (e *Engine) SignWelcome(w *vault.Welcome) []byte {
	keys, _ := e.view()
	return w.Sign(keys.sign)
}

// OpensBytes reports whether the key of this device alone opens an age file.
func (e *Engine) OpensBytes(raw []byte) bool {
	keys, _ := e.view()
	_, err := e.Sealer.Open(bytes.NewReader(raw), []string{keys.device})
	return err == nil
}

// Shown returns a request as screens show it, under a root.
func (e *Engine) Shown(q *vault.JoinRequest, root string) api.JoinRequest {
	return e.shown(q, e.rootWords(root))
}
