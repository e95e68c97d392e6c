package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

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
	MustSync(t, r)
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
	func() {
		defer r.HoldCommitter()() // a crash tears no page of the index
		copyTree(t, r.Home, copied)
	}()
	e, _ := MustOpen(t, copied, nil)
	again := &rig{Engine: e, Home: copied}
	for i, id := range want {
		if got, _, err := again.get(id, ""); err != nil || got != fmt.Sprint("slip ", i) {
			t.Errorf("document %d after the crash: %q, %v", i, got, err)
		}
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
