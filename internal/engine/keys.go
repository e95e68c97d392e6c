package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/vault"
)

// identityFile is identity.json in the home: who this device is, without secrets, readable while locked.
type identityFile struct {
	Org         vault.OrgID    `json:"org"`
	Root        string         `json:"root"`             // of the organization note: ed25519 public key, base64
	Fingerprint string         `json:"fingerprint"`      // of that root
	Latest      string         `json:"latest,omitempty"` // the last root in the line that is known here; of who asks to join, the one that was shown
	First       vault.WriterID `json:"first,omitempty"`  // with which the organization began
	Device      vault.DeviceID `json:"device"`
	Writer      vault.WriterID `json:"writer"`
	Agent       vault.AgentID  `json:"agent"`
	Joining     bool           `json:"joining,omitempty"` // the organization is being rebuilt or joined here, and not yet whole
	Asking      bool           `json:"asking,omitempty"`  // joined: the device asks to be enrolled, or is about to read the journal
}

// newOrg returns the organization before any event, in this device's view.
func (f *identityFile) newOrg() *vault.Org {
	org := vault.NewOrg(f.Org, f.Root)
	org.Here, org.First = f.Device, f.First.Device()
	return org
}

// deviceSecret is what the protection keeps.
type deviceSecret struct {
	V        int    `json:"v"`
	Sign     []byte `json:"sign"`     // ed25519 seed
	Identity string `json:"identity"` // age identity
	Local    []byte `json:"local"`    // key of the store's sealed buckets and of the log
}

// keyring holds the unlocked keys. It is replaced, never changed.
type keyring struct {
	sign     ed25519.PrivateKey
	device   string // age identity of the device
	local    []byte
	epochs   map[vault.EpochID]string // age identities
	refsKey  []byte                   // blind index of references
	namesKey []byte                   // blind index of names; nil for deposit devices
	recovery string                   // recovery identity, while an organization is rebuilt or read without a device
	older    []string                 // predecessors that parcels brought, newest last
	lent     map[vault.EpochID][]byte // opened parcels of a welcome, until the journal tells of them
	states   *stateCache              // nil keeps nothing
}

const identityName = "identity.json"

func (e *Engine) loadIdentity() (identityFile, error) {
	var f identityFile
	raw, err := os.ReadFile(filepath.Join(e.Home, identityName))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("read identity: %w", err)
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return f, vault.Errorf(vault.CodeIntegrity, "identity file: %w", err)
	}
	return f, nil
}

func (e *Engine) saveIdentity(f identityFile) error {
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(e.Home, identityName), 0o600, func(w io.Writer) error {
		_, err := w.Write(append(raw, '\n'))
		return err
	})
}

// newSecret makes the keys of a new device.
func (e *Engine) newSecret() (deviceSecret, ed25519.PrivateKey, string, error) {
	identity, recipient, err := e.Sealer.NewIdentity()
	if err != nil {
		return deviceSecret{}, nil, "", fmt.Errorf("new device identity: %w", err)
	}
	s := deviceSecret{V: 1, Sign: randomBytes(ed25519.SeedSize), Identity: identity, Local: randomBytes(32)}
	return s, ed25519.NewKeyFromSeed(s.Sign), recipient, nil
}

// Unlock opens the device's secret and reads what it protects. Errors have CodeNoIdentity for a wrong passphrase.
func (e *Engine) Unlock(ctx context.Context, passphrase string) error {
	e.mu.Lock()
	e.last = e.Now()
	unlocked := e.keys != nil
	e.mu.Unlock()
	if unlocked {
		return nil
	}
	if e.ident.Device == "" {
		return vault.Errorf(vault.CodeNotFound, "there is no organization here yet")
	}
	return e.unlock(ctx, passphrase)
}

func (e *Engine) unlock(ctx context.Context, passphrase string) error {
	raw, err := e.Protect.Open(ctx, e.Home, passphrase)
	if err != nil {
		return err
	}
	var s deviceSecret
	if err := json.Unmarshal(raw, &s); err != nil || len(s.Sign) != ed25519.SeedSize || len(s.Local) != 32 {
		return vault.Errorf(vault.CodeIntegrity, "device secret: malformed")
	}
	clear(raw)
	k := &keyring{sign: ed25519.NewKeyFromSeed(s.Sign), device: s.Identity, local: s.Local, epochs: map[vault.EpochID]string{}, states: &stateCache{}}
	if err := errors.Join(e.Store.Unlock(k.local), e.Log.Unlock(k.local)); err != nil {
		return fmt.Errorf("unlock store: %w", err)
	}
	if err := e.exclusive(ctx, func() error { return e.loadIndex(ctx, k) }); err != nil {
		e.Store.Lock()
		e.Log.Lock()
		return err
	}
	if err := e.mountRemotes(ctx); err != nil {
		e.log.Error("open remotes", "code", vault.CodeOf(err))
	}
	e.kick()
	select {
	case e.resume <- struct{}{}:
	default:
	}
	return nil
}

// Lock closes what is acknowledged into segments and forgets every key. What is queued goes on being pushed.
func (e *Engine) Lock(ctx context.Context) error {
	if keys, _ := e.view(); keys == nil {
		return nil
	}
	return e.exclusive(ctx, func() error {
		if err := e.sealSegment(); err != nil {
			return fmt.Errorf("close segments before locking: %w", err)
		}
		e.mu.Lock()
		clear(e.keys.local)
		clear(e.keys.sign)
		clear(e.keys.refsKey)
		clear(e.keys.namesKey)
		e.keys, e.people, e.org = nil, nil, nil
		e.mu.Unlock()
		e.Store.Lock()
		e.Log.Lock()
		e.Sealer.Forget()
		return nil
	})
}

// openParcels returns k with the identities of every epoch whose parcel k can open, and the index keys among them.
func (e *Engine) openParcels(k *keyring, org *vault.Org, parcel func(path string) ([]byte, error)) (*keyring, error) {
	out := *k
	out.epochs, out.older = map[vault.EpochID]string{}, nil
	for id, text := range k.lent {
		if err := out.readParcel(id, bytes.NewReader(text), e.Sealer); err != nil {
			return nil, err
		}
	}
	for id, ep := range org.Epochs {
		for _, p := range ep.ParcelsFor(org.Here) {
			raw, err := parcel(p.Path)
			if err != nil {
				return nil, err
			}
			if raw == nil {
				continue
			}
			r, err := e.Sealer.Open(bytes.NewReader(raw), k.own())
			if vault.CodeOf(err) == vault.CodeNoIdentity {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("open parcel: %w", err)
			}
			if err := out.readParcel(id, r, e.Sealer); err != nil {
				return nil, err
			}
		}
	}
	return &out, out.placeOlder(org, e.Sealer)
}

// own returns the identities that parcels are sealed to.
func (k *keyring) own() []string {
	var out []string
	for _, id := range []string{k.device, k.recovery} {
		if id != "" {
			out = append(out, id)
		}
	}
	return out
}

// placeOlder finds out which epochs the predecessors belong to: a device that joined later holds earlier epochs through
// them alone.
func (k *keyring) placeOlder(org *vault.Org, s Sealer) error {
	if len(k.older) == 0 {
		return nil
	}
	byRecipient := map[string]vault.EpochID{}
	for id, ep := range org.Epochs {
		if _, held := k.epochs[id]; !held {
			byRecipient[ep.Recipient] = id
		}
	}
	for _, identity := range k.older {
		if len(byRecipient) == 0 {
			return nil
		}
		rcp, err := s.RecipientOf(identity)
		if err != nil {
			return vault.Errorf(vault.CodeIntegrity, "parcel: malformed predecessor: %w", err)
		}
		if id, ok := byRecipient[rcp]; ok {
			k.epochs[id] = identity
			delete(byRecipient, rcp)
		}
	}
	return nil
}

// parcelText is an age identity file: stock age takes it with -i. The index keys travel as comments.
func parcelText(id vault.EpochID, kind vault.EpochKind, identity string, predecessors []string, refsKey, namesKey []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# vaultctl epoch %s %s\n", id, kind)
	if refsKey != nil {
		fmt.Fprintf(&b, "# refs-key %s\n", base64.StdEncoding.EncodeToString(refsKey))
	}
	if namesKey != nil {
		fmt.Fprintf(&b, "# names-key %s\n", base64.StdEncoding.EncodeToString(namesKey))
	}
	b.WriteString(identity + "\n")
	if len(predecessors) > 0 {
		b.WriteString("# predecessors\n" + strings.Join(predecessors, "\n") + "\n")
	}
	return b.String()
}

func (k *keyring) readParcel(id vault.EpochID, r io.Reader, s Sealer) error {
	raw, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return fmt.Errorf("read parcel: %w", err)
	}
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "# refs-key "); ok {
			k.refsKey, _ = base64.StdEncoding.DecodeString(v)
		}
		if v, ok := strings.CutPrefix(line, "# names-key "); ok {
			k.namesKey, _ = base64.StdEncoding.DecodeString(v)
		}
	}
	ids, err := s.ParseIdentityFile(bytes.NewReader(raw))
	if err != nil || len(ids) == 0 {
		return vault.Errorf(vault.CodeIntegrity, "parcel: holds no identity")
	}
	k.epochs[id] = ids[0]
	for _, old := range ids[1:] {
		if !slices.Contains(k.older, old) {
			k.older = append(k.older, old)
		}
	}
	return nil
}

// identitiesFor returns the keys that may open an object with the declared readers.
func (k *keyring) identitiesFor(readers []vault.Reader) []string {
	var out []string
	for _, r := range readers {
		if id, ok := k.epochs[r.Epoch()]; ok {
			out = append(out, id)
		} else if r.IsRecovery() && k.recovery != "" {
			out = append(out, k.recovery)
		}
	}
	return out
}

// reads reports whether the keyring holds an epoch among the readers.
func (k *keyring) reads(readers []vault.Reader) bool { return len(k.identitiesFor(readers)) > 0 }

// recipients returns the age recipients of declared readers. The state may be nil where no card is among them. An
// unknown recipient is an error: an object is never sealed to fewer than it declares.
func recipients(org *vault.Org, st *vault.State, readers []vault.Reader) ([]string, error) {
	out := make([]string, 0, len(readers))
	for _, r := range readers {
		rcp := ""
		switch {
		case r.IsCard() && st != nil:
			for _, c := range st.Cards {
				if vault.CardReader(st.ID, c.N) == r {
					rcp = c.Recipient
				}
			}
		case r.IsRecovery():
			for _, rec := range org.Recovery {
				if vault.RecoveryReader(rec.N) == r {
					rcp = rec.Recipient
				}
			}
		default:
			if ep := org.Epochs[r.Epoch()]; ep != nil {
				rcp = ep.Recipient
			}
		}
		if rcp == "" {
			return nil, vault.Errorf(vault.CodeFailed, "the key of a reader is not known here: sync, then try again")
		}
		out = append(out, rcp)
	}
	return out, nil
}
