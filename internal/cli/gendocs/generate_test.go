package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func MustGenerate(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := generate()
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

func TestCommittedFilesAreCurrent(t *testing.T) {
	const tree = "../../.."
	files := MustGenerate(t)
	committed, err := existing(tree)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(tree, filepath.FromSlash(path)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale (%v): run make docs", path, err)
		}
	}
	for _, path := range committed {
		if files[path] == nil {
			t.Errorf("%s belongs to no command: run make docs", path)
		}
	}
}

func TestGenerateIsDeterministic(t *testing.T) {
	first := MustGenerate(t)
	t.Setenv("LC_ALL", "fr_FR.UTF-8")
	t.Setenv("VAULTCTL_HOME", t.TempDir())
	second := MustGenerate(t)
	if len(first) < 10 {
		t.Fatalf("only %d files", len(first))
	}
	for path, content := range first {
		if !bytes.Equal(content, second[path]) {
			t.Errorf("%s differs from run to run", path)
		}
		if strings.HasPrefix(path, "man/") && !bytes.Contains(content, []byte("SYNOPSIS")) {
			t.Errorf("%s has no synopsis", path)
		}
	}
	if first["man/vaultctl-card-replace.1"] != nil {
		t.Error("a command that does not work yet has a manual page")
	}
}

func TestWriteReplacesAndRemoves(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "man"), 0o755); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(dir, "man", "vaultctl-gone.1")
	if err := os.WriteFile(stale, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := existing(dir)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(got, "man/vaultctl-gone.1") || len(got) != len(MustGenerate(t)) {
		t.Errorf("files %q", got)
	}
}
