package pdfpages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"vaultctl/internal/vault"
)

// split runs a process for a PDF.
func split(tb testing.TB, p *Process, src io.Reader, pages string) ([]byte, error) {
	tb.Helper()
	r, _, err := p.Split(tb.Context(), src, pages)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestProcess(t *testing.T) {
	p, whole := New(), scan(5)
	want, err := take(whole, "2-3")
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []io.Reader{bytes.NewReader(whole), iotest.OneByteReader(bytes.NewReader(whole)), iotest.DataErrReader(bytes.NewReader(whole))} {
		got, err := split(t, p, src, "2-3")
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
		}
	}
	if n, err := p.Count(t.Context(), bytes.NewReader(whole)); n != 5 || err != nil {
		t.Errorf("%d pages, %v", n, err)
	}
}

// TestProcessRefuses: every refusal has a code, a sentence, and leaves its place free.
func TestProcessRefuses(t *testing.T) {
	p, whole := New(), scan(2)
	broken := errors.New("the file changed")
	for range atOnce + 1 {
		for name, c := range map[string]struct {
			src   io.Reader
			pages string
			want  string
		}{
			"no list":      {bytes.NewReader(whole), "x", "not a list of pages"},
			"no PDF":       {strings.NewReader("a photo"), "1", "not a PDF"},
			"empty":        {strings.NewReader(""), "1", "not a PDF"},
			"damaged":      {bytes.NewReader(whole[:900]), "1", "the PDF is damaged"},
			"out of range": {bytes.NewReader(whole), "2-3", "page 3 is not there: the PDF has 2"},
		} {
			got, err := split(t, p, c.src, c.pages)
			if vault.CodeOf(err) != vault.CodeInvalid || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		for _, n := range []int{0, 10, len(whole)} {
			src := io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken))
			if got, err := split(t, p, src, "1"); !errors.Is(err, broken) {
				t.Errorf("source that fails after %d bytes: %q, %v", n, got, err)
			}
		}
	}
	if len(p.slots) != 0 {
		t.Errorf("%d places are taken", len(p.slots))
	}
}

// TestProcessEnds: a process that crashes, that hangs, that nobody listens to or whose caller is gone is an error, not a
// piece, and is not waited for.
func TestProcessEnds(t *testing.T) {
	whole := scan(300)
	t.Run("crash", func(t *testing.T) {
		t.Setenv("TMPDIR", "crash")
		if _, err := split(t, New(), bytes.NewReader(whole), "1"); vault.CodeOf(err) != vault.CodeInvalid {
			t.Error(err)
		}
	})
	t.Run("hang", func(t *testing.T) {
		t.Setenv("TMPDIR", "hang")
		p := New()
		p.limit = 50 * time.Millisecond
		if _, err := split(t, p, strings.NewReader("%PDF-"), "1"); vault.CodeOf(err) != vault.CodeInvalid {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		p.limit = time.Hour
		if _, _, err := p.Split(ctx, strings.NewReader("%PDF-"), "1"); vault.CodeOf(err) != vault.CodeInterrupted {
			t.Error(err)
		}
		if _, err := p.Count(ctx, strings.NewReader("%PDF-")); vault.CodeOf(err) != vault.CodeInterrupted {
			t.Error(err)
		}
	})
	t.Run("closed early", func(t *testing.T) {
		p := New()
		for range atOnce + 1 {
			r, n, err := p.Split(t.Context(), bytes.NewReader(whole), "1-")
			if err != nil || n != 300 {
				t.Fatal(err)
			}
			if _, err := r.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(r); err == nil {
				t.Error("what was cut short looks whole")
			}
		}
	})
	t.Run("many at once", func(t *testing.T) {
		p := New()
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				if _, err := split(t, p, bytes.NewReader(scan(3)), fmt.Sprint(i%3+1)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// TestProcessLeavesNothing: no plaintext, and nothing else, comes onto the disk.
func TestProcessLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"TMPDIR", "TEMP", "HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(name, dir)
	}
	if _, err := split(t, New(), bytes.NewReader(scan(3)), "1,3"); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left in %s: %v, %v", filepath.Base(dir), left, err)
	}
}

// TestTooLarge: a PDF that exceeds the limit is refused without being held.
func TestTooLarge(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("%PDF-1.7\n"), zeros{})
	if _, _, err := slurp(endless, 3*chunkSize); !errors.Is(err, errTooLarge) {
		t.Error(err)
	}
	if c, size, err := slurp(io.LimitReader(io.MultiReader(strings.NewReader("%PDF-1.7\n"), zeros{}), 2*chunkSize), 2*chunkSize); size != 2*chunkSize || err != nil {
		t.Errorf("%d bytes in %d chunks, %v", size, len(c), err)
	}
	if _, _, err := slurp(zeros{}, MaxSize); !errors.Is(err, errNotPDF) {
		t.Errorf("what is no PDF is read on: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestChunks(t *testing.T) {
	whole := bytes.Repeat([]byte("0123456789abcdef"), chunkSize/8)
	c, size, err := slurp(io.MultiReader(strings.NewReader("%PDF-"), bytes.NewReader(whole)), MaxSize)
	if err != nil || size != int64(len(whole))+5 {
		t.Fatal(size, err)
	}
	if err := iotest.TestReader(io.NewSectionReader(c, 0, size), append([]byte("%PDF-"), whole...)); err != nil {
		t.Error(err)
	}
}
