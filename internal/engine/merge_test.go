package engine_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

func named(given, usage, born string, refs ...string) func(*api.BeneficiaryAddRequest) {
	return func(q *api.BeneficiaryAddRequest) {
		q.Person.GivenName, q.Person.UsageName, q.Person.Born, q.Person.Refs = &given, &usage, &born, &refs
	}
}

func TestMerge(t *testing.T) {
	r := MustFound(t)
	if _, err := r.TeamAdd(ctxb, api.TeamAddRequest{Name: "Nuit"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.TeamAdd(ctxb, api.TeamAddRequest{Name: "Jour"}); err != nil {
		t.Fatal(err)
	}
	into := r.MustVault(t, "Diallo", named("Amina", "", "1985-03-14", "SI:1"))
	twice := r.MustVault(t, "Diallo", named("Aminata", "Ba", "1985", "PEP:77", "CAF:3"))
	for b, team := range map[string]string{twice: "team:Nuit", into: "team:Jour"} {
		if _, err := r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: b, Terms: verbal(team)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	source := func(q *api.DocumentAddRequest) { q.Fields.SourceID, q.Fields.Title = val("S1"), val("Avis") }
	r.MustAdd(t, deposit(into, "cv", source), "theirs")
	r.MustAdd(t, deposit(into, "id-card"), "card")
	r.MustAdd(t, deposit(twice, "id-card"), "card")
	tax := r.MustAdd(t, deposit(twice, "tax-notice", source), "tax")
	if _, _, err := r.get(tax.ID, ""); err != nil {
		t.Fatal(err)
	}
	before, err := r.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: into})
	if err != nil {
		t.Fatal(err)
	}
	for _, dry := range []bool{true, false} {
		m, err := r.BeneficiaryMerge(ctxb, api.MergeRequest{Duplicate: twice, Into: into, DryRun: dry}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Seen) != 1 || m.Seen[0].Agent != "Marie Durand" || m.Seen[0].Act != "get" {
			t.Errorf("seen: %+v", m.Seen)
		}
		m.Seen = nil
		want := api.Merge{Head: m.Head, Duplicate: twice, Into: into, Documents: 1, Same: 1, Consents: 1, Lacks: []string{"team:Nuit"},
			Gains: []string{"team:Jour"}, Refs: []string{"PEP:77", "CAF:3"}, Names: []string{"Aminata Ba", "Ba"}, Closed: true, DryRun: dry}
		if fmt.Sprintf("%+v", m) != fmt.Sprintf("%+v", want) {
			t.Errorf("dry run %t:\n%+v, want\n%+v", dry, m, want)
		}
	}
	checkMerged(t, r, into, twice)
	after, err := r.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: into})
	if err != nil || !slices.Equal(before.Shared, after.Shared) {
		t.Errorf("readers before %v, after %v, %v", before.Shared, after.Shared, err)
	}
	again, err := r.BeneficiaryMerge(ctxb, api.MergeRequest{Duplicate: twice, Into: into}, nil)
	if wantCode(t, "once more", err, vault.CodeConflict); again.Documents != 0 {
		t.Errorf("once more: %+v", again)
	}
	MustSync(t, r)
	docs := slices.DeleteFunc(r.RemoteFiles(t), func(f string) bool { return !strings.Contains(f, "/d/") })
	if len(docs) != 3 {
		t.Errorf("%d documents on the remote, want 3", len(docs))
	}
}

// checkMerged looks at both vaults after the merge of TestMerge.
func checkMerged(t *testing.T, r *rig, into, twice string) {
	t.Helper()
	for _, ref := range []string{"ref:SI:1", "ref:PEP:77", "ref:CAF:3"} {
		if found := resolve(t, r, ref); len(found) != 1 || found[0].ID != into {
			t.Errorf("%s leads to %+v", ref, found)
		}
	}
	for _, name := range []string{"Amina Diallo", "Aminata", "Ba"} {
		if found := resolve(t, r, name); len(found) != 1 || found[0].ID != into {
			t.Errorf("%s is %+v", name, found)
		}
	}
	docs := r.MustList(t, api.DocumentListRequest{Beneficiary: into})
	var sources []string
	for _, d := range docs {
		sources = append(sources, d.DocumentType+d.SourceID)
	}
	if slices.Sort(sources); fmt.Sprint(sources) != "[cvS1 id-card tax-notice]" { // a source id is one document's
		t.Errorf("documents: %v", sources)
	}
	b, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: twice})
	if err != nil || b.State != "closed" || b.Reason != "duplicate" || len(b.Refs) != 0 || b.Documents != 0 {
		t.Errorf("duplicate: %+v, %v", b, err)
	}
	for id, other := range map[string]string{into: twice, twice: into} {
		for _, format := range []string{"jsonl", "csv", "txt"} {
			text := r.MustJournalText(t, id, format)
			for _, never := range []string{other, "Amina", "Diallo", "PEP", "SI:1"} {
				if strings.Contains(text, never) {
					t.Errorf("the journal of %s holds %q", id, never)
				}
			}
		}
	}
	// Somebody of either name is known to have a vault, and it is not the duplicate.
	b = MustAdd(t, r, "Aminata", "Ba", "1985-03-14", func(q *api.BeneficiaryAddRequest) { q.Duplicate = true })
	if fmt.Sprint(b.Possible) != fmt.Sprint([]string{into}) {
		t.Errorf("possible: %v", b.Possible)
	}
}

func TestMergeLeavesPrivateDocuments(t *testing.T) {
	r := MustFound(t)
	into, twice := r.MustVault(t, "Diallo", withRef("SI:1")), r.MustVault(t, "Diallo", withRef("SI:2"))
	card := r.MustCard(t, twice)
	secret := r.MustAdd(t, deposit(twice, "other", func(q *api.DocumentAddRequest) { q.Private = true }), "secret")
	r.MustAdd(t, deposit(twice, "cv"), "open")
	req := api.MergeRequest{Duplicate: twice, Into: into}
	m, err := r.BeneficiaryMerge(ctxb, req, nil)
	if err != nil || m.Closed || m.Documents != 1 || len(m.Left) != 1 || m.Left[0].Document != secret.ID || m.Left[0].Code != "no_identity" {
		t.Errorf("%+v, %v", m, err)
	}
	if b, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: twice}); err != nil || b.State != "open" {
		t.Errorf("duplicate: %+v, %v", b, err)
	}
	if found := resolve(t, r, "ref:SI:2"); len(found) != 1 || found[0].ID != into {
		t.Errorf("reference leads to %+v", found)
	}
	if _, err := r.DocumentEdit(ctxb, api.DocumentEditRequest{Document: secret.ID, Space: "shared", Card: card}); err != nil {
		t.Fatal(err)
	}
	m, err = r.BeneficiaryMerge(ctxb, req, nil)
	if err != nil || !m.Closed || m.Documents != 1 || len(m.Refs) != 0 {
		t.Errorf("once shared: %+v, %v", m, err)
	}
	if docs := r.MustList(t, api.DocumentListRequest{Beneficiary: into}); len(docs) != 2 {
		t.Errorf("%d documents", len(docs))
	}
}

func TestMergeRefusals(t *testing.T) {
	r := MustFound(t)
	declined := func(q *api.BeneficiaryAddRequest) { q.NoRecovery = true }
	into, twice, gone, shut := r.MustVault(t, "A"), r.MustVault(t, "B"), r.MustVault(t, "C"), r.MustVault(t, "D")
	alone := r.MustVault(t, "E", declined)
	MustIssue(t, r, alone, "")
	if _, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: gone, Wait: "0s"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.BeneficiaryClose(ctxb, api.CloseRequest{Beneficiary: shut, Reason: "moved"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, duplicate, into string
		code                  vault.Code
	}{
		{"into itself", into, into, vault.CodeUsage},
		{"a vault that is not read", gone, into, vault.CodeNoConsent},
		{"into a vault that is not read", twice, gone, vault.CodeNoConsent},
		{"into a closed vault", twice, shut, vault.CodeNoConsent},
		{"into a vault that recovery reads", alone, into, vault.CodePolicy},
		{"nobody", string(vault.NewBeneficiaryID("x")), into, vault.CodeNotFound},
		{"by name", "B", into, vault.CodeAmbiguous},
	} {
		_, err := r.BeneficiaryMerge(ctxb, api.MergeRequest{Duplicate: c.duplicate, Into: c.into}, nil)
		wantCode(t, c.what, err, c.code)
	}
	if m, err := r.BeneficiaryMerge(ctxb, api.MergeRequest{Duplicate: shut, Into: into}, nil); err != nil || !m.Closed {
		t.Errorf("a vault that was closed before: %+v, %v", m, err)
	}
	other := r.MustVault(t, "F", named("Awa", "", "1990-01-01"))
	if m, err := r.BeneficiaryMerge(ctxb, api.MergeRequest{Duplicate: other, Into: into, DryRun: true}, nil); err != nil || fmt.Sprint(m.Differs) != "[born]" {
		t.Errorf("dates of birth: %+v, %v", m, err)
	}
}

// TestMergeKeepsWithdrawals merges a vault in which a consent was withdrawn: the next night's people file must not renew it
// in the other one.
func TestMergeKeepsWithdrawals(t *testing.T) {
	r := MustFound(t)
	if _, err := r.TeamAdd(ctxb, api.TeamAddRequest{Name: "Nuit"}); err != nil {
		t.Fatal(err)
	}
	into, twice := r.MustVault(t, "Diallo", withRef("SI:1")), r.MustVault(t, "Diallo", withRef("SI:2"))
	if _, err := r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: twice, Terms: verbal("team:Nuit")}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: twice, To: "team:Nuit", Wait: "0s"}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := r.BeneficiaryMerge(ctxb, api.MergeRequest{Duplicate: twice, Into: into}, nil)
	wantCode(t, "into the vault that does not know", err, vault.CodePolicy)
	if m, err := r.BeneficiaryMerge(ctxb, api.MergeRequest{Duplicate: into, Into: twice}, nil); err != nil || !m.Closed {
		t.Fatalf("the other way round: %+v, %v", m, err)
	}
	for _, ref := range []string{"SI:1", "SI:2"} {
		row := person(ref, "Diallo")
		row.Consent.To = "team:Nuit"
		wantStatus(t, ref, MustPeople(t, r, api.ImportRequest{Batch: string(vault.NewBatchID())}, row), "rejected superseded")
	}
}

func TestReplaceSaysWhoHasSeen(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	d := r.MustAdd(t, deposit(b, "cv"), "old")
	if err := r.DocumentGet(ctxb, api.GetRequest{Document: d.ID, How: "print"}, func(api.Document) (io.Writer, error) { return io.Discard, nil }); err != nil {
		t.Fatal(err)
	}
	for text, status := range map[string]string{"old": "exists", "new": "deposited"} {
		v, err := r.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: d.ID, Size: 3, DryRun: true}, strings.NewReader(text))
		if err != nil || v.Status != status || !v.DryRun || v.ID != d.ID || v.Versions != 1 || len(v.Seen) != 1 || v.Seen[0].Act != "print" {
			t.Errorf("dry run of %q: %+v, %v", text, v, err)
		}
	}
	_, err := r.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: d.ID, Size: 7, DryRun: true}, strings.NewReader("short"))
	wantCode(t, "fewer bytes than declared", err, vault.CodeInvalid)
	v, err := r.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: d.ID, Size: -1}, strings.NewReader("new"))
	if err != nil || v.Versions != 2 || len(v.Seen) != 1 {
		t.Errorf("replaced: %+v, %v", v, err)
	}
}
