package cli

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// MustTar returns an archive with one entry.
func MustTar(tb testing.TB, h tar.Header, content string) io.Reader {
	tb.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	h.Size = int64(len(content))
	if err := w.WriteHeader(&h); err != nil {
		tb.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return &b
}

func TestUnpackRefusesTricks(t *testing.T) {
	for name, h := range map[string]tar.Header{
		"parent":    {Name: "../out.txt"},
		"hidden":    {Name: "a/../../out.txt"},
		"absolute":  {Name: "/out.txt"},
		"itself":    {Name: "."},
		"empty":     {Name: ""},
		"symlink":   {Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc"},
		"hard link": {Name: "link", Typeflag: tar.TypeLink, Linkname: "../out.txt"},
		"device":    {Name: "null", Typeflag: tar.TypeChar},
		"fifo":      {Name: "fifo", Typeflag: tar.TypeFifo},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			res := recovered{Path: filepath.Join(root, "restored")}
			content := ""
			if h.Typeflag == 0 {
				h.Typeflag, content = tar.TypeReg, "bad"
			}
			if err := res.unpack(MustTar(t, h, content)); vault.CodeOf(err) != vault.CodeIntegrity || res.Files != 0 {
				t.Errorf("%d files, %v", res.Files, err)
			}
			if entries, err := os.ReadDir(root); err != nil || len(entries) != 0 {
				t.Errorf("written: %v, %v", entries, err)
			}
		})
	}
}

func TestUnpack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "restored")
	res := recovered{Path: dir}
	if err := res.unpack(MustTar(t, tar.Header{Name: "b1/id.pdf", Typeflag: tar.TypeReg, Mode: 0o4777}, "content")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "b1", "id.pdf")
	got, err := os.ReadFile(path)
	info, serr := os.Stat(path)
	if err != nil || serr != nil || string(got) != "content" || info.Mode() != 0o600 || res.Files != 1 || res.Bytes != 7 {
		t.Errorf("%q, mode %v, %+v, %v", got, info.Mode(), res, err)
	}
	// The same name again, or an archive that is cut short, leaves the first file as it was.
	if err := res.unpack(MustTar(t, tar.Header{Name: "b1/id.pdf", Typeflag: tar.TypeReg}, "other")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second file of one name: %v", err)
	}
	cut := io.LimitReader(MustTar(t, tar.Header{Name: "b1/cut.pdf", Typeflag: tar.TypeReg}, "never complete"), 515)
	if err := res.unpack(cut); err == nil {
		t.Error("a cut archive was taken for a whole one")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestSplitSecrets(t *testing.T) {
	const head1, head2 = "vault-share-1-of-3-need-2-AAAA", "vault-share-3-of-3-need-2-AAAA"
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"one share":      {head1 + "\nalpha beta\n gamma\n", []string{head1 + " alpha beta gamma"}},
		"on one line":    {head1 + " alpha beta", []string{head1 + " alpha beta"}},
		"two shares":     {"# paper\n\n" + head1 + "\nalpha\n\n" + head2 + "\r\nbeta\n", []string{head1 + " alpha", head2 + " beta"}},
		"identity file":  {"# created\n# public key: age1pq\nAGE-SECRET-KEY-PQ-1XX\n", []string{"AGE-SECRET-KEY-PQ-1XX"}},
		"identity first": {"AGE-SECRET-KEY-PQ-1XX\nalpha beta\n", []string{"AGE-SECRET-KEY-PQ-1XX", "alpha beta"}},
		"words in lines": {"alpha\nbeta\n", []string{"alpha beta"}},
		"nothing":        {"\n# only a comment\n", nil},
	} {
		if got := splitSecrets(tc.text); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestPlainWord(t *testing.T) {
	for typed, word := range map[string]string{
		"étourdir": "e\u0301tourdir", "ETOURDIR": "étourdir", "geometre": "géomètre", "niño": "nin\u0303o", "abandon": "Abandon",
	} {
		if plainWord(typed) != plainWord(word) {
			t.Errorf("%q is not %q", typed, word)
		}
	}
	if plainWord("écrou") == plainWord("écran") {
		t.Error("different words are the same")
	}
}

func TestParseShares(t *testing.T) {
	for text, want := range map[string][2]int{"1/1": {1, 1}, "2/3": {2, 3}, "16/16": {16, 16}} {
		if need, of, err := parseShares(text); err != nil || [2]int{need, of} != want {
			t.Errorf("%s: %d/%d, %v", text, need, of, err)
		}
	}
	for _, text := range []string{"", "3", "3/2", "1/2", "0/0", "2/17", "2 / 3", "-1/3", "2/3/4"} {
		if _, _, err := parseShares(text); vault.CodeOf(err) != vault.CodeUsage {
			t.Errorf("%q was taken: %v", text, err)
		}
	}
}

func TestRemoteSpec(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("HOME", dir)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"storage": filepath.Join(here, "storage"), "~/storage": filepath.Join(dir, "storage"), "s3:vault": "s3:vault",
		":s3,provider=Other:vault": ":s3,provider=Other:vault", "": "",
	} {
		if got, err := userfile.RemoteSpec(text); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

func testFinding(severity, code string) api.Finding {
	return api.Finding{Head: api.H("finding"), Severity: severity, Code: code}
}

func TestJudge(t *testing.T) {
	if phrase.Judge(nil) != nil {
		t.Error("nothing found is an error")
	}
	for want, codes := range map[vault.Code][]string{
		vault.CodeAttention: {"disk_space"}, vault.CodeIntegrity: {"disk_space", "rolled_back", "altered"},
	} {
		var found []api.Finding
		for _, code := range codes {
			found = append(found, testFinding("warning", code))
		}
		if err := phrase.Judge(found); vault.CodeOf(err) != want {
			t.Errorf("%v: %v", codes, err)
		}
	}
	if err := phrase.Judge([]api.Finding{testFinding("info", "altered"), testFinding("info", "other")}); err != nil {
		t.Errorf("notes alone: %v", err)
	}
}
