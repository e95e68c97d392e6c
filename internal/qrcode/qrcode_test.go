package qrcode

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTextDrawsEveryModule(t *testing.T) {
	code, err := Encode("AGE-SECRET-KEY-PQ-1EXAMPLE", Medium)
	if err != nil {
		t.Fatal(err)
	}
	for _, inverted := range []bool{false, true} {
		lines := strings.Split(strings.TrimSuffix(code.Text(inverted), "\n"), "\n")
		for y := range code.Size {
			line := []rune(lines[(y+Quiet)/2])
			if len(line) != code.Columns() {
				t.Fatalf("line of %d columns, want %d", len(line), code.Columns())
			}
			for x := range code.Size {
				lit := strings.ContainsRune("█▀", line[x+Quiet])
				if (y+Quiet)%2 == 1 {
					lit = strings.ContainsRune("█▄", line[x+Quiet])
				}
				if lit == (code.Black(x, y) != inverted) {
					t.Fatalf("inverted %t: module %d,%d is drawn wrong", inverted, x, y)
				}
			}
		}
		if utf8.RuneCountInString(lines[0]) != code.Columns() {
			t.Errorf("first line %q", lines[0])
		}
	}
}

func TestTooLong(t *testing.T) {
	if _, err := Encode(strings.Repeat("x", 4000), Low); err == nil {
		t.Error("4000 bytes fitted")
	}
}
