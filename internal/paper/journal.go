package paper

import (
	"io"
	"time"

	"vaultctl/internal/lang"
)

// JournalData is a person's own journal: everything that was done in their vault, oldest first.
type JournalData struct {
	Organization string
	Person       string
	Vault        string // vault id
	Made         time.Time
	Rows         []JournalRow
}

// JournalRow is one act, in plain words of the journal's language.
type JournalRow struct {
	At   time.Time
	Who  string
	What string
}

// Journal writes a person's journal as printable pages.
func Journal(w io.Writer, l lang.Lang, data JournalData) error {
	s := newSheet(l, l.T("Journal of your vault"), l.T("Vault %s", data.Vault), data.Made)
	s.block(strongStyle, margin, full, clean(data.Organization))
	s.title(l.T("Journal of your vault"))
	s.facts(margin, full, 44, [][2]string{
		{l.T("Name"), clean(data.Person)},
		{l.T("Vault number"), data.Vault},
		{l.T("Made on"), l.DateTime(data.Made)},
	})
	s.skip(2)
	s.para(journalIntroduction(l, data))
	t := Table{Head: []string{l.T("When"), l.T("Who"), l.T("What")}, Widths: []float64{34, 40, 76}}
	for _, r := range data.Rows {
		t.Rows = append(t.Rows, []string{l.DateTime(r.At), r.Who, r.What})
	}
	if len(t.Rows) > 0 {
		s.table(t)
	}
	return s.finish(w)
}

// journalIntroduction says what the journal holds.
func journalIntroduction(l lang.Lang, data JournalData) string {
	if len(data.Rows) == 0 {
		return l.T("Nothing has been done in this vault yet.")
	}
	return l.T("This is everything that was done in your vault, and every time somebody tried and was refused.") + " " +
		l.N(len(data.Rows), "%d entry.", "%d entries.")
}
