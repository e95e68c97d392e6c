package manifest

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
)

// generated is a file of many lines that is nowhere: line n is computed when it is read.
type generated struct {
	line  func(n int) string
	lines int
	n     int
	rest  string
}

func (g *generated) Read(b []byte) (int, error) {
	for g.rest == "" {
		if g.n == g.lines {
			return 0, io.EOF
		}
		g.rest = g.line(g.n)
		g.n++
	}
	n := copy(b, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

func (g *generated) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("only to the start")
	}
	g.n, g.rest = 0, ""
	return 0, nil
}

func (g *generated) Close() error { return nil }

// rowLine is a line of a manifest in Windows-1252, now and then with quotes, an embedded line end, or a quote left open.
func rowLine(n int) string {
	switch {
	case n == 0:
		return "chemin;b\xE9n\xE9ficiaire;type;titre;\xE9mis le\r\n"
	case n%1000 == 0:
		return fmt.Sprintf("%d/avis.pdf;SI:%d;tax-notice;\"jamais ferm\xE9;14/03/2025\r\n", n, n)
	case n%100 == 0:
		return fmt.Sprintf("%d/avis.pdf;SI:%d;tax-notice;\"Avis\r\nde l'ann\xE9e\";14/03/2025\r\n", n, n)
	}
	return fmt.Sprintf("%d/avis.pdf;SI:%d;tax-notice;Avis d'imposition n\xB0 %d;14/03/2025\r\n", n, n, n)
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A million rows are read one by one: what is held at the end is what was held at the beginning.
func TestMillionRows(t *testing.T) {
	lines := 1_000_000
	if testing.Short() {
		lines = 100_000
	}
	s, err := newCSV(&generated{line: rowLine, lines: lines + 1}, t.TempDir(), &Options{Today: "2026-11-22"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, bad, before := 0, 0, uint64(0)
	for {
		r, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if rows++; r.Err != nil {
			bad++
		}
		if rows == 10_000 {
			before = heap()
		}
	}
	if rows != lines || bad != lines/1000 {
		t.Errorf("%d rows, %d of them bad", rows, bad)
	}
	if after := heap(); after > before+4<<20 {
		t.Errorf("%d bytes are held after %d rows, %d after 10,000", after, rows, before)
	}
}

// BenchmarkRows measures the reading of a row of CSV, the detection of its encoding included.
func BenchmarkRows(b *testing.B) {
	b.ReportAllocs()
	s, err := newCSV(&generated{line: rowLine, lines: b.N + 1}, b.TempDir(), &Options{Today: "2026-11-22"})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for err == nil {
		_, err = s.Next()
	}
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
}

// BenchmarkSheetRows measures the reading of a row of a workbook.
func BenchmarkSheetRows(b *testing.B) {
	var rows []byte
	for n := range 10_000 {
		rows = append(rows, xmlRow(n+2, fmt.Sprintf(`<c r="D%d" s="1"><v>45730</v></c><c r="E%[1]d" t="s"><v>6</v></c>`, n+2))...)
	}
	path := MustWrite(b, b.TempDir(), "m.xlsx", MustWorkbook(b, string(rows)))
	b.ReportAllocs()
	for left := b.N; left > 0; {
		s, err := Open(path, Options{Today: "2026-11-22"})
		if err != nil {
			b.Fatal(err)
		}
		for ; err == nil && left > 0; left-- {
			_, err = s.Next()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
