package termio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Dialogue is a conversation line by line: what is said and what is asked goes to Out, answers come from In. It needs no
// terminal, so that a screen reader, a pipe or a test may hold the other end. Nothing but text is written, in the order in
// which it was said, and nothing that was written is changed. Saying is safe for concurrent use; one goroutine asks.
type Dialogue struct {
	s       *IO
	waiting chan answer // of a reading that somebody gave up waiting for; nil without one

	mu sync.Mutex // guards what is written
}

// Dialogue returns a conversation over the streams.
func (s *IO) Dialogue() *Dialogue { return &Dialogue{s: s} }

// Say writes text as lines, none of which can drive the terminal. On a terminal long ones are broken between words.
func (d *Dialogue) Say(text string) {
	lines := []string{d.s.Clean(text)}
	if d.s.outTTY && Width(lines[0]) >= d.s.width {
		lines = Wrap(lines[0], d.s.width-1)
	}
	d.write(strings.Join(lines, "\n") + "\n")
}

func (d *Dialogue) write(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Where nobody can be told anything, nobody answers either: the end of the input ends the conversation.
	_, _ = io.WriteString(d.s.Out, text)
}

// Ask writes a prompt and returns the line that is typed. It returns io.EOF at the end of the input, and the error of ctx when
// that ends first; the line that is typed afterwards is then the answer to what is asked next.
func (d *Dialogue) Ask(ctx context.Context, prompt string) (string, error) {
	return d.ask(ctx, prompt, d.s.readLine)
}

// AskSecret is Ask without echo on a terminal.
func (d *Dialogue) AskSecret(ctx context.Context, prompt string) (string, error) {
	if !d.s.inTTY {
		return d.Ask(ctx, prompt)
	}
	restore, err := d.s.hush()
	if err != nil {
		return "", fmt.Errorf("switch off the echo of the terminal: %w", err)
	}
	defer restore()
	line, err := d.ask(ctx, prompt, d.s.readSecret)
	d.write("\n") // the one that was typed was not echoed
	return line, err
}

func (d *Dialogue) ask(ctx context.Context, prompt string, read func() ([]byte, error)) (string, error) {
	d.write(d.s.Clean(prompt))
	if d.waiting == nil {
		waiting := make(chan answer, 1)
		d.waiting = waiting
		go func() {
			line, err := read()
			waiting <- answer{line, err}
		}()
	}
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-d.waiting:
		d.waiting = nil
		if !d.s.inTTY {
			d.write("\n") // nobody typed one
		}
		if a.err != nil && !errors.Is(a.err, io.EOF) {
			return "", fmt.Errorf("read an answer: %w", a.err)
		}
		return string(a.line), a.err
	}
}
