//go:build js && wasm

// Command wasm is the rival of docs/bench/package.md: age itself, compiled to WebAssembly, opening what the page opens.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"syscall/js"

	"filippo.io/age"
)

func main() {
	js.Global().Set("rivalUnlock", js.FuncOf(func(_ js.Value, args []js.Value) any {
		id, err := age.NewScryptIdentity(args[1].String())
		if err != nil {
			return err.Error()
		}
		text, _, err := open(args[0], id)
		if err != nil {
			return err.Error()
		}
		return string(text)
	}))
	js.Global().Set("rivalOpen", js.FuncOf(func(_ js.Value, args []js.Value) any {
		id, err := age.ParseHybridIdentity(args[1].String())
		if err != nil {
			return err.Error()
		}
		plain, digest, err := open(args[0], id)
		if err != nil {
			return err.Error()
		}
		out := js.Global().Get("Uint8Array").New(len(plain))
		js.CopyBytesToJS(out, plain)
		return map[string]any{"plain": out, "digest": digest}
	}))
	js.Global().Call("rivalReady")
	select {}
}

func open(sealed js.Value, id age.Identity) (plain []byte, digest string, err error) {
	in := make([]byte, sealed.Length())
	js.CopyBytesToGo(in, sealed)
	r, err := age.Decrypt(bytes.NewReader(in), id)
	if err != nil {
		return nil, "", err
	}
	if plain, err = io.ReadAll(r); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(plain)
	return plain, hex.EncodeToString(sum[:]), nil
}
