package vault

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// EventType names what happened. A reader that does not know a type keeps the event; if the event is critical, the
// vault that it concerns becomes read-only there.
type EventType string

// The event types of format version 1.
const (
	OrgCreated      EventType = "org.create"
	RootSucceeded   EventType = "root.succeed"
	RecoverySet     EventType = "recovery.set"
	DeviceCertified EventType = "device.certify"
	DeviceRevoked   EventType = "device.revoke"
	DeviceAdopted   EventType = "device.adopt"
	AgentAdded      EventType = "agent.add"
	TeamAdded       EventType = "team.add"
	TeamMember      EventType = "team.member"
	EpochOpened     EventType = "epoch.open"
	EpochExtended   EventType = "epoch.extend"

	VaultOpened   EventType = "vault.open"
	VaultEdited   EventType = "vault.edit"
	VaultClosed   EventType = "vault.close"
	VaultReopened EventType = "vault.reopen"
	VaultErased   EventType = "vault.erase"
	CardIssued    EventType = "card.issue"

	ConsentGiven     EventType = "consent.give"
	ConsentWithdrawn EventType = "consent.withdraw"
	ConsentExpired   EventType = "consent.expire"

	DocumentDeposited EventType = "document.deposit"
	DocumentReplaced  EventType = "document.replace"
	DocumentEdited    EventType = "document.edit"
	DocumentRemoved   EventType = "document.remove"
	Resealed          EventType = "object.reseal"
	Tombstoned        EventType = "object.tombstone"
	NoteSealed        EventType = "note.seal"
	ManifestWritten   EventType = "manifest.write"

	AccessOpened  EventType = "access.open"
	AccessRefused EventType = "access.refuse"
	Heartbeat     EventType = "writer.heartbeat"
)

// Event is one signed fact. The signature is the segment's; Cosigned adds those of a card or the root.
type Event struct {
	V        int             `json:"v"`
	ID       string          `json:"id"`
	Type     EventType       `json:"type"`
	Critical bool            `json:"critical,omitempty"`
	Vault    BeneficiaryID   `json:"vault,omitempty"`
	Agent    AgentID         `json:"agent,omitempty"`
	At       Clock           `json:"at"`
	Notes    []Hash          `json:"notes,omitempty"` // commitments to the note entries that tell the personal part
	Body     json.RawMessage `json:"body,omitempty"`
	Cosigned []Cosignature   `json:"cosigned,omitempty"`
}

// Cosignature is an ed25519 signature over Event.Statement by a key other than the writer's.
type Cosignature struct {
	Key string `json:"key"` // base64 of the public key
	Sig string `json:"sig"` // base64
}

// NewEvent returns an event with a fresh id and the body marshalled. Body types are those of this package, which
// always marshal.
func NewEvent(t EventType, v BeneficiaryID, agent AgentID, at Clock, body any) Event {
	e := Event{V: 1, ID: NewObjectName(), Type: t, Critical: isCritical(t), Vault: v, Agent: agent, At: at}
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			panic(fmt.Sprintf("marshal %s: %v", t, err))
		}
		e.Body = raw
	}
	return e
}

// isCritical reports whether a reader must understand the type before it may write to the same vault.
func isCritical(t EventType) bool {
	switch t {
	case RootSucceeded, VaultErased, ConsentWithdrawn, ConsentExpired, DeviceRevoked, EpochOpened, EpochExtended, VaultClosed:
		return true
	}
	return false
}

// Statement is what a cosigner signs: everything but the cosignatures, bound to the organization and to the device that
// writes it. A device that goes on as another writer may write it once more; no other device can.
func (e *Event) Statement(org OrgID, by DeviceID) []byte {
	var notes strings.Builder
	for _, h := range e.Notes {
		notes.WriteString(string(h))
		notes.WriteByte('\n')
	}
	return fmt.Appendf(nil, "vaultctl event v1\norg %s\ndevice %s\nid %s\ntype %s\nvault %s\nagent %s\nat %d %d\ncritical %t\nnotes %s\nbody %s\n",
		org, by, e.ID, e.Type, e.Vault, e.Agent, e.At.Ms, e.At.N, e.Critical, HashOf([]byte(notes.String())), HashOf(canonical(e.Body)))
}

// canonical returns the body as it is marshalled: without insignificant space, with the characters escaped that
// encoding/json escapes. An index that stores the event keeps this form and no other, so that nothing else may be signed.
func canonical(body json.RawMessage) []byte {
	if len(body) == 0 {
		return nil
	}
	raw, err := json.Marshal(body)
	if err != nil { // not JSON: nothing that could be stored
		return body
	}
	return raw
}

// Cosign adds the signature of key for the device that is about to write the event.
func (e *Event) Cosign(org OrgID, by DeviceID, key ed25519.PrivateKey) {
	pub := key.Public().(ed25519.PublicKey)
	e.Cosigned = append(e.Cosigned, Cosignature{
		Key: base64.StdEncoding.EncodeToString(pub),
		Sig: base64.StdEncoding.EncodeToString(ed25519.Sign(key, e.Statement(org, by))),
	})
}

// CosignedBy reports whether the event, written by the device, bears a valid signature by the public key (base64).
func (e *Event) CosignedBy(org OrgID, by DeviceID, key string) bool {
	pub, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(pub) != ed25519.PublicKeySize {
		return false
	}
	for _, c := range e.Cosigned {
		sig, err := base64.StdEncoding.DecodeString(c.Sig)
		if c.Key == key && err == nil && ed25519.Verify(pub, e.Statement(org, by), sig) {
			return true
		}
	}
	return false
}

// Decode reads the body into out, refusing nothing that a newer minor version may have added. Errors have CodeIntegrity.
func (e *Event) Decode(out any) error {
	if len(e.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(e.Body, out); err != nil {
		return Errorf(CodeIntegrity, "event %s: body: %w", e.Type, err)
	}
	return nil
}

// Reader names one who can open an object, as declared in events: "card:<beneficiary>/<n>", "epoch:<epoch>" or
// "recovery:<n>"; of a copy for somebody else "partner:<partner>" or "passphrase".
type Reader string

// CardReader returns the reader for a person's n-th card.
func CardReader(b BeneficiaryID, n int) Reader { return Reader(fmt.Sprintf("card:%s/%d", b, n)) }

// EpochReader returns the reader for an epoch.
func EpochReader(e EpochID) Reader { return Reader("epoch:" + string(e)) }

// RecoveryReader returns the reader for the n-th recovery key.
func RecoveryReader(n int) Reader { return Reader(fmt.Sprintf("recovery:%d", n)) }

// Epoch returns the epoch that the reader names, or "" for another kind.
func (r Reader) Epoch() EpochID {
	id, ok := strings.CutPrefix(string(r), "epoch:")
	if !ok {
		return ""
	}
	return EpochID(id)
}

// IsCard reports whether the reader is a person's card, be it one that does not count.
func (r Reader) IsCard() bool {
	return strings.HasPrefix(strings.TrimPrefix(string(r), string(lapsed)), "card:")
}

// IsRecovery reports whether the reader is a recovery key.
func (r Reader) IsRecovery() bool { return strings.HasPrefix(string(r), "recovery:") }

// Object is one immutable object on the remotes, as events declare it.
type Object struct {
	Path    string     `json:"path"`
	Size    int64      `json:"size"`   // bytes, sealed
	Hash    ObjectHash `json:"blake3"` // of the sealed bytes
	Readers []Reader   `json:"readers"`
}
