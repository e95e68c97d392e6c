// Package sharepage writes a package: one HTML file that holds sealed copies of documents and opens them in any current
// browser, without a network, with a passphrase that the recipient was given by another way.
//
// What it promises: nothing about a person, and no document, stands in the file in the clear; the copies in it are
// ordinary age files, which stock age opens with the same passphrase; documents are streamed, never held whole. What the
// file looks like is in docs/format.md, and web holds the sources of the page, which `make web` builds.
package sharepage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"vaultctl/internal/vault"
	"vaultctl/internal/words"
)

const (
	// MaxSize is how many bytes of documents a package holds at most: browsers open what is larger badly or not at all.
	MaxSize = 50 << 20

	// WorkFactor is the scrypt work factor to seal the key of a package with: a second or two in the browser of an old
	// machine, and 64 MiB. The passphrase has 77 bits by itself.
	WorkFactor = 16
)

// Sealer makes age files. That of internal/agecrypt is one, with WorkFactor.
type Sealer interface {
	// NewIdentity returns a new age identity and its recipient.
	NewIdentity() (identity, recipient string, err error)
	// Seal starts an age file for recipients; closing the writer finishes it.
	Seal(dst io.Writer, recipients []string) (io.WriteCloser, error)
	// SealPassphrase starts an age file for whoever knows passphrase.
	SealPassphrase(dst io.Writer, passphrase string) (io.WriteCloser, error)
}

// Text is a text in both languages of the page.
type Text struct {
	En string `json:"en"`
	Fr string `json:"fr"`
}

// Package is what one file holds. Only Lang, Organization, Share and the day of Made stand in it in the clear: whoever
// finds the file must know whom to ask, in which language, for which passphrase.
type Package struct {
	Lang         string    // fr or en: the language of the page where the browser prefers neither
	Organization string    // its name, as people know it
	Fingerprint  string    // of the organization's root, vault.Fingerprint
	Share        string    // the share's id, which says nothing to others
	Recipient    string    // who it is for
	Beneficiary  string    // whose documents they are
	Purpose      Text      // why they are given
	Made         time.Time // when
	Until        time.Time // when the agreement ends; its day is given in UTC
	Documents    []Document
}

// Document is one document of a package.
type Document struct {
	Title     string
	File      string // name to save it under; made safe here
	Type      Text   // what it is
	MediaType string
	IssuedOn  string          // YYYY-MM-DD, or "" if not known
	Size      int64           // in bytes
	SHA256    string          // in hexadecimal, what it must be; "" if it is to be taken from what is read
	Proof     json.RawMessage // of the form in docs/format.md; nil if there is none
	// Open returns the bytes, and is called once. Its errors are wrapped.
	Open func() (io.ReadCloser, error)
}

// Summary says what was written.
type Summary struct {
	Size   int64  // of the file, in bytes
	SHA256 string // of the file, in hexadecimal, for whoever wants to compare
}

// Write writes the file of p to w, for whoever knows passphrase, which must be as words.Passphrase gives them. What it checks before
// it writes: that this build has the page (vault.CodeLater), that there are documents and the passphrase is as generated
// (vault.CodeInvalid), that they are not more than MaxSize (vault.CodePolicy). A document that turns out to be of another
// size or digest than it was said to be is vault.CodeIntegrity. After an error w holds a file that is not to be used.
func Write(w io.Writer, sealer Sealer, p Package, passphrase string) (Summary, error) {
	page, err := newShell(p)
	if err != nil {
		return Summary{}, err
	}
	if err := p.check(passphrase); err != nil {
		return Summary{}, err
	}
	identity, recipient, err := sealer.NewIdentity()
	if err != nil {
		return Summary{}, err
	}
	out := &counter{w: w, hash: sha256.New()}
	pw := &writer{out: out, sealer: sealer, recipient: []string{recipient}}
	pw.text(page)
	pw.block(`id="sealed-key"`, func(dst io.Writer) (io.WriteCloser, error) { return sealer.SealPassphrase(dst, passphrase) }, func(dst io.Writer) error {
		_, err := io.WriteString(dst, identity+"\n")
		return err
	})
	keyDigest := pw.digest
	list := newList(p)
	for i, d := range p.Documents {
		pw.document(i, d, &list.Documents[i])
	}
	pw.sealed(`id="sealed-list"`, func(dst io.Writer) error { return json.NewEncoder(dst).Encode(list) })
	pw.text(fmt.Sprintf("<script type=\"text/plain\" id=\"sealed-end\">%d %s</script>\n</body>\n</html>\n", len(p.Documents), keyDigest))
	if pw.err != nil {
		return Summary{}, fmt.Errorf("write package: %w", pw.err)
	}
	return Summary{Size: out.n, SHA256: hex.EncodeToString(out.hash.Sum(nil))}, nil
}

func (p *Package) check(passphrase string) error {
	switch {
	case len(p.Documents) == 0:
		return vault.Errorf(vault.CodeInvalid, "a package needs at least one document")
	case strings.Count(passphrase, "-") < words.PassphraseCount-1 || passphrase != words.CanonicalPassphrase(passphrase):
		return vault.Errorf(vault.CodeInvalid, "the passphrase of a package is seven words in small letters, without accents, joined by hyphens")
	}
	total := int64(0)
	for _, d := range p.Documents {
		if total += d.Size; d.Size < 0 || d.Size > MaxSize || total > MaxSize {
			return errTooLarge()
		}
		if d.Proof != nil && !json.Valid(d.Proof) {
			return vault.Errorf(vault.CodeInvalid, "the proof of a document is malformed")
		}
	}
	return nil
}

func errTooLarge() error {
	return vault.Errorf(vault.CodePolicy, "the documents are larger than %d MB together: more does not open well in a browser", MaxSize>>20)
}

// Check returns why a package with so many bytes of documents cannot be made: vault.CodeLater if this program was built
// without the page, vault.CodePolicy for more than MaxSize.
func Check(size int64) error {
	if _, err := script(); err != nil {
		return err
	}
	if size > MaxSize {
		return errTooLarge()
	}
	return nil
}

// counter counts and hashes what goes through.
type counter struct {
	w    io.Writer
	hash hash.Hash
	n    int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.hash.Write(p[:n])
	c.n += int64(n)
	return n, err
}
