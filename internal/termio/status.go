package termio

import (
	"io"
	"sync"
)

// StatusLine is a line on Err that says what is going on and is replaced by the next thing said. On anything but a
// terminal, and with --quiet, it does nothing. Its methods may be used concurrently.
type StatusLine struct {
	width int

	mu    sync.Mutex // guards what follows
	w     io.Writer  // nil: silent
	shown bool
}

// StatusLine returns a line on which nothing is shown yet.
func (s *IO) StatusLine() *StatusLine {
	line := &StatusLine{width: s.width}
	if s.errTTY && !s.quiet {
		line.w = s.Err
	}
	return line
}

// Show puts text on the line instead of what was there.
func (l *StatusLine) Show(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w == nil {
		return
	}
	l.shown = true
	// What cannot be shown is not worth failing a command.
	_, _ = io.WriteString(l.w, "\r\x1b[K"+truncate(Clean(text), l.width-1))
}

// Above takes the line away while write writes to Err; the next Show puts it below what was written.
func (l *StatusLine) Above(write func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w != nil && l.shown {
		_, _ = io.WriteString(l.w, "\r\x1b[K") // as in Show
		l.shown = false
	}
	write()
}

// Done removes the line. It may be called more than once.
func (l *StatusLine) Done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w != nil && l.shown {
		_, _ = io.WriteString(l.w, "\r\x1b[K") // as in Show
	}
	l.w = nil
}
