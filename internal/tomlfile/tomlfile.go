// Package tomlfile reads TOML strictly: unknown keys are errors, and errors name their line. It is the only package
// that knows the TOML library.
package tomlfile

import (
	"bytes"
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Problem is what is wrong with a file.
type Problem struct {
	Line int // from 1; 0 where it is not known
	Text string
	Key  string // the key that is not known, with dots; "" for other problems
}

func (p *Problem) Error() string { return p.Text }

// Decode reads text, UTF-8 with or without a byte order mark, into what into points to. Errors are *Problem.
func Decode(text []byte, into any) error {
	decoder := toml.NewDecoder(bytes.NewReader(Text(text))).DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		return nil
	}
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		first := strict.Errors[0]
		line, _ := first.Position()
		key := strings.Join(first.Key(), ".")
		return &Problem{Line: line, Text: "unknown key \"" + key + "\"", Key: key}
	}
	p := &Problem{Text: strings.TrimPrefix(err.Error(), "toml: ")}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		p.Line, _ = decode.Position()
	}
	return p
}

// Text is the text without its byte order mark.
func Text(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }
