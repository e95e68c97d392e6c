package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/protect"
)

// MustTeam reads the identity of the team "reception" from its parcel, with the key of the device that made it.
func (k *mortal) MustTeam(tb testing.TB) string {
	tb.Helper()
	s := agecrypt.NewWithWorkFactor(10)
	raw, err := protect.New(s, k.home).Open(tb.Context(), protect.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	var secret struct {
		Identity string `json:"identity"`
	}
	if err := json.Unmarshal(raw, &secret); err != nil {
		tb.Fatal(err)
	}
	var teams []string // that of the agent alone is made first
	for _, path := range k.stored(tb) {
		if !strings.Contains(path, "/k/") {
			continue
		}
		text := k.opened(tb, path, secret.Identity)
		if !strings.HasPrefix(text, "# vaultctl epoch ") {
			tb.Fatalf("%s is no parcel of this device", path)
		}
		if strings.Fields(text)[4] == "team" {
			ids, err := s.ParseIdentityFile(strings.NewReader(text))
			if err != nil {
				tb.Fatal(err)
			}
			teams = append(teams, ids[0])
		}
	}
	if len(teams) != 2 {
		tb.Fatalf("%d teams", len(teams))
	}
	return teams[1]
}

// stored returns the paths of all objects on the storage, sorted.
func (k *mortal) stored(tb testing.TB) []string {
	tb.Helper()
	var paths []string
	for file := range filesBelow(tb, filepath.Join(k.storage, "v1")) {
		rel, err := filepath.Rel(k.storage, file)
		if err != nil {
			tb.Fatal(err)
		}
		paths = append(paths, filepath.ToSlash(rel))
	}
	slices.Sort(paths)
	return paths
}

// opened returns what an object on the storage holds for whoever has an identity, "" for nothing.
func (k *mortal) opened(tb testing.TB, path, identity string) string {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(k.storage, filepath.FromSlash(path)))
	if err != nil {
		tb.Fatal(err)
	}
	r, err := agecrypt.NewWithWorkFactor(10).Open(bytes.NewReader(raw), []string{identity})
	if err != nil {
		return ""
	}
	text, err := io.ReadAll(r)
	if err != nil {
		tb.Errorf("%s: %v", path, err)
	}
	return string(text)
}

// wantNothingInTheClear looks for the text of any document in all files of the home and the storage.
func (k *mortal) wantNothingInTheClear(tb testing.TB) {
	tb.Helper()
	for _, dir := range []string{k.home, k.storage} {
		for path, text := range filesBelow(tb, dir) {
			if strings.Contains(text, inTheClear) {
				tb.Errorf("%s holds a document in the clear", path)
			}
		}
	}
}

// hold compares what a new daemon tells with what was acknowledged before the last one died. What was not acknowledged may be
// there, whole, or not.
func (k *mortal) hold(tb testing.TB) {
	tb.Helper()
	for manifest, rows := range k.lists { // goes on where it was interrupted
		a := k.Run("", "import", manifest, "--source", "SI", "--json", "--no-autostart")
		if n := strings.Count(a.out, `"status":"deposited"`) + strings.Count(a.out, `"status":"exists"`); a.code != 0 || n != len(rows) {
			tb.Errorf("the import does not go on: exit %d: %s%s", a.code, a.out, a.err)
		}
	}
	listed, digests := map[string]string{}, map[string]bool{}
	for _, d := range objects(tb, k.Must(tb, "document", "list", "--json")) {
		id, digest := fmt.Sprint(d["id"]), fmt.Sprint(d["digest"])
		switch {
		case k.gone[id]:
			tb.Errorf("document %s was removed, and is there", id)
		case !k.tried[digest]:
			tb.Errorf("document %s holds what nobody deposited", id)
		case digests[digest]:
			tb.Errorf("document %s is there twice", id)
		}
		listed[id], digests[digest] = digest, true
	}
	for id, digest := range k.have {
		if listed[id] != digest && (listed[id] == "" || listed[id] != k.other[id]) {
			tb.Errorf("document %s was acknowledged with digest %s, and has %q", id, digest, listed[id])
		}
	}
	for manifest, rows := range k.lists {
		for digest := range rows {
			if !digests[digest] {
				tb.Errorf("a row of an import that went on is missing: %s", digest)
			}
		}
		delete(k.lists, manifest)
	}
	for id, text := range k.fresh {
		if listed[id] == sum(text) {
			k.MustHave(tb, map[string]string{id: text})
		}
	}
	clear(k.fresh)
	clear(k.other)
	k.have = listed
	k.holdConsent(tb)
}

// holdConsent checks that a change of the consent that was acknowledged is there.
func (k *mortal) holdConsent(tb testing.TB) {
	tb.Helper()
	given := false
	for _, c := range objects(tb, k.Must(tb, "consent", "list", moves, "--json")) {
		given = given || c["to"] == "team:reception" && c["state"] == "given"
	}
	if !k.unsure && given == k.ended {
		tb.Errorf("the consent is in force: %v; acknowledged was that it ended: %v", given, k.ended)
	}
	k.ended, k.unsure = !given, false
	for _, o := range k.objectsOf(tb, moves) {
		if document, _ := o["document"].(string); k.later[document] && k.opensObject(tb, o) {
			tb.Errorf("the team opens document %s, which came after the withdrawal", document)
		}
	}
}

// account lets the daemon finish, withdraws the consent, and checks what is on the storage: it is whole, and of the vault whose consent ended the team opens nothing, though it opens the other one's.
func (k *mortal) account(tb testing.TB) {
	tb.Helper()
	if !k.ended {
		k.Must(tb, "consent", "withdraw", moves, "--to", "team:reception", "--yes")
		k.ended = true
	}
	text := k.text("after the withdrawal")
	k.have[k.MustDeposit(tb, moves, text)] = sum(text)
	k.await(tb, "that nothing is to be sealed anew", func(status map[string]any) bool { return status["to_reseal"] == nil })
	k.Must(tb, "sync", "--wait=60s")
	k.Must(tb, "verify", "--deep")
	k.Must(tb, "journal", "verify")
	if n := k.opens(tb, stays); n == 0 {
		tb.Error("the team opens nothing of whoever consents: this shows nothing")
	}
	if n := k.opens(tb, moves); n > 0 {
		tb.Errorf("the team opens %d objects of whoever withdrew", n)
	}
}

// wantAll opens every document.
func (k *mortal) wantAll(tb testing.TB) {
	tb.Helper()
	for id, digest := range k.have {
		if got := k.Must(tb, "document", "get", id, "-o", "-"); sum(got) != digest {
			tb.Errorf("document %s has changed", id)
		}
	}
}

// objectsOf returns the objects of a vault.
func (k *mortal) objectsOf(tb testing.TB, who string) []map[string]any {
	tb.Helper()
	access := objects(tb, k.Must(tb, "beneficiary", "access", who, "--objects", "--json"))
	all, _ := access[0]["objects"].([]any)
	if len(all) == 0 {
		tb.Fatalf("no objects of %s", who)
	}
	var out []map[string]any
	for _, o := range all {
		o, _ := o.(map[string]any)
		out = append(out, o)
	}
	return out
}

// opensObject reports whether the team's key opens an object, if it is on the storage.
func (k *mortal) opensObject(tb testing.TB, o map[string]any) bool {
	tb.Helper()
	path, _ := o["path"].(string)
	_, err := os.Stat(filepath.Join(k.storage, filepath.FromSlash(path)))
	return err == nil && k.opened(tb, path, k.team) != ""
}

// opens counts the objects of a vault that the team's key opens on the storage.
func (k *mortal) opens(tb testing.TB, who string) int {
	tb.Helper()
	n := 0
	for _, o := range k.objectsOf(tb, who) {
		if k.opensObject(tb, o) {
			n++
		}
	}
	return n
}
