package e2e

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/remote/s3test"
)

// TestKilledWhileJoining kills the daemon of a newcomer, who is approved and let into the team, at random moments while `join`
// reads and folds the journal. `join` goes on each time, and in the end the newcomer has what the founder has.
func TestKilledWhileJoining(t *testing.T) {
	onEachStorage(t, func(t *testing.T, kind string, cause *rand.Rand) {
		founder := MustStation(t, "")
		newcomer := &mortal{station: MustStation(t, ""), cause: cause}
		remote := filepath.Join(founder.dir, "remote")
		if kind == "s3" {
			server := s3test.New(t)
			remote = mustConfigure(t, founder, server)
			mustConfigure(t, newcomer.station, server)
		}
		founder.mustFill(t, remote, 150)
		join := newcomer.mustAskAndBeLetIn(t, founder, remote)
		killed, joined := 0, false
		for ; killed < max(*kills/4, 1) && !joined; killed++ {
			joined = newcomer.diesAfter(t, time.Duration(cause.IntN(800))*time.Millisecond, join)
		}
		newcomer.start(t)
		if a := newcomer.Run("", join...); !hasJoined(a) {
			t.Fatalf("join: exit %d: %s", a.code, a.err)
		}
		newcomer.Must(t, "sync", "--wait=60s")
		if got, want := newcomer.people(t), founder.people(t); !reflect.DeepEqual(got, want) {
			t.Errorf("the newcomer lists\n%v\ninstead of\n%v", got, want)
		}
		newcomer.Must(t, "verify")
		newcomer.kill(t)
		t.Logf("%d kills", killed)
	})
}

// mustFill founds an organization with people, each with a document.
func (s *station) mustFill(tb testing.TB, remote string, people int) {
	tb.Helper()
	s.MustFound(tb, remote)
	names, papers := []string{"ref,family_name,given_name,born"}, []string{"path,beneficiary,type,title"}
	for i := range people {
		names = append(names, fmt.Sprintf("SI:%d,Diallo%d,Awa,1990-01-02", i, i))
		papers = append(papers, fmt.Sprintf("%s,ref:SI:%d,cv,Paper %d", s.MustWrite(tb, fmt.Sprintf("paper%d.txt", i), fmt.Sprint("paper ", i)), i, i))
	}
	s.Must(tb, "import", s.MustWrite(tb, "people.csv", strings.Join(names, "\n")+"\n"), "--to", "team:reception", "--purpose", "case-file", "--verbal", "--yes")
	s.Must(tb, "import", s.MustWrite(tb, "papers.csv", strings.Join(papers, "\n")+"\n"), "--yes")
	s.Must(tb, "sync", "--wait=60s")
}

// mustAskAndBeLetIn asks to join, until the storage holds the request; then the founder approves it and lets the agent into the
// team. It returns the command that goes on.
func (k *mortal) mustAskAndBeLetIn(tb testing.TB, founder *station, remote string) (join []string) {
	tb.Helper()
	root := objects(tb, founder.Must(tb, "status", "--json"))[0]["fingerprint"].(string)
	join = []string{"join", "--remote", remote, "--root", root, "--protect", "keyfile", "--yes", "--no-autostart"}
	k.start(tb)
	k.Fails(tb, 9, "approve", append(join, "--wait=0s")...)
	k.kill(tb)
	asked := objects(tb, founder.Must(tb, "device", "list", "--pending", "--json"))[0]
	var words []string
	for _, w := range asked["words"].([]any) {
		words = append(words, w.(string))
	}
	founder.Must(tb, "device", "approve", asked["code"].(string), "--agent", "Paul Petit", "--role", "agent", "--words", strings.Join(words, " "), "--yes")
	founder.Must(tb, "team", "member", "add", "reception", "Paul Petit", "--yes")
	founder.Must(tb, "sync", "--wait=60s")
	return append(join, "--wait=60s")
}

// diesAfter has `join` go on and kills the daemon after a while; it reports whether `join` was faster.
func (k *mortal) diesAfter(tb testing.TB, after time.Duration, join []string) bool {
	tb.Helper()
	k.start(tb)
	done := make(chan answer)
	go func() { done <- k.Run("", join...) }()
	k.dieAfter(tb, after)
	a := <-done
	if !hasJoined(a) && a.code != 8 {
		tb.Errorf("join: exit %d: %s", a.code, a.err)
	}
	return hasJoined(a)
}

// hasJoined reports whether `join` has joined, be it that the daemon died before it could say so the last time.
func hasJoined(a answer) bool {
	return a.code == 0 || a.code == 7 && strings.Contains(a.err, "belongs to an organization already")
}

// people returns what a list says of each person.
func (s *station) people(tb testing.TB) map[string]string {
	tb.Helper()
	out := map[string]string{}
	for _, o := range objects(tb, s.Must(tb, "beneficiary", "list", "--json")) {
		out[fmt.Sprint(o["id"])] = fmt.Sprint(o["name"], o["born"], o["refs"], o["state"], o["documents"])
	}
	return out
}
