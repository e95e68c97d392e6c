package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaultctl/internal/vault"
)

// personManifest is what a card opens on the remote: everything that is needed to find the person's documents without any
// other key. It is one JSON object; its last member is an ed25519 signature by the device Key over the bytes before
// `,"sig":`.
type personManifest struct {
	V            int                   `json:"v"`
	Organization vault.OrgID           `json:"organization"`
	Beneficiary  vault.BeneficiaryID   `json:"beneficiary"`
	Card         int                   `json:"card"`
	Person       vault.Person          `json:"person"`
	Consents     []vault.ConsentRecord `json:"consents"`
	Documents    []manifestDocument    `json:"documents"`
	Notes        []vault.Object        `json:"notes"` // with the descriptions of private documents
	Written      vault.Clock           `json:"written"`
	Writer       vault.WriterID        `json:"writer"`
	Key          string                `json:"key"` // ed25519 public key of the device, base64
	Sig          string                `json:"sig,omitempty"`
}

// manifestDocument is one document: where its latest version is, and what it is unless it is private.
type manifestDocument struct {
	ID          vault.DocumentID    `json:"id"`
	Space       vault.Space         `json:"space"`
	Object      vault.Object        `json:"object"`
	Deposited   vault.Clock         `json:"deposited"`
	Evidence    vault.ConsentID     `json:"evidence,omitempty"`
	Description *vault.DocumentData `json:"description,omitempty"`
}

// manifestOf returns the manifest of a vault, without the members that tell one writing from another.
func manifestOf(st *vault.State, org *vault.Org) *personManifest {
	m := &personManifest{V: 1, Organization: org.ID, Beneficiary: st.ID, Card: st.Card().N, Person: st.Person}
	for _, c := range st.Consents {
		if c.Record != nil {
			m.Consents = append(m.Consents, *c.Record)
		}
	}
	for _, d := range st.Documents {
		if d.Removed == nil {
			m.Documents = append(m.Documents, manifestDocument{ID: d.ID, Space: d.Space, Object: d.Object, Deposited: d.Deposited,
				Evidence: d.Evidence, Description: descriptionOf(d)})
		}
	}
	slices.SortFunc(m.Documents, func(a, b manifestDocument) int { return strings.Compare(string(a.ID), string(b.ID)) })
	for _, n := range privateNotes(st) {
		m.Notes = append(m.Notes, n.Object)
	}
	return m
}

// descriptionOf returns what is known of a document, nil for one that this device cannot describe.
func descriptionOf(d *vault.Document) *vault.DocumentData {
	if !d.Described {
		return nil
	}
	return &vault.DocumentData{Document: d.ID, Type: &d.Type, Title: &d.Title, Holder: &d.Holder, IssuedOn: &d.IssuedOn,
		ExpiresOn: &d.ExpiresOn, Period: &d.Period, Pages: &d.Pages, Note: &d.Note, OriginalSeen: &d.OriginalSeen,
		SourceID: &d.SourceID, ReceivedOn: &d.ReceivedOn, FileName: &d.FileName, MediaType: &d.MediaType, Size: &d.Size, Digest: &d.Digest,
		PageCount: &d.PageCount, Width: &d.Width, Height: &d.Height}
}

// signManifest returns the bytes of a manifest.
func signManifest(m *personManifest, key ed25519.PrivateKey) ([]byte, error) {
	m.Key, m.Sig = base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)), ""
	raw, err := jsonBytes(m)
	if err != nil {
		return nil, err
	}
	raw = bytes.TrimSuffix(raw, []byte("}"))
	sig := base64.StdEncoding.EncodeToString(ed25519.Sign(key, raw))
	return fmt.Appendf(raw, `,"sig":"%s"}`, sig), nil
}

// parseManifest verifies a manifest that was found under a writer's prefix. Errors have CodeIntegrity.
func parseManifest(raw []byte, writer vault.WriterID) (*personManifest, error) {
	bad := vault.Errorf(vault.CodeIntegrity, "manifest: malformed or altered")
	m := &personManifest{}
	i := bytes.LastIndex(raw, []byte(`,"sig":"`))
	if json.Unmarshal(raw, m) != nil || i < 0 {
		return nil, bad
	}
	if m.V > 1 {
		return nil, vault.Errorf(vault.CodeUpgrade, "manifest: written by a newer version")
	}
	key, err1 := base64.StdEncoding.DecodeString(m.Key)
	sig, err2 := base64.StdEncoding.DecodeString(m.Sig)
	if err1 != nil || err2 != nil || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, raw[:i], sig) ||
		m.Writer != writer || vault.DeviceIDOf(key) != writer.Device() {
		return nil, bad
	}
	return m, nil
}

const metaManifest = "manifest/" // + vault → keyed digest of what its last manifest told

// refreshManifests writes the manifests of the vaults with a card that changed since theirs was written.
func (e *Engine) refreshManifests(ctx context.Context) error {
	keys, _ := e.view()
	if keys == nil {
		return nil
	}
	e.manifests.Lock()
	defer e.manifests.Unlock()
	if len(e.staleManifests()) == 0 {
		return nil
	}
	// A manifest names the notes of private documents, which exist once the open segment is sealed.
	if err := e.exclusive(ctx, e.sealSegment); err != nil {
		return fmt.Errorf("close segment: %w", err)
	}
	var first error
	for _, id := range e.staleManifests() {
		if err := e.refreshManifest(ctx, id); err != nil && first == nil {
			first = fmt.Errorf("write manifest: %w", err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return first
}

// staleManifests returns the vaults with a card whose last event is not the one that was looked at last time.
func (e *Engine) staleManifests() []vault.BeneficiaryID {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []vault.BeneficiaryID
	for id, s := range e.people {
		if s.b.Card > 0 && s.b.Readable && s.b.State != "erased" && e.manifested[id] != s.last {
			out = append(out, id)
		}
	}
	return out
}

func (e *Engine) refreshManifest(ctx context.Context, id vault.BeneficiaryID) error {
	keys, org := e.view()
	if keys == nil {
		return nil
	}
	st, err := newOverlay(e.Store, org, keys).state(id)
	if err != nil {
		return err
	}
	if st.Last == nil {
		return nil
	}
	looked := st.Last.Pos
	card := st.Card()
	if st.Erased != nil || card == nil || card.Recipient == "" || card.Locator == "" || keys.lacksEntries(newOverlay(e.Store, org, keys), st) {
		return nil
	}
	m := manifestOf(st, org)
	content, err := jsonBytes(m)
	if err != nil {
		return err
	}
	digest := mac(keys.local, "manifest", string(content))
	old, err := e.Store.Get(bucketMeta, metaManifest+string(id))
	if err != nil {
		return err
	}
	if string(old) != digest || len(st.Manifests) == 0 {
		write := e.writeManifest
		if len(st.Manifests) > 0 {
			told, wait, err := e.manifestOfOthers(st, org)
			switch {
			case err != nil || wait:
				return err
			case told:
				write = e.takeManifest
			}
		}
		if err := write(ctx, st, m, card, digest, keys); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.manifested[id] = looked
	return nil
}

// manifestPatience is how long the others leave it to the device that changed a vault to write its manifest.
const manifestPatience = time.Hour

// manifestOfOthers reports whether another device's manifest tells all that is known here, and else whether it is to be
// waited for. Every reader could write the same one; that of who made the change suffices.
func (e *Engine) manifestOfOthers(st *vault.State, org *vault.Org) (told, wait bool, err error) {
	recs, err := newOverlay(e.Store, org, nil).records(string(st.ID))
	if err != nil {
		return false, false, err
	}
	var manifest, last *vault.Record
	for _, r := range vault.Order(recs) {
		switch r.Type {
		case vault.ManifestWritten:
			var b vault.ManifestBody
			if r.Decode(&b) == nil && b.Object.Path == st.Manifests[0].Path {
				manifest = r
			}
		case vault.AccessOpened, vault.AccessRefused, vault.Tombstoned:
		default:
			last = r
		}
	}
	own := e.self().Device
	told = manifest != nil && manifest.Pos.Writer.Device() != own && !slices.ContainsFunc(recs, func(r *vault.Record) bool {
		switch r.Type {
		case vault.ManifestWritten, vault.AccessOpened, vault.AccessRefused, vault.Tombstoned:
			return false
		}
		return !manifest.Saw(r.Pos)
	})
	wait = !told && last != nil && last.Pos.Writer.Device() != own && st.ReaderAt(org, last) && e.Now().Sub(last.At.Time()) < manifestPatience
	return told, wait, nil
}

// takeManifest keeps that another device's manifest tells this.
func (e *Engine) takeManifest(ctx context.Context, st *vault.State, _ *personManifest, _ *vault.Card, digest string, _ *keyring) error {
	return e.exclusive(ctx, func() error { return e.Store.Write([]Op{{bucketMeta, metaManifest + string(st.ID), []byte(digest)}}) })
}

// writeManifest seals a manifest to the card and records it; the ones before are tombstoned in the same change.
func (e *Engine) writeManifest(ctx context.Context, st *vault.State, m *personManifest, card *vault.Card, digest string, keys *keyring) error {
	m.Writer = e.self().Writer
	m.Written = vault.Clock{Ms: e.Now().UnixMilli()}
	for _, old := range st.Manifests { // the highest number stands, whatever the clock says
		m.Written.Ms = max(m.Written.Ms, manifestNumber(old.Path)+1)
	}
	raw, err := signManifest(m, keys.sign)
	if err != nil {
		return err
	}
	f, err := e.sealFile(bytes.NewReader(raw), []string{card.Recipient})
	if err != nil {
		return err
	}
	name := vault.ManifestPath(m.Writer, card.Locator, uint64(m.Written.Ms))
	o := vault.Object{Path: name, Size: f.Size(), Hash: f.Sum(), Readers: []vault.Reader{vault.CardReader(st.ID, card.N)}}
	if err := e.Spool.Stage([]Staged{{f, name}}); err != nil {
		return err
	}
	seen := st.Last.Pos
	err = e.commit(ctx, func(t *tx) error {
		now, err := t.state(st.ID)
		if err != nil {
			return err
		}
		if now.Last.Pos != seen {
			return errStale
		}
		t.enqueue(o)
		if err := t.emit(vault.ManifestWritten, st.ID, vault.ManifestBody{Object: o}); err != nil {
			return err
		}
		t.ov.put(bucketMeta, metaManifest+string(st.ID), []byte(digest))
		return t.bury(st.ID)
	})
	if err != nil {
		if rerr := e.Spool.Remove(name); rerr != nil {
			return rerr
		}
		if errors.Is(err, errStale) { // it changed meanwhile: the next round writes it
			return nil
		}
		return err
	}
	e.dropUnpushed(st.ID)
	return nil
}

var errStale = vault.Errorf(vault.CodeConflict, "the vault changed meanwhile")

// manifestEntries returns the descriptions of private documents that the card's notes hold.
func manifestEntries(lines map[vault.Hash][]byte, into map[vault.DocumentID][]*vault.DocumentData) {
	for _, line := range lines {
		var en vault.Entry
		var d vault.DocumentData
		if json.Unmarshal(line, &en) == nil && en.Kind == vault.EntryDocument && json.Unmarshal(en.Data, &d) == nil {
			into[d.Document] = append(into[d.Document], &d)
		}
	}
}

// manifestNumber returns the number of a manifest, or 0.
func manifestNumber(object string) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(path.Base(object), ".age"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
