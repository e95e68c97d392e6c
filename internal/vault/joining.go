package vault

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// JoinRequest asks to be enrolled: the public keys of a new device, signed by itself. It proves nothing but that the one
// who wrote it holds the signing key; whose keys they are, people compare from screen to screen.
type JoinRequest struct {
	Org       OrgID
	Key       ed25519.PublicKey
	Recipient string // age recipient
	At        time.Time
}

const joinMagic = "vaultctl join v1"

// JoinLasts is how long a request may be approved.
const JoinLasts = 7 * 24 * time.Hour

// maxJoin bounds a request, in bytes. A hybrid recipient takes 2 kB.
const maxJoin = 8 << 10

// Device returns the id that the device will have.
func (q *JoinRequest) Device() DeviceID { return DeviceIDOf(q.Key) }

// Stale reports whether the request is too old to be approved, or dated as far ahead.
func (q *JoinRequest) Stale(now time.Time) bool { return now.Sub(q.At).Abs() > JoinLasts }

func (q *JoinRequest) text() []byte {
	return fmt.Appendf(nil, "%s\norg %s\nkey %s\nrecipient %s\nat %s\n", joinMagic, q.Org, base64.StdEncoding.EncodeToString(q.Key), q.Recipient,
		q.At.UTC().Format(time.RFC3339))
}

func (q *JoinRequest) signed(sig []byte) []byte {
	return fmt.Appendf(nil, "%ssig %s\n", q.text(), base64.StdEncoding.EncodeToString(sig))
}

// Sign returns the request with the device's signature.
func (q JoinRequest) Sign(key ed25519.PrivateKey) []byte {
	q.Key = key.Public().(ed25519.PublicKey)
	return q.signed(ed25519.Sign(key, q.text()))
}

// ParseJoinRequest reads and verifies a request against the key that it names. Errors have CodeIntegrity, or CodeUpgrade for
// a later format.
func ParseJoinRequest(b []byte) (*JoinRequest, error) {
	bad := Errorf(CodeIntegrity, "join request: malformed or altered")
	if len(b) > maxJoin {
		return nil, bad
	}
	lines := strings.Split(string(b), "\n")
	if strings.HasPrefix(lines[0], "vaultctl join v") && lines[0] != joinMagic {
		return nil, Errorf(CodeUpgrade, "join request: written by a newer version")
	}
	names := []string{joinMagic, "org ", "key ", "recipient ", "at ", "sig "}
	if len(lines) != len(names)+1 {
		return nil, bad
	}
	var val [6]string
	for i, name := range names {
		v, ok := strings.CutPrefix(lines[i], name)
		if !ok {
			return nil, bad
		}
		val[i] = v
	}
	key, err1 := base64.StdEncoding.DecodeString(val[2])
	at, err2 := time.Parse(time.RFC3339, val[4])
	sig, err3 := base64.StdEncoding.DecodeString(val[5])
	q := &JoinRequest{Org: OrgID(val[1]), Key: key, Recipient: val[3], At: at}
	if err1 != nil || err2 != nil || err3 != nil || len(key) != ed25519.PublicKeySize || !strings.HasPrefix(q.Recipient, "age1") ||
		!bytes.Equal(b, q.signed(sig)) || !ed25519.Verify(key, q.text(), sig) {
		return nil, bad
	}
	return q, nil
}

// Welcome tells a device that it is enrolled, and how to begin: the parcels that open the journal, and how far the admin had
// read it. It travels sealed to the device, signed by the admin's. Nothing in it is believed beyond what the journal, read
// from the root on, confirms.
type Welcome struct {
	Org     OrgID               `json:"org"`
	Root    string              `json:"root"` // base64 of the public key
	Device  DeviceID            `json:"device"`
	Parcels []WelcomeParcel     `json:"parcels"`
	Heads   map[WriterID]uint64 `json:"heads"` // first segment that the admin had not seen; less is an older copy
	At      Clock               `json:"at"`
}

// WelcomeParcel is a parcel with its epoch.
type WelcomeParcel struct {
	Epoch EpochID    `json:"epoch"`
	Path  string     `json:"path"`
	Size  int64      `json:"size"`
	Hash  ObjectHash `json:"blake3"`
}

const welcomeMagic = "vaultctl welcome v1"

// MaxWelcome bounds a welcome, in bytes.
const MaxWelcome = 1 << 20

// Sign returns the welcome with the signature of an admin's device: a line that names the format, one of JSON, the key and
// the signature over all before it.
func (w *Welcome) Sign(key ed25519.PrivateKey) []byte {
	body, err := json.Marshal(w)
	if err != nil {
		panic("marshal welcome: " + err.Error())
	}
	msg := fmt.Appendf(nil, "%s\n%s\nkey %s\n", welcomeMagic, body, base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)))
	return fmt.Appendf(msg, "sig %s\n", base64.StdEncoding.EncodeToString(ed25519.Sign(key, msg)))
}

// ParseWelcome reads a welcome and verifies it against the key that it names, whose device it returns; whether that is an
// admin's is for the journal to tell. Errors have CodeIntegrity, or CodeUpgrade for a later format.
func ParseWelcome(b []byte) (*Welcome, DeviceID, error) {
	bad := Errorf(CodeIntegrity, "welcome: malformed or altered")
	if len(b) > MaxWelcome {
		return nil, "", bad
	}
	lines := strings.SplitAfter(string(b), "\n")
	if strings.HasPrefix(lines[0], "vaultctl welcome v") && lines[0] != welcomeMagic+"\n" {
		return nil, "", Errorf(CodeUpgrade, "welcome: written by a newer version")
	}
	if len(lines) != 5 || lines[0] != welcomeMagic+"\n" || lines[4] != "" {
		return nil, "", bad
	}
	keyText, ok1 := strings.CutPrefix(strings.TrimSuffix(lines[2], "\n"), "key ")
	sigText, ok2 := strings.CutPrefix(strings.TrimSuffix(lines[3], "\n"), "sig ")
	key, err1 := base64.StdEncoding.DecodeString(keyText)
	sig, err2 := base64.StdEncoding.DecodeString(sigText)
	if !ok1 || !ok2 || err1 != nil || err2 != nil || len(key) != ed25519.PublicKeySize ||
		!ed25519.Verify(key, []byte(lines[0]+lines[1]+lines[2]), sig) {
		return nil, "", bad
	}
	w := &Welcome{}
	if json.Unmarshal([]byte(lines[1]), w) != nil {
		return nil, "", bad
	}
	return w, DeviceIDOf(key), nil
}

// JoinFolder is where devices ask to be enrolled.
const JoinFolder = "v1/join"

// JoinRequestPath returns the path of a device's request.
func JoinRequestPath(d DeviceID) string { return JoinFolder + "/" + string(d) + "/request.note" }

// WelcomePath returns the path of a device's welcome.
func WelcomePath(d DeviceID) string { return JoinFolder + "/" + string(d) + "/welcome.age" }

// Valid reports whether d has the shape of a device id.
func (d DeviceID) Valid() bool { return len(d) == 26 && isLowerBase32(string(d)) }
