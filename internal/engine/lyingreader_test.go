package engine_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// lieOf is what a modified client does that reads a vault. It returns the object with which it lies, "" where nobody is to find
// anything.
type lieOf func(t *testing.T, liar *rig, person, doc string) (object string, err error)

func all([]byte) bool            { return true }
func same(line []byte) []byte    { return line }
func falsely(line []byte) []byte { return bytes.Replace(line, []byte(`"cv"`), []byte(`"id-card"`), 1) }

var readersLies = map[string]struct {
	lie lieOf
	// lost says that the document does not open any more: who reads a vault may take documents away. It is named then.
	lost bool
	// silent says that nobody but the journal tells of it: who reads a vault may leave out what they tell of it.
	silent bool
}{
	"a copy of something else": {lost: true, lie: func(_ *testing.T, liar *rig, _, doc string) (string, error) {
		return liar.LieReseal(ctxb, doc, "faux", false)
	}},
	"a copy that nobody else opens": {lost: true, lie: func(_ *testing.T, liar *rig, _, doc string) (string, error) {
		return liar.LieReseal(ctxb, doc, "vrai", true)
	}},
	"a copy of another hash than it has": {lost: true, lie: func(_ *testing.T, liar *rig, _, doc string) (string, error) {
		return liar.LieHash(ctxb, doc, "vrai")
	}},
	"a copy of something else, and its digest": {lost: true, lie: func(_ *testing.T, liar *rig, _, doc string) (string, error) {
		return liar.LieDigest(ctxb, doc, "faux")
	}},
	"a copy for somebody else too": {lie: func(t *testing.T, liar *rig, _, doc string) (string, error) {
		_, err := liar.LieReseal(ctxb, doc, "vrai", false, vault.EpochReader(liar.Organization().Current(vault.EpochStaff, "").Epoch))
		return "", err
	}},
	"a note of false entries": {lie: func(_ *testing.T, liar *rig, person, _ string) (string, error) {
		return liar.LieNote(ctxb, person, all, falsely, false)
	}},
	"a note that nobody else opens": {lie: func(_ *testing.T, liar *rig, person, _ string) (string, error) {
		return liar.LieNote(ctxb, person, all, same, true)
	}},
	"a note that leaves the document out": {silent: true, lie: func(_ *testing.T, liar *rig, person, doc string) (string, error) {
		return liar.LieNote(ctxb, person, func(line []byte) bool { return !strings.Contains(string(line), doc) }, same, false)
	}},
	"tombstones for what is used": {lie: func(_ *testing.T, liar *rig, person, _ string) (string, error) {
		return "", liar.BuryLiving(ctxb, person)
	}},
}

// TestLyingReader has a workstation lie whose agent reads the vault. Nobody becomes a reader by it, what is false is named where
// it is looked at, and a document is there for the others, but where the liar destroyed it as it could have removed it: then
// it is named.
func TestLyingReader(t *testing.T) {
	for name, c := range readersLies {
		t.Run(name, func(t *testing.T) {
			marie := MustFound(t, single)
			liar := MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
			person := marie.MustVault(t, "Diallo")
			if _, err := marie.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: person, Terms: verbal("agent:Paul Martin")}, nil); err != nil {
				t.Fatal(err)
			}
			doc := marie.MustAdd(t, deposit(person, "cv"), "vrai").ID
			MustSync(t, marie)
			MustSync(t, liar)
			before := marie.VaultState(t, person).Readers(marie.Organization(), vault.Shared)
			object, err := c.lie(t, liar, person, doc)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = liar.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil)
			late := MustJoin(t, marie, "Awa Sow", vault.RoleAgent)
			marie.MustAdmit(t, "Awa Sow")
			for range 3 {
				for _, r := range []*rig{marie, late} {
					_, _ = r.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil)
					r.Tend(ctxb)
				}
			}
			for who, r := range map[string]*rig{"who was there": marie, "who came later": late} {
				honest(t, who, r, person, doc, c.lost)
				if after := r.VaultState(t, person).Readers(r.Organization(), vault.Shared); !slices.Equal(after, before) {
					t.Errorf("%s: readers are %v, were %v", who, after, before)
				}
				f, err := found(t, r, true)
				if named := slices.ContainsFunc(f, func(s string) bool { return object != "" && strings.HasSuffix(s, object) }); named == (object == "" || c.silent) {
					t.Errorf("%s: %s is named %v, verify finds %v, %v", who, object, named, f, err)
				}
			}
		})
	}
}

// honest checks what an honest reader has of a document.
func honest(t *testing.T, who string, r *rig, person, doc string, lost bool) {
	t.Helper()
	text, d, err := r.get(doc, "")
	switch {
	case lost && vault.CodeOf(err) != vault.CodeIntegrity && vault.CodeOf(err) != vault.CodeNoIdentity:
		t.Errorf("%s: a document that was exchanged: %q, %v", who, text, err)
	case !lost && (err != nil || text != "vrai"):
		t.Errorf("%s: %q, %v", who, text, err)
	}
	if d.DocumentType == "id-card" {
		t.Errorf("%s takes a false description: %+v", who, d)
	}
	if n := len(r.MustList(t, api.DocumentListRequest{Beneficiary: person})); n != 1 {
		t.Errorf("%s lists %d documents", who, n)
	}
}

// TestLyingReaderHoldsNothingUp has a workstation exchange a document and a note before its agent's consent is withdrawn: all else
// is sealed anew without it, and the receipt counts what was not.
func TestLyingReaderHoldsNothingUp(t *testing.T) {
	for name, lie := range map[string]lieOf{
		"a copy of something else": readersLies["a copy of something else"].lie, "a copy that nobody else opens": readersLies["a copy that nobody else opens"].lie,
		"a note of false entries": readersLies["a note of false entries"].lie,
	} {
		t.Run(name, func(t *testing.T) {
			marie := MustFound(t, single)
			liar := MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
			person := marie.MustVault(t, "Diallo")
			if _, err := marie.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: person, Terms: verbal("agent:Paul Martin")}, nil); err != nil {
				t.Fatal(err)
			}
			spoilt, kept := marie.MustAdd(t, deposit(person, "cv"), "vrai").ID, marie.MustAdd(t, deposit(person, "cv"), "l'autre").ID
			MustSync(t, marie)
			MustSync(t, liar)
			object, err := lie(t, liar, person, spoilt)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = liar.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil)
			_, _ = marie.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil)
			receipt, err := marie.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: person, To: "agent:Paul Martin", Wait: "30s"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			st := marie.VaultState(t, person)
			if st.Documents[vault.DocumentID(spoilt)].Object.Path == object && (receipt.Complete || receipt.ToReseal != receipt.Resealed+1) {
				t.Errorf("one document stays as it is: %+v", receipt)
			}
			if text, _, err := marie.get(kept, ""); err != nil || text != "l'autre" {
				t.Errorf("%q, %v", text, err)
			}
			for _, o := range st.LiveObjects() {
				if raw := readObject(t, marie, o.Path); o.Path != object && liar.KeysOpen(bytes.NewReader(raw)) {
					t.Errorf("the liar's keys open %s", o.Path)
				}
			}
		})
	}
}

// readObject returns an object of the storage.
func readObject(tb testing.TB, r *rig, path string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(r.Remote, filepath.FromSlash(path)))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}
