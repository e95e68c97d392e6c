package engine

import (
	"encoding/json"

	"vaultctl/internal/vault"
)

// reindex puts the entries of a vault into the blind indexes in the order of their events, so that the last one stands.
func (o *overlay) reindex(id vault.BeneficiaryID) error {
	recs, err := o.records(string(id))
	if err != nil {
		return err
	}
	o.indexEntries(id, told(recs, o.lookup(string(id))), false)
	return nil
}

// told returns the entries that the records declare, those that are at hand, in the order of the records.
func told(recs []*vault.Record, lookup vault.EntryLookup) []*vault.Entry {
	var out []*vault.Entry
	for _, r := range vault.Order(recs) {
		for _, h := range r.Notes {
			if en := lookup(h); en != nil && en.Event == r.ID {
				out = append(out, en)
			}
		}
	}
	return out
}

// indexEntries keeps the blind indexes of a vault, as indexEntry does with one entry after the other. With fresh nothing of it
// is in them.
func (o *overlay) indexEntries(id vault.BeneficiaryID, entries []*vault.Entry, fresh bool) {
	last := map[vault.EntryKind]*vault.Entry{}
	for _, en := range entries {
		switch en.Kind {
		case vault.EntryDigest:
			o.indexEntry(en)
		case vault.EntryNames, vault.EntryRefs:
			var d vault.IndexData
			if json.Unmarshal(en.Data, &d) == nil {
				last[en.Kind] = en
			}
		}
	}
	for kind, en := range last {
		if !fresh {
			o.unindex(id, kind)
		}
		o.putIndexed(en)
	}
}

// indexEntry keeps the blind indexes. Index values are sets of beneficiaries: names collide on purpose. The last entry of
// a vault replaces those before it.
func (o *overlay) indexEntry(n *vault.Entry) {
	switch n.Kind {
	case vault.EntryNames, vault.EntryRefs:
		var d vault.IndexData
		if json.Unmarshal(n.Data, &d) != nil {
			return
		}
		o.unindex(n.Vault, n.Kind)
		o.putIndexed(n)
	case vault.EntryDigest:
		var d vault.DigestData
		if json.Unmarshal(n.Data, &d) != nil {
			return
		}
		if d.Value != "" {
			o.put(bucketDigests, "digest/"+d.Value, []byte(d.Document))
			o.put(bucketDigests, "current/"+string(d.Document), []byte(d.Value))
		}
		if d.SourceID != "" {
			o.put(bucketDigests, "source/"+d.SourceID, []byte(d.Document))
		}
	}
}

// putIndexed adds the values of an entry to the blind index.
func (o *overlay) putIndexed(n *vault.Entry) {
	var d vault.IndexData
	if json.Unmarshal(n.Data, &d) != nil {
		return
	}
	for _, v := range d.Values {
		o.put(bucketIndex, string(n.Kind)+"/"+v+"/"+string(n.Vault), []byte{1})
	}
}

// unindex takes the values of a vault's entries of one kind out of the blind index.
func (o *overlay) unindex(id vault.BeneficiaryID, kind vault.EntryKind) {
	_ = o.scan(bucketEntries, string(id)+"/", func(_ string, raw []byte) error {
		var n vault.Entry
		var d vault.IndexData
		if json.Unmarshal(raw, &n) == nil && n.Kind == kind && json.Unmarshal(n.Data, &d) == nil {
			for _, v := range d.Values {
				o.delete(bucketIndex, string(kind)+"/"+v+"/"+string(id))
			}
		}
		return nil
	})
}
