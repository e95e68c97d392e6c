package engine

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"vaultctl/internal/vault"
)

const (
	metaWant      = "want/"      // + path of an organization note whose entries are not at hand yet
	metaWantVault = "wantvault/" // + vault that has notes whose entries are not at hand yet
)

// wantedNote is a note object that is to be fetched. Vault is "" for a note of the organization.
type wantedNote struct {
	vault vault.BeneficiaryID
	body  *vault.NoteBody
	lines map[vault.Hash][]byte
}

// lacksEntries reports whether a note of the vault is readable with the keys and not at hand.
func (k *keyring) lacksEntries(o *overlay, st *vault.State) bool {
	for _, n := range st.Notes {
		if k.lacks(o, st.ID, n) {
			return true
		}
	}
	return false
}

func (k *keyring) lacks(o *overlay, id vault.BeneficiaryID, n *vault.NoteBody) bool {
	if !k.reads(n.Object.Readers) {
		return false
	}
	return slices.ContainsFunc(n.Entries, func(h vault.Hash) bool {
		raw, err := o.get(bucketEntries, string(id)+"/"+string(h))
		return err != nil || raw == nil
	})
}

// wantedVaults returns the vaults that have notes whose entries are not at hand, sorted.
func (o *overlay) wantedVaults() ([]vault.BeneficiaryID, error) {
	var out []vault.BeneficiaryID
	err := o.scan(bucketMeta, metaWantVault, func(key string, _ []byte) error {
		out = append(out, vault.BeneficiaryID(key[len(metaWantVault):]))
		return nil
	})
	slices.Sort(out)
	return out, err
}

// wantedOf returns the notes of a vault that the keys open and whose entries are not at hand, sorted; with naming only those
// that say who the person is.
func (o *overlay) wantedOf(id vault.BeneficiaryID, naming bool) ([]*wantedNote, error) {
	st, err := o.state(id)
	if err != nil || naming && len(st.Unread) == 0 {
		return nil, err
	}
	return o.wantedIn(st, naming), nil
}

// wantedIn is wantedOf for a vault that is at hand.
func (o *overlay) wantedIn(st *vault.State, naming bool) []*wantedNote {
	var out []*wantedNote
	for _, path := range slices.Sorted(maps.Keys(st.Notes)) {
		n := st.Notes[path]
		if naming && !slices.ContainsFunc(n.Entries, func(h vault.Hash) bool { return slices.Contains(st.Unread, h) }) {
			continue
		}
		if o.keys.lacks(o, st.ID, n) {
			out = append(out, &wantedNote{vault: st.ID, body: n})
		}
	}
	return out
}

// entry reads a line of the note; nil where it says nothing of what the note is about.
func (n *wantedNote) entry(line []byte) *vault.Entry {
	var en vault.Entry
	if err := json.Unmarshal(line, &en); err != nil || n.vault != "" && en.Vault != n.vault {
		return nil
	}
	return &en
}

// wantedOrg returns the live notes of the organization that the keys open and whose entries are not at hand.
func (o *overlay) wantedOrg() ([]*wantedNote, error) {
	var out []*wantedNote
	err := o.scan(bucketMeta, metaWant, func(key string, _ []byte) error {
		raw, err := o.get(bucketNotes, key[len(metaWant):])
		if err != nil || raw == nil {
			return err
		}
		n := &wantedNote{body: &vault.NoteBody{}}
		if err := json.Unmarshal(raw, n.body); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read note: %w", err)
		}
		if o.keys.reads(n.body.Object.Readers) {
			out = append(out, n)
		}
		return nil
	})
	return out, err
}

// wantedNotes returns all the live notes that the keys open and whose entries are not at hand.
func (o *overlay) wantedNotes() ([]*wantedNote, error) {
	out, err := o.wantedOrg()
	ids, verr := o.wantedVaults()
	for _, id := range ids {
		notes, nerr := o.wantedOf(id, false)
		if nerr != nil {
			return nil, nerr
		}
		out = append(out, notes...)
	}
	return out, errors.Join(err, verr)
}

// kept says of what fetched notes told.
type kept struct {
	org   bool                         // the organization
	fold  map[vault.BeneficiaryID]bool // vaults that are to be folded again
	index map[vault.BeneficiaryID]bool // vaults of which there are values of the blind indexes
}

// keepNotes stores the entries of fetched notes, folds the vaults that they tell about, and indexes those of which they hold
// values of the blind indexes.
func (o *overlay) keepNotes(notes []*wantedNote) error {
	k, err := o.keepLines(notes)
	if err != nil {
		return err
	}
	if err := o.refoldAll(slices.Sorted(maps.Keys(k.fold))); err != nil {
		return err
	}
	for id := range k.index {
		if err := o.reindex(id); err != nil {
			return err
		}
	}
	return nil
}

// refoldAll folds vaults of which entries came in, on every core.
func (o *overlay) refoldAll(ids []vault.BeneficiaryID) error {
	states, lacking := make([]*vault.State, len(ids)), make([]bool, len(ids))
	err := parallel(len(ids), func(i int) error {
		c := o.child() // each writes to its own alone
		st, err := c.refold(ids[i])
		if err != nil {
			return err
		}
		states[i], lacking[i] = st, o.keys.lacksEntries(c, st)
		return nil
	})
	if err != nil {
		return err
	}
	for i, id := range ids {
		o.setState(id, states[i])
		o.touched[id] = true
		if !lacking[i] {
			o.delete(bucketMeta, metaWantVault+string(id))
		}
	}
	return nil
}

// keepLines stores the entries of fetched notes, and folds the organization if they tell of it.
func (o *overlay) keepLines(notes []*wantedNote) (*kept, error) {
	k := &kept{fold: map[vault.BeneficiaryID]bool{}, index: map[vault.BeneficiaryID]bool{}}
	for _, n := range notes {
		if n.lines == nil {
			continue
		}
		if n.vault == "" {
			o.delete(bucketMeta, metaWant+n.body.Object.Path)
		} else {
			k.fold[n.vault] = true
		}
		for h, line := range n.lines {
			if err := o.keepLine(n, h, line, k); err != nil {
				return nil, err
			}
		}
	}
	if k.org {
		return k, o.renameOrg()
	}
	return k, nil
}

// keepLine stores one entry of a fetched note, and notes of which vault it is. What erased vaults told is not kept.
func (o *overlay) keepLine(n *wantedNote, h vault.Hash, line []byte, k *kept) error {
	en := n.entry(line)
	if en == nil {
		return nil // a line that says nothing is nobody's loss: what was declared stays wanted
	}
	if en.Vault == "" {
		k.org = true
	} else {
		st, err := o.state(en.Vault)
		if err != nil {
			return err
		}
		if st.Erased != nil && en.Kind != vault.EntryRefs {
			return nil
		}
		switch en.Kind {
		case vault.EntryNames, vault.EntryRefs, vault.EntryDigest:
			k.index[en.Vault] = true
		default:
			k.fold[en.Vault] = true
		}
	}
	o.put(bucketEntries, scopeOf(en.Vault)+"/"+string(h), line)
	return nil
}

// renameOrg folds the organization again for the names that notes brought.
func (o *overlay) renameOrg() error {
	recs, err := o.records("org")
	if err == nil {
		o.org = o.org.Refold(recs, o.lookup("org"))
	}
	return err
}
