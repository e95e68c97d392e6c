package pdfpages

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
)

// TestJoin: all pages of all parts, each of the same paper.
func TestJoin(t *testing.T) {
	r, bad, err := New().Join(t.Context(), scan(1), [][]byte{scan(1), scan(3), scan(2)})
	if err != nil || bad != -1 {
		t.Fatal(bad, err)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	MustBeValid(t, body, 6)
}

// pageDrawing is a PDF of one page that draws these streams.
func pageDrawing(streams ...string) []byte {
	b := &builder{}
	root, tree := b.add(""), b.add("")
	var refs []string
	for _, s := range streams {
		refs = append(refs, fmt.Sprintf("%d 0 R", b.stream("", s)))
	}
	leaf := b.add(fmt.Sprintf("<</Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources <<>> /Contents [%s]>>", tree, strings.Join(refs, " ")))
	b.objects[tree-1] = fmt.Sprintf("<</Type /Pages /Kids [%d 0 R] /Count 1>>", leaf)
	b.objects[root-1] = fmt.Sprintf("<</Type /Catalog /Pages %d 0 R>>", tree)
	return b.bytes(root)
}

// TestNoPageEscapesItsStamp: whatever a page leaves open ends with the page, before the stamp is drawn.
func TestNoPageEscapesItsStamp(t *testing.T) {
	for name, streams := range map[string][]string{
		"a comment": {"0 0 9 9 re f % and so on"}, "a text": {"BT 1 0 0 1 5 5 Tm"}, "states": {"q q q 0 0 1 1 re W n"}, "too many ends": {"Q Q Q"},
		"two streams": {"0 0 9 9 re f", "q Q"}, "nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			r, bad, err := New().Join(t.Context(), scan(1), [][]byte{pageDrawing(streams...)})
			if err != nil {
				t.Fatal(bad, err)
			}
			body, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil {
				t.Fatal(err)
			}
			ctx, err := api.ReadValidateAndOptimize(bytes.NewReader(body), joining())
			if err != nil {
				t.Fatal(err)
			}
			d, _, _, err := ctx.PageDict(1, false)
			if err != nil {
				t.Fatal(err)
			}
			drawn, err := ctx.PageContent(d, 1)
			if err != nil {
				t.Fatal(err)
			}
			words := strings.Fields(string(drawn))
			count := func(w string) int {
				return len(slices.DeleteFunc(slices.Clone(words), func(x string) bool { return x != w }))
			}
			if count("Do") != 2 || count("q") != count("Q") || strings.ContainsAny(string(drawn), "%(") {
				t.Errorf("the page draws %q", drawn)
			}
		})
	}
}

// TestJoinNamesTheBadOne: a part that is no PDF is known by its number.
func TestJoinNamesTheBadOne(t *testing.T) {
	whole := scan(2)
	for name, broken := range map[string][]byte{"no PDF": []byte("hello"), "nothing": nil, "cut short": whole[:len(whole)/3]} {
		_, bad, err := New().Join(t.Context(), scan(1), [][]byte{scan(1), broken, scan(1)})
		if err == nil || bad != 1 {
			t.Errorf("%s: part %d, %v", name, bad, err)
		}
	}
}

// TestFrames: what does not come whole is not taken.
func TestFrames(t *testing.T) {
	for name, raw := range map[string][]byte{"nothing": nil, "one part": append([]byte{0, 0, 0, 0, 0, 0, 0, 1}, 'x'), "half a length": {0, 0, 0},
		"too short": append([]byte{0, 0, 0, 0, 0, 0, 0, 9}, 'x'), "too long": {255, 255, 255, 255, 255, 255, 255, 255}} {
		if parts, err := frames(bytes.NewReader(raw)); err == nil {
			t.Errorf("%s: %d parts", name, len(parts))
		}
	}
}
