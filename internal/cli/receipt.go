package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// printReceipt says what ended, who reads on, what is gone and what cannot be taken back.
func (f *Factory) printReceipt(w io.Writer, r *api.Receipt) error {
	var text bytes.Buffer
	l := f.Lang()
	if r.DryRun {
		fmt.Fprintln(&text, l.T("Nothing was done. This would happen:"))
	}
	section := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintln(&text, title)
		for _, line := range lines {
			fmt.Fprintln(&text, "  - "+f.IO.Clean(line))
		}
	}
	section(l.T("Ended:"), r.Ended)
	section(l.T("Gone:"), r.Gone)
	section(l.T("Who can still open the vault:"), r.Readers)
	section(l.T("What goes on:"), r.GoesOn)
	section(l.T("What cannot be called back:"), r.NotRecalled)
	section(l.T("Storage:"), f.remoteLines(r))
	switch {
	case r.DryRun && r.ToReseal > 0:
		fmt.Fprintln(&text, l.N(r.ToReseal, "%d object would be resealed.", "%d objects would be resealed."))
	case !r.DryRun && r.ToReseal > 0:
		fmt.Fprintln(&text, l.T("Resealed: %d of %d.", r.Resealed, r.ToReseal))
	}
	if len(r.Waiting) > 0 {
		fmt.Fprintln(&text, l.T("This workstation cannot open the documents: sealing them again waits for a workstation of %s.", f.IO.Clean(strings.Join(r.Waiting, ", "))))
	}
	if r.Unseen > 0 {
		fmt.Fprintln(&text, waitingWords(l, r.Unseen))
	}
	if !r.DryRun {
		fmt.Fprintln(&text, f.receiptEnd(r))
	}
	_, err := w.Write(text.Bytes())
	return err
}

func (f *Factory) receiptEnd(r *api.Receipt) string {
	l := f.Lang()
	if r.Complete {
		return "✓ " + l.T("Complete: %s.", timeWords(l, r.At))
	}
	return "! " + l.T("Recorded at %s. The rest goes on by itself; `vaultctl status` shows how far it is.", timeWords(l, r.At))
}

func (f *Factory) remoteLines(r *api.Receipt) []string {
	l := f.Lang()
	var lines []string
	for _, remote := range r.Remotes {
		line := remote.Name + " – " + l.N(remote.Deleted, "%d object deleted", "%d objects deleted")
		if remote.Waiting > 0 {
			line += ", " + l.T("%d waiting", remote.Waiting)
		}
		if remote.Kept > 0 {
			line += ", " + l.T("%d kept", remote.Kept)
		}
		if remote.Note != "" {
			line += " (" + remote.Note + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// timeWords shows a time of RFC 3339 to a person, in their time zone.
func timeWords(l lang.Lang, text string) string {
	t, ok := parseTime(text)
	if !ok {
		return text
	}
	return l.DateTime(t)
}

// saveReceipt writes a receipt as a text file, if one was asked for.
func (f *Factory) saveReceipt(path string, force bool, r *api.Receipt) error {
	if path == "" {
		return nil
	}
	var text bytes.Buffer
	if err := f.printReceipt(&text, r); err != nil {
		return err
	}
	return f.writeOut(path, force, text.Bytes())
}

// emitReceipt prints a receipt. With --wait it is an error that the storage has not confirmed everything.
func (f *Factory) emitReceipt(r api.Receipt, wait waitOption) error {
	err := emit(f, r, func(w io.Writer, r api.Receipt) error { return f.printReceipt(w, &r) })
	if err == nil && wait.text != "" && !r.DryRun && !r.Complete {
		err = errNotThere()
	}
	return err
}
