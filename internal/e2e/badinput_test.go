package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/atomicfile/disktest"
)

// MustFill founds an organization and opens a vault with one document.
func MustFill(tb testing.TB, s *station, remote string) map[string]string {
	tb.Helper()
	s.MustFound(tb, remote)
	s.MustOpen(tb, "Diallo", "SI:1")
	id := s.MustDeposit(tb, "ref:SI:1", "before")
	s.Must(tb, "sync", "--wait=60s")
	return map[string]string{id: "before"}
}

// TestRemoteInTrouble takes the storage away, fills it up, and puts another organization's in its place: deposits are
// acknowledged all the same, waiting says what is wrong, and what was kept goes out afterwards.
func TestRemoteInTrouble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		spoil   func(tb testing.TB, remote string) (repair func())
		code    int
		message string
	}{
		{"missing", moveAway, 10, `^error: .*(reached|there|missing|gone)`},
		{"read-only", mountReadOnly, 10, `^error: .*(allow writing|read-only)`},
		{"another organization's", replaceByForeign, 7, `^error: .*another organization`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := MustStation(t, "")
			remote := filepath.Join(s.dir, "remote")
			documents := MustFill(t, s, remote)
			repair := c.spoil(t, remote)
			documents[s.MustDeposit(t, "ref:SI:1", "meanwhile")] = "meanwhile"
			s.awaitTrouble(t)
			s.Fails(t, c.code, c.message, "sync", "--wait=2s")
			s.MustHave(t, documents)
			repair()
			s.Must(t, "verify") // clears what was found
			s.Must(t, "sync", "--wait=60s")
			s.Must(t, "verify", "--deep")
			s.MustHave(t, documents)
		})
	}
}

// awaitTrouble waits until the daemon has tried to send what is queued, and says why that fails.
func (s *station) awaitTrouble(tb testing.TB) {
	tb.Helper()
	s.await(tb, "why nothing can be sent", func(status map[string]any) bool {
		remotes, _ := status["remotes"].([]any)
		first, _ := remotes[0].(map[string]any)
		return first["code"] != nil
	})
}

func moveAway(tb testing.TB, remote string) (repair func()) {
	tb.Helper()
	mustRename(tb, remote, remote+".away")
	return func() { mustRename(tb, remote+".away", remote) }
}

func mustRename(tb testing.TB, from, to string) {
	tb.Helper()
	if err := os.Rename(from, to); err != nil {
		tb.Fatal(err)
	}
}

func replaceByForeign(tb testing.TB, remote string) (repair func()) {
	tb.Helper()
	other := MustStation(tb, "")
	MustFill(tb, other, filepath.Join(other.dir, "remote"))
	other.Must(tb, "daemon", "stop")
	back := moveAway(tb, remote)
	mustRename(tb, filepath.Join(other.dir, "remote"), remote)
	return func() {
		mustRename(tb, remote, filepath.Join(other.dir, "remote"))
		back()
	}
}

// TestRemoteFull lets the storage run full, and makes room again.
func TestRemoteFull(t *testing.T) {
	s := MustStation(t, "")
	disk := disktest.MustTmpfs(t, 4<<20)
	documents := MustFill(t, s, filepath.Join(disk, "remote"))
	free := disktest.MustFill(t, disk)
	big := strings.Repeat("a page of a scan\n", 20_000)
	documents[s.MustDeposit(t, "ref:SI:1", big)] = big
	s.awaitTrouble(t)
	s.Fails(t, 10, `^error: .*full`, "sync", "--wait=3s")
	s.MustHave(t, documents)
	free()
	s.Must(t, "sync", "--wait=60s")
	s.Must(t, "verify", "--deep")
}

// TestHomeFull lets the disk of the home run full: what cannot be kept is refused, what was acknowledged stays.
func TestHomeFull(t *testing.T) {
	disk := disktest.MustTmpfs(t, 16<<20)
	s := MustStation(t, filepath.Join(disk, "home"))
	documents := MustFill(t, s, filepath.Join(s.dir, "remote"))
	free := disktest.MustFill(t, disk)
	big := s.MustWrite(t, "big.txt", strings.Repeat("a page of a scan\n", 200_000))
	s.Fails(t, 1, `^error: .*(no space left on device|disk is full)[^\n]*\nhint: `, "document", "add", "ref:SI:1", big, "--type", "other")
	s.Fails(t, 1, `"code":"disk_full"`, "document", "add", "ref:SI:1", big, "--type", "other", "--json")
	free()
	s.MustHave(t, documents)
	id := s.MustID(t, "document", "add", "ref:SI:1", big, "--type", "other")
	documents[id] = strings.Repeat("a page of a scan\n", 200_000)
	s.Must(t, "sync", "--wait=60s")
	s.Must(t, "verify", "--deep")
	s.MustHave(t, documents)
}

// TestTwoDaemons starts a second daemon on a home that has one.
func TestTwoDaemons(t *testing.T) {
	t.Parallel()
	s := MustStation(t, "")
	documents := MustFill(t, s, filepath.Join(s.dir, "remote"))
	cmd := exec.Command(filepath.Join(programs, "vaultd"), "--home", s.home)
	cmd.Env = s.env
	a := finish(cmd)
	wantFailure(t, a, 7, `^vaultd: .*(runs|running|serves|held)`, "(vaultd)")
	s.MustHave(t, documents)
}

// TestFileThatChanges deposits a file that another program is still writing.
func TestFileThatChanges(t *testing.T) {
	t.Parallel()
	s := MustStation(t, "")
	documents := MustFill(t, s, filepath.Join(s.dir, "remote"))
	path := s.MustWrite(t, "growing.txt", strings.Repeat("written so far\n", 1<<20))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		line := []byte("and one more\n")
		for {
			select {
			case <-stop:
				done <- nil
				return
			case <-time.After(100 * time.Microsecond):
				if _, err := f.Write(line); err != nil {
					done <- err
					return
				}
			}
		}
	}()
	add := []string{"document", "add", "ref:SI:1", path, "--type", "other"}
	whole := 0 // how often the file was read between two lines
	for ; whole < 10; whole++ {
		if a := s.Run("", add...); a.code != 0 {
			wantFailure(t, a, 7, `^error: .*changed while it was read`, add...)
			break
		}
	}
	if whole == 10 {
		t.Error("the file never changed while it was read")
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := len(objects(t, s.Must(t, "document", "list", "ref:SI:1", "--json"))); n != len(documents)+whole {
		t.Errorf("%d documents, want %d", n, len(documents)+whole)
	}
	s.MustID(t, add...)
	for file, text := range filesBelow(t, s.home) {
		if bytes.Contains([]byte(text), []byte("written so far")) {
			t.Errorf("plaintext is left in %s", file)
		}
	}
}
