package engine_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// newcomer is a workstation of somebody who was just let into a team with many vaults, and that leaves most notes to the
// background, which is held.
type newcomer struct {
	*rig
	admin    *rig
	storage  *strange
	people   []string
	describe map[string][]string // by vault, the notes that hold what its documents are
	release  func()
}

func MustNewcomer(tb testing.TB, vaults int) *newcomer {
	tb.Helper()
	n := mustOffice(tb, vaults)
	n.rig = MustJoin(tb, n.admin, "Paul Petit", vault.RoleAgent)
	n.mustHold(tb)
	n.admin.MustAdmit(tb, "Paul Petit")
	MustSync(tb, n.admin)
	return n
}

// mustOffice makes vaults with two documents each, whose descriptions are apart from the names.
func mustOffice(tb testing.TB, vaults int) *newcomer {
	tb.Helper()
	admin := MustFound(tb)
	n := &newcomer{admin: admin, storage: &strange{}, describe: map[string][]string{}}
	for i := range vaults {
		n.people = append(n.people, MustAdd(tb, admin, "Awa", fmt.Sprintf("Diallo%d", i), "").ID)
	}
	MustSync(tb, admin) // who they are is in notes of their own
	named := map[string]bool{}
	for _, id := range n.people {
		maps.Copy(named, notesOf(tb, admin, id))
		MustDeposit(tb, admin, id, "un "+id, false)
		MustDeposit(tb, admin, id, "deux "+id, false)
	}
	MustSync(tb, admin)
	for _, id := range n.people {
		for path := range notesOf(tb, admin, id) {
			if !named[path] {
				n.describe[id] = append(n.describe[id], path)
			}
		}
		if len(n.describe[id]) == 0 {
			tb.Fatal("the documents are described where the person is named")
		}
	}
	return n
}

// mustHold starts the newcomer's engine anew, over a storage that counts, and holds the background.
func (n *newcomer) mustHold(tb testing.TB) {
	tb.Helper()
	n.Reopen(tb, n.storage.over)
	n.SetNotesAtOnce(1)
	release := n.HoldTending()
	held := true
	n.release = func() {
		if held {
			held = false
			release()
		}
	}
	tb.Cleanup(n.release)
}

// mustAwait is MustNewcomer for one who was let into the team before they join, which they have yet to do. naming says of each
// note whether it holds who somebody is.
func mustAwait(tb testing.TB, vaults int) (n *newcomer, naming map[string]bool) {
	tb.Helper()
	n = mustOffice(tb, vaults)
	var q api.JoinRequest
	n.rig, q = MustAsk(tb, n.admin)
	if err := approve(n.admin, &q, q.Words, vault.RoleAgent); err != nil {
		tb.Fatal(err)
	}
	n.admin.MustAdmit(tb, "Paul Martin")
	MustSync(tb, n.admin)
	naming = map[string]bool{}
	for _, id := range n.people {
		for path := range notesOf(tb, n.admin, id) {
			naming[path] = !slices.Contains(n.describe[id], path)
		}
	}
	n.mustHold(tb)
	return n, naming
}

// notesOf returns the live notes of a vault.
func notesOf(tb testing.TB, r *rig, id string) map[string]bool {
	out := map[string]bool{}
	for path := range r.VaultState(tb, id).Notes {
		out[path] = true
	}
	return out
}

func (n *newcomer) names(tb testing.TB, search string) []string {
	tb.Helper()
	var out []string
	if err := n.BeneficiaryList(ctxb, api.BeneficiaryListRequest{Search: search}, func(b api.Beneficiary) error {
		out = append(out, b.FamilyName)
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// described returns the titles of the documents of a vault.
func described(tb testing.TB, r *rig, id string) []string {
	tb.Helper()
	var out []string
	err := r.DocumentList(ctxb, api.DocumentListRequest{Beneficiary: id}, func(d api.Document) error {
		if d.Title != "" {
			out = append(out, d.Title)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func (n *newcomer) toFetch(tb testing.TB) int {
	tb.Helper()
	s, err := n.Status(ctxb)
	if err != nil {
		tb.Fatal(err)
	}
	return s.ToFetch
}

// unasked returns the vaults of which no note about documents was fetched, by the calls.
func (n *newcomer) unasked(calls []string) []string {
	var out []string
	for _, id := range n.people {
		if !slices.ContainsFunc(n.describe[id], func(p string) bool { return slices.Contains(calls, "get "+p) }) {
			out = append(out, id)
		}
	}
	return out
}

func TestNamesComeFirst(t *testing.T) {
	n := MustNewcomer(t, 5)
	n.storage.took()
	MustSync(t, n.rig)
	if got := n.names(t, ""); len(got) != len(n.people) || slices.Contains(got, "") {
		t.Fatalf("the newcomer lists %q", got)
	}
	if got := n.names(t, "diallo3"); !slices.Equal(got, []string{"Diallo3"}) {
		t.Errorf("the newcomer finds %q", got)
	}
	left := n.unasked(n.storage.took())
	if len(left) == 0 || n.toFetch(t) < len(left) {
		t.Fatalf("the descriptions of %d vaults were left to the background; status counts %d", len(left), n.toFetch(t))
	}
	first := left[0]
	if got := described(t, n.rig, first); len(got) != 2 {
		t.Errorf("the documents of the vault that is looked at are described as %q", got)
	}
	calls := n.storage.took()
	for _, c := range calls {
		if p, ok := strings.CutPrefix(c, "get "); ok && !slices.Contains(n.describe[first], p) {
			t.Errorf("to look at one vault the storage is asked for %s", p)
		}
	}
	if len(calls) != len(n.describe[first]) {
		t.Errorf("%d calls for %d notes", len(calls), len(n.describe[first]))
	}
	described(t, n.rig, first)
	if again := n.storage.took(); len(again) > 0 {
		t.Errorf("what is at hand is asked for again: %v", again)
	}
	n.release()
	n.Tend(ctxb)
	if n.toFetch(t) != 0 || len(n.unasked(n.storage.took()))+1 > len(n.people) {
		t.Errorf("%d vaults are left after the background has worked", n.toFetch(t))
	}
	n.storage.set(func(string, []byte) ([]byte, error) { return nil, errAway() }, nil)
	for _, id := range n.people {
		if got := described(t, n.rig, id); len(got) != 2 {
			t.Errorf("%s: %q", id, got)
		}
	}
}

// TestNamesComeWithJoining lets an agent into a team while their workstation waits for approval: when it has joined it knows the
// names, with one request for each, and what the vaults hold is on its way. Where the storage gives no names it has joined all the
// same, and they come with the next pull.
func TestNamesComeWithJoining(t *testing.T) {
	for _, given := range []bool{true, false} {
		t.Run(fmt.Sprintf("given=%v", given), func(t *testing.T) {
			n, naming := mustAwait(t, 5)
			if !given {
				n.storage.set(func(path string, _ []byte) ([]byte, error) {
					if naming[path] {
						return nil, vault.Errorf(vault.CodeNotFound, "not there")
					}
					return nil, nil
				}, nil)
			}
			n.storage.took()
			if _, err := n.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "30s"}, nil); err != nil {
				t.Fatal(err)
			}
			calls := n.storage.took()
			asked := map[string]int{}
			for _, c := range calls {
				asked[strings.TrimPrefix(c, "get ")]++
			}
			if left := n.unasked(calls); len(left) != len(n.people) || n.toFetch(t) != len(n.people) {
				t.Errorf("%d of %d vaults are left to the background, status counts %d", len(left), len(n.people), n.toFetch(t))
			}
			if got := n.names(t, "diallo3"); given != slices.Equal(got, []string{"Diallo3"}) {
				t.Errorf("the newcomer finds %q", got)
			}
			for path, names := range naming {
				if given && names && asked[path] > 1 {
					t.Errorf("%s was asked for %d times", path, asked[path])
				}
			}
			n.storage.set(nil, nil)
			if _, err := n.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil); err != nil && (given || vault.CodeOf(err) != vault.CodeIntegrity) {
				t.Fatal(err) // that they were missing stays told until somebody verifies
			}
			if got := n.names(t, ""); len(got) != len(n.people) || slices.Contains(got, "") {
				t.Errorf("the newcomer lists %q", got)
			}
		})
	}
}

func TestVaultIsShownWithoutTheStorage(t *testing.T) {
	n := MustNewcomer(t, 3)
	MustSync(t, n.rig)
	left := n.unasked(n.storage.took())
	n.storage.set(func(string, []byte) ([]byte, error) { return nil, errAway() }, nil)
	docs := 0
	err := n.DocumentList(ctxb, api.DocumentListRequest{Beneficiary: left[0]}, func(api.Document) error { docs++; return nil })
	if err != nil || docs != 2 {
		t.Fatalf("%d documents, %v", docs, err)
	}
	asked := len(n.storage.took())
	if b, err := n.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: left[0]}); err != nil || b.FamilyName == "" {
		t.Errorf("%+v, %v", b, err)
	}
	if again := n.storage.took(); asked == 0 || len(again) > 0 {
		t.Errorf("%d calls, then %v: who looks a second time waits for the storage once more", asked, again)
	}
}

// TestLateNoteThatWasAltered alters one of the notes that are left to the background.
func TestLateNoteThatWasAltered(t *testing.T) {
	n := MustNewcomer(t, 4)
	MustSync(t, n.rig)
	left := n.unasked(n.storage.took())
	bad := n.describe[left[0]][0]
	file := filepath.Join(n.Remote, filepath.FromSlash(bad))
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	n.release()
	n.Tend(ctxb)
	s, err := n.Status(ctxb)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(s.Attention, func(f api.Finding) bool { return strings.HasSuffix(f.Subject, bad) && f.Severity == "error" }) {
		t.Errorf("nobody tells of %s: %+v", bad, s.Attention)
	}
	if s.ToFetch != 1 {
		t.Errorf("%d vaults are left", s.ToFetch)
	}
	for _, id := range n.people {
		if got := described(t, n.rig, id); len(got) == 2 != (id != left[0]) {
			t.Errorf("%s: %q", id, got)
		}
	}
}

// vaultWrites counts the vaults that an engine writes into its index.
type vaultWrites struct {
	engine.Store
	n atomic.Int64
}

// over is for MustOpen.
func (w *vaultWrites) over(e *engine.Engine) {
	w.Store = e.Store
	e.Store = w
}

func (w *vaultWrites) Write(ops []engine.Op) error {
	for _, op := range ops {
		if op.Bucket == engine.BucketVaults {
			w.n.Add(1)
		}
	}
	return w.Store.Write(ops)
}

// TestOthersAuthorityLeavesVaultsAlone has an admin enrol somebody and let them into a team while another workstation holds
// vaults: it writes none of them anew.
func TestOthersAuthorityLeavesVaultsAlone(t *testing.T) {
	admin := MustFound(t)
	other := MustJoin(t, admin, "Paul Petit", vault.RoleAgent)
	admin.MustAdmit(t, "Paul Petit")
	for i := range 3 {
		MustAdd(t, admin, "Awa", fmt.Sprintf("Diallo%d", i), "")
	}
	MustSync(t, admin)
	written := &vaultWrites{}
	MustSync(t, other)
	other.Reopen(t, written.over)
	MustSync(t, other)
	written.n.Store(0)
	third := MustJoin(t, admin, "Nina Roux", vault.RoleAgent)
	admin.MustAdmit(t, "Nina Roux")
	MustSync(t, admin)
	MustSync(t, third)
	MustSync(t, other)
	if n := written.n.Load(); n > 0 {
		t.Errorf("%d vaults were written anew for somebody who joined", n)
	}
	if a := other.Organization().Agents; len(a) != 3 {
		t.Fatalf("the other workstation knows %d agents", len(a))
	}
	admin.MustRevoke(t, vault.DeviceID(third.device(t)))
	MustSync(t, admin)
	MustSync(t, other)
	if n := written.n.Load(); n > 0 {
		t.Errorf("%d vaults were written anew for the end of a workstation that wrote in none", n)
	}
	if other.Organization().Devices[vault.DeviceID(third.device(t))].Active() {
		t.Error("the other workstation has not heard")
	}
}
