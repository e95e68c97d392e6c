package engine

import (
	"fmt"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// aim finds the document that an intake with a known source id replaces, so that it is sealed for that one's space.
func (e *Engine) aim(in *intake, st *vault.State) error {
	if in.sourceID == "" {
		return nil
	}
	keys, _, err := e.ready()
	if err != nil {
		return err
	}
	d, err := sameSource(e.Store.Get, keys.refsKey, st, in.sourceID)
	if err != nil || d == nil {
		return err
	}
	return in.takeSpace(d)
}

// takeSpace makes the intake go where the document is that it replaces. What is meant to be private never becomes a
// version of something shared.
func (in *intake) takeSpace(d *vault.Document) error {
	if in.space == vault.Private && d.Space != vault.Private {
		return api.WithHint(vault.Errorf(vault.CodeConflict, "the document with this source id is shared"),
			"make it private first: `vaultctl document edit --private`")
	}
	in.space = d.Space
	return nil
}

// getter reads one value of the index.
type getter func(bucket, key string) ([]byte, error)

// alive returns the document if it is one that a deposit can meet again.
func alive(st *vault.State, id []byte) *vault.Document {
	d := st.Documents[vault.DocumentID(id)]
	if d == nil || d.Removed != nil || d.Evidence != "" {
		return nil
	}
	return d
}

// sameSource finds the document of a vault that came with a source id.
func sameSource(get getter, key []byte, st *vault.State, sourceID string) (*vault.Document, error) {
	id, err := get(bucketDigests, "source/"+sourceValue(key, st.ID, sourceID))
	if err != nil {
		return nil, fmt.Errorf("search source id: %w", err)
	}
	return alive(st, id), nil
}

// sameBytes finds the document of a vault whose current version has the digest.
func sameBytes(get getter, key []byte, st *vault.State, digest vault.Hash) (*vault.Document, error) {
	value := digestValue(key, st.ID, digest)
	id, err := get(bucketDigests, "digest/"+value)
	if err != nil {
		return nil, fmt.Errorf("search digest: %w", err)
	}
	d := alive(st, id)
	if d == nil {
		return nil, nil
	}
	current, err := get(bucketDigests, "current/"+string(d.ID))
	if err != nil || string(current) != value {
		return nil, err
	}
	return d, nil
}

// errRemoved refuses what a person took out of the vault and an import would bring back.
var errRemoved = vault.Errorf(vault.CodePolicy, "somebody removed this document from the vault: an import does not bring it back")

// barred returns errRemoved for a row of an import whose bytes or source id belong to a document that was removed on its
// own account. What was removed with its whole batch may come again.
func (in *intake) barred(get getter, key []byte, st *vault.State, digest vault.Hash) error {
	if in.batch == "" {
		return nil
	}
	values := []string{"digest/" + digestValue(key, st.ID, digest)}
	if in.sourceID != "" {
		values = append(values, "source/"+sourceValue(key, st.ID, in.sourceID))
	}
	for _, v := range values {
		id, err := get(bucketDigests, v)
		if err != nil {
			return fmt.Errorf("search digest: %w", err)
		}
		if d := st.Documents[vault.DocumentID(id)]; d != nil && removedByHand(d) {
			return api.WithHint(errRemoved, "if it is to be there after all: `vaultctl document add`")
		}
	}
	return nil
}

// removedByHand reports whether a document was removed, and not with its batch.
func removedByHand(d *vault.Document) bool { return d.Removed != nil && !d.Removed.Undone }

// match finds what the vault holds of the intake: a document with the same bytes, or one to be replaced, or neither.
func (in *intake) match(get getter, key []byte, st *vault.State, digest vault.Hash) (d *vault.Document, same bool, err error) {
	d, err = sameBytes(get, key, st, digest)
	if err != nil {
		return nil, false, err
	}
	if in.document != "" {
		old := alive(st, []byte(in.document))
		if old == nil {
			return nil, false, vault.Errorf(vault.CodeErased, "the document was removed")
		}
		return old, d != nil && d.ID == old.ID, nil
	}
	if d != nil {
		return d, true, nil
	}
	if err := in.barred(get, key, st, digest); err != nil {
		return nil, false, err
	}
	if in.sourceID != "" {
		d, err = sameSource(get, key, st, in.sourceID)
	}
	return d, false, err
}
