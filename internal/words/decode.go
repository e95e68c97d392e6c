package words

import (
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"vaultctl/internal/bech32"
	"vaultctl/internal/vault"
)

const (
	// maxText bounds what is read, in bytes. The longest secret, with numbers and comments, takes a fifth of it.
	maxText = 16 << 10

	// minPrefix is the number of letters from which the beginning of a word stands for it.
	minPrefix = 4

	keyStart  = "AGE-SECRET-KEY-"
	keyPrefix = "age-secret-key-pq-"
)

// Decode returns the secret that 24 typed words stand for and the language they were found to be of. Everything that is
// not a letter separates words. Errors are vault.CodeNoIdentity: the wrong number of words, unknown words (by
// position), a checksum that does not fit, or words that mean different secrets in two languages.
func Decode(text string) (seed []byte, lang string, err error) {
	if len(text) > maxText {
		return nil, "", vault.Errorf(vault.CodeNoIdentity, "this is too long to be %d words", Count)
	}
	tokens := split(text)
	if len(tokens) != Count {
		return nil, "", vault.Errorf(vault.CodeNoIdentity, "%d words are needed, not %d", Count, len(tokens))
	}
	best := reading{}
	clash := false
	for i := range languages {
		r := read(tokens, i)
		switch {
		case r.valid && best.valid && r.exact == best.exact && string(r.seed) != string(best.seed):
			clash = true
		case i == 0 || r.better(best):
			best, clash = r, false
		}
	}
	if clash {
		return nil, "", vault.Errorf(vault.CodeNoIdentity, "the words fit two languages: write every word in full, with its accents")
	}
	if !best.valid {
		return nil, "", best.complaint()
	}
	return best.seed, languages[best.language].code, nil
}

// DecodeSecret returns the 32 bytes of a secret given as 24 words or as the AGE-SECRET-KEY-PQ-1… that the code on a card
// holds. Lines that begin with # are ignored, so that an age identity file with one key is accepted as well. Errors are
// vault.CodeNoIdentity.
func DecodeSecret(text string) ([]byte, error) {
	if len(text) > maxText {
		return nil, vault.Errorf(vault.CodeNoIdentity, "this is too long to be a secret")
	}
	var kept []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		return nil, vault.Errorf(vault.CodeNoIdentity, "no secret was given")
	}
	if !strings.HasPrefix(strings.ToUpper(kept[0]), keyStart) {
		seed, _, err := Decode(strings.Join(kept, "\n"))
		return seed, err
	}
	if len(kept) > 1 {
		return nil, vault.Errorf(vault.CodeNoIdentity, "one secret key is needed, not several")
	}
	hrp, seed, err := bech32.Decode(kept[0])
	switch {
	case err != nil:
		return nil, vault.Errorf(vault.CodeNoIdentity, "the secret key is mistyped or cut short")
	case hrp != keyPrefix || len(seed) != SeedLen:
		return nil, vault.Errorf(vault.CodeNoIdentity, "this is a secret key of another kind: AGE-SECRET-KEY-PQ-1… is needed")
	}
	return seed, nil
}

// reading is what the typed words are in one language.
type reading struct {
	language int
	unknown  []int // positions, from 1, of words that are not in the list
	exact    int   // words that were written in full
	seed     []byte
	valid    bool
}

func read(tokens []string, language int) reading {
	l := languages[language].load()
	r := reading{language: language}
	positions := make([]int, len(tokens))
	for i, t := range tokens {
		p, exact := l.find(t)
		if p < 0 {
			r.unknown = append(r.unknown, i+1)
			continue
		}
		if exact {
			r.exact++
		}
		positions[i] = p
	}
	if len(r.unknown) == 0 {
		r.seed, r.valid = pack(positions)
	}
	return r
}

func (r reading) better(than reading) bool {
	switch {
	case r.valid != than.valid:
		return r.valid
	case len(r.unknown) != len(than.unknown):
		return len(r.unknown) < len(than.unknown)
	}
	return r.exact > than.exact
}

func (r reading) complaint() error {
	switch n := len(r.unknown); {
	case n == 0:
		return vault.Errorf(vault.CodeNoIdentity, "the words do not belong together: one is wrong, or two are exchanged")
	case n > Count/2:
		return vault.Errorf(vault.CodeNoIdentity, "these are not the words of a secret in any known language")
	case n == 1:
		return vault.Errorf(vault.CodeNoIdentity, "word %d is not in the list", r.unknown[0])
	}
	at := make([]string, len(r.unknown))
	for i, p := range r.unknown {
		at[i] = strconv.Itoa(p)
	}
	return vault.Errorf(vault.CodeNoIdentity, "words %s are not in the list", strings.Join(at, ", "))
}

// find returns the position of a normalized word, or -1. exact is false if letters or accents were left out.
func (l *list) find(token string) (position int, exact bool) {
	if p, ok := l.exact[token]; ok {
		return p, true
	}
	if !l.latin {
		return -1, false
	}
	token = fold(token)
	if p, ok := l.folded[token]; ok {
		return p, false
	}
	if utf8.RuneCountInString(token) < minPrefix {
		return -1, false
	}
	i := sort.SearchStrings(l.sorted, token)
	if i == len(l.sorted) || !strings.HasPrefix(l.sorted[i], token) {
		return -1, false
	}
	if i+1 < len(l.sorted) && strings.HasPrefix(l.sorted[i+1], token) {
		return -1, false
	}
	return l.folded[l.sorted[i]], false
}

// split returns the normalized words of a text.
func split(text string) []string {
	fields := strings.FieldsFunc(normalize(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	tokens := make([]string, 0, Count)
	for _, f := range fields {
		if strings.ContainsFunc(f, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) {
			tokens = append(tokens, f)
			continue
		}
		for _, r := range f { // Chinese words are one character each
			tokens = append(tokens, string(r))
		}
	}
	return tokens
}

// fold drops the accents of a normalized word in Latin script.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, s)
	return ligatures.Replace(s)
}

var ligatures = strings.NewReplacer("œ", "oe", "æ", "ae")

// hiragana maps katakana to it, as some Japanese keyboards give.
func hiragana(r rune) rune {
	if r >= 'ァ' && r <= 'ヶ' {
		return r - ('ァ' - 'ぁ')
	}
	return r
}
