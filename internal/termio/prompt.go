package termio

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"vaultctl/internal/vault"
)

// CanAsk reports whether a person can be asked: input and messages are terminals and --no-input is not given.
func (s *IO) CanAsk() bool { return s.inTTY && s.errTTY && !s.noInput }

func (s *IO) needPerson(flag string) error {
	if s.CanAsk() {
		return nil
	}
	return vault.Errorf(vault.CodeUsage, "a question needs a terminal; give %s", flag)
}

// Ask shows label on Err and returns the line typed, without surrounding spaces. flag is what a script gives
// instead; the error without a terminal (vault.CodeUsage) names it. A cancelled context gives vault.CodeInterrupted.
func (s *IO) Ask(ctx context.Context, label, flag string) (string, error) {
	if err := s.needPerson(flag); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	line, err := s.question(ctx, label+s.colon+" ", s.readLine)
	return strings.TrimSpace(string(line)), err
}

// AskSecret is Ask without echo and without trimming. The bytes belong to the caller, who should clear them.
func (s *IO) AskSecret(ctx context.Context, label, flag string) ([]byte, error) {
	if err := s.needPerson(flag); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	restore, err := s.hush()
	if err != nil {
		return nil, fmt.Errorf("switch off the echo of the terminal: %w", err)
	}
	defer restore()
	secret, err := s.question(ctx, label+s.colon+" ", s.readSecret)
	// The newline that the person typed was not echoed either.
	if _, werr := fmt.Fprintln(s.Err); err == nil && werr != nil {
		err = fmt.Errorf("write to terminal: %w", werr)
	}
	return secret, err
}

// Confirm asks a yes/no question; only an explicit yes is true. With --yes it is true without asking. flag is
// usually "--yes".
func (s *IO) Confirm(ctx context.Context, question, flag string) (bool, error) {
	if s.yes {
		return true, nil
	}
	if err := s.needPerson(flag); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	line, err := s.question(ctx, question+" ["+s.yesKeys+"/N] ", s.readLine)
	if err != nil {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(string(line))) {
	case "y", "yes", "o", "oui", s.yesKeys:
		return true, nil
	}
	return false, nil
}

// Choose shows numbered options and returns the index of the one chosen. It asks again up to three times.
func (s *IO) Choose(ctx context.Context, label string, options []string, flag string) (int, error) {
	if err := s.needPerson(flag); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var menu strings.Builder
	for i, option := range options {
		fmt.Fprintf(&menu, "%3d  %s\n", i+1, s.cleanFor(s.errTTY, option))
	}
	prompt := menu.String() + label + " [1-" + strconv.Itoa(len(options)) + "]" + s.colon + " "
	for range 3 {
		line, err := s.question(ctx, prompt, s.readLine)
		if err != nil {
			return 0, err
		}
		if n, err := strconv.Atoi(strings.TrimSpace(string(line))); err == nil && n >= 1 && n <= len(options) {
			return n - 1, nil
		}
	}
	return 0, vault.Errorf(vault.CodeUsage, "no choice made; give %s", flag)
}

type answer struct {
	line []byte
	err  error
}

// question writes the prompt and reads one line, giving up when ctx ends. The reading goroutine then stays behind
// until the process leaves: a blocked read of a terminal cannot be taken back. s.mu is held.
func (s *IO) question(ctx context.Context, prompt string, read func() ([]byte, error)) ([]byte, error) {
	if _, err := io.WriteString(s.Err, prompt); err != nil {
		return nil, fmt.Errorf("write to terminal: %w", err)
	}
	got := make(chan answer, 1)
	go func() {
		line, err := read()
		got <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return nil, vault.Errorf(vault.CodeInterrupted, "interrupted")
	case a := <-got:
		if errors.Is(a.err, io.EOF) {
			return nil, vault.Errorf(vault.CodeInterrupted, "no answer: end of input")
		}
		if a.err != nil {
			return nil, fmt.Errorf("read from terminal: %w", a.err)
		}
		return a.line, nil
	}
}

// readLine returns the next line of In without its end. A last line without newline counts.
func (s *IO) readLine() ([]byte, error) {
	if s.lines == nil {
		s.lines = bufio.NewReader(s.In)
	}
	line, err := s.lines.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(line) > 0 {
		err = nil
	}
	return bytes.TrimRight(line, "\r\n"), err
}

// RefuseBinary returns a vault.CodeUsage error if Out is a terminal: a document could hold anything, escape
// sequences included.
func (s *IO) RefuseBinary() error {
	if s.outTTY {
		return vault.Errorf(vault.CodeUsage, "a document is not written to a terminal; give -o FILE or send it to a pipe")
	}
	return nil
}

// Note writes one line to Err unless --quiet, broken into several on a terminal that is too narrow.
func (s *IO) Note(text string) {
	if !s.quiet {
		// A message that nobody can receive is no reason to fail the command.
		_, _ = fmt.Fprintln(s.Err, s.WrapErr(s.cleanFor(s.errTTY, text)))
	}
}
