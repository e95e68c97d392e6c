// Package secretshare cuts a recovery secret into n shares of which any k give it back, and fewer say nothing. It is the
// only importer of github.com/cloudflare/circl.
//
// The arithmetic is chosen so that it can be done again without this program, in any language that has large integers;
// testdata/combine.py does it in Python. All numbers are integers modulo the prime
//
//	p = 2^252 + 27742317777372353535851937790883648493
//
// which is the order of the ristretto255 group. A secret s is an integer 0 < s < p, written as 32 bytes, least
// significant first; such seeds are what New makes. Splitting draws a polynomial f of degree k-1 at random with f(0) = s.
// Share i, for i from 1 to n, is y = f(i), written like s. Any k shares give
//
//	s = sum over i of y_i * product over j ≠ i of j / (j - i)   (mod p)
//
// The text of a share is
//
//	vault-share-I-of-N-need-K-TTTT-TTTT-TTTT-TTTT-TTTT-TTTT-TTTT-TTTT word … word
//
// The 24 words are the 32 bytes of y in BIP-39: 256 bits, first byte first, then the first 8 bits of their SHA-256, cut
// into numbers of 11 bits that are positions in a list of words. T is Crockford's base32 (0-9, A-Z without I, L, O, U;
// five bits each, highest first) of 20 bytes:
//
//	5 bytes   set: drawn at random for each split
//	10 bytes  secret check: first bytes of SHA-256("vault-share secret v1" set K N s)
//	5 bytes   share check: first bytes of SHA-256("vault-share check v1" set secret-check K N I y)
//
// with K, N and I as one byte each. The share check finds typing errors. The secret check is why Combine never returns a
// wrong secret; it tells nothing about a secret of 252 random bits.
//
// All functions are safe for concurrent use. A Share is secret.
package secretshare

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"slices"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/math/polynomial"
	"github.com/cloudflare/circl/secretsharing"

	"vaultctl/internal/vault"
)

const (
	// SeedLen is the length of a secret in bytes.
	SeedLen = 32

	// MaxShares is the largest number of shares of one secret.
	MaxShares = 99

	setLen    = 5
	commitLen = 10
	checkLen  = 5
)

var field = group.Ristretto255

// Share is one part of a secret. The zero value is not valid; shares come from Split and ParseShare.
type Share struct {
	Index int // 1 to Of
	Need  int // how many shares give the secret
	Of    int // how many there are

	set    [setLen]byte
	commit [commitLen]byte
	value  [SeedLen]byte
}

// New returns a secret that can be split, 32 bytes drawn from random. An error of random is wrapped.
func New(random io.Reader) ([]byte, error) {
	seed := make([]byte, SeedLen)
	for {
		if _, err := io.ReadFull(random, seed); err != nil {
			return nil, fmt.Errorf("make secret: %w", err)
		}
		seed[SeedLen-1] &= 0x1f // p has 253 bits: every other draw is under it
		if _, err := scalar(seed); err == nil {
			return seed, nil
		}
	}
}

// scalar reads a secret, refusing zero and what is not less than p.
func scalar(seed []byte) (group.Scalar, error) {
	s := field.NewScalar()
	if err := s.UnmarshalBinary(seed); err != nil || s.IsZero() {
		return nil, vault.Errorf(vault.CodeInvalid, "a secret to share is 32 bytes, made for that")
	}
	return s, nil
}

// Split cuts seed, a secret of New, into n shares of which k are needed, 2 ≤ k ≤ n ≤ MaxShares. k and n may both be 1:
// the one share then is the secret. Anything else is vault.CodeInvalid.
func Split(seed []byte, k, n int) ([]Share, error) {
	secret, err := scalar(seed)
	if err != nil {
		return nil, err
	}
	switch {
	case k < 1 || n < k || n > MaxShares:
		return nil, vault.Errorf(vault.CodeInvalid, "%d of %d shares is not possible: at least 1 is needed, and there are at most %d", k, n, MaxShares)
	case k == 1 && n > 1:
		return nil, vault.Errorf(vault.CodeInvalid, "1 of %d would give the whole secret to each: ask for at least 2, or for 1 of 1", n)
	}
	template := Share{Need: k, Of: n}
	rand.Read(template.set[:])
	template.commit = template.commitment(seed)
	shares := make([]Share, n)
	for i, part := range secretsharing.New(rand.Reader, uint(k-1), secret).Share(uint(n)) {
		value, err := part.Value.MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("encode share: %w", err)
		}
		shares[i] = template
		shares[i].Index = i + 1
		copy(shares[i].value[:], value)
	}
	return shares, nil
}

// Combine returns the secret of which shares are parts, in any order; more than are needed are all checked, and the same
// one twice counts once. Too few shares, or shares of different secrets or splits, are vault.CodeNoIdentity; shares that
// contradict each other are vault.CodeIntegrity. A wrong secret is never returned.
func Combine(shares []Share) ([]byte, error) {
	distinct, err := gather(shares)
	if err != nil {
		return nil, err
	}
	first := distinct[0]
	x := make([]group.Scalar, len(distinct))
	y := make([]group.Scalar, len(distinct))
	for i, s := range distinct {
		x[i] = field.NewScalar().SetUint64(uint64(s.Index))
		y[i] = field.NewScalar()
		if err := y[i].UnmarshalBinary(s.value[:]); err != nil {
			return nil, vault.Errorf(vault.CodeNoIdentity, "share %d is malformed", s.Index)
		}
	}
	curve := polynomial.NewLagrangePolynomial(x[:first.Need], y[:first.Need])
	for i := first.Need; i < len(distinct); i++ {
		if !curve.Evaluate(x[i]).IsEqual(y[i]) {
			return nil, errContradiction()
		}
	}
	seed, err := curve.Evaluate(field.NewScalar()).MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encode secret: %w", err)
	}
	want := first.commitment(seed)
	if subtle.ConstantTimeCompare(want[:], first.commit[:]) != 1 {
		return nil, errContradiction()
	}
	return seed, nil
}

func errContradiction() error {
	return vault.Errorf(vault.CodeIntegrity, "the shares contradict each other: one of them was altered")
}

// gather returns the distinct shares by index, at least as many as are needed, all of one split.
func gather(shares []Share) ([]Share, error) {
	if len(shares) == 0 {
		return nil, vault.Errorf(vault.CodeNoIdentity, "no share was given")
	}
	first := shares[0]
	var distinct []Share
	for i, s := range shares {
		if s.Need < 1 || s.Index < 1 || s.Index > s.Of || s.Of > MaxShares {
			return nil, vault.Errorf(vault.CodeNoIdentity, "what was given as number %d is not a share", i+1)
		}
		if s.set != first.set || s.Need != first.Need || s.Of != first.Of || s.commit != first.commit {
			return nil, vault.Errorf(vault.CodeNoIdentity, "share %d of set %s does not belong with those of set %s", s.Index, s.SetID(), first.SetID())
		}
		at := slices.IndexFunc(distinct, func(d Share) bool { return d.Index == s.Index })
		if at < 0 {
			distinct = append(distinct, s)
		} else if distinct[at].value != s.value {
			return nil, errContradiction()
		}
	}
	if len(distinct) < first.Need {
		return nil, vault.Errorf(vault.CodeNoIdentity, "%d different shares are needed, and there are %d", first.Need, len(distinct))
	}
	return distinct, nil
}

func (s Share) commitment(seed []byte) (c [commitLen]byte) {
	h := sha256.New()
	h.Write([]byte("vault-share secret v1"))
	h.Write(s.set[:])
	h.Write([]byte{byte(s.Need), byte(s.Of)})
	h.Write(seed)
	copy(c[:], h.Sum(nil))
	return c
}

func (s Share) check() (c [checkLen]byte) {
	h := sha256.New()
	h.Write([]byte("vault-share check v1"))
	h.Write(s.set[:])
	h.Write(s.commit[:])
	h.Write([]byte{byte(s.Need), byte(s.Of), byte(s.Index)})
	h.Write(s.value[:])
	copy(c[:], h.Sum(nil))
	return c
}
