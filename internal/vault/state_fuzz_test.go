package vault

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzEvent folds whatever an enrolled device may write into the organization and into a vault with documents: nothing
// panics, nothing of others is doomed, and a state goes through the local store and back.
func FuzzEvent(f *testing.F) {
	w := newWorld(f).open()
	_, doc := w.paul.deposit()
	w.paul.in(NoteSealed, NoteBody{Object: w.paul.object(noteFolder), Entries: []Hash{HashOf(nil)}})
	w.sync()
	for _, r := range append(w.records, w.vault...) {
		raw, err := json.Marshal(r.Event)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, uint64(1), 0)
	}
	for _, body := range []string{`null`, `{}`, `[]`, `"x"`, `{"document":"../../x","object":{"path":"v1/w/../j/0/0.seg","size":-1}}`,
		`{"n":-9223372036854775808}`, `{"paths":["","/","v1/org.note"]}`, `{"cut":{"":18446744073709551615}}`, `{"epoch":"/"}`, `{"from":["",""]}`} {
		for _, typ := range []EventType{DocumentDeposited, Tombstoned, Resealed, NoteSealed, ManifestWritten, CardIssued, EpochOpened, EpochExtended, DeviceRevoked, ConsentExpired} {
			raw, err := json.Marshal(Event{V: -1, ID: "x", Type: typ, At: Clock{Ms: -1 << 63}, Body: json.RawMessage(body)})
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw, ^uint64(0), -1)
		}
	}
	org := w.org()
	entries := func(Hash) *Entry { return nil }
	f.Fuzz(func(t *testing.T, raw []byte, seq uint64, index int) {
		var e Event
		if json.Unmarshal(raw, &e) != nil {
			return
		}
		for _, d := range []*device{w.batch, w.boss} {
			r := &Record{Event: e, Pos: Pos{d.writer, seq, index}, Past: d.past}
			foldOrg(w.id, b64(w.root), append(w.records[:len(w.records):len(w.records)], r), entries)
			st := Fold(w.person, org, append(w.vault[:len(w.vault):len(w.vault)], r), entries)
			if got := st.Documents[doc.Document]; e.Type != VaultErased && (got == nil || got.Object.Path != doc.Object.Path || got.Removed != nil) {
				t.Errorf("the document of another is gone: %+v", got)
			}
			for _, p := range st.DeadPaths() {
				if PathWriter(p).Device() != d.id {
					t.Errorf("%s is doomed", p)
				}
			}
			kept, err := json.Marshal(st)
			if err != nil {
				t.Fatal(err)
			}
			again := NewState(w.person)
			if err := json.Unmarshal(kept, again); err != nil {
				t.Fatal(err)
			}
			again.Init()
			if twice, err := json.Marshal(again); err != nil || !bytes.Equal(kept, twice) {
				t.Errorf("a state that changes by being kept: %v\n%s\n%s", err, kept, twice)
			}
			st.Misread(org)
			st.Readers(org, Shared)
		}
	})
}
