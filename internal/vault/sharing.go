package vault

import (
	"fmt"
	"slices"
	"strings"
)

// ShareID names one share.
type ShareID string

// NewShareID returns a random identifier for the device to introduce.
func NewShareID(by DeviceID) ShareID { return ShareID(newBoundID('s', by)) }

// ParseShareID is ParseID for shares.
func ParseShareID(s string) (ShareID, error) {
	id, err := ParseID('s', s)
	return ShareID(id), err
}

// SharePath returns the path of an object of a share.
func SharePath(w WriterID, id ShareID, oid string) string {
	return fmt.Sprintf("%s/%s/%s/%s.age", WriterPrefix(w), shareFolder, id, oid)
}

// pathShare returns the share whose folder holds the object, "" for another object.
func pathShare(path string) ShareID {
	if objectFolder(path) != shareFolder {
		return ""
	}
	return ShareID(strings.Split(path, "/")[4])
}

// The events about shares.
const (
	ShareAdded   EventType = "share.add"
	ShareRevoked EventType = "share.revoke"
	ShareExpired EventType = "share.expire"
)

// EntryShare is the kind of the note entry that tells what a share is. The vault's shared readers read it.
const EntryShare EntryKind = "share"

// Bodies and entries about shares.
type (
	// ShareBody is ShareAdded: sealed copies of documents for somebody who reads the vault by no consent, until a day.
	// Exactly one of Partner and Team is set; an agent is a team of one.
	ShareBody struct {
		Share     ShareID     `json:"share"`
		Partner   PartnerID   `json:"partner,omitempty"`
		Team      TeamID      `json:"team,omitempty"`
		Purpose   string      `json:"purpose"`
		Until     Date        `json:"until"` // last day
		Documents []ShareCopy `json:"documents"`
		Cover     Object      `json:"cover"`              // sealed to the recipient as well: a ShareCover
		Evidence  DocumentID  `json:"evidence,omitempty"` // the person's signed agreement
	}
	// ShareCopy is one document of a share: the bytes of its version of that time, for the recipient alone.
	ShareCopy struct {
		Document DocumentID `json:"document"`
		Object   Object     `json:"object"`
	}
	// ShareEndBody is ShareRevoked and ShareExpired.
	ShareEndBody struct {
		Share ShareID `json:"share"`
	}
	// ShareData is the note entry of a share. Agreement is the record of what the person agreed to, in the field names of
	// ISO/IEC TS 27560.
	ShareData struct {
		Share     ShareID       `json:"share"`
		Recipient string        `json:"recipient"` // name, for those who may read it
		Key       string        `json:"key,omitempty"`
		Procedure string        `json:"procedure,omitempty"` // code of what it was made for
		Pieces    []SharePiece  `json:"pieces"`
		Agreement ConsentRecord `json:"agreement"`
	}
	// SharePiece says what a copy is. Of a private document it says no more than which one it is.
	SharePiece struct {
		Document  DocumentID `json:"document"`
		Type      string     `json:"type,omitempty"`
		Title     string     `json:"title,omitempty"`
		Holder    string     `json:"holder,omitempty"`
		IssuedOn  Date       `json:"issued_on,omitempty"`
		Period    string     `json:"period,omitempty"`
		MediaType string     `json:"media_type,omitempty"`
		FileName  string     `json:"file_name,omitempty"` // of the sealed copy, as it is handed out
		Size      int64      `json:"size,omitempty"`      // bytes of the document
		Digest    Hash       `json:"digest,omitempty"`    // SHA-256 of the document
	}
	// ShareCover goes to the recipient with the copies, as one JSON object: what they are and what they may be used for.
	ShareCover struct {
		V            int          `json:"v"`
		Type         string       `json:"type"` // "share"
		Share        ShareID      `json:"share"`
		Organization string       `json:"organization"`
		Person       string       `json:"person"`
		Recipient    string       `json:"recipient"`
		Purpose      string       `json:"purpose"`
		Shared       string       `json:"shared"` // RFC 3339
		Until        Date         `json:"until"`
		By           string       `json:"by"` // the agent
		Pieces       []SharePiece `json:"pieces"`
	}
)

// Objects returns every object that the event brings, the cover last.
func (b *ShareBody) Objects() []Object {
	out := make([]Object, 0, len(b.Documents)+1)
	for _, c := range b.Documents {
		out = append(out, c.Object)
	}
	return append(out, b.Cover)
}

// Share is a share with what became of it.
type Share struct {
	ShareBody
	Added    Pos          `json:"added"`
	At       Clock        `json:"at"`
	By       AgentID      `json:"by"`
	Basis    []TeamID     `json:"basis,omitempty"`    // teams as whose member the reader recorded it; empty for the card
	Withheld []DocumentID `json:"withheld,omitempty"` // documents that were removed or made private since: their copies are gone
	Ended    *Ending      `json:"ended,omitempty"`    // Expired after its last day
	Cause    EventType    `json:"cause,omitempty"`    // the event that ended it
	Data     *ShareData   `json:"data,omitempty"`     // nil where it is not readable
}

// Active reports whether the share goes on.
func (sh *Share) Active() bool { return sh.Ended == nil }

// Copies returns the copies that are there: none once the share has ended.
func (sh *Share) Copies() []ShareCopy {
	if !sh.Active() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(sh.Documents), func(c ShareCopy) bool { return slices.Contains(sh.Withheld, c.Document) })
}

// Live returns every object of the share that is there, its cover last.
func (sh *Share) Live() []Object {
	if !sh.Active() {
		return nil
	}
	b := ShareBody{Documents: sh.Copies(), Cover: sh.Cover}
	return b.Objects()
}

// holds reports whether the path is of an object of the share that is there.
func (sh *Share) holds(path string) bool {
	return pathShare(path) == sh.Share && slices.ContainsFunc(sh.Live(), func(o Object) bool { return o.Path == path })
}

// Paths returns every object that the share ever had, its cover last.
func (sh *Share) Paths() []string {
	var out []string
	for _, o := range sh.Objects() {
		out = append(out, o.Path)
	}
	return out
}

// Share returns the share with the id, or nil.
func (s *State) Share(id ShareID) *Share {
	for _, sh := range s.Shares {
		if sh.Share == id {
			return sh
		}
	}
	return nil
}

// ActiveShares returns the shares that go on, in the order in which they were made.
func (s *State) ActiveShares() []*Share {
	return slices.DeleteFunc(slices.Clone(s.Shares), func(sh *Share) bool { return !sh.Active() })
}

// share takes the events about shares.
func (s *State) share(org *Org, r *Record, entries EntryLookup) error {
	if r.Type != ShareAdded {
		return s.endShare(org, r)
	}
	var b ShareBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if err := s.mayShare(org, r, &b); err != nil {
		s.buryShare(r) // nobody is to find a copy that nobody was allowed to make
		return err
	}
	switch ok, instead := s.introduces("share/"+string(b.Share), r); {
	case instead:
		if old := s.Share(b.Share); old != nil {
			s.drop(old.Live()...)
			s.Shares = slices.DeleteFunc(s.Shares, func(sh *Share) bool { return sh == old })
		}
	case !ok || s.Share(b.Share) != nil:
		return fmt.Errorf("the share exists already")
	}
	sh := &Share{ShareBody: b, Added: r.Pos, At: r.At, By: r.Agent}
	if !s.byCard(org, r) {
		sh.Basis = s.sharingTeams(org, r)
	}
	for _, h := range r.Notes {
		var d ShareData
		if e := entries(h); e != nil && e.Kind == EntryShare && e.Event == r.ID && decodeEntry(e, &d) == nil && d.Share == b.Share {
			sh.Data = &d
		}
	}
	s.Shares = append(s.Shares, sh)
	if end := s.beaten(r, &sh.Basis); end != nil { // a withdrawal beats what those whom it concerns share beside it
		s.finishShare(sh, end, ConsentWithdrawn)
	}
	var acts []Act // a withdrawal may undo a closing or a removal beside the share
	if s.Closed != nil {
		acts = append(acts, Act{Pos: s.Closed.Pos})
		s.finishShare(sh, &s.Closed.Ending, VaultClosed)
	}
	for _, c := range b.Documents {
		if d := s.Documents[c.Document]; d.Removed != nil || d.Space == Private && !s.byCard(org, r) {
			acts = append(acts, s.Waits[d.Object.Path]...)
			s.withhold(sh, c.Document, r)
		}
	}
	for _, o := range sh.Objects() {
		if s.Dead[o.Path] {
			s.wait(o.Path, acts)
		}
	}
	return nil
}

// sharingTeams returns the teams as whose member the record's device may share. Leaving one beside the share ends that, like a
// withdrawal, whoever had seen the share: its copies go at once, and a witness who is heard of later would bring back a share
// without them.
func (s *State) sharingTeams(org *Org, r *Record) []TeamID {
	return slices.DeleteFunc(s.readerTeams(org, r), func(t TeamID) bool { return org.besideEnd(r, t) })
}

// mayShare returns an error unless the record may share what it says: by a reader of the vault in its causal past or the
// card, documents of this vault, each sealed to the recipient and nobody else. A private document is withheld from what the
// card did not sign.
func (s *State) mayShare(org *Org, r *Record, b *ShareBody) error {
	if !s.byCard(org, r) && len(s.sharingTeams(org, r)) == 0 {
		return fmt.Errorf("a share by a device without consent")
	}
	if err := mayIntroduce(r, 's', string(b.Share)); err != nil {
		return err
	}
	switch {
	case b.Until.Time().IsZero() || b.Purpose == "":
		return fmt.Errorf("a share without purpose or last day")
	case len(b.Documents) == 0:
		return fmt.Errorf("a share of nothing")
	}
	reader, err := s.recipientOf(org, r, b)
	if err != nil {
		return err
	}
	if err := s.checkCopy(r, b, &b.Cover, reader); err != nil {
		return err
	}
	seen := map[string]bool{b.Cover.Path: true}
	named := map[DocumentID]bool{}
	for i := range b.Documents {
		c := &b.Documents[i]
		d := s.Documents[c.Document]
		switch {
		case d == nil:
			return fmt.Errorf("a share of a document of another vault")
		case seen[c.Object.Path] || named[c.Document]:
			return fmt.Errorf("a share that names a document twice")
		}
		seen[c.Object.Path], named[c.Document] = true, true
		if err := s.checkCopy(r, b, &c.Object, reader); err != nil {
			return err
		}
	}
	return nil
}

// recipientOf returns the readers of which the copies declare one: the partner or a passphrase, or the key that the team
// had in the record's causal past.
func (s *State) recipientOf(org *Org, r *Record, b *ShareBody) ([]Reader, error) {
	switch {
	case (b.Partner == "") == (b.Team == ""):
		return nil, fmt.Errorf("a share for nobody, or for two")
	case b.Partner != "":
		if !org.partnerAt(r, b.Partner) {
			return nil, fmt.Errorf("a share for an unknown partner")
		}
		return []Reader{PartnerReader(b.Partner), PassphraseReader}, nil
	}
	e := org.epochAt(r, b.Team)
	if e == nil {
		return nil, fmt.Errorf("a share for an unknown team")
	}
	return []Reader{EpochReader(e.Epoch)}, nil
}

// checkCopy returns an error unless the object is one of the share, sealed to one of the readers alone.
func (s *State) checkCopy(r *Record, b *ShareBody, o *Object, readers []Reader) error {
	if err := s.checkObject(r, o, shareFolder); err != nil {
		return err
	}
	switch {
	case pathShare(o.Path) != b.Share:
		return fmt.Errorf("a copy in the folder of another share")
	case len(o.Readers) != 1 || !slices.Contains(readers, o.Readers[0]) || o.Readers[0] != b.Cover.Readers[0]:
		return fmt.Errorf("a copy for somebody else than the recipient")
	}
	return nil
}

// endShare takes the end of a share. A reader, the card, an admin's device and the one that made it end it at any time, and
// after its last day say that it has passed.
func (s *State) endShare(org *Org, r *Record) error {
	var b ShareEndBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	sh := s.Share(b.Share)
	if sh == nil {
		return fmt.Errorf("an unknown share ended")
	}
	if !s.mayEndShare(org, r, sh) {
		return fmt.Errorf("a share ended by a device without consent")
	}
	if r.Type == ShareExpired && DateOf(r.At.Time().Add(aheadOfUTC)) <= sh.Until {
		return fmt.Errorf("a share ended before its last day")
	}
	end := ending(r)
	end.Expired = r.Type == ShareExpired
	s.finishShare(sh, &end, r.Type)
	return nil
}

func (s *State) mayEndShare(org *Org, r *Record, sh *Share) bool {
	own := r.Pos.Writer.Device() == sh.Added.Writer.Device()
	return own || s.byCard(org, r) || org.HasRole(r, RoleAdmin) || s.ReaderAt(org, r)
}

// takeBack ends what is shared by a copy that a tombstone names: whoever wrote it found the copy ended, and it is gone or about
// to go. What ended it may turn out not to count, as of a device that was revoked; then nothing comes back without its bytes.
func (s *State) takeBack(org *Org, r *Record, path string) {
	sh := s.Share(pathShare(path))
	if sh == nil || !sh.holds(path) || !s.mayEndShare(org, r, sh) {
		return
	}
	for _, c := range sh.Copies() {
		if c.Object.Path == path {
			s.withhold(sh, c.Document, r)
			return
		}
	}
	end := ending(r)
	s.finishShare(sh, &end, ShareRevoked)
}

// finishShare ends a share, whose objects have to go.
func (s *State) finishShare(sh *Share, end *Ending, cause EventType) {
	if !sh.Active() {
		return
	}
	s.drop(sh.Live()...)
	sh.Ended, sh.Cause = end, cause
}

// withhold takes a document out of a share, and ends the share with its last one.
func (s *State) withhold(sh *Share, id DocumentID, r *Record) {
	for _, c := range sh.Copies() {
		if c.Document == id {
			s.drop(c.Object)
			sh.Withheld = append(sh.Withheld, id)
		}
	}
	if sh.Active() && len(sh.Copies()) == 0 {
		end := ending(r)
		s.finishShare(sh, &end, DocumentRemoved)
	}
}

// withholdAll takes a document that was removed or made private out of every share.
func (s *State) withholdAll(id DocumentID, r *Record) {
	for _, sh := range s.Shares {
		s.withhold(sh, id, r)
	}
}

// finishAll ends every share, since the vault was closed.
func (s *State) finishAll(r *Record) {
	for _, sh := range s.Shares {
		end := ending(r)
		s.finishShare(sh, &end, r.Type)
	}
}

// undoShares ends what was shared on the ground of a consent to the team alone, without the withdrawal having seen it.
func (s *State) undoShares(r *Record, end *Ending, team TeamID) {
	for _, sh := range s.Shares {
		if !slices.Contains(sh.Basis, team) || r.Saw(sh.Added) {
			continue
		}
		sh.Basis = slices.DeleteFunc(slices.Clone(sh.Basis), func(t TeamID) bool { return t == team })
		if len(sh.Basis) == 0 {
			s.finishShare(sh, end, ConsentWithdrawn)
		}
	}
}

func (s *State) drop(objects ...Object) {
	for _, o := range objects {
		s.Dead[o.Path] = true
	}
}

// buryShare has the copies deleted that a share which does not count has brought.
func (s *State) buryShare(r *Record) {
	for _, o := range declaredBy(r) {
		if ownPath(r, o.Path) && objectFolder(o.Path) == shareFolder && !s.Tombs[o.Path] && !s.uses(o.Path) {
			s.Dead[o.Path] = true
		}
	}
}

// ExposedShares returns the shares that go on and that a device which was revoked as compromised could open: nobody seals
// them anew by themselves, they end.
func (s *State) ExposedShares(org *Org) []*Share {
	return slices.DeleteFunc(s.ActiveShares(), func(sh *Share) bool {
		e := org.Epochs[sh.Cover.Readers[0].Epoch()]
		return e == nil || !org.Exposed(e)
	})
}
