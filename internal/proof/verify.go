package proof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"vaultctl/internal/vault"
)

// Verified is a proof that holds.
type Verified struct {
	Statement
	Fingerprint string           // of the root of when the proof was made
	Chain       []vault.DeviceID // from the one that the root certified to the one that attests
}

// Fingerprint reads the fingerprint of a root as people write it. Errors have vault.CodeUsage.
func Fingerprint(text string) (string, error) {
	plain := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(text))
	if len(plain) != 24 || strings.Trim(plain, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return "", vault.Errorf(vault.CodeUsage, "not a fingerprint of a root: 24 letters and digits, in groups of four")
	}
	return plain, nil
}

// line returns the keys of the organization's roots, the first first.
func (p *Proof) line(org vault.OrgID) ([]ed25519.PublicKey, error) {
	first, ok := decode(p.Root, ed25519.PublicKeySize)
	if !ok {
		return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "the root's key"))
	}
	keys := []ed25519.PublicKey{first}
	for i, text := range p.Roots {
		n, err := vault.ParseRootNote([]byte(text))
		if err != nil || n.Org != org || n.N != i+2 || !n.Before.Equal(keys[i]) {
			return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "the line of roots"))
		}
		keys = append(keys, n.Root)
	}
	return keys, nil
}

// Verify checks a proof down to the root with the fingerprint: the one of when it was made, or one before, which named that one.
// Errors have vault.CodeIntegrity, vault.CodeUsage for what is no fingerprint.
func (p *Proof) Verify(fingerprint string) (*Verified, error) {
	want, err := Fingerprint(fingerprint)
	if err != nil {
		return nil, err
	}
	s, signer, err := p.signed()
	if err != nil {
		return nil, err
	}
	roots, err := p.line(s.Org)
	if err != nil {
		return nil, err
	}
	shown := vault.Fingerprint(roots[len(roots)-1])
	if !slices.ContainsFunc(roots, func(k ed25519.PublicKey) bool { return strings.ReplaceAll(vault.Fingerprint(k), "-", "") == want }) {
		return nil, vault.Errorf(vault.CodeIntegrity, "the proof is of an organization with another root than the one given: %s", shown)
	}
	v := &Verified{Statement: *s, Fingerprint: shown}
	last, err := p.climb(s.Org, roots, v)
	if err != nil {
		return nil, err
	}
	if last.Key != encode(signer) || !last.has(vault.RoleAgent) {
		return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "the certificates do not lead to an agent's workstation that attests it"))
	}
	return v, nil
}

// signed checks the signature of the statement, and returns who made it.
func (p *Proof) signed() (*Statement, ed25519.PublicKey, error) {
	key, ok := decode(p.Key, ed25519.PublicKeySize)
	sig, good := decode(p.Sig, ed25519.SignatureSize)
	if !ok || !good || !ed25519.Verify(key, []byte(p.Statement), sig) {
		return nil, nil, errAltered(vault.Errorf(vault.CodeIntegrity, "the signature does not fit what it says"))
	}
	s, err := parseStatement(p.Statement)
	if err != nil {
		return nil, nil, err
	}
	if s.By != vault.DeviceIDOf(key) {
		return nil, nil, errAltered(vault.Errorf(vault.CodeIntegrity, "the workstation is not the one of the key"))
	}
	return s, key, nil
}

// climb checks the certificates from the root on, and returns the last.
func (p *Proof) climb(org vault.OrgID, roots []ed25519.PublicKey, v *Verified) (*device, error) {
	if len(p.Certificates) == 0 || len(p.Certificates) > maxChain {
		return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "the number of certificates"))
	}
	var before *device
	for i := range p.Certificates {
		c := &p.Certificates[i]
		d, err := c.check(org)
		if err != nil {
			return nil, err
		}
		writer := d.Device // a root signs what a device writes itself
		allowed := before == nil && slices.ContainsFunc(roots, func(k ed25519.PublicKey) bool { return encode(k) == c.By })
		if before != nil {
			writer, allowed = before.Device, c.By == before.Key
			if !before.has(vault.RoleAdmin) {
				return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "a certificate by a workstation that is no administrator's"))
			}
		}
		if !allowed || c.field("device") != string(writer) {
			return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "a certificate that the one before does not lead to"))
		}
		v.Chain = append(v.Chain, d.Device)
		before = d
	}
	return before, nil
}

// device is what a certificate says of one.
type device vault.DeviceBody

func (d *device) has(role vault.Role) bool { return d.Role == role || slices.Contains(d.Also, role) }

// check verifies the signature of a certificate, and that it is one of a device of the organization.
func (c *Certificate) check(org vault.OrgID) (*device, error) {
	key, ok := decode(c.By, ed25519.PublicKeySize)
	sig, good := decode(c.Sig, ed25519.SignatureSize)
	if !ok || !good || !ed25519.Verify(key, []byte(c.Statement), sig) {
		return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "the signature of a certificate"))
	}
	lines := strings.Split(c.Statement, "\n")
	if len(lines) != 12 || lines[0] != "vaultctl event v1" || lines[11] != "" || c.field("org") != string(org) || c.field("type") != string(vault.DeviceCertified) ||
		c.field("vault") != "" || c.field("body") != string(vault.HashOf([]byte(c.Body))) {
		return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "a certificate of something else"))
	}
	var d device
	if json.Unmarshal([]byte(c.Body), &d) != nil {
		return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "a certificate's content"))
	}
	raw, ok := decode(d.Key, ed25519.PublicKeySize)
	if !ok || vault.DeviceIDOf(raw) != d.Device {
		return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "a certificate of a workstation that does not belong to its key"))
	}
	return &d, nil
}

// certificateLines are the names of a statement's lines, after the first.
var certificateLines = []string{"org", "device", "id", "type", "vault", "agent", "at", "critical", "notes", "body"}

// field returns the value of a line of the statement, which is at its place or not there.
func (c *Certificate) field(name string) string {
	lines := strings.Split(c.Statement, "\n")
	i := slices.Index(certificateLines, name) + 1
	if i >= len(lines) {
		return "?"
	}
	value, ok := strings.CutPrefix(lines[i], name+" ")
	if !ok {
		return "?"
	}
	return value
}

// CheckFile compares a file with what was deposited. Errors have vault.CodeIntegrity where it is another one.
func (v *Verified) CheckFile(r io.Reader) error {
	sum := sha256.New()
	n, err := io.Copy(sum, r)
	if err != nil {
		return err
	}
	if digest := hex.EncodeToString(sum.Sum(nil)); digest != string(v.Digest) || n != v.Size {
		return vault.Errorf(vault.CodeIntegrity, "the file is not the one that was deposited: it has %d bytes and the digest %s, not %d bytes and %s",
			n, digest, v.Size, v.Digest)
	}
	return nil
}
