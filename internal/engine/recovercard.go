package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"vaultctl/internal/vault"
)

// tried is what a card opens of a remote when every object is tried.
type tried struct {
	mu        sync.Mutex
	id        vault.BeneficiaryID
	person    vault.Person
	described map[vault.DocumentID][]*vault.DocumentData
	opened    map[string]vault.Hash // path of a document → digest of its plaintext
}

// catchUp finds the documents that a manifest names where they are no longer: they were sealed anew since. Where the card
// opens none of what the manifest shared, another card has taken its place.
func (r *recovery) catchUp(ctx context.Context, p *recovered) error {
	gone := slices.ContainsFunc(p.documents, r.gone)
	if !gone {
		return nil
	}
	t, err := r.tryAll(ctx)
	if err != nil {
		return err
	}
	shared, lost := 0, 0
	for _, d := range p.documents {
		if r.gone(d) {
			for object, digest := range t.opened {
				if d.Digest != "" && digest == d.Digest {
					d.Object = vault.Object{Path: object}
				}
			}
		}
		if d.Space == vault.Shared {
			shared++
			if r.gone(d) {
				lost++
			}
		}
	}
	if lost < shared {
		return nil
	}
	r.replaced = true
	p.documents = slices.DeleteFunc(p.documents, r.gone)
	return nil
}

// gone reports whether a document's object is not on the remote.
func (r *recovery) gone(d *vault.Document) bool { return !r.there[d.Object.Path] }

// byTrying returns what a card opens of which no manifest tells: the card was replaced, and what is private stayed with it.
func (r *recovery) byTrying(ctx context.Context) ([]*recovered, error) {
	t, err := r.tryAll(ctx)
	if err != nil || len(t.opened) == 0 {
		return nil, err
	}
	r.replaced = true
	p := &recovered{id: t.id, person: t.person}
	for object, digest := range t.opened {
		d := &vault.Document{ID: vault.DocumentID(strings.TrimSuffix(path.Base(object), ".age")), Space: vault.Private,
			Object: vault.Object{Path: object}, Digest: digest, Deposited: vault.Clock{Ms: r.e.Now().UnixMilli()}}
		for id, all := range t.described {
			if slices.ContainsFunc(all, func(data *vault.DocumentData) bool { return data.Digest != nil && *data.Digest == digest }) {
				d.ID = id
				for _, data := range all {
					d.Update(data)
				}
			}
		}
		p.documents = append(p.documents, d)
	}
	return []*recovered{p}, nil
}

const tryWorkers = 8

// tryAll tries the card on every document and note of the remote. What it does not open is passed over.
func (r *recovery) tryAll(ctx context.Context) (*tried, error) {
	t := &tried{described: map[vault.DocumentID][]*vault.DocumentData{}, opened: map[string]vault.Hash{}}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	slots := make(chan struct{}, tryWorkers)
	for object := range r.there {
		document := strings.Contains(object, "/d/")
		if !document && !strings.Contains(object, "/n/") {
			continue
		}
		slots <- struct{}{}
		wg.Add(1)
		go func() {
			defer func() { <-slots; wg.Done() }()
			if err := r.try(ctx, t, object, document); vault.CodeOf(err) == vault.CodeUnreachable || ctx.Err() != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = errors.Join(failed, err)
			}
		}()
	}
	wg.Wait()
	return t, failed
}

// try opens one object and notes what it tells. Errors say why it was not opened.
func (r *recovery) try(ctx context.Context, t *tried, object string, document bool) error {
	rc, err := r.remote.Get(ctx, object)
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }() // what counts was read by then
	plain, err := r.e.Sealer.Open(rc, []string{r.identity})
	if err != nil {
		return err
	}
	if document {
		sum := newSum()
		if _, err := io.Copy(sum, plain); err != nil {
			return err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.opened[object] = sumOf(sum)
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(plain, vault.MaxSegment))
	if err != nil {
		return err
	}
	lines, err := parseNote(bytes.NewReader(text))
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	manifestEntries(lines, t.described)
	for _, line := range lines {
		var en vault.Entry
		var d vault.PersonData
		if json.Unmarshal(line, &en) == nil && en.Vault != "" {
			t.id = en.Vault
			if en.Kind == vault.EntryPerson && json.Unmarshal(en.Data, &d) == nil {
				t.person.Update(&d)
			}
		}
	}
	return nil
}
