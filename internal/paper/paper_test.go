package paper

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-text/typesetting/shaping"

	"vaultctl/internal/lang"
	"vaultctl/internal/paper/notice"
)

const (
	testIdentity = "AGE-SECRET-KEY-PQ-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SZ4HTK9"
	testTag      = "vault-share-1-of-5-need-3-0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ"
)

var testTime = time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)

// The names that the layouts are held to: long and right to left, three words with stacked marks, ideographs.
var names = map[string]string{
	"arabic":     "عبد الرحمن بن محمد بن عبد الله الأنصاري القرطبي المراكشي الفاسي",
	"vietnamese": "Nguyễn Thị Hương",
	"chinese":    "王小明 (Wang Xiaoming)",
	"cyrillic":   "Любовь Андреевна Щербакова",
	"bengali":    "কবির হোসেন",
	"korean":     "김민준",
	"amharic":    "ብርሃን ገብረ",
	"yoruba":     "Ọlá̱bísí",
}

// MustWords returns the list of words of the language, from the lists that cards are made of.
func MustWords(tb testing.TB, code string) []string {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "words", "lists", code+".txt"))
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Fields(string(data))
}

func testCard(tb testing.TB, person string) CardData {
	return CardData{Organization: "Centre communal d’action sociale de Saint-Étienne", Person: person,
		Vault: "k7m2-9qxw-4hzt-c", Issued: testTime, Words: MustWords(tb, "fr")[100:124], Identity: testIdentity,
		Remote: "coffre:production"}
}

// documents makes one of each kind.
func documents(tb testing.TB, person string) map[string]func(lang.Lang, *bytes.Buffer) error {
	words := MustWords(tb, "fr")[:24]
	rows := make([]JournalRow, 24)
	for i := range rows {
		rows[i] = JournalRow{testTime.Add(time.Duration(i) * time.Hour), person, "entry number " + strconv.Itoa(i+1)}
	}
	return map[string]func(lang.Lang, *bytes.Buffer) error{
		"card": func(l lang.Lang, b *bytes.Buffer) error { return Card(b, l, testCard(tb, person)) },
		"recovery": func(l lang.Lang, b *bytes.Buffer) error {
			share := testTag + " " + strings.Join(words, " ")
			return RecoverySheets(b, l, RecoveryData{Organization: "CCAS", Made: testTime, Fingerprint: "0f3c 9a1e 77b2",
				Remote: "/srv/vaults", Needed: 2, Shares: []string{share, share, share}, RootWords: words})
		},
		"notice": func(l lang.Lang, b *bytes.Buffer) error {
			return Notice(b, l, NoticeData{testTime, notice.Params{Organization: "CCAS", Readers: []string{person},
				RecoveryHolders: "CCAS", RecoveryNeeded: 2, RecoveryShares: 3}})
		},
		"journal": func(l lang.Lang, b *bytes.Buffer) error {
			return Journal(b, l, JournalData{Organization: "CCAS", Person: person, Vault: "k7m2-9qxw-4hzt-c", Made: testTime,
				Rows: rows})
		},
	}
}

// MustRender makes a document and checks that it is a valid PDF.
func MustRender(tb testing.TB, l lang.Lang, compose func(lang.Lang, *bytes.Buffer) error) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := compose(l, &b); err != nil {
		tb.Fatal(err)
	}
	MustBeValid(tb, b.Bytes())
	return b.Bytes()
}

func TestDocumentsInEveryScript(t *testing.T) {
	pages := map[string]int{"card": 1, "recovery": 4, "notice": 3, "journal": 3}
	for script, name := range names {
		for kind, compose := range documents(t, name) {
			if kind == "notice" && script != "arabic" || kind == "recovery" && script != "chinese" {
				continue
			}
			for _, l := range []lang.Lang{lang.English, lang.French} {
				t.Run(script+"/"+kind+"/"+l.String(), func(t *testing.T) {
					pdf := MustRender(t, l, compose)
					var again bytes.Buffer
					if err := compose(l, &again); err != nil || !bytes.Equal(pdf, again.Bytes()) {
						t.Errorf("two renderings differ (%v)", err)
					}
					doc := MustParse(t, pdf)
					if len(doc) > pages[kind] {
						t.Errorf("%d pages, want at most %d", len(doc), pages[kind])
					}
					MustContain(t, doc.text(), name, kind != "recovery")
					last := l.T("Page %d of %d", len(doc), len(doc))
					MustContain(t, doc[len(doc)-1].text, last, true)
					rendered := popplerText(t, pdf)
					if rendered != "" && !strings.Contains(flat(rendered), flat(last)) {
						t.Errorf("pdftotext does not see %q", last)
					}
				})
			}
		}
	}
}

func TestCardWordsInOrder(t *testing.T) {
	for _, code := range []string{"en", "fr", "ja", "ko", "zh-Hans"} {
		data := testCard(t, names["vietnamese"])
		data.Words = MustWords(t, code)[1500:1524]
		pdf := MustRender(t, lang.French, func(l lang.Lang, b *bytes.Buffer) error { return Card(b, l, data) })
		var want strings.Builder
		for i, w := range data.Words {
			want.WriteString(strconv.Itoa(i+1) + "." + w)
		}
		MustContain(t, MustParse(t, pdf).text(), want.String(), true)
	}
}

func TestEveryCardWordHasGlyphs(t *testing.T) {
	lists, err := filepath.Glob(filepath.Join("..", "words", "lists", "*.txt"))
	if err != nil || len(lists) == 0 {
		t.Fatalf("no lists of words: %v", err)
	}
	for _, path := range lists {
		code := strings.TrimSuffix(filepath.Base(path), ".txt")
		s := newSheet(lang.English, "", "", testTime)
		for _, word := range MustWords(t, code) {
			for _, l := range s.wrap(strongStyle, full, clean(word)) {
				for _, run := range l.runs {
					for _, g := range run.Glyphs {
						if g.GlyphID == 0 {
							t.Errorf("%s: no glyph in %q", code, word)
						}
					}
				}
			}
		}
	}
}

func TestUnknownCharacterIsVisible(t *testing.T) {
	s := newSheet(lang.English, "", "", testTime)
	runs := s.wrap(bodyStyle, full, "a😀b")[0].runs
	var glyphs []shaping.Glyph
	for _, run := range runs {
		glyphs = append(glyphs, run.Glyphs...)
	}
	if len(glyphs) != 3 || glyphs[1].GlyphID != 0 || glyphs[1].Advance == 0 {
		t.Fatalf("glyphs: %+v", glyphs)
	}
	outline, ok := s.faces.get(regular).GlyphDataOutline(0)
	if !ok || len(outline.Segments) == 0 {
		t.Fatal("the missing-character glyph is empty")
	}
}

func TestHostileNames(t *testing.T) {
	for _, name := range []string{"\xff\xfe", "a\nb\tc", "\u202eevil\u202c", "\u2066\u2066", strings.Repeat("a", 400),
		strings.Repeat("ش", 400), "e\u0301\u0301\u0301\u0301", "\x00", "** bold **", "\U000E0001"} {
		for _, kind := range []string{"card", "journal"} {
			compose := documents(t, name)[kind]
			if pdf := MustRender(t, lang.French, compose); len(pdf) == 0 {
				t.Errorf("%s %q: empty", kind, name)
			}
		}
	}
	if got := clean("a\u202eb\u2066c\nd"); got != "abc d" {
		t.Errorf("clean = %q", got)
	}
}

func TestRefusals(t *testing.T) {
	var b bytes.Buffer
	for name, err := range map[string]error{
		"card without words":  Card(&b, lang.English, CardData{Identity: testIdentity}),
		"card without key":    Card(&b, lang.English, CardData{Words: []string{"a"}}),
		"no shares":           RecoverySheets(&b, lang.English, RecoveryData{Needed: 1}),
		"more than there are": RecoverySheets(&b, lang.English, RecoveryData{Needed: 2, Shares: []string{"x"}}),
		"nobody's notice":     Notice(&b, lang.English, NoticeData{}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if b.Len() > 0 {
		t.Errorf("%d bytes written by what was refused", b.Len())
	}
}

func TestConcurrent(t *testing.T) {
	for kind, compose := range documents(t, names["chinese"]) {
		want := MustRender(t, lang.French, compose)
		for range 3 {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				if got := MustRender(t, lang.French, compose); !bytes.Equal(got, want) {
					t.Error("a concurrent rendering differs")
				}
			})
		}
	}
}
