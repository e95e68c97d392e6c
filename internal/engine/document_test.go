package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

func val[T any](v T) *T { return &v }

// MustVault opens a vault with a verbal consent to the team Accueil.
func (r *rig) MustVault(tb testing.TB, family string, change ...func(*api.BeneficiaryAddRequest)) string {
	tb.Helper()
	req := api.BeneficiaryAddRequest{Person: api.Person{FamilyName: &family, GivenName: val("Awa"), Born: val("1985-03-14"), Language: val("fr")},
		Consent: api.ConsentTerms{To: "team:Accueil", Purpose: "case-file", Verbal: true}, Duplicate: true}
	for _, f := range change {
		f(&req)
	}
	b, err := r.BeneficiaryAdd(context.Background(), req, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return b.ID
}

// MustCard issues a card and returns what a person would type.
func (r *rig) MustCard(tb testing.TB, id string) string {
	tb.Helper()
	c, err := r.CardIssue(context.Background(), api.CardRequest{Beneficiary: id})
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Join(c.Words, " ")
}

// deposit says what add needs.
func deposit(b, typ string, change ...func(*api.DocumentAddRequest)) api.DocumentAddRequest {
	req := api.DocumentAddRequest{Beneficiary: b, Fields: api.DocumentFields{Type: &typ}, FileName: "scan.pdf", Size: -1}
	for _, f := range change {
		f(&req)
	}
	return req
}

// MustAdd deposits text.
func (r *rig) MustAdd(tb testing.TB, req api.DocumentAddRequest, text string) api.Document {
	tb.Helper()
	d, err := r.DocumentAdd(context.Background(), req, strings.NewReader(text))
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// get opens a document and returns its bytes.
func (r *rig) get(doc, card string) (string, api.Document, error) {
	var out bytes.Buffer
	var meta api.Document
	err := r.DocumentGet(context.Background(), api.GetRequest{Document: doc, How: "get", Card: card}, func(d api.Document) (io.Writer, error) {
		meta = d
		return &out, nil
	})
	return out.String(), meta, err
}

func (r *rig) MustList(tb testing.TB, req api.DocumentListRequest) []api.Document {
	tb.Helper()
	var out []api.Document
	if err := r.DocumentList(context.Background(), req, func(d api.Document) error { out = append(out, d); return nil }); err != nil {
		tb.Fatal(err)
	}
	return out
}

func (r *rig) MustJournal(tb testing.TB, req api.JournalRequest) []api.JournalEntry {
	tb.Helper()
	var out []api.JournalEntry
	if err := r.JournalList(context.Background(), req, func(j api.JournalEntry) error { out = append(out, j); return nil }); err != nil {
		tb.Fatal(err)
	}
	return out
}

// spooled lists the sealed documents that are on this machine and not in the cache, temporary files included.
func (r *rig) spooled(tb testing.TB) []string {
	tb.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join(r.Home, "spool"), func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.Contains(filepath.ToSlash(p), "/d/") || strings.Contains(p, ".tmp")) {
			out = append(out, p)
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

const pdfHead = "%PDF-1.7\n"

func TestDepositShowGet(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	text := pdfHead + strings.Repeat("bulletin ", 100_000)
	d := r.MustAdd(t, deposit(b, "avis d'imposition", func(q *api.DocumentAddRequest) {
		q.Fields.Title, q.Fields.IssuedOn, q.Fields.ExpiresOn = val(" Avis 2025 "), val("2025-08-01"), val("31/08/2099")
		q.Fields.Period, q.Fields.SourceID, q.Fields.OriginalSeen = val("2024"), val("GED-1"), val(true)
		q.FileName, q.Size = `C:\scans\1 84 12 76 451 089 46.pdf`, int64(len(text))
	}), text)
	sum := sha256.Sum256([]byte(text))
	want := api.Document{DocumentType: "tax-notice", Title: "Avis 2025", Space: "shared", State: "valid", IssuedOn: "2025-08-01",
		ExpiresOn: "2099-08-31", Period: "2024", SourceID: "GED-1", OriginalSeen: true, FileName: "1 84 12 76 451 089 46.pdf",
		MediaType: "application/pdf", Size: int64(len(text)), Digest: hex.EncodeToString(sum[:]), Versions: 1, Status: "deposited",
		DepositedBy: "Marie Durand", Beneficiary: b, ID: d.ID, Head: d.Head, Deposited: d.Deposited, ReceivedOn: d.ReceivedOn, OnRemote: d.OnRemote}
	if fmt.Sprint(d) != fmt.Sprint(want) {
		t.Errorf("deposited\n%+v, want\n%+v", d, want)
	}
	got, meta, err := r.get(d.ID, "")
	if err != nil || got != text || meta.DocumentType != "tax-notice" {
		t.Errorf("get: %d bytes of %d, %v", len(got), len(text), err)
	}
	if l := r.MustList(t, api.DocumentListRequest{Beneficiary: b}); len(l) != 1 || l[0].FileName != "* ** ** ** *** *** **.pdf" {
		t.Errorf("list: %+v", l)
	}
	j := r.MustJournal(t, api.JournalRequest{Beneficiary: b, Language: "en"})
	last := j[len(j)-1].Text
	if !strings.HasPrefix(last, "Marie Durand opened a document (") {
		t.Errorf("last line of the journal: %q", last)
	}
	j = r.MustJournal(t, api.JournalRequest{Beneficiary: b, Language: "fr"})
	if last := j[len(j)-1].Text; !strings.HasPrefix(last, "Marie Durand a ouvert un justificatif (") {
		t.Errorf("dernière ligne du journal : %q", last)
	}
}

// TestDepositAgain is the table of design.md: what is the same, what is a new version.
func TestDepositAgain(t *testing.T) {
	r := MustFound(t)
	source := func(id string) func(*api.DocumentAddRequest) {
		return func(q *api.DocumentAddRequest) { q.Fields.SourceID = &id }
	}
	none := func(*api.DocumentAddRequest) {}
	for _, c := range []struct {
		name          string
		first, second func(*api.DocumentAddRequest)
		bytes         string // of the second; the first has "one"
		status        string
		same          bool
		versions      int
	}{
		{"same bytes", none, none, "one", "exists", true, 1},
		{"other bytes", none, none, "two", "deposited", false, 1},
		{"same source, same bytes", source("S1"), source("S1"), "one", "exists", true, 1},
		{"same source, other bytes", source("S1"), source("S1"), "two", "deposited", true, 2},
		{"other source, same bytes", source("S1"), source("S2"), "one", "exists", true, 1},
		{"other source, other bytes", source("S1"), source("S2"), "two", "deposited", false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := r.MustVault(t, "Traoré")
			one := r.MustAdd(t, deposit(b, "payslip", c.first), "one")
			two := r.MustAdd(t, deposit(b, "payslip", c.second), c.bytes)
			if two.Status != c.status || (two.ID == one.ID) != c.same || two.Versions != c.versions {
				t.Errorf("second deposit: status %s, same %t, %d versions", two.Status, two.ID == one.ID, two.Versions)
			}
			if got, _, err := r.get(two.ID, ""); got != c.bytes || err != nil {
				t.Errorf("get: %q, %v", got, err)
			}
		})
	}
	t.Run("another vault", func(t *testing.T) {
		one := r.MustAdd(t, deposit(r.MustVault(t, "Sow"), "payslip"), "one")
		two := r.MustAdd(t, deposit(r.MustVault(t, "Ba"), "payslip"), "one")
		if two.Status != "deposited" || two.ID == one.ID {
			t.Errorf("%+v", two)
		}
	})
	t.Run("after removal", func(t *testing.T) {
		b := r.MustVault(t, "Keita")
		one := r.MustAdd(t, deposit(b, "payslip"), "one")
		if _, err := r.DocumentRemove(context.Background(), api.DocumentRequest{Document: one.ID}); err != nil {
			t.Fatal(err)
		}
		if two := r.MustAdd(t, deposit(b, "payslip"), "one"); two.Status != "deposited" || two.ID == one.ID {
			t.Errorf("%+v", two)
		}
		if _, _, err := r.get(one.ID, ""); vault.CodeOf(err) != vault.CodeErased {
			t.Errorf("get what was removed: %v", err)
		}
	})
	t.Run("the old version again", func(t *testing.T) {
		b := r.MustVault(t, "Camara")
		one := r.MustAdd(t, deposit(b, "payslip", source("S")), "one")
		r.MustAdd(t, deposit(b, "payslip", source("S")), "two")
		three := r.MustAdd(t, deposit(b, "payslip", source("S")), "one")
		if three.Status != "deposited" || three.ID != one.ID || three.Versions != 3 {
			t.Errorf("%+v", three)
		}
	})
	t.Run("after restart", func(t *testing.T) {
		b := r.MustVault(t, "Barry")
		one := r.MustAdd(t, deposit(b, "payslip"), "one")
		r.Reopen(t)
		if two := r.MustAdd(t, deposit(b, "payslip"), "one"); two.Status != "exists" || two.ID != one.ID {
			t.Errorf("%+v", two)
		}
	})
}

type failing struct {
	r   io.Reader
	err error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

func TestDepositRefusals(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	long := strings.Repeat("x", 3<<20)
	today := vault.DateOf(time.Now())
	gone := vault.Errorf(vault.CodeInterrupted, "upload was cut short")
	for _, c := range []struct {
		name   string
		change func(*api.DocumentAddRequest)
		src    io.Reader
		code   vault.Code
	}{
		{"empty", nil, strings.NewReader(""), vault.CodeInvalid},
		{"declared shorter", func(q *api.DocumentAddRequest) { q.Size = 10 }, strings.NewReader(long), vault.CodeInvalid},
		{"declared longer", func(q *api.DocumentAddRequest) { q.Size = 1 << 50 }, strings.NewReader("short"), vault.CodeInvalid},
		{"vanishing at once", nil, failing{strings.NewReader(""), gone}, vault.CodeInterrupted},
		{"vanishing in the middle", nil, failing{strings.NewReader(long), gone}, vault.CodeInterrupted},
		{"failing in the middle", nil, failing{strings.NewReader(long), io.ErrUnexpectedEOF}, vault.CodeFailed},
		{"no type", func(q *api.DocumentAddRequest) { q.Fields.Type = nil }, strings.NewReader("x"), vault.CodeInvalid},
		{"unknown type", func(q *api.DocumentAddRequest) { q.Fields.Type = val("feuille de choux") }, strings.NewReader("x"), vault.CodeInvalid},
		{"health type", func(q *api.DocumentAddRequest) { q.Fields.Type = val("medical-document") }, strings.NewReader("x"), vault.CodePolicy},
		{"issued tomorrow", func(q *api.DocumentAddRequest) { q.Fields.IssuedOn = val(string(today.AddDate(0, 0, 1))) }, strings.NewReader("x"), vault.CodeInvalid},
		{"not a date", func(q *api.DocumentAddRequest) { q.Fields.IssuedOn = val("2025-02-30") }, strings.NewReader("x"), vault.CodeInvalid},
		{"expired before issued", func(q *api.DocumentAddRequest) {
			q.Fields.IssuedOn, q.Fields.ExpiresOn = val("2025-02-01"), val("2025-01-31")
		}, strings.NewReader("x"), vault.CodeInvalid},
		{"period", func(q *api.DocumentAddRequest) { q.Fields.Period = val("2025-13") }, strings.NewReader("x"), vault.CodeInvalid},
		{"control characters", func(q *api.DocumentAddRequest) { q.Fields.Title = val("a\x1b[2Jb") }, strings.NewReader("x"), vault.CodeInvalid},
		{"endless title", func(q *api.DocumentAddRequest) { q.Fields.Title = val(strings.Repeat("a", 1001)) }, strings.NewReader("x"), vault.CodeInvalid},
		{"batch", func(q *api.DocumentAddRequest) { q.Batch = "nonsense" }, strings.NewReader("x"), vault.CodeInvalid},
		{"private without a card", func(q *api.DocumentAddRequest) { q.Private = true }, strings.NewReader("x"), vault.CodePolicy},
		{"nobody", func(q *api.DocumentAddRequest) { q.Beneficiary = string(vault.NewBeneficiaryID("x")) }, strings.NewReader("x"), vault.CodeNotFound},
		{"a name", func(q *api.DocumentAddRequest) { q.Beneficiary = "Awa Diallo" }, strings.NewReader("x"), vault.CodeAmbiguous},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := deposit(b, "payslip")
			if c.change != nil {
				c.change(&req)
			}
			_, err := r.DocumentAdd(context.Background(), req, c.src)
			if vault.CodeOf(err) != c.code {
				t.Errorf("%v has code %s, want %s", err, vault.CodeOf(err), c.code)
			}
		})
	}
	if l := r.MustList(t, api.DocumentListRequest{Beneficiary: b, All: true}); len(l) != 0 {
		t.Errorf("left in the vault: %+v", l)
	}
	if left := r.spooled(t); len(left) != 0 {
		t.Errorf("left on the disk: %v", left)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.DocumentAdd(ctx, deposit(b, "payslip"), strings.NewReader(long)); vault.CodeOf(err) != vault.CodeInterrupted {
		t.Errorf("cancelled: %v", err)
	}
	var refusals int
	for _, j := range r.MustJournal(t, api.JournalRequest{Beneficiary: b}) {
		if j.EventType == string(vault.AccessRefused) {
			refusals++
		}
	}
	if refusals != 2 {
		t.Errorf("%d refusals in the journal, want those of the health type and the missing card", refusals)
	}
}

func TestDepositIntoAVaultThatIsNotOpen(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t)
	closed, withdrawn, erased := r.MustVault(t, "A"), r.MustVault(t, "B"), r.MustVault(t, "C")
	if _, err := r.BeneficiaryClose(ctx, api.CloseRequest{Beneficiary: closed, Reason: "moved"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ConsentWithdraw(ctx, api.WithdrawRequest{Beneficiary: withdrawn, To: "team:Accueil"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.BeneficiaryErase(ctx, api.EraseRequest{Beneficiary: erased, Confirm: erased}, nil); err != nil {
		t.Fatal(err)
	}
	for id, code := range map[string]vault.Code{closed: vault.CodeNoConsent, withdrawn: vault.CodeNoConsent, erased: vault.CodeErased} {
		if _, err := r.DocumentAdd(ctx, deposit(id, "payslip"), strings.NewReader("x")); vault.CodeOf(err) != code {
			t.Errorf("deposit: %v, want %s", err, code)
		}
	}
	for _, id := range []string{closed, withdrawn} {
		j := r.MustJournal(t, api.JournalRequest{Beneficiary: id})
		if last := j[len(j)-1]; last.EventType != string(vault.AccessRefused) {
			t.Errorf("the refusal is not in the journal: %+v", last)
		}
	}
	if left := r.spooled(t); len(left) != 0 {
		t.Errorf("left on the disk: %v", left)
	}
}

func TestDefaultExpiry(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	for i, c := range []struct {
		typ, issued string
		expires     *string
		holder      string
		want        string
	}{
		{"id-card", "2020-02-29", nil, "", "2030-02-28"},
		{"id-card", "2020-02-29", val("2035-02-28"), "", "2035-02-28"},
		{"id-card", "2020-02-29", val("none"), "", ""},
		{"passport", "2020-01-01", nil, "", "2030-01-01"},
		{"passport", "2020-01-01", nil, "a child", ""},
		{"payslip", "2020-01-01", nil, "", ""},
	} {
		d := r.MustAdd(t, deposit(b, c.typ, func(q *api.DocumentAddRequest) {
			q.Fields.IssuedOn, q.Fields.ExpiresOn, q.Fields.Holder = &c.issued, c.expires, &c.holder
		}), fmt.Sprint("bytes ", i))
		if d.ExpiresOn != c.want {
			t.Errorf("%s of %s for %q: expires %q, want %q", c.typ, c.issued, c.holder, d.ExpiresOn, c.want)
		}
	}
}

func TestOddFileNames(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	for name, want := range map[string]string{
		"a\nb.pdf":                     "a\nb.pdf",
		"\xff\xfe.pdf":                 "\uFFFD.pdf",
		"\u202efdp.exe":                "\u202efdp.exe",
		strings.Repeat("é", 127) + "x": strings.Repeat("é", 127) + "x",
		strings.Repeat("é", 300):       strings.Repeat("é", 127),
		"../../etc/passwd":             "passwd",
		`..\..\windows\system32\a.dll`: "a.dll",
		"..":                           "..",
		"":                             "",
		"/":                            "",
	} {
		d := r.MustAdd(t, deposit(b, "other", func(q *api.DocumentAddRequest) { q.FileName = name }), "content of "+name)
		again, err := r.DocumentShow(context.Background(), api.DocumentRequest{Document: d.ID})
		if err != nil || d.FileName != want || again.FileName != want {
			t.Errorf("%q is kept as %q and %q, %v; want %q", name, d.FileName, again.FileName, err, want)
		}
	}
}

func TestConcurrentDeposits(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	const n = 200
	ids := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			// Every tenth deposit brings bytes that another one brings as well.
			d, err := r.DocumentAdd(context.Background(), deposit(b, "payslip"), strings.NewReader(fmt.Sprint("slip ", i-i%10/9)))
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = d.ID
		})
	}
	wg.Wait()
	slices.Sort(ids)
	if got := len(slices.Compact(ids)); got != n-n/10 {
		t.Errorf("%d documents, want %d", got, n-n/10)
	}
	if l := r.MustList(t, api.DocumentListRequest{Beneficiary: b}); len(l) != n-n/10 {
		t.Errorf("%d in the list", len(l))
	}
	for _, d := range r.MustList(t, api.DocumentListRequest{Beneficiary: b})[:5] {
		if got, _, err := r.get(d.ID, ""); err != nil || !strings.HasPrefix(got, "slip ") {
			t.Errorf("get: %q, %v", got, err)
		}
	}
}

// TestAcknowledgedSurvives opens the home a second time as a crash would leave it: nothing was closed.
func TestAcknowledgedSurvives(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	var want []string
	for i := range 20 {
		want = append(want, r.MustAdd(t, deposit(b, "payslip"), fmt.Sprint("slip ", i)).ID)
	}
	copied := filepath.Join(t.TempDir(), "home")
	if err := os.CopyFS(copied, os.DirFS(r.Home)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(copied, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.Chmod(p, 0o600)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	e, _ := MustOpen(t, copied, nil)
	again := &rig{Engine: e, Home: copied}
	for i, id := range want {
		if got, _, err := again.get(id, ""); err != nil || got != fmt.Sprint("slip ", i) {
			t.Errorf("document %d after the crash: %q, %v", i, got, err)
		}
	}
}

func TestListOrderAndFilters(t *testing.T) {
	r := MustFound(t)
	now := time.Now()
	day := func(n int) *string { return val(string(vault.DateOf(now).AddDate(0, 0, n))) }
	a, b := r.MustVault(t, "A"), r.MustVault(t, "B")
	r.MustVault(t, "without documents")
	add := func(v, title string, expires *string) {
		r.MustAdd(t, deposit(v, "id-card", func(q *api.DocumentAddRequest) { q.Fields.Title, q.Fields.ExpiresOn = &title, expires }), title)
	}
	add(a, "late", day(300))
	add(b, "expired", day(-3))
	add(a, "never", nil)
	add(b, "soon", day(5))
	add(a, "today", day(0))
	titles := func(l []api.Document) string {
		var out []string
		for _, d := range l {
			out = append(out, d.Title+":"+d.State)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		req  api.DocumentListRequest
		want string
	}{
		{api.DocumentListRequest{}, "expired:expired today:soon soon:soon late:valid never:undated"},
		{api.DocumentListRequest{Beneficiary: a}, "today:soon never:undated late:valid"},
		{api.DocumentListRequest{ExpiringWithin: "30d"}, "expired:expired today:soon soon:soon"},
		{api.DocumentListRequest{ExpiringWithin: "0d"}, "expired:expired today:soon"},
		{api.DocumentListRequest{Beneficiary: b, Type: "CNI"}, "soon:soon expired:expired"},
		{api.DocumentListRequest{Type: "passport"}, ""},
	} {
		if got := titles(r.MustList(t, c.req)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.req, got, c.want)
		}
	}
	err := r.DocumentList(context.Background(), api.DocumentListRequest{ExpiringWithin: "soon"}, func(api.Document) error { return nil })
	if vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("nonsense span: %v", err)
	}
}

func TestEditReplaceRemove(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	d := r.MustAdd(t, deposit(b, "other", func(q *api.DocumentAddRequest) { q.Fields.Note = val("two\nlines") }), "one")
	got, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Fields: api.DocumentFields{Type: val("RIB"), Title: val("Compte"), Note: val("")}})
	if err != nil || got.DocumentType != "bank-details" || got.Title != "Compte" || got.Note != "" {
		t.Errorf("edit: %+v, %v", got, err)
	}
	for _, bad := range []api.DocumentEditRequest{
		{Document: d.ID}, {Document: d.ID, Fields: api.DocumentFields{Type: val("")}}, {Document: d.ID, Space: "secret"},
		{Document: d.ID, Fields: api.DocumentFields{ExpiresOn: val("demain")}},
	} {
		if _, err := r.DocumentEdit(ctx, bad); vault.CodeOf(err) != vault.CodeUsage && vault.CodeOf(err) != vault.CodeInvalid {
			t.Errorf("edit %+v: %v", bad, err)
		}
	}
	for i, c := range []struct {
		text, status string
		versions     int
	}{{"two", "deposited", 2}, {"two", "exists", 2}, {"one", "deposited", 3}} {
		got, err = r.DocumentReplace(ctx, api.DocumentReplaceRequest{Document: d.ID, Size: -1, FileName: "new.pdf"}, strings.NewReader(c.text))
		if err != nil || got.Status != c.status || got.Versions != c.versions || got.ID != d.ID || got.Title != "Compte" {
			t.Errorf("replace %d: %+v, %v", i, got, err)
		}
		if text, _, err := r.get(d.ID, ""); text != c.text || err != nil {
			t.Errorf("get: %q, %v", text, err)
		}
	}
	if _, err := r.DocumentRemove(ctx, api.DocumentRequest{Document: d.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.DocumentRemove(ctx, api.DocumentRequest{Document: d.ID}); vault.CodeOf(err) != vault.CodeErased {
		t.Errorf("remove twice: %v", err)
	}
	if l := r.MustList(t, api.DocumentListRequest{Beneficiary: b, All: true}); len(l) != 1 || l[0].State != "removed" {
		t.Errorf("list of all: %+v", l)
	}
	MustPush(t, r)
	for _, f := range r.RemoteFiles(t) {
		if strings.Contains(f, "/d/") {
			t.Errorf("still on the remote: %s", f)
		}
	}
	mistyped := d.ID[:12] + "0"
	if mistyped == d.ID {
		mistyped = d.ID[:12] + "1"
	}
	for _, id := range []string{"", "d", mistyped, string(vault.NewDocumentID("x"))} {
		if _, err := r.DocumentShow(ctx, api.DocumentRequest{Document: id}); vault.CodeOf(err) != vault.CodeNotFound {
			t.Errorf("show %q: %v", id, err)
		}
	}
}

// MustPush waits until the remote holds everything and nothing that is doomed.
func MustPush(tb testing.TB, r *rig) {
	tb.Helper()
	res, err := r.Sync(context.Background(), api.SyncRequest{Wait: "60s"}, nil)
	if err != nil || res.Queued != 0 {
		tb.Fatalf("push: %+v, %v", res, err)
	}
}

func TestPrivateDocuments(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t)
	b, other := r.MustVault(t, "Diallo"), r.MustVault(t, "Other")
	card, wrong := r.MustCard(t, b), r.MustCard(t, other)
	d := r.MustAdd(t, deposit(b, "divorce-judgment", func(q *api.DocumentAddRequest) { q.Private, q.Fields.Title = true, val("Jugement") }), "secret")
	if d.Space != "private" || d.Title != "Jugement" {
		t.Errorf("the depositor sees what they said: %+v", d)
	}
	for range 2 {
		shown, err := r.DocumentShow(ctx, api.DocumentRequest{Document: d.ID})
		if err != nil || shown.DocumentType+shown.Title+shown.FileName+shown.Digest != "" || shown.Size != 0 {
			t.Errorf("shown without the card: %+v, %v", shown, err)
		}
		for _, c := range []string{"", wrong, "abandon abandon"} {
			if _, _, err := r.get(d.ID, c); vault.CodeOf(err) != vault.CodeNoIdentity {
				t.Errorf("get without the card: %v", err)
			}
		}
		text, meta, err := r.get(d.ID, card)
		if err != nil || text != "secret" || meta.Title != "Jugement" || meta.DocumentType != "divorce-judgment" {
			t.Errorf("get with the card: %q, %+v, %v", text, meta, err)
		}
		r.Reopen(t)
	}
	if again := r.MustAdd(t, deposit(b, "divorce-judgment"), "secret"); again.Status != "exists" || again.Space != "private" {
		t.Errorf("the same bytes: %+v", again)
	}
	if _, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Space: "shared"}); vault.CodeOf(err) != vault.CodeNoIdentity {
		t.Errorf("share without the card: %v", err)
	}
	if _, err := r.DocumentMove(ctx, api.MoveRequest{Document: d.ID, To: other}, nil); vault.CodeOf(err) != vault.CodePolicy {
		t.Errorf("move a private document: %v", err)
	}
	shared, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Space: "shared", Card: card, Fields: api.DocumentFields{Note: val("now shared")}})
	if err != nil || shared.Space != "shared" || shared.Title != "Jugement" || shared.Note != "now shared" || shared.Size != 6 {
		t.Errorf("shared: %+v, %v", shared, err)
	}
	if text, _, err := r.get(d.ID, ""); text != "secret" || err != nil {
		t.Errorf("get what is shared: %q, %v", text, err)
	}
}

// TestMakePrivate holds that a document made private leaves nothing behind that tells what it is: not in the index, not in
// the notes on the remote, not after a restart.
func TestMakePrivate(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	d := r.MustAdd(t, deposit(b, "tax-notice", func(q *api.DocumentAddRequest) { q.Fields.Title = val("Avis") }), "taxes")
	kept := r.MustAdd(t, deposit(b, "payslip", func(q *api.DocumentAddRequest) { q.Fields.Title = val("Paie") }), "pay")
	if _, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Space: "private"}); vault.CodeOf(err) != vault.CodePolicy {
		t.Errorf("private without a card: %v", err)
	}
	card := r.MustCard(t, b)
	MustPush(t, r)
	if _, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Space: "private"}); err != nil {
		t.Fatal(err)
	}
	MustPush(t, r)
	for range 2 {
		shown, err := r.DocumentShow(ctx, api.DocumentRequest{Document: d.ID})
		if err != nil || shown.Space != "private" || shown.Title+shown.DocumentType+shown.Digest != "" {
			t.Errorf("shown: %+v, %v", shown, err)
		}
		if text, meta, err := r.get(d.ID, card); text != "taxes" || meta.Title != "Avis" || err != nil {
			t.Errorf("get with the card: %q, %+v, %v", text, meta, err)
		}
		if _, _, err := r.get(d.ID, ""); vault.CodeOf(err) != vault.CodeNoIdentity {
			t.Errorf("get without the card: %v", err)
		}
		if other, err := r.DocumentShow(ctx, api.DocumentRequest{Document: kept.ID}); err != nil || other.Title != "Paie" {
			t.Errorf("the other document: %+v, %v", other, err)
		}
		for _, j := range r.MustJournal(t, api.JournalRequest{Beneficiary: b}) {
			if strings.Contains(strings.ToLower(j.Text), "tax") {
				t.Errorf("the journal tells: %s", j.Text)
			}
		}
		r.Reopen(t)
	}
	if _, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Space: "shared", Card: card}); err != nil {
		t.Fatal(err)
	}
	if text, meta, err := r.get(d.ID, ""); text != "taxes" || meta.Title != "Avis" || err != nil {
		t.Errorf("shared again: %q, %+v, %v", text, meta, err)
	}
	res, err := r.JournalVerify(ctx)
	if err != nil || len(res.Findings) > 0 {
		t.Errorf("verify: %+v, %v", res, err)
	}
}

func TestMove(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t)
	from, to := r.MustVault(t, "Wrong"), r.MustVault(t, "Right")
	d := r.MustAdd(t, deposit(from, "payslip", func(q *api.DocumentAddRequest) { q.Fields.Title, q.Fields.SourceID = val("Paie"), val("S1") }), "pay")
	if _, _, err := r.get(d.ID, ""); err != nil {
		t.Fatal(err)
	}
	dry, err := r.DocumentMove(ctx, api.MoveRequest{Document: d.ID, To: to, DryRun: true}, nil)
	if err != nil || !dry.DryRun || dry.Beneficiary != to || fmt.Sprint(dry.Opened) != "[Marie Durand]" {
		t.Errorf("dry run: %+v, %v", dry, err)
	}
	if l := r.MustList(t, api.DocumentListRequest{Beneficiary: to}); len(l) != 0 {
		t.Errorf("the dry run moved: %+v", l)
	}
	if _, err := r.DocumentMove(ctx, api.MoveRequest{Document: d.ID, To: from}, nil); vault.CodeOf(err) != vault.CodeConflict {
		t.Errorf("move to itself: %v", err)
	}
	moved, err := r.DocumentMove(ctx, api.MoveRequest{Document: d.ID, To: to}, func(api.Progress) {})
	if err != nil || moved.ID == d.ID || moved.Beneficiary != to || moved.Title != "Paie" || moved.SourceID != "S1" || fmt.Sprint(moved.Opened) != "[Marie Durand]" {
		t.Fatalf("moved: %+v, %v", moved, err)
	}
	if text, _, err := r.get(moved.ID, ""); text != "pay" || err != nil {
		t.Errorf("get: %q, %v", text, err)
	}
	if _, _, err := r.get(d.ID, ""); vault.CodeOf(err) != vault.CodeErased {
		t.Errorf("get at the old place: %v", err)
	}
	for v, other := range map[string]string{from: to, to: from} {
		for _, j := range r.MustJournal(t, api.JournalRequest{Beneficiary: v}) {
			if raw := fmt.Sprint(j); strings.Contains(raw, other) || strings.Contains(raw, "Right") || strings.Contains(raw, "Wrong") {
				t.Errorf("a journal names the other person: %s", raw)
			}
		}
	}
	again := r.MustAdd(t, deposit(from, "payslip"), "pay")
	back, err := r.DocumentMove(ctx, api.MoveRequest{Document: again.ID, To: to}, nil)
	if err != nil || back.ID != moved.ID || back.Status != "exists" {
		t.Errorf("move of what is there: %+v, %v", back, err)
	}
	if l := r.MustList(t, api.DocumentListRequest{Beneficiary: from}); len(l) != 0 {
		t.Errorf("left behind: %+v", l)
	}
}

// TestGetChecksToTheEnd alters the sealed bytes, here and on the remote.
func TestGetChecksToTheEnd(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	d := r.MustAdd(t, deposit(b, "payslip"), strings.Repeat("pay ", 100_000))
	MustPush(t, r)
	var paths []string
	for _, f := range r.RemoteFiles(t) {
		if strings.Contains(f, "/d/") {
			paths = append(paths, filepath.Join(r.Remote, f), filepath.Join(r.Home, "cache", f))
		}
	}
	if len(paths) != 2 {
		t.Fatalf("document objects: %v", paths)
	}
	alter := func(p string) {
		raw, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		raw[len(raw)-20] ^= 1
		if err := os.WriteFile(p, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	alter(paths[1])
	if _, _, err := r.get(d.ID, ""); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("altered in the cache: %v", err)
	}
	if err := os.Remove(paths[1]); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.get(d.ID, ""); err != nil {
		t.Errorf("from the remote: %v", err)
	}
	alter(paths[0])
	if _, _, err := r.get(d.ID, ""); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("altered on the remote: %v", err)
	}
	if err := os.Rename(r.Remote, r.Remote+".away"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.get(d.ID, ""); err == nil {
		t.Error("opened without a remote")
	} else if c := vault.CodeOf(err); c != vault.CodeUnreachable {
		t.Errorf("without the remote: %v has code %s", err, c)
	}
}

// TestOpeningIsJournalledFirst looks at the journal from inside the callback that receives the bytes.
func TestOpeningIsJournalledFirst(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	d := r.MustAdd(t, deposit(b, "payslip"), "pay")
	var before []api.JournalEntry
	err := r.DocumentGet(context.Background(), api.GetRequest{Document: d.ID, How: "print"}, func(api.Document) (io.Writer, error) {
		before = r.MustJournal(t, api.JournalRequest{Beneficiary: b})
		return nil, errors.New("the caller is gone")
	})
	if err == nil || len(before) == 0 || before[len(before)-1].EventType != string(vault.AccessOpened) || !strings.Contains(before[len(before)-1].Text, "printed") {
		t.Errorf("%v, journal %+v", err, before)
	}
}

// TestDepositStreams deposits more than is ever held in memory and compares what comes back.
func TestDepositStreams(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	const size = 40<<20 + 12345
	source := func() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), size) }
	req := deposit(b, "other", func(q *api.DocumentAddRequest) { q.Size = size })
	d, err := r.DocumentAdd(context.Background(), req, source())
	if err != nil {
		t.Fatal(err)
	}
	want, got := sha256.New(), sha256.New()
	if _, err := io.Copy(want, source()); err != nil {
		t.Fatal(err)
	}
	err = r.DocumentGet(context.Background(), api.GetRequest{Document: d.ID, How: "get"}, func(api.Document) (io.Writer, error) { return got, nil })
	if err != nil || !bytes.Equal(got.Sum(nil), want.Sum(nil)) || d.Digest != hex.EncodeToString(want.Sum(nil)) || d.Size != size {
		t.Errorf("what came back differs: %v, %+v", err, d)
	}
}
