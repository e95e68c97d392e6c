package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"vaultctl/internal/lang"
)

// picker is a file picker without a screen; folders are read at once.
type picker struct {
	*pickPart
	tb testing.TB
}

func MustPick(tb testing.TB, p *picking) picker {
	tb.Helper()
	return picker{newPickPart(lang.English, newStyles(&Options{}), p), tb}
}

// press presses keys and reports whether the files are chosen.
func (p picker) press(keys ...string) bool {
	p.tb.Helper()
	done := false
	for _, k := range keys {
		done = p.send(keyOf(k))
	}
	return done
}

func (p picker) send(key tea.KeyMsg) bool {
	p.tb.Helper()
	p.view(80, 20)
	cmd, done, err := p.update(key)
	if err != nil {
		p.tb.Fatal(err)
	}
	if cmd != nil {
		msg := cmd().(toPartMsg)
		if msg.part != part(p.pickPart) {
			p.tb.Fatal("the folder is for another part")
		}
		_, _, _ = p.update(msg.msg) // it is no key
	}
	return done
}

func (p picker) paste(text string) bool {
	return p.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true})
}

func bases(paths []string) string {
	var names []string
	for _, p := range paths {
		names = append(names, filepath.Base(p))
	}
	return strings.Join(names, " ")
}

func TestPickMany(t *testing.T) {
	dir := t.TempDir()
	below := filepath.Join(dir, "below")
	if err := os.Mkdir(below, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.pdf", "b.pdf", "Évian.PDF", "notes.odt", ".hidden.pdf", "below/c.pdf"} {
		MustWrite(t, filepath.Join(dir, name), "x")
	}
	p := MustPick(t, &picking{title: "Which?", start: dir, ends: []string{".pdf"}})
	view := p.view(80, 20)
	for name, want := range map[string]bool{"a.pdf": true, "Évian.PDF": true, "below": true, "notes.odt": false, ".hidden": false} {
		if strings.Contains(view, name) != want {
			t.Errorf("%s is shown: %v\n%s", name, !want, view)
		}
	}
	p.press("e", "v", "i", "a", " ", "backspace", "backspace", "backspace", "backspace")
	p.press("b", ".", "p", " ", "backspace", "backspace", "backspace")
	p.press("home", "right") // into the folder
	if p.dir != below {
		t.Fatalf("in %s", p.dir)
	}
	if !strings.Contains(p.view(80, 20), "2 files chosen") {
		t.Errorf("what is chosen elsewhere is not told:\n%s", p.view(80, 20))
	}
	p.press(" ", "left")
	if !p.press("enter") || bases(p.picked) != "b.pdf c.pdf Évian.PDF" {
		t.Errorf("chosen: %q", p.picked)
	}
	for _, path := range p.picked {
		if !filepath.IsAbs(path) {
			t.Errorf("%s is not absolute", path)
		}
	}

	one := MustPick(t, &picking{title: "Which?", start: dir, one: true, ends: []string{".pdf"}})
	one.press("a", ".", "p", " ", "backspace", "backspace", "backspace", "b", ".", "p", " ")
	if !one.press("enter") || bases(one.picked) != "b.pdf" {
		t.Errorf("of one file: %q", one.picked)
	}
}

// TestPickDropped: files that are dropped on the window come as text, in the ways of terminals.
func TestPickDropped(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, "l'avis d'imposition (2).pdf")
	plain := filepath.Join(dir, "plain.pdf")
	MustWrite(t, odd, "x")
	MustWrite(t, plain, "x")
	escaped := strings.NewReplacer("'", `\'`, " ", `\ `, "(", `\(`, ")", `\)`).Replace(odd)
	quoted := "'" + strings.ReplaceAll(odd, "'", `'\''`) + "'"
	url := "file://" + strings.NewReplacer(" ", "%20").Replace(odd)
	for name, text := range map[string]string{"escaped": escaped, "quoted": quoted, "double": `"` + odd + `"`, "URL": url, "two": plain + " " + quoted + " ",
		"lines": plain + "\n" + escaped + "\r\n"} {
		if runtime.GOOS == "windows" && name != "double" {
			continue
		}
		p := MustPick(t, &picking{title: "Which?", start: t.TempDir()})
		p.paste(text)
		want := bases([]string{odd})
		if name == "two" || name == "lines" {
			want += " plain.pdf"
		}
		if !p.press("enter") || bases(p.picked) != want {
			t.Errorf("%s %q: %q, %s", name, text, p.picked, p.wrong)
		}
	}
	p := MustPick(t, &picking{title: "Which?", start: dir})
	p.paste(filepath.Join(dir, "vanished.pdf"))
	if view := p.view(80, 20); !strings.Contains(view, "cannot be read") || len(p.marked) != 0 {
		t.Errorf("a file that is not there:\n%s", view)
	}
	p.paste("not a path")
	if p.query != "not a path" {
		t.Errorf("what is no path is not searched: %q", p.query)
	}
}

// TestPickOddNames: whatever a name holds, the line is one line, and the path is the file's.
func TestPickOddNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("such names do not exist there")
	}
	dir := t.TempDir()
	names := []string{"new\nline.pdf", "right\u202eto left.pdf", "بطاقة.pdf", "esc\x1b[31mred.pdf", "bad\xff\xfeutf8.pdf", strings.Repeat("long", 60) + ".pdf", "-rf", "tab\t.pdf"}
	made := 0
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err == nil {
			made++ // macOS refuses what is no UTF-8
		}
	}
	p := MustPick(t, &picking{title: "Which?", start: dir})
	view := p.view(80, 20)
	if lines := strings.Split(view, "\n"); len(lines) != 2+made+1 || strings.ContainsAny(view, "\x1b\t") || !utf8.ValidString(view) {
		t.Errorf("%d lines for %d files:\n%q", len(lines), made, view)
	}
	for range made {
		p.press(" ")
	}
	if !p.press("enter") || len(p.picked) != made {
		t.Fatalf("chosen: %q", p.picked)
	}
	for _, path := range p.picked {
		if _, err := os.Stat(path); err != nil || !slices.Contains(names, filepath.Base(path)) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// TestPickUnreadable: a folder that cannot be read, or that vanishes, leaves the one before.
func TestPickUnreadable(t *testing.T) {
	dir := t.TempDir()
	gone := filepath.Join(dir, "gone")
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	MustWrite(t, filepath.Join(dir, "a.pdf"), "x")
	p := MustPick(t, &picking{title: "Which?", start: dir})
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	p.press("right")
	if view := p.view(80, 20); p.dir != dir || !strings.Contains(view, "✗") || !strings.Contains(view, "a.pdf") {
		t.Errorf("in %s:\n%s", p.dir, view)
	}
	none := MustPick(t, &picking{title: "Which?", start: gone})
	if none.press("enter", "up", "pgdown", " ", "backspace") || !strings.Contains(none.view(80, 20), "cannot be read") {
		t.Errorf("a start that is not there:\n%s", none.view(80, 20))
	}
	none.press("left")
}

// TestPickWaits: while a folder is read nothing of the one before can be chosen, and only the last that was asked for is shown.
func TestPickWaits(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one/a.pdf", "two/b.pdf"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		MustWrite(t, filepath.Join(dir, name), "x")
	}
	MustWrite(t, filepath.Join(dir, "before.pdf"), "x")
	p := MustPick(t, &picking{title: "Which?", start: dir})
	first, _, _ := p.update(keyOf("right"))
	for _, k := range []string{"down", "down", " ", "enter"} {
		if _, done, _ := p.update(keyOf(k)); done {
			t.Fatalf("%s chose %q", k, p.picked)
		}
	}
	second := p.visit(filepath.Join(dir, "two"))
	_, _, _ = p.update(second().(toPartMsg).msg)
	_, _, _ = p.update(first().(toPartMsg).msg)
	if view := p.view(80, 20); len(p.marked) != 0 || !strings.Contains(view, "b.pdf") || strings.Contains(view, "a.pdf") {
		t.Errorf("shown:\n%s", view)
	}
}

func TestPickLarge(t *testing.T) {
	dir := t.TempDir()
	const files = 10000
	for i := range files {
		MustWrite(t, filepath.Join(dir, fmt.Sprintf("scan-%05d.pdf", i)), "")
	}
	p := MustPick(t, &picking{title: "Which?", start: dir})
	if len(p.shown) != files || strings.Count(p.view(80, 20), "scan-") != 17 {
		t.Errorf("%d files, %d lines", len(p.shown), strings.Count(p.view(80, 20), "scan-"))
	}
	p.press("pgdown", "pgdown", "down")
	p.paste("scan-09999")
	if !p.press("enter") || bases(p.picked) != "scan-09999.pdf" {
		t.Errorf("chosen: %q", p.picked)
	}
}
