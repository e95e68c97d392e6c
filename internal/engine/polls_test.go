package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// MustStrange founds an organization whose remote answers as the test wants, and counts.
func MustStrange(tb testing.TB) (*kept, *strange) {
	tb.Helper()
	k := MustFill(tb, MustFound(tb))
	s := &strange{}
	k.Reopen(tb, s.over)
	MustSync(tb, k.rig)
	return k, s
}

// MustMany enrols other workstations, of which each writes a segment that has seen the others' so far.
func (k *kept) MustMany(tb testing.TB, n int) []*engine.Crafted {
	tb.Helper()
	out := make([]*engine.Crafted, n)
	for i := range out {
		out[i] = k.MustEnrol(tb, fmt.Sprintf("Agent %d", i), k.Remote, vault.RoleAgent)
	}
	MustSync(tb, k.rig)
	own, next := k.Self(tb)
	heads := map[vault.WriterID]uint64{own: next}
	for _, c := range out {
		c.Refresh(k.Engine)
		c.Write(heads, c.Event(vault.Heartbeat, "", nil))
		heads = map[vault.WriterID]uint64{c.Writer: 1, own: next}
		for _, o := range out {
			if o.Seq > 0 {
				heads[o.Writer] = o.Seq
			}
		}
	}
	MustSync(tb, k.rig)
	for _, c := range out {
		if k.Heads()[c.Writer] != 1 {
			tb.Fatalf("the segment of %s did not arrive", c.Name)
		}
	}
	return out
}

// remoteReads returns the calls that ask something of the storage.
func remoteReads(calls []string) []string {
	return slices.DeleteFunc(calls, func(c string) bool { return strings.HasPrefix(c, "put ") || strings.HasPrefix(c, "delete ") })
}

// TestPullCostsWhatChanged counts remote calls with 30 writers and 100,000 documents.
func TestPullCostsWhatChanged(t *testing.T) {
	k, s := MustStrange(t)
	others := k.MustMany(t, 29)
	total := 100_000
	if testing.Short() {
		total = 5_000
	}
	documents := depositMany(t, k, others, total)
	if documents < total {
		t.Fatalf("%d documents of %d", documents, total)
	}
	t.Cleanup(k.HoldTending()) // the polls are this test's
	advance := k.HoldClock()
	poll := func() (int, []string) {
		t.Helper()
		s.took()
		n, err := k.Poll(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return n, remoteReads(s.took())
	}
	var last, sum int
	for i := range 40 {
		advance(2 * time.Minute)
		n, calls := poll()
		if n != 0 || len(calls) > 30 {
			t.Fatalf("poll %d: %d segments, %d calls for 30 writers", i, n, len(calls))
		}
		asked := map[vault.WriterID]int{}
		for _, c := range calls {
			if _, path, _ := strings.Cut(c, " "); vault.PathWriter(path) != "" {
				asked[vault.PathWriter(path)]++
			}
		}
		for w, n := range asked {
			if n > 1 {
				t.Fatalf("poll %d asks %s %d times: %v", i, w, n, calls)
			}
		}
		last, sum = len(calls), sum+len(calls)
	}
	if sum > 40*30/3 {
		t.Errorf("idle writers are asked as often as others: %d calls in 40 polls, %d in the last", sum, last)
	}
	t.Logf("%d documents, 30 writers: %d calls in 40 idle polls, %d in the last", documents, sum, last)
	changeIsCheap(t, k, s, others, advance)
}

// changeIsCheap has one writer change something, and another one who has seen it write as well.
func changeIsCheap(t *testing.T, k *kept, s *strange, others []*engine.Crafted, advance func(time.Duration) time.Time) {
	a, b := others[3], others[17]
	a.Write(nil, a.Event(vault.Heartbeat, "", nil))
	b.Write(map[vault.WriterID]uint64{a.Writer: a.Seq}, b.Event(vault.Heartbeat, "", nil))
	calls, polls := 0, 0
	for ; polls < 9 && k.Heads()[b.Writer] < b.Seq; polls++ {
		advance(2 * time.Minute)
		s.took()
		if _, err := k.Poll(context.Background()); err != nil {
			t.Fatal(err)
		}
		calls = len(remoteReads(s.took()))
		if calls > 30+6 {
			t.Errorf("a poll with two new segments takes %d calls", calls)
		}
	}
	if h := k.Heads(); h[a.Writer] != a.Seq || h[b.Writer] != b.Seq {
		t.Errorf("after %d polls: %d of %d and %d of %d segments", polls, h[a.Writer], a.Seq, h[b.Writer], b.Seq)
	}
	t.Logf("a poll that finds two changes: %d calls", calls)
}

// depositMany has the others deposit documents, in large segments of two vaults each, and returns how many are known then.
func depositMany(tb testing.TB, k *kept, others []*engine.Crafted, total int) int {
	tb.Helper()
	const vaults, each = 2, 500
	for i := 0; i*vaults*each < total; i++ {
		c := others[i%len(others)]
		var events []vault.Event
		for v := range vaults {
			person := k.MustVault(tb, fmt.Sprintf("Famille %d-%d", i, v))
			readers := k.VaultState(tb, person).Readers(k.Organization(), vault.Shared)
			for range each {
				events = append(events, c.Event(vault.DocumentDeposited, vault.BeneficiaryID(person), vault.DepositBody{Document: vault.NewDocumentID(c.Device),
					Space: vault.Shared, Object: vault.Object{Path: vault.DocumentPath(c.Writer, vault.NewObjectName()), Size: 1000,
						Hash: vault.ObjectHash(vault.HashOf([]byte{byte(i)})), Readers: readers}}))
			}
		}
		own, next := k.Self(tb)
		c.Refresh(k.Engine)
		c.Write(map[vault.WriterID]uint64{own: next}, events...)
		if i%20 == 19 {
			MustSync(tb, k.rig)
		}
	}
	MustSync(tb, k.rig)
	s, err := k.Status(ctxb)
	if err != nil {
		tb.Fatal(err)
	}
	return s.Documents
}
