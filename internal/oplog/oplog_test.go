package oplog

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vaultctl/internal/vault"
)

var testKey = bytes.Repeat([]byte{7}, 32)

// MustOpen opens and unlocks the log in dir, and closes it with the test.
func MustOpen(tb testing.TB, dir string) *Log {
	tb.Helper()
	l, err := Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	if err := l.Unlock(testKey); err != nil {
		tb.Fatal(err)
	}
	return l
}

// MustAppend appends the records as one batch and returns the number of the last one.
func MustAppend(tb testing.TB, l *Log, records ...string) uint64 {
	tb.Helper()
	var batch [][]byte
	for _, r := range records {
		batch = append(batch, []byte(r))
	}
	_, last, err := l.Append(batch)
	if err != nil {
		tb.Fatal(err)
	}
	return last
}

// MustReplay returns the records from number from on as "number:record" joined by spaces.
func MustReplay(tb testing.TB, l *Log, from uint64) string {
	tb.Helper()
	var got []string
	err := l.Replay(from, func(seq uint64, rec []byte) error {
		got = append(got, fmt.Sprintf("%d:%s", seq, rec))
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Join(got, " ")
}

func TestAppendReplay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	l := MustOpen(t, dir)
	if l.Next() != 1 {
		t.Errorf("next of a new log is %d, want 1", l.Next())
	}
	first, last, err := l.Append([][]byte{[]byte("a"), {}, []byte("c")})
	if first != 1 || last != 3 || err != nil {
		t.Fatalf("append: %d, %d, %v", first, last, err)
	}
	MustAppend(t, l, "d")
	l.Close()

	l = MustOpen(t, dir)
	MustAppend(t, l, "e", "f")
	for from, want := range map[uint64]string{0: "1:a 2: 3:c 4:d 5:e 6:f", 2: "2: 3:c 4:d 5:e 6:f", 6: "6:f", 7: "", 99: ""} {
		if got := MustReplay(t, l, from); got != want {
			t.Errorf("replay from %d: %q, want %q", from, got, want)
		}
	}
	if l.Next() != 7 {
		t.Errorf("next is %d, want 7", l.Next())
	}
}

func TestAppendRefuses(t *testing.T) {
	l := MustOpen(t, t.TempDir())
	if _, _, err := l.Append(nil); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("empty batch: %v", err)
	}
	if _, _, err := l.Append([][]byte{make([]byte, maxBody)}); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("batch over the limit: %v", err)
	}
	l.Lock()
	if _, _, err := l.Append([][]byte{{1}}); vault.CodeOf(err) != vault.CodeLocked {
		t.Errorf("while locked: %v", err)
	}
	if err := l.Replay(0, nil); vault.CodeOf(err) != vault.CodeLocked {
		t.Errorf("replay while locked: %v", err)
	}
	if err := l.Unlock(testKey); err != nil {
		t.Fatal(err)
	}
	if last := MustAppend(t, l, "x"); last != 1 {
		t.Errorf("a refused batch used up numbers: the next got %d", last)
	}
	l.Close()
	if _, _, err := l.Append([][]byte{{1}}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func TestReplayStopsAtCallbackError(t *testing.T) {
	l := MustOpen(t, t.TempDir())
	MustAppend(t, l, "a", "b", "c")
	stop := errors.New("stop")
	n := 0
	err := l.Replay(0, func(uint64, []byte) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("%d calls, %v", n, err)
	}
}

func TestRecordsAreSealed(t *testing.T) {
	dir := t.TempDir()
	l := MustOpen(t, dir)
	MustAppend(t, l, "a name that must not be readable on disk")
	raw, err := os.ReadFile(l.path(1))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("readable")) {
		t.Error("the record is in the file in clear")
	}
	other, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Unlock(bytes.Repeat([]byte{8}, 32)); vault.CodeOf(err) != vault.CodeNoIdentity {
		t.Errorf("unlock with another key: %v", err)
	}
	if _, _, err := other.Append([][]byte{{1}}); vault.CodeOf(err) != vault.CodeLocked {
		t.Errorf("append after a refused key: %v", err)
	}
}

func TestRotateAndTrim(t *testing.T) {
	dir := t.TempDir()
	l := MustOpen(t, dir)
	l.rotate = 1 // every batch gets a file
	for i := 1; i <= 5; i++ {
		MustAppend(t, l, fmt.Sprint("a", i), fmt.Sprint("b", i))
	}
	for _, tt := range []struct {
		upto, first uint64
		files       int
	}{{0, 1, 5}, {1, 1, 5}, {2, 3, 4}, {5, 5, 3}, {99, 9, 1}} {
		if err := l.Trim(tt.upto); err != nil {
			t.Fatal(err)
		}
		names, _ := filepath.Glob(filepath.Join(dir, "*"))
		if len(names) != tt.files || l.files[0].first != tt.first {
			t.Errorf("after trim to %d: %d files from record %d, want %d from %d",
				tt.upto, len(names), l.files[0].first, tt.files, tt.first)
		}
		l.Close()
		l = MustOpen(t, dir)
		l.rotate = 1
	}
	if err := errors.Join(l.Rotate(), l.Rotate(), l.Trim(10)); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l = MustOpen(t, dir)
	if got := MustReplay(t, l, 0); got != "" || l.Next() != 11 {
		t.Errorf("after rotate and trim: replay %q, next %d, want nothing and 11", got, l.Next())
	}
	if last := MustAppend(t, l, "x"); last != 11 {
		t.Errorf("number %d after everything was trimmed, want 11", last)
	}
}

func TestTrimDuringReplay(t *testing.T) {
	l := MustOpen(t, t.TempDir())
	l.rotate = 1
	for _, r := range []string{"a", "b", "c"} {
		MustAppend(t, l, r)
	}
	var got []string
	err := l.Replay(0, func(_ uint64, rec []byte) error {
		got = append(got, string(rec))
		return l.Trim(2)
	})
	if err != nil || strings.Join(got, " ") != "a c" {
		t.Errorf("replayed %q, %v", got, err)
	}
	if err := os.Remove(l.active.Name()); err != nil {
		t.Fatal(err)
	}
	if err := l.Replay(0, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("replay without a file that was not trimmed: %v", err)
	}
}

func TestFailedSyncPoisons(t *testing.T) {
	dir := t.TempDir()
	l := MustOpen(t, dir)
	MustAppend(t, l, "kept")
	lost := errors.New("the device lost a write")
	l.sync = func(*os.File) error { return lost }
	if _, _, err := l.Append([][]byte{[]byte("lost")}); !errors.Is(err, lost) {
		t.Fatalf("append: %v", err)
	}
	l.sync = datasync
	if _, _, err := l.Append([][]byte{[]byte("more")}); !errors.Is(err, lost) {
		t.Errorf("append to a log in unknown state: %v", err)
	}
	if err := l.Rotate(); !errors.Is(err, lost) {
		t.Errorf("rotate a log in unknown state: %v", err)
	}
	if got := MustReplay(t, l, 0); got != "1:kept" {
		t.Errorf("replay %q", got)
	}
	l.Close()
	l = MustOpen(t, dir)
	MustAppend(t, l, "again")
	if got := MustReplay(t, l, 0); got != "1:kept 2:again" {
		t.Errorf("replay after reopening %q", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	l := MustOpen(t, t.TempDir())
	l.rotate = 2000
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 20 {
				if _, _, err := l.Append([][]byte{fmt.Appendf(nil, "%d.%d", w, i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for l.Next() < 81 {
			want := uint64(1)
			err := l.Replay(0, func(seq uint64, _ []byte) error {
				if seq != want {
					t.Errorf("record %d, want %d", seq, want)
				}
				want++
				return nil
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Wait()
	if n := len(strings.Fields(MustReplay(t, l, 0))); n != 80 || len(l.files) < 3 {
		t.Errorf("%d records in %d files", n, len(l.files))
	}
}
