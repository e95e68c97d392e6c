package tomlfile

import (
	"errors"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		line       int
		want       string
	}{
		{"byte order mark", "\ufeffname = \"é\"\n", 0, ""},
		{"unknown key", "name = \"a\"\n\n[part]\nneme = 1\n", 4, `unknown key "part.neme"`},
		{"syntax", "name = \n", 1, ""},
		{"wrong kind", "\nname = 3\n", 2, ""},
		{"twice", "name = \"a\"\nname = \"b\"\n", 2, ""},
		{"not UTF-8", "name = \"\xff\"\n", 1, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var v struct {
				Name string `toml:"name"`
				Part struct {
					Name string `toml:"name"`
				} `toml:"part"`
			}
			err := Decode([]byte(tc.text), &v)
			if tc.line == 0 {
				if err != nil || v.Name != "é" {
					t.Fatalf("got %q, %v", v.Name, err)
				}
				return
			}
			var p *Problem
			if !errors.As(err, &p) || p.Line != tc.line || !strings.Contains(p.Error(), tc.want) || strings.HasPrefix(p.Error(), "toml:") {
				t.Fatalf("got %#v", err)
			}
		})
	}
}
