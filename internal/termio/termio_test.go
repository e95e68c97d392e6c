package termio

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/vault"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Amina Diallo", "Amina Diallo"},
		{"accents", "Éloïse Œuvrard", "Éloïse Œuvrard"},
		{"escape sequence", "a\x1b[31mred", `a\x1b[31mred`},
		{"title change", "x\x1b]0;pwn\x07y", `x\x1b]0;pwn\x07y`},
		{"C1 control", "a\u009b31m", `a\x9b31m`},
		{"newline and tab", "one\ntwo\tthree\r", "one two three "},
		{"line separator", "a\u2028b", "a b"},
		{"invalid UTF-8", "a\xffb\xc3", `a\xffb\xc3`},
		{"delete", "a\x7fb", `a\x7fb`},
		{"override closed", "a\u202etxt.exe", "a\u202etxt.exe\u202c"},
		{"isolates closed in order", "\u2067a\u202bb", "\u2067a\u202bb\u202c\u2069"},
		{"stray ends dropped", "a\u202cb\u2069", "ab"},
		{"balanced kept", "\u2068سارة\u2069", "\u2068سارة\u2069"},
		{"replacement character is printable", "a\ufffdb", "a\ufffdb"},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31m\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if strings.ContainsFunc(got, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }) {
			t.Errorf("Clean(%q) = %q holds a control character", s, got)
		}
		if again := Clean(got); again != got {
			t.Errorf("Clean(%q) = %q, cleaned again %q", s, got, again)
		}
	})
}

func TestIsolate(t *testing.T) {
	if got := Isolate("Dupont"); got != "Dupont" {
		t.Errorf("left-to-right text changed: %q", got)
	}
	if got := Isolate("سارة"); got != "\u2068سارة\u2069" {
		t.Errorf("Isolate = %q", got)
	}
}

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"abc": 3, "é": 1, "e\u0301": 1, "王小明": 6, "سارة": 4, "\u2068a\u2069": 1} {
		if got := Width(text); got != want {
			t.Errorf("Width(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestTableOnTerminal(t *testing.T) {
	s, b := Test()
	s.SetTTY(true, true, true)
	table := s.NewTable("id", "name", "born")
	table.Row("b1", "王小明", "1985")
	table.Row("b2", "José\u0301", "1990-01-02")
	table.Row("b3", "سارة", "1985")
	table.Row("b4", "x\x1b[2Jy\n", "")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "ID  NAME        BORN\n" +
		"b1  王小明      1985\n" +
		"b2  José\u0301        1990-01-02\n" +
		"b3  \u2068سارة\u2069        1985\n" +
		"b4  x\\x1b[2Jy   \n"
	if got := b.Out.String(); got != want {
		t.Errorf("table:\n%q\nwant:\n%q", got, want)
	}
}

func TestTableNarrowed(t *testing.T) {
	s, b := Test()
	s.SetTTY(true, true, true)
	s.SetWidth(40)
	table := s.NewTable("id", "title")
	table.Row("d-0123456789abcdef", strings.Repeat("é", 60))
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(b.Out.String()), "\n") {
		if w := Width(line); w > 40 {
			t.Errorf("line of %d columns: %q", w, line)
		}
	}
	if !strings.Contains(b.Out.String(), "d-0123456789abcdef") || !strings.Contains(b.Out.String(), "…") {
		t.Errorf("id cut or title not: %q", b.Out.String())
	}
}

func TestTablePiped(t *testing.T) {
	s, b := Test()
	s.SetColor("never")
	table := s.NewTable("id", "name")
	table.Cells(Cell{"b1", Bold}, Cell{"a\tb", Bad})
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := b.Out.String(), "b1\ta b\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTableWriteError(t *testing.T) {
	s, _ := Test()
	s.Out = brokenPipe{}
	table := s.NewTable("id")
	table.Row("b1")
	if err := table.Flush(); err == nil {
		t.Error("no error from a broken pipe")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestColor(t *testing.T) {
	for _, c := range []struct {
		name, noColor, cliColor, force, term, when string
		tty, want                                  bool
	}{
		{name: "terminal", term: "xterm", tty: true, want: true},
		{name: "pipe", term: "xterm"},
		{name: "dumb", term: "dumb", tty: true},
		{name: "NO_COLOR", noColor: "1", term: "xterm", tty: true},
		{name: "CLICOLOR=0", cliColor: "0", term: "xterm", tty: true},
		{name: "forced", force: "1", term: "xterm", want: true},
		{name: "never", term: "xterm", tty: true, when: "never"},
		{name: "always", noColor: "1", when: "always", want: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("NO_COLOR", c.noColor)
			t.Setenv("CLICOLOR", c.cliColor)
			t.Setenv("CLICOLOR_FORCE", c.force)
			t.Setenv("TERM", c.term)
			s, _ := Test()
			s.SetTTY(c.tty, c.tty, c.tty)
			s.SetColor(c.when)
			if got := s.Styled(Bad, "x") != "x"; got != c.want {
				t.Errorf("colour %v, want %v", got, c.want)
			}
			if got := s.StyledErr(Bad, "x") != "x"; got != c.want {
				t.Errorf("colour on Err %v, want %v", got, c.want)
			}
		})
	}
}

func TestRefuseBinary(t *testing.T) {
	s, _ := Test()
	if err := s.RefuseBinary(); err != nil {
		t.Errorf("pipe refused: %v", err)
	}
	s.SetTTY(false, true, false)
	if err := s.RefuseBinary(); vault.CodeOf(err) != vault.CodeUsage {
		t.Errorf("terminal: %v", err)
	}
}

func TestNote(t *testing.T) {
	s, b := Test()
	s.Note("one\x07")
	s.SetQuiet(true)
	s.Note("two")
	if got := b.Err.String(); got != "one\\x07\n" {
		t.Errorf("notes %q", got)
	}
}

func TestProgress(t *testing.T) {
	clock := time.Unix(0, 0)
	run := func(tty, quiet bool) string {
		s, b := Test()
		s.SetTTY(false, false, tty)
		s.SetQuiet(quiet)
		p := s.Progress("deposit", 4<<20)
		p.now = func() time.Time { return clock }
		p.started = clock
		clock = clock.Add(time.Second)
		n, err := io.Copy(io.Discard, p.Reader(strings.NewReader(strings.Repeat("x", 1<<20))))
		if err != nil || n != 1<<20 {
			t.Fatalf("copied %d bytes, %v", n, err)
		}
		p.Done()
		p.Add(1)
		p.Done()
		return b.Err.String()
	}
	got := run(true, false)
	if !strings.HasPrefix(got, "\r\x1b[Kdeposit  ") || !strings.Contains(got, "%") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("progress %q", got)
	}
	if got := run(false, false) + run(true, true); got != "" {
		t.Errorf("progress where none belongs: %q", got)
	}
}

func TestFormatBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1500000: "1.4 MiB", 2 << 30: "2 GiB"} {
		if got := FormatBytes(n); got != want {
			t.Errorf("FormatBytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestSystem(t *testing.T) {
	s := System()
	if s.In == nil || s.Out == nil || s.Err == nil || s.Width() <= 0 {
		t.Errorf("System() = %+v", s)
	}
}

func MustPerson(tb testing.TB, typed string) (*IO, *Buffers) {
	tb.Helper()
	s, b := Test()
	s.SetTTY(true, true, true)
	b.In.WriteString(typed)
	return s, b
}

func TestQuestions(t *testing.T) {
	s, b := MustPerson(t, " Amina \r\n s3 cret \noui\n9\n2\nno")
	ctx := context.Background()
	if got, err := s.Ask(ctx, "Given name", "--given-name"); got != "Amina" || err != nil {
		t.Errorf("Ask = %q, %v", got, err)
	}
	if got, err := s.AskSecret(ctx, "Passphrase", "--passphrase-file"); string(got) != " s3 cret " || err != nil {
		t.Errorf("AskSecret = %q, %v", got, err)
	}
	if got, err := s.Confirm(ctx, "Go on?", "--yes"); !got || err != nil {
		t.Errorf("Confirm = %v, %v", got, err)
	}
	if got, err := s.Choose(ctx, "Which", []string{"a", "b\x1b"}, "--which"); got != 1 || err != nil {
		t.Errorf("Choose = %d, %v", got, err)
	}
	if got, err := s.Confirm(ctx, "Sure?", "--yes"); got || err != nil {
		t.Errorf("Confirm = %v, %v", got, err)
	}
	if _, err := s.Ask(ctx, "More", "--more"); vault.CodeOf(err) != vault.CodeInterrupted {
		t.Errorf("end of input: %v", err)
	}
	if got := b.Err.String(); !strings.Contains(got, "Given name: ") || strings.Contains(got, "\x1b") || b.Out.Len() != 0 {
		t.Errorf("prompts %q, out %q", got, b.Out.String())
	}
}

func TestNoPerson(t *testing.T) {
	ctx := context.Background()
	for name, prepare := range map[string]func(*IO){
		"pipe":     func(s *IO) { s.SetTTY(false, true, true) },
		"no-input": func(s *IO) { s.SetNoInput(true) },
		"err":      func(s *IO) { s.SetTTY(true, true, false) },
	} {
		s, b := MustPerson(t, "yes\nyes\nyes\nyes\n")
		prepare(s)
		_, askErr := s.Ask(ctx, "x", "--flag")
		_, secretErr := s.AskSecret(ctx, "x", "--flag")
		_, confirmErr := s.Confirm(ctx, "x", "--flag")
		_, chooseErr := s.Choose(ctx, "x", []string{"a"}, "--flag")
		for _, err := range []error{askErr, secretErr, confirmErr, chooseErr} {
			if vault.CodeOf(err) != vault.CodeUsage || !strings.Contains(err.Error(), "--flag") {
				t.Errorf("%s: error %v", name, err)
			}
		}
		if b.Err.Len() != 0 {
			t.Errorf("%s: prompted %q", name, b.Err.String())
		}
		s.SetYes(true)
		if ok, err := s.Confirm(ctx, "x", "--yes"); !ok || err != nil {
			t.Errorf("%s: --yes: %v %v", name, ok, err)
		}
	}
}

func TestAskInterrupted(t *testing.T) {
	s, _ := MustPerson(t, "")
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	s.In = r
	restored := false
	s.hush = func() (func(), error) { return func() { restored = true }, nil }
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.AskSecret(ctx, "x", "--x"); vault.CodeOf(err) != vault.CodeInterrupted || !restored {
		t.Errorf("error %v, restored %v", err, restored)
	}
}

func TestChooseGivesUp(t *testing.T) {
	s, _ := MustPerson(t, "x\n0\n7\n1\n")
	if _, err := s.Choose(context.Background(), "Which", []string{"a"}, "--which"); vault.CodeOf(err) != vault.CodeUsage {
		t.Errorf("error %v", err)
	}
}
