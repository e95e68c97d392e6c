package engine

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// recovery reads a remote with nothing but a secret.
type recovery struct {
	e        *Engine
	remote   Remote
	note     *vault.OrgNote
	identity string
	bad      []api.Finding
	skipped  int // documents that the secret does not open
	there    map[string]bool
	replaced bool // the secret is a card that another one has replaced
	earlier  int  // documents of the card's person that stayed with an earlier card
}

// Recover writes as a tar stream what a secret opens on a remote: everything that recovery reads, or with a card the
// documents of its person. Nothing of this home is used. Documents are the latest versions, each checked against the
// digest of its deposit; what is altered or missing is left out, listed in the README, and makes the call end with
// CodePartial after everything else was written. Errors: CodeNoIdentity for a secret that opens nothing.
func (e *Engine) Recover(ctx context.Context, req api.RecoverRequest, begin func(api.Empty) (io.Writer, error)) error {
	if req.Remote == "" || len(req.Secrets) == 0 {
		return vault.Errorf(vault.CodeUsage, "a remote and a secret are needed: recovery shares, the recovery key, or a card")
	}
	remote, err := e.openForReading(ctx, req)
	if err != nil {
		return err
	}
	raw, err := readSource(ctx, remote.Get, vault.OrgNotePath, 8<<10)
	if err != nil && vault.CodeOf(err) != vault.CodeNotFound {
		return err
	}
	note, err := vault.ParseOrgNote(raw)
	if err != nil {
		return err
	}
	seed, err := e.recoverySeed(req.Secrets)
	if err != nil {
		return err
	}
	defer clear(seed)
	card, err := e.newCardKey(seed)
	if err != nil {
		return err
	}
	r := &recovery{e: e, remote: remote, note: note, identity: card.identity, there: map[string]bool{}}
	people, err := r.find(ctx, card.locator)
	if err != nil {
		return err
	}
	w, err := begin(api.Empty{})
	if err != nil {
		return err
	}
	return r.write(ctx, w, people)
}

// openForReading opens the remote without changing what the home is configured with.
func (e *Engine) openForReading(ctx context.Context, req api.RecoverRequest) (Remote, error) {
	conf, err := e.Remotes.Import(req.Conf, req.Remote)
	if err != nil {
		return nil, err
	}
	if e.self().Device == "" {
		if err := e.Remotes.SetConfig(conf, func([]byte) error { return nil }); err != nil {
			return nil, err
		}
	}
	return e.Remotes.Open(ctx, req.Remote)
}

// recovered is one person's part of what was found.
type recovered struct {
	id        vault.BeneficiaryID
	person    vault.Person
	consents  []vault.ConsentRecord
	documents []*vault.Document
}

// find returns the people whose documents the secret opens: those that recovery reads, or the card's.
func (r *recovery) find(ctx context.Context, locator string) ([]*recovered, error) {
	var manifests []string
	var writers []vault.WriterID
	err := r.remote.List(ctx, "v1/w", func(o ObjectInfo) error {
		r.there[o.Path] = true
		if strings.Contains(o.Path, "/p/"+locator+"/") {
			manifests = append(manifests, o.Path)
		}
		if strings.HasSuffix(o.Path, "/j/0/0.seg") {
			writers = append(writers, vault.PathWriter(o.Path))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(manifests) > 0 {
		return r.byCard(ctx, manifests)
	}
	if err := r.e.checkRecovery(ctx, r.remote, r.note, r.identity); err != nil {
		if vault.CodeOf(err) != vault.CodeNoIdentity {
			return nil, err
		}
		people, err := r.byTrying(ctx)
		if err == nil && len(people) == 0 {
			err = api.WithHint(vault.Errorf(vault.CodeNoIdentity, "this secret opens nothing on the remote: it is neither its recovery key nor a card with documents there"),
				"a card that was replaced opens nothing any more of what was shared: take the newer one")
		}
		return people, err
	}
	return r.byRecovery(ctx, writers)
}

// byCard reads the youngest manifest of the card.
func (r *recovery) byCard(ctx context.Context, paths []string) ([]*recovered, error) {
	slices.SortFunc(paths, func(a, b string) int { return cmp.Compare(manifestNumber(b), manifestNumber(a)) })
	for _, path := range paths {
		raw, err := readSource(ctx, r.remote.Get, path, vault.MaxSegment)
		if vault.CodeOf(err) == vault.CodeUnreachable {
			return nil, err
		}
		var m *personManifest
		if err == nil {
			m, err = r.openManifest(raw, path)
		}
		if err != nil {
			r.bad = append(r.bad, findingOf(severeError, foundAltered, path))
			continue
		}
		p, err := r.fromManifest(ctx, m)
		if err == nil {
			err = r.catchUp(ctx, p)
		}
		return []*recovered{p}, err
	}
	return nil, vault.Errorf(vault.CodeIntegrity, "every manifest of this card was altered")
}

func (r *recovery) openManifest(raw []byte, path string) (*personManifest, error) {
	plain, err := r.e.Sealer.Open(bytes.NewReader(raw), []string{r.identity})
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(plain, vault.MaxSegment))
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(text, vault.PathWriter(path))
	if err == nil && m.Organization != r.note.Org {
		err = vault.Errorf(vault.CodeForeign, "manifest: another organization's")
	}
	return m, err
}

// fromManifest reads the descriptions of private documents besides, which only the card opens.
func (r *recovery) fromManifest(ctx context.Context, m *personManifest) (*recovered, error) {
	private := map[vault.DocumentID][]*vault.DocumentData{}
	for _, o := range m.Notes {
		raw, err := readSource(ctx, r.remote.Get, o.Path, vault.MaxSegment)
		if vault.CodeOf(err) == vault.CodeUnreachable {
			return nil, err
		}
		var lines map[vault.Hash][]byte
		if err == nil && objecthash.Of(raw) == o.Hash {
			var plain io.Reader
			if plain, err = r.e.Sealer.Open(bytes.NewReader(raw), []string{r.identity}); err == nil {
				lines, err = parseNote(plain)
			}
		}
		if vault.CodeOf(err) == vault.CodeNoIdentity { // of documents that stayed with an earlier card
			continue
		}
		if err != nil || lines == nil {
			r.bad = append(r.bad, findingOf(severeError, foundAltered, o.Path))
			continue
		}
		manifestEntries(lines, private)
	}
	out := &recovered{id: m.Beneficiary, person: m.Person, consents: m.Consents}
	for _, d := range m.Documents {
		doc := &vault.Document{ID: d.ID, Space: d.Space, Object: d.Object, Deposited: d.Deposited, Evidence: d.Evidence}
		if d.Description != nil {
			doc.Update(d.Description)
		}
		for _, data := range private[d.ID] {
			doc.Update(data)
		}
		out.documents = append(out.documents, doc)
	}
	return out, nil
}

// byRecovery folds the whole organization in memory.
func (r *recovery) byRecovery(ctx context.Context, writers []vault.WriterID) ([]*recovered, error) {
	org := vault.NewOrg(r.note.Org, rootText(r.note))
	org.First = r.note.First.Device()
	ov := newOverlay(memoryStore{}, org, &keyring{recovery: r.identity, epochs: map[vault.EpochID]string{}})
	later, err := r.e.recoveryParcels(ctx, r.remote, r.identity)
	if err != nil {
		return nil, err
	}
	if err := ov.keys.borrow(later, r.e.Sealer); err != nil {
		return nil, err
	}
	p := newPuller(r.e.Sealer, r.remote.Get, "", org, ov.keys, nil)
	p.first, p.trusting = r.note.First, true
	p.know(r.note.First)
	p.know(writers...)
	for {
		segs, err := p.round(ctx, 1<<20)
		if err != nil {
			return nil, err
		}
		if len(segs) == 0 {
			break
		}
		if err := ov.takeSegments(r.e, segs); err != nil {
			return nil, err
		}
		p.org = ov.org
		p.again()
	}
	if err := p.failure(); err != nil {
		return nil, err
	}
	if err := r.readNotes(ctx, ov, p); err != nil {
		return nil, err
	}
	for _, f := range p.findings {
		f.Subject = strings.TrimPrefix(f.Subject, ":")
		r.bad = append(r.bad, f)
	}
	return r.collect(ov)
}

func (r *recovery) readNotes(ctx context.Context, ov *overlay, p *puller) error {
	p.keys = ov.keys
	want, err := ov.wantedNotes()
	if err != nil {
		return err
	}
	for _, n := range want {
		lines, code, err := p.note(ctx, ov.keys, n.body)
		if err != nil {
			return err
		}
		if code != "" {
			p.find(severeError, code, n.body.Object.Path)
		}
		n.lines = lines
	}
	return ov.keepNotes(want)
}

func (r *recovery) collect(ov *overlay) ([]*recovered, error) {
	var out []*recovered
	for id := range ov.touched {
		st, err := ov.state(id)
		if err != nil {
			return nil, err
		}
		if st.Erased != nil || st.OpenedBy == "" {
			continue
		}
		p := &recovered{id: id, person: st.Person}
		for _, c := range st.Consents {
			if c.Record != nil {
				p.consents = append(p.consents, *c.Record)
			}
		}
		for _, d := range st.Documents {
			switch {
			case d.Removed != nil:
			case !ov.keys.reads(d.Object.Readers):
				r.skipped++
			default:
				p.documents = append(p.documents, d)
			}
		}
		if len(p.documents) > 0 || ov.keys.reads(st.Readers(ov.org, vault.Shared)) {
			out = append(out, p)
		}
	}
	return out, nil
}

// write writes the archive: every person's folder, then the README, which knows what was wrong.
func (r *recovery) write(ctx context.Context, w io.Writer, people []*recovered) error {
	slices.SortFunc(people, func(a, b *recovered) int { return strings.Compare(string(a.id), string(b.id)) })
	t := tar.NewWriter(w)
	for _, p := range people {
		slices.SortFunc(p.documents, func(a, b *vault.Document) int { return strings.Compare(string(a.ID), string(b.ID)) })
		if err := r.person(ctx, t, p); err != nil {
			return err
		}
	}
	if err := r.file(t, "README.txt", []byte(r.readme(people))); err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	if len(r.bad) == 1 {
		return api.WithHint(vault.Errorf(vault.CodePartial, "1 object is altered or missing on the remote and was left out"), "README.txt names it")
	}
	if len(r.bad) > 0 {
		return api.WithHint(vault.Errorf(vault.CodePartial, "%d objects are altered or missing on the remote and were left out", len(r.bad)),
			"README.txt lists them")
	}
	if r.replaced {
		return api.WithHint(vault.Errorf(vault.CodeNoIdentity, "this card was replaced: it opens only what stayed with it"),
			"what the person shares is sealed to the newer card: recover with that one as well")
	}
	return nil
}

// smallDocument is what is held in memory; larger ones are read twice, so that nothing unchecked is written.
const smallDocument = 16 << 20

// document writes one document once it is known to be whole.
func (r *recovery) document(ctx context.Context, t *tar.Writer, name string, d *vault.Document) (recoveredFile, error) {
	f := recoveredFile{ID: d.ID, Path: name, Space: d.Space, Evidence: d.Evidence, Description: descriptionOf(d)}
	var buf bytes.Buffer
	sum := newSum()
	n, err := r.decrypt(ctx, d, io.MultiWriter(sum, &limitedBuffer{&buf, smallDocument}))
	if code := vault.CodeOf(err); code == vault.CodeUnreachable || ctx.Err() != nil {
		return f, err
	}
	f.Size, f.SHA256 = n, sumOf(sum)
	if d.Space == vault.Private && vault.CodeOf(err) == vault.CodeNoIdentity {
		r.earlier++
		f.Size, f.SHA256, f.Error = 0, "", "earlier_card"
		return f, nil
	}
	if err != nil || d.Digest != "" && f.SHA256 != d.Digest {
		code := foundAltered
		if vault.CodeOf(err) == vault.CodeNotFound {
			code = foundMissing
		}
		r.bad = append(r.bad, findingOf(severeError, code, d.Object.Path))
		f.Error = code
		return f, nil
	}
	if n <= smallDocument {
		return f, r.file(t, name, buf.Bytes())
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: n, ModTime: d.Deposited.Time()}); err != nil {
		return f, fmt.Errorf("write archive: %w", err)
	}
	_, err = r.decrypt(ctx, d, t)
	return f, err
}

// decrypt writes the plaintext of a document and checks the sealed bytes on the way.
func (r *recovery) decrypt(ctx context.Context, d *vault.Document, w io.Writer) (int64, error) {
	rc, err := r.remote.Get(ctx, d.Object.Path)
	if err != nil {
		return 0, err
	}
	defer rc.Close()
	sealed := checkObject(rc, d.Object.Hash)
	plain, err := r.e.Sealer.Open(sealed, []string{r.identity})
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, plain)
	if err == nil {
		_, err = io.Copy(io.Discard, sealed)
	}
	return n, err
}

func (r *recovery) file(t *tar.Writer, name string, content []byte) error {
	err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: r.e.Now()})
	if err == nil {
		_, err = t.Write(content)
	}
	if err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

// limitedBuffer keeps what fits and drops everything once it does not.
type limitedBuffer struct {
	b   *bytes.Buffer
	max int
}

func (l *limitedBuffer) Write(p []byte) (int, error) {
	if l.max < 0 || l.b.Len()+len(p) > l.max {
		l.b.Reset()
		l.max = -1
		return len(p), nil
	}
	return l.b.Write(p)
}
