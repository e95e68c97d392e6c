package engine_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

var ctxb = context.Background()

func ptr[T any](v T) *T { return &v }

// verbal is a consent that is always acceptable.
func verbal(to string) api.ConsentTerms {
	return api.ConsentTerms{To: to, Purpose: "case-file", Verbal: true}
}

// uploads gives parts by name, in pairs of name and content.
func uploads(pairs ...string) engine.Parts {
	return func() (string, io.Reader, error) {
		if len(pairs) == 0 {
			return "", nil, io.EOF
		}
		name, text := pairs[0], pairs[1]
		pairs = pairs[2:]
		return name, strings.NewReader(text), nil
	}
}

// MustAdd opens a vault for somebody, with a verbal consent to the first team.
func MustAdd(tb testing.TB, r *rig, given, family, born string, change ...func(*api.BeneficiaryAddRequest)) api.Beneficiary {
	tb.Helper()
	req := api.BeneficiaryAddRequest{Person: api.Person{GivenName: &given, FamilyName: &family, Born: &born}, Consent: verbal("team:Accueil")}
	for _, f := range change {
		f(&req)
	}
	b, err := r.BeneficiaryAdd(ctxb, req, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// MustDeposit puts a document into a vault.
func MustDeposit(tb testing.TB, r *rig, b, content string, private bool) api.Document {
	tb.Helper()
	d, err := r.DocumentAdd(ctxb, api.DocumentAddRequest{Beneficiary: b, Private: private, Size: -1, FileName: "scan.pdf",
		Fields: api.DocumentFields{Type: ptr("cv"), Title: ptr("titre de " + content)}}, strings.NewReader(content))
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// MustSync brings everything to the remote, deletions included.
func MustSync(tb testing.TB, r *rig) {
	tb.Helper()
	if _, err := r.Sync(ctxb, api.SyncRequest{Wait: "5m"}, nil); err != nil {
		tb.Fatal(err)
	}
}

func MustIssue(tb testing.TB, r *rig, b, old string) api.Card {
	tb.Helper()
	c, err := r.CardIssue(ctxb, api.CardRequest{Beneficiary: b, Old: old})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func wantCode(tb testing.TB, what string, err error, code vault.Code) {
	tb.Helper()
	if vault.CodeOf(err) != code {
		tb.Errorf("%s: %q (%v), want %q", what, vault.CodeOf(err), err, code)
	}
}

func resolve(tb testing.TB, r *rig, text string) []api.Beneficiary {
	tb.Helper()
	var out []api.Beneficiary
	err := r.BeneficiaryResolve(ctxb, api.ResolveRequest{Text: text}, func(b api.Beneficiary) error { out = append(out, b); return nil })
	if err != nil && vault.CodeOf(err) != vault.CodeNotFound {
		tb.Fatal(err)
	}
	return out
}

func list(tb testing.TB, r *rig, req api.BeneficiaryListRequest) []string {
	tb.Helper()
	var out []string
	if err := r.BeneficiaryList(ctxb, req, func(b api.Beneficiary) error { out = append(out, b.ID); return nil }); err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestPersonIsChecked(t *testing.T) {
	r := MustFound(t)
	MustAdd(t, r, "Awa", "Diallo", "1990-02-03", func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &[]string{"pep: 77 "} })
	name := api.Person{FamilyName: ptr("Martin")}
	with := func(f func(*api.Person)) api.Person { p := name; f(&p); return p }
	for _, c := range []struct {
		what string
		p    api.Person
		code vault.Code
	}{
		{"no name", api.Person{Born: ptr("1980")}, vault.CodeInvalid},
		{"only marks of direction", api.Person{FamilyName: ptr("\u202e\u200f ")}, vault.CodeInvalid},
		{"a control character", api.Person{FamilyName: ptr("Mar\x1btin")}, vault.CodeInvalid},
		{"broken UTF-8", api.Person{FamilyName: ptr("Mar\xfftin")}, vault.CodeInvalid},
		{"too long", api.Person{FamilyName: ptr(strings.Repeat("a", 201))}, vault.CodeInvalid},
		{"born tomorrow", with(func(p *api.Person) { p.Born = ptr(time.Now().AddDate(0, 0, 1).Format(time.DateOnly)) }), vault.CodeInvalid},
		{"born on no day", with(func(p *api.Person) { p.Born = ptr("1985-02-30") }), vault.CodeInvalid},
		{"phone", with(func(p *api.Person) { p.Phone = ptr("call me") }), vault.CodeInvalid},
		{"e-mail", with(func(p *api.Person) { p.Email = ptr("a b@c") }), vault.CodeInvalid},
		{"language", with(func(p *api.Person) { p.Language = ptr("français") }), vault.CodeInvalid},
		{"reference without system", with(func(p *api.Person) { p.Refs = &[]string{"42"} }), vault.CodeInvalid},
		{"reference without id", with(func(p *api.Person) { p.Refs = &[]string{"PEP: "} }), vault.CodeInvalid},
		{"national number", with(func(p *api.Person) { p.Refs = &[]string{"PEP:1 85 05 78 006 084 36"} }), vault.CodePolicy},
		{"national number without key", with(func(p *api.Person) { p.Refs = &[]string{"X:1850578006084"} }), vault.CodePolicy},
		{"system of the national number", with(func(p *api.Person) { p.Refs = &[]string{"nir:7"} }), vault.CodePolicy},
		{"reference of somebody else", with(func(p *api.Person) { p.Refs = &[]string{"PEP:77"} }), vault.CodeConflict},
		{"same name and birth", api.Person{FamilyName: ptr("AWA"), GivenName: ptr("diàllo"), Born: ptr("1990-02-03")}, vault.CodeConflict},
	} {
		_, err := r.BeneficiaryAdd(ctxb, api.BeneficiaryAddRequest{Person: c.p, Consent: verbal("team:Accueil")}, nil)
		wantCode(t, c.what, err, c.code)
	}
	if got := list(t, r, api.BeneficiaryListRequest{}); len(got) != 1 {
		t.Errorf("%d vaults after refusals, want 1", len(got))
	}
}

func TestConsentTermsAreChecked(t *testing.T) {
	r := MustFound(t)
	today := time.Now()
	day := func(n int) string { return today.AddDate(0, 0, n).Format(time.DateOnly) }
	for _, c := range []struct {
		what  string
		terms api.ConsentTerms
		parts engine.Parts
		code  vault.Code
	}{
		{"to nobody", verbal(""), nil, vault.CodeUsage},
		{"to a bare name", verbal("Accueil"), nil, vault.CodeNotFound},
		{"to an unknown team", verbal("team:Nord"), nil, vault.CodeNotFound},
		{"purpose", api.ConsentTerms{To: "team:Accueil", Purpose: "fun", Verbal: true}, nil, vault.CodeInvalid},
		{"until yesterday", api.ConsentTerms{To: "team:Accueil", Purpose: "housing", Verbal: true, Until: day(-1)}, nil, vault.CodeInvalid},
		{"given tomorrow", api.ConsentTerms{To: "team:Accueil", Purpose: "housing", Verbal: true, On: day(1)}, nil, vault.CodeInvalid},
		{"neither evidence nor verbal", api.ConsentTerms{To: "team:Accueil", Purpose: "housing"}, nil, vault.CodeUsage},
		{"both", api.ConsentTerms{To: "team:Accueil", Purpose: "housing", Verbal: true, EvidenceName: "a.pdf"}, uploads(api.PartEvidence, "x"), vault.CodeUsage},
		{"evidence that does not come", api.ConsentTerms{To: "team:Accueil", Purpose: "housing", EvidenceName: "a.pdf"}, nil, vault.CodeUsage},
		{"evidence without bytes", api.ConsentTerms{To: "team:Accueil", Purpose: "housing", EvidenceName: "a.pdf"}, uploads(api.PartEvidence, ""), vault.CodeInvalid},
		{"a part too many", verbal("team:Accueil"), uploads(api.PartEvidence, "x"), vault.CodeUsage},
		{"unknown giver", api.ConsentTerms{To: "team:Accueil", Purpose: "housing", Verbal: true, GivenBy: "mother"}, nil, vault.CodeUsage},
		{"representative without mandate", api.ConsentTerms{To: "team:Accueil", Purpose: "housing", Verbal: true, GivenBy: "representative", Representative: "Me Roy"}, nil, vault.CodeUsage},
		{"mandate without representative", api.ConsentTerms{To: "team:Accueil", Purpose: "housing", Verbal: true, MandateName: "m.pdf"}, uploads(api.PartMandate, "x"), vault.CodeUsage},
		{"notice in a third language", api.ConsentTerms{To: "team:Accueil", Purpose: "housing", Verbal: true, Language: "de"}, nil, vault.CodeInvalid},
	} {
		_, err := r.BeneficiaryAdd(ctxb, api.BeneficiaryAddRequest{Person: api.Person{FamilyName: ptr("Martin")}, Consent: c.terms}, c.parts)
		wantCode(t, c.what, err, c.code)
	}
	for _, f := range r.HomeFiles(t) {
		if strings.HasPrefix(f, "spool/") && strings.Contains(f, "/d/") {
			t.Errorf("a refused opening left %s", f)
		}
	}
}

func TestConsentRecordIsComplete(t *testing.T) {
	r := MustFound(t)
	b, err := r.BeneficiaryAdd(ctxb, api.BeneficiaryAddRequest{Person: api.Person{FamilyName: ptr("Nguyễn")}, NoRecovery: true,
		Consent: api.ConsentTerms{To: "agent:marie durand", Purpose: "housing", Until: "+30d", EvidenceName: "1850578006084.pdf", GivenBy: "representative",
			Representative: "Me Roy", MandateName: "m.pdf", Interpreter: "Lan", ReadAloud: true, Language: "en"}},
		uploads(api.PartMandate, "%PDF-1.4 mandate", api.PartEvidence, "%PDF-1.4 signed"))
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Consents) != 1 || b.Documents != 0 {
		t.Fatalf("consents %d, documents %d", len(b.Consents), b.Documents)
	}
	c, err := r.ConsentShow(ctxb, api.ConsentRequest{Consent: b.Consents[0].ID})
	if err != nil {
		t.Fatal(err)
	}
	rec, ok := c.Record.(*vault.ConsentRecord)
	if !ok {
		t.Fatalf("record: %T", c.Record)
	}
	n, err := r.ConsentNotice(ctxb, api.NoticeRequest{Language: "en", PDF: true})
	if err != nil {
		t.Fatal(err)
	}
	if string(rec.NoticeHash) != n.Hash || rec.PrivacyNotice != n.Version || rec.Language != "en" || !bytes.HasPrefix(n.PDF, []byte("%PDF")) {
		t.Errorf("notice of the record %s %s %s, notice %s %s", rec.NoticeHash, rec.PrivacyNotice, rec.Language, n.Hash, n.Version)
	}
	if rec.Recovery || rec.Assurance != "attested" || rec.CollectionMethod != "written" || rec.Jurisdiction != "FR" || len(rec.StorageLocations) != 1 ||
		rec.GivenBy != "representative" || rec.Representative != "Me Roy" || rec.Interpreter != "Lan" || !rec.ReadAloud || rec.MandateDoc == "" ||
		string(rec.Evidence) != c.Evidence || rec.CollectedBy != "Marie Durand" || string(rec.PrincipalID) != b.ID || rec.Events[0].EventState != "given" ||
		rec.Events[0].ValidityDuration != c.Until || rec.WithdrawalMethod == "" || rec.RetentionPeriod == "" || rec.RecipientThirdParty == nil {
		t.Errorf("record: %+v", rec)
	}
	if c.To != "agent:Marie Durand" || c.State != "given" {
		t.Errorf("consent: %+v", c)
	}
	d, err := r.DocumentShow(ctxb, api.DocumentRequest{Document: c.Evidence})
	if err != nil {
		t.Fatal(err)
	}
	if d.Evidence != c.ID || d.DocumentType != "consent-evidence" || strings.Contains(d.FileName, "1850578006084") {
		t.Errorf("evidence: %+v", d)
	}
	if _, err := r.ConsentNotice(ctxb, api.NoticeRequest{Language: "ar"}); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("notice in Arabic: %v", err)
	}
}

func TestSearchAndNames(t *testing.T) {
	r := MustFound(t)
	a := MustAdd(t, r, "Zoé", "Lefèvre", "1985-03-14", func(q *api.BeneficiaryAddRequest) {
		q.Person.UsageName, q.Person.Aliases = ptr("Kone"), &[]string{"Fofana"}
		q.Person.Refs = &[]string{"pep:Ab12", "CAF:9"}
	})
	b := MustAdd(t, r, "李", "小龍", "1940")
	c := MustAdd(t, r, "محمد", "العربي", "unknown")
	homonym := MustAdd(t, r, "Zoe", "Lefevre", "1985-07-01")
	if !slices.Contains(homonym.Possible, a.ID) {
		t.Errorf("same name and year: possible %v", homonym.Possible)
	}
	other := MustAdd(t, r, "Zoe", "Lefevre", "1960-07-01")
	if len(other.Possible) != 0 {
		t.Errorf("another year: possible %v", other.Possible)
	}
	for _, q := range []struct {
		text string
		want []string
	}{
		{"ZOE lefevre", []string{a.ID, homonym.ID, other.ID}}, {"kone", []string{a.ID}}, {"fofana zoé", []string{a.ID}},
		{"小龍", []string{b.ID}}, {"العربي", []string{c.ID}}, {"PEP:ab1", []string{a.ID}}, {a.ID, []string{a.ID}}, {"nobody", nil},
	} {
		got := list(t, r, api.BeneficiaryListRequest{Search: q.text})
		slices.Sort(got)
		slices.Sort(q.want)
		if !slices.Equal(got, q.want) {
			t.Errorf("search %q: %v, want %v", q.text, got, q.want)
		}
	}
	if got := resolve(t, r, "Lefèvre Zoé"); len(got) != 3 || !got[0].Readable {
		t.Errorf("resolve a homonym: %v", got)
	}
	if got := resolve(t, r, "ref:Pep:Ab12"); len(got) != 1 || got[0].ID != a.ID {
		t.Errorf("resolve a reference: %v", got)
	}
	if _, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: "Zoé"}); vault.CodeOf(err) != vault.CodeAmbiguous {
		t.Errorf("a name where an id is needed: %v", err)
	}
	edited, err := r.BeneficiaryEdit(ctxb, api.BeneficiaryEditRequest{Beneficiary: a.ID, Person: api.Person{Refs: &[]string{"CAF:9"}, UsageName: ptr("")}})
	if err != nil || edited.UsageName != "" || !slices.Equal(edited.Refs, []string{"CAF:9"}) {
		t.Fatalf("edit: %+v, %v", edited, err)
	}
	if got := resolve(t, r, "Kone Zoé"); len(got) != 0 {
		t.Errorf("a name that was taken away still resolves: %v", got)
	}
	_, err = r.BeneficiaryEdit(ctxb, api.BeneficiaryEditRequest{Beneficiary: b.ID, Person: api.Person{Refs: &[]string{"PEP:Ab12"}}})
	wantCode(t, "a reference that became free", err, "")
	_, err = r.BeneficiaryEdit(ctxb, api.BeneficiaryEditRequest{Beneficiary: c.ID, Person: api.Person{Refs: &[]string{"caf:9"}}})
	wantCode(t, "a reference in use", err, vault.CodeConflict)
	_, err = r.BeneficiaryEdit(ctxb, api.BeneficiaryEditRequest{Beneficiary: b.ID, Person: api.Person{FamilyName: ptr(""), GivenName: ptr("")}})
	wantCode(t, "taking away the last name", err, vault.CodeInvalid)
	before := len(r.MustJournal(t, api.JournalRequest{Beneficiary: b.ID}))
	same, err := r.BeneficiaryEdit(ctxb, api.BeneficiaryEditRequest{Beneficiary: b.ID, Person: api.Person{Born: ptr("1940")}})
	if now := len(r.MustJournal(t, api.JournalRequest{Beneficiary: b.ID})); err != nil || !same.Unchanged || same.ID != b.ID || now != before {
		t.Errorf("changing nothing: %+v, %v, %d new lines in the journal", same, err, now-before)
	}
}

func TestCloseReopenInactive(t *testing.T) {
	r := MustFound(t)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	if _, err := r.BeneficiaryClose(ctxb, api.CloseRequest{Beneficiary: b.ID, Reason: "bored"}); vault.CodeOf(err) != vault.CodeUsage {
		t.Errorf("unknown reason: %v", err)
	}
	c, err := r.BeneficiaryClose(ctxb, api.CloseRequest{Beneficiary: b.ID, Reason: "moved"})
	if err != nil || c.State != "closed" || c.Reason != "moved" {
		t.Fatalf("close: %+v, %v", c, err)
	}
	_, err = r.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: b.ID, Terms: verbal("agent:Marie Durand")}, nil)
	wantCode(t, "consent to a closed vault", err, vault.CodeConflict)
	if got := list(t, r, api.BeneficiaryListRequest{State: "closed"}); !slices.Equal(got, []string{b.ID}) {
		t.Errorf("closed: %v", got)
	}
	if c, err = r.BeneficiaryReopen(ctxb, api.BeneficiaryRequest{Beneficiary: b.ID}); err != nil || c.State != "open" {
		t.Fatalf("reopen: %+v, %v", c, err)
	}
	_, err = r.BeneficiaryReopen(ctxb, api.BeneficiaryRequest{Beneficiary: b.ID})
	wantCode(t, "reopening twice", err, vault.CodeConflict)
	if got := list(t, r, api.BeneficiaryListRequest{InactiveFor: "2y"}); len(got) != 0 {
		t.Errorf("inactive today: %v", got)
	}
	r.SetNow(func() time.Time { return time.Now().AddDate(2, 0, 1) })
	if got := list(t, r, api.BeneficiaryListRequest{InactiveFor: "2y"}); !slices.Equal(got, []string{b.ID}) {
		t.Errorf("inactive in two years: %v", got)
	}
}
