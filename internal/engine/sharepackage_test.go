package engine_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/api"
	"vaultctl/internal/sharepage"
	"vaultctl/internal/vault"
)

// MustPage skips a test where the page of packages was not built, except where it must have been.
func MustPage(tb testing.TB) {
	tb.Helper()
	switch err := sharepage.Check(0); {
	case err != nil && os.Getenv("PACKAGE_TESTS_REQUIRED") != "":
		tb.Fatal(err)
	case err != nil:
		tb.Skip(err)
	}
}

// packageOf makes the package of a share.
func (r *rig) packageOf(req api.SharePackageRequest) (string, api.SharePackage, error) {
	var out bytes.Buffer
	var meta api.SharePackage
	err := r.SharePackage(ctxb, req, func(m api.SharePackage) (io.Writer, error) {
		meta = m
		return &out, nil
	})
	return out.String(), meta, err
}

// unpacked opens every sealed file of a package with its passphrase, in order: the copies, then the list.
func unpacked(tb testing.TB, file, passphrase string) []string {
	tb.Helper()
	s := agecrypt.NewWithWorkFactor(10)
	var out []string
	identity := ""
	for _, found := range regexp.MustCompile(`(?s)\n-----BEGIN AGE ENCRYPTED FILE-----\n(.*?)\n-----END`).FindAllStringSubmatch(file, -1) {
		raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(found[1], "\n", ""))
		if err != nil {
			tb.Fatal(err)
		}
		plain, err := s.OpenPassphrase(bytes.NewReader(raw), passphrase)
		if identity != "" {
			plain, err = s.Open(bytes.NewReader(raw), []string{identity})
		}
		if err != nil {
			tb.Fatal(err)
		}
		text, err := io.ReadAll(plain)
		if err != nil {
			tb.Fatal(err)
		}
		if identity == "" {
			identity = strings.TrimSpace(string(text))
			continue
		}
		out = append(out, string(text))
	}
	return out
}

func TestSharePackage(t *testing.T) {
	MustPage(t)
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	card := MustIssue(t, r, b.ID, "")
	doc, secret := MustDeposit(t, r, b.ID, "un", false), MustDeposit(t, r, b.ID, "secret", true)
	_, hybrid, err := agecrypt.New().NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	MustPartner(t, r, "CAF", "")
	MustPartner(t, r, "Bailleur", hybrid)
	for _, to := range []string{"CAF", "Bailleur"} {
		req := shareOf(b.ID, "partner:"+to, doc.ID, secret.ID)
		req.Card, req.Package = card.Identity, true
		sh := MustShare(t, r, req)
		file, meta, err := r.packageOf(api.SharePackageRequest{Share: sh.ID, Passphrase: sh.Passphrase, Card: card.Identity, Language: "fr"})
		if err != nil || meta.Documents != 2 || meta.Content != 8 || meta.FileName != sh.ID+".html" || sh.Passphrase != "" && meta.Passphrase != sh.Passphrase {
			t.Fatalf("package for %s: %+v, %v", to, meta, err)
		}
		got := unpacked(t, file, meta.Passphrase)
		if len(got) != 3 || got[0] != "un" || got[1] != "secret" {
			t.Fatalf("the package for %s holds %q", to, got)
		}
		for _, said := range []string{`"recipient":"` + to + `"`, `"beneficiary":"Awa Diallo"`, doc.Digest, `"until":"` + sh.Until + `"`, `"fr":"constituer et suivre`, r.Result.Fingerprint, "vaultctl proof v1", "agent-name"} {
			if !strings.Contains(strings.ToLower(got[2]), strings.ToLower(said)) {
				t.Errorf("the list does not say %s: %s", said, got[2])
			}
		}
		if strings.Contains(file, "Diallo") || !strings.Contains(file, "CCAS de Rennes") || !strings.Contains(file, sh.ID) {
			t.Error("what the file says in the clear is not what it should")
		}
		_, _, err = r.packageOf(api.SharePackageRequest{Share: sh.ID})
		wantCode(t, "a package of a private document without the card", err, vault.CodeNoIdentity)
	}
	packed := 0
	for _, j := range r.MustJournal(t, api.JournalRequest{Beneficiary: b.ID, Language: "en"}) {
		if strings.Contains(j.Text, "into a package for a partner") {
			packed++
		}
	}
	if packed != 4 {
		t.Errorf("the journal tells of %d documents in packages", packed)
	}
}

func TestPackageIsRefused(t *testing.T) {
	MustPage(t)
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	doc := MustDeposit(t, r, b.ID, "un", false)
	MustPartner(t, r, "CAF", "")
	team := shareOf(b.ID, "team:Accueil", doc.ID)
	team.Package = true
	_, err := r.ShareAdd(ctxb, team, uploads())
	if code := vault.CodeOf(err); code != vault.CodeUsage && code != vault.CodeConflict {
		t.Errorf("a package for a team: %v", err)
	}
	cv, title := "cv", "large"
	large, err := r.DocumentAdd(ctxb, api.DocumentAddRequest{Beneficiary: b.ID, Size: -1, FileName: "scan.pdf",
		Fields: api.DocumentFields{Type: &cv, Title: &title}}, strings.NewReader(strings.Repeat("x", sharepage.MaxSize)))
	if err != nil {
		t.Fatal(err)
	}
	req := shareOf(b.ID, "partner:CAF", doc.ID, large.ID)
	req.Package = true
	for _, dry := range []bool{true, false} {
		req.DryRun = dry
		_, err = r.ShareAdd(ctxb, req, uploads())
		wantCode(t, "a package that is too large", err, vault.CodePolicy)
	}
	if got := shares(t, r, api.ShareListRequest{All: true}); len(got) != 0 {
		t.Errorf("shares: %+v", got)
	}
	sh := MustShare(t, r, shareOf(b.ID, "partner:CAF", doc.ID))
	full := errors.New("client gone")
	err = r.SharePackage(ctxb, api.SharePackageRequest{Share: sh.ID}, func(api.SharePackage) (io.Writer, error) { return refusing{full}, nil })
	if !errors.Is(err, full) {
		t.Errorf("a client that is gone: %v", err)
	}
	for _, weak := range []string{"abandon", "Motdepasse2024!"} {
		_, _, err = r.packageOf(api.SharePackageRequest{Share: sh.ID, Passphrase: weak})
		wantCode(t, "a weak passphrase", err, vault.CodeInvalid)
	}
	if _, err := r.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: doc.ID, Size: -1}, strings.NewReader("deux")); err != nil {
		t.Fatal(err)
	}
	_, _, err = r.packageOf(api.SharePackageRequest{Share: sh.ID})
	wantCode(t, "a document that was replaced since", err, vault.CodeConflict)
	if _, err := r.ShareRevoke(ctxb, api.ShareRevokeRequest{Share: sh.ID}, func(api.Progress) {}); err != nil {
		t.Fatal(err)
	}
	_, _, err = r.packageOf(api.SharePackageRequest{Share: sh.ID})
	wantCode(t, "a share that has ended", err, vault.CodeErased)
}

type refusing struct{ err error }

func (f refusing) Write([]byte) (int, error) { return 0, f.err }
