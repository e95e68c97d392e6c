package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

func MustPartner(tb testing.TB, r *rig, name, recipient string) api.Partner {
	tb.Helper()
	p, err := r.PartnerAdd(ctxb, api.PartnerAddRequest{Name: name, Recipient: recipient, Contact: "guichet 3"})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// shareOf is a share that is always acceptable.
func shareOf(b, to string, docs ...string) api.ShareAddRequest {
	t := verbal(to)
	t.Until = "+30d"
	return api.ShareAddRequest{Beneficiary: b, Documents: docs, Terms: t, Language: "en"}
}

func MustShare(tb testing.TB, r *rig, req api.ShareAddRequest, parts ...string) api.Share {
	tb.Helper()
	v, err := r.ShareAdd(ctxb, req, uploads(parts...))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// copyOf takes a copy of a share: opened, or as it is.
func (r *rig) copyOf(id, doc string, sealed bool) ([]byte, api.ShareFile, error) {
	var out bytes.Buffer
	var meta api.ShareFile
	err := r.ShareGet(ctxb, api.ShareGetRequest{Share: id, Document: doc, Sealed: sealed}, func(f api.ShareFile) (io.Writer, error) {
		meta = f
		return &out, nil
	})
	return out.Bytes(), meta, err
}

func shares(tb testing.TB, r *rig, req api.ShareListRequest) []api.Share {
	tb.Helper()
	var out []api.Share
	if err := r.ShareList(ctxb, req, func(s api.Share) error { out = append(out, s); return nil }); err != nil {
		tb.Fatal(err)
	}
	return out
}

// classicKey is an X25519 identity, as older partners have.
const classicKey = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"

// opened decrypts with an identity, or with a passphrase.
func opened(tb testing.TB, sealed []byte, secret string) string {
	tb.Helper()
	s := agecrypt.NewWithWorkFactor(10)
	plain, err := s.Open(bytes.NewReader(sealed), []string{secret})
	if !strings.HasPrefix(secret, "AGE-SECRET-KEY-") {
		plain, err = s.OpenPassphrase(bytes.NewReader(sealed), secret)
	}
	if err != nil {
		tb.Fatal(err)
	}
	raw, err := io.ReadAll(plain)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

func (r *rig) onRemote(path string) bool {
	_, err := os.Stat(filepath.Join(r.Remote, filepath.FromSlash(path)))
	return err == nil
}

func TestShareWithPartnerOfEachKind(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	doc, other := MustDeposit(t, r, b.ID, "un", false), MustDeposit(t, r, b.ID, "deux", false)
	classic, err := agecrypt.New().RecipientOf(classicKey)
	if err != nil {
		t.Fatal(err)
	}
	hybridKey, hybrid, err := agecrypt.New().NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	MustPartner(t, r, "CAF", classic)
	MustPartner(t, r, "Bailleur", hybrid)
	MustPartner(t, r, "Association", "")
	for to, want := range map[string]string{"CAF": "classic", "Bailleur": "hybrid", "Association": "passphrase"} {
		sh := MustShare(t, r, shareOf(b.ID, "partner:"+to, doc.ID, other.ID))
		if sh.Key != want || sh.State != "active" || len(sh.Documents) != 2 || (sh.Passphrase != "") != (want == "passphrase") || !strings.HasPrefix(sh.Summary, to+", ") {
			t.Fatalf("share with %s: %+v", to, sh)
		}
		MustSync(t, r)
		id := map[string]string{"classic": classicKey, "hybrid": hybridKey, "passphrase": sh.Passphrase}[want]
		for i, f := range sh.Documents {
			raw, err := os.ReadFile(filepath.Join(r.Remote, f.Path))
			if err != nil {
				t.Fatal(err)
			}
			if got := opened(t, raw, id); got != []string{"un", "deux"}[i] {
				t.Errorf("%s opens %q", to, got)
			}
			if got, meta, err := r.copyOf(sh.ID, f.Document, true); err != nil || !bytes.Equal(got, raw) || meta.FileName != f.FileName+".age" {
				t.Errorf("the sealed copy: %+v, %v", meta, err)
			}
			if n, kinds, err := agecrypt.New().Stanzas(bytes.NewReader(raw)); err != nil || n != 1 {
				t.Errorf("%d stanzas %v, %v", n, kinds, err)
			}
		}
		cover, meta, err := r.copyOf(sh.ID, api.ShareCover, true)
		if err != nil || meta.FileName != sh.ID+".json.age" {
			t.Fatalf("cover: %+v, %v", meta, err)
		}
		var c vault.ShareCover
		if err := json.Unmarshal([]byte(opened(t, cover, id)), &c); err != nil || c.Person != "Awa Diallo" || c.Organization != "CCAS de Rennes" ||
			len(c.Pieces) != 2 || string(c.Pieces[0].Digest) != doc.Digest || c.Until != vault.Date(sh.Until) {
			t.Errorf("cover: %+v, %v", c, err)
		}
		_, _, err = r.copyOf(sh.ID, doc.ID, false)
		wantCode(t, "opening what is sealed to a partner", err, vault.CodePolicy)
		if got, err := r.ShareShow(ctxb, api.ShareRequest{Share: sh.ID, Language: "en"}); err != nil || got.Passphrase != "" || !got.OnRemote || got.Record == nil {
			t.Errorf("show: %+v, %v", got, err)
		}
	}
	if got := shares(t, r, api.ShareListRequest{Beneficiary: b.ID}); len(got) != 3 {
		t.Errorf("%d shares", len(got))
	}
	acc, err := r.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: b.ID, Objects: true})
	if err != nil || len(acc.Shares) != 3 {
		t.Errorf("access: %+v, %v", acc, err)
	}
	for _, o := range acc.Objects {
		if !o.Match {
			t.Errorf("access to %s %s: %d stanzas for %v", o.Kind, o.Path, o.Stanzas, o.Readers)
		}
	}
	MustVerify(t, r)
	rebuilt(t, r, b.ID)
}

// rebuilt checks that an index made anew from the segments tells the same shares.
func rebuilt(t *testing.T, r *rig, b string) {
	t.Helper()
	before := shares(t, r, api.ShareListRequest{Beneficiary: b, All: true})
	r.stop()
	if err := os.Remove(filepath.Join(r.Home, "index.db")); err != nil {
		t.Fatal(err)
	}
	r.Reopen(t)
	MustSync(t, r)
	after := shares(t, r, api.ShareListRequest{Beneficiary: b, All: true})
	x, _ := json.Marshal(before)
	y, _ := json.Marshal(after)
	if !bytes.Equal(x, y) {
		t.Errorf("the index made anew tells\n%s\nnot\n%s", y, x)
	}
}

func TestShareIsRefused(t *testing.T) {
	r := MustFound(t, single)
	b, stranger := MustAdd(t, r, "Awa", "Diallo", "1990"), MustAdd(t, r, "Ali", "Ben", "1980")
	card := MustIssue(t, r, b.ID, "")
	doc, secret, foreign := MustDeposit(t, r, b.ID, "un", false), MustDeposit(t, r, b.ID, "secret", true), MustDeposit(t, r, stranger.ID, "autre", false)
	gone := MustDeposit(t, r, b.ID, "parti", false)
	if _, err := r.DocumentRemove(ctxb, api.DocumentRequest{Document: gone.ID}); err != nil {
		t.Fatal(err)
	}
	MustPartner(t, r, "CAF", "")
	for name, c := range map[string]struct {
		code   vault.Code
		change func(*api.ShareAddRequest)
	}{
		"without a last day":         {vault.CodeUsage, func(q *api.ShareAddRequest) { q.Terms.Until = "" }},
		"with a last day past":       {vault.CodeInvalid, func(q *api.ShareAddRequest) { q.Terms.Until = "2020-01-01" }},
		"for more than a year":       {vault.CodePolicy, func(q *api.ShareAddRequest) { q.Terms.Until = "+13mo" }},
		"without purpose":            {vault.CodeInvalid, func(q *api.ShareAddRequest) { q.Terms.Purpose = "" }},
		"without agreement":          {vault.CodeUsage, func(q *api.ShareAddRequest) { q.Terms.Verbal = false }},
		"with nobody":                {vault.CodeUsage, func(q *api.ShareAddRequest) { q.Terms.To = "" }},
		"with an unknown partner":    {vault.CodeNotFound, func(q *api.ShareAddRequest) { q.Terms.To = "partner:CPAM" }},
		"with a team that reads":     {vault.CodeConflict, func(q *api.ShareAddRequest) { q.Terms.To = "team:Accueil" }},
		"of nothing":                 {vault.CodeUsage, func(q *api.ShareAddRequest) { q.Documents = nil }},
		"of a document twice":        {vault.CodeUsage, func(q *api.ShareAddRequest) { q.Documents = []string{doc.ID, doc.ID} }},
		"of what is of another":      {vault.CodeNotFound, func(q *api.ShareAddRequest) { q.Documents = []string{doc.ID, foreign.ID} }},
		"of what was removed":        {vault.CodeErased, func(q *api.ShareAddRequest) { q.Documents = []string{doc.ID, gone.ID} }},
		"of what is private":         {vault.CodeNoIdentity, func(q *api.ShareAddRequest) { q.Documents = []string{secret.ID} }},
		"with another's card":        {vault.CodeNoIdentity, func(q *api.ShareAddRequest) { q.Card = r.Result.Recovery[0] }},
		"with evidence not sent":     {vault.CodeUsage, func(q *api.ShareAddRequest) { q.Terms.Verbal, q.Terms.EvidenceName = false, "x.pdf" }},
		"by somebody else's mandate": {vault.CodeUsage, func(q *api.ShareAddRequest) { q.Terms.GivenBy = "representative" }},
	} {
		req := shareOf(b.ID, "partner:CAF", doc.ID)
		c.change(&req)
		_, err := r.ShareAdd(ctxb, req, uploads())
		wantCode(t, "a share "+name, err, c.code)
	}
	if got := shares(t, r, api.ShareListRequest{All: true}); len(got) != 0 {
		t.Errorf("shares: %+v", got)
	}
	req := shareOf(b.ID, "partner:CAF", doc.ID, secret.ID)
	req.Card = card.Identity
	sh := MustShare(t, r, req)
	if sh.Documents[1].Title != "" || sh.Documents[0].Title == "" {
		t.Errorf("what is told of a private document: %+v", sh.Documents)
	}
	if rec, ok := mustShow(t, r, sh.ID).Record.(*vault.ConsentRecord); !ok || rec.Assurance != "card-signed" || rec.RecipientThirdParty[0] != "CAF" {
		t.Errorf("record: %+v", rec)
	}
	dry := shareOf(b.ID, "partner:CAF", doc.ID)
	dry.DryRun = true
	if v := MustShare(t, r, dry); v.ID != "" || v.Summary == "" || len(shares(t, r, api.ShareListRequest{})) != 1 {
		t.Errorf("dry run: %+v", v)
	}
	noSpoolLeft(t, r)
}

// noSpoolLeft checks that nothing which was refused is still on this disk.
func noSpoolLeft(t *testing.T, r *rig) {
	t.Helper()
	MustSync(t, r)
	for _, f := range r.HomeFiles(t) {
		if strings.Contains(f, ".tmp") || strings.Contains(f, "/s/") && strings.Contains(f, "spool/") {
			t.Errorf("left: %s", f)
		}
	}
}

func mustShow(tb testing.TB, r *rig, id string) api.Share {
	tb.Helper()
	v, err := r.ShareShow(ctxb, api.ShareRequest{Share: id, Language: "en"})
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func TestShareEndsInEachWay(t *testing.T) {
	r := MustFound(t, single)
	r.SetNow(time.Now)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	MustPartner(t, r, "CAF", "")
	share := func() (api.Share, api.Document) {
		doc := MustDeposit(t, r, b.ID, vault.NewObjectName(), false)
		req := shareOf(b.ID, "partner:CAF", doc.ID)
		req.Terms.Verbal, req.Terms.EvidenceName = false, "accord.pdf"
		sh := MustShare(t, r, req, api.PartEvidence, "%PDF "+doc.ID)
		MustSync(t, r)
		if !r.onRemote(sh.Documents[0].Path) {
			t.Fatal("the copy is not on the remote")
		}
		return sh, doc
	}
	ended := func(how string, sh api.Share, state string) {
		t.Helper()
		MustSync(t, r)
		got := mustShow(t, r, sh.ID)
		if got.State != state || got.Ended == "" || r.onRemote(sh.Documents[0].Path) || !got.Complete || len(got.Remotes) != 1 {
			t.Errorf("%s: %+v, on the remote %t", how, got, r.onRemote(sh.Documents[0].Path))
		}
		_, _, err := r.copyOf(sh.ID, sh.Documents[0].Document, true)
		wantCode(t, how+": its copy", err, vault.CodeErased)
	}
	sh, doc := share()
	_, err := r.DocumentRemove(ctxb, api.DocumentRequest{Document: sh.Evidence})
	wantCode(t, "removing the evidence of a share", err, vault.CodePolicy)
	rec, err := r.ShareRevoke(ctxb, api.ShareRevokeRequest{Share: sh.ID, Language: "en"}, nil)
	if err != nil || !rec.Complete || len(rec.Ended) != 1 || rec.Remotes[0].Deleted != 2 {
		t.Fatalf("revoke: %+v, %v", rec, err)
	}
	ended("revoked", sh, "revoked")
	_, err = r.ShareRevoke(ctxb, api.ShareRevokeRequest{Share: sh.ID}, nil)
	wantCode(t, "revoking again", err, vault.CodeConflict)
	if got, _, err := r.get(doc.ID, ""); err != nil || got == "" {
		t.Errorf("the document after its share: %v", err)
	}

	sh, doc = share()
	if _, err := r.DocumentRemove(ctxb, api.DocumentRequest{Document: doc.ID}); err != nil {
		t.Fatal(err)
	}
	ended("its document removed", sh, "ended")

	sh, _ = share()
	other := MustAdd(t, r, "Ali", "Ben", "1980")
	if _, err := r.DocumentMove(ctxb, api.MoveRequest{Document: sh.Documents[0].Document, To: other.ID}, nil); err != nil {
		t.Fatal(err)
	}
	ended("its document moved", sh, "ended")

	sh, _ = share()
	at := time.Now().Add(32 * 24 * time.Hour)
	r.SetNow(func() time.Time { return at })
	r.Tend(ctxb)
	ended("its last day passed", sh, "expired")

	sh, _ = share()
	if _, err := r.PartnerRemove(ctxb, api.PartnerRequest{Partner: "CAF"}); vault.CodeOf(err) != vault.CodeConflict || !strings.Contains(err.Error(), sh.ID) {
		t.Errorf("removing a partner with a share: %v", err)
	}
	rec, err = r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID, DryRun: true, Language: "en"}, nil)
	if err != nil || len(rec.GoesOn) != 1 || !strings.Contains(rec.GoesOn[0], sh.ID) {
		t.Errorf("what goes on after a withdrawal: %v, %v", rec.GoesOn, err)
	}
	if _, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: b.ID}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, r)
	_, err = r.ShareShow(ctxb, api.ShareRequest{Share: sh.ID})
	wantCode(t, "a share of an erased vault", err, vault.CodeErased)
	if r.onRemote(sh.Documents[0].Path) {
		t.Error("the copy outlives the vault")
	}
	if _, err := r.PartnerRemove(ctxb, api.PartnerRequest{Partner: "CAF"}); err != nil {
		t.Error(err)
	}
	MustVerify(t, r)
}

func TestPartners(t *testing.T) {
	r := MustFound(t, single)
	for recipient, code := range map[string]vault.Code{
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE3qcbCXhVJPDxBY0d8Ys0Y2wmqRqZyfpUuL0qZ3GyGV": vault.CodeInvalid,
		"age1notakey": vault.CodeInvalid, "age1yubikey1qqqq": vault.CodeInvalid,
	} {
		_, err := r.PartnerAdd(ctxb, api.PartnerAddRequest{Name: "CAF", Recipient: recipient})
		wantCode(t, recipient, err, code)
	}
	_, err := r.PartnerAdd(ctxb, api.PartnerAddRequest{Name: "  "})
	wantCode(t, "a partner without name", err, vault.CodeInvalid)
	p := MustPartner(t, r, "CAF d'Ille-et-Vilaine", "")
	_, err = r.PartnerAdd(ctxb, api.PartnerAddRequest{Name: "caf d'ille-et-vilaine"})
	wantCode(t, "a partner twice", err, vault.CodeConflict)
	paul := MustJoin(t, r, "Paul Martin", vault.RoleAgent)
	if got, err := paul.PartnerShow(ctxb, api.PartnerRequest{Partner: "partner:CAF d'Ille-et-Vilaine"}); err != nil || got.ID != p.ID || got.Contact != "guichet 3" {
		t.Errorf("at another workstation: %+v, %v", got, err)
	}
	batch := MustJoin(t, r, "Serveur", vault.RoleDeposit)
	_, err = batch.PartnerAdd(ctxb, api.PartnerAddRequest{Name: "X"})
	wantCode(t, "a partner by a batch server", err, vault.CodePolicy)
	if got, err := batch.PartnerShow(ctxb, api.PartnerRequest{Partner: p.ID}); err != nil || got.Name != p.ID || got.Contact != "" {
		t.Errorf("at a batch server: %+v, %v", got, err)
	}
}

// A share for an agent who reads the vault by no consent: they find it, open it, and it is in the journal.
func TestShareWithAnAgent(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	doc, kept := MustDeposit(t, r, b.ID, "un", false), MustDeposit(t, r, b.ID, "deux", false)
	paul := MustJoin(t, r, "Paul Martin", vault.RoleAgent)
	sh := MustShare(t, r, shareOf(b.ID, "agent:Paul Martin", doc.ID))
	MustSync(t, r)
	MustSync(t, paul)
	got := shares(t, paul, api.ShareListRequest{Received: true})
	if len(got) != 1 || got[0].ID != sh.ID || got[0].Name != "Awa Diallo" || got[0].Documents[0].Title != "titre de un" || !got[0].Received {
		t.Fatalf("received: %+v", got)
	}
	if len(shares(t, r, api.ShareListRequest{Received: true})) != 0 {
		t.Error("who shared received it too")
	}
	raw, meta, err := paul.copyOf(sh.ID, doc.ID, false)
	if err != nil || string(raw) != "un" || meta.Sealed {
		t.Errorf("opened: %q, %+v, %v", raw, meta, err)
	}
	_, _, err = paul.get(doc.ID, "")
	wantCode(t, "the document itself", err, vault.CodeNoConsent)
	_, _, err = paul.copyOf(sh.ID, kept.ID, false)
	wantCode(t, "a document that is not shared", err, vault.CodeNotFound)
	_, err = paul.ShareRevoke(ctxb, api.ShareRevokeRequest{Share: sh.ID}, nil)
	wantCode(t, "revoked by its recipient", err, vault.CodeNoConsent)
	_, err = paul.ShareAdd(ctxb, shareOf(b.ID, "agent:Paul Martin", kept.ID), nil)
	wantCode(t, "a share by somebody without consent", err, vault.CodeNoConsent)
	MustSync(t, paul)
	MustSync(t, r)
	var texts []string
	err = r.JournalList(ctxb, api.JournalRequest{Beneficiary: b.ID, Language: "en"}, func(j api.JournalEntry) error { texts = append(texts, j.Text); return nil })
	for _, want := range []string{"Marie Durand shared 1 document with agent:Paul Martin until", "Paul Martin opened a document"} {
		if err != nil || !slices.ContainsFunc(texts, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("%q is not in the journal: %q, %v", want, texts, err)
		}
	}
	if _, err := r.ShareRevoke(ctxb, api.ShareRevokeRequest{Share: sh.ID}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, paul)
	_, _, err = paul.copyOf(sh.ID, doc.ID, false)
	wantCode(t, "after its end", err, vault.CodeErased)
	if len(shares(t, paul, api.ShareListRequest{Received: true})) != 0 {
		t.Error("a share that ended is still listed")
	}
}

// A document is removed while its copies are being sealed: nothing is shared, and no copy stays.
func TestDocumentRemovedBetweenChoosingAndSharing(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	one, two := MustDeposit(t, r, b.ID, "un", false), MustDeposit(t, r, b.ID, "deux", false)
	MustPartner(t, r, "CAF", "")
	MustSync(t, r)
	removed := false
	r.Reopen(t, func(e *engine.Engine) {
		e.Step = func(step string) {
			if step == engine.StepStaged && !removed {
				removed = true
				if _, err := e.DocumentRemove(context.Background(), api.DocumentRequest{Document: two.ID}); err != nil {
					t.Error(err)
				}
			}
		}
	})
	_, err := r.ShareAdd(ctxb, shareOf(b.ID, "partner:CAF", one.ID, two.ID), nil)
	wantCode(t, "sharing what was removed meanwhile", err, vault.CodeConflict)
	if !removed || len(shares(t, r, api.ShareListRequest{All: true})) != 0 {
		t.Error("something was shared")
	}
	noSpoolLeft(t, r)
}
