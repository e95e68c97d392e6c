package e2e

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultctl/internal/apiclient"
	"vaultctl/internal/remote/s3test"
	"vaultctl/internal/vault"
)

// kills is how many times TestKilledAgainAndAgain kills the daemon; make soak sets it to more.
var kills = flag.Int("kills", 16, "how many times the daemon is killed")

// perHome is how many times the daemon of one home is killed: what is found then has grown by so many crashes.
const perHome = 25

// inTheClear is in every text that is deposited: it must not be found in any file of the home or the storage.
const inTheClear = "this is written in the clear"

// mortal is a station whose daemon is killed while commands run, and what was acknowledged to them.
type mortal struct {
	*station
	storage string // the folder that holds the objects
	team    string // identity of the team "reception"
	cause   *rand.Rand
	daemon  *exec.Cmd
	round   int

	mu     sync.Mutex
	have   map[string]string          // digests of documents that were acknowledged, by id
	other  map[string]string          // digests that a document may have instead: its replacement was not acknowledged
	tried  map[string]bool            // digests of all that was to be deposited
	gone   map[string]bool            // documents whose removal was acknowledged
	fresh  map[string]string          // texts that were acknowledged in this round, by id
	ended  bool                       // of the consent to the team: the withdrawal was acknowledged
	later  map[string]bool            // documents that were deposited since the consent ended
	unsure bool                       // of the consent to the team: the last change was not acknowledged
	failed map[int]int                // commands that the death of the daemon ended, by exit status
	lists  map[string]map[string]bool // manifests that were not imported whole, with the digests of their rows
}

// shared is a source of random numbers for several goroutines.
type shared struct {
	mu   sync.Mutex
	from rand.Source
}

func (s *shared) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from.Uint64()
}

// the two people: consents to the team come and go for the one, documents for the other.
const moves, stays = "ref:SI:1", "ref:SI:2"

// TestKilledAgainAndAgain kills the real daemon at random moments, several times over the same home, while documents are
// deposited, replaced, removed and imported, a consent is withdrawn and given again, and the storage is cleaned; a folder in one
// half of the homes, S3 in the other. Each time a new daemon is started and compared with what had been acknowledged.
func TestKilledAgainAndAgain(t *testing.T) {
	onEachStorage(t, func(t *testing.T, kind string, cause *rand.Rand) {
		for left := (*kills + 1) / 2; left > 0; left -= perHome {
			k := MustBegin(t, kind, cause)
			for range min(left, perHome) {
				k.live(t)
			}
			k.start(t)
			k.account(t)
			k.wantAll(t)
			k.kill(t)
			t.Logf("%d kills, %d documents acknowledged and held, commands ended by a death: %v", k.round, len(k.have), k.failed)
		}
	})
}

// onEachStorage runs a test over a folder and over S3, each with random numbers of its own; their seed is logged.
func onEachStorage(t *testing.T, test func(t *testing.T, kind string, cause *rand.Rand)) {
	if testing.Short() {
		t.Skip("many processes")
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for i, kind := range []string{"folder", "s3"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, kind, rand.New(&shared{from: rand.NewPCG(seed, uint64(i))}))
		})
	}
}

// MustBegin founds an organization with two people.
func MustBegin(tb testing.TB, kind string, cause *rand.Rand) *mortal {
	tb.Helper()
	k := &mortal{station: MustStation(tb, ""), cause: cause, have: map[string]string{}, other: map[string]string{}, tried: map[string]bool{},
		gone: map[string]bool{}, fresh: map[string]string{}, later: map[string]bool{}, failed: map[int]int{}, lists: map[string]map[string]bool{}}
	k.storage = filepath.Join(k.dir, "remote")
	remote := k.storage
	if kind == "s3" {
		server := s3test.New(tb)
		remote, k.storage = mustConfigure(tb, k.station, server), server.Dir
	}
	k.MustFound(tb, remote)
	k.MustOpen(tb, "Diallo", "SI:1")
	k.MustOpen(tb, "Traoré", "SI:2")
	k.Must(tb, "consent", "give", moves, "--to", "agent:A. Martin", "--purpose", "case-file", "--verbal")
	for _, who := range []string{moves, stays} {
		text := k.text("from the beginning for " + who)
		k.have[k.MustDeposit(tb, who, text)] = sum(text)
	}
	k.Must(tb, "sync", "--wait=60s")
	k.team = k.MustTeam(tb)
	k.Must(tb, "daemon", "stop")
	tb.Cleanup(func() { k.kill(tb) })
	return k
}

// text returns something to be deposited that is deposited only once.
func (k *mortal) text(what string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	text := fmt.Sprintf("%s, %d\n%s\n%s", what, k.cause.Uint64(), inTheClear, strings.Repeat("a line of the scan\n", k.cause.IntN(4000)))
	k.tried[sum(text)] = true
	return text
}

// live starts the daemon, has commands run, kills it, starts it again and holds it to what was acknowledged. Now and then it dies
// while it starts.
func (k *mortal) live(tb testing.TB) {
	tb.Helper()
	k.round++
	if k.cause.IntN(6) == 0 {
		k.spawn(tb)
		k.dieAfter(tb, time.Duration(k.cause.IntN(120))*time.Millisecond)
	}
	k.start(tb)
	dead := make(chan struct{})
	var wg sync.WaitGroup
	for _, work := range []func(testing.TB) bool{k.comesAndGoes, k.imports, k.withdraws} {
		wg.Go(func() {
			for work(tb) {
				select {
				case <-dead:
					return
				default:
				}
			}
		})
	}
	k.dieAfter(tb, time.Duration(k.cause.IntN(900))*time.Millisecond)
	close(dead)
	wg.Wait()
	k.wantNothingInTheClear(tb)
	k.start(tb)
	k.hold(tb)
	if k.round%8 == 0 {
		k.account(tb)
	}
	k.kill(tb)
	if tb.Failed() {
		tb.FailNow()
	}
}

// spawn runs a daemon that belongs to this test.
func (k *mortal) spawn(tb testing.TB) {
	tb.Helper()
	k.daemon = exec.Command(filepath.Join(programs, "vaultd"), "--home", k.home)
	k.daemon.Dir, k.daemon.Env = k.dir, k.env
	if err := k.daemon.Start(); err != nil {
		tb.Fatal(err)
	}
}

// start runs a daemon and returns once it answers.
func (k *mortal) start(tb testing.TB) {
	tb.Helper()
	k.spawn(tb)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		c, err := apiclient.Connect(tb.Context(), apiclient.Options{Home: k.home, NoAutostart: true})
		if err == nil {
			c.Close()
			return
		}
		if vault.CodeOf(err) != vault.CodeNoDaemon || time.Now().After(deadline) {
			tb.Fatalf("the daemon does not start: %v", err)
		}
	}
}

// dieAfter kills the daemon after a while.
func (k *mortal) dieAfter(tb testing.TB, after time.Duration) {
	tb.Helper()
	<-time.After(after)
	k.kill(tb)
}

// kill ends the daemon, if there is one, as SIGKILL does.
func (k *mortal) kill(tb testing.TB) {
	tb.Helper()
	if k.daemon == nil {
		return
	}
	if err := k.daemon.Process.Kill(); err != nil {
		tb.Errorf("kill the daemon: %v", err)
	}
	var exit *exec.ExitError
	if err := k.daemon.Wait(); !errors.As(err, &exit) || exit.Exited() {
		tb.Errorf("the daemon ended by itself: %v", err)
	}
	k.daemon = nil
}

// do runs a command that succeeds, or that the death of the daemon ends.
func (k *mortal) do(tb testing.TB, args ...string) (answer, bool) {
	a := k.Run("", append(args, "--no-autostart", "--yes", "--json")...)
	if a.code == 0 {
		return a, true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed[a.code]++; a.code != 8 { // that the daemon is gone, and nothing else
		tb.Errorf("vaultctl %s: exit %d: %s", strings.Join(args, " "), a.code, a.err)
	}
	return a, false
}

// add deposits a text and returns the document's id, or "".
func (k *mortal) add(tb testing.TB, who, what string) string {
	text := k.text(what)
	file := k.MustWrite(tb, "scan-"+sum(text)[:12]+".txt", text)
	a, ok := k.do(tb, "document", "add", who, file, "--type", "other")
	if !ok {
		return ""
	}
	id, _ := objects(tb, a.out)[0]["id"].(string)
	k.acknowledge(id, text)
	return id
}

func (k *mortal) acknowledge(id, text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.have[id], k.fresh[id] = sum(text), text
	delete(k.other, id)
}

// comesAndGoes deposits two documents, replaces one, removes it, and has the storage cleaned.
func (k *mortal) comesAndGoes(tb testing.TB) bool {
	if k.add(tb, stays, "kept") == "" {
		return false
	}
	id := k.add(tb, stays, "a bad scan")
	if id == "" {
		return false
	}
	text := k.text("a better scan")
	k.mu.Lock()
	k.other[id] = sum(text)
	k.mu.Unlock()
	if _, ok := k.do(tb, "document", "replace", id, k.MustWrite(tb, "better-"+sum(text)[:12]+".txt", text)); !ok {
		return false
	}
	k.acknowledge(id, text)
	if !k.remove(tb, id) {
		return false
	}
	_, ok := k.do(tb, "remote", "clean")
	return ok
}

func (k *mortal) remove(tb testing.TB, id string) bool {
	k.mu.Lock()
	delete(k.have, id) // it may be there or not
	delete(k.fresh, id)
	k.mu.Unlock()
	_, ok := k.do(tb, "document", "remove", id)
	if ok {
		k.mu.Lock()
		k.gone[id] = true
		k.mu.Unlock()
	}
	return ok
}

// imports takes in a table of five files.
func (k *mortal) imports(tb testing.TB) bool {
	table := "file,beneficiary,type\n"
	texts := map[string]string{}
	rows := map[string]bool{}
	for range 5 {
		text := k.text("imported")
		name := "row-" + sum(text)[:12] + ".txt"
		k.MustWrite(tb, name, text)
		texts[name], rows[sum(text)] = text, true
		table += name + ",SI:2,cv\n"
	}
	manifest := k.MustWrite(tb, "table-"+sum(table)[:12]+".csv", table)
	a, ok := k.do(tb, "import", manifest, "--source", "SI")
	for _, row := range objects(tb, a.out) {
		if id, _ := row["document"].(string); id != "" {
			file, _ := row["file"].(string)
			k.acknowledge(id, texts[file])
		}
	}
	if !ok {
		k.mu.Lock()
		k.lists[manifest] = rows
		k.mu.Unlock()
	}
	return ok
}

// withdraws takes the team's consent away and gives it again, with a deposit after each.
func (k *mortal) withdraws(tb testing.TB) bool {
	k.mu.Lock()
	ended, unsure := k.ended, k.unsure
	var old []string
	for id := range k.have {
		old = append(old, id)
	}
	k.unsure = true
	clear(k.later)
	k.mu.Unlock()
	if unsure {
		tb.Error("what became of the consent was not looked at")
		return false
	}
	args := []string{"consent", "withdraw", moves, "--to", "team:reception"}
	if ended {
		args = []string{"consent", "give", moves, "--to", "team:reception", "--purpose", "case-file", "--verbal"}
	}
	if _, ok := k.do(tb, args...); !ok {
		return false
	}
	k.mu.Lock()
	k.ended, k.unsure = !ended, false
	k.mu.Unlock()
	id := k.add(tb, moves, "between two changes of the consent")
	if id == "" {
		return false
	}
	k.mu.Lock()
	k.later[id] = !ended
	k.mu.Unlock()
	return len(old)%3 > 0 || k.remove(tb, id) // resealing many documents again and again would take all the time
}
