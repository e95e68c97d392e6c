package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// intake is a document on its way into a vault.
type intake struct {
	vault    vault.BeneficiaryID
	space    vault.Space
	document vault.DocumentID // to be replaced; "" deposits, or replaces what has the same source id
	batch    vault.BatchID
	sourceID string
	data     vault.DocumentData
	how      string         // for the journal of refusals
	pages    vault.PageList // to take out of the content, a PDF; nil takes all of it
	dryRun   bool           // say what would become of it
	leave    *foundDocument // in move: what is removed in the same change
}

// deposited is what became of an intake.
type deposited struct {
	document vault.DocumentID
	exists   bool // nothing was done: the bytes are there
	replaced bool // it is a new version
}

// errReaders says that the vault's readers changed between sealing and commit.
var errReaders = errors.New("the readers of the vault changed")

// DocumentAdd deposits a document from a stream of any length, which is sealed as it is read. The same bytes in the same
// vault give the document that is there, with status "exists"; the same source id with other bytes gives a new version of
// it. With a list of pages the content is a PDF of which those are deposited. Errors: CodeInvalid, CodePolicy, CodeNoConsent,
// CodeErased, CodeConflict, CodeDiskFull, CodeInterrupted. Nothing is left behind by a deposit that fails.
func (e *Engine) DocumentAdd(ctx context.Context, req api.DocumentAddRequest, content io.Reader) (api.Document, error) {
	if err := e.refuseRevoked(); err != nil {
		return api.Document{}, err
	}
	in, err := e.intakeOf(&req)
	if err != nil {
		e.refusedIntake(ctx, &in, err)
		return api.Document{}, err
	}
	d, err := e.deposit(ctx, &in, req.Size, content)
	if err == nil && d.Status == "exists" {
		d.Differs = e.saidOtherwise(&req, &in, vault.DocumentID(d.ID))
	}
	return d, err
}

// saidOtherwise names what a deposit says otherwise of a document that is there.
func (e *Engine) saidOtherwise(req *api.DocumentAddRequest, in *intake, id vault.DocumentID) []string {
	st, keys, org, err := e.whole(in.vault)
	if err != nil || st.Documents[id] == nil {
		return nil
	}
	d := st.Documents[id]
	out := e.differs(st, keys, org, d, &api.ImportRow{Fields: req.Fields}, in)
	if in.space != d.Space {
		out = append(out, "space")
	}
	return out
}

// intakeOf checks a deposit against the vault that it is for, before its content is looked at. Of an intake that is
// refused the vault is set, once it is known.
func (e *Engine) intakeOf(req *api.DocumentAddRequest) (intake, error) {
	id, err := e.resolveID(req.Beneficiary)
	if err != nil {
		return intake{}, err
	}
	st, _, org, err := e.load(id)
	if err != nil {
		return intake{}, err
	}
	return e.intakeInto(st, org, req)
}

// intakeInto is intakeOf for a vault that was found.
func (e *Engine) intakeInto(st *vault.State, org *vault.Org, req *api.DocumentAddRequest) (intake, error) {
	in := intake{vault: st.ID, space: vault.Shared, how: "deposit", dryRun: req.DryRun}
	if req.Private {
		in.space = vault.Private
	}
	var err error
	if in.batch, err = parseBatch(req.Batch); err != nil {
		return in, err
	}
	if err := mayTake(st, org, in.space); err != nil {
		return in, err
	}
	if err := e.say(&in, &req.Fields, &vault.Document{}, st, req.FileName); err != nil {
		return in, err
	}
	if err := in.takePages(req.Split); err != nil {
		return in, err
	}
	in.sourceID = or(in.data.SourceID, "")
	return in, e.aim(&in, st)
}

// refusedIntake journals the refusal of a deposit by consent or policy.
func (e *Engine) refusedIntake(ctx context.Context, in *intake, err error) {
	switch code := vault.CodeOf(err); code {
	case vault.CodeNoConsent, vault.CodePolicy, vault.CodeErased:
		if in.vault != "" {
			e.refused(ctx, in.vault, in.document, in.how, code)
		}
	}
}

func parseBatch(s string) (vault.BatchID, error) {
	if s == "" {
		return "", nil
	}
	id, err := vault.ParseID('i', s)
	if err != nil {
		return "", vault.Errorf(vault.CodeInvalid, "not the id of a batch")
	}
	return vault.BatchID(id), nil
}

// say fills in what the entry tells beside what the content will tell.
func (e *Engine) say(in *intake, f *api.DocumentFields, old *vault.Document, st *vault.State, fileName string) error {
	if old.ID == "" && f.Type == nil {
		return vault.Errorf(vault.CodeInvalid, "a document needs a type: see `vaultctl type list`")
	}
	var err error
	if in.data, err = e.documentData(f, old, st.Person.Born, true); err != nil {
		return err
	}
	if old.ID == "" { // a new version by source id keeps no dates of the old one
		none, noPeriod := vault.Date(""), ""
		in.data.IssuedOn, in.data.ExpiresOn = first(in.data.IssuedOn, &none), first(in.data.ExpiresOn, &none)
		in.data.Period = first(in.data.Period, &noPeriod)
	}
	none := 0 // of what the version before was, nothing is known of this one
	in.data.PageCount = first(in.data.PageCount, &none)
	in.data.Width, in.data.Height = first(in.data.Width, &none), first(in.data.Height, &none)
	if in.data.ReceivedOn == nil {
		today := e.today()
		in.data.ReceivedOn = &today
	}
	if name := fileBase(fileName); name != "" {
		in.data.FileName = &name
	}
	return nil
}

// first returns p, or other for nil.
func first[T any](p, other *T) *T {
	if p == nil {
		return other
	}
	return p
}

// admits returns why a vault takes no document into a space, or nil.
func admits(st *vault.State, space vault.Space) error {
	switch {
	case st.Erased != nil:
		return vault.Errorf(vault.CodeErased, "the vault was erased")
	case st.ReadOnly:
		return vault.Errorf(vault.CodeUpgrade, "the vault was changed by a newer version: upgrade")
	case st.Closed != nil:
		return api.WithHint(vault.Errorf(vault.CodeNoConsent, "the vault is closed"), "`vaultctl beneficiary reopen` opens it again")
	case len(st.ActiveTeams()) == 0:
		return vault.Errorf(vault.CodeNoConsent, "no consent to this vault is in force")
	case st.Card() == nil && space == vault.Private:
		return errNoCard()
	case st.Card() == nil && st.NoRecovery:
		return needsCard(vault.Errorf(vault.CodePolicy, "the person declined recovery and has no card: their documents would be lost with the last consent"))
	}
	return nil
}

// errNoCard refuses a private document of somebody without a card.
func errNoCard() error {
	return needsCard(vault.Errorf(vault.CodePolicy, "a private document is sealed to the person's card, and none was issued"))
}

func needsCard(err error) error {
	return api.WithHint(err, "issue a card first: `vaultctl card issue`")
}

// mayTake is admits, and that somebody will be able to open the document.
func mayTake(st *vault.State, org *vault.Org, space vault.Space) error {
	if err := admits(st, space); err != nil {
		return err
	}
	if len(st.Readers(org, space)) == 0 {
		return needsCard(vault.Errorf(vault.CodePolicy, "nobody would be able to open the document"))
	}
	return nil
}

// admitted is mayTake with the refusal journalled.
func (e *Engine) admitted(ctx context.Context, st *vault.State, org *vault.Org, space vault.Space, doc vault.DocumentID, how string) error {
	if err := e.refuseRevoked(); err != nil {
		return err
	}
	err := mayTake(st, org, space)
	if err != nil {
		e.refused(ctx, st.ID, doc, how, vault.CodeOf(err))
	}
	return err
}

// refusedClosed is the code in the journal of a deposit into a closed vault, which consent has nothing to do with.
const refusedClosed vault.Code = "closed"

// refused journals a refused attempt. That the journal cannot take it changes nothing for the caller.
func (e *Engine) refused(ctx context.Context, id vault.BeneficiaryID, doc vault.DocumentID, how string, code vault.Code) {
	err := e.commit(context.WithoutCancel(ctx), func(t *tx) error {
		st, err := t.state(id)
		if err == nil && how == "deposit" && code == vault.CodeNoConsent && st.Closed != nil {
			code = refusedClosed
		}
		return errors.Join(err, t.emit(vault.AccessRefused, id, vault.AccessBody{Document: doc, How: how, Code: code}))
	})
	if err != nil {
		e.log.Info("journal a refusal", "code", vault.CodeOf(err))
	}
}

// deposit seals the content for the vault's readers and commits it.
func (e *Engine) deposit(ctx context.Context, in *intake, size int64, src io.Reader) (api.Document, error) {
	c, readers, err := e.sealIntake(ctx, in, size, src)
	if err != nil {
		return api.Document{}, err
	}
	if in.dryRun {
		return e.foresee(in, c)
	}
	out, err := e.settle(ctx, in, c, readers)
	if err != nil {
		return api.Document{}, err
	}
	return e.answer(out, in)
}

// sealIntake seals the content, or its pages that are wanted, for the vault's readers, and completes what is said of it.
func (e *Engine) sealIntake(ctx context.Context, in *intake, size int64, src io.Reader) (*sealedContent, []vault.Reader, error) {
	st, keys, org, err := e.load(in.vault)
	if err != nil {
		return nil, nil, err
	}
	if keys.refsKey == nil { // without it nobody would recognize the document
		return nil, nil, vault.Errorf(vault.CodePolicy, "this workstation deposits nothing: its role is auditor")
	}
	readers := st.Readers(org, in.space)
	rcps, err := recipients(org, st, readers)
	if err != nil {
		return nil, nil, err
	}
	if in.pages != nil {
		piece, pages, err := e.splitContent(ctx, sized(src, size), in.pages.String())
		if err != nil {
			return nil, nil, err
		}
		in.data.PageCount, in.data.Width, in.data.Height = &pages, new(int), new(int)
		defer piece.Close()
		src, size = piece, -1
	}
	c, err := e.sealContent(ctx, src, size, rcps)
	if err != nil {
		return nil, nil, err
	}
	e.step(StepSpooled)
	in.data.Size, in.data.Digest, in.data.MediaType = &c.size, &c.digest, &c.media
	return c, readers, nil
}

// settle commits sealed content, unless the vault holds the same bytes already.
func (e *Engine) settle(ctx context.Context, in *intake, c *sealedContent, readers []vault.Reader) (deposited, error) {
	st, keys, _, err := e.load(in.vault)
	if err != nil {
		_ = c.file.Discard()
		return deposited{}, err
	}
	// The commit looks again; looking first spares what exists already an fsync.
	if d, same, err := in.match(e.Store.Get, keys.refsKey, st, c.digest); err != nil || same {
		_ = c.file.Discard()
		if err != nil {
			return deposited{}, err
		}
		return deposited{document: d.ID, exists: true}, nil
	}
	return e.place(ctx, in, c.file, readers)
}

// place stages a sealed file and commits it, sealing it again as often as the vault's readers change in between.
func (e *Engine) place(ctx context.Context, in *intake, f SpoolFile, readers []vault.Reader) (deposited, error) {
	for {
		obj := vault.Object{Path: vault.DocumentPath(e.self().Writer, vault.NewObjectName()), Size: f.Size(), Hash: f.Sum(), Readers: readers}
		if err := e.staging.stage(e.Spool, Staged{f, obj.Path}); err != nil {
			return deposited{}, fmt.Errorf("stage document: %w", err)
		}
		e.step(StepStaged)
		out, err := e.commitDeposit(ctx, in, obj)
		if !errors.Is(err, errReaders) {
			return out, err
		}
		f, readers, err = e.sealAgain(ctx, in, obj)
		if rerr := e.Spool.Remove(obj.Path); rerr != nil {
			e.log.Warn("remove local object", "code", vault.CodeOf(rerr))
		}
		if err != nil {
			return deposited{}, err
		}
	}
}

// sealAgain seals a staged object for the readers that the vault has now. A device that cannot read what it has just
// sealed needs the content once more from its owner.
func (e *Engine) sealAgain(ctx context.Context, in *intake, obj vault.Object) (SpoolFile, []vault.Reader, error) {
	st, keys, org, err := e.load(in.vault)
	if err != nil {
		return nil, nil, err
	}
	if err := e.admitted(ctx, st, org, in.space, in.document, in.how); err != nil {
		return nil, nil, err
	}
	if !keys.reads(obj.Readers) {
		return nil, nil, vault.Errorf(vault.CodeConflict, "the readers of the vault changed during the deposit: try again")
	}
	readers := st.Readers(org, in.space)
	rcps, err := recipients(org, st, readers)
	if err != nil {
		return nil, nil, err
	}
	src, err := e.openDocument(ctx, keys, nil, &vault.Document{Object: obj, Digest: *in.data.Digest})
	if err != nil {
		return nil, nil, err
	}
	defer src.Close()
	f, err := e.sealFile(src, rcps)
	return f, readers, err
}

// commitDeposit records a staged object. What the journal does not hold in the end is removed from the spool, except for
// errReaders.
func (e *Engine) commitDeposit(ctx context.Context, in *intake, obj vault.Object) (out deposited, err error) {
	err = e.commit(ctx, func(t *tx) error {
		st, err := t.state(in.vault)
		if err != nil {
			return err
		}
		if err := admits(st, in.space); err != nil {
			return err
		}
		d, same, err := in.match(t.ov.get, t.ov.keys.refsKey, st, *in.data.Digest)
		if err != nil {
			return err
		}
		if same {
			out = deposited{document: d.ID, exists: true}
			return nil
		}
		if d != nil && (d.Space != in.space || in.leave != nil) {
			return vault.Errorf(vault.CodeConflict, "the document changed during the deposit: try again")
		}
		if !vault.SameReaders(st.Readers(t.org(), in.space), obj.Readers) {
			return errReaders
		}
		if out, err = e.depositedAs(d); err != nil {
			return err
		}
		if err := t.deposit(in, out.document, out.replaced, obj); err != nil || in.leave == nil {
			return err
		}
		return t.leave(in.leave)
	})
	switch {
	case errors.Is(err, errReaders), isLogged(err):
	case err != nil || out.exists:
		if rerr := e.Spool.Remove(obj.Path); rerr != nil {
			e.log.Warn("remove local object", "code", vault.CodeOf(rerr))
		}
		e.refusedIntake(ctx, in, err)
	case out.replaced:
		e.dropUnpushed(in.vault)
	}
	return out, err
}

// isLogged reports whether a failed change is in the log all the same.
func isLogged(err error) bool {
	var l *loggedError
	return errors.As(err, &l)
}

// deposit emits the events of an intake.
func (t *tx) deposit(in *intake, id vault.DocumentID, replaced bool, obj vault.Object) error {
	typ := vault.DocumentDeposited
	if replaced {
		typ = vault.DocumentReplaced
	}
	c := classShared
	if in.space == vault.Private {
		c = classPrivate
	}
	data := in.data
	data.Document = id
	t.enqueue(obj)
	err := t.emit(typ, in.vault, vault.DepositBody{Document: id, Space: in.space, Object: obj, Batch: in.batch},
		entry(c, vault.EntryDocument, data), entry(classIntake, vault.EntryDigest, t.digest(in.vault, id, *data.Digest, in.sourceID)))
	if err != nil || !replaced {
		return err
	}
	return t.bury(in.vault)
}

// digest returns the keyed digests of a document, by which it is recognized without being read.
func (t *tx) digest(v vault.BeneficiaryID, id vault.DocumentID, digest vault.Hash, sourceID string) vault.DigestData {
	key := t.ov.keys.refsKey
	d := vault.DigestData{Document: id, Value: digestValue(key, v, digest)}
	if sourceID != "" {
		d.SourceID = sourceValue(key, v, sourceID)
	}
	return d
}

// answer shows what became of an intake. Who deposits sees what they said, whether or not they can read it.
func (e *Engine) answer(out deposited, in *intake) (api.Document, error) {
	st, keys, org, err := e.load(in.vault)
	if err != nil {
		return api.Document{}, err
	}
	d := st.Documents[out.document]
	if d == nil {
		return api.Document{}, vault.Errorf(vault.CodeErased, "the document was removed")
	}
	v := e.documentView(st, d, org, keys)
	v.Status = "exists"
	if !out.exists {
		v.Status = "deposited"
		told := *d
		told.Update(&in.data)
		e.describe(&v, &told)
	}
	return v, nil
}
