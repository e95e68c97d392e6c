package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"vaultctl/internal/vault"
)

// overlay is a set of writes over the store that can be read back, discarded or written in one go. A child sees its
// parent's writes and gives its own back with merge.
type overlay struct {
	store  Store
	parent *overlay
	org    *vault.Org
	keys   *keyring

	writes  map[string]map[string][]byte
	scoped  map[string][]string // keys of writes in events and entries, by bucket and scope: a pull writes tens of thousands
	states  map[vault.BeneficiaryID]*vault.State
	shared  map[vault.BeneficiaryID]bool // of states: those that the cache holds too, and that nobody may modify
	touched map[vault.BeneficiaryID]bool
	// summaries are those of what is touched, as they are written.
	summaries map[vault.BeneficiaryID]*summary
	// resummarize says that the summaries of all vaults are to be made anew: who reads what has changed.
	resummarize bool
	// people are the summaries that this asks for, without those of what is touched; nil where they were not made yet.
	people map[vault.BeneficiaryID]*summary
}

func newOverlay(s Store, org *vault.Org, keys *keyring) *overlay {
	return &overlay{store: s, org: org, keys: keys, writes: map[string]map[string][]byte{}, scoped: map[string][]string{},
		states: map[vault.BeneficiaryID]*vault.State{}, shared: map[vault.BeneficiaryID]bool{}, touched: map[vault.BeneficiaryID]bool{},
		summaries: map[vault.BeneficiaryID]*summary{}}
}

func (o *overlay) child() *overlay {
	c := newOverlay(o.store, o.org, o.keys)
	c.parent = o
	return c
}

// merge gives the writes and the states to the parent.
func (o *overlay) merge() {
	p := o.parent
	for b, kv := range o.writes {
		for k, v := range kv {
			p.put(b, k, v)
		}
	}
	maps.Copy(p.touched, o.touched)
	for id := range o.touched {
		p.setState(id, o.states[id])
	}
	p.org, p.keys, p.resummarize, p.people = o.org, o.keys, p.resummarize || o.resummarize, nil
}

func (o *overlay) flushStates() {
	for id := range o.touched {
		st := o.states[id]
		if st == nil {
			continue
		}
		raw, err := json.Marshal(st)
		if err != nil {
			panic("marshal vault state: " + err.Error())
		}
		o.put(bucketVaults, string(id), raw)
		if o.keys != nil {
			s := summarize(st, o.org, o.keys)
			o.summaries[id] = s
			o.put(bucketPeople, string(id), encodeSummary(s))
		}
	}
}

// ops returns the writes for the store.
func (o *overlay) ops() []Op {
	o.flushStates()
	var out []Op
	for b, kv := range o.writes {
		for k, v := range kv {
			out = append(out, Op{b, k, v})
		}
	}
	return out
}

func (o *overlay) put(bucket, key string, value []byte) {
	if o.writes[bucket] == nil {
		o.writes[bucket] = map[string][]byte{}
	}
	if bucket == bucketEvents || bucket == bucketEntries {
		if _, known := o.writes[bucket][key]; !known {
			scope, _, _ := strings.Cut(key, "/")
			o.scoped[bucket+"/"+scope] = append(o.scoped[bucket+"/"+scope], key)
		}
	}
	o.writes[bucket][key] = value
}

func (o *overlay) putJSON(bucket, key string, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("marshal " + bucket + ": " + err.Error())
	}
	o.put(bucket, key, raw)
}

func (o *overlay) delete(bucket, key string) { o.put(bucket, key, nil) }

func (o *overlay) get(bucket, key string) ([]byte, error) {
	for l := o; l != nil; l = l.parent {
		if v, ok := l.writes[bucket][key]; ok {
			return v, nil
		}
	}
	return o.store.Get(bucket, key)
}

// scan calls fn for the keys with the prefix, the overlay's own included, in no order.
func (o *overlay) scan(bucket, prefix string, fn func(key string, value []byte) error) error {
	seen := map[string]bool{}
	for l := o; l != nil; l = l.parent {
		for k, v := range l.written(bucket, prefix) {
			if !strings.HasPrefix(k, prefix) || seen[k] {
				continue
			}
			seen[k] = true
			if v == nil {
				continue
			}
			if err := fn(k, v); err != nil {
				return err
			}
		}
	}
	return o.store.Scan(bucket, prefix, func(k string, v []byte) error {
		if seen[k] {
			return nil
		}
		return fn(k, v)
	})
}

// state returns the vault, empty if nothing is known of it. The caller must not modify it: see own.
func (o *overlay) state(id vault.BeneficiaryID) (*vault.State, error) {
	for l := o; l != nil; l = l.parent {
		if st := l.states[id]; st != nil {
			return st, nil
		}
	}
	raw, err := o.get(bucketVaults, string(id))
	if err != nil {
		return nil, fmt.Errorf("read vault: %w", err)
	}
	cache := o.cache()
	if raw != nil {
		if st := cache.get(id, raw); st != nil {
			o.states[id], o.shared[id] = st, true
			return st, nil
		}
	}
	st, err := decodeState(id, raw)
	if err != nil {
		return nil, err
	}
	o.states[id] = st
	if raw != nil && cache.put(id, raw, st) {
		o.shared[id] = true
	}
	return st, nil
}

func (o *overlay) cache() *stateCache {
	if o.keys == nil {
		return nil
	}
	return o.keys.states
}

// own is state for whoever is about to modify it.
func (o *overlay) own(id vault.BeneficiaryID) (*vault.State, error) {
	if !o.shared[id] && o.states[id] != nil {
		return o.states[id], nil
	}
	st, err := o.state(id)
	if err != nil {
		return nil, err
	}
	st = st.Clone()
	o.setState(id, st)
	return st, nil
}

// setState makes st, which is nobody else's, the vault's state here.
func (o *overlay) setState(id vault.BeneficiaryID, st *vault.State) {
	o.states[id] = st
	delete(o.shared, id)
}

func (o *overlay) lookup(scope string) vault.EntryLookup {
	return func(h vault.Hash) *vault.Entry {
		raw, err := o.get(bucketEntries, scope+"/"+string(h))
		if err != nil || raw == nil {
			return nil
		}
		var e vault.Entry
		if json.Unmarshal(raw, &e) != nil {
			return nil
		}
		return &e
	}
}

// apply stores a record and brings the state up to date. The reason, if any, says why the record was quarantined.
func (o *overlay) apply(r *vault.Record) (reason string, err error) {
	scope := scopeOf(r.Vault)
	if r.Type != vault.Heartbeat {
		o.putJSON(bucketEvents, eventKey(scope, r.Pos), r)
	}
	if r.Vault == "" {
		return o.applyOrg(r)
	}
	st, err := o.own(r.Vault)
	if err != nil {
		return "", err
	}
	before := len(st.Quarantine)
	if st.MayGoOn(o.org, r) {
		st.Apply(o.org, r, o.lookup(scope))
	} else if st, err = o.refold(r.Vault); err != nil {
		return "", err
	}
	o.touched[r.Vault] = true
	o.indexState(st, r)
	if len(st.Quarantine) > before {
		return st.Quarantine[len(st.Quarantine)-1].Reason, nil
	}
	return "", nil
}

// refold computes a vault anew from all its records.
func (o *overlay) refold(id vault.BeneficiaryID) (*vault.State, error) {
	recs, err := o.records(string(id))
	if err != nil {
		return nil, err
	}
	st := vault.Fold(id, o.org, recs, o.lookup(string(id)))
	o.setState(id, st)
	o.touched[id] = true
	return st, nil
}

func (o *overlay) records(scope string) ([]*vault.Record, error) {
	var recs []*vault.Record
	err := o.scan(bucketEvents, scope+"/", func(_ string, v []byte) error {
		var r vault.Record
		if err := json.Unmarshal(v, &r); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read event: %w", err)
		}
		recs = append(recs, &r)
		return nil
	})
	return recs, err
}

func (o *overlay) applyOrg(r *vault.Record) (string, error) {
	if r.Type == vault.NoteSealed {
		if err := o.org.MaySealNote(r); err != nil {
			return err.Error(), nil //nolint:nilerr // the reason of the quarantine
		}
		var b vault.NoteBody
		if err := r.Decode(&b); err != nil {
			return err.Error(), nil //nolint:nilerr // the reason of the quarantine
		}
		for _, p := range b.From {
			o.delete(bucketNotes, p)
			o.delete(bucketMeta, metaScrub+p)
		}
		o.putJSON(bucketNotes, b.Object.Path, &b)
		for _, h := range b.Entries {
			o.put(bucketMeta, metaHome+string(h), []byte(b.Object.Path))
		}
		return "", nil
	}
	recs, err := o.records("org")
	if err != nil {
		return "", err
	}
	before := len(o.org.Quarantine)
	o.org = o.org.Refold(recs, o.lookup("org"))
	if r.Type == vault.DeviceAdopted {
		var b vault.AdoptBody
		if err := r.Decode(&b); err == nil {
			if err := o.takeIn(b.Device); err != nil {
				return "", err
			}
		}
	}
	if len(o.org.Quarantine) > before {
		for _, q := range o.org.Quarantine {
			if q.Pos == r.Pos {
				return q.Reason, nil
			}
		}
	}
	return "", nil
}

// indexState keeps the indexes of documents and batches.
func (o *overlay) indexState(st *vault.State, r *vault.Record) {
	switch r.Type {
	case vault.VaultOpened:
		var b vault.VaultBody
		if r.Decode(&b) == nil {
			o.indexBatch(b.Batch, string(st.ID), r)
		}
	case vault.DocumentDeposited, vault.DocumentReplaced:
		var b vault.DepositBody
		if r.Decode(&b) != nil {
			return
		}
		if r.Type == vault.DocumentDeposited {
			o.indexID('d', string(b.Document), st)
		}
		o.indexBatch(b.Batch, string(b.Document), r)
		if d := st.Apart(r); d != nil {
			o.put(bucketDocs, string(d.ID), []byte(st.ID))
		}
	case vault.ShareAdded:
		var b vault.ShareBody
		if r.Decode(&b) == nil {
			o.indexID('s', string(b.Share), st)
		}
	case vault.ConsentGiven:
		var b vault.ConsentBody
		if r.Decode(&b) == nil {
			o.indexID('c', string(b.Consent), st)
			o.indexBatch(b.Batch, string(b.Consent), r)
		}
	}
}

// indexID notes in which vault a document or a consent is. Ids are random: a second vault with the same one is the work of
// a device that copied it, and does not get what is meant for the first.
func (o *overlay) indexID(kind byte, id string, st *vault.State) {
	if !vault.LooksLikeID(kind, id) {
		return
	}
	owner, err := o.get(bucketDocs, id)
	if err == nil && owner != nil && string(owner) != string(st.ID) {
		if before, err := o.state(vault.BeneficiaryID(owner)); err != nil || hasID(before, id) || !hasID(st, id) {
			return
		}
	}
	o.put(bucketDocs, id, []byte(st.ID))
}

func hasID(st *vault.State, id string) bool {
	return st.Documents[vault.DocumentID(id)] != nil || st.Consent(vault.ConsentID(id)) != nil || st.Share(vault.ShareID(id)) != nil
}

// mayKeep reports whether this device may keep a note entry at hand: what only the person reads is never kept, and a
// vault's entries only where the device reads the vault.
func (o *overlay) mayKeep(c classed, v vault.BeneficiaryID) bool {
	switch c.Class {
	case classPrivate:
		return false
	case classShared:
		st, err := o.state(v)
		if err != nil {
			return false
		}
		// While a vault is being opened there is no consent yet; the opener is about to be a reader.
		return len(st.Consents) == 0 || o.keys.reads(st.Readers(o.org, vault.Shared))
	}
	return true
}

// enqueue turns a change's objects and doomed paths into queue items.
func (o *overlay) enqueue(w *writerState, rec *logRecord) {
	for _, obj := range rec.Objects {
		o.putJSON(bucketQueue, orderKey(w.order), queueItem{Path: obj.Path, Size: obj.Size, Hash: obj.Hash})
		w.order++
	}
	for _, p := range rec.Doomed {
		o.putJSON(bucketDoomed, p, doomed{Seq: rec.Seq})
	}
}

// unqueue takes tombstoned objects that never went out off the queue.
func (o *overlay) unqueue(paths []string) error {
	dead := map[string]bool{}
	for _, p := range paths {
		dead[p] = true
	}
	return o.scan(bucketQueue, "", func(key string, raw []byte) error {
		if dead[queuedPath(raw)] {
			o.delete(bucketQueue, key)
		}
		return nil
	})
}
