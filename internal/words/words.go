// Package words turns a 32-byte secret into 24 words of BIP-39 and back, so that a person can keep a key on paper and
// type it in.
//
// Writing is strict: the words of one of nine published lists, in composed Unicode form. Reading is lenient: case,
// accents, numbering, line ends, ideographic spaces and Chinese words without spaces make no difference, in languages
// of Latin script the first four letters are enough, and the language is found from the words. What remains strict is
// the result: every word must be of one list and the checksum must fit.
//
// Errors about what was typed are vault.CodeNoIdentity and name the position of a word, never the word. All functions
// are safe for concurrent use. Importing the package costs nothing; each list is indexed when it is first used.
package words

import (
	"crypto/sha256"
	"embed"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"

	"vaultctl/internal/vault"
)

const (
	// Count is the number of words of a secret.
	Count = 24

	// SeedLen is the length of a secret in bytes.
	SeedLen = 32

	// Fallback is the language of the words for people whose own has no list.
	Fallback = "fr"

	listLen  = 2048
	wordBits = 11
)

// The lists are those of BIP-39 in composed form, one word a line. A test holds them against a published library.
//
//go:embed lists/*.txt
var files embed.FS

// list is one language, indexed.
type list struct {
	words  []string       // in the order of BIP-39
	exact  map[string]int // by normalize
	latin  bool
	folded map[string]int // latin only: by fold, where that is unique
	sorted []string       // latin only: the keys that fold gives, sorted
}

type language struct {
	code string
	load func() *list
}

var languages = []language{
	lazy("en", true), lazy("fr", true), lazy("es", true), lazy("it", true), lazy("cs", true),
	lazy("ja", false), lazy("ko", false), lazy("zh-Hans", false), lazy("zh-Hant", false),
}

func lazy(code string, latin bool) language {
	return language{code, sync.OnceValue(func() *list { return index(code, latin) })}
}

func index(code string, latin bool) *list {
	text, err := files.ReadFile("lists/" + code + ".txt")
	if err != nil {
		panic("words: " + err.Error()) // embedded: cannot be missing in a program that was built
	}
	l := &list{words: strings.Fields(string(text)), exact: make(map[string]int, listLen), latin: latin}
	for i, w := range l.words {
		l.exact[normalize(w)] = i
	}
	if !latin {
		return l
	}
	l.folded = make(map[string]int, listLen)
	for i, w := range l.words {
		f := fold(normalize(w))
		l.sorted = append(l.sorted, f)
		if _, twice := l.folded[f]; twice {
			i = -1
		}
		l.folded[f] = i
	}
	slices.Sort(l.sorted)
	return l
}

func lookup(code string) (*list, bool) {
	for _, l := range languages {
		if l.code == code {
			return l.load(), true
		}
	}
	return nil, false
}

// Languages returns the codes that Encode accepts, in a fixed order.
func Languages() []string {
	codes := make([]string, len(languages))
	for i, l := range languages {
		codes[i] = l.code
	}
	return codes
}

// LanguageFor returns the word language for a person's language tag, such as fr, pt-BR, zh_TW or ar. exact is false if
// the person's own language has no list and code is Fallback. Any string is accepted.
func LanguageFor(tag string) (code string, exact bool) {
	parts := strings.FieldsFunc(strings.ToLower(tag), func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == '@' })
	if len(parts) == 0 {
		return Fallback, false
	}
	if parts[0] == "zh" {
		for _, p := range parts[1:] {
			switch p {
			case "hant", "tw", "hk", "mo":
				return "zh-Hant", true
			case "hans":
				return "zh-Hans", true
			}
		}
		return "zh-Hans", true
	}
	for _, l := range languages {
		if l.code == parts[0] {
			return l.code, true
		}
	}
	return Fallback, false
}

// iso639 are the two-letter codes of ISO 639-1.
const iso639 = " aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es " +
	"et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl " +
	"km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om " +
	"or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts " +
	"tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu "

// KnownLanguage reports whether a tag names a language: its first part is a code of ISO 639-1.
func KnownLanguage(tag string) bool {
	first, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	return len(first) == 2 && strings.Contains(iso639, " "+first+" ")
}

// Encode returns the 24 words of seed, which has 32 bytes, in one of Languages. Anything else is vault.CodeInvalid.
func Encode(seed []byte, lang string) ([]string, error) {
	if len(seed) != SeedLen {
		return nil, vault.Errorf(vault.CodeInvalid, "a secret has %d bytes, not %d", SeedLen, len(seed))
	}
	l, ok := lookup(lang)
	if !ok {
		return nil, vault.Errorf(vault.CodeInvalid, "no list of words for this language; there are: %s", strings.Join(Languages(), ", "))
	}
	out := make([]string, 0, Count)
	acc, bits := uint(0), 0
	for _, b := range append(slices.Clone(seed), checksum(seed)) {
		acc = acc<<8 | uint(b)
		if bits += 8; bits >= wordBits {
			bits -= wordBits
			out = append(out, l.words[acc>>bits&(listLen-1)])
		}
	}
	return out, nil
}

func checksum(seed []byte) byte {
	sum := sha256.Sum256(seed)
	return sum[0]
}

// pack is the inverse of Encode for the positions of words in their list. ok tells whether the checksum fits.
func pack(positions []int) (seed []byte, ok bool) {
	out := make([]byte, 0, SeedLen+1)
	acc, bits := uint(0), 0
	for _, p := range positions {
		acc = acc<<wordBits | uint(p)
		for bits += wordBits; bits >= 8; {
			bits -= 8
			out = append(out, byte(acc>>bits))
		}
	}
	seed = out[:SeedLen]
	return seed, out[SeedLen] == checksum(seed)
}

// normalize gives the form in which typed and listed words are compared.
func normalize(s string) string {
	return strings.Map(hiragana, norm.NFKD.String(strings.ToLower(s)))
}
