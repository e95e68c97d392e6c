package manifest

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/vault"
)

// text returns what a cell says. Errors are about the cell.
func (w *workbook) text(c *cell) (string, error) {
	switch {
	case c.kind == "e":
		return c.value, vault.Errorf(vault.CodeInvalid, "an error of the spreadsheet, such as #N/A")
	case c.formula && !c.has:
		return "", vault.Errorf(vault.CodeInvalid, "a formula that was not computed: open the file in a spreadsheet and save it")
	case !c.has:
		return "", nil
	}
	switch c.kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(c.value))
		if text, ok := w.shared.at(n); err == nil && ok {
			return text, nil
		}
		return "", vault.Errorf(vault.CodeInvalid, "a text that the workbook does not hold")
	case "str", "inlineStr":
		return unescape(c.value), nil
	case "b":
		return strings.TrimSpace(c.value), nil
	case "d":
		day, _, _ := strings.Cut(strings.TrimSpace(c.value), "T")
		return day, nil
	}
	return w.number(strings.TrimSpace(c.value), c.style)
}

// number returns a number as it is, digit by digit, or the day that it stands for.
func (w *workbook) number(v, style string) (string, error) {
	n, err := strconv.Atoi(style)
	if err == nil && n >= 0 && n < len(w.dates) && w.dates[n] != noDate && v != "" {
		return w.dates[n].day(v, w.since)
	}
	return plainNumber(v)
}

var decimal = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$`) })

// significant is how many digits a spreadsheet keeps of a number.
const significant = 15

// plainNumber writes a number without exponent, exactly. One that has lost digits is an error.
func plainNumber(v string) (string, error) {
	m := decimal().FindStringSubmatch(v)
	if m == nil {
		if v == "" {
			return "", nil
		}
		return v, vault.Errorf(vault.CodeInvalid, "not a number, though the cell says so")
	}
	whole, fraction := m[2], m[3]
	if exponent, err := strconv.Atoi(m[4]); err == nil {
		for ; exponent > 0; exponent-- {
			next := "0"
			if fraction != "" {
				next, fraction = fraction[:1], fraction[1:]
			}
			whole += next
		}
		for ; exponent < 0; exponent++ {
			fraction = whole[len(whole)-1:] + fraction
			if whole = whole[:len(whole)-1]; whole == "" {
				whole = "0"
			}
		}
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	// Rounded numbers have an exponent, or zeros where the digits beyond the fifteenth were.
	if len(whole) > significant && (m[4] != "" || strings.Trim(whole[significant:], "0") == "") {
		return v, vault.Errorf(vault.CodeInvalid, "a number of more than %d digits, of which the spreadsheet has lost the last: make the column text", significant)
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		return m[1] + whole + "." + fraction, nil
	}
	if whole == "0" {
		return "0", nil
	}
	return m[1] + whole, nil
}

// dateStyle is what a number format shows of a number.
type dateStyle uint8

const (
	noDate dateStyle = iota
	fullDate
	monthDate // month and year alone
	yearDate
)

// day returns the day of a serial number as far as the style shows it.
func (d dateStyle) day(v string, since int) (string, error) {
	serial, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(serial) || serial < 1 || serial >= 2958466 {
		return v, vault.Errorf(vault.CodeInvalid, "a date that is none")
	}
	days := int(serial)
	base := time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case since == 1904:
		base = time.Date(1904, time.January, 1, 0, 0, 0, 0, time.UTC)
	case days == 60: // the 29 February 1900, which spreadsheets believe in
		return v, vault.Errorf(vault.CodeInvalid, "a date that is none")
	case days < 60:
		days++
	}
	text := string(vault.DateOf(base.AddDate(0, 0, days)))
	switch d {
	case monthDate:
		return text[:7], nil
	case yearDate:
		return text[:4], nil
	}
	return text, nil
}

// styleOf tells what a number format shows, by its code, or by its number where it is built in.
func styleOf(id int, code string) dateStyle {
	switch {
	case code == "" && id == 17:
		return monthDate
	case code == "" && (id >= 14 && id <= 16 || id == 22 || id >= 27 && id <= 36 || id >= 50 && id <= 58):
		return fullDate
	case code == "":
		return noDate
	}
	shown := formatLetters(code)
	switch {
	case strings.Contains(shown, "standard") || strings.Contains(shown, "general") || !strings.ContainsAny(shown, "yd"):
		return noDate
	case strings.Contains(shown, "d"):
		return fullDate
	case strings.Contains(shown, "m"):
		return monthDate
	}
	return yearDate
}

// formatLetters returns the first section of a number format in lower case, without what is literal in it.
func formatLetters(code string) string {
	var b strings.Builder
	quoted, bracket, escaped := false, false, false
	for _, r := range code {
		switch {
		case escaped:
			escaped = false
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '\\' || r == '_' || r == '*':
			escaped = true
		case r == '[':
			bracket = true
		case r == ']':
			bracket = false
		case bracket:
		case r == ';':
			return strings.ToLower(b.String())
		default:
			b.WriteRune(r)
		}
	}
	return strings.ToLower(b.String())
}

// maxStyles is how many styles a workbook may have.
const maxStyles = 100_000

// dateStyles returns what each cell style makes of a number.
func (a *archive) dateStyles(part string) ([]dateStyle, error) {
	codes := map[string]string{}
	var ids []string
	inside := false
	err := a.each(part, func(e xml.StartElement) {
		switch e.Name.Local {
		case "numFmt":
			if len(codes) < maxStyles {
				codes[attribute(e, "numFmtId")] = attribute(e, "formatCode")
			}
		case "cellStyleXfs", "dxfs", "cellStyles":
			inside = false
		case "cellXfs":
			inside = true
		case "xf":
			if inside && len(ids) < maxStyles {
				ids = append(ids, attribute(e, "numFmtId"))
			}
		}
	})
	styles := make([]dateStyle, len(ids))
	for i, id := range ids {
		n, e := strconv.Atoi(id)
		if e == nil {
			styles[i] = styleOf(n, codes[id])
		}
	}
	return styles, err
}

// sharedText holds the texts that cells share, one after the other in blocks.
type sharedText struct {
	blocks [][]byte
	ends   []uint32 // of each text, counted over all blocks
	size   uint32
}

// maxShared is how many bytes of texts a workbook may share: they are all in memory, twice at the worst.
const maxShared = 16 << 20

const blockSize = 1 << 20

func (s *sharedText) add(text string) bool {
	if s.size+uint32(len(text)) > maxShared || len(s.ends) >= maxShared/4 {
		return false
	}
	for len(text) > 0 {
		if s.size%blockSize == 0 {
			s.blocks = append(s.blocks, make([]byte, 0, blockSize))
		}
		last := &s.blocks[len(s.blocks)-1]
		n := min(len(text), blockSize-len(*last))
		*last = append(*last, text[:n]...)
		text, s.size = text[n:], s.size+uint32(n)
	}
	s.ends = append(s.ends, s.size)
	return true
}

// at returns the text of a number.
func (s *sharedText) at(n int) (string, bool) {
	if n < 0 || n >= len(s.ends) {
		return "", false
	}
	from, to := uint32(0), s.ends[n]
	if n > 0 {
		from = s.ends[n-1]
	}
	var b strings.Builder
	for from < to {
		block := s.blocks[from/blockSize]
		piece := block[from%blockSize : min(uint32(len(block)), from%blockSize+to-from)]
		b.Write(piece)
		from += uint32(len(piece))
	}
	return b.String(), true
}

// sharedText reads the texts that cells share.
func (a *archive) sharedText(part string) (*sharedText, error) {
	s := &sharedText{}
	m := a.member(part)
	if m == nil {
		return s, nil
	}
	p, err := openPart(m)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }() // it was only read
	return s, s.read(p)
}

func (s *sharedText) read(p *xmlPart) error {
	var text strings.Builder
	inside, skip := 0, 0
	for {
		t, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch e := t.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "si":
				text.Reset()
			case "t":
				inside++
			case "rPh":
				skip++
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "t":
				inside--
			case "rPh":
				skip--
			case "si":
				if !s.add(unescape(text.String())) {
					return vault.Errorf(vault.CodeInvalid, "the workbook holds more text than %d MB: save it as .csv", maxShared>>20)
				}
			}
		case xml.CharData:
			if inside > 0 && skip == 0 && text.Len() < maxToken {
				text.Write(e)
			}
		}
	}
}

var escapes = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`_x([0-9A-Fa-f]{4})_`) })

// unescape writes out characters that XML cannot hold, as spreadsheets write them: _x000D_.
func unescape(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return escapes().ReplaceAllStringFunc(text, func(e string) string {
		n, err := strconv.ParseUint(e[2:6], 16, 16)
		if err != nil || n >= 0xD800 && n < 0xE000 {
			return e
		}
		return string(rune(n))
	})
}
