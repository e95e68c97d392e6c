package words

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"unicode"

	bip39 "github.com/tyler-smith/go-bip39"
	"github.com/tyler-smith/go-bip39/wordlists"
	"golang.org/x/text/unicode/norm"

	"vaultctl/internal/vault"
)

// published gives the lists of an independent library by our codes.
var published = map[string][]string{
	"en": wordlists.English, "fr": wordlists.French, "es": wordlists.Spanish, "it": wordlists.Italian,
	"cs": wordlists.Czech, "ja": wordlists.Japanese, "ko": wordlists.Korean,
	"zh-Hans": wordlists.ChineseSimplified, "zh-Hant": wordlists.ChineseTraditional,
}

func MustSeed(tb testing.TB) []byte {
	tb.Helper()
	seed := make([]byte, SeedLen)
	rand.Read(seed)
	return seed
}

func MustEncode(tb testing.TB, seed []byte, lang string) []string {
	tb.Helper()
	w, err := Encode(seed, lang)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func TestListsAreThePublishedOnes(t *testing.T) {
	if len(Languages()) != len(published) {
		t.Fatalf("languages %v, want %d", Languages(), len(published))
	}
	for _, code := range Languages() {
		l, _ := lookup(code)
		if len(l.words) != listLen || len(l.exact) != listLen {
			t.Errorf("%s: %d words, %d different, want %d", code, len(l.words), len(l.exact), listLen)
		}
		for i, w := range published[code] {
			if norm.NFKD.String(l.words[i]) != norm.NFKD.String(w) {
				t.Fatalf("%s: word %d differs from the published list", code, i)
			}
			if l.words[i] != norm.NFC.String(l.words[i]) {
				t.Fatalf("%s: word %d is not in composed form", code, i)
			}
		}
	}
}

func TestEncodeAgreesWithLibrary(t *testing.T) {
	for _, code := range Languages() {
		bip39.SetWordList(published[code])
		for range 20 {
			seed := MustSeed(t)
			want, err := bip39.NewMnemonic(seed)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(MustEncode(t, seed, code), " ")
			if norm.NFKD.String(got) != norm.NFKD.String(want) {
				t.Errorf("%s: other words than the library", code)
			}
		}
	}
}

func TestKnownWords(t *testing.T) {
	got := strings.Join(MustEncode(t, make([]byte, 32), "en"), " ")
	if want := strings.Repeat("abandon ", 23) + "art"; got != want {
		t.Errorf("words %q, want %q", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, code := range Languages() {
		for range 200 {
			seed := MustSeed(t)
			got, lang, err := Decode(strings.Join(MustEncode(t, seed, code), " "))
			if err != nil || lang != code || !bytes.Equal(got, seed) {
				t.Fatalf("%s: decoded as %s, %v", code, lang, err)
			}
		}
	}
}

// typing gives ways in which people write the words of a card.
var typing = map[string]func(words []string) string{
	"upper case": func(w []string) string { return strings.ToUpper(strings.Join(w, " ")) },
	"numbered":   func(w []string) string { return numbered(w, "%d. %s\n") },
	"brackets":   func(w []string) string { return numbered(w, "(%d)%s ") },
	"wide":       func(w []string) string { return numbered(w, "%d．%s\u3000") },
	"commas":     func(w []string) string { return strings.Join(w, ", ") + "." },
	"tabs":       func(w []string) string { return "\r\n\t" + strings.Join(w, "\t\t") + "\u00a0\r\n" },
	"decomposed": func(w []string) string { return norm.NFD.String(strings.Join(w, " ")) },
	"composed":   func(w []string) string { return norm.NFKC.String(strings.Join(w, " ")) },
}

func numbered(words []string, format string) string {
	var b strings.Builder
	for i, w := range words {
		fmt.Fprintf(&b, format, i+1, w)
	}
	return b.String()
}

func TestTyping(t *testing.T) {
	for _, code := range Languages() {
		for name, write := range typing {
			seed := MustSeed(t)
			got, _, err := Decode(write(MustEncode(t, seed, code)))
			if err != nil || !bytes.Equal(got, seed) {
				t.Errorf("%s, %s: %v", code, name, err)
			}
		}
	}
}

func TestTypingLatin(t *testing.T) {
	bare := func(w string) string {
		return strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFD.String(w))
	}
	for _, code := range []string{"en", "fr", "es", "it", "cs"} {
		for range 50 {
			seed := MustSeed(t)
			var plain, short []string
			for _, w := range MustEncode(t, seed, code) {
				plain = append(plain, bare(w))
				short = append(short, string([]rune(bare(w))[:min(4, len([]rune(bare(w))))]))
			}
			for _, text := range []string{strings.Join(plain, " "), strings.Join(short, " ")} {
				got, lang, err := Decode(text)
				if err != nil || lang != code || !bytes.Equal(got, seed) {
					t.Fatalf("%s: decoded as %q, %v", code, lang, err)
				}
			}
		}
	}
	l, _ := lookup("fr")
	if p, _ := l.find(normalize("eviter")); p < 0 || l.words[p] != "éviter" {
		t.Errorf("eviter is found at %d", p)
	}
}

func TestChineseWithoutSpacesAndKatakana(t *testing.T) {
	seed := MustSeed(t)
	if got, _, err := Decode(strings.Join(MustEncode(t, seed, "zh-Hant"), "")); err != nil || !bytes.Equal(got, seed) {
		t.Errorf("without spaces: %v", err)
	}
	kata := strings.Map(func(r rune) rune {
		if r >= 'ぁ' && r <= 'ゖ' {
			return r + ('ァ' - 'ぁ')
		}
		return r
	}, strings.Join(MustEncode(t, seed, "ja"), "　"))
	if got, _, err := Decode(kata); err != nil || !bytes.Equal(got, seed) {
		t.Errorf("katakana: %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := MustEncode(t, bytes.Repeat([]byte{0x4d}, 32), "fr")
	with := func(replace map[int]string) string {
		w := append([]string(nil), good...)
		for at, word := range replace {
			w[at-1] = word
		}
		return strings.Join(w, " ")
	}
	swapped := append([]string(nil), good...)
	swapped[2], swapped[22] = swapped[22], swapped[2]
	for name, c := range map[string]struct{ text, says string }{
		"empty":    {"", "24 words are needed, not 0"},
		"short":    {strings.Join(good[1:], " "), "not 23"},
		"long":     {strings.Join(good, " ") + " zoologie", "not 25"},
		"unknown":  {with(map[int]string{7: "brzpatok"}), "word 7 is not"},
		"several":  {with(map[int]string{7: "brzpatok", 19: "qwzx"}), "words 7, 19 are not"},
		"prefix":   {with(map[int]string{3: "abc"}), "word 3 is not"},
		"checksum": {with(map[int]string{1: "abaisser"}), "do not belong together"},
		"swapped":  {strings.Join(swapped, " "), "do not belong together"},
		"prose":    {strings.Repeat("bonjour madame voici ", 8), "any known language"},
		"huge":     {strings.Repeat("a", maxText+1), "too long"},
		"invalid":  {strings.Repeat("\xff\xfe ", 24), "not 0"},
	} {
		seed, _, err := Decode(c.text)
		if vault.CodeOf(err) != vault.CodeNoIdentity || seed != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "brzpatok") {
			t.Errorf("%s: %q, want it to say %q", name, err, c.says)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := Encode(make([]byte, n), "en"); vault.CodeOf(err) != vault.CodeInvalid {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	for _, lang := range []string{"", "de", "FR", "../lists/fr"} {
		if _, err := Encode(make([]byte, 32), lang); vault.CodeOf(err) != vault.CodeInvalid {
			t.Errorf("language %q: %v", lang, err)
		}
	}
}

func TestDecodeSecret(t *testing.T) {
	// The identity of 32 zero bytes, as age itself writes it.
	const key = "AGE-SECRET-KEY-PQ-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQAE0WQE"
	zero := make([]byte, 32)
	for name, text := range map[string]string{
		"key": key, "lower": strings.ToLower(key), "scanner": key + "\r\n", "file": "# card\n\n" + key + "\n",
		"words": strings.Join(MustEncode(t, zero, "en"), " "),
		"lines": "# a comment\n" + strings.Join(MustEncode(t, zero, "ko"), "\n"),
	} {
		if seed, err := DecodeSecret(text); err != nil || !bytes.Equal(seed, zero) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "comment": "# x", "typo": strings.Replace(key, "QQQQ", "QQQP", 1), "cut": key[:40], "twice": key + "\n" + key,
		"classic": "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
		"huge":    strings.Repeat("\n", maxText+1), "mixed case": key[:30] + strings.ToLower(key[30:]),
	} {
		seed, err := DecodeSecret(text)
		if vault.CodeOf(err) != vault.CodeNoIdentity || seed != nil || strings.Contains(err.Error(), "QQQ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLanguageFor(t *testing.T) {
	for tag, want := range map[string]struct {
		code  string
		exact bool
	}{
		"fr": {"fr", true}, "FR": {"fr", true}, "fr-CA": {"fr", true}, "fr_FR.UTF-8": {"fr", true}, "en-GB": {"en", true},
		"es-419": {"es", true}, "ja": {"ja", true}, "zh": {"zh-Hans", true}, "zh-CN": {"zh-Hans", true},
		"zh_TW": {"zh-Hant", true}, "zh-Hant-HK": {"zh-Hant", true}, "zh-Hans-TW": {"zh-Hans", true},
		"ar": {"fr", false}, "ro": {"fr", false}, "pt-BR": {"fr", false}, "": {"fr", false}, "--": {"fr", false}, "csb": {"fr", false},
	} {
		if code, exact := LanguageFor(tag); code != want.code || exact != want.exact {
			t.Errorf("LanguageFor(%q) = %s, %v, want %s, %v", tag, code, exact, want.code, want.exact)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, code := range Languages() {
		f.Add(strings.Join(MustEncode(f, bytes.Repeat([]byte{0xa7}, 32), code), " "))
	}
	f.Add("1. abandon\u3000２．ability")
	f.Fuzz(func(t *testing.T, text string) {
		seed, lang, err := Decode(text)
		if err != nil {
			if vault.CodeOf(err) != vault.CodeNoIdentity {
				t.Fatalf("code %q", vault.CodeOf(err))
			}
			return
		}
		again, relang, err := Decode(strings.Join(MustEncode(t, seed, lang), " "))
		if err != nil || relang != lang || !bytes.Equal(again, seed) {
			t.Fatalf("decoded words do not encode to themselves: %v", err)
		}
	})
}

func BenchmarkFirstDecode(b *testing.B) {
	for b.Loop() {
		index("fr", true)
	}
}
