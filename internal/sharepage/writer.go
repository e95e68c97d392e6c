package sharepage

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"

	"vaultctl/internal/vault"
)

// writer writes the parts of a file one after the other; after an error it writes nothing more.
type writer struct {
	out       io.Writer
	digest    string // of the text form that was written last, in hexadecimal
	sealer    Sealer
	recipient []string // the package's own key
	err       error    // the first one
}

func (w *writer) text(s string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.out, s)
	}
}

// block writes one sealed file in its text form, inside an element that browsers show and run nothing of.
func (w *writer) block(attribute string, seal func(io.Writer) (io.WriteCloser, error), fill func(io.Writer) error) {
	w.text("<script type=\"text/plain\" " + attribute + ">\n")
	if w.err != nil {
		return
	}
	sum := sha256.New()
	armor := newArmor(io.MultiWriter(w.out, sum))
	if w.err = sealTo(armor, seal, fill); w.err == nil {
		w.err = armor.Close()
	}
	w.digest = hex.EncodeToString(sum.Sum(nil))
	w.text("</script>\n")
}

func sealTo(dst io.Writer, seal func(io.Writer) (io.WriteCloser, error), fill func(io.Writer) error) error {
	plain, err := seal(dst)
	if err != nil {
		return err
	}
	if err := fill(plain); err != nil {
		return err
	}
	return plain.Close()
}

// sealed is block for whoever has the package's key.
func (w *writer) sealed(attribute string, fill func(io.Writer) error) {
	w.block(attribute, func(dst io.Writer) (io.WriteCloser, error) { return w.sealer.Seal(dst, w.recipient) }, fill)
}

// document writes a document and enters what it was into the list.
func (w *writer) document(i int, d Document, listed *listed) {
	w.sealed(fmt.Sprintf("data-copy=\"%d\"", i+1), func(dst io.Writer) error {
		src, err := d.Open()
		if err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
		defer src.Close()
		sum := sha256.New()
		n, err := io.Copy(dst, io.TeeReader(io.LimitReader(src, d.Size+1), sum))
		if err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
		listed.SHA256 = hex.EncodeToString(sum.Sum(nil))
		if n != d.Size || d.SHA256 != "" && d.SHA256 != listed.SHA256 {
			return vault.Errorf(vault.CodeIntegrity, "document %d is not what was deposited", i+1)
		}
		return nil
	})
}

// armor writes the text form of an age file: base64 in lines of 64 characters between two marks.
type armor struct {
	buf    *bufio.Writer
	column int
	base64 io.WriteCloser
}

const lineLength = 64

func newArmor(dst io.Writer) *armor {
	a := &armor{buf: bufio.NewWriterSize(dst, 64<<10)}
	a.base64 = base64.NewEncoder(base64.StdEncoding, lines{a})
	a.buf.WriteString("-----BEGIN AGE ENCRYPTED FILE-----\n") //nolint:errcheck // Kept until Flush.
	return a
}

func (a *armor) Write(p []byte) (int, error) { return a.base64.Write(p) }

// Close writes what is left. It does not close what is below.
func (a *armor) Close() error {
	if err := a.base64.Close(); err != nil {
		return err
	}
	if a.column > 0 {
		a.buf.WriteByte('\n') //nolint:errcheck // Kept until Flush.
	}
	a.buf.WriteString("-----END AGE ENCRYPTED FILE-----\n") //nolint:errcheck // Kept until Flush.
	return a.buf.Flush()
}

// lines breaks what the base64 encoder gives.
type lines struct{ a *armor }

func (l lines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(lineLength-l.a.column, len(rest))
		if _, err := l.a.buf.Write(rest[:n]); err != nil {
			return 0, err
		}
		rest = rest[n:]
		if l.a.column += n; l.a.column == lineLength {
			l.a.column = 0
			if err := l.a.buf.WriteByte('\n'); err != nil {
				return 0, err
			}
		}
	}
	return len(p), nil
}
