package vault

import "slices"

// places finds the documents by the paths of their objects during one fold, in which every event asks. What stood at a path
// once stays listed: whether it still does is looked at by who asks.
type places map[string][]*Document

// place notes where the document's object is now, and where what it resealed was.
func (s *State) place(d *Document) {
	if s.places == nil {
		return
	}
	for _, path := range []string{d.Object.Path, d.From} {
		if path != "" && !slices.Contains(s.places[path], d) {
			s.places[path] = append(s.places[path], d)
		}
	}
}

// at returns a document of the vault for which is says yes, among those that may have to do with the path; nil where there
// is none. Outside a fold all documents are looked at.
func (s *State) at(path string, is func(*Document) bool) *Document {
	if s.places == nil {
		for _, d := range s.Documents {
			if is(d) {
				return d
			}
		}
		return nil
	}
	for _, d := range s.places[path] {
		if s.Documents[d.ID] == d && is(d) {
			return d
		}
	}
	return nil
}
