package oplog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"vaultctl/internal/atomicfile/disktest"
	"vaultctl/internal/vault"
)

// MustImage returns the bytes of a log file with three batches, and where each of them starts.
func MustImage(tb testing.TB) (image []byte, starts []int64) {
	tb.Helper()
	l := MustOpen(tb, tb.TempDir())
	for _, batch := range [][]string{{"a", "b"}, {"c"}, {"d", "e", "f"}} {
		starts = append(starts, l.files[0].end)
		MustAppend(tb, l, batch...)
	}
	image, err := os.ReadFile(l.path(1))
	if err != nil {
		tb.Fatal(err)
	}
	return image, starts
}

// MustPut writes image as the only file of a log and returns its directory.
func MustPut(tb testing.TB, image []byte) string {
	tb.Helper()
	dir := tb.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "000001.log"), image, 0o600); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func TestTornTailIsCut(t *testing.T) {
	image, starts := MustImage(t)
	torn := map[string][]byte{}
	for n := starts[2]; n < int64(len(image)); n++ {
		torn[fmt.Sprint("cut at ", n)] = image[:n]
	}
	for n := starts[2]; n < int64(len(image)); n += 7 {
		hole := bytes.Clone(image) // pages reach the disk in any order
		clear(hole[n:min(n+20, int64(len(hole)))])
		torn[fmt.Sprint("hole at ", n)] = hole
	}
	torn["zeros only"] = append(bytes.Clone(image[:starts[2]]), make([]byte, 5000)...)
	for name, b := range torn {
		t.Run(name, func(t *testing.T) {
			dir := MustPut(t, b)
			l := MustOpen(t, dir)
			if got := MustReplay(t, l, 0); got != "1:a 2:b 3:c" {
				t.Fatalf("replay %q", got)
			}
			MustAppend(t, l, "x")
			l.Close()
			l = MustOpen(t, dir)
			if got := MustReplay(t, l, 0); got != "1:a 2:b 3:c 4:x" {
				t.Errorf("replay after appending %q", got)
			}
		})
	}
}

func TestDamageIsReported(t *testing.T) {
	image, starts := MustImage(t)
	for at := range starts[2] {
		b := bytes.Clone(image)
		b[at] ^= 0x10
		position := int64(0)
		for _, s := range starts[:2] {
			if at >= s {
				position = s
			}
		}
		_, err := Open(MustPut(t, b))
		want := fmt.Sprintf("log file 1 is damaged at byte %d", position)
		if vault.CodeOf(err) != vault.CodeIntegrity || !strings.Contains(err.Error(), want) {
			t.Errorf("byte %d altered: %v, want %q", at, err, want)
		}
	}
	without := append(bytes.Clone(image[:starts[1]]), image[starts[2]:]...)
	if _, err := Open(MustPut(t, without)); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("second batch taken out: %v", err)
	}
}

func TestForgedChecksumIsFound(t *testing.T) {
	image, starts := MustImage(t)
	frame := image[starts[1]:starts[2]]
	frame[len(frame)-1] ^= 1
	putFrameHeader(frame, 3, 1)
	l := MustOpen(t, MustPut(t, image))
	var got []uint64
	err := l.Replay(0, func(seq uint64, _ []byte) error { got = append(got, seq); return nil })
	if vault.CodeOf(err) != vault.CodeIntegrity || !strings.Contains(err.Error(), "record 3") || len(got) != 2 {
		t.Errorf("delivered %v, %v", got, err)
	}
}

func TestMovedRecordIsFound(t *testing.T) {
	image, _ := MustImage(t)
	copy(image[8:], appendFileHeader(nil, 2)[8:])
	for off, seq := int64(fileHeaderSize), uint64(2); off < int64(len(image)); {
		h, ok := parseFrameHeader(image[off:])
		if !ok {
			t.Fatal("no frame")
		}
		putFrameHeader(image[off:off+h.size()], seq, int(h.records))
		off, seq = off+h.size(), seq+uint64(h.records)
	}
	l, err := Open(MustPut(t, image))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Unlock(testKey); vault.CodeOf(err) != vault.CodeNoIdentity {
		t.Errorf("renumbered records: %v", err)
	}
}

func TestMissingAndBrokenFiles(t *testing.T) {
	tests := []struct {
		name   string
		change func(l *Log) error
		want   vault.Code
	}{
		{"first file gone", func(l *Log) error { return os.Remove(l.path(1)) }, ""},
		{"middle file gone", func(l *Log) error { return os.Remove(l.path(2)) }, vault.CodeIntegrity},
		{"middle file cut", func(l *Log) error { return os.Truncate(l.path(2), 60) }, vault.CodeIntegrity},
		{"middle file empty", func(l *Log) error { return os.Truncate(l.path(2), 0) }, vault.CodeIntegrity},
		{"last file has no header", func(l *Log) error { return os.Truncate(l.path(3), 10) }, vault.CodeIntegrity},
		{"foreign files", func(l *Log) error { return os.WriteFile(filepath.Join(l.dir, "1.log"), nil, 0o600) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := MustOpen(t, t.TempDir())
			l.rotate = 1
			for range 3 {
				MustAppend(t, l, "record")
			}
			l.Close()
			if err := tt.change(l); err != nil {
				t.Fatal(err)
			}
			again, err := Open(l.dir)
			if vault.CodeOf(err) != tt.want {
				t.Fatalf("open: %v, want code %q", err, tt.want)
			}
			if err == nil {
				again.Close()
			}
		})
	}
}

func TestDiskFull(t *testing.T) {
	dir := filepath.Join(disktest.MustTmpfs(t, 1<<20), "log")
	l := MustOpen(t, dir)
	MustAppend(t, l, "kept")
	free := disktest.MustFill(t, filepath.Dir(dir))
	for range 2 {
		_, _, err := l.Append([][]byte{make([]byte, 100_000)})
		if vault.CodeOf(err) != vault.CodeDiskFull {
			t.Fatalf("append to a full disk: %v", err)
		}
	}
	if info, err := os.Stat(l.path(1)); err != nil || info.Size() != l.files[0].end {
		t.Errorf("the partial write is still there: %d bytes, %v", info.Size(), err)
	}
	l.rotate = 1
	if err := l.Rotate(); vault.CodeOf(err) != vault.CodeDiskFull {
		t.Errorf("rotate on a full disk: %v", err)
	}
	free()
	MustAppend(t, l, "after")
	if got := MustReplay(t, l, 0); got != "1:kept 2:after" {
		t.Errorf("replay %q", got)
	}
	l.Close()
	l = MustOpen(t, dir)
	if got := MustReplay(t, l, 0); got != "1:kept 2:after" {
		t.Errorf("replay after reopening %q", got)
	}
}

// TestCrashChild appends batches of five equal records until it is killed, and prints the last number of each.
func TestCrashChild(t *testing.T) {
	l := MustOpen(t, disktest.Dir(t))
	l.rotate = 20_000
	for {
		rec := strings.Repeat(fmt.Sprintf("%08d", l.Next()), 50)
		fmt.Printf("%d\n", MustAppend(t, l, rec, rec, rec, rec, rec))
	}
}

func TestCrashKeepsAcknowledged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	for range 6 {
		lines := disktest.MustKill(t, "TestCrashChild", dir, 20)
		acked, err := strconv.ParseUint(lines[len(lines)-1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		l := MustOpen(t, dir)
		if next := l.Next(); next <= acked || next%5 != 1 {
			t.Errorf("next is %d: record %d was acknowledged, batches have five records", next, acked)
		}
		err = l.Replay(0, func(seq uint64, rec []byte) error {
			if want := fmt.Sprintf("%08d", (seq-1)/5*5+1); len(rec) != 400 || string(rec[:8]) != want {
				t.Errorf("record %d is %.8s…, want %s…", seq, rec, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Trim(acked / 2); err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
}

func FuzzScanFile(f *testing.F) {
	image, starts := MustImage(f)
	f.Add(image)
	f.Add(image[:starts[2]+5])
	f.Add(append(bytes.Clone(image[:starts[1]]), image[starts[2]:]...))
	f.Add([]byte(fileMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok, err := scanFile(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("a file in memory cannot fail to be read: %v", err)
		}
		if !ok {
			return
		}
		if s.end < fileHeaderSize || s.end > int64(len(b)) || s.next < s.first || s.torn != (s.end < int64(len(b))) {
			t.Fatalf("impossible result %+v for %d bytes", s, len(b))
		}
		// What is kept must be a whole log again, with the same records.
		again, ok, err := scanFile(bytes.NewReader(b[:s.end]), s.end)
		if !ok || err != nil || again.torn || again.next != s.next || again.end != s.end {
			t.Fatalf("kept part scans as %+v, %v, %v; before %+v", again, ok, err, s)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			l := MustOpen(b, b.TempDir())
			batch := make([][]byte, size)
			for i := range batch {
				batch[i] = make([]byte, 500)
			}
			for b.Loop() {
				if _, _, err := l.Append(batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
