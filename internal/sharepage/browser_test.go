package sharepage

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/proof"
	"vaultctl/internal/vault"
)

// TestBrowser opens packages in Chromium: what web/test says about files that are made here.
func TestBrowser(t *testing.T) {
	MustScript(t)
	missing := ""
	if _, err := exec.LookPath("node"); err != nil {
		missing = "node is not installed"
	} else if _, err := os.Stat("web/node_modules/playwright-core"); err != nil {
		missing = "the packages of the tests are not there: make web"
	} else if _, err := exec.LookPath(chromium()); err != nil {
		missing = chromium() + " is not installed"
	}
	switch {
	case missing != "" && os.Getenv(required) != "":
		t.Fatal(missing)
	case missing != "":
		t.Skip(missing)
	case testing.Short():
		t.Skip("starts a browser")
	}
	dir := os.Getenv("PACKAGES") // where they are wanted afterwards
	if dir == "" {
		dir = t.TempDir()
	}
	for name, file := range packages(t) {
		if err := os.WriteFile(filepath.Join(dir, name+".html"), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests, err := filepath.Glob("web/test/*.test.mjs")
	if err != nil || len(tests) < 2 {
		t.Fatalf("%d files of tests, %v", len(tests), err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"--test", "--test-reporter=tap"}, tests...)...)
	cmd.Env = append(os.Environ(), "PACKAGES="+dir, "PASSPHRASE="+passphrase, "CHROMIUM="+chromium())
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("\n# pass ")) || bytes.Contains(out, []byte("\n# pass 0")) {
		t.Errorf("node: %v\n%s", err, out)
	}
}

func chromium() string {
	if c := os.Getenv("CHROMIUM"); c != "" {
		return c
	}
	return "/usr/bin/chromium"
}

// packages returns the files that the browser is given: one that is whole, and others that something happened to.
func packages(tb testing.TB) map[string][]byte {
	tb.Helper()
	root, device := MustSigner("root"), MustSigner("device")
	pdf, text := MustPDF("Avis d'imposition"), "name;income\nHaddad;0\n"
	documents := []Document{
		document("Avis d’imposition 2026", "avis.pdf", pdf),
		document("Photo <b>d’identité</b>", "photo.png", MustPNG(tb)),
		document("Revenus", "revenus.csv", []byte(text)),
		document("Une page", "page.html", []byte("<script>document.title='owned'</script>")),
		document("Preuve d’un autre document", "a.txt", []byte("a")),
		document("Preuve d’une autre structure", "b.txt", []byte("b")),
		document("Preuve modifiée", "c.txt", []byte("c")),
		document("Preuve d’une sorte inconnue", "d.txt", []byte("d")),
	}
	documents[0].Proof = MustProof(tb, string(pdf), device, root)
	documents[4].Proof = MustProof(tb, "something else", device, root)
	documents[5].Proof = MustProof(tb, "b", device, MustSigner("other root"))
	documents[6].Proof = bytes.Replace(MustProof(tb, "c", device, root), []byte("2026-10-01"), []byte("2020-10-01"), 1)
	documents[7].Proof = json.RawMessage(`{"v":2,"type":"document_proof"}`)
	p := example(documents...)
	p.Fingerprint = vault.Fingerprint(root.Public().(ed25519.PublicKey))
	whole := MustWrite(tb, p)
	past := example(document("Un", "un.txt", []byte("1")))
	past.Lang, past.Until = "en", past.Made.AddDate(0, 0, -1)
	other := MustWrite(tb, example(document("Autre", "autre.txt", []byte("other"))))
	return map[string][]byte{
		"whole": whole, "shown": shown(tb, root, device), "past": MustWrite(tb, past),
		"cut": whole[:len(whole)*9/10], "cut-last-line": whole[:len(whole)-60],
		"key-altered": alter(tb, whole, `id="sealed-key"`, 300), "list-altered": alter(tb, whole, `id="sealed-list"`, 4000),
		"document-altered": alter(tb, whole, `data-copy="3"`, 2250), "document-swapped": swap(tb, whole, other),
		"base64-damaged": bytes.Replace(whole, after(tb, whole, `data-copy="2"`, 600, 10), []byte("*********!"), 1),
		"copy-removed":   bytes.Replace(whole, after(tb, whole, `data-copy="2"`, 0, 13), []byte(`data-gone="2"`), 1),
		"script-altered": bytes.Replace(whole, []byte("armor: marks"), []byte("armor: Marks"), 1),
	}
}

// shown returns the package of the picture in the documentation.
func shown(tb testing.TB, root, device ed25519.PrivateKey) []byte {
	tb.Helper()
	pdf := MustPDF("Avis d'imposition")
	notice := document("Avis d’imposition 2026", "avis.pdf", pdf)
	notice.Proof = MustProof(tb, string(pdf), device, root)
	photo := document("Photo d’identité", "photo.png", MustPNG(tb))
	photo.Type = Text{En: "Identity photograph", Fr: "Photo d’identité"}
	p := example(notice, photo)
	p.Organization, p.Fingerprint = "CCAS de Rennes", vault.Fingerprint(root.Public().(ed25519.PublicKey))
	p.Until = p.Made.AddDate(100, 0, 0)
	return MustWrite(tb, p)
}

// after returns n bytes, from so many bytes after a mark on.
func after(tb testing.TB, file []byte, mark string, from, n int) []byte {
	tb.Helper()
	at := bytes.Index(file, []byte(mark))
	if at < 0 || at+from+n > len(file) {
		tb.Fatalf("no %s in the file", mark)
	}
	return file[at+from : at+from+n]
}

// alter changes one character of the base64 after a mark.
func alter(tb testing.TB, file []byte, mark string, from int) []byte {
	tb.Helper()
	changed := bytes.Clone(file)
	one := after(tb, changed, mark, from, 2)
	if one[0] == '\n' {
		one = one[1:]
	}
	if one[0] == 'A' {
		one[0] = 'B'
	} else {
		one[0] = 'A'
	}
	return changed
}

// swap puts the first copy of another package in the place of the third.
func swap(tb testing.TB, file, other []byte) []byte {
	tb.Helper()
	copyOf := func(f []byte, mark string) []byte {
		from := bytes.Index(f, []byte(mark))
		start := from + bytes.Index(f[from:], []byte("-----BEGIN"))
		return f[start : start+bytes.Index(f[start:], []byte("</script>"))]
	}
	return bytes.Replace(file, copyOf(file, `data-copy="3"`), copyOf(other, `data-copy="1"`), 1)
}

// MustSigner returns a key that is the same each time.
func MustSigner(name string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(fmt.Sprintf("%-32s", name)))
}

func public(key ed25519.PrivateKey) string {
	return base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
}

func deviceOf(key ed25519.PrivateKey) vault.DeviceID {
	return vault.DeviceIDOf(key.Public().(ed25519.PublicKey))
}

// MustProof returns a proof of content: signed by a device, which an admin let in, whom the root let in.
func MustProof(tb testing.TB, content string, device, root ed25519.PrivateKey) json.RawMessage {
	tb.Helper()
	const org = vault.OrgID("o0000000000zz")
	admin := MustSigner("admin")
	certificate := func(of, by ed25519.PrivateKey, role vault.Role) proof.Certificate {
		ev := vault.NewEvent(vault.DeviceCertified, "", "", vault.Clock{Ms: 1790000000000}, vault.DeviceBody{Device: deviceOf(of), Key: public(of), Role: role})
		ev.Cosign(org, deviceOf(admin), by)
		c, ok := proof.Certified(&ev, org, deviceOf(admin), public(by))
		if !ok {
			tb.Fatal("no certificate")
		}
		return c
	}
	at := time.Date(2026, 10, 1, 8, 30, 0, 0, time.UTC)
	s := &proof.Statement{Org: org, Organization: "CCAS de Rennes", Document: "d0000000000d1", Version: 1, Digest: vault.HashOf([]byte(content)), Size: int64(len(content)),
		Deposited: at, AgentName: "Marie Durand", Device: deviceOf(device), OriginalSeen: true, Issued: at, By: deviceOf(device)}
	chain := []proof.Certificate{certificate(admin, root, vault.RoleAdmin), certificate(device, admin, vault.RoleAgent)}
	raw, err := proof.Sign(s, device, chain, public(root), nil).Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func MustPNG(tb testing.TB) []byte {
	tb.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 180, 120))
	for y := range 120 {
		for x := range 180 {
			picture.Set(x, y, color.RGBA{uint8(x), uint8(2 * y), 160, 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// MustPDF returns a page with one line of text.
func MustPDF(line string) []byte {
	content := "BT /F1 24 Tf 60 760 Td (" + line + ") Tj ET"
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(content), content), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	var xref strings.Builder
	for i, o := range objects {
		fmt.Fprintf(&xref, "%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", xref.String(), start)
	return out.Bytes()
}
