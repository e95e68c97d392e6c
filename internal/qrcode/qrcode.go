// Package qrcode turns short texts into QR codes, for paper and for terminals. It is the only package that knows the
// library behind it. Importing it costs nothing at start-up; all functions are safe for concurrent use.
package qrcode

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// Quiet is the blank border that the standard asks for, in modules.
const Quiet = 4

// Level is how much of a code may be damaged before it cannot be read.
type Level int

// The levels: about 7, 15 and 25 percent.
const (
	Low Level = iota
	Medium
	Quarter
)

// Code is a QR code without its quiet border. It does not change.
type Code struct {
	// Size is the number of modules of a side.
	Size int
	code *qr.Code
}

// Encode returns the code of text, at most about 2,900 bytes for Low.
func Encode(text string, level Level) (*Code, error) {
	code, err := qr.Encode(text, map[Level]qr.Level{Low: qr.L, Medium: qr.M, Quarter: qr.Q}[level])
	if err != nil {
		return nil, fmt.Errorf("encode QR: %d bytes are too many", len(text))
	}
	return &Code{Size: code.Size, code: code}, nil
}

// Black reports whether the module is dark; those outside the code are not.
func (c *Code) Black(x, y int) bool { return c.code.Black(x, y) }

// Columns returns how many terminal columns Text needs.
func (c *Code) Columns() int { return c.Size + 2*Quiet }

// Text draws the code with half blocks, two modules a character, quiet border included. Light modules are drawn and dark
// ones left out, as cameras expect it on the dark ground of most terminals; inverted is for light grounds.
func (c *Code) Text(inverted bool) string {
	var b strings.Builder
	glyphs := [4]string{"█", "▀", "▄", " "} // by what is dark: nothing, below, above, both
	for y := -Quiet; y < c.Size+Quiet; y += 2 {
		for x := -Quiet; x < c.Size+Quiet; x++ {
			above, below := c.Black(x, y) != inverted, c.Black(x, y+1) != inverted
			i := 0
			if above {
				i += 2
			}
			if below {
				i++
			}
			b.WriteString(glyphs[i])
		}
		b.WriteByte('\n')
	}
	return b.String()
}
