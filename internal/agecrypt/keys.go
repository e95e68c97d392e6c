package agecrypt

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"filippo.io/age"

	"vaultctl/internal/bech32"
	"vaultctl/internal/vault"
)

// The kinds of recipient that ValidateRecipient tells apart.
const (
	KindHybrid = "hybrid" // X25519 and ML-KEM-768 together: age1pq1…
	KindX25519 = "x25519" // classic: age1…
)

const (
	seedLen        = 32
	identityPrefix = "age-secret-key-pq-"
	maxIdentities  = 10_000
	maxIdentityLen = 4096
)

// NewIdentity makes a hybrid identity and returns it with its recipient.
func (s *Sealer) NewIdentity() (identity, recipient string, err error) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return "", "", vault.Errorf(vault.CodeFailed, "make identity: %w", err)
	}
	return id.String(), id.Recipient().String(), nil
}

// IdentityFromSeed returns the hybrid identity whose secret is seed, 32 bytes, and its recipient. The same seed gives
// the same identity on every machine and version. A seed of another length is vault.CodeInvalid.
func (s *Sealer) IdentityFromSeed(seed []byte) (identity, recipient string, err error) {
	if len(seed) != seedLen {
		return "", "", vault.Errorf(vault.CodeInvalid, "a seed has %d bytes, not %d", seedLen, len(seed))
	}
	text, err := bech32.Encode(identityPrefix, seed)
	if err != nil {
		return "", "", vault.Errorf(vault.CodeFailed, "encode identity: %w", err)
	}
	identity = strings.ToUpper(text)
	recipient, err = s.RecipientOf(identity)
	if err != nil {
		return "", "", err
	}
	return identity, recipient, nil
}

// SeedOf returns the 32 bytes that IdentityFromSeed makes identity of. An identity that is malformed or not hybrid is
// vault.CodeInvalid.
func (s *Sealer) SeedOf(identity string) ([]byte, error) {
	hrp, seed, err := bech32.Decode(identity)
	if err != nil || hrp != identityPrefix || len(seed) != seedLen {
		return nil, vault.Errorf(vault.CodeInvalid, "not a well-formed hybrid identity")
	}
	return seed, nil
}

// RecipientOf returns the recipient that belongs to an identity of either kind. Malformed identities are
// vault.CodeInvalid.
func (s *Sealer) RecipientOf(identity string) (string, error) {
	id, err := s.identity(identity)
	if err != nil {
		return "", err
	}
	switch id := id.(type) {
	case *age.HybridIdentity:
		return id.Recipient().String(), nil
	case *age.X25519Identity:
		return id.Recipient().String(), nil
	}
	return "", vault.Errorf(vault.CodeInvalid, "an identity of this kind has no recipient")
}

// ValidateRecipient returns the kind of a recipient, KindHybrid or KindX25519. SSH keys, plugin recipients, secret keys
// and malformed strings are vault.CodeInvalid.
func (s *Sealer) ValidateRecipient(recipient string) (kind string, err error) {
	r, err := s.recipient(recipient)
	if err != nil {
		return "", err
	}
	return r.kind, nil
}

// ParseIdentityFile returns the identities of an age identity file in their order: one a line, empty lines and lines
// that begin with # left out. At least one and at most 10,000 are expected, each is checked; what is not an identity is
// vault.CodeInvalid and named by its line number alone. An error of r is passed on.
func (s *Sealer) ParseIdentityFile(r io.Reader) ([]string, error) {
	var identities []string
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 512), maxIdentityLen)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if _, err := parseIdentity(line); err != nil {
			return nil, vault.Errorf(vault.CodeInvalid, "identity file: line %d is not an identity", n)
		}
		if len(identities) == maxIdentities {
			return nil, vault.Errorf(vault.CodeInvalid, "identity file: more than %d identities", maxIdentities)
		}
		identities = append(identities, line)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, vault.Errorf(vault.CodeInvalid, "identity file: line %d is too long", n+1)
	case err != nil:
		return nil, vault.Errorf(vault.CodeFailed, "read identity file: %w", err)
	case len(identities) == 0:
		return nil, vault.Errorf(vault.CodeInvalid, "identity file: no identity in it")
	}
	return identities, nil
}
