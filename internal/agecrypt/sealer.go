// Package agecrypt seals and opens files in the age format (age-encryption.org/v1). It is the only importer of
// filippo.io/age, and whatever it writes can be opened by the stock age command.
//
// Keys are strings at the border: identities as AGE-SECRET-KEY-PQ-1… and recipients as age1pq1…, the hybrid
// post-quantum kind. Classic X25519 keys are accepted for files to people who have nothing newer, never together with
// hybrid ones.
//
// What it promises: Open returns no byte that has not been authenticated, and an error that says which of three things
// happened. vault.CodeNoIdentity: none of the keys fits. vault.CodeIntegrity: the file is not what was written, be it
// truncated, extended or altered. Any other error is the reader's own. One case cannot be told apart, by design of the
// format: altering the part of a header that is meant for one reader looks to that reader like a file for others.
// Whoever knows the hash of the file checks it first. age proves confidentiality, not who wrote a file.
package agecrypt

import (
	"strings"
	"sync"

	"filippo.io/age"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"vaultctl/internal/vault"
)

const (
	// cacheSize bounds each cache. A parsed hybrid key takes about 15 kB.
	cacheSize = 512

	// defaultWorkFactor is what stock age uses: about a second and 256 MiB for each guess.
	defaultWorkFactor = 18

	// maxWorkFactor bounds what a file from elsewhere can make this machine spend: four seconds and 1 GiB.
	maxWorkFactor = 20
)

// Sealer seals and opens. It is safe for concurrent use.
type Sealer struct {
	workFactor int

	mu         sync.Mutex // guards what follows
	recipients *simplelru.LRU[string, parsedRecipient]
	identities *simplelru.LRU[string, age.Identity]
	forgotten  uint64 // counts calls of Forget, so that a parse that began before one is not kept after it
}

type parsedRecipient struct {
	age.Recipient
	kind string
}

// New returns a Sealer whose passphrase files cost what those of stock age cost.
func New() *Sealer { return NewWithWorkFactor(defaultWorkFactor) }

// NewWithWorkFactor returns a Sealer whose passphrase files cost 2^logN scrypt rounds, logN being 1 to 20. Values under
// 18 are for tests. It panics outside of that range.
func NewWithWorkFactor(logN int) *Sealer {
	if logN < 1 || logN > maxWorkFactor {
		panic("agecrypt: work factor out of range")
	}
	recipients, err := simplelru.NewLRU[string, parsedRecipient](cacheSize, nil)
	if err != nil {
		panic("agecrypt: " + err.Error())
	}
	identities, err := simplelru.NewLRU[string, age.Identity](cacheSize, nil)
	if err != nil {
		panic("agecrypt: " + err.Error())
	}
	return &Sealer{workFactor: logN, recipients: recipients, identities: identities}
}

// Forget drops every parsed identity. Files being read stay readable until they are closed. Go cannot promise that the
// memory is overwritten; it is no longer reachable from here.
func (s *Sealer) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identities.Purge()
	s.forgotten++
}

func (s *Sealer) recipient(text string) (parsedRecipient, error) {
	s.mu.Lock()
	r, ok := s.recipients.Get(text)
	s.mu.Unlock()
	if ok {
		return r, nil
	}
	r, err := parseRecipient(text)
	if err != nil {
		return parsedRecipient{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recipients.Add(text, r)
	return r, nil
}

func (s *Sealer) identity(text string) (age.Identity, error) {
	s.mu.Lock()
	id, ok := s.identities.Get(text)
	before := s.forgotten
	s.mu.Unlock()
	if ok {
		return id, nil
	}
	id, err := parseIdentity(text)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forgotten == before {
		s.identities.Add(text, id)
	}
	return id, nil
}

func parseRecipient(text string) (parsedRecipient, error) {
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(lower, "age1pq1"):
		if r, err := age.ParseHybridRecipient(text); err == nil {
			return parsedRecipient{r, KindHybrid}, nil
		}
	case strings.HasPrefix(lower, "ssh-"), strings.HasPrefix(lower, "ecdsa-"), strings.HasPrefix(lower, "sk-"):
		return parsedRecipient{}, vault.Errorf(vault.CodeInvalid, "SSH keys are not accepted as recipients: an age1pq1… key is needed")
	case strings.HasPrefix(lower, "age-secret-key-"), strings.HasPrefix(lower, "age-plugin-"):
		return parsedRecipient{}, vault.Errorf(vault.CodeInvalid, "a secret key was given where a recipient is needed")
	case strings.HasPrefix(lower, "age1"):
		if r, err := age.ParseX25519Recipient(text); err == nil {
			return parsedRecipient{r, KindX25519}, nil
		}
	}
	return parsedRecipient{}, vault.Errorf(vault.CodeInvalid, "not a well-formed age recipient")
}

func parseIdentity(text string) (age.Identity, error) {
	switch {
	case strings.HasPrefix(text, "AGE-SECRET-KEY-PQ-1"):
		if id, err := age.ParseHybridIdentity(text); err == nil {
			return id, nil
		}
	case strings.HasPrefix(text, "AGE-SECRET-KEY-1"):
		if id, err := age.ParseX25519Identity(text); err == nil {
			return id, nil
		}
	}
	return nil, vault.Errorf(vault.CodeInvalid, "not a well-formed age identity")
}
