// Package bech32 encodes and decodes the text form of age keys: BIP-173 Bech32 without its limit of 90 characters.
//
// The checksum finds every error of up to four characters in short strings and all but one in a billion elsewhere.
// Functions are pure and safe for concurrent use. Errors never quote the input, which may be a secret.
package bech32

import (
	"errors"
	"strings"
)

const (
	alphabet    = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	checksumLen = 6
)

// The reasons for which Decode refuses a string.
var (
	ErrCase      = errors.New("bech32: upper and lower case are mixed")
	ErrCharacter = errors.New("bech32: a character does not belong there")
	ErrSeparator = errors.New("bech32: prefix or checksum is missing")
	ErrChecksum  = errors.New("bech32: checksum does not match")
	ErrPadding   = errors.New("bech32: malformed padding")
)

// Encode returns the lower-case text of data under the prefix hrp. hrp must be lower-case printable ASCII.
func Encode(hrp string, data []byte) (string, error) {
	if !validPrefix(hrp) || hrp != strings.ToLower(hrp) {
		return "", ErrCharacter
	}
	values := regroup8to5(data)
	sum := polymod(hrp, append(values[:len(values):len(values)], make([]byte, checksumLen)...)) ^ 1
	var b strings.Builder
	b.Grow(len(hrp) + 1 + len(values) + checksumLen)
	b.WriteString(hrp)
	b.WriteByte('1')
	for _, v := range values {
		b.WriteByte(alphabet[v])
	}
	for i := range checksumLen {
		b.WriteByte(alphabet[sum>>(5*(checksumLen-1-i))&31])
	}
	return b.String(), nil
}

// Decode returns the prefix, in lower case, and the bytes of s, which is all lower or all upper case.
func Decode(s string) (hrp string, data []byte, err error) {
	lower := strings.ToLower(s)
	if s != lower && s != strings.ToUpper(s) {
		return "", nil, ErrCase
	}
	pos := strings.LastIndexByte(lower, '1')
	if pos < 1 || pos+checksumLen >= len(lower) {
		return "", nil, ErrSeparator
	}
	hrp = lower[:pos]
	if !validPrefix(hrp) {
		return "", nil, ErrCharacter
	}
	values := make([]byte, len(lower)-pos-1)
	for i := range values {
		v := strings.IndexByte(alphabet, lower[pos+1+i])
		if v < 0 {
			return "", nil, ErrCharacter
		}
		values[i] = byte(v)
	}
	if polymod(hrp, values) != 1 {
		return "", nil, ErrChecksum
	}
	data, err = regroup5to8(values[:len(values)-checksumLen])
	return hrp, data, err
}

func validPrefix(hrp string) bool {
	for i := range len(hrp) {
		if hrp[i] < 33 || hrp[i] > 126 {
			return false
		}
	}
	return hrp != ""
}

// polymod is the BCH checksum of BIP-173 over the expanded prefix followed by values.
func polymod(hrp string, values []byte) uint32 {
	sum := uint32(1)
	step := func(v byte) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	for i := range len(hrp) {
		step(hrp[i] >> 5)
	}
	step(0)
	for i := range len(hrp) {
		step(hrp[i] & 31)
	}
	for _, v := range values {
		step(v)
	}
	return sum
}

func regroup8to5(data []byte) []byte {
	out := make([]byte, 0, (len(data)*8+4)/5)
	acc, bits := uint32(0), 0
	for _, b := range data {
		acc = acc<<8 | uint32(b)
		for bits += 8; bits >= 5; {
			bits -= 5
			out = append(out, byte(acc>>bits)&31)
		}
	}
	if bits > 0 {
		out = append(out, byte(acc<<(5-bits))&31)
	}
	return out
}

func regroup5to8(values []byte) ([]byte, error) {
	out := make([]byte, 0, len(values)*5/8)
	acc, bits := uint32(0), 0
	for _, v := range values {
		acc = acc<<5 | uint32(v)
		if bits += 5; bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
		}
	}
	if bits >= 5 || acc&(1<<bits-1) != 0 {
		return nil, ErrPadding
	}
	return out, nil
}
