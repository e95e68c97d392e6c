package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

func TestListOrderAndFilters(t *testing.T) {
	r := MustFound(t)
	r.HoldClock()
	now := r.Now()
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
