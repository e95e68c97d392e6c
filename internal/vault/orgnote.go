package vault

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// OrgNote is the root-signed beginning of an organization: the trust anchor that a joining device checks. Whatever
// changes later is an event.
type OrgNote struct {
	Org   OrgID
	Root  ed25519.PublicKey
	First WriterID // writer of the first segment
}

const orgNoteMagic = "vaultctl organization v1"

func (n *OrgNote) text() []byte {
	return fmt.Appendf(nil, "%s\norg %s\nroot %s\nfirst %s\n", orgNoteMagic, n.Org, base64.StdEncoding.EncodeToString(n.Root), n.First)
}

// Sign returns the note with the root's signature.
func (n OrgNote) Sign(root ed25519.PrivateKey) []byte {
	n.Root = root.Public().(ed25519.PublicKey)
	msg := n.text()
	return n.signed(ed25519.Sign(root, msg))
}

func (n *OrgNote) signed(sig []byte) []byte {
	return fmt.Appendf(nil, "%ssig %s\n", n.text(), base64.StdEncoding.EncodeToString(sig))
}

// ParseOrgNote reads and verifies a note against the root key that it names; the caller compares that key's
// Fingerprint with what it trusts. Errors have CodeIntegrity, or CodeUpgrade for a later format.
func ParseOrgNote(b []byte) (*OrgNote, error) {
	bad := Errorf(CodeIntegrity, "organization note: malformed or altered")
	lines := strings.Split(string(b), "\n")
	if strings.HasPrefix(lines[0], "vaultctl organization v") && lines[0] != orgNoteMagic {
		return nil, Errorf(CodeUpgrade, "organization note: written by a newer version")
	}
	if len(b) > maxHeader || len(lines) != 6 || lines[5] != "" {
		return nil, bad
	}
	var val [5]string
	for i, name := range []string{"", "org ", "root ", "first ", "sig "} {
		v, ok := strings.CutPrefix(lines[i], name)
		if !ok {
			return nil, bad
		}
		val[i] = v
	}
	root, err1 := base64.StdEncoding.DecodeString(val[2])
	sig, err2 := base64.StdEncoding.DecodeString(val[4])
	n := &OrgNote{Org: OrgID(val[1]), Root: root, First: WriterID(val[3])}
	if err1 != nil || err2 != nil || len(root) != ed25519.PublicKeySize || !n.First.Valid() ||
		!bytes.Equal(b, n.signed(sig)) || !ed25519.Verify(root, n.text(), sig) {
		return nil, bad
	}
	return n, nil
}

// Fingerprint returns the trust anchor that people compare: 120 bits of the SHA-256 of the root key, 24
// characters of lower-case base32 in groups of four.
func Fingerprint(root ed25519.PublicKey) string {
	sum := sha256.Sum256(root)
	s := lowerBase32.EncodeToString(sum[:])[:24]
	var groups []string
	for i := 0; i < len(s); i += 4 {
		groups = append(groups, s[i:i+4])
	}
	return strings.Join(groups, "-")
}
