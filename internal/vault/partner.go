package vault

import "fmt"

// PartnerID names somebody outside the organization with whom documents are shared: an office, an association, a landlord.
type PartnerID string

// NewPartnerID returns a random identifier for the device to introduce.
func NewPartnerID(by DeviceID) PartnerID { return PartnerID(newBoundID('p', by)) }

// The events about partners. There is none that changes one: what a share is sealed to must not change behind the back of
// those who chose it.
const (
	PartnerAdded   EventType = "partner.add"
	PartnerRemoved EventType = "partner.remove"
)

// EntryPartner is the kind of the note entry that names a partner. Staff reads it.
const EntryPartner EntryKind = "partner"

// Bodies and entries about partners.
type (
	// PartnerBody is PartnerAdded and PartnerRemoved. Who it is, is in a note entry.
	PartnerBody struct {
		Partner PartnerID `json:"partner"`
	}
	// PartnerData is what is known of a partner. Without a Recipient each share has a passphrase of its own.
	PartnerData struct {
		Partner   PartnerID `json:"partner"`
		Name      string    `json:"name"`
		Recipient string    `json:"recipient,omitempty"` // age1pq1… or age1…
		Contact   string    `json:"contact,omitempty"`
	}
)

// Partner is a partner of the organization. Data is empty but for the id where the note entry is not readable.
type Partner struct {
	PartnerData
	Added   Pos
	At      Clock
	By      AgentID
	Removed []Pos
}

// Active reports whether no removal is known.
func (p *Partner) Active() bool { return len(p.Removed) == 0 }

// PartnerReader returns the reader for a partner's recipient.
func PartnerReader(p PartnerID) Reader { return Reader("partner:" + string(p)) }

// PassphraseReader is whoever knows the passphrase that was made for one share.
const PassphraseReader Reader = "passphrase"

// PartnerName returns what to call a partner: the name, or the id where the name is not readable.
func (o *Org) PartnerName(id PartnerID) string {
	if p := o.Partners[id]; p != nil && p.Name != "" {
		return p.Name
	}
	return string(id)
}

// partner takes the events about partners. An agent's or an admin's device records them.
func (o *Org) partner(r *Record, entries EntryLookup) error {
	var b PartnerBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if !o.HasRole(r, RoleAgent) && !o.HasRole(r, RoleAdmin) {
		return fmt.Errorf("a partner recorded by a device that is neither an agent's nor an admin's")
	}
	if r.Type == PartnerRemoved {
		p := o.Partners[b.Partner]
		if p == nil {
			return fmt.Errorf("no such partner")
		}
		p.Removed = append(p.Removed, r.Pos)
		return nil
	}
	if err := mayIntroduce(r, 'p', string(b.Partner)); err != nil {
		return err
	}
	if !o.introduces("partner/"+string(b.Partner), r) {
		return fmt.Errorf("the partner exists already")
	}
	p := &Partner{PartnerData: PartnerData{Partner: b.Partner}, Added: r.Pos, At: r.At, By: r.Agent}
	for _, h := range r.Notes {
		var d PartnerData
		if e := entries(h); e != nil && e.Kind == EntryPartner && e.Event == r.ID && decodeEntry(e, &d) == nil && d.Partner == b.Partner {
			p.PartnerData = d
		}
	}
	o.Partners[b.Partner] = p
	return nil
}

// partnerAt reports whether the partner was one in the record's causal past.
func (o *Org) partnerAt(r *Record, id PartnerID) bool {
	p := o.Partners[id]
	if p == nil || !r.Saw(p.Added) {
		return false
	}
	for _, removed := range p.Removed {
		if r.Saw(removed) {
			return false
		}
	}
	return true
}
