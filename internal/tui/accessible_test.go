package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// told plays a conversation: the lines that are typed, until the input ends, and what was told meanwhile.
func told(t *testing.T, d *desk, typed ...string) string {
	t.Helper()
	streams, buffers := termio.Test()
	buffers.In.WriteString(strings.Join(typed, "\n"))
	if len(typed) > 0 {
		buffers.In.WriteString("\n")
	}
	if err := runAccessible(t.Context(), streams, d); err != nil {
		t.Fatal(err)
	}
	text := buffers.Out.String()
	for _, r := range text {
		if r < ' ' && r != '\n' || r == 0x7f {
			t.Fatalf("a control character %q was told:\n%q", r, text)
		}
	}
	if buffers.Err.Len() > 0 {
		t.Errorf("standard error: %s", buffers.Err)
	}
	return text
}

// wantTold checks that texts were told in this order.
func wantTold(t *testing.T, text string, wanted ...string) {
	t.Helper()
	rest := text
	for _, w := range wanted {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Fatalf("%q was not told where it should have been:\n%s", w, text)
		}
		rest = after
	}
}

func TestReaderPages(t *testing.T) {
	answers := office()
	answers[api.RouteDocumentList] = []api.Document{}
	answers[api.RouteConsentList] = []api.Consent{}
	answers[api.RouteJournalList] = []api.JournalEntry{}
	text := told(t, MustCanned(t, lang.English, answers), "had", "1", "tab 2", "tab identity", "back", "?", "nobody of that name", "quit", "had")
	wantTold(t, text, "stays in this terminal's history", "everything is on the storage", "Home", "1. ", "Amal Haddad", "What now?", "Amal Haddad",
		"Pages, by the word tab", "1 documents (this one)", "2 consents (this one)", "7 identity (this one)", "Home", "Enter: open it", "Nothing matches.")
	if strings.HasSuffix(text, "Amal Haddad\n") || strings.Count(text, "everything is on the storage") != 1 {
		t.Errorf("more was told than asked:\n%s", text)
	}
	wantTold(t, told(t, MustCanned(t, lang.French, answers), "had", "1", "retour", "quitter"), "Accueil", "Que faire", "Amal Haddad", "celle-ci")
}

// TestReaderPortions: long lists are told in portions, with numbers that stay the same.
func TestReaderPortions(t *testing.T) {
	answers := office()
	people := make([]api.Beneficiary, 25)
	for i := range people {
		people[i] = vanAn()
		people[i].Name = "Person " + string(rune('A'+i))
	}
	answers[api.RouteBeneficiaryList] = people
	text := told(t, MustCanned(t, lang.English, answers), "pers", "more", "more", "more")
	wantTold(t, text, "10. Person J", "15 more rows", "11. Person K", "5 more rows", "25. Person Y", "There are no more rows.")
}

// TestReaderErrors: errors are told with their hints; what could not be loaded is tried again; absurd lines do no harm.
func TestReaderErrors(t *testing.T) {
	answers := office()
	answers[api.RouteBeneficiaryShow] = api.WithHint(vault.Errorf(vault.CodePolicy, "no consent covers it"), "`vaultctl consent give`")
	text := told(t, MustCanned(t, lang.English, answers), "had", "1", "", "zzz", "back", "\x1b[2J", "9999999999999999999999", "1,2-", strings.Repeat("x", pasteMost+1), "/", "tab", "tab 99")
	wantTold(t, text, "✗ no consent covers it", "vaultctl consent give", "An empty line tries again.", "✗ no consent covers it", "Nothing matches.", "too long")

	answers = office()
	answers[api.RouteStatus] = vault.Errorf(vault.CodeNoDaemon, "vaultd is not running")
	wantTold(t, told(t, MustCanned(t, lang.English, answers), "had"), "The daemon does not answer")
}

// talker returns a reader that is asked questions, its answers, and what it told.
func talker(t *testing.T, typed ...string) (*reader, *bytes.Buffer) {
	t.Helper()
	streams, buffers := termio.Test()
	buffers.In.WriteString(strings.Join(append(typed, ""), "\n"))
	d, err := newDesk(&Options{Home: t.TempDir(), Lang: lang.English})
	if err != nil {
		t.Fatal(err)
	}
	return &reader{talk: streams.Dialogue(), desk: d, l: d.l, known: map[place]bool{}}, buffers.Out
}

func TestReaderForm(t *testing.T) {
	name, day, kind, sure, words := "Haddad", "", "", false, ""
	some := []string{"b"}
	letters := []option{{"a", "Alpha"}, {"b", "Béta"}, {"c", "Gamma"}}
	form := func(d *desk) *form {
		return &form{title: "Form", intro: []string{"About it."}, fields: []*field{
			{kind: oneLine, label: "Name", text: &name, needed: true},
			{kind: oneLine, label: "Day", text: &day, reads: d.day},
			{kind: choice, label: "Kind", text: &kind, options: letters},
			{kind: oneLine, label: "Never", text: &day, when: func() bool { return kind == "b" }},
			{kind: sentence, label: "Read this."},
			{kind: choices, label: "Some", some: &some, options: letters},
			{kind: secret, label: "Words", text: &words},
			{kind: yesNo, label: "Sure?", yes: &sure},
		}}
	}
	r, out := talker(t, "-", "", "absurd", "2026-02-30", "2026-03-02", "", "gam", "4", "1,3", "a secret", "y", "/before", "another", "yes")
	if err := r.fill(t.Context(), form(r.desk)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if name != "Haddad" || day != "2026-03-02" || kind != "c" || !slices.Equal(some, []string{"a", "c"}) || words != "another" || !sure {
		t.Errorf("%q %q %q %q %q %v\n%s", name, day, kind, some, words, sure, out)
	}
	wantTold(t, out.String(), "Form", "About it.", "Name [Haddad]: ", "cannot be left empty", "Day: ", "✗ ", "✗ ", "1. Alpha", "Type a number", "Gamma", "Read this.",
		"[2]: ", "not numbers from 1 to 3", "Answer yes or no, in full.", "Words: ")
	if strings.Contains(out.String(), "Never") {
		t.Error("a question was asked that is not to be asked")
	}

	r, out = talker(t, "Other", "/back")
	if err := r.fill(t.Context(), form(r.desk)); !errors.Is(err, errBack) {
		t.Errorf("left: %v\n%s", err, out)
	}
	r, _ = talker(t)
	r.talk = (&termio.IO{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}).Dialogue()
	if err := r.fill(t.Context(), form(r.desk)); !left(err) || !r.over {
		t.Errorf("end of input: %v", err)
	}
}

// TestReaderYes: only the whole word agrees.
func TestReaderYes(t *testing.T) {
	for typed, want := range map[string]bool{"yes": true, "OUI": true, "no": false, "": false, "/back": false} {
		r, out := talker(t, typed)
		if err := r.desk.with(r).sure(t.Context(), "End it", "It ends."); (err == nil) != want {
			t.Errorf("%q: %v\n%s", typed, err, out)
		}
	}
}

// TestReaderManyOptions: letters narrow a long choice, and numbers stay those of the whole list.
func TestReaderManyOptions(t *testing.T) {
	var options []option
	for i := range 30 {
		options = append(options, option{string(rune('a' + i)), "Option " + strings.Repeat(string(rune('A'+i%26)), 1+i/26)})
	}
	options[28] = option{"tax", "Avis d'imposition"}
	value := ""
	r, out := talker(t, "more", "option", "29")
	if err := r.fill(t.Context(), &form{fields: []*field{{kind: choice, label: "One", text: &value, options: options}}}); err != nil || value != "tax" {
		t.Errorf("%q, %v\n%s", value, err, out)
	}
	wantTold(t, out.String(), "10. Option J", "20 more", "11. Option K", "10 more")
	r, out = talker(t, "IMPOS")
	if err := r.fill(t.Context(), &form{fields: []*field{{kind: choice, label: "One", text: &value, options: options}}}); err != nil || value != "tax" {
		t.Errorf("%q, %v\n%s", value, err, out)
	}
}

// TestReaderSecretSheet: what the person alone may see is not told unless somebody says yes.
func TestReaderSecretSheet(t *testing.T) {
	card := &sheet{title: "Card", lines: []string{"abandon ability able", "████ ▄▄ ████"}, secret: true, fixed: true}
	for _, c := range []struct {
		typed []string
		shown bool
	}{
		{[]string{"no", "yes"}, false},
		{[]string{"", "", "no", "oui"}, false},
		{[]string{"yes", ""}, true},
		{[]string{"no", "no", "yes", ""}, true},
		{nil, false},
	} {
		r, out := talker(t, c.typed...)
		err := r.read(t.Context(), card)
		if (err == nil) == (c.typed == nil) || strings.Contains(out.String(), "abandon") != c.shown || strings.Contains(out.String(), "█") {
			t.Errorf("%q: %v\n%s", c.typed, err, out)
		}
		if c.shown {
			wantTold(t, out.String(), "stays in this terminal's history", "Tell it here?", "abandon ability able", "code to scan", "Clear this terminal's history")
		}
	}
}

func TestReaderPick(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.pdf", "b.pdf", "c d.pdf", "note.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		typed []string
		one   bool
		want  []string
	}{
		{typed: []string{"a.pdf", "1"}, want: []string{"a.pdf"}},
		{typed: []string{"1", "..", "2-4"}, want: []string{"a.pdf", "b.pdf", "c d.pdf"}},
		{typed: []string{filepath.Join(dir, "c d.pdf")}, want: []string{"c d.pdf"}},
		{typed: []string{"'" + filepath.Join(dir, "c d.pdf") + "' " + filepath.Join(dir, "a.pdf")}, want: []string{"a.pdf", "c d.pdf"}},
		{typed: []string{"2,3", filepath.Join(dir, "nothing"), filepath.Join(dir, "b.pdf")}, one: true, want: []string{"b.pdf"}},
		{typed: []string{"1,2", "99", "/back"}},
	} {
		for i, name := range []string{"c d.pdf", "b.pdf", "a.pdf"} { // the newest first: a, b, c
			when := time.Unix(int64(1_700_000_000+i), 0)
			if err := os.Chtimes(filepath.Join(dir, name), when, when); err != nil {
				t.Fatal(err)
			}
		}
		r, out := talker(t, c.typed...)
		picked, err := r.pick(t.Context(), &picking{title: "Files", start: dir, one: c.one, ends: []string{".pdf"}})
		for i := range picked {
			picked[i] = filepath.Base(picked[i])
		}
		if !slices.Equal(picked, c.want) || (err == nil) != (c.want != nil) || strings.Contains(out.String(), "note.txt") {
			t.Errorf("%q: %q, %v\n%s", c.typed, picked, err, out)
		}
	}
}

// TestReaderLocks: after a while without a line nothing is told before the passphrase is given.
func TestReaderLocks(t *testing.T) {
	answers := office()
	answers[api.RouteLock] = api.Empty{}
	d := MustCanned(t, lang.English, answers)
	d.options.LockAfter = 20 * time.Millisecond
	in, typing := io.Pipe()
	var out safeBuffer
	streams, _ := termio.Test()
	streams.In, streams.Out = in, &out
	done := make(chan error, 1)
	go func() { done <- runAccessible(context.Background(), streams, d) }()
	out.until(t, "Locked")
	if _, err := io.WriteString(typing, "had\n"); err != nil {
		t.Fatal(err)
	}
	out.until(t, "Passphrase:")
	if strings.Contains(out.String(), "Haddad") {
		t.Errorf("it was told while locked:\n%s", out.String())
	}
	_ = typing.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestListed(t *testing.T) {
	for text, want := range map[string][]int{
		"1": {0}, "1,3,5-7": {0, 2, 4, 5, 6}, "2 1": {0, 1}, "7-9": nil, "0": nil, "3-1": nil, "1-": nil, "-": nil, "a": nil, "": nil,
		"99999999999999999999": nil, "1-99999999": nil,
	} {
		if got := listed(text, 8); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// safeBuffer is what was told so far.
type safeBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// until waits for a text to be told.
func (b *safeBuffer) until(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !strings.Contains(b.String(), text); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q was not told:\n%s", text, b.String())
		}
	}
}

// TestReaderProgram: the real program works through a pipe, in front of a real daemon, and asks for the passphrase.
func TestReaderProgram(t *testing.T) {
	s := MustLockedStation(t)
	s.must("lock")
	out, said, code := s.run("wrong\n"+passphrase+"\nnguyen\n1\ntab 2\nback\nhadd\nquit\n", "tui", "--accessible")
	if code != 0 || said != "" {
		t.Fatalf("exit %d: %s\n%s", code, said, out)
	}
	wantTold(t, out, "locked", "Passphrase: ", "✗ ", "Passphrase: ", "everything is on the storage", "Nguyễn", "(this one)", "2 consents (this one)", "Home", "Amal Haddad")
	if strings.ContainsAny(out, "\x1b\r\x07") {
		t.Errorf("more than text was written: %q", out)
	}
	if strings.Contains(out, passphrase) {
		t.Error("the passphrase was told")
	}
}
