// Verifyproof checks a proof of deposit with nothing but the standard library: it was written from docs/proof.md, shares no code
// with vaultctl, and is there to be read, or written anew in another language.
//
//	go run ./docs/verifyproof FILE PROOF.json FINGERPRINT
//
// The exit status is 0 if the proof holds for the file under the root with the fingerprint, 1 if not.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

type certificate struct{ By, Statement, Body, Sig string }

type proof struct {
	V            int
	Type         string
	Statement    string
	Key, Sig     string
	Root         string
	Roots        []string
	Certificates []certificate
}

// body is what a certificate says of a workstation.
type body struct {
	Device, Key, Role string
	Also              []string
}

func (b body) has(role string) bool { return b.Role == role || slices.Contains(b.Also, role) }

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: verifyproof FILE PROOF.json FINGERPRINT")
		os.Exit(1)
	}
	text, err := check(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, "the proof does not hold:", err)
		os.Exit(1)
	}
	fmt.Print(text)
}

// check returns the statement of a proof that holds.
func check(file, proofFile, fingerprint string) (string, error) {
	raw, err := os.ReadFile(proofFile)
	if err != nil {
		return "", err
	}
	var p proof
	if err := json.Unmarshal(raw, &p); err != nil {
		return "", err
	}
	if p.V != 1 || p.Type != "document_proof" || len(p.Certificates) == 0 {
		return "", errors.New("not a proof of version 1")
	}
	// 1. The root that is trusted is in the line of roots.
	org := line(p.Statement, 1, "org")
	roots, err := rootLine(&p, org)
	if err != nil {
		return "", err
	}
	trusted := func(key string) bool {
		return name(key)[:24] == strings.ToLower(strings.ReplaceAll(fingerprint, "-", ""))
	}
	if !slices.ContainsFunc(roots, trusted) {
		return "", errors.New("another root")
	}
	last, err := climb(&p, org, roots)
	if err != nil {
		return "", err
	}
	// 4. The last one is an agent's workstation, and signed the statement.
	if last.Key != p.Key || !last.has("agent") || line(p.Statement, 18, "by") != last.Device {
		return "", errors.New("the certificates do not lead to who attests")
	}
	if !strings.HasPrefix(p.Statement, "vaultctl proof v1\n") || !signed(p.Key, p.Statement, p.Sig) {
		return "", errors.New("the statement's signature")
	}
	// 5. The file is the one that the statement names.
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	if line(p.Statement, 8, "digest") != hex.EncodeToString(sum[:]) || line(p.Statement, 9, "size") != fmt.Sprint(len(content)) {
		return "", errors.New("another file")
	}
	return p.Statement, nil
}

// rootLine returns the keys of the roots: the first, and those of whom the one before named each.
func rootLine(p *proof, org string) ([]string, error) {
	roots := []string{p.Root}
	for i, note := range p.Roots {
		named, sig, ok := cutLast(note, "sig ")
		text, by, ok2 := cutLast(named, "by ")
		root := line(note, 4, "root")
		if !ok || !ok2 || !strings.HasPrefix(note, "vaultctl root v1\n") || line(note, 1, "org") != org || line(note, 2, "n") != fmt.Sprint(i+2) ||
			line(note, 3, "before") != roots[i] || !signed(roots[i], text, by) || !signed(root, named, sig) {
			return nil, errors.New("the line of roots")
		}
		roots = append(roots, root)
	}
	return roots, nil
}

// cutLast splits the last line, of this name, from a text.
func cutLast(text, name string) (before, value string, ok bool) {
	body, ended := strings.CutSuffix(text, "\n")
	i := strings.LastIndex(body, "\n") + 1
	value, ok = strings.CutPrefix(body[i:], name)
	return body[:i], value, ok && ended
}

// climb checks each certificate by the key of the one before, the first by a root's.
func climb(p *proof, org string, roots []string) (body, error) {
	var before body
	for i, c := range p.Certificates {
		var b body
		if err := json.Unmarshal([]byte(c.Body), &b); err != nil {
			return b, err
		}
		// 2. It is signed by who may: a root for a workstation that wrote it itself, else the administrator's before it.
		writer, allowed := b.Device, slices.Contains(roots, c.By)
		if i > 0 {
			writer, allowed = before.Device, c.By == before.Key
			if !before.has("admin") {
				return b, errors.New("a certificate by who is no administrator")
			}
		}
		if !allowed || !signed(c.By, c.Statement, c.Sig) {
			return b, errors.New("the signature of a certificate")
		}
		// 3. It says what it should, of this organization, and the workstation is that of its key.
		sum := sha256.Sum256([]byte(c.Body))
		if !strings.HasPrefix(c.Statement, "vaultctl event v1\n") || line(c.Statement, 1, "org") != org || line(c.Statement, 2, "device") != writer ||
			line(c.Statement, 4, "type") != "device.certify" || line(c.Statement, 10, "body") != hex.EncodeToString(sum[:]) || name(b.Key)[:26] != b.Device {
			return b, errors.New("a certificate of something else")
		}
		before = b
	}
	return before, nil
}

// signed reports whether a text bears a signature by a key, both in base64.
func signed(key, text, sig string) bool {
	k, err1 := base64.StdEncoding.DecodeString(key)
	s, err2 := base64.StdEncoding.DecodeString(sig)
	return err1 == nil && err2 == nil && len(k) == ed25519.PublicKeySize && ed25519.Verify(k, []byte(text), s)
}

// name is the lower-case base32 of the SHA-256 of a key: its beginning is a fingerprint, or the id of a workstation.
func name(key string) string {
	k, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return strings.Repeat("?", 52)
	}
	sum := sha256.Sum256(k)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}

// line returns the value of the nth line of a statement, counted from 0, which must have this name.
func line(text string, n int, name string) string {
	lines := strings.Split(text, "\n")
	if n >= len(lines) {
		return "?"
	}
	value, ok := strings.CutPrefix(lines[n], name+" ")
	if !ok {
		return "?"
	}
	return value
}
