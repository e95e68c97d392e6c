// Package objecthash computes the hash by which a stored object is known: BLAKE3-256 of the bytes as they lie on a remote.
//
// Every object goes by it, whatever it holds: documents, notes, parcels, segments as whole files, manifests, the
// organization note. `rclone hashsum blake3` prints the same digits. What is inside an object, or proves who wrote it, is
// hashed with SHA-256; see docs/format.md.
package objecthash

import (
	"encoding/hex"
	"hash"

	"github.com/zeebo/blake3"

	"vaultctl/internal/vault"
)

// Size is the length of a hash in bytes.
const Size = 32

// New starts a hash. It is not safe for concurrent use.
func New() hash.Hash { return blake3.New() }

// Sum returns the hash of b.
func Sum(b []byte) [Size]byte { return blake3.Sum256(b) }

// Of returns the hash of b as events declare it.
func Of(b []byte) vault.ObjectHash { return Text(Sum(b)) }

// Text returns a hash as events declare it.
func Text(sum [Size]byte) vault.ObjectHash { return vault.ObjectHash(hex.EncodeToString(sum[:])) }

// Parse returns the bytes of a declared hash; ok is false for anything that is not one.
func Parse(h vault.ObjectHash) (sum [Size]byte, ok bool) {
	if !h.Valid() {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(h))
	return sum, err == nil
}
