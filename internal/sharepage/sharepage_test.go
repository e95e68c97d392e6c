package sharepage

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/vault"
)

// passphrase is what the packages of the tests are opened with.
const passphrase = "abaisser-abandon-abdiquer-eleve-oeuvre-ratisser-zoologie"

// testWork keeps the tests short; the cost of opening is measured in docs/bench/package.md.
const testWork = 10

// MustScript skips the test if the page was not built, except where it must have been.
func MustScript(tb testing.TB) {
	tb.Helper()
	if Check(0) == nil {
		return
	}
	if os.Getenv(required) != "" {
		tb.Fatal("the page was not built: make web")
	}
	tb.Skip("the page was not built: make web")
}

// required is set where nothing may be skipped.
const required = "PACKAGE_TESTS_REQUIRED"

func document(title, file string, content []byte) Document {
	return Document{
		Title: title, File: file, Type: Text{En: "Tax notice", Fr: "Avis d’imposition"}, IssuedOn: "2026-09-01", Size: int64(len(content)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

func example(documents ...Document) Package {
	return Package{
		Lang: "fr", Organization: "CCAS de <Rennes> & Cie", Fingerprint: "", Share: "s7k2m9x4qw3t5", Recipient: "CAF d’Ille-et-Vilaine",
		Beneficiary: "Amal Haddad", Purpose: Text{En: "Minimum income", Fr: "Demande de RSA"},
		Made: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Until: time.Date(2126, 5, 1, 0, 0, 0, 0, time.UTC), Documents: documents,
	}
}

// MustWrite returns the file of p.
func MustWrite(tb testing.TB, p Package) []byte {
	tb.Helper()
	var file bytes.Buffer
	sum, err := Write(&file, agecrypt.NewWithWorkFactor(testWork), p, passphrase)
	if err != nil {
		tb.Fatal(err)
	}
	if digest := sha256.Sum256(file.Bytes()); sum.Size != int64(file.Len()) || sum.SHA256 != hex.EncodeToString(digest[:]) {
		tb.Errorf("the summary %+v is not that of the file", sum)
	}
	return file.Bytes()
}

// MustExtract runs the command that docs/packages.md gives and returns the sealed files by name.
func MustExtract(tb testing.TB, file []byte) string {
	tb.Helper()
	if _, err := exec.LookPath("awk"); err != nil {
		tb.Skip("no awk")
	}
	dir := tb.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "package.html"), file, 0o600); err != nil {
		tb.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/packages.md")
	if err != nil {
		tb.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^awk .*$`).Find(page)
	if command == nil {
		tb.Fatal("docs/packages.md gives no command to extract with")
	}
	cmd := exec.Command("sh", "-c", string(command))
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v: %s", command, err, out)
	}
	return dir
}

// TestCopiesAreAgeFiles: what the documentation says to do without a browser works, with age itself.
func TestCopiesAreAgeFiles(t *testing.T) {
	MustScript(t)
	if testing.Short() {
		t.Skip("builds the stock age command")
	}
	large := make([]byte, 300_001)
	rand.Read(large)
	dir := MustExtract(t, MustWrite(t, example(document("Avis", "avis.pdf", []byte("%PDF-1.4")), document("Photo", "photo.bin", large), document("Vide", "vide", nil))))
	stock := filepath.Join(dir, "age.exe")
	if out, err := exec.Command("go", "build", "-o", stock, "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Fatalf("build age: %v: %s", err, out)
	}
	// Stock age asks for a passphrase on a terminal alone, so the key is opened here; everything else is opened by age.
	sealedKey := MustRead(t, filepath.Join(dir, "1.age"))
	key := filepath.Join(dir, "key.txt")
	if err := os.WriteFile(key, MustUnlock(t, sealedKey), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(name string) []byte {
		out, err := exec.Command(stock, "-d", "-i", key, filepath.Join(dir, name)).Output()
		if err != nil {
			t.Fatalf("age -d %s: %v", name, err)
		}
		return out
	}
	if got := open("2.age"); string(got) != "%PDF-1.4" {
		t.Errorf("first document: %q", got)
	}
	if got := open("3.age"); !bytes.Equal(got, large) {
		t.Errorf("second document: %d other bytes", len(got))
	}
	if got := open("4.age"); len(got) != 0 {
		t.Errorf("empty document: %q", got)
	}
	var l list
	if err := json.Unmarshal(open("5.age"), &l); err != nil || len(l.Documents) != 3 || l.Beneficiary != "Amal Haddad" || l.Until != "2126-05-01" {
		t.Errorf("list: %+v, %v", l, err)
	}
	if sum := sha256.Sum256(large); l.Documents[1].SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("the list names another digest: %s", l.Documents[1].SHA256)
	}
}

// MustUnlock opens the text form of a file under passphrase.
func MustUnlock(tb testing.TB, armored []byte) []byte {
	tb.Helper()
	r, err := agecrypt.New().OpenPassphrase(bytes.NewReader(MustUnarmor(tb, armored)), passphrase)
	if err != nil {
		tb.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		tb.Fatal(err)
	}
	return plain
}

// MustUnarmor undoes the text form of a file.
func MustUnarmor(tb testing.TB, armored []byte) []byte {
	tb.Helper()
	text := strings.TrimSpace(string(armored))
	text = strings.TrimSuffix(strings.TrimPrefix(text, "-----BEGIN AGE ENCRYPTED FILE-----"), "-----END AGE ENCRYPTED FILE-----")
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\n", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func MustRead(tb testing.TB, path string) []byte {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestNothingInTheClear: what the file says to whoever finds it.
func TestNothingInTheClear(t *testing.T) {
	MustScript(t)
	file := string(MustWrite(t, example(document("Avis de Mme Haddad", "haddad.pdf", []byte("secret content of the notice")))))
	for _, secret := range []string{"Haddad", "haddad", "CAF d", "RSA", "Minimum income", "Tax notice", "2126", "secret content", passphrase} {
		if strings.Contains(file, secret) {
			t.Errorf("%q stands in the file", secret)
		}
	}
	if key := regexp.MustCompile(`AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]{50,}`).FindString(file); key != "" {
		t.Error("the key stands in the file")
	}
	for _, open := range []string{"CCAS de &lt;Rennes&gt; &amp; Cie", "s7k2m9x4qw3t5", "2026-11-22"} {
		if !strings.Contains(file, open) {
			t.Errorf("%q does not stand in the file", open)
		}
	}
	if strings.Contains(file, "{{") && regexp.MustCompile(`\{\{[a-z]+\}\}`).MatchString(file) {
		t.Error("a place was not filled in")
	}
}

func TestWriteRefuses(t *testing.T) {
	MustScript(t)
	good := document("t", "f", []byte("content"))
	cases := map[string]struct {
		change     func(*Package)
		passphrase string
		want       vault.Code
	}{
		"no documents":        {func(p *Package) { p.Documents = nil }, passphrase, vault.CodeInvalid},
		"no passphrase":       {func(*Package) {}, "", vault.CodeInvalid},
		"too few words":       {func(*Package) {}, "un-deux-trois-quatre-cinq-six", vault.CodeInvalid},
		"a passphrase of one": {func(*Package) {}, "Hunter2!", vault.CodeInvalid},
		"one too large":       {func(p *Package) { p.Documents[0].Size = MaxSize + 1 }, passphrase, vault.CodePolicy},
		"2 GB":                {func(p *Package) { p.Documents[0].Size = 2 << 30 }, passphrase, vault.CodePolicy},
		"too large together":  {func(p *Package) { p.Documents[0].Size, p.Documents[1].Size = MaxSize, 1 }, passphrase, vault.CodePolicy},
		"a negative size":     {func(p *Package) { p.Documents[0].Size = -1 }, passphrase, vault.CodePolicy},
		"a sum that turns":    {func(p *Package) { p.Documents[0].Size, p.Documents[1].Size = 1<<62, 1<<62 }, passphrase, vault.CodePolicy},
		"a proof in pieces":   {func(p *Package) { p.Documents[0].Proof = json.RawMessage(`{"v":`) }, passphrase, vault.CodeInvalid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p := example(good, good)
			c.change(&p)
			var file bytes.Buffer
			if _, err := Write(&file, agecrypt.NewWithWorkFactor(testWork), p, c.passphrase); vault.CodeOf(err) != c.want || file.Len() > 0 {
				t.Errorf("%v (%s), %d bytes written, want %s and none", err, vault.CodeOf(err), file.Len(), c.want)
			}
		})
	}
}

// TestWriteChecksWhatItReads: a document that is not what was deposited ends the writing.
func TestWriteChecksWhatItReads(t *testing.T) {
	MustScript(t)
	broken := errors.New("disk gone")
	cases := map[string]struct {
		change func(*Document)
		want   error
	}{
		"shorter":       {func(d *Document) { d.Size = 100 }, &vault.Error{Code: vault.CodeIntegrity}},
		"longer":        {func(d *Document) { d.Size = 3 }, &vault.Error{Code: vault.CodeIntegrity}},
		"other content": {func(d *Document) { d.SHA256 = strings.Repeat("0", 64) }, &vault.Error{Code: vault.CodeIntegrity}},
		"cannot open":   {func(d *Document) { d.Open = func() (io.ReadCloser, error) { return nil, broken } }, broken},
		"cannot read": {func(d *Document) {
			d.Open = func() (io.ReadCloser, error) { return io.NopCloser(failing{broken}), nil }
		}, broken},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := document("t", "f", []byte("content"))
			c.change(&d)
			var file bytes.Buffer
			_, err := Write(&file, agecrypt.NewWithWorkFactor(testWork), example(d), passphrase)
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if bytes.Contains(file.Bytes(), []byte(`id="sealed-end"`)) {
				t.Error("the file looks complete")
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)    { return 0, f.err }
func (f failing) Write(p []byte) (int, error) { return 0, f.err }

func TestWriteErrorsArePassedOn(t *testing.T) {
	MustScript(t)
	full := errors.New("disk full")
	if _, err := Write(failing{full}, agecrypt.NewWithWorkFactor(testWork), example(document("t", "f", nil)), passphrase); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

// TestDocumentsAreStreamed: the largest package takes no more memory than its buffers.
func TestDocumentsAreStreamed(t *testing.T) {
	MustScript(t)
	d := document("t", "f", nil)
	d.Size = MaxSize
	d.Open = func() (io.ReadCloser, error) { return io.NopCloser(io.LimitReader(zeros{}, MaxSize)), nil }
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := Write(io.Discard, agecrypt.NewWithWorkFactor(testWork), example(d), passphrase); err != nil {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if allocated == 0 || allocated > MaxSize/4 {
		t.Errorf("%d bytes allocated for %d", allocated, MaxSize)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestFileName(t *testing.T) {
	taken := map[string]bool{}
	for _, c := range []struct{ name, want string }{
		{"avis.pdf", "avis.pdf"},
		{"Avis.pdf", "Avis (2).pdf"},
		{"avis.pdf", "avis (3).pdf"},
		{"../../etc/passwd", "_.._etc_passwd"},
		{`C:\a:b?.pdf`, "C__a_b_.pdf"},
		{"invoice\u202efdp.exe", "invoicefdp.exe"},
		{"\x00\n", "document"},
		{"...", "document (2)"},
		{strings.Repeat("é", 300) + ".pdf", strings.Repeat("é", 98) + ".pdf"},
		{"x." + strings.Repeat("e", 300), "document (3)"},
	} {
		if got := fileName(c.name, taken); got != c.want {
			t.Errorf("%q is saved as %q, want %q", c.name, got, c.want)
		}
	}
}
