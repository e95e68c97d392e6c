// Package localseal encrypts what a workstation keeps for itself: index values and log records.
//
// A Sealer holds the local key between Unlock and Lock and seals with XChaCha20-Poly1305 under a key derived from it
// for one purpose. Each sealed value is bound to a context (where it is stored), so that values cannot be exchanged
// without detection. What leaves the workstation is sealed by age and signed, never by this package.
//
// Lock overwrites the key that the Sealer holds. Copies that the cipher made on the heap live until the garbage
// collector reuses their memory.
package localseal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"vaultctl/internal/vault"
)

// KeySize is the length of a local key in bytes.
const KeySize = chacha20poly1305.KeySize

// Overhead is how many bytes longer than its plaintext a sealed value is: version, nonce, tag.
const Overhead = 1 + chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

const version = 1

// Sealer seals and opens values. It is safe for concurrent use and starts locked.
type Sealer struct {
	purpose string

	mu     sync.RWMutex
	locked bool
	key    [KeySize]byte // all zero while locked
}

// New returns a locked Sealer. Sealers with different purposes cannot open each other's values, even with one key.
func New(purpose string) *Sealer { return &Sealer{purpose: purpose, locked: true} }

// Unlock takes a local key of KeySize bytes, which stays the caller's.
func (s *Sealer) Unlock(key []byte) error {
	if len(key) != KeySize {
		return vault.Errorf(vault.CodeInvalid, "unlock local seal: key has %d bytes, want %d", len(key), KeySize)
	}
	derived, err := hkdf.Key(sha256.New, key, nil, "vaultctl local v1 "+s.purpose, KeySize)
	if err != nil {
		return fmt.Errorf("unlock local seal: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	copy(s.key[:], derived)
	clear(derived)
	s.locked = false
	return nil
}

// Lock forgets the key.
func (s *Sealer) Lock() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.key[:])
	s.locked = true
}

// Locked reports whether the Sealer has no key.
func (s *Sealer) Locked() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.locked
}

// Seal appends the sealed form of plaintext to dst. The error has the code vault.CodeLocked if there is no key.
func (s *Sealer) Seal(dst, plaintext, context []byte) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.locked {
		return nil, errLocked()
	}
	aead, err := chacha20poly1305.NewX(s.key[:])
	if err != nil {
		return nil, fmt.Errorf("seal value: %w", err)
	}
	var nonce [chacha20poly1305.NonceSizeX]byte
	rand.Read(nonce[:])
	dst = append(dst, version)
	dst = append(dst, nonce[:]...)
	return aead.Seal(dst, nonce[:], plaintext, context), nil
}

// Open appends the plaintext of sealed to dst. The codes are vault.CodeLocked, vault.CodeUpgrade for a newer form, and
// vault.CodeIntegrity if the value was altered, belongs to another context, or was sealed under another key.
func (s *Sealer) Open(dst, sealed, context []byte) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.locked {
		return nil, errLocked()
	}
	if len(sealed) < Overhead {
		return nil, vault.Errorf(vault.CodeIntegrity, "open sealed value: %d bytes are too few", len(sealed))
	}
	if sealed[0] > version {
		return nil, vault.Errorf(vault.CodeUpgrade, "open sealed value: form %d is newer than this program", sealed[0])
	}
	aead, err := chacha20poly1305.NewX(s.key[:])
	if err != nil {
		return nil, fmt.Errorf("open sealed value: %w", err)
	}
	nonce, body := sealed[1:1+chacha20poly1305.NonceSizeX], sealed[1+chacha20poly1305.NonceSizeX:]
	plain, err := aead.Open(dst, nonce, body, context)
	if err != nil || sealed[0] != version {
		return nil, vault.Errorf(vault.CodeIntegrity, "open sealed value: altered, moved, or sealed under another key")
	}
	return plain, nil
}

func errLocked() error { return vault.Errorf(vault.CodeLocked, "the workstation is locked") }
