package manifest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/vault"
)

// MustWrite writes a file of a test and returns its path.
func MustWrite(tb testing.TB, dir, name, text string) string {
	tb.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// MustOpen opens a source and closes it at the end of the test.
func MustOpen(tb testing.TB, path string, o Options) Source {
	tb.Helper()
	if o.Today == "" {
		o.Today = "2026-11-22"
	}
	s, err := Open(path, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// MustRows reads all rows of a source.
func MustRows(tb testing.TB, s Source) []*Row {
	tb.Helper()
	var rows []*Row
	for {
		r, err := s.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			tb.Fatal(err)
		}
		rows = append(rows, r)
	}
}

// MustRead reads all rows of a table with the given name and text.
func MustRead(tb testing.TB, name, text string, o Options) []*Row {
	tb.Helper()
	return MustRows(tb, MustOpen(tb, MustWrite(tb, tb.TempDir(), name, text), o))
}

// MustMap reads a map.
func MustMap(tb testing.TB, text string) *Map {
	tb.Helper()
	m, err := ReadMap(MustWrite(tb, tb.TempDir(), "map.toml", text))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// wantErr checks the code of an error and a part of its message; "" wants no error.
func wantErr(tb testing.TB, err error, code vault.Code, part string) {
	tb.Helper()
	if part == "" {
		if err != nil {
			tb.Fatalf("unexpected error: %v", err)
		}
		return
	}
	if err == nil || vault.CodeOf(err) != code || !strings.Contains(err.Error(), part) {
		tb.Fatalf("got %q (%s), want %q (%s)", err, vault.CodeOf(err), part, code)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name, text string
		code       vault.Code
		part       string
	}{
		{"a.xls", "x", vault.CodeUsage, "ends in .csv, .jsonl, .xlsx or .zip"},
		{"a.pdf", "x", vault.CodeUsage, "ends in .csv"},
		{"empty.csv", "", vault.CodeInvalid, "not even a header"},
		{"blank.csv", "\n\n;;;\n", vault.CodeInvalid, "not even a header"},
		{"nul.csv", "a\x00b;c\nd\n", vault.CodeInvalid, "the header is not text"},
		{"quote.csv", "\"path;beneficiary;type\na;b;c\n", vault.CodeInvalid, "line 1: a quote is left open"},
		{"missing.csv", "path;benificiary;kind\n", vault.CodeInvalid, `columns missing for documents: beneficiary, type; the columns are path, benificiary, kind; is "benificiary" meant for beneficiary?`},
		{"foreign.csv", "a;b;c\n", vault.CodeInvalid, "columns missing for documents: path, beneficiary, type; the columns are a, b, c"},
		{"people.csv", "nom;prénom;né le\n", vault.CodeInvalid, "columns missing for people: ref; the columns are nom, prénom, né le"},
		{"doubled.csv", "path;beneficiary;type;Path\n", vault.CodeInvalid, "several columns for path: Path, path"},
		{"alias.csv", "path;beneficiary;usager;type\n", vault.CodeInvalid, "several columns for beneficiary: beneficiary, usager"},
		{"damaged.xlsx", "PK\x03\x04nothing", vault.CodeUsage, "not an XLSX workbook"},
		{"old.xlsx", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", vault.CodeUsage, "with a password must be saved"},
		{"some.zip", "PK\x03\x04nothing", vault.CodeUsage, "not an export of vaultctl"},
		{"sealed.zip", "age-encryption.org/v1\n-> x\n", vault.CodeUsage, "the export is sealed"},
		{"sealed.zip.age", "age-encryption.org/v1\n-> x\n", vault.CodeUsage, "the export is sealed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Open(MustWrite(t, dir, tc.name, tc.text), Options{})
			if s != nil {
				t.Fatal("a source came with the error")
			}
			wantErr(t, err, tc.code, tc.part)
		})
	}
	_, err := Open(filepath.Join(dir, "absent.csv"), Options{})
	wantErr(t, err, vault.CodeNotFound, "no such file")
	_, err = Open(dir, Options{Kind: People})
	wantErr(t, err, vault.CodeUsage, "a folder holds documents")
	path := MustWrite(t, dir, "m.csv", "path;beneficiary;type\n")
	_, err = Open(path, Options{Root: filepath.Join(dir, "absent")})
	wantErr(t, err, vault.CodeNotFound, "no such file")
}

func TestKindFromColumns(t *testing.T) {
	for header, want := range map[string]Kind{
		"path;beneficiary;type":                    Documents,
		"Référence;Chemin;Type de pièce":           Documents,
		"ref;family_name":                          People,
		"Numéro d'identification;Nom;Prénom":       People,
		"IDENTIFIANT;NOM;PRENOM;DATE DE NAISSANCE": People,
	} {
		s := MustOpen(t, MustWrite(t, t.TempDir(), "m.csv", header+"\n"), Options{})
		if s.Kind() != want {
			t.Errorf("%s: %s", header, s.Kind())
		}
	}
}

// Every alias leads to one column of its kind.
func TestAliasesAreUnambiguous(t *testing.T) {
	for _, k := range []Kind{Documents, People} {
		owner := map[string]string{}
		columns, _ := columnsOf(k)
		for _, c := range columns {
			for _, h := range append([]string{c.name}, c.aliases...) {
				if other, ok := owner[folded(h)]; ok {
					t.Errorf("%s: %q is %s and %s", k, h, other, c.name)
				}
				owner[folded(h)] = c.name
			}
		}
		for _, name := range rejectColumns {
			if other, ok := owner[folded(name)]; ok {
				t.Errorf("%s: %s is also %s", k, name, other)
			}
		}
	}
}
