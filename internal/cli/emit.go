package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"vaultctl/internal/termio"
)

// emit prints one answer: as a JSON object with --json, else by human.
func emit[T any](f *Factory, answer T, human func(io.Writer, T) error) error {
	if f.JSON() {
		return f.printJSON(answer)
	}
	var text bytes.Buffer
	if err := human(&text, answer); err != nil {
		return err
	}
	if _, err := f.IO.Out.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

// emitList prints a list: one JSON object per line as items arrive with --json, else a table with the given columns.
func emitList[T any](f *Factory, items iter.Seq2[T, error], header []string, row func(T) []termio.Cell) error {
	table := f.IO.NewTable(header...)
	for item, err := range items {
		if err != nil {
			return err
		}
		if !f.JSON() {
			table.Cells(row(item)...)
			continue
		}
		if err := f.printJSON(item); err != nil {
			return err
		}
	}
	return table.Flush()
}

// each turns a slice into the sequence that emitList takes.
func each[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func (f *Factory) printJSON(v any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	text := line.String()
	if f.IO.OutTTY() {
		text = escapeForTerminal(text)
	}
	if _, err := io.WriteString(f.IO.Out, text); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

// escapeForTerminal writes the characters that JSON allows and terminals obey as \u escapes: the same value to any
// reader of JSON.
func escapeForTerminal(line string) string {
	var b strings.Builder
	for _, r := range line {
		if r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// fields prints "name: value" lines with the values aligned, leaving out those without value.
func (f *Factory) fields(w io.Writer, pairs ...string) error {
	width := 0
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			width = max(width, termio.Width(pairs[i]))
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		pad := strings.Repeat(" ", width-termio.Width(pairs[i])+2)
		if _, err := fmt.Fprintf(w, "%s%s%s\n", f.IO.Styled(termio.Faint, pairs[i]), pad, f.IO.Clean(pairs[i+1])); err != nil {
			return err
		}
	}
	return nil
}
