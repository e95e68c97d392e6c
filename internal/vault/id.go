package vault

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
)

// Identifiers that people read and type start with a letter for their kind and end with a check character
// (ISO 7064 MOD 37,36), so that a mistyped or transposed character never resolves to something else. Those that an event
// introduces carry a tag of the device that writes it, so that none claims what another introduced.
type (
	// OrgID names an organization.
	OrgID string
	// BeneficiaryID names a beneficiary and the vault kept for them.
	BeneficiaryID string
	// DocumentID names a document through all its versions.
	DocumentID string
	// ConsentID names one consent record.
	ConsentID string
	// TeamID names a team; an agent is a team of one.
	TeamID string
	// AgentID names a person who works for the organization.
	AgentID string
	// BatchID names one import run.
	BatchID string
	// DeviceID is the fingerprint of a device's signing key.
	DeviceID string
	// WriterID is DeviceID plus "-" plus a random incarnation.
	WriterID string
	// EpochID names an epoch: "<writer>/<n>", the path of its parcel.
	EpochID string
)

const (
	idAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
	// dataAlphabet leaves out i, l, o and u, which are misread.
	dataAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	idDataLen    = 11
	idLen        = 1 + idDataLen + 1
)

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewObjectName returns a random object name: 128 bits in lower-case base32, 26 characters.
func NewObjectName() string {
	var b [16]byte
	mustRandom(b[:])
	return lowerBase32.EncodeToString(b[:])
}

// NewOrgID returns a random identifier.
func NewOrgID() OrgID { return OrgID(newID('o')) }

// NewBeneficiaryID returns a random identifier for the device to introduce.
func NewBeneficiaryID(by DeviceID) BeneficiaryID { return BeneficiaryID(newBoundID('b', by)) }

// NewDocumentID returns a random identifier for the device to introduce.
func NewDocumentID(by DeviceID) DocumentID { return DocumentID(newBoundID('d', by)) }

// NewConsentID returns a random identifier for the device to introduce.
func NewConsentID(by DeviceID) ConsentID { return ConsentID(newBoundID('c', by)) }

// NewTeamID returns a random identifier for the device to introduce.
func NewTeamID(by DeviceID) TeamID { return TeamID(newBoundID('t', by)) }

// NewAgentID returns a random identifier for the device to introduce.
func NewAgentID(by DeviceID) AgentID { return AgentID(newBoundID('a', by)) }

// NewBatchID returns a random identifier.
func NewBatchID() BatchID { return BatchID(newID('i')) }

// DeviceIDOf returns the fingerprint of an ed25519 public key: the first 130 bits of its SHA-256.
func DeviceIDOf(publicKey []byte) DeviceID {
	sum := sha256.Sum256(publicKey)
	return DeviceID(lowerBase32.EncodeToString(sum[:])[:26])
}

// NewWriterID returns a writer of the device with a fresh random incarnation.
func NewWriterID(d DeviceID) WriterID {
	var b [5]byte
	mustRandom(b[:])
	return WriterID(string(d) + "-" + lowerBase32.EncodeToString(b[:]))
}

// Device returns the device that owns the writer.
func (w WriterID) Device() DeviceID {
	d, _, _ := strings.Cut(string(w), "-")
	return DeviceID(d)
}

// Valid reports whether w has the shape of a writer id.
func (w WriterID) Valid() bool {
	d, inc, ok := strings.Cut(string(w), "-")
	return ok && len(d) == 26 && len(inc) == 8 && isLowerBase32(d) && isLowerBase32(inc)
}

// ParseID checks kind and check character of an identifier that a person may have typed, ignoring case and the
// separators space and "-". It returns the canonical form, or an error with CodeNotFound: a mistyped id names nothing.
func ParseID(kind byte, s string) (string, error) {
	s = strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(s, "-", ""), " ", ""))
	if !LooksLikeID(kind, s) {
		return "", Errorf(CodeNotFound, "no such id (it must be %d characters starting with %q)", idLen, string(kind))
	}
	if checkCharacter(s[:idLen-1]) != s[idLen-1] {
		return "", Errorf(CodeNotFound, "the id is mistyped: its check character does not match")
	}
	return s, nil
}

// ParseBeneficiaryID is ParseID for beneficiaries.
func ParseBeneficiaryID(s string) (BeneficiaryID, error) {
	id, err := ParseID('b', s)
	return BeneficiaryID(id), err
}

// ParseDocumentID is ParseID for documents.
func ParseDocumentID(s string) (DocumentID, error) {
	id, err := ParseID('d', s)
	return DocumentID(id), err
}

// ParseConsentID is ParseID for consents.
func ParseConsentID(s string) (ConsentID, error) {
	id, err := ParseID('c', s)
	return ConsentID(id), err
}

// LooksLikeID reports whether s has the length, kind and alphabet of an identifier, whatever its check character.
func LooksLikeID(kind byte, s string) bool {
	if len(s) != idLen || s[0] != kind {
		return false
	}
	for i := 1; i < idLen-1; i++ {
		if strings.IndexByte(dataAlphabet, s[i]) < 0 {
			return false
		}
	}
	return strings.IndexByte(idAlphabet, s[idLen-1]) >= 0
}

// The data of an identifier that a device introduces: random characters, then the device's tag.
const (
	idRandomLen = 7
	idTagLen    = idDataLen - idRandomLen
)

// newBoundID returns a random identifier of the kind with the device's tag.
func newBoundID(kind byte, by DeviceID) string {
	for {
		var b [idRandomLen]byte
		mustRandom(b[:])
		if id := boundID(kind, by, b[:]); id != "" {
			return id
		}
	}
}

// boundID returns the identifier that the low bits of seven bytes make for the device, "" for one that is not given out.
func boundID(kind byte, by DeviceID, seed []byte) string {
	id := make([]byte, 0, idLen)
	id = append(id, kind)
	for _, c := range seed {
		id = append(id, dataAlphabet[c&31])
	}
	id = append(id, idTag(string(id), by)...)
	id = append(id, checkCharacter(string(id)))
	if transposable(id) {
		return ""
	}
	return string(id)
}

// idTag returns the device's tag for an identifier that begins with kind and random characters: the first 20 bits of a
// SHA-256. It is short, since people type it. A device meets it for what another introduced once in a million, and cannot
// try for more, since its key was certified before; who stands then is decided by rivals.
func idTag(start string, by DeviceID) string {
	sum := sha256.Sum256([]byte("vaultctl id v1\n" + start + "\n" + string(by) + "\n"))
	n := uint32(sum[0])<<12 | uint32(sum[1])<<4 | uint32(sum[2])>>4
	tag := make([]byte, idTagLen)
	for i := range tag {
		tag[i] = dataAlphabet[n>>(15-5*i)&31]
	}
	return string(tag)
}

// mayIntroduce returns an error unless the identifier is one of the kind with the tag of the record's device.
func mayIntroduce(r *Record, kind byte, id string) error {
	if !LooksLikeID(kind, id) {
		return fmt.Errorf("an id without the form of one")
	}
	if start := id[:1+idRandomLen]; id[1+idRandomLen:idLen-1] != idTag(start, r.Pos.Writer.Device()) {
		return fmt.Errorf("an id that belongs to another device")
	}
	return nil
}

// apartID returns the identifier of the document that a record's version becomes where it may not replace the one before.
func apartID(r *Record) DocumentID {
	for n := 0; ; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "vaultctl apart v1\n%s\n%d\n", r.ID, n))
		if id := boundID('d', r.Pos.Writer.Device(), sum[:idRandomLen]); id != "" {
			return DocumentID(id)
		}
	}
}

// newID returns a random identifier of which no two neighbours can change places unnoticed. The check character alone
// misses a few such pairs (28 of 17,856), so that identifiers which contain one are not given out.
func newID(kind byte) string {
	for {
		var b [idDataLen]byte
		mustRandom(b[:])
		id := make([]byte, 0, idLen)
		id = append(id, kind)
		for _, c := range b {
			id = append(id, dataAlphabet[c&31])
		}
		id = append(id, checkCharacter(string(id)))
		if !transposable(id) {
			return string(id)
		}
	}
}

// transposable reports whether the identifier stays valid when two neighbours change places.
func transposable(id []byte) bool {
	for i := 1; i < idLen-1; i++ {
		if id[i] == id[i+1] {
			continue
		}
		id[i], id[i+1] = id[i+1], id[i]
		valid := LooksLikeID(id[0], string(id)) && checkCharacter(string(id[:idLen-1])) == id[idLen-1]
		id[i], id[i+1] = id[i+1], id[i]
		if valid {
			return true
		}
	}
	return false
}

// checkCharacter computes the ISO 7064 MOD 37,36 check character of s, which must be within idAlphabet.
func checkCharacter(s string) byte {
	p := 36
	for i := 0; i < len(s); i++ {
		p += strings.IndexByte(idAlphabet, s[i])
		if p > 36 {
			p -= 36
		}
		p = p * 2 % 37
	}
	return idAlphabet[(37-p)%36]
}

// Hash is a SHA-256 digest in lower-case hexadecimal.
type Hash string

// HashOf returns the SHA-256 of b.
func HashOf(b []byte) Hash {
	sum := sha256.Sum256(b)
	return Hash(hex.EncodeToString(sum[:]))
}

// Valid reports whether h is 64 lower-case hexadecimal digits.
func (h Hash) Valid() bool { return isDigest(string(h)) }

// ObjectHash is the BLAKE3-256 of an object's stored bytes in lower-case hexadecimal. This package only carries it; package
// objecthash computes it.
type ObjectHash string

// Valid reports whether h is 64 lower-case hexadecimal digits.
func (h ObjectHash) Valid() bool { return isDigest(string(h)) }

func isDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !strings.ContainsRune("0123456789abcdef", rune(s[i])) {
			return false
		}
	}
	return true
}

func isLowerBase32(s string) bool {
	for i := 0; i < len(s); i++ {
		if (s[i] < 'a' || s[i] > 'z') && (s[i] < '2' || s[i] > '7') {
			return false
		}
	}
	return true
}

// mustRandom fills b; crypto/rand.Read never returns an error.
func mustRandom(b []byte) { _, _ = rand.Read(b) }
