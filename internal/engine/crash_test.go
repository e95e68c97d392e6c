//go:build unix

package engine_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// stage is a workstation on which scenes crash: two vaults, of which one is not touched.
type stage struct {
	*rig
	card    api.Card
	subject string
	other   string            // its document stays readable whatever happens
	texts   map[string]string // documents of the subject by id
	removed map[string]bool
	paths   []string // objects of the subject
	ids     identities
}

func MustStage(tb testing.TB) *stage {
	tb.Helper()
	s := &stage{rig: MustFound(tb, single), texts: map[string]string{}, removed: map[string]bool{}}
	s.other = MustDeposit(tb, s.rig, MustAdd(tb, s.rig, "Jean", "Reste", "1970").ID, "reste", false).ID
	s.subject = MustAdd(tb, s.rig, "Zulmira", "Quessandier", "1990-01-02", func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &[]string{"PEP:2"} }).ID
	if _, err := s.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: s.subject, Terms: verbal("agent:Marie Durand")}, nil); err != nil {
		tb.Fatal(err)
	}
	s.card = MustIssue(tb, s.rig, s.subject, "")
	for _, text := range []string{"contenu un", "contenu deux"} {
		s.texts[MustDeposit(tb, s.rig, s.subject, text, false).ID] = text
	}
	MustSync(tb, s.rig)
	s.paths = vaultPaths(tb, s.rig, s.subject)
	s.ids = MustIdentities(tb, s.rig, s.card)
	return s
}

// MustCrash plays a scene in a child process until it dies, and returns what it said. With after ≥ 0 it is killed from
// outside, that long after its first word.
func (s *stage) MustCrash(tb testing.TB, p plan, after time.Duration) (words []said, died bool) {
	tb.Helper()
	s.stop()
	p.Home, p.Vault = s.Home, s.subject
	raw, err := json.Marshal(p)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), planVariable+"="+string(raw))
	var rest, errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var w said
		if json.Unmarshal(lines.Bytes(), &w) != nil {
			rest.Write(append(lines.Bytes(), '\n')) // of package testing
			continue
		}
		if words = append(words, w); len(words) == 1 && after >= 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended by itself
		}
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	err = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return words, true
	}
	if err != nil {
		tb.Fatalf("the child failed: %v\n%s%s", err, rest.String(), errs.String())
	}
	return words, false
}

// hold opens the home again, lets the engine finish what was interrupted, and checks it against what was acknowledged.
func (s *stage) hold(tb testing.TB, words []said) {
	tb.Helper()
	acknowledged := map[string]bool{}
	replacing := map[string]string{}
	for _, w := range words {
		acknowledged[w.What] = true
		switch w.What {
		case "document":
			s.texts[w.ID] = w.Text
			delete(replacing, w.ID)
		case "removing": // it may be there or not
			delete(s.texts, w.ID)
		case "removed":
			s.removed[w.ID] = true
		case "replacing":
			replacing[w.ID] = w.Text
		}
	}
	s.Engine, s.stop = MustOpen(tb, s.Home, s.Now)
	_, err := s.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: s.subject})
	erased := vault.CodeOf(err) == vault.CodeErased
	if acknowledged["erased"] && !erased {
		tb.Errorf("the erasure was acknowledged: %v", err)
	}
	if erased {
		s.holdErased(tb)
	} else {
		s.holdReaders(tb, acknowledged, replacing)
	}
	if text, _, err := s.get(s.other, ""); text != "reste" || err != nil {
		tb.Errorf("the other vault: %q, %v", text, err)
	}
	MustSync(tb, s.rig)
	s.holdWhole(tb)
}

// holdErased checks that no object of the vault and no word about the person is left.
func (s *stage) holdErased(tb testing.TB) {
	tb.Helper()
	rec, err := s.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: s.subject, Confirm: s.subject}, nil)
	if err != nil || !rec.Complete {
		tb.Errorf("erasing again: %+v, %v", rec, err)
	}
	MustSync(tb, s.rig)
	for _, f := range slices.Concat(s.RemoteFiles(tb), s.HomeFiles(tb)) {
		if slices.ContainsFunc(s.paths, func(p string) bool { return strings.HasSuffix(f, p) }) {
			tb.Errorf("still there: %s", f)
		}
	}
	if notes := plainNotes(tb, s.rig, s.ids); strings.Contains(notes, "Zulmira") || !strings.Contains(notes, "Jean") {
		tb.Error("the notes still tell of the erased person, or no more of the other one")
	}
	checkRest(tb, s.rig, s.ids, s.liveObjects(tb))
}

// liveObjects are the objects of the vault that is not touched.
func (s *stage) liveObjects(tb testing.TB) map[string]bool {
	tb.Helper()
	d, err := s.DocumentShow(ctxb, api.DocumentRequest{Document: s.other})
	if err != nil {
		tb.Fatal(err)
	}
	live := map[string]bool{}
	for _, p := range vaultPaths(tb, s.rig, d.Beneficiary) {
		live[p] = true
	}
	return live
}

// holdReaders checks that everything acknowledged is there, and that every object is sealed to exactly those who remain.
func (s *stage) holdReaders(tb testing.TB, acknowledged map[string]bool, replacing map[string]string) {
	tb.Helper()
	teams := s.activeTeams(tb)
	switch {
	case acknowledged["closed"] && len(teams) > 0, acknowledged["withdrawn"] && slices.Contains(teams, "team:Accueil"):
		tb.Errorf("the withdrawal was acknowledged: %v", teams)
	}
	waitFor(tb, "the reseal after a crash", func() bool {
		a, err := s.BeneficiaryAccess(ctxb, api.AccessRequest{Beneficiary: s.subject, Objects: true})
		return err == nil && !slices.ContainsFunc(a.Objects, func(o api.ObjectAccess) bool { return !o.Match })
	})
	MustSync(tb, s.rig)
	want := []string{"card1", "recovery"}
	for _, t := range teams {
		want = append(want, map[string]string{"team:Accueil": "team", "agent:Marie Durand": "agent"}[t])
	}
	slices.Sort(want)
	s.checkReaders(tb, want)
	if len(teams) == 0 {
		return // nobody here may read it any more
	}
	s.holdTexts(tb, replacing)
}

// activeTeams are those to whom consents are in force.
func (s *stage) activeTeams(tb testing.TB) []string {
	tb.Helper()
	var teams []string
	err := s.ConsentList(ctxb, api.BeneficiaryRequest{Beneficiary: s.subject}, func(c api.Consent) error {
		if c.State == "given" {
			teams = append(teams, c.To)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return teams
}

// checkReaders tries every identity on every object of the remote.
func (s *stage) checkReaders(tb testing.TB, want []string) {
	tb.Helper()
	live := s.liveObjects(tb)
	for _, p := range vaultPaths(tb, s.rig, s.subject) {
		live[p] = true
		sealed, err := os.ReadFile(filepath.Join(s.Remote, p))
		if err != nil {
			tb.Error(err)
			continue
		}
		readers := want
		if strings.Contains(p, "/p/") { // a manifest is the card's
			readers = []string{"card1"}
		}
		if got := s.ids.opens(tb, sealed); !slices.Equal(got, readers) {
			tb.Errorf("%s: opened by %v, want %v", p, got, readers)
		}
	}
	checkRest(tb, s.rig, s.ids, live)
	waitFor(tb, "that no object is in the home which is no longer in use", func() bool {
		return !slices.ContainsFunc(s.HomeFiles(tb), func(f string) bool {
			_, object, ok := strings.Cut(f, "v1/")
			return ok && strings.Contains(f, "/d/") && !live["v1/"+object]
		})
	})
}

// holdTexts checks that what was acknowledged is byte-identical. A document that was being replaced has either text.
func (s *stage) holdTexts(tb testing.TB, replacing map[string]string) {
	tb.Helper()
	for id, text := range s.texts {
		got, _, err := s.get(id, "")
		if err != nil || got != text && got != replacing[id] {
			tb.Errorf("document %s: %d bytes, want %d, %v", id, len(got), len(text), err)
		}
		s.texts[id] = got // for what comes next on the same home
	}
	listed := map[string]bool{}
	for _, d := range s.MustList(tb, api.DocumentListRequest{Beneficiary: s.subject}) {
		listed[d.ID] = true
		if s.removed[d.ID] {
			tb.Errorf("document %s was removed, and is there", d.ID)
		}
		if got, _, err := s.get(d.ID, ""); err != nil || sha(got) != d.Digest {
			tb.Errorf("document %s is listed but does not open: %v", d.ID, err)
		}
	}
	for id := range s.texts {
		if !listed[id] {
			tb.Errorf("document %s is not listed", id)
		}
	}
}

// holdWhole checks that journal and storage are as they were written, and that nothing is left over.
func (s *stage) holdWhole(tb testing.TB) {
	tb.Helper()
	if res, err := s.JournalVerify(ctxb); err != nil || len(res.Findings) > 0 {
		tb.Errorf("journal: %+v, %v", res.Findings, err)
	}
	if f, err := found(tb, s.rig, true); err != nil || len(f) > 0 {
		tb.Errorf("verify: %v, %v", f, err)
	}
	if left := s.spooled(tb); len(left) > 0 {
		tb.Errorf("left in the spool: %v", left)
	}
}

// TestKilledAtEveryStep dies at the first and at a later time that each step is taken, in each scene that takes it.
func TestKilledAtEveryStep(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	hit := map[string]bool{}
	t.Run("scenes", func(t *testing.T) {
		for scene := range maps.Keys(scenes) {
			taken := takenIn(t, scene)
			for step := range taken {
				hit[step] = true
				for _, nth := range timesOf(step) {
					t.Run(fmt.Sprintf("%s/%s/%d", scene, step, nth), func(t *testing.T) {
						t.Parallel()
						s := MustStage(t)
						words, died := s.MustCrash(t, plan{Scene: scene, Step: step, Nth: nth}, -1)
						if nth == 1 && !died {
							t.Fatal("the step was not taken")
						}
						s.hold(t, words)
					})
				}
			}
		}
	})
	for _, step := range engine.Steps() {
		if !hit[step] {
			t.Errorf("no scene takes the step %q", step)
		}
	}
}

// timesOf returns at which of its turns a step is tried: those that every change takes mean something else each time.
func timesOf(step string) []int64 {
	switch step {
	case engine.StepLogged, engine.StepIndexed, engine.StepAnswered, engine.StepPushed:
		return []int64{1, 4}
	}
	return []int64{1}
}

// takenIn plays a scene to its end and returns the steps that it takes.
func takenIn(t *testing.T, scene string) map[string]bool {
	t.Helper()
	s := MustStage(t)
	words, died := s.MustCrash(t, plan{Scene: scene}, -1)
	if died {
		t.Fatal("the child was killed by somebody else")
	}
	taken := map[string]bool{}
	for _, w := range words {
		if w.What == "step" {
			taken[w.ID] = true
		}
	}
	s.hold(t, words)
	return taken
}

// killed is how many times TestKilledAtRandom kills the process; make soak sets it to more.
var killed = flag.Int("killed", 30, "how many times a process is killed at a random moment")

// TestKilledAtRandom kills the process at random moments, several times on the same home.
func TestKilledAtRandom(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var rounds, died atomic.Int64
	t.Cleanup(func() { t.Logf("%d rounds, %d killed before they ended", rounds.Load(), died.Load()) })
	random := rand.New(rand.NewPCG(seed, 1))
	names := slices.Sorted(maps.Keys(scenes))
	for _, scene := range names {
		var delays []time.Duration
		for range (*killed + len(names) - 1) / len(names) {
			delays = append(delays, time.Duration(random.IntN(400))*time.Millisecond)
		}
		t.Run(scene, func(t *testing.T) {
			t.Parallel()
			var s *stage
			for _, after := range delays {
				if s == nil || !slices.Contains([]string{"deposit", "import", "clean"}, scene) || len(s.texts) > 60 {
					s = MustStage(t)
				}
				words, dead := s.MustCrash(t, plan{Scene: scene}, after)
				if rounds.Add(1); dead {
					died.Add(1)
				}
				s.hold(t, words)
				if t.Failed() {
					t.Fatalf("killed %v after its first word", after)
				}
			}
		})
	}
}
