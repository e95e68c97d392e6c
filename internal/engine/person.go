package engine

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

const (
	maxName    = 200 // runes
	maxAliases = 20
	maxRefs    = 50
)

var (
	refSystem   = regexp.MustCompile(`^[A-Z0-9][A-Z0-9._-]{0,31}$`)
	languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	phoneNumber = regexp.MustCompile(`^\+?[0-9 ().\-/]{3,30}$`)
	emailShape  = regexp.MustCompile(`^[^\s@]+@[^\s@]+$`)
)

// personData checks the attributes of a request and returns them as a note entry holds them. Errors have CodeInvalid,
// or CodePolicy for a reference that is a national identity number.
func personData(p *api.Person, today vault.Date) (vault.PersonData, error) {
	c := personReader{today: today}
	d := vault.PersonData{FamilyName: c.text("family_name", p.FamilyName), GivenName: c.text("given_name", p.GivenName),
		UsageName: c.text("usage_name", p.UsageName), BirthPlace: c.text("birth_place", p.BirthPlace), Aliases: c.aliases(p.Aliases),
		Born: c.born(p.Born), Language: c.shaped("language", p.Language, languageTag), Phone: c.shaped("phone", p.Phone, phoneNumber),
		Email: c.shaped("email", p.Email, emailShape), Refs: c.refs(p.Refs)}
	return d, c.err
}

// personReader checks attributes; the first error stays.
type personReader struct {
	today vault.Date
	err   error
}

func (c *personReader) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// text normalizes a line of text.
func (c *personReader) text(what string, v *string) *string {
	if v == nil {
		return nil
	}
	s, err := cleanLine(what, *v, maxName)
	if err != nil {
		c.fail(err)
	}
	return &s
}

// cleanLine composes characters, removes the invisible marks of writing direction and doubled spaces, and refuses control
// characters. Joiners stay: Persian and Indic names need them. Errors have CodeInvalid.
func cleanLine(what, s string, limit int) (string, error) {
	if !utf8.ValidString(s) {
		return "", vault.Errorf(vault.CodeInvalid, "%s: not valid UTF-8", what)
	}
	s = norm.NFC.String(strings.Map(func(r rune) rune {
		if directionMark(r) {
			return -1
		}
		return r
	}, s))
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", vault.Errorf(vault.CodeInvalid, "%s: control characters are not allowed", what)
	}
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > limit {
		return "", vault.Errorf(vault.CodeInvalid, "%s: longer than %d characters", what, limit)
	}
	return s, nil
}

func directionMark(r rune) bool {
	switch {
	case r == 0x061C, r == 0x200E, r == 0x200F, r == 0xFEFF, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

func (c *personReader) shaped(what string, v *string, shape *regexp.Regexp) *string {
	s := c.text(what, v)
	if s != nil && *s != "" && !shape.MatchString(*s) {
		c.fail(vault.Errorf(vault.CodeInvalid, "%s: not of the expected form", what))
	}
	return s
}

func (c *personReader) born(v *string) *string {
	if v == nil {
		return nil
	}
	b, err := vault.ParseBirthDate(*v, c.today)
	if err != nil {
		c.fail(err)
	}
	s := string(b)
	return &s
}

func (c *personReader) aliases(v *[]string) *[]string {
	if v == nil {
		return nil
	}
	out := []string{}
	for _, a := range *v {
		if s := *c.text("alias", &a); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if len(out) > maxAliases {
		c.fail(vault.Errorf(vault.CodeInvalid, "more than %d aliases", maxAliases))
	}
	return &out
}

func (c *personReader) refs(v *[]string) *[]string {
	if v == nil {
		return nil
	}
	out := []string{}
	for _, r := range *v {
		ref, err := parseRef(r)
		if err != nil {
			c.fail(err)
		}
		if !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	if len(out) > maxRefs {
		c.fail(vault.Errorf(vault.CodeInvalid, "more than %d references", maxRefs))
	}
	return &out
}

// parseRef checks a reference "SYSTEM:ID" and returns its canonical form. Errors have CodeInvalid, or CodePolicy for a
// national identity number, which the law keeps from being an identifier.
func parseRef(s string) (string, error) {
	s, err := cleanLine("reference", s, maxName)
	if err != nil {
		return "", err
	}
	ref := canonicalRef(s)
	system, id, _ := strings.Cut(ref, ":")
	switch {
	case !refSystem.MatchString(system) || id == "":
		return "", vault.Errorf(vault.CodeInvalid, "a reference is SYSTEM:ID, with a system of letters, digits, ., _ and -")
	case system == "NIR" || system == "NIA" || isNIR(id):
		return "", vault.Errorf(vault.CodePolicy, "the national identity number is never used as a reference")
	}
	return ref, nil
}

// isNIR reports whether an id is, as a whole, what looks like a national identity number with or without its key.
func isNIR(id string) bool {
	n := 0
	for _, r := range id {
		switch {
		case unicode.IsDigit(r) || unicode.IsLetter(r):
			n++
		case r != ' ' && r != '.' && r != '-' && r != 0xA0 && r != 0x202F:
			return false
		}
	}
	return (n == 13 || n == 15) && vault.HasNIR(id)
}

// named reports whether a person has a name to be called by.
func named(p *vault.Person) bool {
	return p.FamilyName+p.GivenName+p.UsageName != "" || len(p.Aliases) > 0
}
