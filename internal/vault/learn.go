package vault

// learnPerson takes the attributes of the person from the entries of a record that this device can read. Later records
// win attribute by attribute; earlier values stay in the history.
func (s *State) learnPerson(r *Record, entries EntryLookup) {
	for _, h := range r.Notes {
		var d PersonData
		e := entries(h)
		if e == nil {
			s.Unread = append(s.Unread, h)
		}
		if e != nil && e.Kind == EntryPerson && e.Event == r.ID && decodeEntry(e, &d) == nil {
			s.Person.Update(&d)
		}
	}
}

// Update sets the attributes that d names.
func (p *Person) Update(d *PersonData) {
	set(&p.FamilyName, d.FamilyName)
	set(&p.GivenName, d.GivenName)
	set(&p.UsageName, d.UsageName)
	set(&p.Aliases, d.Aliases)
	if d.Born != nil {
		p.Born = BirthDate(*d.Born)
	}
	set(&p.BirthPlace, d.BirthPlace)
	set(&p.Language, d.Language)
	set(&p.Phone, d.Phone)
	set(&p.Email, d.Email)
	set(&p.Refs, d.Refs)
}

// DisplayName returns the name to show: given name, then the name in use, with the name at birth where it differs.
func (p *Person) DisplayName() string {
	family := p.FamilyName
	if p.UsageName != "" && p.UsageName != p.FamilyName {
		family = p.UsageName
		if p.FamilyName != "" {
			family += " (" + p.FamilyName + ")"
		}
	}
	switch {
	case p.GivenName == "":
		return family
	case family == "":
		return p.GivenName
	}
	return p.GivenName + " " + family
}

func (s *State) learnDocument(doc *Document, r *Record, entries EntryLookup) {
	for _, h := range r.Notes {
		var d DocumentData
		if e := entries(h); e != nil && e.Kind == EntryDocument && e.Event == r.ID && decodeEntry(e, &d) == nil && d.Document == doc.ID {
			doc.Update(&d)
		}
	}
}

// Update sets the attributes that d names.
func (doc *Document) Update(d *DocumentData) {
	doc.Described = true
	set(&doc.Type, d.Type)
	set(&doc.Title, d.Title)
	set(&doc.Holder, d.Holder)
	set(&doc.IssuedOn, d.IssuedOn)
	set(&doc.ExpiresOn, d.ExpiresOn)
	set(&doc.Period, d.Period)
	set(&doc.Pages, d.Pages)
	set(&doc.Note, d.Note)
	set(&doc.OriginalSeen, d.OriginalSeen)
	set(&doc.SourceID, d.SourceID)
	set(&doc.ReceivedOn, d.ReceivedOn)
	set(&doc.FileName, d.FileName)
	set(&doc.MediaType, d.MediaType)
	set(&doc.PageCount, d.PageCount)
	set(&doc.Width, d.Width)
	set(&doc.Height, d.Height)
	set(&doc.Size, d.Size)
	set(&doc.Digest, d.Digest)
}

// forget drops what the document is: it became private, and its description is told to the card alone from here on.
func (doc *Document) forget() {
	*doc = Document{ID: doc.ID, Space: doc.Space, Object: doc.Object, From: doc.From, FromReaders: doc.FromReaders, ByReader: doc.ByReader, Versions: doc.Versions,
		Deposited: doc.Deposited, Changed: doc.Changed, By: doc.By, Batch: doc.Batch, Evidence: doc.Evidence, Removed: doc.Removed}
}

func set[T any](dst *T, src *T) {
	if src != nil {
		*dst = *src
	}
}
