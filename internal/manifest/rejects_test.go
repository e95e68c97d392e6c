package manifest

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"vaultctl/internal/api"
)

// MustReject writes every row of a source to a file of rejects and returns its path and text.
func MustReject(tb testing.TB, s Source, name string) (path, text string) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), name)
	r := NewRejects(path, s)
	for _, row := range MustRows(tb, s) {
		if err := r.Add(row, api.RowResult{Code: "invalid", Message: "why; so"}); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		tb.Fatal("the file is there before it is complete")
	}
	if err := r.Close(); err != nil {
		tb.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return path, string(b)
}

func TestRejects(t *testing.T) {
	s := MustOpen(t, MustWrite(t, t.TempDir(), "m.csv",
		"path,beneficiary,type,service,note\n-a.pdf,SI:1,rib,nord,=1+1\nb.pdf,SI:2,rib,\"x\ny\",'quoted'\nc.pdf,\"SI:3,rib,,\n"), Options{})
	path, text := MustReject(t, s, "rejects.csv")
	want := "\uFEFFpath,beneficiary,type,service,note,row,error_code,error\r\n" +
		"'-a.pdf,SI:1,rib,nord,'=1+1,2,invalid,why; so\r\n" +
		"b.pdf,SI:2,rib,\"x\r\ny\",'quoted',3,invalid,why; so\r\n" +
		"\"c.pdf,\"\"SI:3,rib,,\",,,,,4,invalid,why; so\r\n"
	if text != want {
		t.Errorf("got %q", text)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// Imported again, the rows are what they were, and so are the rejects of that.
	again := MustOpen(t, path, Options{})
	rows := MustRows(t, again)
	if d := rows[0].Document; rows[0].Err != nil || d.Path != "-a.pdf" || *d.Fields.Note != "=1+1" || len(again.Notes()) != 2 {
		t.Errorf("got %+v, %v, %q", d, rows[0].Err, again.Notes())
	}
	if _, second := MustReject(t, MustOpen(t, path, Options{}), "second.csv"); second != text {
		t.Errorf("got %q", second)
	}
}

func TestRejectsOfJSONLines(t *testing.T) {
	s := MustOpen(t, MustWrite(t, t.TempDir(), "m.jsonl",
		`{"path":"a.pdf","n":[1, 2],"row":7,"Error":"old"}`+"\n"+`{"path":`+"\n"), Options{})
	path, text := MustReject(t, s, "rejects.jsonl")
	want := `{"path":"a.pdf","n":[1, 2],"row":1,"error_code":"invalid","error":"why; so"}` + "\n" +
		`{"line":"{\"path\":","row":2,"error_code":"invalid","error":"why; so"}` + "\n"
	if text != want {
		t.Errorf("got %q", text)
	}
	if rows := MustRows(t, MustOpen(t, path, Options{})); len(rows) != 2 || rows[0].Document.Path != "a.pdf" {
		t.Errorf("%d rows", len(rows))
	}
}

// The rejects of folders, workbooks and archives are tables that can be imported.
func TestRejectsOfAFolder(t *testing.T) {
	dir := t.TempDir()
	MustWrite(t, dir, "4711/rib_2025-03-14.pdf", "x")
	MustWrite(t, dir, "lost.pdf", "x")
	path, text := MustReject(t, MustOpen(t, dir, Options{Source: "SI"}), "rejects.csv")
	if !strings.Contains(text, "4711/rib_2025-03-14.pdf;ref:SI:4711;rib;2025-03-14;;1;invalid;") || !strings.Contains(text, "\r\nlost.pdf;;;;;2;") {
		t.Errorf("got %q", text)
	}
	rows := MustRows(t, MustOpen(t, path, Options{Root: dir}))
	wantErr(t, rows[0].Err, "", "")
	if c, err := rows[0].Document.Open(); err != nil {
		t.Error(err)
	} else if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestNoRejects(t *testing.T) {
	s := MustOpen(t, MustWrite(t, t.TempDir(), "m.csv", "path;beneficiary;type\n"), Options{})
	path := filepath.Join(t.TempDir(), "rejects.csv")
	r := NewRejects(path, s)
	if err := r.Close(); err != nil || r.Count() != 0 {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file without a row")
	}
}

func TestGuard(t *testing.T) {
	for _, s := range []string{"", "a", "=1", "+33 6", "-a.pdf", "@x", "\tx", "'=1", "''-1", "'a", "'", "''"} {
		g := guard(s)
		if unguard(g) != s {
			t.Errorf("%q comes back as %q", s, unguard(g))
		}
		if g != "" && strings.ContainsRune("=+-@\t\r", rune(g[0])) {
			t.Errorf("%q is still a formula: %q", s, g)
		}
	}
}
