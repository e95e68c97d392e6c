// Package termio is the one place that knows whether a person is looking. Commands are handed an *IO and never
// touch os.Stdin, os.Stdout or os.Stderr: answers go to Out, everything else to Err, questions are asked only where
// a person can answer them, and what a person typed years ago cannot drive the terminal of whoever reads it today.
package termio

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strconv"
	"sync"

	"golang.org/x/term"
)

// IO is a set of standard streams with what is known about them. Its fields and setters are for one goroutine, at
// start-up; after that all methods may be used concurrently.
type IO struct {
	In  io.Reader // standard input
	Out io.Writer // the answer of a command
	Err io.Writer // messages, questions and progress

	inTTY, outTTY, errTTY bool
	width                 int
	colorOut, colorErr    bool
	noInput, yes, quiet   bool
	yesKeys, colon        string
	// hush switches the echo of In off and returns what switches it on again. It goes before the question: what is typed the moment
	// that it is read is not seen either.
	hush       func() (restore func(), err error)
	readSecret func() ([]byte, error) // one line, after hush

	mu    sync.Mutex // guards lines, and one question at a time
	lines *bufio.Reader
}

// System returns the streams of this process.
func System() *IO {
	s := &IO{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		inTTY:   term.IsTerminal(int(os.Stdin.Fd())),
		outTTY:  term.IsTerminal(int(os.Stdout.Fd())),
		errTTY:  term.IsTerminal(int(os.Stderr.Fd())),
		yesKeys: "y", colon: ":",
	}
	s.width = systemWidth(s.outTTY)
	if s.outTTY {
		enableEscapes(os.Stdout)
	}
	if s.errTTY {
		enableEscapes(os.Stderr)
	}
	s.SetColor("auto")
	s.hush = func() (func(), error) { return hushed(int(os.Stdin.Fd())) }
	s.readSecret = s.secretLine
	return s
}

// hushed switches the echo of a terminal off.
func hushed(fd int) (restore func(), err error) {
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	if err := echoOff(fd); err != nil {
		return nil, err
	}
	// The terminal may be on its way out with the process; there is nobody left to report a failure to.
	return func() { _ = term.Restore(fd, state) }, nil
}

// Buffers are the three streams of an IO made by Test.
type Buffers struct {
	In, Out, Err *bytes.Buffer
}

// Test returns an IO over buffers that is no terminal until SetTTY says so, 80 columns wide and without colour.
func Test() (*IO, *Buffers) {
	b := &Buffers{In: new(bytes.Buffer), Out: new(bytes.Buffer), Err: new(bytes.Buffer)}
	s := &IO{In: b.In, Out: b.Out, Err: b.Err, width: 80, yesKeys: "y", colon: ":"}
	s.hush = func() (func(), error) { return func() {}, nil }
	s.readSecret = s.readLine
	return s, b
}

// SetTTY says which streams count as terminals. It is meant for tests.
func (s *IO) SetTTY(in, out, err bool) { s.inTTY, s.outTTY, s.errTTY = in, out, err }

// SetWidth sets the number of columns of the terminal. It is meant for tests.
func (s *IO) SetWidth(columns int) { s.width = columns }

// SetNoInput forbids every question, as --no-input does.
func (s *IO) SetNoInput(v bool) { s.noInput = v }

// SetYes answers every confirmation with yes, as --yes does.
func (s *IO) SetYes(v bool) { s.yes = v }

// SetQuiet silences notes and progress, as --quiet does. Errors and answers are still written.
func (s *IO) SetQuiet(v bool) { s.quiet = v }

// SetYesKey names the letter that the reader's language shows for yes in a confirmation, such as "o" for oui.
func (s *IO) SetYesKey(letter string) { s.yesKeys = letter }

// SetColon sets what stands behind the label of a question, such as " :" in French.
func (s *IO) SetColon(colon string) { s.colon = colon }

// SetColor chooses "always", "never", or "auto" (also for any other word): colour on terminals unless NO_COLOR,
// CLICOLOR=0 or TERM=dumb say otherwise; CLICOLOR_FORCE asks for it in pipes too.
func (s *IO) SetColor(when string) {
	switch when {
	case "always":
		s.colorOut, s.colorErr = true, true
	case "never":
		s.colorOut, s.colorErr = false, false
	default:
		s.colorOut, s.colorErr = colorFor(s.outTTY), colorFor(s.errTTY)
	}
}

func colorFor(tty bool) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("CLICOLOR") == "0" {
		return false
	}
	if force := os.Getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return tty && os.Getenv("TERM") != "dumb"
}

// InTTY reports whether input comes from a terminal.
func (s *IO) InTTY() bool { return s.inTTY }

// OutTTY reports whether answers go to a terminal.
func (s *IO) OutTTY() bool { return s.outTTY }

// ErrTTY reports whether messages go to a terminal.
func (s *IO) ErrTTY() bool { return s.errTTY }

// Width returns the columns of the terminal, 80 where nothing is known.
func (s *IO) Width() int { return s.width }

func systemWidth(tty bool) int {
	if tty {
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
			return w
		}
	}
	if w, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && w > 0 {
		return w
	}
	return 80
}

// Style is a way to stress text on a terminal that has colour.
type Style string

// The styles. Never the only carrier of a meaning: the words say it too.
const (
	Plain Style = ""
	Bold  Style = "1"
	Faint Style = "2"
	Bad   Style = "31"
	Good  Style = "32"
	Warn  Style = "33"
)

func (st Style) wrap(text string) string {
	if st == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(st) + "m" + text + "\x1b[0m"
}

// Styled returns text in a style if Out shows colour, else text as it is. The text must be clean already.
func (s *IO) Styled(st Style, text string) string {
	if !s.colorOut {
		return text
	}
	return st.wrap(text)
}

// StyledErr is Styled for Err.
func (s *IO) StyledErr(st Style, text string) string {
	if !s.colorErr {
		return text
	}
	return st.wrap(text)
}
