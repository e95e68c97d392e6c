// Command screens draws what `tmux capture-pane -e` writes, on its standard input, as an SVG on its standard output: the sixteen
// colours, bold, faint and reversed text, on a grid of 80 × 24.
package main

import (
	"bufio"
	"fmt"
	"html"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

const (
	columns, lines          = 80, 24
	cellWidth, cellHeight   = 8.4, 18
	margin                  = 12
	paper, ink, faintedInks = "#1c1f26", "#d8dee9", "#8b93a3"
)

// colours are the first eight of a terminal.
var colours = []string{"#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee9"}

var sequence = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// look is how text looks from one sequence to the next.
type look struct {
	bold, faint, reverse bool
	colour               string
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	width, height := columns*cellWidth+2*margin, lines*cellHeight+2*margin
	fmt.Fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %d\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\">\n", width, height)
	fmt.Fprintf(out, "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"%s\"/>\n", paper)
	in := bufio.NewScanner(os.Stdin)
	var now look
	for y := 0; y < lines && in.Scan(); y++ {
		now = line(out, in.Text(), y, now)
	}
	fmt.Fprintf(out, "</svg>\n")
	err := in.Err()
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "screens:", err)
		os.Exit(1)
	}
}

// line draws one line and returns the look that goes on in the next.
func line(out *bufio.Writer, text string, y int, now look) look {
	x := 0
	for text != "" {
		at := sequence.FindStringSubmatchIndex(text)
		run := text
		if at != nil {
			run = text[:at[0]]
		}
		x = now.draw(out, run, x, y)
		if at == nil {
			break
		}
		now.change(text[at[2]:at[3]])
		text = text[at[1]:]
	}
	return now
}

func (l *look) change(codes string) {
	for code := range strings.SplitSeq(codes, ";") {
		switch {
		case code == "" || code == "0":
			*l = look{}
		case code == "1":
			l.bold = true
		case code == "2":
			l.faint = true
		case code == "7":
			l.reverse = true
		case code == "27":
			l.reverse = false
		case code == "39":
			l.colour = ""
		case len(code) == 2 && code[0] == '3' && code[1] <= '7':
			l.colour = colours[code[1]-'0']
		}
	}
}

// draw draws a run, what stands between wide spaces at its own column, and returns the column behind it.
func (l *look) draw(out *bufio.Writer, run string, x, y int) int {
	front, back := ink, ""
	switch {
	case l.colour != "":
		front = l.colour
	case l.faint:
		front = faintedInks
	}
	if l.reverse {
		front, back = paper, ink
	}
	width := ansi.StringWidth(run)
	if back != "" {
		fmt.Fprintf(out, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
			margin+float64(x)*cellWidth, margin+y*cellHeight, float64(width)*cellWidth, cellHeight, back)
	}
	weight := ""
	if l.bold {
		weight = " font-weight=\"bold\""
	}
	for _, word := range slices.DeleteFunc(strings.SplitAfter(run, "  "), func(w string) bool { return w == "" }) {
		bare := strings.TrimRight(word, " ")
		if n := ansi.StringWidth(bare); n > 0 {
			fmt.Fprintf(out, "<text x=\"%.1f\" y=\"%d\" textLength=\"%.1f\" lengthAdjust=\"spacingAndGlyphs\" fill=\"%s\"%s>%s</text>\n",
				margin+float64(x)*cellWidth, margin+y*cellHeight+14, float64(n)*cellWidth, front, weight, html.EscapeString(bare))
		}
		x += ansi.StringWidth(word)
	}
	return x
}
