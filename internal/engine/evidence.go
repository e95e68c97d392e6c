package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// evidenceType is the type of consent evidence and mandates. They are documents of the vault that lists leave out.
const evidenceType = "consent-evidence"

// given is a consent ready to be recorded, its evidence durable in the spool.
type given struct {
	body   vault.ConsentBody
	record vault.ConsentRecord
	proofs []proof
}

// proof is a sealed piece of evidence.
type proof struct {
	deposit vault.DepositBody
	data    vault.DocumentData
}

// prepareConsent makes the record of a consent and seals its evidence to the readers that the vault will have with it.
func (e *Engine) prepareConsent(ctx context.Context, org *vault.Org, st *vault.State, t *terms, parts Parts) (*given, error) {
	id, err := e.newConsentID()
	if err != nil {
		return nil, err
	}
	g := &given{body: vault.ConsentBody{Consent: id, Team: t.team, Purpose: t.purpose, Until: t.until}}
	future := *st
	future.Consents = append([]*vault.Consent{{ConsentBody: g.body}}, st.Consents...)
	readers := future.Readers(org, vault.Shared)
	rcps, err := recipients(org, &future, readers)
	if err != nil {
		return nil, err
	}
	files, err := e.sealProofs(ctx, t, parts, rcps)
	if err == nil {
		err = e.stageProofs(g, files, readers)
	}
	if err != nil {
		for _, f := range files {
			_ = f.content.file.Discard()
		}
		return nil, err
	}
	if err := e.fillRecord(g, org, st, t); err != nil {
		g.discard(e, err)
		return nil, err
	}
	return g, nil
}

type sealedProof struct {
	part, name string
	content    *sealedContent
}

// sealProofs seals the evidence and the mandate of an upload, which come in any order. What the terms announce must
// come, and nothing else.
func (e *Engine) sealProofs(ctx context.Context, t *terms, parts Parts, rcps []string) ([]sealedProof, error) {
	want := map[string]string{}
	if t.evidence != "" {
		want[api.PartEvidence] = t.evidence
	}
	if t.mandate != "" {
		want[api.PartMandate] = t.mandate
	}
	var out []sealedProof
	for {
		part, src, err := parts.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, err
		}
		name, ok := want[part]
		if !ok {
			return out, vault.Errorf(vault.CodeUsage, "the upload has a part that the consent does not announce")
		}
		delete(want, part)
		c, err := e.sealContent(ctx, src, -1, rcps)
		if err != nil {
			return out, err
		}
		out = append(out, sealedProof{part, name, c})
	}
	if len(want) > 0 {
		return out, vault.Errorf(vault.CodeUsage, "the upload lacks the evidence or mandate that the consent announces")
	}
	return out, nil
}

// stageProofs makes sealed proofs durable and adds them to the consent.
func (e *Engine) stageProofs(g *given, files []sealedProof, readers []vault.Reader) error {
	staged := make([]Staged, len(files))
	for i, f := range files {
		doc, err := e.newDocumentID()
		if err != nil {
			return err
		}
		path := vault.DocumentPath(e.ident.Writer, vault.NewObjectName())
		c, today, typ, seen := f.content, e.today(), evidenceType, true
		name := vault.MaskNIR(fileBase(f.name))
		staged[i] = Staged{c.file, path}
		g.proofs = append(g.proofs, proof{
			deposit: vault.DepositBody{Document: doc, Space: vault.Shared, Evidence: g.body.Consent,
				Object: vault.Object{Path: path, Size: c.file.Size(), Hash: c.file.Sum(), Readers: readers}},
			data: vault.DocumentData{Document: doc, Type: &typ, FileName: &name, MediaType: &c.media, Size: &c.size, Digest: &c.digest,
				ReceivedOn: &today, OriginalSeen: &seen},
		})
		if f.part == api.PartEvidence {
			g.body.Evidence, g.body.EvidenceDoc, g.record.Evidence = true, doc, doc
		} else {
			g.record.MandateDoc = doc
		}
	}
	if len(staged) == 0 {
		return nil
	}
	if err := e.Spool.Stage(staged); err != nil {
		return fmt.Errorf("stage evidence: %w", err)
	}
	return nil
}

// fillRecord fills in the ISO/IEC TS 27560 record.
func (e *Engine) fillRecord(g *given, org *vault.Org, st *vault.State, t *terms) error {
	text, version, err := e.Paper.NoticeText(t.notice, noticeOf(org))
	if err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	r := &g.record
	r.SchemaVersion, r.RecordID, r.PrincipalID = "ISO/IEC TS 27560:2023", g.body.Consent, st.ID
	r.PrivacyNotice, r.Language, r.NoticeHash = version, t.notice.String(), vault.HashOf([]byte(text))
	r.Purpose, r.Controllers, r.RecipientThirdParty = t.purpose, []string{org.Name}, []string{}
	r.CollectionMethod = "verbal"
	if g.body.Evidence {
		r.CollectionMethod = "written"
	}
	for _, m := range e.mounted() {
		r.StorageLocations = append(r.StorageLocations, e.Remotes.Redact(m.spec))
	}
	r.RetentionPeriod = t.notice.T("until the person withdraws consent or asks for erasure")
	r.WithdrawalMethod = t.notice.T("say it to any agent, at any time, without giving a reason")
	r.Jurisdiction = e.Settings.Jurisdiction()
	if r.CollectedBy = t.collectedBy; r.CollectedBy == "" {
		r.CollectedBy = org.AgentName(e.ident.Agent)
	}
	r.GivenBy, r.Representative, r.Interpreter, r.ReadAloud = t.givenBy, t.representative, t.interpreter, t.readAloud
	r.Assurance, r.Recovery = "attested", !st.NoRecovery && org.CurrentRecovery() != nil
	r.Events = []vault.ConsentEvent{{EventTime: givenAt(t.on, e.Now()), EventType: "explicit", EventState: "given",
		EntityID: string(e.ident.Agent), ValidityDuration: string(t.until)}}
	return nil
}

// emit records the consent, then its evidence: a deposit is justified by consents that were given before it.
func (g *given) emit(t *tx, id vault.BeneficiaryID, cosign func(*vault.Event)) error {
	if err := t.emitCosigned(vault.ConsentGiven, id, g.body, cosign, entry(classShared, vault.EntryConsent, g.record)); err != nil {
		return err
	}
	return g.emitProofs(t, id)
}

// emitProofs deposits the evidence.
func (g *given) emitProofs(t *tx, id vault.BeneficiaryID) error {
	for i := range g.proofs {
		p := &g.proofs[i]
		t.enqueue(p.deposit.Object)
		if err := t.emit(vault.DocumentDeposited, id, p.deposit, entry(classShared, vault.EntryDocument, p.data)); err != nil {
			return err
		}
	}
	return nil
}

// discard removes what a consent that was refused left in the spool. A change that reached the log stands.
func (g *given) discard(e *Engine, cause error) {
	var logged *loggedError
	if errors.As(cause, &logged) {
		return
	}
	for _, p := range g.proofs {
		if err := e.Spool.Remove(p.deposit.Object.Path); err != nil {
			e.log.Warn("remove refused evidence", "code", vault.CodeOf(err))
		}
	}
}

// noticeOf is what the organization's notice is filled in with.
func noticeOf(org *vault.Org) NoticeText {
	n := NoticeText{Org: org.Name}
	if rec := org.CurrentRecovery(); rec != nil {
		n.Holders, n.Need, n.Of = rec.Holders, rec.Need, rec.Of
	}
	return n
}

// ConsentNotice returns the notice that a person is given before they consent, exactly as consents commit to it. Errors
// have CodeInvalid for a language that it does not exist in.
func (e *Engine) ConsentNotice(_ context.Context, req api.NoticeRequest) (api.Notice, error) {
	_, org, err := e.ready()
	if err != nil {
		return api.Notice{}, err
	}
	l, ok := lang.Parse(req.Language)
	if req.Language == "" {
		l, ok = lang.French, true
	}
	if !ok {
		return api.Notice{}, errNoticeLanguage()
	}
	return e.notice(l, noticeOf(org), req.PDF)
}

func errNoticeLanguage() error {
	return api.WithHint(
		vault.Errorf(vault.CodeInvalid, "the notice exists in fr and en; for another language, have it interpreted and say by whom"),
		"this is the language of the notice that was read, `--language`; that of the person is `--lang` of `vaultctl beneficiary add`, and who interpreted is `--interpreter`")
}
