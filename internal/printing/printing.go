// Package printing hands documents to the print command that the user configured, without a file of ours on the way.
package printing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// Printer is a print command that can be run. It may serve any number of documents, one after another.
type Printer struct{ argv []string }

// New finds a print command, as print_command of the configuration holds it. It fails before anything is done that could only
// be printed once: with CodeUsage if command is empty, CodeInvalid if its quotes do not close, CodeFailed if it cannot be run.
func New(command string) (*Printer, error) {
	hint := lang.Key("`vaultctl config set print_command COMMAND` names the command; it gets the document on its standard input")
	argv, err := splitCommand(command)
	switch {
	case err != nil:
		return nil, err
	case len(argv) == 0:
		return nil, api.WithHint(vault.Errorf(vault.CodeUsage, "no print command is configured"), hint)
	}
	if _, err := exec.LookPath(argv[0]); err != nil {
		if runtime.GOOS == "windows" {
			hint = lang.Key("Windows has no command that prints what it reads: name one of a PDF program with `vaultctl config set print_command COMMAND`, or write the document to a file with `vaultctl document get`")
		}
		return nil, api.WithHint(vault.Errorf(vault.CodeFailed, "the print command %s cannot be run", argv[0]), hint)
	}
	return &Printer{argv: argv}, nil
}

// Print sends what r gives to the command, with no file of ours on the way. If r does not end well the command is
// killed before it sees the end of its input, so that no half document is printed. It returns what the
// command said, as it said it, cut after a few kilobytes.
func (p *Printer) Print(ctx context.Context, r io.Reader) (said string, err error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, p.argv[0], p.argv[1:]...)
	cmd.Stdout = &limited{w: &out}
	cmd.Stderr = cmd.Stdout
	together(cmd)
	cmd.Cancel = func() error { return end(cmd) }
	cmd.WaitDelay = lastWords
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", fmt.Errorf("print: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("print: %w", userfile.Pathless(err))
	}
	source := &sourceErr{r: r}
	unread := userfile.Copy(in, source)
	if source.err != nil {
		// Both only hurry the end of a command whose work is void.
		_ = end(cmd)
		_ = cmd.Wait()
		return "", source.err
	}
	_ = in.Close()
	if err = cmd.Wait(); errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well, and left something running that may still write
	}
	words := strings.TrimSpace(out.String())
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil && words != "":
		return "", vault.Errorf(vault.CodeFailed, "the print command failed (%w): %s", err, words)
	case err != nil:
		return "", vault.Errorf(vault.CodeFailed, "the print command failed: %w", err)
	case unread != nil:
		return "", vault.Errorf(vault.CodeFailed, "the print command did not take the whole document")
	}
	return words, nil
}

// lastWords is how long a command that has ended may leave its output open to others.
const lastWords = 5 * time.Second

// sourceErr notes how reading ended, as copying cannot tell which side failed.
type sourceErr struct {
	r   io.Reader
	err error
}

func (s *sourceErr) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// limited keeps the first words of a command and drops the rest.
type limited struct{ w *bytes.Buffer }

const maxWords = 4 << 10

func (l *limited) Write(b []byte) (int, error) {
	if room := maxWords - l.w.Len(); room > 0 {
		l.w.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

// splitCommand splits a command at spaces outside quotes. There is no shell: nothing else is special.
func splitCommand(text string) ([]string, error) {
	var (
		words []string
		word  strings.Builder
		quote rune
		begun bool
	)
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, begun = r, true
		case r == ' ' || r == '\t':
			if begun {
				words = append(words, word.String())
				word.Reset()
				begun = false
			}
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, vault.Errorf(vault.CodeInvalid, "print_command has a quote that is not closed")
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}
