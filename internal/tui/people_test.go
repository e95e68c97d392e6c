package tui

import (
	"encoding/json"
	"maps"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// family is office with what the pages of a person ask for.
func family() canned {
	c := office()
	given := amal().Consents[0]
	other := api.Consent{ID: "c2m8k4x7qw9t3", Beneficiary: given.Beneficiary, To: "agent:Sonia Khelifi", Purpose: "housing", State: "withdrawn",
		Given: "2025-11-03", Ended: "2026-01-20", Evidence: "d4m8n2p6qr9s3", CollectedBy: "Marie Durand"}
	shown := given
	shown.Record = map[string]any{"schema_version": "ISO/IEC TS 27560:2023", "jurisdiction": "FR", "pii_controllers": []string{"CCAS de Rennes"}}
	maps.Copy(c, canned{
		api.RouteDocumentList: []api.Document{},
		api.RouteConsentList:  []api.Consent{other, given},
		api.RouteConsentShow:  shown,
		api.RouteConsentWithdraw: func(raw json.RawMessage) any {
			var req api.WithdrawRequest
			_ = json.Unmarshal(raw, &req)
			return api.Receipt{ID: given.Beneficiary, At: "2026-03-02T09:30:00Z", DryRun: req.DryRun, Ended: []string{"consent cwph5j8jwsgwa to team:Accueil"},
				Readers: []string{"the person, with their card"}, NotRecalled: []string{"What was read, printed or exported before cannot be recalled."},
				ToReseal: 4, Resealed: map[bool]int{true: 0, false: 4}[req.DryRun], Complete: !req.DryRun,
				Remotes: map[bool][]api.RemoteReceipt{false: {{Name: "main", Deleted: 4}}}[req.DryRun]}
		},
		api.RouteJournalList: []api.JournalEntry{
			{At: "2026-01-12T09:00:00Z", EventType: "vault.open", Agent: "Marie Durand", Text: "Marie Durand opened the vault"},
			{At: "2026-02-27T14:20:00Z", EventType: "document.deposit", Agent: "Marie Durand", Text: "Marie Durand deposited a document", Document: "d4m8n2p6qr9s3"},
			{At: "2026-02-28T08:00:00Z", EventType: "vault.edit", Agent: "Paul Roy", Text: "Paul Roy corrected what is known", Quarantined: "no consent"},
		},
		api.RouteBeneficiaryAccess: api.Access{ID: given.Beneficiary, Shared: []string{"team:Accueil", "card", "recovery"}, Private: []string{"card"},
			Agents: []string{"Marie Durand", "Paul Roy"}, Objects: []api.ObjectAccess{
				{Path: "objects/ab/abcd", Kind: "document", Document: "d4m8n2p6qr9s3", Readers: []string{"team:Accueil", "card", "recovery"}, Stanzas: 3, Match: true},
				{Path: "objects/cd/cdef", Kind: "note", Readers: []string{"team:Accueil"}, Stanzas: 2}}},
		api.RouteTeamList:      []api.Team{{ID: "t1", Name: "Accueil", Members: []string{"Marie Durand", "Paul Roy"}}, {ID: "t2", Name: "Logement", Members: []string{"Paul Roy"}}},
		api.RouteAgentList:     []api.Agent{{ID: "a1", Name: "Marie Durand"}},
		api.RouteConsentNotice: api.Notice{Language: "fr", Text: "Votre coffre\n\nQui peut le lire : les personnes que vous avez choisies."},
		api.RouteBeneficiaryErase: func(raw json.RawMessage) any {
			var req api.EraseRequest
			_ = json.Unmarshal(raw, &req)
			return api.Receipt{ID: given.Beneficiary, At: "2026-03-02T09:30:00Z", DryRun: req.DryRun, Gone: []string{"4 documents"}, Complete: true}
		},
		api.RouteCardIssue: api.Card{ID: given.Beneficiary, N: 2, Words: strings.Fields(strings.Repeat("mot ", 24)), WordLang: "fr", Identity: "AGE-SECRET-KEY-PQ-1EXAMPLE",
			PDF: []byte("%PDF-")},
		api.RouteBeneficiaryEdit:    amal(),
		api.RouteBeneficiaryResolve: vault.Errorf(vault.CodeNotFound, "nobody of that name has a vault that is known here"),
	})
	return c
}

// recorder notes the requests that a route gets.
type recorder struct {
	mu   sync.Mutex // guards got
	got  []string
	next any
}

func (r *recorder) answer(raw json.RawMessage) any {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, string(raw))
	if f, ok := r.next.(func(json.RawMessage) any); ok {
		return f(raw)
	}
	return r.next
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

// record has the requests of a route noted.
func (c canned) record(route string) *recorder {
	r := &recorder{next: c[route]}
	c[route] = r.answer
	return r
}

// Amal's page is reached by searching her.
func toAmal() []string { return []string{`"amal"`, "enter"} }

func peoplePictures() []picture {
	at := func(keys ...string) []string { return append(toAmal(), keys...) }
	return []picture{
		{name: "consents", answers: family(), keys: at("2")},
		{name: "consent-record", answers: family(), keys: at("2", "enter")},
		{name: "journal", answers: family(), keys: at("5")},
		{name: "access", answers: family(), keys: at("6")},
		{name: "identity", answers: family(), keys: at("7")},
		{name: "edit", answers: family(), keys: at("7", "e")},
		{name: "open-vault", answers: family(), keys: []string{"ctrl+n"}},
		{name: "consent-to-whom", answers: family(), keys: at("2", "a", "enter", "enter", "enter", "enter", "enter")},
		{name: "withdraw", answers: family(), keys: at("W")},
		{name: "withdrawn", answers: family(), keys: at("W", "y")},
		{name: "erase", answers: family(), keys: at("7", "E")},
		{name: "card-again", answers: family(), keys: at("C")},
		{name: "export", answers: family(), keys: at("X")},
	}
}

// A withdrawal says first what it would do; nothing is done without a yes; the receipt follows.
func TestWithdrawalAsks(t *testing.T) {
	answers := family()
	asked := answers.record(api.RouteConsentWithdraw)
	s := MustDrive(t, MustCanned(t, lang.English, answers), 80, 24)
	s.write("amal").press("enter")
	s.see("last contact 27")
	s.press("W")
	s.see("This would happen", "cannot be called back", "Withdraw?")
	s.press("esc")
	s.miss("Withdraw?")
	s.press("W")
	s.see("Withdraw?")
	s.press("enter") // what is proposed is no
	s.miss("Withdraw?")
	for _, req := range asked.all() {
		if !strings.Contains(req, `"dry_run":true`) {
			t.Fatalf("withdrawn without a yes: %s", req)
		}
	}
	s.press("W")
	s.see("Withdraw?")
	s.press("y")
	s.see("Resealed: 4 of 4.", "Complete")
	all := asked.all()
	if last := all[len(all)-1]; strings.Contains(last, "dry_run") || !strings.Contains(last, `"consent":"cwph5j8jwsgwa"`) {
		t.Errorf("asked for %s", last)
	}
}

// Where several consents are in force it is asked which; all of them are the first choice.
func TestWithdrawalOfSeveral(t *testing.T) {
	answers := family()
	one, two := amal().Consents[0], amal().Consents[0]
	two.ID, two.Purpose = "c2m8k4x7qw9t3", "housing"
	answers[api.RouteConsentList] = []api.Consent{one, two}
	asked := answers.record(api.RouteConsentWithdraw)
	s := MustDrive(t, MustCanned(t, lang.English, answers), 80, 24)
	s.write("amal").press("enter")
	s.see("last contact 27")
	s.press("W")
	s.see("all of them", "every consent to team Accueil")
	s.press("down", "enter")
	s.see("Withdraw?")
	if req := asked.all()[0]; !strings.Contains(req, `"to":"team:Accueil"`) || strings.Contains(req, `"consent":`) {
		t.Errorf("asked for %s", req)
	}
}

// A vault is erased only by whoever types its id.
func TestErasureWantsTheID(t *testing.T) {
	answers := family()
	asked := answers.record(api.RouteBeneficiaryErase)
	s := MustDrive(t, MustCanned(t, lang.English, answers), 80, 24)
	s.write("amal").press("enter")
	s.see("last contact 27")
	s.press("7")
	s.see("What is known")
	s.press("E")
	s.see("Type the id of the vault")
	s.write("b7k2m9").press("enter")
	s.see("that is not the id of this vault")
	if n := len(asked.all()); n != 1 {
		t.Fatalf("%d requests", n)
	}
	s.write("x4qw3t5").press("enter")
	s.see("4 documents", "Complete")
	if last := asked.all()[1]; !strings.Contains(last, `"confirm":"`+amal().ID+`"`) || strings.Contains(last, "dry_run") {
		t.Errorf("asked for %s", last)
	}
}

// Of what is corrected only what changed is sent.
func TestCorrectingSendsWhatChanged(t *testing.T) {
	answers := family()
	asked := answers.record(api.RouteBeneficiaryEdit)
	s := MustDrive(t, MustCanned(t, lang.English, answers), 80, 40)
	s.write("amal").press("enter")
	s.see("last contact 27")
	s.press("7")
	s.see("What is known")
	s.press("e")
	s.see("Name at birth")
	s.write("-Roy")
	for range 10 {
		s.press("enter")
	}
	s.see("Corrected.")
	if want := `{"beneficiary":"` + amal().ID + `","person":{"family_name":"Haddad-Roy"}}`; len(asked.all()) != 1 || asked.all()[0] != want {
		t.Errorf("asked for %s", asked.all())
	}
}

// A card that the printer did not take is still here: it is handed over in another way, or given up knowingly.
func TestCardOutlivesThePrinter(t *testing.T) {
	if _, err := exec.LookPath("false"); err != nil {
		t.Skip("no command that fails")
	}
	answers := family()
	asked := answers.record(api.RouteCardIssue)
	d := MustCanned(t, lang.English, answers)
	d.options.PrintCommand = "false"
	s := MustDrive(t, d, 80, 24)
	s.write("amal").press("enter")
	s.see("last contact 27")
	s.press("C")
	s.see("There is a card already")
	s.press("enter")
	s.see("How is the card handed over?")
	s.press("enter")
	s.see("Language of the words")
	s.press("enter")
	s.see("Make the card?")
	s.press("y")
	s.see("It was made and is kept nowhere")
	s.press("down", "enter") // on the screen
	s.see("Nobody else may look on", "24 mot")
	s.press("enter")
	s.see("Were all words copied")
	s.press("y")
	s.see("Card 2 is issued.")
	if n := len(asked.all()); n != 1 {
		t.Errorf("%d cards were made", n)
	}
}
