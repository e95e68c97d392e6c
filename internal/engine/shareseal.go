package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"vaultctl/internal/vault"
)

// seal seals the evidence to the vault's readers and the copies to the recipient, and makes all of it durable.
func (s *sharing) seal(ctx context.Context, parts Parts) error {
	e := s.e
	id, err := e.newShareID()
	if err != nil {
		return err
	}
	s.body = vault.ShareBody{Share: id, Partner: s.to.partner, Team: s.to.team, Purpose: s.terms.purpose, Until: s.terms.until}
	s.data = vault.ShareData{Share: id, Recipient: s.to.name, Key: s.to.kind, Procedure: s.req.Procedure}
	if err := s.prove(ctx, parts); err != nil {
		return err
	}
	if s.to.kind == keyPassphrase {
		s.secret = e.Words.Passphrase()
	}
	cover := vault.ShareCover{V: 1, Type: "share", Share: id, Organization: s.org.Name, Person: s.st.Person.DisplayName(), Recipient: s.to.name,
		Purpose: s.terms.purpose, Shared: s.sharedOn(), Until: s.terms.until, By: s.org.AgentName(e.ident.Agent)}
	var sealed []SpoolFile
	for i, d := range s.docs {
		name := fmt.Sprintf("%s-%d.%s", id, i+1, extensionOf(d))
		f, err := s.sealDocument(ctx, d)
		if err != nil {
			discardFiles(sealed)
			return err
		}
		sealed = append(sealed, f)
		s.body.Documents = append(s.body.Documents, vault.ShareCopy{Document: d.ID, Object: s.object(f)})
		s.data.Pieces = append(s.data.Pieces, pieceOf(d, name))
		cover.Pieces = append(cover.Pieces, fullPiece(d, name))
	}
	text, err := json.MarshalIndent(&cover, "", "  ")
	if err != nil {
		discardFiles(sealed)
		return err
	}
	f, err := s.sealCopy(ctx, bytes.NewReader(append(text, '\n')))
	if err != nil {
		discardFiles(sealed)
		return err
	}
	s.body.Cover = s.object(f)
	return s.stage(append(sealed, f))
}

// prove makes the record of the person's agreement and seals its evidence to the vault's readers.
func (s *sharing) prove(ctx context.Context, parts Parts) error {
	e := s.e
	g := &given{body: vault.ConsentBody{Consent: vault.ConsentID(s.body.Share), Purpose: s.terms.purpose, Until: s.terms.until}}
	readers := s.st.Readers(s.org, vault.Shared)
	rcps, err := recipients(s.org, s.st, readers)
	if err != nil {
		return err
	}
	files, err := e.sealProofs(ctx, s.terms, parts, rcps)
	if err == nil {
		err = e.stageProofs(g, files, readers)
	}
	if err != nil {
		for _, f := range files {
			_ = f.content.file.Discard()
		}
		return err
	}
	s.proof = g
	if err := e.fillRecord(g, s.org, s.st, s.terms); err != nil {
		return err
	}
	l := s.terms.notice
	g.record.RecipientThirdParty = []string{s.to.name}
	g.record.RetentionPeriod = l.T("until %s, then the copies are deleted; what was handed out before stays with the recipient", l.Date(s.terms.until.Time()))
	if s.card != nil {
		g.record.Assurance = "card-signed"
	}
	s.body.Evidence, s.data.Agreement = g.body.EvidenceDoc, g.record
	return nil
}

// sealDocument seals a document, checked against the digest of its deposit, to the recipient.
func (s *sharing) sealDocument(ctx context.Context, d *vault.Document) (SpoolFile, error) {
	src, err := s.e.openDocument(ctx, s.keys, s.card.identities(), d)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return s.sealCopy(ctx, src)
}

// sealCopy seals what src gives to the recipient, in a spool file that the caller stages or discards.
func (s *sharing) sealCopy(ctx context.Context, src io.Reader) (SpoolFile, error) {
	f, err := s.e.Spool.Create()
	if err != nil {
		return nil, err
	}
	var wc io.WriteCloser
	if s.secret != "" {
		wc, err = s.e.Sealer.SealPassphrase(f, s.secret)
	} else {
		wc, err = s.e.Sealer.Seal(f, []string{s.to.key})
	}
	if err == nil {
		_, err = pipe(ctx, wc, src, nil, -1)
	}
	if err == nil {
		err = wc.Close()
	}
	if err != nil {
		_ = f.Discard()
		return nil, fmt.Errorf("seal copy: %w", err)
	}
	return f, nil
}

// object declares a sealed copy.
func (s *sharing) object(f SpoolFile) vault.Object {
	return vault.Object{Path: vault.SharePath(s.e.self().Writer, s.body.Share, vault.NewObjectName()), Size: f.Size(), Hash: f.Sum(),
		Readers: []vault.Reader{s.to.reader}}
}

// stage makes the copies durable, in the order of the body's objects.
func (s *sharing) stage(sealed []SpoolFile) error {
	objects := s.body.Objects()
	files := make([]Staged, len(sealed))
	for i, f := range sealed {
		files[i] = Staged{f, objects[i].Path}
	}
	if err := s.e.Spool.Stage(files); err != nil {
		discardFiles(sealed)
		return fmt.Errorf("stage copies: %w", err)
	}
	s.files = files
	s.e.step(StepStaged)
	return nil
}

func discardFiles(files []SpoolFile) {
	for _, f := range files {
		_ = f.Discard()
	}
}
