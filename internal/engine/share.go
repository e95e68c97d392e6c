package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// longestShare is how many months a share lasts at most: a longer need is asked for again, and agreed to again.
const longestShare = 12

// recipient is whom copies are sealed to.
type recipient struct {
	partner vault.PartnerID
	team    vault.TeamID
	name    string // of the partner, team or agent
	word    string // as the command line takes it
	kind    string // hybrid, classic, passphrase, team
	key     string // age recipient; "" for a passphrase
	reader  vault.Reader
}

// sharing is a share on its way.
type sharing struct {
	e      *Engine
	req    *api.ShareAddRequest
	st     *vault.State
	keys   *keyring
	org    *vault.Org
	card   *cardKey
	to     recipient
	terms  *terms
	docs   []*vault.Document
	body   vault.ShareBody
	data   vault.ShareData
	proof  *given // the record of the agreement, and its evidence
	files  []Staged
	secret string // the passphrase, if there is one
}

// ShareAdd seals copies of documents to somebody who does not read the vault, until a day, with the person's agreement. The
// copies stay until the share ends: with its last day, when it is revoked, with the vault or with the documents. All of them
// are recorded in one change: nothing is shared by halves. Errors: CodeUsage, CodeInvalid, CodeNotFound, CodeAmbiguous,
// CodeNoConsent, CodeNoIdentity for a private document without the card, CodePolicy for a share of more than a year or of
// evidence, CodeErased for a document that was removed, CodeConflict for one that changed meanwhile.
func (e *Engine) ShareAdd(ctx context.Context, req api.ShareAddRequest, parts Parts) (api.Share, error) {
	s := &sharing{e: e, req: &req}
	if err := s.plan(ctx); err != nil {
		return api.Share{}, err
	}
	if req.DryRun {
		return s.foreseen(), nil
	}
	err := s.seal(ctx, parts)
	if err == nil {
		err = e.commit(ctx, s.build)
	}
	if err != nil {
		s.discard(err)
		return api.Share{}, err
	}
	st, keys, org, err := e.load(s.st.ID)
	if err != nil {
		return api.Share{}, err
	}
	l := receiptLang(req.Language)
	v := e.shareView(st, keys, org, st.Share(s.body.Share))
	v.Summary, v.Copies = s.summary(l), copyWords(l, st.Share(s.body.Share))
	v.Passphrase = s.secret
	return v, nil
}

// plan checks everything that can be checked before anything is sealed.
func (s *sharing) plan(ctx context.Context) (err error) {
	e := s.e
	if s.st, s.keys, s.org, err = e.vaultFor(s.req.Beneficiary); err != nil {
		return err
	}
	if s.card, err = e.presented(ctx, s.st, s.req.Card); err != nil {
		return err
	}
	switch {
	case s.st.ReadOnly:
		return vault.Errorf(vault.CodeUpgrade, "the vault was changed by a newer version: upgrade")
	case s.st.Closed != nil:
		return api.WithHint(vault.Errorf(vault.CodeNoConsent, "the vault is closed"), "`vaultctl beneficiary reopen` opens it again")
	case s.card == nil && !readsVault(s.keys, s.st, s.org):
		e.refused(ctx, s.st.ID, "", "share", vault.CodeNoConsent)
		return errNoConsent()
	}
	if err := e.maySeal(s.org); err != nil {
		return err
	}
	if s.req.Link {
		if _, err := e.linking(ctx); err != nil {
			return err
		}
	}
	if s.to, err = e.findRecipient(s.org, s.req.Terms.To); err != nil {
		return err
	}
	if s.terms, err = e.checkAgreement(&s.req.Terms); err != nil {
		return err
	}
	if err := s.checkDay(); err != nil {
		return err
	}
	if s.to.team != "" && slices.Contains(s.st.ActiveTeams(), s.to.team) {
		return vault.Errorf(vault.CodeConflict, "the recipient reads the vault by a consent already")
	}
	return s.choose(ctx)
}

func (s *sharing) checkDay() error {
	today := s.e.today()
	switch {
	case s.terms.until == "":
		return vault.Errorf(vault.CodeUsage, "a share needs its last day: --until")
	case s.terms.until < today:
		return vault.Errorf(vault.CodeInvalid, "the share would have ended already")
	case s.terms.until > today.AddDate(0, longestShare, 0):
		return api.WithHint(vault.Errorf(vault.CodePolicy, "a share lasts %d months at most", longestShare),
			"take an earlier day; when the need goes on, ask the person again and share again")
	}
	return nil
}

// findRecipient returns whom "partner:NAME", "team:NAME", "agent:NAME" or an id means.
func (e *Engine) findRecipient(org *vault.Org, to string) (recipient, error) {
	to = strings.TrimSpace(to)
	_, partner := org.Partners[vault.PartnerID(to)]
	if !partner && !strings.HasPrefix(to, "partner:") {
		if kind, _, named := strings.Cut(to, ":"); to == "" || named && kind != "team" && kind != "agent" {
			return recipient{}, vault.Errorf(vault.CodeUsage, "a share is for partner:NAME, team:NAME or agent:NAME")
		}
		team, err := findTeam(org, to)
		if err != nil {
			return recipient{}, err
		}
		ep := org.Current(vault.EpochTeam, team)
		return recipient{team: team, name: org.TeamName(team), word: teamWord(org, team), kind: keyTeam, key: ep.Recipient,
			reader: vault.EpochReader(ep.Epoch)}, nil
	}
	p, err := findPartner(org, to)
	switch {
	case err != nil:
		return recipient{}, err
	case !p.Active():
		return recipient{}, vault.Errorf(vault.CodeConflict, "the partner was removed")
	case p.Name == "":
		return recipient{}, vault.Errorf(vault.CodeFailed, "the key of a reader is not known here: sync, then try again")
	}
	r := recipient{partner: p.Partner, name: p.Name, word: "partner:" + p.Name, kind: e.keyOf(p), key: p.Recipient, reader: vault.PartnerReader(p.Partner)}
	switch r.kind {
	case "":
		return recipient{}, vault.Errorf(vault.CodeUpgrade, "the partner's key is of a kind that this version does not know: upgrade")
	case keyPassphrase:
		r.reader = vault.PassphraseReader
	}
	return r, nil
}

// choose finds the documents, each of which must be there and open to whoever shares.
func (s *sharing) choose(ctx context.Context) error {
	if len(s.req.Documents) == 0 {
		return vault.Errorf(vault.CodeUsage, "a share needs a document")
	}
	private := false
	for _, text := range s.req.Documents {
		id, err := vault.ParseDocumentID(text)
		if err != nil {
			return api.WithHint(err, "check the last character, or find the id with `vaultctl document list`")
		}
		d := s.st.Documents[id]
		if err := s.mayShare(ctx, d); err != nil {
			return err
		}
		if slices.Contains(s.docs, d) {
			return vault.Errorf(vault.CodeUsage, "a document is named twice")
		}
		private = private || d.Space == vault.Private
		s.docs = append(s.docs, d)
	}
	if !private {
		return s.mayPack()
	}
	st, err := s.e.withPrivate(ctx, s.st.ID, s.card)
	if err != nil {
		return err
	}
	for i, d := range s.docs {
		s.docs[i] = st.Documents[d.ID]
	}
	return s.mayPack()
}

// mayPack returns why no package could be made of the documents, where one is wanted, so that nothing is shared then.
func (s *sharing) mayPack() error {
	switch {
	case !s.req.Package:
		return nil
	case s.to.partner == "":
		return errPackageInside()
	}
	return s.e.Packages.Check(contentOf(s.docs))
}

// mayShare returns why a document is not shared, or nil. Refusals are journalled.
func (s *sharing) mayShare(ctx context.Context, d *vault.Document) error {
	var err error
	switch {
	case d == nil:
		return vault.Errorf(vault.CodeNotFound, "the vault has no such document")
	case d.Removed != nil:
		return vault.Errorf(vault.CodeErased, "the document was removed")
	case d.Evidence != "":
		err = vault.Errorf(vault.CodePolicy, "the document proves a consent and stays with it")
	case d.Space == vault.Private && s.card == nil:
		err = vault.Errorf(vault.CodeNoIdentity, "a private document is shared with the person's card only")
	case s.card == nil && !s.keys.reads(d.Object.Readers):
		err = vault.Errorf(vault.CodeNoConsent, "the document is not sealed to this device yet: another reader has to reseal it")
	}
	if err != nil {
		s.e.refused(ctx, s.st.ID, d.ID, "share", vault.CodeOf(err))
	}
	return err
}

// build records the share. What the copies were made of must be what is there.
func (s *sharing) build(t *tx) error {
	now, err := t.state(s.st.ID)
	if err != nil {
		return err
	}
	if now.Closed != nil || now.Erased != nil {
		return vault.Errorf(vault.CodeConflict, "the vault was closed meanwhile: nothing was shared")
	}
	for _, was := range s.docs {
		d := now.Documents[was.ID]
		if d == nil || d.Removed != nil || d.Versions != was.Versions || d.Space != was.Space {
			return vault.Errorf(vault.CodeConflict, "a document was removed or changed meanwhile: nothing was shared")
		}
	}
	if !s.stillThere(t.org()) {
		return vault.Errorf(vault.CodeConflict, "the recipient was removed or has a new key: nothing was shared, try again")
	}
	t.enqueue(s.body.Objects()...)
	if err := t.emitCosigned(vault.ShareAdded, s.st.ID, s.body, s.card.by(s.org), entry(classShared, vault.EntryShare, s.data)); err != nil {
		return err
	}
	return s.proof.emitProofs(t, s.st.ID)
}

// stillThere reports whether the copies are sealed to what the recipient has now.
func (s *sharing) stillThere(org *vault.Org) bool {
	if s.to.team != "" {
		ep := org.Current(vault.EpochTeam, s.to.team)
		return ep != nil && vault.EpochReader(ep.Epoch) == s.to.reader
	}
	p := org.Partners[s.to.partner]
	return p != nil && p.Active()
}

// discard removes what a share that was refused left in the spool. A change that reached the log stands.
func (s *sharing) discard(cause error) {
	var logged *loggedError
	if errors.As(cause, &logged) {
		return
	}
	for _, f := range s.files {
		if err := s.e.Spool.Remove(f.Name); err != nil {
			s.e.log.Warn("remove refused copy", "code", vault.CodeOf(err))
		}
	}
	if s.proof != nil {
		s.proof.discard(s.e, cause)
	}
}

// foreseen is the answer of a dry run.
func (s *sharing) foreseen() api.Share {
	l := receiptLang(s.req.Language)
	v := api.Share{Head: api.H("share"), Beneficiary: string(s.st.ID), To: s.to.word, Key: s.to.kind, Purpose: s.terms.purpose, State: "active",
		Shared: rfc3339(s.e.Now()), SharedBy: s.org.AgentName(s.e.ident.Agent), Until: string(s.terms.until), Evidence: "verbal", DryRun: true,
		Summary: s.summary(l), Documents: []api.SharedFile{}}
	for _, d := range s.docs {
		v.Documents = append(v.Documents, sharedFile(pieceOf(d, ""), vault.Object{}))
	}
	return v
}

// pieceOf says what a copy is; of a private document, nothing.
func pieceOf(d *vault.Document, name string) vault.SharePiece {
	if d.Space == vault.Private {
		return vault.SharePiece{Document: d.ID, FileName: name}
	}
	return fullPiece(d, name)
}

func fullPiece(d *vault.Document, name string) vault.SharePiece {
	return vault.SharePiece{Document: d.ID, Type: d.Type, Title: d.Title, Holder: d.Holder, IssuedOn: d.IssuedOn, Period: d.Period,
		MediaType: d.MediaType, FileName: name, Size: d.Size, Digest: d.Digest}
}

// sharedOn is when a share counts as made: the moment.
func (s *sharing) sharedOn() string { return s.e.Now().Format(time.RFC3339) }
