package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultctl/internal/atomicfile/disktest"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

const roomy = 1 << 40

func MustOpen(tb testing.TB, home string, budget int64) *Spool {
	tb.Helper()
	s, err := Open(home, budget)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// MustCreate returns a file with the content that is not yet staged.
func MustCreate(tb testing.TB, s *Spool, a Area, content []byte) *File {
	tb.Helper()
	f, err := s.Create(a)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Discard() })
	if _, err := f.Write(content); err != nil {
		tb.Fatal(err)
	}
	return f
}

func MustStage(tb testing.TB, s *Spool, a Area, content string, names ...string) {
	tb.Helper()
	var items []Item
	for _, n := range names {
		items = append(items, Item{MustCreate(tb, s, a, []byte(content)), n})
	}
	if err := s.Stage(items...); err != nil {
		tb.Fatal(err)
	}
}

// MustRead returns the content of an object, or "(absent)".
func MustRead(tb testing.TB, s *Spool, name string) string {
	tb.Helper()
	f, err := s.Open(name)
	if vault.CodeOf(err) == vault.CodeNotFound {
		return "(absent)"
	}
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// MustList returns the names in an area, joined by spaces.
func MustList(tb testing.TB, s *Spool, a Area, prefix string) string {
	tb.Helper()
	names, err := s.Names(a, prefix)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Join(names, " ")
}

// MustBeClean fails if a temporary file is left in any area.
func MustBeClean(tb testing.TB, home string) {
	tb.Helper()
	left, err := filepath.Glob(filepath.Join(home, "*", tempDir, "*"))
	if err != nil || len(left) > 0 {
		tb.Errorf("temporary files left: %q, %v", left, err)
	}
}

func TestSizeSumAndContent(t *testing.T) {
	home := t.TempDir()
	s := MustOpen(t, home, roomy)
	random := rand.NewChaCha8([32]byte{1})
	for i, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 2 * chunkSize, 40*chunkSize + 12345} {
		content := make([]byte, size)
		_, _ = random.Read(content)
		f, err := s.Create(Queue)
		if err != nil {
			t.Fatal(err)
		}
		for rest := content; len(rest) > 0; {
			n := min(len(rest), 65552) // what age writes at a time
			if m, err := f.Write(rest[:n]); m != n || err != nil {
				t.Fatalf("write: %d, %v", m, err)
			}
			rest = rest[n:]
		}
		if err := f.Finish(); err != nil {
			t.Fatal(err)
		}
		if f.Size() != int64(size) || f.Sum() != objecthash.Sum(content) {
			t.Errorf("%d bytes: size %d, sum right: %v", size, f.Size(), f.Sum() == objecthash.Sum(content))
		}
		if _, err := f.Write([]byte{1}); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("write after finish: %v", err)
		}
		name := fmt.Sprintf("v1/w/x/d/ab/%d.age", i)
		if err := s.Stage(Item{f, name}); err != nil {
			t.Fatal(err)
		}
		if got := MustRead(t, s, name); got != string(content) {
			t.Errorf("%d bytes: content differs", size)
		}
		if err := f.Discard(); err != nil || !s.Has(name) {
			t.Errorf("discard after stage: %v, still there: %v", err, s.Has(name))
		}
	}
	MustBeClean(t, home)
}

func TestNamesAreChecked(t *testing.T) {
	s := MustOpen(t, t.TempDir(), roomy)
	bad := []string{"", "/", "/v1/a", "v1//a", "v1/a/", "..", "../a", "v1/../a", "v1/./a", ".tmp/a", "v1/.a", "v1/a.", "v1/A", "v1\\a",
		"v1/a b", "v1/a\x00", "v1/é", "c:a", strings.Repeat("a", maxName+1)}
	for _, name := range bad {
		f := MustCreate(t, s, Queue, nil)
		_, openErr := s.Open(name)
		for what, err := range map[string]error{
			"stage": s.Stage(Item{f, name}), "open": openErr, "move": s.MoveToCache(name), "remove": s.Remove(name),
		} {
			if vault.CodeOf(err) != vault.CodeInvalid {
				t.Errorf("%s %q: %v", what, name, err)
			}
		}
		if s.Has(name) {
			t.Errorf("has %q", name)
		}
	}
	if _, err := s.Names(Cache, "../"); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("names with a bad prefix: %v", err)
	}
	for _, name := range []string{"org.note", "v1/w/a-b/j/0/17.seg", "a/" + strings.Repeat("b", maxName-2)} {
		MustStage(t, s, Queue, "x", name)
	}
}

func TestLifeOfAnObject(t *testing.T) {
	home := t.TempDir()
	s := MustOpen(t, home, roomy)
	a, b, seg := "v1/w/x/d/aa/a.age", "v1/w/x/d/bb/b.age", "v1/w/x/j/0/1.seg"
	MustStage(t, s, Queue, "12345", a, b)
	MustStage(t, s, Journal, "segment", seg)
	for range 2 { // the second time after a restart
		if got := MustList(t, s, Queue, "v1/w/x/d/a"); got != a {
			t.Errorf("names with prefix: %q", got)
		}
		if got := MustList(t, s, Journal, "v1/w/x/j/0/"); got != seg {
			t.Errorf("journal: %q", got)
		}
		if q, c := s.Usage(); q != (Usage{2, 10}) || c != (Usage{}) {
			t.Errorf("usage %v, %v", q, c)
		}
		s = MustOpen(t, home, roomy)
	}
	for range 2 {
		if err := errors.Join(s.MoveToCache(a), s.MoveToCache(seg), s.MoveToCache("v1/absent")); err != nil {
			t.Fatal(err)
		}
		if q, c := s.Usage(); q != (Usage{1, 5}) || c != (Usage{1, 5}) {
			t.Errorf("usage after moving %v, %v", q, c)
		}
		if !s.Has(a) || MustRead(t, s, a) != "12345" || MustList(t, s, Cache, "") != a || MustList(t, s, Queue, "") != b {
			t.Errorf("after moving: cache %q, queue %q", MustList(t, s, Cache, ""), MustList(t, s, Queue, ""))
		}
		s = MustOpen(t, home, roomy)
	}
	if err := errors.Join(s.Remove(a), s.Remove(b), s.Remove(seg), s.Remove(a)); err != nil {
		t.Fatal(err)
	}
	if q, c := s.Usage(); q != (Usage{}) || c != (Usage{}) || s.Has(a) || s.Has(b) || MustRead(t, s, a) != "(absent)" {
		t.Errorf("after removing: %v, %v", q, c)
	}
	if MustRead(t, s, seg) != "segment" {
		t.Error("the segment is gone")
	}
}

func TestStageNeverOverwrites(t *testing.T) {
	home := t.TempDir()
	s := MustOpen(t, home, roomy)
	for _, a := range []Area{Queue, Journal} {
		MustStage(t, s, a, "old", "v1/taken")
		before, _ := s.Usage()
		err := s.Stage(Item{MustCreate(t, s, a, []byte("n")), "v1/new"}, Item{MustCreate(t, s, a, []byte("n")), "v1/taken"})
		if vault.CodeOf(err) != vault.CodeConflict {
			t.Errorf("%s: %v", a, err)
		}
		if after, _ := s.Usage(); s.Has("v1/new") || MustRead(t, s, "v1/taken") != "old" || after != before {
			t.Errorf("%s: a refused group left something: %v, before %v", a, after, before)
		}
	}
	MustStage(t, s, Cache, "old", "v1/copy")
	MustStage(t, s, Cache, "newer", "v1/copy")
	if _, c := s.Usage(); MustRead(t, s, "v1/copy") != "newer" || c != (Usage{1, 5}) {
		t.Errorf("cache: %q, %v", MustRead(t, s, "v1/copy"), c)
	}
	MustBeClean(t, home)
}

// TestStageTogether stages groups around the size from which the whole file system is synchronised at once.
func TestStageTogether(t *testing.T) {
	for _, n := range []int{together - 1, together, 3 * together} {
		home := t.TempDir()
		s := MustOpen(t, home, roomy)
		group := func(prefix string) []Item {
			var items []Item
			for i := range n {
				items = append(items, Item{MustCreate(t, s, Queue, []byte(fmt.Sprintf("%s%d", prefix, i))), fmt.Sprintf("v1/%d/%s%d", i%3, prefix, i)})
			}
			return items
		}
		if err := s.Stage(group("a")...); err != nil {
			t.Fatal(err)
		}
		refused := group("b")
		refused[n-1].Name = "v1/0/a0"
		if err := s.Stage(refused...); vault.CodeOf(err) != vault.CodeConflict {
			t.Errorf("a taken name: %v", err)
		}
		again := MustOpen(t, home, roomy)
		if q, _ := again.Usage(); q.Files != n {
			t.Errorf("%d files after a group of %d and one that was refused", q.Files, n)
		}
		for i := range n {
			if got := MustRead(t, again, fmt.Sprintf("v1/%d/a%d", i%3, i)); got != fmt.Sprintf("a%d", i) {
				t.Errorf("object %d reads %q", i, got)
			}
		}
		MustBeClean(t, home)
	}
}

func TestStageDiscardedFile(t *testing.T) {
	home := t.TempDir()
	s := MustOpen(t, home, roomy)
	good, gone := MustCreate(t, s, Queue, []byte("x")), MustCreate(t, s, Queue, nil)
	if err := errors.Join(gone.Discard(), gone.Discard()); err != nil {
		t.Fatal(err)
	}
	if err := s.Stage(Item{good, "v1/a"}, Item{gone, "v1/b"}); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("stage: %v", err)
	}
	if s.Has("v1/a") {
		t.Error("half of the group was staged")
	}
	MustBeClean(t, home)
}

func TestCacheEvictsLeastRecentlyUsed(t *testing.T) {
	home := t.TempDir()
	s := MustOpen(t, home, 30)
	ten := "0123456789"
	MustStage(t, s, Queue, ten, "v1/a", "v1/b", "v1/c", "v1/d", "v1/e")
	for _, name := range []string{"v1/a", "v1/b", "v1/c"} {
		if err := s.MoveToCache(name); err != nil {
			t.Fatal(err)
		}
	}
	MustRead(t, s, "v1/a")
	if err := s.MoveToCache("v1/d"); err != nil {
		t.Fatal(err)
	}
	if got := MustList(t, s, Cache, ""); got != "v1/a v1/c v1/d" {
		t.Errorf("cache holds %q", got)
	}
	if got := MustList(t, s, Queue, ""); got != "v1/e" {
		t.Errorf("queue holds %q", got)
	}
	old := time.Now().Add(-2 * touchAfter)
	for i, name := range []string{"v1/a", "v1/c", "v1/d"} { // what is on disk decides after a restart
		stamp := old.Add(time.Duration(i) * time.Second)
		if err := os.Chtimes(s.path(Cache, name), stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
	s = MustOpen(t, home, 30)
	MustRead(t, s, "v1/a")
	s = MustOpen(t, home, 20)
	if got := MustList(t, s, Cache, ""); got != "v1/a v1/d" {
		t.Errorf("cache after a restart with less budget holds %q", got)
	}
	MustStage(t, s, Cache, strings.Repeat("x", 21), "v1/large")
	if got := MustList(t, s, Cache, ""); got != "v1/a v1/d" {
		t.Errorf("after an object over the budget the cache holds %q", got)
	}
	s = MustOpen(t, home, 0)
	if err := s.MoveToCache("v1/e"); err != nil || s.Has("v1/e") {
		t.Errorf("without a cache: %v, %v", err, s.Has("v1/e"))
	}
}

func TestCacheDeletedByHand(t *testing.T) {
	home := t.TempDir()
	s := MustOpen(t, home, roomy)
	MustStage(t, s, Queue, "x", "v1/d/a", "v1/d/b")
	if err := s.MoveToCache("v1/d/a"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(home, "cache", "v1")); err != nil {
		t.Fatal(err)
	}
	if got := MustRead(t, s, "v1/d/a"); got != "(absent)" {
		t.Errorf("deleted object reads %q", got)
	}
	if err := s.MoveToCache("v1/d/b"); err != nil {
		t.Fatal(err)
	}
	if _, c := s.Usage(); c != (Usage{1, 1}) || MustRead(t, s, "v1/d/b") != "x" {
		t.Errorf("usage %v", c)
	}
}

func TestLeftoversAreRemoved(t *testing.T) {
	home := t.TempDir()
	s := MustOpen(t, home, roomy)
	for _, a := range areas {
		MustCreate(t, s, a, make([]byte, 2*chunkSize))
	}
	MustOpen(t, home, roomy)
	MustBeClean(t, home)
}

func TestDiskFull(t *testing.T) {
	home := disktest.MustTmpfs(t, 4<<20)
	s := MustOpen(t, home, roomy)
	MustStage(t, s, Queue, "kept", "v1/kept")
	free := disktest.MustFill(t, home)
	large, err := s.Create(Queue)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = large.Write(make([]byte, chunkSize))
	}
	if vault.CodeOf(err) != vault.CodeDiskFull {
		t.Errorf("write: %v", err)
	}
	if err := s.Stage(Item{large, "v1/large"}); vault.CodeOf(err) != vault.CodeDiskFull {
		t.Errorf("stage: %v", err)
	}
	small := MustCreate(t, s, Queue, make([]byte, 5000)) // too small to be written before Finish
	if err := s.Stage(Item{small, "v1/small"}); vault.CodeOf(err) != vault.CodeDiskFull {
		t.Errorf("stage: %v", err)
	}
	MustBeClean(t, home)
	free()
	MustStage(t, s, Queue, "after", "v1/after")
	if got := MustList(t, s, Queue, ""); got != "v1/after v1/kept" {
		t.Errorf("queue holds %q", got)
	}
}

// TestCrashChild stages groups of eight objects that begin with their sum, until it is killed.
func TestCrashChild(t *testing.T) {
	s := MustOpen(t, disktest.Dir(t), roomy)
	start := len(strings.Fields(MustList(t, s, Queue, "")))
	for g := start; ; g++ {
		var items []Item
		for i := range 8 {
			content := bytes.Repeat([]byte{byte(g), byte(i)}, 20_000)
			sum := objecthash.Sum(content)
			items = append(items, Item{MustCreate(t, s, Queue, append(sum[:], content...)), fmt.Sprintf("v1/%d/%d", i, g)})
		}
		if err := s.Stage(items...); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%d\n", g)
	}
}

func TestCrashKeepsStaged(t *testing.T) {
	home := t.TempDir()
	for range 5 {
		lines := disktest.MustKill(t, "TestCrashChild", home, 5)
		s := MustOpen(t, home, roomy)
		MustBeClean(t, home)
		for _, g := range lines {
			for i := range 8 {
				if name := fmt.Sprintf("v1/%d/%s", i, g); !s.Has(name) {
					t.Errorf("%s was staged and is not there", name)
				}
			}
		}
		for name := range strings.FieldsSeq(MustList(t, s, Queue, "")) {
			b := []byte(MustRead(t, s, name))
			if len(b) < objecthash.Size || objecthash.Sum(b[objecthash.Size:]) != [objecthash.Size]byte(b[:objecthash.Size]) {
				t.Errorf("%s is visible and not whole", name)
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	home := t.TempDir()
	s := MustOpen(t, home, 5000)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 20 {
				name := fmt.Sprintf("v1/%d/%d", i%3, 100*w+i)
				f, err := s.Create(Queue)
				if err == nil {
					_, err = f.Write(make([]byte, 100))
				}
				if err == nil {
					err = s.Stage(Item{f, name})
				}
				if err == nil && MustRead(t, s, name) == "(absent)" {
					err = errors.New("staged object is not there")
				}
				if err = errors.Join(err, s.MoveToCache(name)); err != nil {
					t.Error(err)
				}
				s.Usage()
			}
		})
	}
	wg.Wait()
	names, err := s.Names(Cache, "")
	if q, c := s.Usage(); err != nil || q != (Usage{}) || c != (Usage{50, 5000}) || len(names) != 50 || !slices.IsSorted(names) {
		t.Errorf("usage %v, %v, %d names, %v", q, c, len(names), err)
	}
	MustBeClean(t, home)
}
