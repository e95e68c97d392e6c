package tui

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/importlog"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

func homePictures() []picture {
	busy, rich := office(), office()
	status := busy[api.RouteStatus].(api.Status)
	status.Queued, status.Remotes = 12, []api.RemoteStatus{{Name: "main", Remote: "/mnt/nas/vaults", LastOK: "2026-02-27T17:02:00Z", LastError: "no answer"}}
	status.Attention = []api.Finding{
		{Severity: "warning", Code: "silent", Subject: "x", Message: "nothing was heard of Paul Martin's workstation since 2026-01-04"},
		{Severity: "error", Code: "integrity", Subject: "y", Message: "the bytes are not those that were deposited"},
	}
	busy[api.RouteStatus], rich[api.RouteStatus] = status, status
	busy[api.RouteDueList] = due(3)
	rich[api.RouteDueList] = due(40)
	for _, answers := range []canned{busy, rich} {
		answers[api.RouteBeneficiaryShow] = func(raw json.RawMessage) any {
			for _, b := range []api.Beneficiary{vanAn(), fatima()} {
				if strings.Contains(string(raw), b.ID) {
					return b
				}
			}
			return amal()
		}
	}
	follow := []string{`"had"`, "ctrl+f", "esc", `"nguyen"`, "ctrl+f", "enter", "esc", "esc", `"b5w9"`, "enter", "esc", "esc"}
	return []picture{
		{name: "home", answers: office()},
		{name: "home-search", answers: office(), keys: []string{`"had"`}},
		{name: "home-busy", answers: busy, keys: follow},
		{name: "home-rich", answers: rich, keys: follow},
		{name: "home-due", answers: rich, keys: []string{"end", "enter"}},
		{name: "locked", answers: office(), keys: []string{`"had"`, "ctrl+l", `"secret"`}},
		{name: "help", answers: office(), keys: []string{"?"}},
	}
}

// due is what ends soon, over so many vaults.
func due(n int) []api.Due {
	var out []api.Due
	for i := range n {
		d := api.Due{Beneficiary: amal().ID, Name: "Amal Haddad", What: api.DueConsent, On: fmt.Sprintf("2026-03-%02d", 3+i/2)}
		if i%2 == 1 {
			d.Beneficiary, d.Name, d.What = fatima().ID, fatima().Name, api.DueDocument
		}
		out = append(out, d)
	}
	return out
}

// crowd is an office with so many people, always the same ones.
func crowd(n int) []api.Beneficiary {
	given := []string{"Amal", "Élodie", "Văn An", "Jean-Pierre", "فاطمة", "Ousmane", "Zoë", "Đura", "Marie-Thérèse", "Łukasz"}
	family := []string{"Haddad", "Lefèvre", "Nguyễn", "O’Brien", "محمد", "Traoré", "Œuvrard", "Petrović", "Diallo", "Kowalski", "Benali", "Garçon"}
	random := rand.New(rand.NewPCG(1, 2))
	by := vault.DeviceIDOf([]byte("crowd"))
	people := make([]api.Beneficiary, n)
	for i := range people {
		p := api.Beneficiary{ID: string(vault.NewBeneficiaryID(by)), Readable: true, State: "open",
			GivenName: given[random.IntN(len(given))], FamilyName: fmt.Sprint(family[random.IntN(len(family))], i%97),
			Born: fmt.Sprintf("%d-%02d-%02d", 1930+random.IntN(80), 1+random.IntN(12), 1+random.IntN(28)),
			Refs: []string{fmt.Sprintf("CCAS:2026-%05d", i)}}
		p.Name = p.GivenName + " " + p.FamilyName
		people[i] = p
	}
	return people
}

func TestFind(t *testing.T) {
	people := append(crowd(500), api.Beneficiary{ID: "b7k2m9x4qw3t5", Readable: true, State: "open", Name: "Đorđe Lefèvre-Œuvrard", Aliases: []string{"Jojo"},
		Born: "1899-12-31", Refs: []string{"SOLIS:77"}}, api.Beneficiary{ID: "b3n8p2c6rt9k4", Readable: true, State: "open", Name: "Tojojoma", Born: "1901~"})
	f := newFinder(lang.French, people, nil)
	for query, want := range map[string]string{
		"dorde oeuv": "Đorđe Lefèvre-Œuvrard", "LEFEVRE-OEUVRARD": "Đorđe Lefèvre-Œuvrard", "œuvrard dor": "Đorđe Lefèvre-Œuvrard",
		"1899": "Đorđe Lefèvre-Œuvrard", "31/12/1899": "Đorđe Lefèvre-Œuvrard", "1899-12-31": "Đorđe Lefèvre-Œuvrard", "solis:77": "Đorđe Lefèvre-Œuvrard",
		"b7k2m9": "Đorđe Lefèvre-Œuvrard", "1901": "Tojojoma", "jojo": "Đorđe Lefèvre-Œuvrard, Tojojoma", "zzzz": "", "  ": "", "!": "",
	} {
		rows, more := f.find(query)
		var names []string
		for _, r := range rows {
			names = append(names, r.item.(*api.Beneficiary).Name)
		}
		if got := strings.Join(names, ", "); got != want || more != 0 {
			t.Errorf("%q finds %q and %d more, want %q", query, got, more, want)
		}
	}
	rows, more := f.find("ccas")
	if len(rows) != foundMost || len(rows)+more != 500 {
		t.Errorf("a letter of everybody's reference: %d rows and %d more", len(rows), more)
	}
}

// TestSearchWork: a key costs a pass over what was made before and the rows that are shown, however many people there are.
func TestSearchWork(t *testing.T) {
	allocations := func(n int) float64 {
		f := newFinder(lang.French, crowd(n), nil)
		return testing.AllocsPerRun(5, func() { f.find("a") })
	}
	few, many := allocations(1000), allocations(16000)
	if many > few+20 {
		t.Errorf("%v allocations among 1,000 people, %v among 16,000", few, many)
	}
}

func BenchmarkSearch(b *testing.B) {
	f := newFinder(lang.French, crowd(16000), nil)
	for _, query := range []string{"a", "haddad", "marie the", "2026-01234", "zzzz"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				f.find(query)
			}
		})
	}
}

// BenchmarkSearchKey is a key from when it is pressed to what the screen is to show.
func BenchmarkSearchKey(b *testing.B) {
	d := MustDesk(b, lang.French, b.TempDir())
	a := newApp(b.Context(), d)
	a.width, a.height = 120, 40
	a.goTo(homePage{})
	a.top().take(&content{find: newFinder(lang.French, crowd(16000), nil).find})
	for b.Loop() {
		for _, k := range []string{"h", "a", "d", "backspace", "backspace", "backspace"} {
			a.Update(keyOf(k))
			if a.View() == "" {
				b.Fatal("nothing is shown")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(6*b.N), "µs/key")
}

// TestMemory: what is remembered are ids alone, in a file of the home that nobody else reads, and not without end.
func TestMemory(t *testing.T) {
	home := t.TempDir()
	by := vault.DeviceIDOf([]byte("memory"))
	m := &memory{path: memoryPath(home)}
	var ids []string
	for range recentMost + 5 {
		id := string(vault.NewBeneficiaryID(by))
		ids = append(ids, id)
		if err := m.saw(id); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{ids[2], ids[4], ids[2]} {
		if _, err := m.follow(id); err != nil {
			t.Fatal(err)
		}
	}
	want := slices.Clone(ids[5:])
	slices.Reverse(want)
	for name, m := range map[string]*memory{"the same": m, "the next day": {path: m.path}} {
		if got := m.recall(); !slices.Equal(got.Recent, want) || !slices.Equal(got.Followed, ids[4:5]) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	info, err := os.Stat(m.path)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the file: %v, %v", info, err)
	}
	b, _ := os.ReadFile(m.path)
	for _, word := range strings.FieldsFunc(string(b), func(r rune) bool { return strings.ContainsRune(`{}[]":,`+"\n", r) }) {
		if word != "followed" && word != "recent" && !slices.Contains(ids, word) {
			t.Errorf("the file holds %q", word)
		}
	}
	for range followedMost - 1 {
		if _, err := m.follow(string(vault.NewBeneficiaryID(by))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.follow(ids[0]); vault.CodeOf(err) != vault.CodeUsage || slices.Contains(m.recall().Followed, ids[0]) {
		t.Errorf("one more than can be followed: %v", err)
	}
}

// TestMemoryDamaged: a file that is none, or that somebody else wrote, is as none, and is written anew.
func TestMemoryDamaged(t *testing.T) {
	id := string(vault.NewBeneficiaryID(vault.DeviceIDOf([]byte("memory"))))
	twice, _ := json.Marshal(remembered{Followed: []string{id, id, "../../etc", "Amal Haddad"}})
	for name, c := range map[string]struct {
		text string
		want []string
	}{"not JSON": {"\x00{", nil}, "empty": {"", nil}, "something else": {`{"followed":"all"}`, nil}, "what is no id": {string(twice), []string{id}},
		"endless": {`{"followed":["` + strings.Repeat("x", memoryMost) + `"]}`, nil}} {
		m := &memory{path: memoryPath(t.TempDir())}
		if err := os.WriteFile(m.path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := m.recall(); !slices.Equal(got.Followed, c.want) {
			t.Errorf("%s: %v", name, got.Followed)
		}
		if err := m.saw(id); err != nil || !slices.Equal((&memory{path: m.path}).recall().Recent, []string{id}) {
			t.Errorf("%s: it is not written anew: %v", name, err)
		}
	}
}

// TestForgets: who was erased is remembered no longer; who only is not here yet is.
func TestForgets(t *testing.T) {
	answers := office()
	by := vault.DeviceIDOf([]byte("memory"))
	erased, absent := string(vault.NewBeneficiaryID(by)), string(vault.NewBeneficiaryID(by))
	answers[api.RouteBeneficiaryShow] = func(raw json.RawMessage) any {
		if strings.Contains(string(raw), erased) {
			return vault.Errorf(vault.CodeErased, "the vault was erased")
		}
		return vault.Errorf(vault.CodeNotFound, "no such vault")
	}
	d := MustCanned(t, lang.English, answers)
	for _, id := range []string{erased, absent, vanAn().ID} {
		if _, err := d.memory.follow(id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := (homePage{}).load(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if got := d.memory.recall().Followed; !slices.Equal(got, []string{absent, vanAn().ID}) {
		t.Errorf("followed: %v", got)
	}
}

// TestTypedEarly: what is typed before home is there is seen, and is searched once it is; Enter then opens who was found.
func TestTypedEarly(t *testing.T) {
	a := newApp(t.Context(), MustCanned(t, lang.English, office()))
	a.width, a.height = 80, 24
	load := a.goTo(homePage{})
	for _, k := range []string{"h", "a", "d", "x", "backspace", "enter", "z"} {
		a.Update(keyOf(k))
	}
	if view := a.View(); !strings.Contains(view, "Search › had▏") {
		t.Errorf("what was typed is not seen:\n%s", view)
	}
	_, task := a.Update(load())
	if view := a.View(); !strings.Contains(view, "Amal Haddad") || strings.Contains(view, "Nguyễn") {
		t.Errorf("what was typed was not searched:\n%s", view)
	}
	if task == nil {
		t.Fatal("Enter was forgotten")
	}
	task()
	if opened, ok := (<-a.inbox).(openMsg); !ok || opened.page != page(personPage{at: atDocuments, id: amal().ID}) {
		t.Errorf("opened: %+v", opened.page)
	}
}

// TestHomeWithoutDue: where one thing cannot be told the rest is.
func TestHomeWithoutDue(t *testing.T) {
	answers := office()
	answers[api.RouteDueList] = vault.Errorf(vault.CodeFailed, "no such call")
	s := MustDrive(t, MustCanned(t, lang.English, answers), 80, 24)
	s.see("Needs attention", "✗ no such call")
	s.write("haddad").see("Amal Haddad")
}

// TestImportRefused: rows that an import refused stand at home until somebody has seen to them.
func TestImportRefused(t *testing.T) {
	d := MustCanned(t, lang.English, office())
	run := importlog.Run{Batch: "i62zq50tebak2", Ended: day.AddDate(0, 0, -1), Rows: 40, Rejected: 2}
	if err := importlog.Note(d.options.Home, run); err != nil {
		t.Fatal(err)
	}
	s := MustDrive(t, d, 80, 24)
	s.see("Needs attention", "2 rows of an import were refused", "1 Mar 2026", "! to be corrected")
	s.press("enter").see("Of 40 rows 2 were refused", "Has somebody seen to it?")
	s.press("n").miss("Has somebody seen to it?")
	s.see("2 rows of an import were refused")
	s.press("enter").see("Has somebody seen to it?")
	s.press("y").miss("2 rows of an import were refused")
	if left := importlog.Recent(d.options.Home, day); len(left) != 0 {
		t.Errorf("it is seen to, and yet %v", left)
	}
}
