package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// cardKey is what follows from the 32-byte seed of a person's card. It lives for the length of a call.
type cardKey struct {
	identity, recipient string
	sign                ed25519.PrivateKey
	locator             string
}

var locatorEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// newCardKey derives a card's keys from its seed.
func (e *Engine) newCardKey(seed []byte) (*cardKey, error) {
	identity, recipient, err := e.Sealer.IdentityFromSeed(seed)
	if err != nil {
		return nil, fmt.Errorf("card identity: %w", err)
	}
	sign, err := hkdf.Key(sha256.New, seed, nil, "vaultctl card signing v1", ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("card signing key: %w", err)
	}
	h := hmac.New(sha256.New, seed)
	h.Write([]byte("vaultctl locator v1"))
	locator := strings.ToLower(locatorEncoding.EncodeToString(h.Sum(nil)))[:26]
	return &cardKey{identity: identity, recipient: recipient, sign: ed25519.NewKeyFromSeed(sign), locator: locator}, nil
}

func (c *cardKey) signKey() string {
	return base64.StdEncoding.EncodeToString(c.sign.Public().(ed25519.PublicKey))
}

// cosigner signs with the card what this device writes.
func (c *cardKey) cosigner(org *vault.Org) func(*vault.Event) {
	return func(ev *vault.Event) { ev.Cosign(org.ID, org.Here, c.sign) }
}

// openCard reads typed words or an identity and checks that they are a card of the vault. A wrong one is journalled.
// Errors have CodeNoIdentity.
func (e *Engine) openCard(ctx context.Context, st *vault.State, text string) (*cardKey, error) {
	seed, err := e.Words.DecodeSecret(text)
	if err != nil {
		e.refused(ctx, st.ID, "", "card", vault.CodeNoIdentity)
		return nil, err
	}
	defer clear(seed)
	c, err := e.newCardKey(seed)
	if err != nil {
		return nil, err
	}
	for _, known := range st.Cards {
		if known.SignKey == c.signKey() {
			return c, nil
		}
	}
	e.refused(ctx, st.ID, "", "card", vault.CodeNoIdentity)
	return nil, vault.Errorf(vault.CodeNoIdentity, "this card does not open this vault")
}

// CardIssue makes the person's key, prints it, and seals everything shared to it. A further card replaces the one before:
// what is shared is sealed to the new one; private documents follow only if Old opens them. The secret is in the result
// and nowhere else. Errors: CodeNoConsent, CodeErased, CodeNoIdentity for a wrong Old.
func (e *Engine) CardIssue(ctx context.Context, req api.CardRequest) (api.Card, error) {
	st, _, org, err := e.writable(ctx, req.Beneficiary, "card")
	if err != nil {
		return api.Card{}, err
	}
	if req.Language != "" {
		if err := e.Words.CheckLanguage(req.Language); err != nil {
			return api.Card{}, err
		}
	}
	var extra []string
	var vouch func(*vault.Event)
	if req.Old != "" {
		old, err := e.openCard(ctx, st, req.Old)
		if err != nil {
			return api.Card{}, err
		}
		extra, vouch = append(extra, old.identity), old.cosigner(org)
	}
	seed := randomBytes(32)
	defer clear(seed)
	card, err := e.newCardKey(seed)
	if err != nil {
		return api.Card{}, err
	}
	n := len(st.Cards) + 1
	// Everything that can fail comes before the commit: a card that is issued has been seen.
	res, err := e.cardResult(st, org, card, seed, n, req)
	if err != nil {
		return api.Card{}, err
	}
	err = e.commit(ctx, func(t *tx) error {
		now, err := t.state(st.ID)
		if err != nil {
			return err
		}
		if len(now.Cards)+1 != n {
			return vault.Errorf(vault.CodeConflict, "another card was issued at the same moment: try again")
		}
		return t.emitCosigned(vault.CardIssued, st.ID, vault.CardBody{N: n, SignKey: card.signKey()}, vouch,
			entry(classIntake, vault.EntryRecipient, vault.RecipientData{N: n, Recipient: card.recipient, Locator: card.locator}))
	})
	if err != nil {
		return api.Card{}, err
	}
	// The secret is shown whatever becomes of the reseal: it exists nowhere else, and the reseal goes on by itself.
	var rerr error
	if res.Resealed, res.Left, rerr = e.resealVault(ctx, st.ID, extra, nil); rerr != nil {
		e.log.Warn("reseal to a new card", "code", vault.CodeOf(rerr))
	}
	return res, nil
}

// cardResult is what is shown and printed of a card.
func (e *Engine) cardResult(st *vault.State, org *vault.Org, card *cardKey, seed []byte, n int, req api.CardRequest) (api.Card, error) {
	tag := req.Language
	if tag == "" {
		tag = st.Person.Language
	}
	if tag == "" {
		tag = receiptLang(req.Screen).String()
	}
	wordLang := e.Words.LanguageFor(tag)
	words, err := e.Words.Encode(seed, wordLang)
	if err != nil {
		return api.Card{}, fmt.Errorf("card words: %w", err)
	}
	page := CardPage{Org: org.Name, Name: st.Person.DisplayName(), ID: string(st.ID), N: n, Words: words, WordLanguage: wordLang,
		Identity: card.identity, Locator: card.locator, On: e.today()}
	if m := e.mounted(); len(m) > 0 {
		page.Remote = e.Remotes.Redact(m[0].spec)
	}
	l, ok := lang.Parse(req.Screen)
	if !ok {
		l = receiptLang(tag)
	}
	var pdf bytes.Buffer
	if err := e.Paper.Card(&pdf, l, page); err != nil {
		return api.Card{}, fmt.Errorf("card page: %w", err)
	}
	return api.Card{Head: api.H("card"), ID: page.ID, Name: page.Name, N: n, Words: words, WordLang: wordLang,
		Identity: card.identity, PDF: pdf.Bytes()}, nil
}
