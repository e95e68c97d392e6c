//go:build !windows

package tui

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"vaultctl/internal/api"
)

// terminal is a real one, of tmux: a shell in which programs are started, keys that are sent, and what stands on the screen and
// in the history above it.
type terminal struct {
	tb   testing.TB
	s    *station
	name string
}

// terminals counts those of this process: a server that ends must not be met by the next one.
var terminals int

// MustTerminal opens a terminal of 80 × 24 at a station, with further variables of the environment. Without tmux the test is
// skipped, unless SCREEN_TESTS_REQUIRED is set.
func MustTerminal(tb testing.TB, s *station, env ...string) *terminal {
	tb.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("SCREEN_TESTS_REQUIRED") != "" {
			tb.Fatal("there is no tmux")
		}
		tb.Skip("there is no tmux")
	}
	terminals++
	c := &terminal{tb: tb, s: s, name: filepath.Join(s.dir, "tmux"+strconv.Itoa(terminals))}
	conf := filepath.Join(s.dir, "tmux.conf")
	if err := os.WriteFile(conf, []byte("set -g default-terminal tmux-256color\nset -g history-limit 5000\nset -g escape-time 0\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	args := []string{"-u", "-S", c.name, "-f", conf, "new-session", "-d", "-x", "80", "-y", "24", "env", "-u", "NO_COLOR", "-u", "CI", "-u", "TERM"}
	args = append(args, append(env, "TERM=tmux-256color", "COLORTERM=truecolor", "PS1=ready> ", "ENV=", "sh")...)
	cmd := exec.Command("tmux", args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("tmux: %v\n%s", err, out)
	}
	tb.Cleanup(func() { _, _ = c.try("kill-server") }) // it may have ended with its only window
	c.see("ready>")
	return c
}

func (c *terminal) try(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-u", "-S", c.name}, args...)...)
	cmd.Env = c.s.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c *terminal) tmux(args ...string) string {
	c.tb.Helper()
	out, err := c.try(args...)
	if err != nil {
		c.tb.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// press sends keys by tmux's names; write sends text.
func (c *terminal) press(keys ...string) { c.tmux(append([]string{"send-keys"}, keys...)...) }
func (c *terminal) write(text string)    { c.tmux("send-keys", "-l", text) }

// run types a command line into the shell.
func (c *terminal) run(line string) {
	c.write(line)
	c.press("Enter")
}

// screen is what is seen now; all is the history too.
func (c *terminal) screen() string { return c.tmux("capture-pane", "-p") }
func (c *terminal) all() string    { return c.tmux("capture-pane", "-p", "-S", "-") }

// coloured is what is seen now, with escape sequences.
func (c *terminal) coloured() string { return c.tmux("capture-pane", "-p", "-e") }

// see waits until all of the texts are on the screen, and returns it.
func (c *terminal) see(texts ...string) string {
	c.tb.Helper()
	return c.until(strings.Join(texts, ", "), func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

func (c *terminal) until(what string, wanted func(screen string) bool) string {
	c.tb.Helper()
	for end := time.Now().Add(40 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		screen := c.screen()
		if wanted(screen) {
			return screen
		}
		if time.Now().After(end) {
			c.tb.Fatalf("%s did not come:\n%s", what, screen)
		}
	}
}

// column is where a text stands on the screen, as the terminal itself counts columns.
func (c *terminal) column(text string) int {
	c.tb.Helper()
	c.tmux("copy-mode")
	c.tmux("send-keys", "-X", "top-line")
	c.tmux("send-keys", "-X", "start-of-line")
	c.tmux("send-keys", "-X", "search-forward", text)
	column, line, _ := strings.Cut(strings.TrimSpace(c.tmux("display-message", "-p", "#{copy_cursor_x} #{copy_cursor_line}")), " ")
	c.tmux("send-keys", "-X", "cancel")
	n, err := strconv.Atoi(column)
	if err != nil || !strings.Contains(line, text) {
		c.tb.Fatalf("%q was not found on the screen: %s %q", text, column, line)
	}
	return n
}

// modes are what a program could leave behind: the terminal's settings, the other screen, a hidden cursor, the mouse.
func (c *terminal) modes() string {
	c.tb.Helper()
	file := filepath.Join(c.s.dir, "stty")
	_ = os.Remove(file) // of the last time
	c.run("stty -a > " + file + ".new && mv " + file + ".new " + file)
	var settings []byte
	for end := time.Now().Add(time.Minute); len(settings) == 0; time.Sleep(10 * time.Millisecond) {
		settings, _ = os.ReadFile(file) // it is about to come
		if time.Now().After(end) {
			c.tb.Fatal("the shell does not answer:\n" + c.screen())
		}
	}
	settings = regexp.MustCompile(`rows \d+; columns \d+`).ReplaceAll(settings, nil)
	return string(settings) + c.tmux("display-message", "-p", "alternate #{alternate_on} cursor #{cursor_flag} mouse #{mouse_any_flag} keypad #{keypad_flag}")
}

// wantNobody fails where a text says something of the people of the station.
func wantNobody(t *testing.T, where, text string) {
	t.Helper()
	for _, personal := range []string{"Haddad", "HADDAD", "haddad", "Amal", "Nguyễn", "فاطمة", "2026-0417", "carte.pdf", "1985"} {
		if strings.Contains(text, personal) {
			t.Errorf("%s holds %q:\n%s", where, personal, text)
		}
	}
}

// startScreen is the line that starts the interface and says how it ended.
const startScreen = "vaultctl tui; echo left: $?"

// TestTerminal: the program in a real terminal. It finds, opens, grows with the window, and leaves nothing behind.
func TestTerminal(t *testing.T) {
	s := MustStation(t)
	c := MustTerminal(t, s)
	before := c.modes()
	c.run(startScreen)
	c.see("everything is on the storage")
	c.write("hadd")
	c.see("Amal Haddad")
	c.press("Enter")
	c.see("Amal Haddad", "[1 ")
	c.press("2")
	c.see("[2 consents]")
	c.tmux("resize-window", "-x", "120", "-y", "40")
	c.until("the larger window", func(screen string) bool {
		lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
		return len(lines) == 40 && strings.Contains(screen, "[2 consents]") && strings.HasSuffix(strings.TrimRight(lines[39], " "), "keys")
	})
	c.tmux("resize-window", "-x", "20", "-y", "5")
	c.see("Make the window")
	c.tmux("resize-window", "-x", "80", "-y", "24")
	c.see("[2 consents]", "Amal Haddad")
	c.press("C-c")
	c.see("left: 0")
	if after := c.modes(); after != before {
		t.Errorf("the terminal is not as it was:\n%s\nbefore:\n%s", after, before)
	}
	wantNobody(t, "the terminal's history", c.all())
	raw, err := os.ReadFile(filepath.Join(s.home, "log", "vaultd.log"))
	if err != nil || len(raw) == 0 {
		t.Fatalf("the log of the daemon: %v", err)
	}
	wantNobody(t, "the daemon's log", string(raw))
}

// TestTerminalDeposit: a file that is dropped on the window, which pastes its path, is deposited; the daemon has it, and nothing of it
// stays in the terminal.
func TestTerminalDeposit(t *testing.T) {
	s := MustStation(t)
	c := MustTerminal(t, s)
	c.run(startScreen)
	c.see("everything is on the storage")
	c.write("hadd")
	c.see("Amal Haddad")
	c.press("Enter")
	c.see("[1 ", "No documents.")
	c.write("a")
	c.see("Which files?")
	c.tmux("set-buffer", s.paper("carte.pdf"))
	c.tmux("paste-buffer", "-p")
	c.see("1 file chosen")
	c.press("Enter")
	c.see("carte.pdf", "What is it?")
	c.write("nationale d'ident")
	c.see("▸ National identity card")
	c.press("Enter")
	c.see("Issued on")
	c.write("2021-05-03")
	c.press("Enter", "Enter", "Enter")
	c.see("Expires on")
	c.press("Enter", "Enter")
	c.see("Did you compare with the originals?")
	c.write("y")
	c.see("1 of 1 deposited", "National identity card", "3 May 2031")
	if doc := shown[api.Document](s, "document", "list", s.amal); doc.DocumentType != "id-card" || doc.IssuedOn != "2021-05-03" || !doc.OriginalSeen {
		t.Errorf("deposited: %+v", doc)
	}
	c.press("C-c")
	c.see("left: 0")
	wantNobody(t, "the terminal's history", c.all())
}

// TestTerminalColours: sixteen colours, none with NO_COLOR.
func TestTerminalColours(t *testing.T) {
	s := MustStation(t)
	for _, plain := range []bool{false, true} {
		var env []string
		if plain {
			env = []string{"NO_COLOR=1"}
		}
		c := MustTerminal(t, s, env...)
		c.run(startScreen)
		c.see("everything is on the storage")
		c.write("hadd")
		c.see("Amal Haddad")
		got := c.coloured()
		sequences := strings.Join(regexp.MustCompile(`\x1b\[[0-9;:]*m`).FindAllString(got, -1), " ")
		if regexp.MustCompile(`[34]8[;:][25][;:]`).MatchString(sequences) {
			t.Errorf("more than sixteen colours: %q", sequences)
		}
		if some := regexp.MustCompile(`[\[;](3[0-7]|4[0-7]|9[0-7]|10[0-7])[;m]`).MatchString(sequences); some == plain {
			t.Errorf("colours %v, with NO_COLOR %v: %q", some, plain, sequences)
		}
		c.press("C-c")
		c.see("left: 0")
		c.tmux("kill-server")
	}
}

// TestTerminalNames: names in other scripts, and with accents upon accents, leave the columns where they are.
func TestTerminalNames(t *testing.T) {
	c := MustTerminal(t, MustStation(t))
	c.run(startScreen)
	c.see("everything is on the storage")
	c.write("2026-04")
	c.see("Haddad", "فاطمة", "Nguyễn")
	want := c.column("CCAS:2026-0417")
	for _, ref := range []string{"CCAS:2026-0418", "CCAS:2026-0419"} {
		if got := c.column(ref); got != want || got == 0 {
			t.Errorf("%s stands in column %d, CCAS:2026-0417 in %d:\n%s", ref, got, want, c.screen())
		}
	}
	c.press("C-c")
	c.see("left: 0")
}

// TestTerminalSignals: whatever ends the program, the terminal is as it was.
func TestTerminalSignals(t *testing.T) {
	s := MustStation(t)
	c := MustTerminal(t, s)
	before := c.modes()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		pidFile := filepath.Join(s.dir, "pid")
		c.run(`sh -c 'echo $$ > ` + pidFile + `; exec vaultctl-tui'; echo left: $?; echo ` + sig.String())
		c.see("everything is on the storage")
		c.write("hadd")
		c.see("Amal Haddad")
		raw, err := os.ReadFile(pidFile)
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, sig); err != nil {
			t.Fatal(err)
		}
		c.see("left: 0", "\n"+sig.String())
		if after := c.modes(); after != before {
			t.Errorf("after %s the terminal is not as it was:\n%s\nbefore:\n%s", sig, after, before)
		}
		wantNobody(t, "the terminal's history", c.all())
		c.run("clear")
	}
}

// TestTerminalReader: line by line, and nothing but lines.
func TestTerminalReader(t *testing.T) {
	c := MustTerminal(t, MustLockedStation(t))
	c.s.must("lock")
	c.run("vaultctl tui --accessible; echo left: $?")
	c.see("Passphrase:")
	c.run(passphrase)
	c.see("everything is on the storage", "What now?")
	if strings.Contains(c.all(), passphrase) {
		t.Error("the passphrase is seen")
	}
	c.run("hadd")
	c.see("1. ", "Amal Haddad")
	c.run("1")
	c.see("(this one)")
	if strings.Contains(c.coloured(), "\x1b[") {
		t.Errorf("more than text was written: %q", c.coloured())
	}
	c.press("C-d")
	c.see("left: 0")
	if !strings.Contains(c.all(), "Amal Haddad") { // nothing was redrawn
		t.Error("what was told is not in the history")
	}
}
