package engine

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"

	"golang.org/x/crypto/scrypt"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"vaultctl/internal/vault"
)

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// mac returns a labelled HMAC-SHA-256 in base64url, 22 characters (128 bits are enough for an index).
func mac(key []byte, label string, parts ...string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(label))
	for _, p := range parts {
		h.Write([]byte{0})
		h.Write([]byte(p))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// refValue is the blind index value of a reference, "SYSTEM:ID", which identifies.
func refValue(key []byte, ref string) string { return mac(key, "ref", canonicalRef(ref)) }

// digestValue is the keyed digest of a document in a vault.
func digestValue(key []byte, b vault.BeneficiaryID, digest vault.Hash) string {
	return mac(key, "digest", string(b), string(digest))
}

// sourceValue is the keyed digest of a source id in a vault.
func sourceValue(key []byte, b vault.BeneficiaryID, sourceID string) string {
	return mac(key, "source", string(b), sourceID)
}

// canonicalRef upper-cases the system and trims both halves; the id keeps its case.
func canonicalRef(ref string) string {
	system, id, _ := strings.Cut(ref, ":")
	return strings.ToUpper(strings.TrimSpace(system)) + ":" + strings.TrimSpace(id)
}

// nameIndex is the blind index of a person's names: "possible", not proof. Each name is combined with the full birth
// date, with the year, and alone.
type nameIndex struct{ date, year, alone []string }

// values returns all of them, sorted.
func (x *nameIndex) values() []string {
	out := slices.Concat(x.date, x.year, x.alone)
	sort.Strings(out)
	return slices.Compact(out)
}

// nameIndexOf computes the index. Given and family name count in either order; the values are stretched, so that a
// holder of the key pays for every guess.
func nameIndexOf(key []byte, p *vault.Person) nameIndex {
	var x nameIndex
	year := p.Born.Year()
	for _, n := range namesOf(p) {
		x.alone = append(x.alone, stretch(key, "name", n))
		if year != "" {
			x.year = append(x.year, stretch(key, "name+year", n+"\x00"+year))
		}
		if len(p.Born) == len(time.DateOnly) { // "about" a day is not that day
			x.date = append(x.date, stretch(key, "name+date", n+"\x00"+string(p.Born)))
		}
	}
	return x
}

// namesOf returns the folded names under which a person may be looked for: each family name with the given name. An alias
// of several words may be a whole name, and counts as it is too. A given name stands alone only where there is nothing else.
func namesOf(p *vault.Person) []string {
	given := foldName(p.GivenName)
	var out []string
	for _, f := range append([]string{p.FamilyName, p.UsageName}, p.Aliases...) {
		if f = foldName(f); f != "" {
			out = append(out, sortedName(f, given))
		}
	}
	for _, a := range p.Aliases {
		if f := foldName(a); strings.Contains(f, " ") {
			out = append(out, sortedName(f, ""))
		}
	}
	if len(out) == 0 && given != "" {
		out = append(out, sortedName(given, ""))
	}
	sort.Strings(out)
	return slices.Compact(out)
}

// sortedName makes given and family name one key whichever came first, so that swapped fields are found.
func sortedName(a, b string) string {
	words := strings.Fields(a + " " + b)
	sort.Strings(words)
	return strings.Join(words, " ")
}

// stretch costs about a millisecond and 1 MiB.
func stretch(key []byte, label, text string) string {
	k, err := scrypt.Key([]byte(label+"\x00"+text), key, 1<<10, 8, 1, 16)
	if err != nil {
		panic("scrypt parameters: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(k)
}

// foldName removes case, accents, punctuation and doubled spaces, so that names compare as people mean them.
func foldName(s string) string {
	t := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFKC)
	folded, _, err := transform.String(t, s)
	if err != nil {
		folded = s
	}
	folded = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return ' '
	}, folded)
	return strings.Join(strings.Fields(folded), " ")
}
