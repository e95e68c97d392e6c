package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// counted returns what stats tell, by measure, team and month; -1 is not told.
func (r *rig) counted(tb testing.TB, req api.StatsRequest) map[string]int {
	tb.Helper()
	got := map[string]int{}
	err := r.Stats(ctxb, req, func(s api.Stat) error {
		key := strings.Join([]string{s.Measure, s.Team, s.Month}, " ")
		got[key] = -1
		if s.Count != nil {
			got[key] = *s.Count
		}
		if (s.Count == nil) != s.Hidden {
			tb.Errorf("%+v", s)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// TestStats counts a year of two teams: what a batch server deposits counts for the team that the vault was entrusted to, and what is
// not applied, undone or evidence counts for nobody.
func TestStats(t *testing.T) {
	r := MustFound(t)
	if _, err := r.TeamAdd(ctxb, api.TeamAddRequest{Name: "Suivi"}); err != nil {
		t.Fatal(err)
	}
	MustSync(t, r)
	batch := MustJoin(t, r, "Serveur de dépôt", vault.RoleDeposit)
	year := time.Now().Year() + 1
	day := func(month time.Month, d int) {
		at := time.Date(year, month, d, 12, 0, 0, 0, time.Local)
		for _, each := range []*rig{r, batch} {
			each.SetNow(func() time.Time { return at })
		}
	}
	day(time.January, 10)
	person := r.MustVault(t, "Traoré")
	r.MustVault(t, "Diallo", func(q *api.BeneficiaryAddRequest) {
		q.Consent.To = "team:Suivi"
		q.Person.Refs = &[]string{"SI:7"}
	})
	card := r.MustCard(t, person)
	add := func(w *rig, b, text string, n int, private bool) (last api.Document) {
		for i := range n {
			req := api.DocumentAddRequest{Beneficiary: b, Size: -1, Private: private, Fields: api.DocumentFields{Type: val("id-card")}}
			last = w.MustAdd(t, req, fmt.Sprint(text, i))
		}
		return last
	}
	d := add(r, person, "january", 6, false)
	MustSync(t, r)
	MustSync(t, batch)
	add(batch, "ref:SI:7", "winter", 9, false)
	day(time.February, 2)
	add(r, person, "february", 7, false)
	add(batch, "ref:SI:7", "spring", 5, false)
	day(time.March, 3)
	add(r, person, "march", 5, false)
	secret := add(r, person, "secret", 1, true)
	add(batch, "ref:SI:7", "summer", 6, false)
	MustSync(t, batch)
	MustSync(t, r)
	for range 5 {
		if _, _, err := r.get(d.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	for range 6 {
		if _, _, err := r.get(secret.ID, card); err != nil {
			t.Fatal(err)
		}
	}

	got := r.counted(t, api.StatsRequest{Year: year})
	for key, want := range map[string]int{"documents_deposited  ": 39, "documents_opened  ": 11, "vaults_opened  ": -1, "shares  ": 0} {
		if got[key] != want {
			t.Errorf("%s: %d, want %d", key, got[key], want)
		}
	}
	if n := got["cards_used  "]; n != 6 {
		t.Errorf("the card was used six times, and %d are told", n)
	}
	got = r.counted(t, api.StatsRequest{Year: year, By: []string{"team"}, Measure: "documents_deposited"})
	if got["documents_deposited Accueil "] != 19 || got["documents_deposited Suivi "] != 20 {
		t.Errorf("by team: %v", got)
	}
	if _, there := got["documents_deposited  "]; there {
		t.Error("a total among the teams")
	}
	got = r.counted(t, api.StatsRequest{Year: year, By: []string{"month", "team"}, Measure: "documents_deposited"})
	for key, want := range map[string]int{"Accueil %d-01": 6, "Suivi %d-01": 9, "Accueil %d-02": 7, "Suivi %d-02": 5, "Accueil %d-03": 6, "Suivi %d-03": 6} {
		if key = "documents_deposited " + fmt.Sprintf(key, year); got[key] != want {
			t.Errorf("%s: %d, want %d", key, got[key], want)
		}
	}
	if len(got) != 6 {
		t.Errorf("months to come, or teams that are none: %v", got)
	}
	if got := r.counted(t, api.StatsRequest{Year: year - 40}); got["documents_deposited  "] != 0 {
		t.Errorf("another year: %v", got)
	}
}

func TestStatsNameNobody(t *testing.T) {
	r := MustFound(t)
	id := r.MustVault(t, "Traoré")
	for i := range 6 {
		r.MustAdd(t, api.DocumentAddRequest{Beneficiary: id, Size: -1, Fields: api.DocumentFields{Type: val("id-card")}}, fmt.Sprint(i))
	}
	for _, format := range []string{"csv", "svg"} {
		var out bytes.Buffer
		req := api.StatsExportRequest{StatsRequest: api.StatsRequest{By: []string{"team"}, Measure: "documents_deposited", Language: "fr"}, Format: format, Title: "Dépôts"}
		if err := r.StatsExport(ctxb, req, func(api.Empty) (io.Writer, error) { return &out, nil }); err != nil {
			t.Fatal(err)
		}
		for _, private := range []string{id, "Traor", "Durand", r.device(t)} {
			if strings.Contains(out.String(), private) {
				t.Errorf("the %s holds %q:\n%s", format, private, out.String())
			}
		}
		if !strings.Contains(out.String(), "Accueil") || !strings.Contains(out.String(), "6") {
			t.Errorf("%s: %s", format, out.String())
		}
	}
	for _, bad := range []api.StatsExportRequest{{Format: "doc"}, {Format: "svg"}, {StatsRequest: api.StatsRequest{By: []string{"agent"}}, Format: "csv"},
		{StatsRequest: api.StatsRequest{Year: 12}, Format: "csv"}, {StatsRequest: api.StatsRequest{Measure: "names"}, Format: "csv"}} {
		err := r.StatsExport(ctxb, bad, func(api.Empty) (io.Writer, error) { return io.Discard, nil })
		if vault.CodeOf(err) != vault.CodeUsage {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestReadersOn says who could read a vault before, during and after a consent, and after an agent left.
func TestReadersOn(t *testing.T) {
	r := MustFound(t)
	paul := MustJoin(t, r, "Paul Petit", vault.RoleAgent)
	start := time.Now().AddDate(0, 0, 10)
	days := func(n int) {
		for _, each := range []*rig{r, paul} {
			each.SetNow(func() time.Time { return start.AddDate(0, 0, n) })
		}
	}
	days(0)
	id := r.MustVault(t, "Traoré")
	days(5)
	r.MustAdmit(t, "Paul Petit")
	days(10)
	if _, err := r.TeamMemberRemove(ctxb, api.MemberRequest{Team: "Accueil", Agent: "Paul Petit"}, nil); err != nil {
		t.Fatal(err)
	}
	days(20)
	if _, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: id, To: "team:Accueil"}, nil); err != nil {
		t.Fatal(err)
	}
	days(30)
	for n, want := range map[int]string{-1: "", 0: "Marie Durand", 4: "Marie Durand", 5: "Marie Durand, Paul Petit", 10: "Marie Durand, Paul Petit", 11: "Marie Durand", 20: "Marie Durand", 21: ""} {
		var out bytes.Buffer
		req := api.JournalExportRequest{JournalRequest: api.JournalRequest{Beneficiary: id}, Format: "jsonl", ReadersOn: start.AddDate(0, 0, n).Format(time.DateOnly)}
		if err := r.JournalExport(ctxb, req, func(api.Empty) (io.Writer, error) { return &out, nil }); err != nil {
			t.Fatal(err)
		}
		var agents []string
		for line := range strings.Lines(out.String()) {
			var v api.VaultReader
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatal(err)
			}
			if v.Who == "agent" {
				agents = append(agents, v.Agent)
				if v.Consent == "" || v.Purpose != "case-file" || v.From == "" || v.Team != "Accueil" {
					t.Errorf("day %d: %+v", n, v)
				}
			}
		}
		if got := strings.Join(agents, ", "); got != want {
			t.Errorf("day %d: %q, want %q", n, got, want)
		}
	}
	for _, format := range []string{"csv", "txt", "pdf"} {
		var out bytes.Buffer
		req := api.JournalExportRequest{JournalRequest: api.JournalRequest{Beneficiary: id, Language: "fr"}, Format: format, ReadersOn: start.Format(time.DateOnly)}
		if err := r.JournalExport(ctxb, req, func(api.Empty) (io.Writer, error) { return &out, nil }); err != nil || out.Len() == 0 {
			t.Errorf("%s: %d bytes, %v", format, out.Len(), err)
		}
	}
}
