package paper

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"vaultctl/internal/lang"
)

// The part of the card's page that is cut out: the size of a bank card.
const (
	cardWidth  = 85.0
	cardHeight = 54.0
)

// CardData is what a person's card says. Identity and Words are the key of the vault in the clear: whoever hands them
// in keeps them no longer than the call.
type CardData struct {
	Organization string
	Person       string    // name as the person wants it printed; may be empty
	Vault        string    // vault id
	Issued       time.Time // day printed on the card
	Words        []string  // the card's words, in order, in the person's language
	Identity     string    // the age identity, AGE-SECRET-KEY-PQ-1…: exactly what the QR code holds
	Remote       string    // where the sealed documents are kept, as told to recover; may be empty
}

// Card writes the page that a person receives when their vault is opened: the words, the card to cut out, and what
// they need to know.
func Card(w io.Writer, l lang.Lang, data CardData) error {
	if len(data.Words) == 0 || data.Identity == "" {
		return fmt.Errorf("print card: no words or no identity")
	}
	title := l.T("Card of your digital vault")
	s := newSheet(l, title, l.T("Vault %s", data.Vault), data.Issued)
	s.block(strongStyle, margin, full, clean(data.Organization))
	s.title(title)
	s.facts(margin, full, 44, [][2]string{
		{l.T("Name"), clean(data.Person)},
		{l.T("Vault number"), data.Vault},
		{l.T("Made on"), l.Date(data.Issued)},
	})
	s.skip(2)
	s.boxed(strongStyle, l.T("Keep this page in a safe place, like a bank card with its code. "+
		"Anyone who has this page can open your vault. Show it to nobody you do not trust."))
	s.heading(l.T("Your %d secret words", len(data.Words)))
	s.words(data.Words)
	if err := s.cutOut(data); err != nil {
		return err
	}
	s.heading(l.T("If you lose this page"))
	s.para(l.T("Tell your social worker, or any agent of %s. They make you a new page, and this one stops opening what is "+
		"put in your vault afterwards. Documents that you kept private open with this page only: without it, they are lost.", Isolate(data.Organization)))
	s.secret(l.T("The same key in letters, for a computer:"), data.Identity)
	if data.Remote != "" {
		s.skip(1)
		s.block(smallStyle, margin, full, l.T("Where the sealed documents are kept: %s", Isolate(data.Remote)))
	}
	return s.finish(w)
}

// words sets numbered words in four columns, to be read down each column.
func (s *sheet) words(words []string) {
	const columns = 4
	rows := (len(words) + columns - 1) / columns
	number, word := style{size: 10}, style{size: 12.5, bold: true}
	step := word.leading() + 0.4
	s.room(float64(rows)*step + 6)
	s.pdf.SetLineWidth(0.4)
	s.pdf.Rect(margin, s.y, full, float64(rows)*step+5, "D")
	s.pdf.SetLineWidth(hairline)
	from := s.y + 3
	for i, text := range words {
		x := margin + 4 + float64(i/rows)*(full-4)/columns
		base := from + float64(i%rows)*step + word.size*mmPerPoint
		n := s.wrap(number, 10, strconv.Itoa(i+1)+".")[0]
		s.draw(number, x+7-n.width(number), base, n)
		s.draw(word, x+9, base, s.wrap(word, full, clean(text))[0])
	}
	s.y = from + float64(rows)*step + 4
}

// cutOut draws the part to cut out on the left, and on the right what it is.
func (s *sheet) cutOut(data CardData) error {
	l := s.lang
	s.skip(3)
	s.room(cardHeight + 6)
	from := s.y + 2
	s.pdf.SetDashPattern([]float64{2, 1.2}, 0)
	s.pdf.Rect(margin, from, cardWidth, cardHeight, "D")
	s.pdf.SetDashPattern(nil, 0)
	scissors := style{size: 13}
	s.draw(scissors, margin+4, from+1.6, s.wrap(scissors, 20, "✂")[0])

	const code = 48.0
	if err := s.qr(data.Identity, margin+2, from+(cardHeight-code)/2, code); err != nil {
		return err
	}
	x, width := margin+code+3, cardWidth-code-5
	s.y = from + 4
	for _, part := range []struct {
		style
		text  string
		lines int
	}{
		{style{size: 8}, clean(data.Organization), 3},
		{style{size: 10, bold: true}, l.T("Digital vault"), 2},
		{style{size: 9}, clean(data.Person), 3},
		{style{size: 8.5, mono: true}, data.Vault, 2},
		{style{size: 7.5}, l.Date(data.Issued), 1},
	} {
		if part.text == "" {
			continue
		}
		fitted, lines := s.fit(part.style, width, part.lines, part.text)
		for _, line := range lines {
			s.draw(fitted, x, s.y+fitted.size*mmPerPoint, line)
			s.y += fitted.leading() * 0.88
		}
		s.y += 1
	}
	s.y = from
	column, rest := margin+cardWidth+6, full-cardWidth-6
	s.block(headingStyle, column, rest, l.T("What is it for?"))
	s.skip(1)
	for _, text := range []string{
		l.T("Your vault keeps copies of your documents. It is locked, and this page is your key."),
		l.T("Cut out the card along the line. A camera reads the square."),
		l.T("The words and the square open the same vault. One of the two is enough."),
	} {
		s.bullet(style{size: 10.5}, column, rest, text)
	}
	s.y = max(s.y, from+cardHeight) + 2
	return nil
}

// fit lays text out in at most the given number of lines, in smaller type if need be. What does not fit even at 6
// points ends in an ellipsis, so that nobody takes the part for the whole.
func (s *sheet) fit(st style, width float64, limit int, text string) (style, []line) {
	lines := s.wrap(st, width, text)
	for len(lines) > limit && st.size > 6 {
		st.size -= 0.5
		lines = s.wrap(st, width, text)
	}
	for runes := []rune(text); len(lines) > limit; {
		runes = runes[:len(runes)-1]
		lines = s.wrap(st, width, string(runes)+"…")
	}
	return st, lines
}

// secret prints a key in groups that a person can follow with a finger; readers of the text see it unbroken but for
// line ends.
func (s *sheet) secret(label, key string) {
	s.skip(1)
	s.block(smallStyle, margin, full, label)
	s.key(margin, full, key)
}

// key sets a long key in the code style, broken wherever the line ends.
func (s *sheet) key(x, width float64, key string) {
	for len(key) > 0 {
		n := len(key)
		for n > 1 && s.wrap(codeStyle, 10*pageWidth, key[:n])[0].width(codeStyle) > width {
			n--
		}
		s.room(codeStyle.leading())
		s.draw(codeStyle, x, s.y+codeStyle.size*mmPerPoint, s.wrap(codeStyle, 10*pageWidth, key[:n])[0])
		s.y += codeStyle.leading()
		key = key[n:]
	}
}
