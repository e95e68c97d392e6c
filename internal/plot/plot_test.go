package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// MustTexts returns what an SVG says, and fails where it is no well-formed XML.
func MustTexts(tb testing.TB, svg string) []string {
	tb.Helper()
	var texts []string
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			tb.Fatalf("%v in %s", err, svg)
		}
		if text, ok := token.(xml.CharData); ok {
			texts = append(texts, string(text))
		}
	}
}

func TestBars(t *testing.T) {
	var b strings.Builder
	seven := 7
	err := Bars(&b, "Dépôts <2026>", "moins", []Bar{{"Accueil & suivi", &seven}, {"<script>", nil}, {strings.Repeat("é", 40), nil}})
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(MustTexts(t, b.String()), "\n")
	for _, want := range []string{"Dépôts <2026>", "Accueil & suivi · 7", "<script> · moins", strings.Repeat("é", 23) + "…"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %q", want, said)
		}
	}
	if !strings.Contains(b.String(), `role="img" aria-label="Dépôts &lt;2026&gt;"`) {
		t.Error("no label for screen readers")
	}
}

func TestBarsOfNothing(t *testing.T) {
	if err := Bars(io.Discard, "t", "h", nil); err == nil {
		t.Error("a plot of nothing")
	}
	zero := 0
	if err := Bars(io.Discard, "t", "h", []Bar{{"a", &zero}}); err != nil {
		t.Errorf("zero alone: %v", err)
	}
}

func TestScale(t *testing.T) {
	for most, want := range map[int]int{1: 5, 5: 5, 6: 10, 11: 20, 99: 100, 100: 100, 101: 200, 4001: 5000} {
		if got := scale(most); got != want {
			t.Errorf("scale(%d) = %d, want %d", most, got, want)
		}
	}
}
