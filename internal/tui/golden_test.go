package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/lang"
)

var update = flag.Bool("update", false, "write the pictures of the pages anew")

// picture is a page as it should look once it has settled.
type picture struct {
	name    string
	answers canned
	keys    []string // that lead there from home; a name in quotes is typed
	before  func()   // nil, or what has to be so
}

// TestPictures compares each page with its picture, on two sizes of screen, in both languages.
func TestPictures(t *testing.T) {
	for _, p := range pictures() {
		for _, l := range []lang.Lang{lang.English, lang.French} {
			for _, size := range [][2]int{{80, 24}, {120, 40}} {
				name := fmt.Sprintf("%s-%s-%dx%d", p.name, l, size[0], size[1])
				t.Run(name, func(t *testing.T) {
					if p.before != nil {
						p.before()
					}
					s := MustDrive(t, MustCanned(t, l, p.answers), size[0], size[1])
					for _, k := range p.keys {
						if text, ok := strings.CutPrefix(k, `"`); ok {
							s.write(strings.TrimSuffix(text, `"`))
						} else {
							s.press(k)
						}
						s.settle()
					}
					compare(t, name, trimRight(s.settle()))
				})
			}
		}
	}
}

func trimRight(view string) string {
	lines := strings.Split(view, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "pictures", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page does not look as %s says:\n%s", path, got)
	}
}

// pictures lists the pages; each area adds its own.
func pictures() []picture {
	var all []picture
	for _, area := range [][]picture{homePictures(), peoplePictures(), documentPictures(), sharingPictures(), adminPictures()} {
		all = append(all, area...)
	}
	return all
}
