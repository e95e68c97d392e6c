package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// briefShare is what lists and background work need of a share that goes on, held in memory while unlocked.
type briefShare struct {
	id       vault.ShareID
	partner  vault.PartnerID
	until    vault.Date
	exposed  bool // a compromised device could open it
	received bool // this device opens it by a team of its agent
}

func briefShares(st *vault.State, org *vault.Org, keys *keyring) []briefShare {
	if st.Erased != nil {
		return nil
	}
	var out []briefShare
	exposed := st.ExposedShares(org)
	for _, sh := range st.ActiveShares() {
		out = append(out, briefShare{id: sh.Share, partner: sh.Partner, until: sh.Until, exposed: slices.Contains(exposed, sh),
			received: receives(keys, org, sh)})
	}
	return out
}

// receives reports whether a share is for this device: for a team that its agent is in, by a key that it holds.
func receives(keys *keyring, org *vault.Org, sh *vault.Share) bool {
	self, team := org.Devices[org.Here], org.Teams[sh.Team]
	return self != nil && team != nil && slices.Contains(team.MembersNow(), self.Agent) && keys.reads(sh.Cover.Readers)
}

// findShare returns a share with its vault. Errors have CodeNotFound or CodeErased.
func (e *Engine) findShare(text string) (*vault.State, *keyring, *vault.Org, *vault.Share, error) {
	id, err := vault.ParseShareID(text)
	if err != nil {
		return nil, nil, nil, nil, api.WithHint(err, "check the last character, or find the id with `vaultctl share list`")
	}
	if _, _, err := e.ready(); err != nil {
		return nil, nil, nil, nil, err
	}
	owner, err := e.Store.Get(bucketDocs, string(id))
	if err != nil {
		return nil, nil, nil, nil, fmt.Errorf("search share: %w", err)
	}
	if owner == nil {
		return nil, nil, nil, nil, vault.Errorf(vault.CodeNotFound, "no such share")
	}
	st, keys, org, err := e.load(vault.BeneficiaryID(owner))
	if err != nil {
		return nil, nil, nil, nil, err
	}
	sh := st.Share(id)
	switch {
	case st.Erased != nil:
		err = vault.Errorf(vault.CodeErased, "the vault was erased")
	case sh == nil:
		err = vault.Errorf(vault.CodeNotFound, "no such share")
	}
	return st, keys, org, sh, err
}

// ShareList yields shares, the oldest first: of one vault, or of all, those that go on unless All is asked for.
func (e *Engine) ShareList(ctx context.Context, req api.ShareListRequest, yield func(api.Share) error) error {
	ids, err := e.vaultsWithShares(&req)
	if err != nil {
		return err
	}
	var out []api.Share
	for _, id := range ids {
		st, keys, org, err := e.load(id)
		if err != nil {
			return err
		}
		for _, sh := range st.Shares {
			if !sh.Active() && !req.All || req.Received && !receives(keys, org, sh) {
				continue
			}
			v := e.shareView(st, keys, org, sh)
			if req.Received && sh.Active() {
				e.fillReceived(ctx, keys, sh, &v)
			}
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b api.Share) int { return cmp.Or(cmp.Compare(a.Shared, b.Shared), cmp.Compare(a.ID, b.ID)) })
	return yieldAll(out, yield)
}

// vaultsWithShares returns the vaults that a listing looks at.
func (e *Engine) vaultsWithShares(req *api.ShareListRequest) ([]vault.BeneficiaryID, error) {
	if req.Beneficiary != "" {
		st, _, _, err := e.vaultFor(req.Beneficiary)
		if err != nil {
			return nil, err
		}
		return []vault.BeneficiaryID{st.ID}, nil
	}
	if _, _, err := e.ready(); err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	var ids []vault.BeneficiaryID
	for id, s := range e.people {
		if s.b.State != "erased" && (len(s.shares) > 0 || req.All && s.shared) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// shareView is a share as lists give it. Whoever does not read the vault sees ids, times and for whom it is.
func (e *Engine) shareView(st *vault.State, keys *keyring, org *vault.Org, sh *vault.Share) api.Share {
	v := api.Share{Head: api.H("share"), ID: string(sh.Share), Beneficiary: string(st.ID), Purpose: sh.Purpose, State: shareState(sh),
		Shared: rfc3339(sh.At.Time()), SharedBy: org.AgentName(sh.By), Until: string(sh.Until), Evidence: "verbal",
		Documents: []api.SharedFile{}, Received: receives(keys, org, sh)}
	v.To, v.Key = shareWord(org, sh), e.shareKey(org, sh)
	if sh.Evidence != "" {
		v.Evidence = string(sh.Evidence)
	}
	if sh.Ended != nil {
		v.Ended, v.EndedBy = rfc3339(sh.Ended.At.Time()), org.AgentName(sh.Ended.By)
	}
	reads := readsVault(keys, st, org)
	if reads {
		v.Name = st.Person.DisplayName()
	}
	for i, c := range sh.Documents {
		p := vault.SharePiece{Document: c.Document}
		if reads && sh.Data != nil && i < len(sh.Data.Pieces) && sh.Data.Pieces[i].Document == c.Document {
			p = sh.Data.Pieces[i]
		}
		f := sharedFile(p, c.Object)
		f.Withheld = slices.Contains(sh.Withheld, c.Document)
		v.Documents = append(v.Documents, f)
	}
	v.OnRemote = sh.Active()
	for _, o := range sh.Live() {
		held, err := e.Store.Get(bucketHeld, o.Path)
		v.OnRemote = v.OnRemote && err == nil && held != nil
	}
	return v
}

func sharedFile(p vault.SharePiece, o vault.Object) api.SharedFile {
	return api.SharedFile{Document: string(p.Document), DocumentType: p.Type, Title: vault.MaskNIR(p.Title), Holder: vault.MaskNIR(p.Holder),
		IssuedOn: string(p.IssuedOn), Period: p.Period, MediaType: p.MediaType, FileName: p.FileName, Size: p.Size, Digest: string(p.Digest),
		Path: o.Path, Sealed: o.Size}
}

func shareState(sh *vault.Share) string {
	switch {
	case sh.Active():
		return "active"
	case sh.Ended.Expired:
		return "expired"
	case sh.Cause == vault.ShareRevoked:
		return "revoked"
	}
	return "ended"
}

// shareWord names whom a share is for as the command line takes it.
func shareWord(org *vault.Org, sh *vault.Share) string {
	if sh.Partner != "" {
		return "partner:" + org.PartnerName(sh.Partner)
	}
	return teamWord(org, sh.Team)
}

// shareKey says what the copies are sealed to.
func (e *Engine) shareKey(org *vault.Org, sh *vault.Share) string {
	switch p := org.Partners[sh.Partner]; {
	case sh.Team != "":
		return keyTeam
	case sh.Cover.Readers[0] == vault.PassphraseReader:
		return keyPassphrase
	case p != nil:
		return e.keyOf(p)
	}
	return ""
}

// ShareShow returns a share with what the person agreed to, and what becomes of its copies. Errors: CodeNotFound, CodeErased.
func (e *Engine) ShareShow(ctx context.Context, req api.ShareRequest) (api.Share, error) {
	st, keys, org, sh, err := e.findShare(req.Share)
	if err != nil {
		return api.Share{}, err
	}
	l := receiptLang(req.Language)
	v := e.shareView(st, keys, org, sh)
	if sh.Active() && v.Received && !readsVault(keys, st, org) {
		e.fillReceived(ctx, keys, sh, &v)
	}
	if sh.Data != nil && readsVault(keys, st, org) {
		v.Record = agreementNow(sh)
	}
	v.Copies = copyWords(l, sh)
	v.Summary = shareSummary(l, v.To, v.Key, v.Purpose, sh.Until, len(v.Documents), v.Name)
	if !sh.Active() {
		v.Remotes, v.Complete = e.copiesLeft(ctx, l, sh)
	}
	return v, nil
}

// agreementNow is the record of an agreement with the end of the share appended.
func agreementNow(sh *vault.Share) *vault.ConsentRecord {
	r := sh.Data.Agreement
	if sh.Ended != nil {
		state := "terminated"
		switch shareState(sh) {
		case "expired":
			state = "expired"
		case "revoked":
			state = "withdrawn"
		}
		r.Events = append(slices.Clone(r.Events), vault.ConsentEvent{EventTime: rfc3339(sh.Ended.At.Time()), EventType: "explicit",
			EventState: state, EntityID: string(sh.Ended.By)})
	}
	return &r
}

// fillReceived says what the copies are that somebody else shared with this device's team, as their cover tells it. A cover
// that cannot be had now is left out.
func (e *Engine) fillReceived(ctx context.Context, keys *keyring, sh *vault.Share, v *api.Share) {
	c, err := e.readCover(ctx, keys, sh)
	if err != nil {
		e.log.Info("read the cover of a share", "code", vault.CodeOf(err))
		return
	}
	v.Name = c.Person
	for i := range v.Documents {
		at := slices.IndexFunc(c.Pieces, func(p vault.SharePiece) bool { return string(p.Document) == v.Documents[i].Document })
		if at >= 0 {
			f := sharedFile(c.Pieces[at], sh.Documents[i].Object)
			f.Withheld = v.Documents[i].Withheld
			v.Documents[i] = f
		}
	}
}

// maxCover bounds the cover of a share, in bytes.
const maxCover = 1 << 20

// readCover opens the cover of a share that was sealed to a key of this device.
func (e *Engine) readCover(ctx context.Context, keys *keyring, sh *vault.Share) (*vault.ShareCover, error) {
	plain, err := e.openDocument(ctx, keys, nil, &vault.Document{Object: sh.Cover})
	if err != nil {
		return nil, fmt.Errorf("open cover: %w", err)
	}
	defer plain.Close()
	raw, err := io.ReadAll(io.LimitReader(plain, maxCover))
	if err != nil {
		return nil, fmt.Errorf("open cover: %w", err)
	}
	var c vault.ShareCover
	if err := json.Unmarshal(raw, &c); err != nil || c.Share != sh.Share {
		return nil, vault.Errorf(vault.CodeIntegrity, "the cover of the share is of another one")
	}
	return &c, nil
}

// summary is shareSummary for a share that is being made.
func (s *sharing) summary(l lang.Lang) string {
	return shareSummary(l, s.to.word, s.to.kind, s.terms.purpose, s.terms.until, len(s.docs), s.st.Person.DisplayName())
}

// shareSummary says in one sentence who is able to see what until when.
func shareSummary(l lang.Lang, to, kind, purpose string, until vault.Date, n int, person string) string {
	if person == "" {
		person = l.T("the person")
	}
	who, what := recipientName(l, to), l.N(n, "%d document of %s", "%d documents of %s", person)
	last, why := l.Date(until.Time()), purposeWord(l, purpose)
	if kind == keyPassphrase {
		return l.T("%s, and whoever else has the copies and the passphrase, can open %s until %s (%s).", who, what, last, why)
	}
	return l.T("%s, and nobody else outside the vault, can open %s until %s (%s).", who, what, last, why)
}

// recipientName names a recipient at the beginning of a sentence.
func recipientName(l lang.Lang, to string) string {
	kind, name, _ := strings.Cut(to, ":")
	switch kind {
	case "partner":
		return name
	case "team":
		return l.T("The team %s", name)
	case "agent":
		return l.T("The agent %s", name)
	}
	return to
}

// copyWords says what becomes of the copies.
func copyWords(l lang.Lang, sh *vault.Share) []string {
	out := []string{l.T("What was handed out as a file, or fetched from the storage, cannot be recalled.")}
	if sh.Active() {
		return append([]string{l.T("The copies on the storage are deleted after %s, or when the share is revoked before.", l.Date(sh.Until.Time()))}, out...)
	}
	return out
}
