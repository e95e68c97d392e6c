package vault

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// RootNote says which root follows another: signed by the one before, who names it, and by the new one, so that nobody is
// named whose words nobody has. It stands on the remotes beside the organization note, for who has no journal yet, and in
// the event that tells the others. It is not secret.
type RootNote struct {
	Org    OrgID
	N      int // of the new root; the first, of the organization note, is 1
	Before ed25519.PublicKey
	Root   ed25519.PublicKey
}

const (
	rootNoteMagic = "vaultctl root v1"
	maxRoots      = 999
)

// RootNoteFolder is where the notes of successors are.
const RootNoteFolder = "v1/root"

// RootNotePath returns the path of the note that names a root as the n-th. It follows from the key, so that nobody keeps a
// note out by putting something in its place beforehand.
func RootNotePath(n int, root ed25519.PublicKey) string {
	return fmt.Sprintf("%s/%d-%s.note", RootNoteFolder, n, strings.ReplaceAll(Fingerprint(root), "-", ""))
}

// Path returns where the note is.
func (n *RootNote) Path() string { return RootNotePath(n.N, n.Root) }

func (n *RootNote) text() []byte {
	return fmt.Appendf(nil, "%s\norg %s\nn %d\nbefore %s\nroot %s\n", rootNoteMagic, n.Org, n.N, b64of(n.Before), b64of(n.Root))
}

// Sign returns the note with both signatures. The keys are those of the private ones.
func (n RootNote) Sign(before, root ed25519.PrivateKey) []byte {
	n.Before, n.Root = before.Public().(ed25519.PublicKey), root.Public().(ed25519.PublicKey)
	named := n.named(ed25519.Sign(before, n.text()))
	return signedText(named, ed25519.Sign(root, named))
}

// named is what the new root signs: the note with the signature of the one before.
func (n *RootNote) named(sig []byte) []byte {
	return fmt.Appendf(n.text(), "by %s\n", base64.StdEncoding.EncodeToString(sig))
}

func signedText(text, sig []byte) []byte {
	return fmt.Appendf(bytes.Clone(text), "sig %s\n", base64.StdEncoding.EncodeToString(sig))
}

// ParseRootNote reads a note and verifies both signatures by the keys that it names; the caller compares Before with the root
// that it trusts. Errors have CodeIntegrity, or CodeUpgrade for a later format.
func ParseRootNote(b []byte) (*RootNote, error) {
	bad := Errorf(CodeIntegrity, "note of a root: malformed or altered")
	lines := strings.Split(string(b), "\n")
	if strings.HasPrefix(lines[0], "vaultctl root v") && lines[0] != rootNoteMagic {
		return nil, Errorf(CodeUpgrade, "note of a root: written by a newer version")
	}
	if len(b) > maxHeader || len(lines) != 8 || lines[7] != "" || lines[0] != rootNoteMagic {
		return nil, bad
	}
	var val [7]string
	for i, name := range []string{"", "org ", "n ", "before ", "root ", "by ", "sig "} {
		v, ok := strings.CutPrefix(lines[i], name)
		if !ok {
			return nil, bad
		}
		val[i] = v
	}
	num, err := strconv.Atoi(val[2])
	if err != nil || num < 2 || num > maxRoots {
		return nil, bad
	}
	var raw [4][]byte
	for i := range raw {
		if raw[i], err = base64.StdEncoding.DecodeString(val[3+i]); err != nil {
			return nil, bad
		}
	}
	n := &RootNote{Org: OrgID(val[1]), N: num, Before: raw[0], Root: raw[1]}
	if len(n.Before) != ed25519.PublicKeySize || len(n.Root) != ed25519.PublicKeySize || n.Root.Equal(n.Before) {
		return nil, bad
	}
	named := n.named(raw[2])
	if !bytes.Equal(b, signedText(named, raw[3])) || !ed25519.Verify(n.Before, n.text(), raw[2]) || !ed25519.Verify(n.Root, named, raw[3]) {
		return nil, bad
	}
	return n, nil
}

func b64of(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) }
