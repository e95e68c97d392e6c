package engine_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestJoin enrols an agent's workstation: it opens what is consented to its agent and nothing else, and what each writes
// reaches the other.
func TestJoin(t *testing.T) {
	marie := MustFound(t)
	before := marie.MustVault(t, "Avant")
	old := marie.MustAdd(t, deposit(before, "cv"), "déposé avant")
	MustSync(t, marie)
	paul := MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
	theirs := marie.MustVault(t, "Diallo", func(r *api.BeneficiaryAddRequest) { r.Consent.To = "agent:Paul Martin" })
	shared := paul.MustVault(t, "Ngo", func(r *api.BeneficiaryAddRequest) { r.Consent.To = "team:Accueil" })
	MustSync(t, paul)
	MustSync(t, marie)
	MustSync(t, paul)
	a := paul.MustAdd(t, deposit(theirs, "cv"), "de Paul")
	b := paul.MustAdd(t, deposit(before, "cv"), "de Paul pour une autre")
	c := marie.MustAdd(t, deposit(theirs, "payslip"), "de Marie")
	MustSync(t, paul)
	MustSync(t, marie)
	MustSync(t, paul)
	for _, want := range []struct {
		who  *rig
		doc  string
		text string
	}{{paul, a.ID, "de Paul"}, {marie, b.ID, "de Paul pour une autre"}, {paul, c.ID, "de Marie"}, {marie, old.ID, "déposé avant"}} {
		if got, _, err := want.who.get(want.doc, ""); err != nil || got != want.text {
			t.Errorf("get: %q, %v", got, err)
		}
	}
	for _, doc := range []string{b.ID, old.ID} {
		if _, _, err := paul.get(doc, ""); vault.CodeOf(err) != vault.CodeNoConsent {
			t.Errorf("Paul opens what nobody consented to him: %v", err)
		}
	}
	if p := paul.MustShow(t, before); p.Readable || p.Name != "" || len(p.Consents) != 1 {
		t.Errorf("Paul reads of a vault of others: %+v", p)
	}
	if p := marie.MustShow(t, shared); !p.Readable || p.FamilyName != "Ngo" {
		t.Errorf("opened by Paul for the team: %+v", p)
	}
	for _, r := range []*rig{marie, paul, marie, paul} { // who opened what is told too, and nobody writes while the others verify
		MustSync(t, r)
	}
	for _, r := range []*rig{marie, paul} {
		wantWhole(t, r)
		r.Reopen(t)
		if s, err := r.Status(ctxb); err != nil || s.State != "ready" || s.Vaults != 3 || len(s.Attention) != 0 {
			t.Errorf("status: %+v, %v", s, err)
		}
	}
}

func (r *rig) MustShow(tb testing.TB, id string) api.Beneficiary {
	tb.Helper()
	b, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: id})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestDepositDevice lets a batch server deposit by reference: it reads nothing, recognizes what others deposited, and
// takes back its own.
func TestDepositDevice(t *testing.T) {
	marie := MustFound(t)
	ref := []string{"IODAS:42"}
	person := marie.MustVault(t, "Diallo", func(r *api.BeneficiaryAddRequest) { r.Person.Refs = &ref })
	there := marie.MustAdd(t, deposit(person, "cv"), "le même")
	MustSync(t, marie)
	batch := MustJoin(t, marie, "Serveur de nuit", vault.RoleDeposit)
	d := batch.MustAdd(t, deposit("ref:IODAS:42", "payslip"), "bulletin")
	if again := batch.MustAdd(t, deposit("ref:IODAS:42", "cv"), "le même"); again.Status != "exists" || again.ID != there.ID {
		t.Errorf("what another workstation deposited: %+v", again)
	}
	MustSync(t, batch)
	MustSync(t, marie)
	if got, _, err := marie.get(d.ID, ""); err != nil || got != "bulletin" {
		t.Errorf("get: %q, %v", got, err)
	}
	if again := marie.MustAdd(t, deposit(person, "payslip"), "bulletin"); again.Status != "exists" {
		t.Errorf("what the batch server deposited: %+v", again)
	}
	for _, doc := range []string{d.ID, there.ID} {
		if _, _, err := batch.get(doc, ""); vault.CodeOf(err) != vault.CodeNoConsent {
			t.Errorf("a deposit device opens a document: %v", err)
		}
	}
	if p := batch.MustShow(t, person); p.Readable || p.Name != "" {
		t.Errorf("a deposit device reads: %+v", p)
	}
	_, err := batch.BeneficiaryAdd(ctxb, api.BeneficiaryAddRequest{Person: api.Person{FamilyName: val("X")},
		Consent: api.ConsentTerms{To: "team:Accueil", Purpose: "case-file", Verbal: true}}, nil)
	wantCode(t, "open a vault", err, vault.CodePolicy)
	_, err = batch.DocumentRemove(ctxb, api.DocumentRequest{Document: there.ID})
	wantCode(t, "remove another's", err, vault.CodeNoConsent)
	if _, err = batch.DocumentRemove(ctxb, api.DocumentRequest{Document: d.ID}); err != nil {
		t.Errorf("take back its own: %v", err)
	}
	MustSync(t, batch)
	MustSync(t, marie)
	if l := marie.MustList(t, api.DocumentListRequest{Beneficiary: person}); len(l) != 1 {
		t.Errorf("%d documents", len(l))
	}
	wantNothingOf(t, batch, "Diallo", "bulletin")
}

// wantNothingOf looks for words in all that the journal of a workstation tells.
func wantNothingOf(tb testing.TB, r *rig, words ...string) {
	tb.Helper()
	for _, j := range r.MustJournal(tb, api.JournalRequest{Language: "fr"}) {
		for _, w := range words {
			if strings.Contains(j.Text, w) {
				tb.Errorf("%q in %+v", w, j)
			}
		}
	}
}

// TestAuditor shows what an auditor's workstation gives: opaque ids, consents with states, dates and purposes, whether there
// is evidence, and who did what; no name, no evidence, no document, and nothing that it writes into vaults.
func TestAuditor(t *testing.T) {
	marie := MustFound(t)
	ref := []string{"IODAS:42"}
	person := marie.MustVault(t, "Diallo", func(r *api.BeneficiaryAddRequest) { r.Person.Refs, r.Person.Phone = &ref, val("0600000000") })
	doc := marie.MustAdd(t, deposit(person, "cv", func(r *api.DocumentAddRequest) { r.Fields.Title, r.FileName = val("Parcours"), "diallo.pdf" }), "mon parcours")
	marie.MustCard(t, person)
	if _, _, err := marie.get(doc.ID, ""); err != nil {
		t.Fatal(err)
	}
	MustSync(t, marie)
	auditor := MustJoin(t, marie, "Contrôleuse", vault.RoleAuditor)
	secrets := []string{"Diallo", "Awa", "IODAS", "0600000000", "Parcours", "parcours", "diallo.pdf", "1985"}
	t.Run("sees", func(t *testing.T) { auditorSees(t, auditor, person, doc.ID, secrets) })
	t.Run("is refused", func(t *testing.T) { auditorIsRefused(t, auditor, person, doc.ID) })
	if keys := auditor.HeldKinds(); len(keys) != 1 || keys[0] != "org" {
		t.Errorf("epochs at hand: %v", keys)
	}
	auditor.Reopen(t)
	for _, f := range auditor.HomeFiles(t) {
		if strings.Contains(f, "/d/") {
			t.Errorf("a document in the home: %s", f)
		}
	}
	if _, err := auditor.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: person, To: "team:Accueil"}, nil); err != nil {
		t.Errorf("a withdrawal that the person declares: %v", err)
	}
	MustSync(t, auditor)
	MustSync(t, marie)
	if p := marie.MustShow(t, person); p.Consents[0].State != "withdrawn" {
		t.Errorf("recorded by an auditor: %+v", p.Consents)
	}
	wantWhole(t, marie)
}

func auditorSees(t *testing.T, r *rig, person, doc string, secrets []string) {
	var told []any
	list := func(v any) { told = append(told, v) }
	if err := r.BeneficiaryList(ctxb, api.BeneficiaryListRequest{}, func(b api.Beneficiary) error { list(b); return nil }); err != nil {
		t.Fatal(err)
	}
	list(r.MustShow(t, person))
	consents := 0
	err := r.ConsentList(ctxb, api.BeneficiaryRequest{Beneficiary: person}, func(c api.Consent) error {
		consents++
		if c.Purpose != "case-file" || c.State != "given" || c.To != "team:Accueil" || c.Given == "" || c.Evidence != "verbal" || c.CollectedBy != "Marie Durand" {
			t.Errorf("consent: %+v", c)
		}
		shown, err := r.ConsentShow(ctxb, api.ConsentRequest{Consent: c.ID})
		if err != nil || shown.Record != nil {
			t.Errorf("the record of a consent: %+v, %v", shown, err)
		}
		list(c)
		list(shown)
		return nil
	})
	if err != nil || consents != 1 {
		t.Errorf("%d consents, %v", consents, err)
	}
	opened := false
	for _, j := range r.MustJournal(t, api.JournalRequest{Beneficiary: person, Language: "en"}) {
		opened = opened || j.EventType == string(vault.AccessOpened) && j.Agent == "Marie Durand" && j.Document == doc
		list(j)
	}
	if !opened {
		t.Error("the journal does not tell who opened a document")
	}
	a, err := r.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: person})
	if err != nil {
		t.Fatal(err)
	}
	list(a)
	for _, format := range []string{"csv", "jsonl", "txt", "pdf"} {
		var out bytes.Buffer
		err := r.JournalExport(ctxb, api.JournalExportRequest{JournalRequest: api.JournalRequest{Beneficiary: person, Language: "fr"}, Format: format},
			func(api.Empty) (io.Writer, error) { return &out, nil })
		if err != nil || out.Len() == 0 {
			t.Errorf("journal as %s: %v", format, err)
		}
		if format != "pdf" { // of which the bytes say by chance what the pages do not
			list(out.String())
		}
	}
	raw, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		if strings.Contains(string(raw), s) {
			t.Errorf("an auditor is told %q", s)
		}
	}
}

func auditorIsRefused(t *testing.T, r *rig, person, doc string) {
	add := func(b string) error {
		_, err := r.DocumentAdd(ctxb, deposit(b, "cv"), strings.NewReader("x"))
		return err
	}
	resolve := func(text string) error {
		return r.BeneficiaryResolve(ctxb, api.ResolveRequest{Text: text}, func(api.Beneficiary) error { return nil })
	}
	_, _, getErr := r.get(doc, "")
	_, _, exportErr := r.export(api.ExportRequest{Beneficiary: person})
	_, cardErr := r.CardIssue(ctxb, api.CardRequest{Beneficiary: person})
	_, editErr := r.BeneficiaryEdit(ctxb, api.BeneficiaryEditRequest{Beneficiary: person, Person: api.Person{FamilyName: val("X")}})
	_, openErr := r.BeneficiaryAdd(ctxb, api.BeneficiaryAddRequest{Person: api.Person{FamilyName: val("X")},
		Consent: api.ConsentTerms{To: "team:Accueil", Purpose: "case-file", Verbal: true}}, nil)
	_, teamErr := r.TeamAdd(ctxb, api.TeamAddRequest{Name: "Autre"})
	_, removeErr := r.DocumentRemove(ctxb, api.DocumentRequest{Document: doc})
	for what, err := range map[string]error{"get": getErr, "export": exportErr, "card": cardErr, "edit": editErr, "open a vault": openErr,
		"team": teamErr, "remove": removeErr, "deposit": add(person), "deposit by reference": add("ref:IODAS:42"),
		"search a reference": resolve("ref:IODAS:42"), "search a name": resolve("Awa Diallo")} {
		if code := vault.CodeOf(err); code != vault.CodePolicy && code != vault.CodeNoConsent {
			t.Errorf("%s: %v (%s)", what, err, code)
		}
	}
}

// TestJoinedWorkstationIsRebuilt loses the index of a workstation that joined, with the remote and without.
func TestJoinedWorkstationIsRebuilt(t *testing.T) {
	marie := MustFound(t)
	paul := MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
	person := marie.MustVault(t, "Diallo", func(r *api.BeneficiaryAddRequest) { r.Consent.To = "agent:Paul Martin" })
	MustSync(t, marie)
	MustSync(t, paul)
	doc := paul.MustAdd(t, deposit(person, "cv"), "mon parcours")
	MustSync(t, paul)
	for _, away := range []bool{false, true} {
		paul.stop()
		if err := os.Remove(filepath.Join(paul.Home, "index.db")); err != nil {
			t.Fatal(err)
		}
		if away {
			if err := os.Rename(marie.Remote, marie.Remote+".away"); err != nil {
				t.Fatal(err)
			}
		}
		paul.Reopen(t)
		if s, err := paul.Status(ctxb); err != nil || s.State != "ready" || s.Name != "CCAS de Rennes" || s.Vaults != 1 {
			t.Errorf("remote away %v: %+v, %v", away, s, err)
		}
		if away {
			if err := os.Rename(marie.Remote+".away", marie.Remote); err != nil {
				t.Fatal(err)
			}
		}
		MustSync(t, paul)
		if got, _, err := paul.get(doc.ID, ""); err != nil || got != "mon parcours" {
			t.Errorf("remote away %v: %q, %v", away, got, err)
		}
	}
	wantWhole(t, paul)
}

// TestJoinBesideANewKey enrols a workstation while another admin, who has not heard of it, makes new keys for all that they
// know: the new workstation gets those as well, though it could not even read that there are some.
func TestJoinBesideANewKey(t *testing.T) {
	marie := MustFound(t)
	paul := MustJoin(t, marie, "Paul Martin", vault.RoleAdmin)
	lost := MustJoin(t, marie, "Ancienne", vault.RoleAgent)
	MustSync(t, paul)
	awa, q := MustAsk(t, marie)
	away := marie.Remote + ".away"
	if err := os.Rename(marie.Remote, away); err != nil {
		t.Fatal(err)
	}
	if _, err := paul.DeviceRevoke(ctxb, api.RevokeRequest{Device: lost.device(t)}, nil); err != nil {
		t.Fatal(err)
	}
	paul.stop()
	if err := os.Rename(away, marie.Remote); err != nil {
		t.Fatal(err)
	}
	if _, err := marie.DeviceApprove(ctxb, api.ApproveRequest{Code: q.Code, Agent: "Awa Sow", Roles: []string{"deposit"}, Words: strings.Join(q.Words, " ")}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := awa.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "30s"}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, awa)
	paul.Reopen(t)
	t.Cleanup(paul.HoldTending()) // neither admin looks yet who lacks a key
	release := sync.OnceFunc(marie.HoldTending())
	t.Cleanup(release)
	MustSync(t, paul)
	MustSync(t, marie)
	ref := []string{"SI:1"}
	marie.MustVault(t, "Diallo", func(r *api.BeneficiaryAddRequest) { r.Person.Refs = &ref })
	MustSync(t, marie)
	MustSync(t, awa)
	if _, err := awa.DocumentAdd(ctxb, deposit("ref:SI:1", "cv"), strings.NewReader("x")); err == nil {
		t.Error("it reads what is sealed to a key that nobody gave it: this test shows nothing")
	}
	release()
	marie.Tend(ctxb)
	MustSync(t, marie)
	MustSync(t, awa)
	if _, err := awa.DocumentAdd(ctxb, deposit("ref:SI:1", "cv"), strings.NewReader("x")); err != nil {
		t.Errorf("after an admin gave it the new keys: %v", err)
	}
}

// TestRolesOfApprovers has those approve who may not.
func TestRolesOfApprovers(t *testing.T) {
	marie := MustFound(t)
	for _, role := range []vault.Role{vault.RoleAgent, vault.RoleDeposit, vault.RoleAuditor} {
		r := MustJoin(t, marie, "X "+string(role), role)
		_, q := MustAsk(t, marie)
		wantCode(t, string(role), approve(r, &q, q.Words, role), vault.CodePolicy)
		if n := devicesKnown(t, r); n == 0 {
			t.Errorf("%s sees no devices", role)
		}
	}
	boss := MustJoin(t, marie, "Direction", vault.RoleAdmin)
	_, q := MustAsk(t, marie)
	if err := approve(boss, &q, q.Words, vault.RoleAgent); err != nil {
		t.Errorf("a second admin: %v", err)
	}
	if kinds := strings.Join(boss.HeldKinds(), " "); kinds != "intake org staff" {
		t.Errorf("an admin who is no agent holds %s", kinds)
	}
}
