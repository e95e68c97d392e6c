package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// testExport is the text of an export with the given documents, JSON objects, and members of the archive.
func testExport(tb testing.TB, org, id, documents string, members ...string) string {
	tb.Helper()
	text := `{"format":"vaultctl export","version":1,"program":"x","organization":{"id":"` + org + `","name":"CCAS"},` +
		`"beneficiary":{"id":"` + id + `","opened":"2026-01-02T03:04:05Z","family_name":"Dupré","aliases":["Z","Zouzou"],"born":"1985~","refs":["SI:4711","` + strings.ToUpper(org) + `.CAF:2"]},` +
		`"consents":[{"id":"c"}],"events":[{"a":[1,{"b":2}]},"x",3],"documents":[` + documents + `],"skipped":[]}`
	return MustZip(tb, append(members, "manifest.json", text)...)
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestExport(t *testing.T) {
	org, id := string(vault.NewOrgID()), string(vault.NewBeneficiaryID("x"))
	text := testExport(t, org, id,
		`{"id":"d1","path":"documents/a.pdf","space":"shared","type":"rib","title":"RIB","pages":"1-2","original_seen":true,"received_on":"2026-02-03","sha256":"`+digestOf("one")+`","size":3},`+
			`{"id":"d2","path":"documents/b.pdf","space":"private","type":"cv","source_id":"S2","file_name":"cv.pdf","sha256":"`+digestOf("two")+`","versions":[{}]}`,
		"documents/a.pdf", "one", "documents/b.pdf", "two")
	path := MustWrite(t, t.TempDir(), "export.zip", text)
	people, documents, err := OpenExport(path, Options{Consent: &Consent{Terms: api.ConsentTerms{To: "team:Accueil", Purpose: "case-file", Verbal: true}}})
	if err != nil {
		t.Fatal(err)
	}
	defer people.Close()
	defer documents.Close()
	rows := MustRows(t, people)
	if len(rows) != 1 || people.Kind() != People || documents.Kind() != Documents {
		t.Fatalf("%d people", len(rows))
	}
	wantErr(t, rows[0].Err, "", "")
	want := `{"row":1,"person":{"family_name":"Dupré","aliases":["Z","Zouzou"],"born":"1985~","refs":["` + org + `.VAULT:` + id + `","` + org + `.SI:4711","` + strings.ToUpper(org) + `.CAF:2"]},"consent":{"to":"team:Accueil","purpose":"case-file","verbal":true}}`
	if got := MustJSON(t, rows[0].Person.PersonRow); got != want {
		t.Errorf("got %s", got)
	}
	for i, r := range MustRows(t, documents) {
		wantErr(t, r.Err, "", "")
		want := []string{
			`{"row":1,"beneficiary":"ref:` + org + `.VAULT:` + id + `","fields":{"type":"rib","title":"RIB","pages":"1-2","original_seen":true,"source_id":"d1","received_on":"2026-02-03"},"file_name":"a.pdf","size":-1}`,
			`{"row":2,"beneficiary":"ref:` + org + `.VAULT:` + id + `","fields":{"type":"cv","original_seen":false,"source_id":"S2"},"private":true,"file_name":"cv.pdf","size":-1}`,
		}[i]
		if got := MustJSON(t, r.Document.ImportRow); got != want {
			t.Errorf("got %s", got)
		}
		c, err := r.Document.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(c)
		if err != nil || string(b) != []string{"one", "two"}[i] || c.Size != 3 || c.Mark != nil {
			t.Errorf("got %q, %v", b, err)
		}
		_ = c.Close()
		if len(r.Cells) != len(documents.Columns()) {
			t.Errorf("cells %q", r.Cells)
		}
	}
}

// Without a consent the person comes without one; with half of one the row says what is missing.
func TestExportConsent(t *testing.T) {
	path := MustWrite(t, t.TempDir(), "export.zip", testExport(t, string(vault.NewOrgID()), string(vault.NewBeneficiaryID("x")), ""))
	rows := MustRows(t, MustOpen(t, path, Options{Kind: People}))
	if rows[0].Err != nil || rows[0].Person.Consent != nil {
		t.Errorf("%+v, %v", rows[0].Person, rows[0].Err)
	}
	rows = MustRows(t, MustOpen(t, path, Options{Kind: People, Consent: &Consent{Terms: api.ConsentTerms{To: "team:A"}}}))
	wantErr(t, rows[0].Err, vault.CodeInvalid, "column consent_purpose: the cell is empty")
	if rows := MustRows(t, MustOpen(t, path, Options{})); len(rows) != 0 {
		t.Errorf("%d documents", len(rows))
	}
}

func TestExportRows(t *testing.T) {
	document := func(path, space, digest string) string {
		return fmt.Sprintf(`{"id":"d","path":%q,"space":%q,"type":"rib","sha256":%q}`, path, space, digest)
	}
	for _, tc := range []struct {
		name, document string
		code           vault.Code
		part           string
	}{
		{"right", document("documents/a.pdf", "shared", digestOf("one")), "", ""},
		{"altered", document("documents/a.pdf", "shared", digestOf("two")), vault.CodeIntegrity, "not the one whose digest"},
		{"no digest", document("documents/a.pdf", "shared", ""), vault.CodeInvalid, "no digest"},
		{"no space", document("documents/a.pdf", "", digestOf("one")), vault.CodeInvalid, "neither shared nor private"},
		{"missing", document("documents/b.pdf", "shared", digestOf("one")), vault.CodeNotFound, "does not hold the document"},
		{"outside", document("../../etc/passwd", "shared", digestOf("one")), vault.CodeNotFound, "does not hold the document"},
		{"not a document", document("manifest.json", "shared", digestOf("one")), vault.CodeNotFound, "does not hold the document"},
		{"empty", document("documents/empty.pdf", "shared", digestOf("")), vault.CodeInvalid, "the file is empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := testExport(t, string(vault.NewOrgID()), string(vault.NewBeneficiaryID("x")), tc.document, "documents/a.pdf", "one", "documents/empty.pdf", "", "../../etc/passwd", "x")
			rows := MustRows(t, MustOpen(t, MustWrite(t, t.TempDir(), "export.zip", text), Options{}))
			err := rows[0].Err
			if err == nil {
				var c *Content
				if c, err = rows[0].Document.Open(); err == nil {
					_, err = io.ReadAll(c)
					_ = c.Close()
				}
			}
			wantErr(t, err, tc.code, tc.part)
		})
	}
}

// What is damaged in the archive is found while a document is read.
func TestExportDamaged(t *testing.T) {
	one := strings.Repeat("one", 1000)
	text := testExport(t, string(vault.NewOrgID()), string(vault.NewBeneficiaryID("x")),
		`{"id":"d","path":"documents/a.pdf","space":"shared","type":"rib","sha256":"`+digestOf(one)+`"}`, "documents/a.pdf", one)
	raw := []byte(text)
	raw[strings.Index(text, "documents/a.pdf")+len("documents/a.pdf")+6] ^= 0x55 // of the packed bytes, which follow the name
	rows := MustRows(t, MustOpen(t, MustWrite(t, t.TempDir(), "export.zip", string(raw)), Options{}))
	wantErr(t, rows[0].Err, "", "")
	c, err := rows[0].Document.Open()
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(c)
	wantErr(t, err, vault.CodeIntegrity, "the archive is damaged")
	_ = c.Close()
}

func TestExportRefuses(t *testing.T) {
	org, id := string(vault.NewOrgID()), string(vault.NewBeneficiaryID("x"))
	good := func(format string, version int, org, id, more string) string {
		return fmt.Sprintf(`{"format":%q,"version":%d,"organization":{"id":%q},"beneficiary":{"id":%q}%s}`, format, version, org, id, more)
	}
	for _, tc := range []struct {
		name, index string
		code        vault.Code
		part        string
	}{
		{"right", good("vaultctl export", 1, org, id, ""), "", ""},
		{"another format", good("x", 1, org, id, ""), vault.CodeUsage, "not an export of vaultctl"},
		{"no organization", good("vaultctl export", 1, "x", id, ""), vault.CodeUsage, "not an export of vaultctl"},
		{"no id", good("vaultctl export", 1, org, "x", ""), vault.CodeUsage, "not an export of vaultctl"},
		{"newer", good("vaultctl export", 2, org, id, ""), vault.CodeUpgrade, "newer version"},
		{"not JSON", "{", vault.CodeInvalid, "the list of the export cannot be read"},
		{"list", "[]", vault.CodeInvalid, "the list of the export cannot be read"},
		{"more", good("vaultctl export", 1, org, id, "") + "{}", vault.CodeInvalid, "the list of the export cannot be read"},
		{"documents that are none", good("vaultctl export", 1, org, id, `,"documents":{}`), vault.CodeInvalid, "the list of the export cannot be read"},
		{"long value", good("vaultctl export", 1, org, id, `,"events":["`+strings.Repeat("x", 12<<20)+`"]`), vault.CodeInvalid, "the list of the export cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Open(MustWrite(t, t.TempDir(), "export.zip", MustZip(t, "manifest.json", tc.index)), Options{})
			wantErr(t, err, tc.code, tc.part)
			if s != nil {
				_ = s.Close()
			}
		})
	}
}
