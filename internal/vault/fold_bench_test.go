package vault

import (
	"fmt"
	"testing"
)

// BenchmarkFold folds one vault with many documents, most of them resealed and replaced since, by thirty writers who have
// seen one another, with a withdrawal beside the work of one of them.
func BenchmarkFold(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			records, w := largeVault(b, n)
			org := w.org()
			b.ResetTimer()
			for b.Loop() {
				st := Fold(w.person, org, records, noEntries)
				if len(st.Documents) != n || len(st.Quarantine) > 0 {
					b.Fatalf("%d documents, %v", len(st.Documents), st.Quarantine[:1])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(records)), "ns/event")
		})
	}
}

// largeVault returns the records of a vault with n documents.
func largeVault(tb testing.TB, n int) ([]*Record, *world) {
	w := newWorld(tb).open()
	readers := w.state().Readers(w.org(), Shared)
	object := func(d *device, folder string) Object { return d.object(folder, readers...) }
	w.eve.in(ConsentWithdrawn, EndBody{Consent: w.given, Team: w.eve.solo}) // of a team that nobody consented to
	for i := range n {
		d := []*device{w.paul, w.marie, w.batch}[i%3]
		b := DepositBody{Document: NewDocumentID(d.id), Space: Shared, Object: object(d, documentFolder)}
		d.in(DocumentDeposited, b)
		d.in(NoteSealed, NoteBody{Object: object(d, noteFolder), Entries: []Hash{HashOf([]byte{byte(i)})}})
		if d != w.batch && i%4 == 0 {
			to := object(d, documentFolder)
			d.in(Resealed, ResealBody{b.Object.Path, to})
			d.in(Tombstoned, TombstoneBody{[]string{b.Object.Path}})
		}
		if i%50 == 0 {
			w.paul.sees(w.marie, w.batch)
			w.marie.sees(w.paul)
		}
	}
	return w.vault, w
}
