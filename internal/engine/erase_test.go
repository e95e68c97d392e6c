package engine_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// vaultPaths returns every object of a vault.
func vaultPaths(tb testing.TB, r *rig, b string) []string {
	tb.Helper()
	a, err := r.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: b, Objects: true})
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, o := range a.Objects {
		out = append(out, o.Path)
	}
	return out
}

// plainNotes returns what all organization notes and own segments say to those who may read them.
func plainNotes(tb testing.TB, r *rig, ids identities) string {
	tb.Helper()
	var all strings.Builder
	s := agecrypt.NewWithWorkFactor(10)
	for _, f := range r.RemoteFiles(tb) {
		if !strings.Contains(f, "/n/") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(r.Remote, f))
		if err != nil {
			tb.Fatal(err)
		}
		for _, id := range ids {
			plain, err := s.Open(bytes.NewReader(raw), []string{id})
			if err != nil {
				continue
			}
			var b bytes.Buffer
			if _, err := b.ReadFrom(plain); err != nil {
				tb.Fatal(err)
			}
			all.Write(b.Bytes())
		}
	}
	return all.String()
}

func TestEraseLeavesNothing(t *testing.T) {
	r := MustFound(t, single)
	stays := MustAdd(t, r, "Jean", "Reste", "1970", func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &[]string{"PEP:1"} })
	b := MustAdd(t, r, "Zulmira", "Quessandier", "1990-01-02", func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &[]string{"PEP:2"} })
	card := MustIssue(t, r, b.ID, "")
	d := MustDeposit(t, r, b.ID, "contenu", false)
	MustDeposit(t, r, b.ID, "contenu privé", true)
	MustSync(t, r)
	last := MustDeposit(t, r, b.ID, "jamais poussé", false)
	paths := vaultPaths(t, r, b.ID)
	if len(paths) < 5 {
		t.Fatalf("objects before: %v", paths)
	}
	_, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: stays.ID}, nil)
	wantCode(t, "without the right confirmation", err, vault.CodeUsage)
	dry, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, DryRun: true, Language: "en"}, nil)
	if err != nil || !dry.DryRun || !slices.Contains(dry.Gone, "3 documents, evidence included") {
		t.Fatalf("dry run: %+v, %v", dry, err)
	}
	rec, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: b.ID, Language: "en"}, nil)
	if err != nil || !rec.Complete || len(rec.Remotes) != 1 || rec.Remotes[0].Waiting != 0 || rec.Remotes[0].Deleted < len(paths) {
		t.Fatalf("erase: %+v, %v", rec, err)
	}
	checkErased(t, r, b.ID, d.ID, last.ID)
	checkGone(t, r, b.ID, paths, card)
	if got, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: "ref:PEP:1"}); err != nil || got.Name != "Jean Reste" {
		t.Errorf("the other vault: %+v, %v", got, err)
	}
	r.Reopen(t)
	checkErased(t, r, b.ID, d.ID, last.ID)
	if got := resolve(t, r, "Jean Reste"); len(got) != 1 || got[0].ID != stays.ID {
		t.Errorf("the other vault after a restart: %v", got)
	}
	again, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: b.ID}, nil)
	if err != nil || !again.Complete {
		t.Errorf("erasing again: %+v, %v", again, err)
	}
}

// checkErased checks what an erased vault answers.
func checkErased(t *testing.T, r *rig, b string, docs ...string) {
	t.Helper()
	_, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: b})
	wantCode(t, "show", err, vault.CodeErased)
	_, err = r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: "ref:pep:2"})
	wantCode(t, "show by reference", err, vault.CodeErased)
	_, err = r.BeneficiaryAdd(ctxb, api.BeneficiaryAddRequest{Person: api.Person{FamilyName: ptr("X"), Refs: &[]string{"PEP:2"}}, Consent: verbal("team:Accueil")}, nil)
	wantCode(t, "the reference again", err, vault.CodeErased)
	for _, d := range docs {
		_, err := r.DocumentShow(ctxb, api.DocumentRequest{Document: d})
		wantCode(t, "document", err, vault.CodeErased)
	}
	if got := resolve(t, r, "Quessandier Zulmira"); len(got) != 0 {
		t.Errorf("the name still resolves: %v", got)
	}
	if got := list(t, r, api.BeneficiaryListRequest{Search: "zulmira"}); len(got) != 0 {
		t.Errorf("the name is still found: %v", got)
	}
	if got := list(t, r, api.BeneficiaryListRequest{State: "erased"}); !slices.Equal(got, []string{b}) {
		t.Errorf("erased: %v", got)
	}
}

// checkGone checks that no object of the vault is anywhere, and nothing about the person in what remains.
func checkGone(t *testing.T, r *rig, b string, paths []string, card api.Card) {
	t.Helper()
	for _, p := range paths {
		for _, f := range slices.Concat(r.RemoteFiles(t), r.HomeFiles(t)) {
			if strings.HasSuffix(f, p) {
				t.Errorf("still there: %s", f)
			}
		}
	}
	notes := plainNotes(t, r, MustIdentities(t, r, card))
	if !strings.Contains(notes, "Jean") {
		t.Error("the notes of the other vault are not readable any more")
	}
	// The one entry that stays is the blind value of the reference.
	if strings.Contains(notes, "Zulmira") || strings.Count(notes, b) != 1 || strings.Contains(notes, `"kind":"recipient"`) {
		t.Errorf("notes still tell of the vault: %d times", strings.Count(notes, b))
	}
	for _, root := range []string{r.Home, r.Remote} {
		for _, f := range filesBelow(t, root) {
			raw, err := os.ReadFile(filepath.Join(root, f))
			if err != nil && !errors.Is(err, os.ErrNotExist) { // a file may go to another place meanwhile
				t.Fatal(err)
			}
			for _, word := range []string{"Zulmira", "Quessandier", "PEP:2", "contenu", "1990-01-02"} {
				if bytes.Contains(raw, []byte(word)) {
					t.Errorf("%s holds %q", f, word)
				}
			}
		}
	}
	logs, err := os.ReadDir(filepath.Join(r.Home, "log", "changes"))
	if err != nil || len(logs) == 0 {
		t.Fatal(err)
	}
}

func TestEraseWithTheRemoteAway(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Zulmira", "Quessandier", "1990-01-02")
	MustDeposit(t, r, b.ID, "contenu", false)
	MustSync(t, r)
	paths := vaultPaths(t, r, b.ID)
	away := r.Remote + ".away"
	if err := os.Rename(r.Remote, away); err != nil {
		t.Fatal(err)
	}
	rec, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: b.ID, Wait: "1s", Language: "en"}, nil)
	if err != nil || rec.Complete || rec.Remotes[0].Waiting == 0 || rec.Remotes[0].Note == "" {
		t.Fatalf("erase: %+v, %v", rec, err)
	}
	for _, f := range r.HomeFiles(t) {
		if slices.ContainsFunc(paths, func(p string) bool { return strings.HasSuffix(f, p) }) {
			t.Errorf("still in the home: %s", f)
		}
	}
	if err := os.Rename(away, r.Remote); err != nil {
		t.Fatal(err)
	}
	r.Reopen(t)
	MustSync(t, r)
	for _, f := range r.RemoteFiles(t) {
		if slices.Contains(paths, f) {
			t.Errorf("still on the remote: %s", f)
		}
	}
	if rec, err = r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: b.ID}, nil); err != nil || !rec.Complete {
		t.Errorf("the receipt afterwards: %+v, %v", rec, err)
	}
}

func TestErasingNeedsConsentOrCard(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	card := MustIssue(t, r, b.ID, "")
	if _, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: b.ID}, nil)
	wantCode(t, "without consent", err, vault.CodeNoConsent)
	rec, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: b.ID, Card: strings.Join(card.Words, " ")}, nil)
	if err != nil || !rec.Complete {
		t.Errorf("with the card: %+v, %v", rec, err)
	}
}

func BenchmarkWithdraw(b *testing.B) {
	r := MustFound(b, single)
	for b.Loop() {
		b.StopTimer()
		p := MustAdd(b, r, "Awa", "Diallo", "", func(q *api.BeneficiaryAddRequest) { q.Duplicate = true })
		if _, err := r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: p.ID, Terms: verbal("agent:Marie Durand")}, nil); err != nil {
			b.Fatal(err)
		}
		for i := range 5 {
			content := strings.Repeat("x", 200_000+i)
			if _, err := r.DocumentAdd(ctxb, deposit(p.ID, "cv"), strings.NewReader(content)); err != nil {
				b.Fatal(err)
			}
		}
		MustSync(b, r)
		b.StartTimer()
		rec, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: p.ID, To: "team:Accueil"}, nil)
		if err != nil || !rec.Complete || rec.Resealed != 6 {
			b.Fatalf("%+v, %v", rec, err)
		}
	}
}

// TestErasureSurvivesACrash goes on from the home as it was at a step of the commit: with the change in the log alone, and
// with the change recorded and nothing cleaned up.
func TestErasureSurvivesACrash(t *testing.T) {
	for _, step := range []string{engine.StepLogged, engine.StepIndexed} {
		t.Run(step, func(t *testing.T) {
			r := MustFound(t, single)
			stays := MustAdd(t, r, "Jean", "Reste", "1970", func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &[]string{"PEP:1"} })
			b := MustAdd(t, r, "Zulmira", "Quessandier", "1990-01-02", func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &[]string{"PEP:2"} })
			card := MustIssue(t, r, b.ID, "")
			d := MustDeposit(t, r, b.ID, "contenu", false)
			MustSync(t, r)
			paths := vaultPaths(t, r, b.ID)
			away := r.Remote + ".away" // what happens after the crash must not have been pushed before it
			if err := os.Rename(r.Remote, away); err != nil {
				t.Fatal(err)
			}
			var armed atomic.Bool
			var crashed string
			r.Reopen(t, func(e *engine.Engine) {
				e.Step = func(s string) {
					if s == step && armed.CompareAndSwap(true, false) {
						crashed = filepath.Join(t.TempDir(), "home")
						copyTree(t, r.Home, crashed)
					}
				}
			})
			unpushed := MustDeposit(t, r, b.ID, "contenu de plus", false)
			armed.Store(true)
			if err := r.RecordErasure(ctxb, vault.BeneficiaryID(b.ID)); err != nil {
				t.Fatal(err)
			}
			r.stop()
			r.Home = crashed
			if err := os.Rename(away, r.Remote); err != nil {
				t.Fatal(err)
			}
			r.Reopen(t)
			rec, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: b.ID}, nil)
			if err != nil || !rec.Complete {
				t.Fatalf("receipt: %+v, %v", rec, err)
			}
			MustSync(t, r)
			checkErased(t, r, b.ID, d.ID, unpushed.ID)
			checkGone(t, r, b.ID, paths, card)
			if got, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: "ref:PEP:1"}); err != nil || got.ID != stays.ID {
				t.Errorf("the other vault: %+v, %v", got, err)
			}
		})
	}
}
