package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// foundDocument is a document with the vault that holds it.
type foundDocument struct {
	doc  *vault.Document
	st   *vault.State
	keys *keyring
	org  *vault.Org
}

// findDocument looks a document up by its id. Errors have CodeNotFound, or CodeErased for what was removed on purpose.
func (e *Engine) findDocument(text string) (foundDocument, error) {
	var f foundDocument
	id, err := vault.ParseDocumentID(text)
	if err != nil {
		return f, api.WithHint(err, "check the last character, or find the id with `vaultctl document list`")
	}
	if _, _, err := e.ready(); err != nil {
		return f, err
	}
	b, err := e.Store.Get(bucketDocs, string(id))
	if err != nil {
		return f, fmt.Errorf("search document: %w", err)
	}
	if b == nil {
		return f, vault.Errorf(vault.CodeNotFound, "no such document")
	}
	if f.st, f.keys, f.org, err = e.whole(vault.BeneficiaryID(b)); err != nil {
		return f, err
	}
	f.doc = f.st.Documents[id]
	switch {
	case f.st.Erased != nil:
		return f, vault.Errorf(vault.CodeErased, "the vault was erased")
	case f.doc == nil:
		return f, vault.Errorf(vault.CodeNotFound, "no such document")
	case f.doc.Removed != nil:
		return f, vault.Errorf(vault.CodeErased, "the document was removed")
	}
	return f, nil
}

// readsVault reports whether consent makes this device a reader of the vault now, whatever older objects still declare.
func readsVault(keys *keyring, st *vault.State, org *vault.Org) bool {
	return keys.reads(st.Readers(org, vault.Shared))
}

// documentView is a document as its own page shows it. Whoever does not read the vault sees ids, times and sizes.
func (e *Engine) documentView(st *vault.State, d *vault.Document, org *vault.Org, keys *keyring) api.Document {
	v := api.Document{Head: api.H("document"), ID: string(d.ID), Beneficiary: string(st.ID), Space: string(d.Space),
		State: string(vault.Undated), Batch: string(d.Batch), DepositedBy: org.AgentName(d.By),
		Deposited: d.Deposited.Time().Format(time.RFC3339), Versions: d.Versions, Evidence: string(d.Evidence)}
	if d.Described && readsVault(keys, st, org) {
		e.describe(&v, d)
	}
	if d.Removed != nil {
		v.State = "removed"
		return v
	}
	held, err := e.Store.Get(bucketHeld, d.Object.Path)
	v.OnRemote = err == nil && held != nil
	return v
}

// describe fills in what a document is.
func (e *Engine) describe(v *api.Document, d *vault.Document) {
	v.DocumentType, v.Title, v.Holder, v.Pages, v.Note = d.Type, d.Title, d.Holder, d.Pages, d.Note
	v.IssuedOn, v.ExpiresOn, v.Period, v.ReceivedOn = string(d.IssuedOn), string(d.ExpiresOn), d.Period, string(d.ReceivedOn)
	v.OriginalSeen, v.SourceID, v.FileName, v.MediaType = d.OriginalSeen, d.SourceID, d.FileName, d.MediaType
	v.Size, v.Digest = d.Size, string(d.Digest)
	v.PageCount, v.Width, v.Height = d.PageCount, d.Width, d.Height
	v.State = string(vault.ValidityOf(d.ExpiresOn, e.today(), e.Settings.SoonDays()))
}

// mask hides national identity numbers, for lists.
func mask(v *api.Document) {
	for _, s := range []*string{&v.Title, &v.Holder, &v.Note, &v.FileName, &v.SourceID, &v.Pages} {
		*s = vault.MaskNIR(*s)
	}
}

// DocumentShow returns what is known of a document.
func (e *Engine) DocumentShow(_ context.Context, req api.DocumentRequest) (api.Document, error) {
	f, err := e.findDocument(req.Document)
	if err != nil {
		return api.Document{}, err
	}
	return e.documentView(f.st, f.doc, f.org, f.keys), nil
}

// listing selects documents.
type listing struct {
	all     bool
	docType string
	until   vault.Date // expiring up to that day; "" for any
}

func (e *Engine) listingOf(req *api.DocumentListRequest) (listing, error) {
	l := listing{all: req.All}
	if req.Type != "" {
		t, err := e.Types.Find(req.Type, "")
		if err != nil {
			return l, err
		}
		l.docType = t.Code
	}
	if req.ExpiringWithin != "" {
		var err error
		if l.until, err = vault.ParseDays(req.ExpiringWithin, e.today()); err != nil {
			return l, err
		}
	}
	return l, nil
}

// wants reports whether the listing has the document. What private documents are is not known here, so that they are in
// lists of everything only.
func (l *listing) wants(d *vault.Document) bool {
	switch {
	case !l.all && (d.Removed != nil || d.Evidence != ""):
		return false
	case l.docType != "" && d.Type != l.docType:
		return false
	case l.until != "" && (d.ExpiresOn == "" || d.ExpiresOn > l.until):
		return false
	}
	return true
}

// DocumentList yields the documents of a vault, the newest deposit first, or of every vault that this device reads, the
// next to expire first. National identity numbers are masked.
func (e *Engine) DocumentList(ctx context.Context, req api.DocumentListRequest, yield func(api.Document) error) error {
	l, err := e.listingOf(&req)
	if err != nil {
		return err
	}
	ids, err := e.listedVaults(&req)
	if err != nil {
		return err
	}
	var out []listed
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		st, keys, org, err := e.load(id)
		if err != nil {
			return err
		}
		for _, d := range st.Documents {
			if !l.wants(d) {
				continue
			}
			v := e.documentView(st, d, org, keys)
			if req.Beneficiary == "" {
				v.Name = st.Person.DisplayName()
			}
			mask(&v)
			out = append(out, listed{v, d.Deposited})
		}
	}
	sortDocuments(out, req.Beneficiary == "" || l.until != "")
	for i := range out {
		if err := yield(out[i].Document); err != nil {
			return err
		}
	}
	return nil
}

// listedVaults returns the vaults that a list looks into. Of all vaults, those are left out that hold nothing to show.
func (e *Engine) listedVaults(req *api.DocumentListRequest) ([]vault.BeneficiaryID, error) {
	if req.Beneficiary != "" {
		id, err := e.resolveID(req.Beneficiary)
		if err != nil {
			return nil, err
		}
		st, _, _, err := e.whole(id)
		if err == nil && st.Erased != nil {
			err = vault.Errorf(vault.CodeErased, "the vault was erased")
		}
		return []vault.BeneficiaryID{id}, err
	}
	if _, _, err := e.ready(); err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	var ids []vault.BeneficiaryID
	for id, s := range e.people {
		if s.b.Readable && (s.docs > 0 || req.All) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// listed is a document in a list, with the exact time of its deposit.
type listed struct {
	api.Document
	at vault.Clock
}

func sortDocuments(out []listed, byExpiry bool) {
	slices.SortFunc(out, func(a, b listed) int {
		c := 0
		if byExpiry {
			c = cmp.Or(compareExpiry(a.ExpiresOn, b.ExpiresOn), cmp.Compare(a.Beneficiary, b.Beneficiary))
		}
		return cmp.Or(c, b.at.Compare(a.at), cmp.Compare(a.ID, b.ID))
	})
}

// compareExpiry puts what does not expire last.
func compareExpiry(a, b string) int {
	if (a == "") != (b == "") {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// DocumentRemove takes a document back: its bytes are deleted here and on every remote; what somebody else deposited, once
// another agent's workstation has seen that. A reader of the vault may do that,
// and who deposited it. Errors have CodeNoConsent for anybody else.
func (e *Engine) DocumentRemove(ctx context.Context, req api.DocumentRequest) (api.Document, error) {
	f, err := e.findDocument(req.Document)
	if err != nil {
		return api.Document{}, err
	}
	err = e.commit(ctx, func(t *tx) error { return t.remove(f.st.ID, f.doc.ID) })
	if vault.CodeOf(err) == vault.CodeNoConsent {
		e.refused(ctx, f.st.ID, f.doc.ID, "remove", vault.CodeNoConsent)
	}
	if err != nil {
		return api.Document{}, err
	}
	e.dropUnpushed(f.st.ID)
	st, keys, org, err := e.load(f.st.ID)
	if err != nil {
		return api.Document{}, err
	}
	v := e.documentView(st, st.Documents[f.doc.ID], org, keys)
	v.Waiting = e.unseen(st.ID, f.doc.Object.Path)
	return v, nil
}

// remove ends a document and buries its object.
func (t *tx) remove(v vault.BeneficiaryID, id vault.DocumentID) error {
	st, err := t.state(v)
	if err != nil {
		return err
	}
	if d := st.Documents[id]; d == nil || d.Removed != nil {
		return vault.Errorf(vault.CodeErased, "the document was removed")
	} else if d.Evidence != "" {
		if c := st.Consent(d.Evidence); c != nil && c.Active() {
			return vault.Errorf(vault.CodePolicy, "the document proves a consent that is in force")
		}
		if sh := st.Share(vault.ShareID(d.Evidence)); sh != nil && sh.Active() {
			return vault.Errorf(vault.CodePolicy, "the document proves the agreement to a share that goes on")
		}
	}
	if err := t.emit(vault.DocumentRemoved, v, vault.DocumentBody{Document: id}); err != nil {
		return err
	}
	return t.bury(v)
}
