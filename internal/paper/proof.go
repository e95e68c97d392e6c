package paper

import (
	"io"
	"strconv"
	"time"

	"vaultctl/internal/lang"
)

// ProofData is what the page of a proof of deposit says.
type ProofData struct {
	Organization string
	Fingerprint  string // of the organization's root
	Document     string // id
	Digest       string // SHA-256, 64 hexadecimal digits
	Size         int64  // bytes
	Deposited    time.Time
	Depositor    string // name; may be empty
	Device       string
	OriginalSeen bool
	Issued       time.Time
	Issuer       string // name; may be empty
	By           string // workstation that attests it
}

// Proof writes the page that goes with a proof of deposit: what was deposited by whom and when, the digest in letters and as a
// code, how it is checked, and what it does not show. The page itself proves nothing: the signed file does.
func Proof(w io.Writer, l lang.Lang, data ProofData) error {
	title := l.T("Proof of deposit")
	s := newSheet(l, title, l.T("Document %s", data.Document), data.Issued)
	s.block(strongStyle, margin, full, clean(data.Organization))
	s.title(title)
	seen := l.T("not noted")
	if data.OriginalSeen {
		seen = l.T("the agent noted that they saw it")
	}
	s.facts(margin, full, 62, [][2]string{
		{l.T("Document"), data.Document},
		{l.T("Deposited"), l.DateTime(data.Deposited)},
		{l.T("By"), clean(data.Depositor)},
		{l.T("On the workstation"), data.Device},
		{l.T("Original"), seen},
		{l.T("Size"), l.T("%s bytes", strconv.FormatInt(data.Size, 10))},
		{l.T("Proof made"), l.DateTime(data.Issued)},
		{l.T("By"), clean(data.Issuer)},
		{l.T("On the workstation"), data.By},
	})
	s.heading(l.T("Digest of the file (SHA-256)"))
	s.block(codeStyle, margin, full, data.Digest[:min(32, len(data.Digest))])
	s.block(codeStyle, margin, full, data.Digest[min(32, len(data.Digest)):])
	const code = 44.0
	s.skip(2)
	s.room(code + 2)
	from := s.y
	if err := s.qr("sha256:"+data.Digest, margin, from, code); err != nil {
		return err
	}
	x := margin + code + 6
	s.block(bodyStyle, x, full-code-6, l.T("The code holds the digest. Any program that computes SHA-256 gives the same for the same file, and another one as soon as a single bit differs."))
	s.skip(2)
	s.block(bodyStyle, x, full-code-6, l.T("Fingerprint of the organization's root:"))
	s.block(codeStyle, x, full-code-6, data.Fingerprint)
	s.y = max(s.y, from+code) + 2
	s.heading(l.T("How it is checked"))
	s.para(l.T("This page belongs to a signed file. With it, the document and the fingerprint above, which is to be compared with the one that the organization publishes, anybody checks it without network and without account:"))
	s.block(codeStyle, margin, full, "vaultctl verify FILE --proof PROOF.json --root "+data.Fingerprint)
	s.skip(2)
	s.heading(l.T("What it shows, and what it does not"))
	for _, text := range []string{
		l.T("A workstation that the organization had certified attests, by its signature, that a file with this digest was deposited at this time by this agent, as its journal has it."),
		l.T("The times are those of the organization's workstations. No authority outside it stamped them."),
		l.T("It does not show that the document is genuine, that what it says is true, or that the workstation has not been revoked since."),
		l.T("This page alone proves nothing: only the signed file can be checked."),
	} {
		s.bullet(bodyStyle, margin, full, text)
	}
	return s.finish(w)
}
