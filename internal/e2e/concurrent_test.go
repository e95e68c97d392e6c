package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestThousandDeposits deposits a thousand files by a hundred processes, eight at a time.
func TestThousandDeposits(t *testing.T) {
	const processes, each, atOnce = 100, 10, 8
	s := MustStation(t, "")
	s.MustFound(t, filepath.Join(s.dir, "remote"))
	s.MustOpen(t, "Diallo", "SI:1")
	s.MustOpen(t, "Traoré", "SI:2")
	want := map[string]bool{}
	turns := make(chan struct{}, atOnce)
	answers := make([]answer, processes)
	var wg sync.WaitGroup
	for p := range processes {
		args := []string{"document", "add", fmt.Sprintf("ref:SI:%d", 1+p%2), "--type", "other", "--json"}
		for i := range each {
			text := fmt.Sprintf("file %d of process %d", i, p)
			want[sum(text)] = true
			args = append(args, s.MustWrite(t, fmt.Sprintf("%d-%d.txt", p, i), text))
		}
		turns <- struct{}{}
		wg.Go(func() {
			answers[p] = s.Run("", args...)
			<-turns
		})
	}
	wg.Wait()
	for p, a := range answers {
		if a.code != 0 || strings.Count(a.out, `"status":"deposited"`) != each {
			t.Fatalf("process %d: exit %d: %s%s", p, a.code, a.out, a.err)
		}
	}
	got := map[string]bool{}
	for _, d := range objects(t, s.Must(t, "document", "list", "--json")) {
		got[fmt.Sprint(d["digest"])] = true
	}
	for digest := range want {
		if !got[digest] {
			t.Errorf("a document is missing: %s", digest)
		}
	}
	if len(got) != processes*each {
		t.Errorf("%d documents, want %d", len(got), processes*each)
	}
	s.Must(t, "sync", "--wait=110s")
	s.Must(t, "verify")
}

// daemonPID returns the process that serves a home, as its log tells.
func daemonPID(tb testing.TB, s *station) int {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(s.home, "log", "vaultd.log"))
	if err != nil {
		tb.Fatal(err)
	}
	all := regexp.MustCompile(`"msg":"serving".*"pid":(\d+)`).FindAllStringSubmatch(string(raw), -1)
	if len(all) == 0 {
		tb.Fatal("the log does not tell the daemon's process")
	}
	pid, err := strconv.Atoi(all[len(all)-1][1])
	if err != nil {
		tb.Fatal(err)
	}
	return pid
}

// TestDaemonKilled kills the daemon while it takes a document in. The command says so, the next one starts a new daemon,
// and everything that was acknowledged is there.
func TestDaemonKilled(t *testing.T) {
	t.Parallel()
	s := MustStation(t, "")
	documents := MustFill(t, s, filepath.Join(s.dir, "remote"))
	for round := range 3 {
		text := fmt.Sprintf("acknowledged in round %d", round)
		documents[s.MustDeposit(t, "ref:SI:1", text)] = text
		pid := daemonPID(t, s)
		a := killDuring(t, s, pid)
		wantFailure(t, a, 8, `^error: `, "document", "add", "-")
		s.MustHave(t, documents)
		if again := daemonPID(t, s); again == pid {
			t.Fatal("the daemon was not killed")
		}
		if n := len(objects(t, s.Must(t, "document", "list", "ref:SI:1", "--json"))); n != len(documents) {
			t.Errorf("%d documents, want %d: the interrupted one is half there", n, len(documents))
		}
	}
	s.Must(t, "sync", "--wait=60s")
	s.Must(t, "verify", "--deep")
	s.Must(t, "journal", "verify")
}

// killDuring deposits from a pipe and kills the daemon once it has taken much of it, but not all.
func killDuring(tb testing.TB, s *station, pid int) answer {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := s.command(ctx, "document", "add", "ref:SI:1", "-", "--type", "other", "--title", "never whole")
	r, w, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	cmd.Stdin = r
	fed, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		// More than the pipe, the client and the socket hold together: when it is written, the daemon has read some of it.
		_, err := io.Copy(w, io.LimitReader(zeros{}, 8<<20))
		fed <- err
		_, err = io.Copy(w, zeros{}) // until the reading end is closed
		ended <- err
	}()
	done := make(chan answer, 1)
	go func() { done <- finish(cmd) }()
	if err := <-fed; err != nil {
		tb.Fatal(err)
	}
	daemon, err := os.FindProcess(pid)
	if err == nil {
		err = daemon.Kill()
	}
	if err != nil {
		tb.Fatal(err)
	}
	a := <-done
	if err := r.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, syscall.EPIPE) {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return a
}

// zeros is an endless stream.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
