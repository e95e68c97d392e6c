package secretshare

import (
	"encoding/base32"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"

	"vaultctl/internal/vault"
	"vaultctl/internal/words"
)

const (
	tagLen    = (setLen + commitLen + checkLen) * 8 / 5
	groupLen  = 4
	maxText   = 16 << 10
	plainLang = "en"
)

var (
	crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

	// misread maps what people write for digits.
	misread = strings.NewReplacer("O", "0", "I", "1", "L", "1")

	head = regexp.MustCompile(`(?i)^\s*vault-share-(\d{1,2})-of-(\d{1,2})-need-(\d{1,2})-`)
)

// String returns the text of the share with English words. It is secret.
func (s Share) String() string {
	text, err := s.Text(plainLang)
	if err != nil {
		return "vault-share (invalid)"
	}
	return text
}

// Text returns the text of the share on two lines, the second being words of the language lang, one of
// words.Languages; another language is vault.CodeInvalid. ParseShare reads it whatever the language.
func (s Share) Text(lang string) (string, error) {
	list, err := words.Encode(s.value[:], lang)
	if err != nil {
		return "", err
	}
	check := s.check()
	tag := crockford.EncodeToString(append(append(s.set[:len(s.set):len(s.set)], s.commit[:]...), check[:]...))
	var b strings.Builder
	fmt.Fprintf(&b, "vault-share-%d-of-%d-need-%d", s.Index, s.Of, s.Need)
	for i := 0; i < len(tag); i += groupLen {
		b.WriteString("-" + tag[i:i+groupLen])
	}
	return b.String() + "\n" + strings.Join(list, " "), nil
}

// SetID returns eight characters that all shares of one split have in common. They are not secret.
func (s Share) SetID() string {
	id := crockford.EncodeToString(s.set[:])
	return id[:groupLen] + "-" + id[groupLen:]
}

// LogValue keeps shares out of logs.
func (s Share) LogValue() slog.Value { return slog.StringValue("share") }

// ParseShare reads the text of a share, as typed: case, line ends, hyphens within the groups, and what words.Decode
// leaves open make no difference, nor do O for 0 and I or L for 1. A text that is not a share or was mistyped is
// vault.CodeNoIdentity and never quoted.
func ParseShare(text string) (Share, error) {
	if len(text) > maxText {
		return Share{}, vault.Errorf(vault.CodeNoIdentity, "this is too long to be a share")
	}
	m := head.FindStringSubmatchIndex(text)
	if m == nil {
		return Share{}, vault.Errorf(vault.CodeNoIdentity, "a share begins with vault-share-")
	}
	var s Share
	for i, to := range []*int{&s.Index, &s.Of, &s.Need} {
		n, err := strconv.Atoi(text[m[2+2*i]:m[3+2*i]])
		if err != nil {
			return Share{}, vault.Errorf(vault.CodeNoIdentity, "the numbers of the share are malformed")
		}
		*to = n
	}
	tag, rest, err := readTag(text[m[1]:])
	if err != nil {
		return Share{}, err
	}
	value, _, err := words.Decode(rest)
	if err != nil {
		return Share{}, err
	}
	copy(s.set[:], tag)
	copy(s.commit[:], tag[setLen:])
	copy(s.value[:], value)
	if check := s.check(); string(check[:]) != string(tag[setLen+commitLen:]) {
		return Share{}, vault.Errorf(vault.CodeNoIdentity, "the line before the words is mistyped, or belongs to other words")
	}
	if err := s.valid(); err != nil {
		return Share{}, err
	}
	return s, nil
}

// readTag reads the groups of characters after the numbers, and returns what follows them.
func readTag(text string) (tag []byte, rest string, err error) {
	var b strings.Builder
	for i, r := range text {
		if b.Len() == tagLen {
			rest = text[i:]
			break
		}
		switch {
		case r == '-' || r == ' ' || r == '\t' || r == '\r' || r == '\n':
		case r > 'z':
			return nil, "", errTag()
		default:
			b.WriteRune(r)
		}
	}
	tag, err = crockford.DecodeString(misread.Replace(strings.ToUpper(b.String())))
	if err != nil || len(tag) != setLen+commitLen+checkLen {
		return nil, "", errTag()
	}
	return tag, rest, nil
}

func errTag() error {
	return vault.Errorf(vault.CodeNoIdentity, "the groups of four characters before the words are mistyped")
}

func (s Share) valid() error {
	if s.Need < 1 || s.Need > s.Of || s.Index < 1 || s.Index > s.Of || s.Need == 1 && s.Of > 1 {
		return vault.Errorf(vault.CodeNoIdentity, "the numbers of the share are impossible")
	}
	if err := field.NewScalar().UnmarshalBinary(s.value[:]); err != nil {
		return vault.Errorf(vault.CodeNoIdentity, "the words are not those of a share")
	}
	return nil
}
