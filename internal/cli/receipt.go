package cli

import (
	"bytes"
	"io"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
)

// printReceipt writes what became of a withdrawal, an erasure or the like.
func (f *Factory) printReceipt(w io.Writer, r *api.Receipt) error {
	_, err := io.WriteString(w, strings.Join(phrase.Receipt(f.Lang(), r, f.IO.Clean), "\n")+"\n")
	return err
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
