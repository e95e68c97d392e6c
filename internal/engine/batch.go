package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// batchEntry is what the index holds of one thing that a batch did: enough to say when a batch ran and by whom without
// opening the vaults.
type batchEntry struct {
	Agent vault.AgentID `json:"agent,omitempty"`
	At    vault.Clock   `json:"at"` // of the last thing that the batch did to it
}

// indexBatch notes that a batch did something to a document, a vault or a consent.
func (o *overlay) indexBatch(b vault.BatchID, item string, r *vault.Record) {
	if !vault.LooksLikeID('i', string(b)) || item == "" || !vault.LooksLikeID(item[0], item) { // what another device wrote is no id until it was looked at
		return
	}
	key := string(b) + "/" + string(r.Vault) + "/" + item
	var known batchEntry
	if raw, err := o.get(bucketBatches, key); err == nil && raw != nil && json.Unmarshal(raw, &known) == nil && known.At.Compare(r.At) > 0 {
		return
	}
	o.putJSON(bucketBatches, key, batchEntry{Agent: r.Agent, At: r.At})
}

// scanner calls fn for the keys of a bucket with a prefix.
type scanner func(bucket, prefix string, fn func(key string, value []byte) error) error

// scanBatches calls fn for what the batches whose ids begin with prefix did.
func scanBatches(scan scanner, prefix string, fn func(b vault.BatchID, v vault.BeneficiaryID, item string, en batchEntry)) error {
	err := scan(bucketBatches, prefix, func(key string, raw []byte) error {
		var en batchEntry
		if err := json.Unmarshal(raw, &en); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read batch: %w", err)
		}
		b, rest, _ := strings.Cut(key, "/")
		v, item, _ := strings.Cut(rest, "/")
		fn(vault.BatchID(b), vault.BeneficiaryID(v), item, en)
		return nil
	})
	if err != nil {
		return fmt.Errorf("search batch: %w", err)
	}
	return nil
}

// batchEntries returns what a batch did in one vault.
func batchEntries(scan scanner, b vault.BatchID, v vault.BeneficiaryID) (map[string]batchEntry, error) {
	out := map[string]batchEntry{}
	err := scanBatches(scan, string(b)+"/"+string(v)+"/", func(_ vault.BatchID, _ vault.BeneficiaryID, item string, en batchEntry) {
		out[item] = en
	})
	return out, err
}

// batchRun is when a batch ran, by whom, and where.
type batchRun struct {
	begun, ended vault.Clock
	agent        vault.AgentID // of the first thing that it did
	vaults       map[vault.BeneficiaryID]vault.Clock
	items        int
}

// batchRuns returns the batches whose ids begin with prefix.
func (e *Engine) batchRuns(prefix string) (map[vault.BatchID]*batchRun, error) {
	runs := map[vault.BatchID]*batchRun{}
	err := scanBatches(e.Store.Scan, prefix, func(b vault.BatchID, v vault.BeneficiaryID, _ string, en batchEntry) {
		r := runs[b]
		if r == nil {
			r = &batchRun{begun: en.At, agent: en.Agent, vaults: map[vault.BeneficiaryID]vault.Clock{}}
			runs[b] = r
		}
		r.items++
		if en.At.Compare(r.begun) < 0 {
			r.begun, r.agent = en.At, en.Agent
		}
		if en.At.Compare(r.ended) > 0 {
			r.ended = en.At
		}
		if first, ok := r.vaults[v]; !ok || en.At.Compare(first) < 0 {
			r.vaults[v] = en.At
		}
	})
	return runs, err
}

// order returns the vaults in the order in which the batch came to them.
func (r *batchRun) order() []vault.BeneficiaryID {
	return slices.SortedFunc(maps.Keys(r.vaults), func(a, b vault.BeneficiaryID) int {
		return cmp.Or(r.vaults[a].Compare(r.vaults[b]), cmp.Compare(a, b))
	})
}

// findBatch returns a batch that is known here. Errors: CodeInvalid, CodeNotFound.
func (e *Engine) findBatch(text string) (vault.BatchID, *batchRun, error) {
	id, err := parseBatch(text)
	switch {
	case err != nil:
		return "", nil, err
	case id == "":
		return "", nil, vault.Errorf(vault.CodeUsage, "no batch was named")
	}
	if _, _, err := e.ready(); err != nil {
		return "", nil, err
	}
	runs, err := e.batchRuns(string(id) + "/")
	if err == nil && runs[id] == nil {
		err = api.WithHint(vault.Errorf(vault.CodeNotFound, "no such batch"), "`vaultctl batch list` shows every batch that is known here")
	}
	return id, runs[id], err
}

// deed is one thing that a batch did, as it is now.
type deed struct {
	what    string // document, version, vault, consent
	id      string
	at      vault.Clock // of the last thing that the batch did to it
	doc     *vault.Document
	consent *vault.Consent
	state   string
}

// deedsOf returns what a batch did in a vault: the vault itself, consents, then documents in the order of their rows. What
// was not applied, and the proofs of consents, are left out.
func deedsOf(st *vault.State, b vault.BatchID, entries map[string]batchEntry) []deed {
	var out []deed
	for id, en := range entries {
		d := deed{id: id, at: en.At, state: api.ItemThere, doc: st.Documents[vault.DocumentID(id)], consent: st.Consent(vault.ConsentID(id))}
		if d.find(st, b) {
			out = append(out, d)
		}
	}
	rank := map[string]int{"vault": 0, "consent": 1, "document": 2, "version": 2}
	slices.SortFunc(out, func(a, b deed) int {
		return cmp.Or(cmp.Compare(rank[a.what], rank[b.what]), a.at.Compare(b.at), cmp.Compare(a.id, b.id))
	})
	return out
}

// find says what a deed is and how it stands; false for none.
func (d *deed) find(st *vault.State, b vault.BatchID) bool {
	switch {
	case st.Erased != nil:
		d.what, d.state = map[byte]string{'b': "vault", 'c': "consent"}[d.id[0]], api.ItemErased
		d.what = cmp.Or(d.what, "document")
	case d.id == string(st.ID):
		d.what = "vault"
		if st.Closed != nil {
			d.state = api.ItemClosed
		}
		return st.Batch == b
	case d.consent != nil:
		d.what = "consent"
		if s := consentState(d.consent); s != "given" {
			d.state = s
		}
		return d.consent.Batch == b
	case d.doc != nil:
		d.what = "version"
		if d.doc.Batch == b {
			d.what = "document"
		}
		switch {
		case d.doc.Removed != nil:
			d.state = api.ItemRemoved
		case d.doc.Changed != d.at:
			d.state = api.ItemChanged
		}
		return d.doc.Evidence == ""
	}
	return d.what != ""
}

// item is a deed as the API gives it. Whoever does not read the vault sees ids and states.
func (d *deed) item(b vault.BatchID, st *vault.State, org *vault.Org, keys *keyring, past *journalPast) api.BatchItem {
	v := api.BatchItem{Head: api.H("batch_item"), Batch: string(b), What: d.what, ID: d.id, Beneficiary: string(st.ID), State: d.state}
	reads := readsVault(keys, st, org)
	if reads {
		v.Name = st.Person.DisplayName()
	}
	if d.doc == nil {
		return v
	}
	if reads && d.doc.Described {
		v.DocumentType, v.Title = d.doc.Type, vault.MaskNIR(d.doc.Title)
	}
	since := d.at
	if d.what == "document" {
		since = d.doc.Deposited
	}
	v.Seen = past.of(d.doc.ID, since)
	return v
}

// BatchList yields the batches that are known here, the newest first. Errors: CodeInvalid for a day, CodeNotFound and
// CodeAmbiguous for an agent.
func (e *Engine) BatchList(ctx context.Context, req api.BatchListRequest, yield func(api.Batch) error) error {
	_, org, err := e.ready()
	if err != nil {
		return err
	}
	var agent vault.AgentID
	if req.Agent != "" {
		if agent, err = findAgent(org, req.Agent); err != nil {
			return err
		}
	}
	since, err := sinceDay(req.Since, e.today())
	if err != nil {
		return err
	}
	runs, err := e.batchRuns("")
	if err != nil {
		return err
	}
	ids := slices.SortedFunc(maps.Keys(runs), func(a, b vault.BatchID) int {
		return cmp.Or(runs[b].begun.Compare(runs[a].begun), cmp.Compare(a, b))
	})
	for _, id := range ids {
		r := runs[id]
		if vault.DateOf(r.ended.Time().Local()) < since || agent != "" && r.agent != agent {
			continue
		}
		out, err := e.batch(ctx, id, r)
		if err != nil {
			return err
		}
		if err := yield(out); err != nil {
			return err
		}
	}
	return nil
}

// sinceDay reads a day, or a span back from today. Errors have CodeInvalid.
func sinceDay(text string, today vault.Date) (vault.Date, error) {
	if text == "" || text[0] != '+' {
		if d, err := vault.ParseDate(text, today); text == "" || err == nil {
			return d, nil
		}
	}
	ahead, err := vault.ParseDays(text, today)
	if err != nil {
		return "", vault.Errorf(vault.CodeInvalid, "not a day or a span of time: write YYYY-MM-DD, 30d or 2w")
	}
	days := int(ahead.Time().Sub(today.Time()) / (24 * time.Hour))
	return today.AddDate(0, 0, -days), nil
}

// batch counts what a batch did.
func (e *Engine) batch(ctx context.Context, id vault.BatchID, r *batchRun) (api.Batch, error) {
	out := api.Batch{Head: api.H("batch"), ID: string(id), Begun: rfc3339(r.begun.Time()), Ended: rfc3339(r.ended.Time())}
	for v := range r.vaults {
		if err := ctx.Err(); err != nil {
			return out, vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		st, _, org, err := e.load(v)
		if vault.CodeOf(err) == vault.CodeNotFound { // nothing of it was applied
			continue
		}
		if err != nil {
			return out, err
		}
		entries, err := batchEntries(e.Store.Scan, id, v)
		if err != nil {
			return out, err
		}
		out.Agent = org.AgentName(r.agent)
		for _, d := range deedsOf(st, id, entries) {
			switch d.what {
			case "document":
				out.Documents++
				if d.state == api.ItemRemoved || d.state == api.ItemErased {
					out.Removed++
				}
			case "version":
				out.Versions++
			case "vault":
				out.People++
			case "consent":
				out.Consents++
			}
		}
	}
	return out, nil
}

// BatchShow yields what a batch did, vault by vault, with what became of it and who had it in the clear since. Errors:
// CodeInvalid, CodeNotFound.
func (e *Engine) BatchShow(ctx context.Context, req api.BatchRequest, yield func(api.BatchItem) error) error {
	id, r, err := e.findBatch(req.Batch)
	if err != nil {
		return err
	}
	for _, v := range r.order() {
		if err := ctx.Err(); err != nil {
			return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		st, keys, org, err := e.load(v)
		if vault.CodeOf(err) == vault.CodeNotFound {
			continue
		}
		if err != nil {
			return err
		}
		entries, err := batchEntries(e.Store.Scan, id, v)
		if err != nil {
			return err
		}
		past, err := e.pastOf(keys, org, v)
		if err != nil {
			return err
		}
		for _, d := range deedsOf(st, id, entries) {
			if err := yield(d.item(id, st, org, keys, past)); err != nil {
				return err
			}
		}
	}
	return nil
}
