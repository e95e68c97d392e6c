package engine_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/api"
	"vaultctl/internal/protect"
	"vaultctl/internal/vault"
)

// identities are all keys that exist in a test organization, by who holds them.
type identities map[string]string

// MustIdentities reads the device's secret and every parcel on the remote, as somebody does who holds everything.
func MustIdentities(tb testing.TB, r *rig, cards ...api.Card) identities {
	tb.Helper()
	s := agecrypt.NewWithWorkFactor(10)
	raw, err := protect.New(s, r.Home).Open(ctxb, protect.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	var secret struct {
		Identity string `json:"identity"`
	}
	if err := json.Unmarshal(raw, &secret); err != nil {
		tb.Fatal(err)
	}
	out := identities{"device": secret.Identity, "recovery": r.Result.Recovery[0]}
	for i, c := range cards {
		out[fmt.Sprintf("card%d", i+1)] = c.Identity
	}
	teams := []string{"agent", "team"} // in the order in which Init opens their epochs
	files := r.RemoteFiles(tb)
	slices.Sort(files)
	for _, f := range files {
		if !strings.Contains(f, "/k/") {
			continue
		}
		sealed, err := os.ReadFile(filepath.Join(r.Remote, f))
		if err != nil {
			tb.Fatal(err)
		}
		plain, err := s.Open(bytes.NewReader(sealed), []string{secret.Identity})
		if err != nil {
			tb.Fatal(err)
		}
		text, err := io.ReadAll(plain)
		if err != nil {
			tb.Fatal(err)
		}
		ids, err := s.ParseIdentityFile(bytes.NewReader(text))
		if err != nil {
			tb.Fatal(err)
		}
		kind := strings.Fields(string(text))[4]
		if kind == "team" {
			kind, teams = teams[0], teams[1:]
		}
		out[kind] = ids[0]
	}
	if len(out) != 7+len(cards) {
		tb.Fatalf("%d identities: %v", len(out), out)
	}
	return out
}

// opens returns who opens a sealed file.
func (ids identities) opens(tb testing.TB, sealed []byte) []string {
	tb.Helper()
	s := agecrypt.NewWithWorkFactor(10)
	out := []string{}
	for who, id := range ids {
		r, err := s.Open(bytes.NewReader(sealed), []string{id})
		if vault.CodeOf(err) == vault.CodeNoIdentity {
			continue
		}
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, who)
	}
	slices.Sort(out)
	return out
}

// checkObjects tries every identity on every document and note of a vault on the remote, and compares stanzas with
// declared readers.
func checkObjects(tb testing.TB, r *rig, b string, ids identities, shared, private []string) {
	tb.Helper()
	a, err := r.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: b, Objects: true})
	if err != nil {
		tb.Fatal(err)
	}
	if len(a.Objects) == 0 {
		tb.Fatal("no objects")
	}
	live := map[string]bool{}
	for _, o := range a.Objects {
		live[o.Path] = true
		sealed, err := os.ReadFile(filepath.Join(r.Remote, o.Path))
		if err != nil {
			tb.Fatal(err)
		}
		want := shared
		if slices.Equal(o.Readers, []string{"card"}) && private != nil {
			want = private
		}
		if got := ids.opens(tb, sealed); !slices.Equal(got, want) {
			tb.Errorf("%s %s, declared to %v: opened by %v, want %v", o.Kind, o.Path, o.Readers, got, want)
		}
		if !o.Match || o.Stanzas != len(want) {
			tb.Errorf("%s %s: %d stanzas for %v, match %v", o.Kind, o.Path, o.Stanzas, o.Readers, o.Match)
		}
	}
	checkRest(tb, r, ids, live)
}

// checkRest checks every other object of the remote: organization notes for staff or intake, parcels for the device (and
// recovery), nothing else. So no object of an earlier reader set is left.
func checkRest(tb testing.TB, r *rig, ids identities, live map[string]bool) {
	tb.Helper()
	n := 0
	for _, f := range r.RemoteFiles(tb) {
		if live[f] || f == vault.OrgNotePath || strings.HasSuffix(f, ".seg") {
			continue
		}
		sealed, err := os.ReadFile(filepath.Join(r.Remote, f))
		if err != nil {
			tb.Fatal(err)
		}
		n++
		got := ids.opens(tb, sealed)
		ok := [][]string{{"org"}, {"staff"}, {"intake"}}
		if strings.Contains(f, "/k/") {
			ok = [][]string{{"device"}, {"device", "recovery"}}
		}
		if !slices.ContainsFunc(ok, func(w []string) bool { return slices.Equal(w, got) }) {
			tb.Errorf("%s: opened by %v", f, got)
		}
	}
	if n == 0 {
		tb.Fatal("no other objects")
	}
}

func single(q *api.InitRequest) { q.Need, q.Of = 1, 1 }

func TestEveryIdentityAgainstEveryObject(t *testing.T) {
	r := MustFound(t, single)
	t.Cleanup(r.HoldTending()) // no list for the card is written between two looks
	b, err := r.BeneficiaryAdd(ctxb, api.BeneficiaryAddRequest{Person: api.Person{FamilyName: ptr("Diallo"), Refs: &[]string{"PEP:1"}},
		Consent: api.ConsentTerms{To: "team:Accueil", Purpose: "housing", EvidenceName: "signed.pdf"}}, uploads(api.PartEvidence, "%PDF signed"))
	if err != nil {
		t.Fatal(err)
	}
	MustDeposit(t, r, b.ID, "un", false)
	MustSync(t, r)
	ids := MustIdentities(t, r)
	checkObjects(t, r, b.ID, ids, []string{"recovery", "team"}, nil)

	one := MustIssue(t, r, b.ID, "")
	MustDeposit(t, r, b.ID, "secret", true)
	if _, err := r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: b.ID, Terms: verbal("agent:Marie Durand")}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, r)
	ids = MustIdentities(t, r, one)
	checkObjects(t, r, b.ID, ids, []string{"agent", "card1", "recovery", "team"}, []string{"card1"})

	two := MustIssue(t, r, b.ID, strings.Join(one.Words, " "))
	if two.N != 2 || two.Left != 0 {
		t.Errorf("second card: number %d, %d left", two.N, two.Left)
	}
	MustSync(t, r)
	ids = MustIdentities(t, r, one, two)
	checkObjects(t, r, b.ID, ids, []string{"agent", "card2", "recovery", "team"}, []string{"card2"})

	rec, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID, To: "team:Accueil", Language: "en"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !rec.Complete || rec.Resealed == 0 || rec.Resealed != rec.ToReseal || len(rec.Ended) != 1 || len(rec.Remotes) != 1 ||
		rec.Remotes[0].Waiting != 0 || rec.Remotes[0].Deleted < 3 {
		t.Errorf("receipt: %+v", rec)
	}
	checkObjects(t, r, b.ID, ids, []string{"agent", "card2", "recovery"}, []string{"card2"})
	if got, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: b.ID}); err != nil || !got.Readable || got.Name != "Diallo" {
		t.Errorf("through the other consent: %+v, %v", got, err)
	}

	dry, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID, DryRun: true, Language: "en"}, nil)
	if err != nil || !dry.DryRun || len(dry.Readers) != 2 || dry.Resealed != 0 {
		t.Errorf("dry run: %+v, %v", dry, err)
	}
	if rec, err = r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID}, nil); err != nil || !rec.Complete {
		t.Fatalf("withdraw all: %+v, %v", rec, err)
	}
	checkObjects(t, r, b.ID, ids, []string{"card2", "recovery"}, []string{"card2"})
	afterLastConsent(t, r, b.ID, two)
	MustSync(t, r)
	checkObjects(t, r, b.ID, ids, []string{"card2", "recovery", "team"}, []string{"card2"})
}

// afterLastConsent checks what is left of a vault that no consent opens, and opens it again with the card.
func afterLastConsent(t *testing.T, r *rig, b string, card api.Card) {
	t.Helper()
	got, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: b})
	if err != nil || got.Readable || got.FamilyName != "" || got.State != "unconsented" || len(got.Refs) != 0 {
		t.Errorf("after the last consent: %+v, %v", got, err)
	}
	if found := resolve(t, r, "Diallo"); len(found) != 1 || found[0].ID != b || found[0].Readable {
		t.Errorf("the blind index: %+v", found)
	}
	_, err = r.BeneficiaryAdd(ctxb, api.BeneficiaryAddRequest{Person: api.Person{FamilyName: ptr("X"), Refs: &[]string{"PEP:1"}}, Consent: verbal("team:Accueil")}, nil)
	wantCode(t, "the reference of a vault that is not readable here", err, vault.CodeConflict)
	_, err = r.BeneficiaryEdit(ctxb, api.BeneficiaryEditRequest{Beneficiary: b, Person: api.Person{Phone: ptr("06 00 00 00 00")}})
	wantCode(t, "editing without consent", err, vault.CodeNoConsent)
	_, err = r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: b, Terms: verbal("team:Accueil")}, nil)
	wantCode(t, "consent without the card", err, vault.CodeNoConsent)
	_, err = r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: b, Terms: verbal("team:Accueil"), Card: r.Result.Recovery[0]}, nil)
	wantCode(t, "consent with another key", err, vault.CodeNoIdentity)
	c, err := r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: b, Terms: verbal("team:Accueil"), Card: card.Identity}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rec, ok := c.Record.(*vault.ConsentRecord); !ok || rec.Assurance != "card-signed" {
		t.Errorf("consent with the card: %+v", c.Record)
	}
	if got, err = r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: b}); err != nil || got.FamilyName != "Diallo" || got.Documents != 2 {
		t.Errorf("after a new consent: %+v, %v", got, err)
	}
	var refused int
	err = r.JournalList(ctxb, api.JournalRequest{Beneficiary: b}, func(j api.JournalEntry) error {
		if j.EventType == string(vault.AccessRefused) {
			refused++
		}
		return nil
	})
	if err != nil || refused != 3 {
		t.Errorf("%d refusals in the journal, %v", refused, err)
	}
}

func TestLastReaderIsNotWithdrawn(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990", func(q *api.BeneficiaryAddRequest) { q.NoRecovery = true })
	_, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID}, nil)
	wantCode(t, "withdrawal that leaves nobody", err, vault.CodePolicy)
	if !strings.Contains(api.HintOf(err), "card issue") {
		t.Errorf("hint: %q", api.HintOf(err))
	}
	card := MustIssue(t, r, b.ID, "")
	rec, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID}, nil)
	if err != nil || !rec.Complete || len(rec.Readers) != 1 {
		t.Fatalf("withdraw: %+v, %v", rec, err)
	}
	checkObjects(t, r, b.ID, MustIdentities(t, r, card), []string{"card1"}, []string{"card1"})
}

func TestOneOfTwoConsentsToATeam(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	c, err := r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: b.ID, Terms: api.ConsentTerms{To: "team:Accueil", Purpose: "housing", Verbal: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID, Consent: b.Consents[0].ID}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: b.ID})
	if err != nil || !got.Readable || got.Consents[0].State != "withdrawn" || got.Consents[1].State != "given" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID, Consent: b.Consents[0].ID}, nil)
	wantCode(t, "withdrawing twice", err, vault.CodeConflict)
	shown, err := r.ConsentShow(ctxb, api.ConsentRequest{Consent: c.ID})
	if err != nil || shown.State != "given" {
		t.Errorf("%+v, %v", shown, err)
	}
}

func TestCardReplacedWithoutTheOldOne(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	one := MustIssue(t, r, b.ID, "")
	MustDeposit(t, r, b.ID, "commun", false)
	MustDeposit(t, r, b.ID, "secret", true)
	_, err := r.CardIssue(ctxb, api.CardRequest{Beneficiary: b.ID, Old: r.Result.Recovery[0]})
	wantCode(t, "a wrong old card", err, vault.CodeNoIdentity)
	MustSync(t, r)
	two := MustIssue(t, r, b.ID, "")
	if two.Left != 1 || two.Identity == one.Identity || !bytes.HasPrefix(two.PDF, []byte("%PDF")) {
		t.Errorf("second card: %d left", two.Left)
	}
	MustSync(t, r)
	a, err := r.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: b.ID, Objects: true})
	if err != nil {
		t.Fatal(err)
	}
	ids := MustIdentities(t, r, one, two)
	for _, o := range a.Objects {
		sealed, err := os.ReadFile(filepath.Join(r.Remote, o.Path))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"card2", "recovery", "team"}
		switch {
		case o.Kind == "manifest":
			want = []string{"card2"}
		case len(o.Readers) == 1:
			want = []string{"card1"}
		}
		if got := ids.opens(t, sealed); !slices.Equal(got, want) {
			t.Errorf("%s: opened by %v, want %v", o.Kind, got, want)
		}
	}
}

func TestInterruptedResealIsFinished(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	d := MustDeposit(t, r, b.ID, "important", false)
	if _, err := r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: b.ID, Terms: verbal("agent:Marie Durand")}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, r)
	// The document cannot be read while the consent ends: the notes are sealed anew, the document is what a crash would leave behind.
	back := hideObjects(t, r, "/d/")
	release := r.HoldTending()
	rec, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID, To: "team:Accueil", Wait: "0s"}, nil)
	release()
	if err != nil || rec.Complete || rec.Resealed != 1 || rec.ToReseal != 2 {
		t.Fatalf("withdraw: %+v, %v", rec, err)
	}
	r.stop()
	back()
	r.Reopen(t)
	ids := MustIdentities(t, r)
	waitFor(t, "the reseal", func() bool {
		a, err := r.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: b.ID, Objects: true})
		return err == nil && !slices.ContainsFunc(a.Objects, func(o api.ObjectAccess) bool { return !o.Match })
	})
	MustSync(t, r)
	checkObjects(t, r, b.ID, ids, []string{"agent", "recovery"}, nil)
	shown, err := r.DocumentShow(ctxb, api.DocumentRequest{Document: d.ID})
	if err != nil || shown.Digest != fmt.Sprintf("%x", sha256.Sum256([]byte("important"))) {
		t.Errorf("document: %+v, %v", shown, err)
	}
}

// hideObjects moves objects away, from the remote and from the home, and returns what brings them back.
func hideObjects(tb testing.TB, r *rig, part string) (back func()) {
	tb.Helper()
	aside := tb.TempDir()
	var moved [][2]string
	for _, root := range []string{r.Remote, r.Home} {
		for _, f := range filesBelow(tb, root) {
			if !strings.Contains(f, part) {
				continue
			}
			from, to := filepath.Join(root, f), filepath.Join(aside, fmt.Sprint(len(moved)))
			if err := os.Rename(from, to); err != nil {
				tb.Fatal(err)
			}
			moved = append(moved, [2]string{from, to})
		}
	}
	if len(moved) == 0 {
		tb.Fatal("nothing to hide")
	}
	return func() {
		for _, m := range moved {
			if err := os.Rename(m[1], m[0]); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

func TestClocksThatAreWrong(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	r.SetNow(func() time.Time { return time.Now().AddDate(-3, 0, 0) })
	if _, err := r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: b.ID, Terms: verbal("agent:Marie Durand")}, nil); err != nil {
		t.Fatalf("with the clock set back: %v", err)
	}
	rec, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID, To: "team:Accueil"}, nil)
	if err != nil || !rec.Complete {
		t.Fatalf("with the clock set back: %+v, %v", rec, err)
	}
	r.SetNow(func() time.Time { return time.Now().AddDate(5, 0, 0) })
	if rec, err = r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b.ID}, nil); err != nil || !rec.Complete {
		t.Fatalf("with the clock ahead: %+v, %v", rec, err)
	}
	checkObjects(t, r, b.ID, MustIdentities(t, r), []string{"recovery"}, nil)
}

func TestConsentThatExpires(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990", func(q *api.BeneficiaryAddRequest) { q.Consent.Until = "+30d" })
	MustDeposit(t, r, b.ID, "un", false)
	MustSync(t, r)
	r.stop()
	r.SetNow(func() time.Time { return time.Now().AddDate(0, 0, 32) })
	r.Reopen(t)
	waitFor(t, "the expiry", func() bool {
		got, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: b.ID})
		return err == nil && got.State == "unconsented" && got.Consents[0].State == "expired"
	})
	waitFor(t, "the reseal", func() bool {
		a, err := r.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: b.ID, Objects: true})
		return err == nil && !slices.ContainsFunc(a.Objects, func(o api.ObjectAccess) bool { return !o.Match })
	})
	MustSync(t, r)
	checkObjects(t, r, b.ID, MustIdentities(t, r), []string{"recovery"}, nil)
}
