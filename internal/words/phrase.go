package words

import "slices"

// PhraseCount is the number of words of a phrase: 66 bits.
const PhraseCount = 6

// Phrase returns six words that stand for the first 66 bits of sum, which has at least nine bytes, for people to compare
// from one screen to another. They are of one list, Fallback's, whatever language a screen has.
func Phrase(sum []byte) []string {
	l, _ := lookup(Fallback)
	out := make([]string, 0, PhraseCount)
	acc, bits := uint(0), 0
	for _, b := range sum {
		acc = acc<<8 | uint(b)
		if bits += 8; bits >= wordBits {
			bits -= wordBits
			if out = append(out, l.words[acc>>bits&(listLen-1)]); len(out) == PhraseCount {
				break
			}
		}
	}
	return out
}

// SamePhrase reports whether a typed text is the phrase. Case, accents, numbering and signs between the words make no
// difference, and the first four letters of a word stand for it.
func SamePhrase(typed string, phrase []string) bool {
	if len(typed) > maxText {
		return false
	}
	l, _ := lookup(Fallback)
	position := func(word string) int {
		p, _ := l.find(word)
		return p
	}
	tokens := split(typed)
	return len(tokens) == len(phrase) && slices.EqualFunc(tokens, phrase, func(t, w string) bool {
		p := position(t)
		return p >= 0 && p == position(normalize(w))
	})
}
