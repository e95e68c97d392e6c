package engine_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// kept is an organization with two people, their documents' contents, and one card.
type kept struct {
	*rig
	one, two api.Beneficiary
	card     api.Card
	texts    map[string]string // document → content
}

// MustFill makes one person with a card and a private document, and one without.
func MustFill(tb testing.TB, r *rig) *kept {
	tb.Helper()
	k := &kept{rig: r, texts: map[string]string{}}
	k.one = MustAdd(tb, r, "Aïssatou", "Diallo", "1985-03-14")
	k.two = MustAdd(tb, r, "Nguyễn", "Văn A", "1990")
	k.card = MustIssue(tb, r, k.one.ID, "")
	for _, d := range []struct {
		b, text string
		private bool
	}{{k.one.ID, "avis d'imposition", false}, {k.one.ID, "lettre privée", true}, {k.two.ID, "quittance", false},
		{k.two.ID, strings.Repeat("pages ", 200_000), false}} {
		doc, err := r.DocumentAdd(ctxb, api.DocumentAddRequest{Beneficiary: d.b, Private: d.private, Size: -1, FileName: "scan.pdf",
			Fields: api.DocumentFields{Type: ptr("cv"), Title: ptr("titre de " + d.text[:5])}}, strings.NewReader(d.text))
		if err != nil {
			tb.Fatal(err)
		}
		k.texts[doc.ID] = d.text
	}
	MustSync(tb, r)
	return k
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// recoverFrom runs Recover in an empty home and returns the files by name, and the error that came after them.
func recoverFrom(tb testing.TB, remote string, secrets ...string) (map[string]string, error) {
	tb.Helper()
	e, stop := MustOpen(tb, tb.TempDir(), nil)
	defer stop()
	var buf bytes.Buffer
	err := e.Recover(ctxb, api.RecoverRequest{Remote: remote, Secrets: secrets}, func(api.Empty) (io.Writer, error) { return &buf, nil })
	files := map[string]string{}
	for t := tar.NewReader(&buf); ; {
		h, terr := t.Next()
		if errors.Is(terr, io.EOF) || errors.Is(terr, io.ErrUnexpectedEOF) {
			return files, err
		}
		if terr != nil {
			tb.Fatal(terr)
		}
		text, terr := io.ReadAll(t)
		if terr != nil {
			tb.Fatal(terr)
		}
		files[h.Name] = string(text)
	}
}

// wantFiles checks that the files named after the documents have the deposited bytes.
func wantFiles(tb testing.TB, files map[string]string, texts map[string]string) {
	tb.Helper()
	for id, text := range texts {
		found := 0
		for name, content := range files {
			if strings.Contains(name, id) {
				found++
				if sha(content) != sha(text) {
					tb.Errorf("%s: other bytes than were deposited", name)
				}
			}
		}
		if found != 1 {
			tb.Errorf("%s: %d files", id, found)
		}
	}
}

func TestRecoverByShares(t *testing.T) {
	k := MustFill(t, MustFound(t))
	shares := k.Result.Recovery
	files, err := recoverFrom(t, k.Remote, shares[2], shares[0])
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for id, text := range k.texts {
		if text != "lettre privée" {
			want[id] = text
		}
	}
	wantFiles(t, files, want)
	if len(files) != len(want)+3 { // a manifest for each person, and the README
		t.Errorf("%d files: %v", len(files), keysOf(files))
	}
	if !strings.Contains(strings.Join(keysOf(files), "\n"), "Diallo_Aïssatou_"+k.one.ID+"/cv_") {
		t.Errorf("no folder named after the person: %v", keysOf(files))
	}
	_, err = recoverFrom(t, k.Remote, shares[0])
	wantCode(t, "one share of two", err, vault.CodeNoIdentity)
	other := MustFound(t)
	_, err = recoverFrom(t, k.Remote, other.Result.Recovery[0], other.Result.Recovery[1])
	wantCode(t, "another organization's shares", err, vault.CodeNoIdentity)
	_, err = recoverFrom(t, k.Remote, shares[0], other.Result.Recovery[1])
	wantCode(t, "mixed shares", err, vault.CodeNoIdentity)
}

func keysOf(files map[string]string) []string {
	var out []string
	for name := range files {
		out = append(out, name)
	}
	return out
}

func TestRecoverByCardAlone(t *testing.T) {
	k := MustFill(t, MustFound(t))
	files, err := recoverFrom(t, k.Remote, strings.Join(k.card.Words, " "))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for id, text := range k.texts {
		if text == "lettre privée" || text == "avis d'imposition" {
			want[id] = text
		}
	}
	wantFiles(t, files, want)
	if len(files) != len(want)+2 {
		t.Errorf("%v", keysOf(files))
	}
	for name, text := range files {
		if strings.HasSuffix(name, "manifest.json") && (!strings.Contains(text, "titre de lettr") || !strings.Contains(text, "Diallo")) {
			t.Errorf("%s does not describe the private document:\n%s", name, text)
		}
	}
}

func TestRecoverLeavesOutWhatIsAltered(t *testing.T) {
	k := MustFill(t, MustFound(t))
	var altered string
	for id, text := range k.texts {
		if text == "quittance" {
			altered = id
		}
	}
	MustChange(t, k.objectOf(t, altered), func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	files, err := recoverFrom(t, k.Remote, k.Result.Recovery[:2]...)
	wantCode(t, "an altered document", err, vault.CodePartial)
	delete(k.texts, altered)
	for id, text := range k.texts {
		if text == "lettre privée" {
			delete(k.texts, id)
		}
	}
	wantFiles(t, files, k.texts)
	if !strings.Contains(files["README.txt"], "altered  v1/w/") {
		t.Errorf("the README does not name it:\n%s", files["README.txt"])
	}
}

// objectOf returns the file on the remote that holds a document.
func (k *kept) objectOf(tb testing.TB, doc string) string {
	tb.Helper()
	for _, b := range []string{k.one.ID, k.two.ID} {
		a, err := k.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: b, Objects: true})
		if err != nil {
			tb.Fatal(err)
		}
		for _, o := range a.Objects {
			if o.Document == doc {
				return filepath.Join(k.Remote, filepath.FromSlash(o.Path))
			}
		}
	}
	tb.Fatalf("no object of %s", doc)
	return ""
}

// MustChange rewrites a file.
func MustChange(tb testing.TB, file string, change func([]byte) []byte) {
	tb.Helper()
	raw, err := os.ReadFile(file)
	if err == nil {
		err = errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, change(raw), 0o600))
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// join rebuilds the organization of k in a new home.
func join(tb testing.TB, k *kept, home string, shares ...string) (*rig, api.InitResult, error) {
	tb.Helper()
	n := &rig{Home: home, Remote: k.Remote}
	n.Engine, n.stop = MustOpen(tb, home, n.Now)
	res, err := n.JoinRecover(ctxb, api.JoinRecoverRequest{Remote: k.Remote, RootWords: strings.Join(k.Result.RootWords, " "), Recovery: shares,
		Agent: "Paul Martin", Protect: api.Protection{Method: "keyfile"}}, nil)
	return n, res, err
}

func TestJoinRecover(t *testing.T) {
	k := MustFill(t, MustFound(t))
	none := MustAdd(t, k.rig, "Refus", "Total", "1970", func(q *api.BeneficiaryAddRequest) { q.NoRecovery = true })
	MustIssue(t, k.rig, none.ID, "")
	MustDeposit(t, k.rig, none.ID, "seulement la carte", false)
	MustSync(t, k.rig)
	k.stop()
	n, res, err := join(t, k, t.TempDir(), k.Result.Recovery[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	if r := res.Restored; r == nil || r.Vaults != 3 || r.Documents != 5 || r.PersonOnly != 1 || r.Resealed == 0 || r.Failed != 0 {
		t.Errorf("restored %+v", r)
	}
	if len(res.RootWords)+len(res.Recovery) != 0 || res.Fingerprint != k.Result.Fingerprint || res.Queued || res.Name != "CCAS de Rennes" {
		t.Errorf("result %+v", res)
	}
	for round := range 2 { // as it is, and after a restart without the recovery key
		for id, text := range k.texts {
			got, _, err := n.get(id, map[bool]string{true: k.card.Identity}[text == "lettre privée"])
			if err != nil || sha(got) != sha(text) {
				t.Errorf("round %d: get %s: %v", round, id, err)
			}
		}
		id := MustDeposit(t, n, k.one.ID, "après l'incendie", false).ID
		MustSync(t, n)
		if got, _, err := n.get(id, ""); err != nil || got != "après l'incendie" {
			t.Errorf("round %d: a new deposit: %q, %v", round, got, err)
		}
		if got := resolve(t, n, "Diallo"); len(got) != 1 || got[0].Name != "Aïssatou Diallo" {
			t.Errorf("round %d: resolve: %+v", round, got)
		}
		n.Reopen(t)
	}
	var devices []api.Device
	if err := n.DeviceList(ctxb, api.Empty{}, func(d api.Device) error { devices = append(devices, d); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(devices) != 2 || devices[0].State != "revoked" || devices[1].State != "active" || !devices[1].This {
		t.Errorf("devices %+v", devices)
	}
	if v, err := n.Verify(ctxb, api.VerifyRequest{Deep: true}, nil, nil); err != nil || v.Segments == 0 {
		t.Errorf("verify: %+v, %v", v, err)
	}
	files, err := recoverFrom(t, k.Remote, k.Result.Recovery[:2]...)
	if err != nil || len(files) < 6 {
		t.Errorf("recover after the rebuilding: %d files, %v", len(files), err)
	}
	_, err = n.JoinRecover(ctxb, api.JoinRecoverRequest{Remote: k.Remote, RootWords: strings.Join(k.Result.RootWords, " "),
		Recovery: k.Result.Recovery, Agent: "Paul", Protect: api.Protection{Method: "keyfile"}}, nil)
	wantCode(t, "a home that belongs to an organization", err, vault.CodeConflict)
}

func TestJoinRecoverRefusesWrongSecrets(t *testing.T) {
	k := MustFill(t, MustFound(t))
	other := MustFound(t)
	k.stop()
	home := t.TempDir()
	wrong := &kept{rig: &rig{Remote: k.Remote, Result: other.Result}}
	n, _, err := join(t, wrong, home, k.Result.Recovery...)
	wantCode(t, "another organization's root", err, vault.CodeNoIdentity)
	n.stop()
	n, _, err = join(t, k, home, other.Result.Recovery...)
	wantCode(t, "another organization's shares", err, vault.CodeNoIdentity)
	n.stop()
	n, _, err = join(t, k, home, k.Result.Recovery[0])
	wantCode(t, "too few shares", err, vault.CodeNoIdentity)
	n.stop()
	if n, _, err = join(t, k, home, k.Result.Recovery...); err != nil { // and nothing was left behind
		t.Fatal(err)
	}
	if s, err := n.Status(ctxb); err != nil || s.State != "ready" || s.Vaults != 2 {
		t.Errorf("status %+v, %v", s, err)
	}
}

func TestInterruptedJoinRecoverGoesOn(t *testing.T) {
	for _, stage := range []string{"reseal", "push"} {
		t.Run(stage, func(t *testing.T) {
			k := MustFill(t, MustFound(t))
			k.stop()
			home := t.TempDir()
			returned := make(chan struct{})
			e, stop := MustOpen(t, home, nil, func(e *engine.Engine) {
				e.Step = func(s string) {
					if s == engine.StepPushed && stage == "push" { // or all might be there before it is interrupted
						<-returned
					}
				}
			})
			ctx, cancel := context.WithCancel(ctxb)
			defer cancel()
			req := api.JoinRecoverRequest{Remote: k.Remote, RootWords: strings.Join(k.Result.RootWords, " "), Recovery: k.Result.Recovery[:2],
				Agent: "Paul Martin", Protect: api.Protection{Method: "keyfile"}}
			res, err := e.JoinRecover(ctx, req, func(p api.Progress) {
				if p.Stage == stage {
					cancel()
				}
			})
			close(returned)
			if stage == "reseal" && err == nil || stage == "push" && (err != nil || !res.Queued) {
				t.Fatalf("interrupted: %+v, %v", res, err)
			}
			stop()
			n := &rig{Home: home, Remote: k.Remote}
			n.Engine, n.stop = MustOpen(t, home, nil)
			if stage == "reseal" {
				s, err := n.Status(ctxb)
				if err != nil || len(s.Attention) != 1 || s.Attention[0].Code != "unfinished" {
					t.Errorf("status %+v, %v", s, err)
				}
				if res, err = n.JoinRecover(ctxb, req, nil); err != nil || res.Restored.Vaults != 2 || res.Restored.Failed != 0 {
					t.Fatalf("%+v, %v", res, err)
				}
			}
			k.rig = n
			MustSync(t, n)
			wantAll(t, k)
		})
	}
}

// TestRecoverBySupersededCard recovers with a card that another one replaced: before its list of documents was taken from
// the remote, and afterwards.
func TestRecoverBySupersededCard(t *testing.T) {
	k := MustFill(t, MustFound(t))
	manifests := map[string][]byte{}
	for _, f := range k.RemoteFiles(t) {
		if strings.Contains(f, "/p/") {
			manifests[f] = mustRead(t, filepath.Join(k.Remote, f))
		}
	}
	newer := MustIssue(t, k.rig, k.one.ID, "")
	MustSync(t, k.rig)
	shared, private := map[string]string{}, map[string]string{}
	for id, text := range k.texts {
		switch text {
		case "lettre privée":
			private[id] = text
		case "avis d'imposition":
			shared[id] = text
		}
	}
	files, err := recoverFrom(t, k.Remote, strings.Join(newer.Words, " "))
	if err != nil || !strings.Contains(files["README.txt"], "1 private document opens with an earlier card only.") {
		t.Errorf("the newer card: %v\n%s", err, files["README.txt"])
	}
	wantFiles(t, files, shared)
	for _, listed := range []bool{false, true} {
		for f, raw := range manifests {
			if !listed {
				continue
			}
			if err := os.WriteFile(filepath.Join(k.Remote, f), raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		files, err := recoverFrom(t, k.Remote, strings.Join(k.card.Words, " "))
		wantCode(t, "a superseded card", err, vault.CodeNoIdentity)
		if err == nil || !strings.HasPrefix(err.Error(), "this card was replaced") {
			t.Errorf("listed %v: %v", listed, err)
		}
		wantFiles(t, files, private)
		if len(files) != 3 || !strings.Contains(files["README.txt"], "The card was replaced") {
			t.Errorf("listed %v: %v\n%s", listed, keysOf(files), files["README.txt"])
		}
	}
}
