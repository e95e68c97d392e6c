package vault

import "fmt"

// deposit takes a document or a further version of one. Whoever is enrolled deposits; a version of what others deposited
// takes a reader, since the bytes before it are deleted.
func (s *State) deposit(org *Org, r *Record, entries EntryLookup) error {
	var b DepositBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if b.Space != Shared && b.Space != Private {
		return fmt.Errorf("a document without space")
	}
	if err := s.checkObject(r, &b.Object, documentFolder); err != nil {
		return err
	}
	readers, err := s.declared(org, r, b.Object.Readers, b.Space, nil)
	if err != nil {
		return err
	}
	b.Object.Readers = readers
	d := s.Documents[b.Document]
	if r.Type == DocumentReplaced {
		return s.replace(org, r, d, &b, entries)
	}
	if err := mayIntroduce(r, 'd', string(b.Document)); err != nil {
		return err
	}
	switch ok, instead := s.introduces("document/"+string(b.Document), r); {
	case instead && d != nil:
		s.Dead[d.Object.Path] = true
	case !ok || d != nil:
		return fmt.Errorf("the document exists already")
	}
	d = &Document{ID: b.Document, Deposited: r.At, By: r.Agent, Batch: b.Batch, Evidence: b.Evidence}
	s.Documents[b.Document] = d
	d.renew(r, &b)
	s.place(d)
	s.learnDocument(d, r, entries)
	return nil
}

func (s *State) replace(org *Org, r *Record, d *Document, b *DepositBody, entries EntryLookup) error {
	switch {
	case d == nil:
		return fmt.Errorf("a version of an unknown document")
	case d.Space != b.Space:
		return fmt.Errorf("a version in another space than its document")
	case !d.ownedBy(r) && !s.MayWrite(org, r):
		if d.Removed == nil && s.couldRead(org, r) { // consent was withdrawn beside it, or its agent left
			s.keepApart(org, r, d, b, entries)
			return nil
		}
		return fmt.Errorf("%s by a device without consent", r.Type)
	case d.Removed != nil: // removal names a document, so every object of it goes
		s.supersede(b.Object.Path, s.Waits[d.Object.Path]...)
		return nil
	}
	var acts []Act
	if !d.ownedBy(r) {
		acts = s.hinges(org, r)
	}
	s.end(d, acts)
	d.renew(r, b)
	d.Version = acts
	s.place(d)
	s.learnDocument(d, r, entries)
	return nil
}

// keepApart makes a version a document of its own, described as the one that it does not replace.
func (s *State) keepApart(org *Org, r *Record, of *Document, b *DepositBody, entries EntryLookup) {
	d := *of
	d.Versions, d.Deposited, d.By, d.Batch, d.Evidence = 0, r.At, r.Agent, b.Batch, b.Evidence
	d.renew(r, b)
	d.Version = s.enders(org, r)
	s.learnDocument(&d, r, entries)
	d.ID = apartID(r)
	s.Documents[d.ID] = &d
	s.place(&d)
}

// Apart returns the document that the version of a record became where it replaced none, or nil.
func (s *State) Apart(r *Record) *Document {
	if r.Type != DocumentReplaced {
		return nil
	}
	return s.Documents[apartID(r)]
}

// renew makes the deposit's object the document's.
func (doc *Document) renew(r *Record, b *DepositBody) {
	doc.Space, doc.Object, doc.From, doc.FromReaders, doc.ByReader, doc.Changed = b.Space, b.Object, "", nil, false, r.At
	doc.Reseal, doc.Version = nil, nil
	doc.Versions++
}

// ownedBy reports whether the record is by the agent who deposited the document.
func (doc *Document) ownedBy(r *Record) bool { return r.Agent != "" && doc.By == r.Agent }

func (s *State) editDocument(org *Org, r *Record, entries EntryLookup) error {
	var b DocumentBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	d := s.Documents[b.Document]
	if d == nil {
		return fmt.Errorf("no such document")
	}
	own := r.Type == DocumentRemoved && d.ownedBy(r) // undo of one's own deposit
	if !own && !s.MayWrite(org, r) {
		if s.couldRead(org, r) && (r.Type == DocumentRemoved || b.Space == Private) { // copies that went do not come back
			s.withholdAll(d.ID, r)
		}
		return fmt.Errorf("%s by a device without consent", r.Type)
	}
	if d.Removed != nil {
		return nil
	}
	if r.Type == DocumentRemoved {
		e := ending(r)
		e.Undone = b.Undone
		d.Removed = &e
		var acts []Act
		if !own {
			acts = s.hinges(org, r)
		}
		s.end(d, acts)
		s.withholdAll(d.ID, r)
		return nil
	}
	switch {
	case b.Space != "" && b.Space != Shared && b.Space != Private:
		return fmt.Errorf("an unknown space")
	case b.Space == Shared && d.Space == Private && !s.byCard(org, r):
		return fmt.Errorf("a private document shared without the card")
	case b.Space == Private && d.Space != Private:
		d.forget()
		s.withholdAll(d.ID, r)
	}
	moved := b.Space != "" && b.Space != d.Space
	if moved {
		d.Space = b.Space
	}
	d.Changed = r.At
	digest := d.Digest
	s.learnDocument(d, r, entries)
	if !moved { // what the bytes are was signed with them: else who exchanges them would only have to say so
		d.Digest = digest
	}
	return nil
}
