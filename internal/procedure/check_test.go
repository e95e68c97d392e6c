package procedure

import (
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/catalogue"
	"vaultctl/internal/vault"
)

// MustTypes returns the built-in document types.
func MustTypes(tb testing.TB) *catalogue.Catalogue {
	tb.Helper()
	types, err := catalogue.Load("")
	if err != nil {
		tb.Fatal(err)
	}
	return types
}

// MustParse returns the procedures of a text alone.
func MustParse(tb testing.TB, text string) *Table {
	tb.Helper()
	f, err := parse("own.toml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	t, err := index("own.toml", f, MustTypes(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// only is a procedure of one piece, with these lines besides its names.
func only(tb testing.TB, lines string) *Procedure {
	tb.Helper()
	t := MustParse(tb, "[[procedure]]\ncode = \"p\"\nfr = \"P\"\nen = \"P\"\n[[procedure.piece]]\ncode = \"x\"\nfr = \"X\"\nen = \"X\"\n"+lines)
	p, err := t.Find("p")
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestCheckOneDocument(t *testing.T) {
	const today = "2026-11-22"
	address := "any_of = [\"proof-of-address\", \"hosting-certificate\", \"administrative-address\"]\n"
	identity := "any_of = [\"id-card\", \"passport\"]\n"
	for _, c := range []struct {
		name, piece string
		today       vault.Date
		papers      []Paper
		state       State
		documents   string
		until       vault.Date
		unfit       string // id:why:since
	}{
		{"nothing", identity, today, nil, Missing, "", "", ""},
		{"another type", identity, today, []Paper{{ID: "a", Type: "payslip"}}, Missing, "", "", ""},
		{"no date where none is needed", identity, today, []Paper{{ID: "a", Type: "id-card"}}, Present, "a", "", ""},
		{"its own end", identity, today, []Paper{{ID: "a", Type: "id-card", ExpiresOn: "2030-01-01"}}, Present, "a", "2030-01-01", ""},
		{"ends today", identity, today, []Paper{{ID: "a", Type: "id-card", ExpiresOn: today}}, Expiring, "a", today, ""},
		{"ended yesterday", identity, today, []Paper{{ID: "a", Type: "id-card", ExpiresOn: "2026-11-21"}}, Expired, "", "", "a:expired:2026-11-22"},
		{"ends in 30 days", identity, today, []Paper{{ID: "a", Type: "id-card", ExpiresOn: "2026-12-22"}}, Expiring, "a", "2026-12-22", ""},
		{"ends in 31 days", identity, today, []Paper{{ID: "a", Type: "id-card", ExpiresOn: "2026-12-23"}}, Present, "a", "2026-12-23", ""},
		{"the preferred type", identity, today, []Paper{{ID: "a", Type: "passport"}, {ID: "b", Type: "id-card", ExpiresOn: "2030-01-01"}}, Present, "b", "2030-01-01", ""},
		{"not one that ends soon", identity, today, []Paper{{ID: "a", Type: "passport"}, {ID: "b", Type: "id-card", ExpiresOn: "2026-12-01"}}, Present, "a", "", ""},
		{"expired, and another", identity, today, []Paper{{ID: "a", Type: "id-card", ExpiresOn: "2020-01-01"}, {ID: "b", Type: "passport", ExpiresOn: "2031-01-01"}},
			Present, "b", "2031-01-01", "a:expired:2020-01-02"},
		{"past its end, allowed", identity + "expired_allowed = true\n", today, []Paper{{ID: "a", Type: "id-card", ExpiresOn: "2020-01-01"}}, Present, "a", "", ""},
		{"somebody else's", identity, today, []Paper{{ID: "a", Type: "id-card", Others: true}}, Missing, "", "", "a:other_name:"},
		{"anybody's", identity + "any_holder = true\n", today, []Paper{{ID: "a", Type: "id-card", Others: true}}, Present, "a", "", ""},
		{"to come", identity, today, []Paper{{ID: "a", Type: "id-card", IssuedOn: "2026-11-23"}}, Future, "", "", "a:future:"},

		{"the type's usual age, last day", address, today, []Paper{{ID: "a", Type: "hosting-certificate", IssuedOn: "2026-08-22"}}, Expiring, "a", today, ""},
		{"the day after", address, today, []Paper{{ID: "a", Type: "hosting-certificate", IssuedOn: "2026-08-21"}}, TooOld, "", "", "a:too_old:2026-11-22"},
		{"an age of its own for each type", address, today, []Paper{{ID: "a", Type: "proof-of-address", IssuedOn: "2026-08-21"}}, Present, "a", "2027-08-21", ""},
		{"the procedure's age", address + "max_age = \"3mo\"\n", today, []Paper{{ID: "a", Type: "proof-of-address", IssuedOn: "2026-08-21"}}, TooOld, "", "", "a:too_old:2026-11-22"},
		{"one type's age", address + "max_age = \"3mo\"\nmax_ages = { proof-of-address = \"none\" }\n", today, []Paper{{ID: "a", Type: "proof-of-address", IssuedOn: "2006-08-21"}}, Present, "a", "", ""},
		{"any age", address + "max_age = \"none\"\n", today, []Paper{{ID: "a", Type: "hosting-certificate"}}, Present, "a", "", ""},
		{"no date", address, today, []Paper{{ID: "a", Type: "hosting-certificate"}}, Undated, "", "", "a:undated:"},
		{"a period for a date", address, today, []Paper{{ID: "a", Type: "proof-of-address", Period: "2026-10"}}, Present, "a", "2027-10-31", ""},
		{"a period not over", address, today, []Paper{{ID: "a", Type: "proof-of-address", Period: "2026"}}, Present, "a", "2027-11-22", ""},
		{"issued and own end, the sooner counts", address, today, []Paper{{ID: "a", Type: "administrative-address", IssuedOn: "2026-02-01", ExpiresOn: "2027-01-31"}}, Present, "a", "2027-01-31", ""},
		{"month ends", address, "2027-02-28", []Paper{{ID: "a", Type: "hosting-certificate", IssuedOn: "2026-11-30"}}, Expiring, "a", "2027-02-28", ""},
		{"month ends, leap year", address, "2028-02-29", []Paper{{ID: "a", Type: "hosting-certificate", IssuedOn: "2027-11-30"}}, Expiring, "a", "2028-02-29", ""},
		{"29 February, a year on", "any_of = [\"tax-notice\"]\n", "2029-02-28", []Paper{{ID: "a", Type: "tax-notice", IssuedOn: "2028-02-29"}}, Expiring, "a", "2029-02-28", ""},
		{"29 February, over", "any_of = [\"tax-notice\"]\n", "2029-03-01", []Paper{{ID: "a", Type: "tax-notice", IssuedOn: "2028-02-29"}}, TooOld, "", "", "a:too_old:2029-03-01"},

		{"of at least an age", address + "min_age = \"3mo\"\nmax_age = \"1y\"\n", today, []Paper{{ID: "a", Type: "proof-of-address", IssuedOn: "2026-08-22"}}, Present, "a", "2027-08-22", ""},
		{"too recent", address + "min_age = \"3mo\"\nmax_age = \"1y\"\n", today, []Paper{{ID: "a", Type: "proof-of-address", IssuedOn: "2026-08-23"}}, TooRecent, "", "", "a:too_recent:2026-11-23"},

		{"two wanted, one there", address + "count = 2\n", today, []Paper{{ID: "a", Type: "proof-of-address", IssuedOn: "2026-11-01"}}, Incomplete, "a", "2027-11-01", ""},
		{"two wanted", address + "count = 2\n", today, []Paper{{ID: "a", Type: "proof-of-address", IssuedOn: "2026-11-01"}, {ID: "b", Type: "proof-of-address", IssuedOn: "2026-10-01"}},
			Present, "a b", "2027-10-01", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := only(t, c.piece)
			r := Check(p, c.papers, c.today, 30)
			f := r.Pieces[0]
			if f.State != c.state || strings.Join(f.Documents, " ") != c.documents || f.Until != c.until {
				t.Errorf("%s %q until %q; want %s %q until %q", f.State, f.Documents, f.Until, c.state, c.documents, c.until)
			}
			var unfit []string
			for _, u := range f.Unfit {
				unfit = append(unfit, u.ID+":"+string(u.Why)+":"+string(u.Since))
			}
			if strings.Join(unfit, " ") != c.unfit {
				t.Errorf("unfit %q, want %q", unfit, c.unfit)
			}
			if want := c.state == Present || c.state == Expiring; r.Complete != want {
				t.Errorf("complete %v", r.Complete)
			}
		})
	}
}

func TestCheckSeries(t *testing.T) {
	slip := func(id, period string) Paper { return Paper{ID: id, Type: "payslip", Period: period} }
	for _, c := range []struct {
		name              string
		today             vault.Date
		n                 string
		papers            []Paper
		state             State
		documents, others string
		absent            string
		until             vault.Date
	}{
		{"nothing", "2026-11-22", "3", nil, Missing, "", "", "2026-08 2026-09 2026-10", ""},
		{"complete", "2026-11-22", "3", []Paper{slip("c", "2026-10"), slip("a", "2026-08"), slip("b", "2026-09")}, Expiring, "a b c", "", "", "2026-12-15"},
		{"three papers of one month", "2026-11-22", "3", []Paper{slip("a", "2026-10"), slip("b", "2026-10"), slip("c", "2026-10")}, Incomplete, "a", "b c", "2026-08 2026-09", ""},
		{"a hole", "2026-11-22", "3", []Paper{slip("a", "2026-08"), slip("c", "2026-10"), slip("z", "2026-06")}, Incomplete, "a c", "", "2026-09", ""},
		{"not lately", "2026-11-22", "3", []Paper{slip("a", "2026-07"), slip("b", "2026-08"), slip("c", "2026-09")}, Incomplete, "b c", "", "2026-10", ""},
		{"the last on its way", "2026-11-15", "3", []Paper{slip("a", "2026-07"), slip("b", "2026-08"), slip("c", "2026-09")}, Expiring, "a b c", "", "", "2026-11-15"},
		{"no longer on its way", "2026-11-16", "3", []Paper{slip("a", "2026-07"), slip("b", "2026-08"), slip("c", "2026-09")}, Incomplete, "b c", "", "2026-10", ""},
		{"this month's is there already", "2026-11-30", "3", []Paper{slip("a", "2026-09"), slip("b", "2026-10"), slip("c", "2026-11")}, Present, "a b c", "", "", "2027-01-15"},
		{"over new year", "2027-01-20", "3", []Paper{slip("a", "2026-10"), slip("b", "2026-11"), slip("c", "2026-12")}, Expiring, "a b c", "", "", "2027-02-15"},
		{"on New Year's Day", "2027-01-01", "3", []Paper{slip("a", "2026-09"), slip("b", "2026-10"), slip("c", "2026-11")}, Expiring, "a b c", "", "", "2027-01-15"},
		{"a whole year in one paper", "2027-01-20", "12", []Paper{slip("y", "2026"), slip("a", "2026-05")}, Expiring, "y", "a", "", "2027-02-15"},
		{"two years and a hole", "2026-11-22", "12", []Paper{slip("y", "2025"), slip("a", "2026-10"), slip("b", "2026-09")}, Incomplete, "y b a", "",
			"2026-01 2026-02 2026-03 2026-04 2026-05 2026-06 2026-07 2026-08", ""},
		{"a year that was not over", "2026-11-22", "3", []Paper{{ID: "y", Type: "payslip", Period: "2026", IssuedOn: "2026-09-10"}}, Incomplete, "y", "", "2026-10", ""},
		{"types mixed", "2026-11-22", "3", []Paper{slip("a", "2026-08"), {ID: "b", Type: "family-benefits-statement", Period: "2026-09"}, slip("c", "2026-10")}, Expiring, "a b c", "", "", "2026-12-15"},
		{"the preferred type", "2026-11-22", "1", []Paper{{ID: "a", Type: "family-benefits-statement", Period: "2026-10"}, slip("b", "2026-10")}, Expiring, "b", "a", "", "2026-12-15"},
		{"no period", "2026-11-22", "1", []Paper{{ID: "a", Type: "payslip", IssuedOn: "2026-10-31"}}, NoPeriod, "", "", "2026-10", ""},
		{"to come", "2026-11-22", "1", []Paper{{ID: "a", Type: "payslip", Period: "2026-10", IssuedOn: "2027-10-31"}}, Missing, "", "", "2026-10", ""},
		{"somebody else's", "2026-11-22", "1", []Paper{{ID: "a", Type: "payslip", Period: "2026-10", Others: true}}, Missing, "", "", "2026-10", ""},
		{"March 31", "2028-03-31", "2", []Paper{slip("a", "2028-01"), slip("b", "2028-02")}, Expiring, "a b", "", "", "2028-04-15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := only(t, "any_of = [\"payslip\", \"family-benefits-statement\"]\nmonths = "+c.n+"\n")
			before := slices.Clone(c.papers)
			f := Check(p, c.papers, c.today, 30).Pieces[0]
			if f.State != c.state || strings.Join(f.Documents, " ") != c.documents || strings.Join(f.Others, " ") != c.others ||
				strings.Join(f.Absent, " ") != c.absent || f.Until != c.until {
				t.Errorf("%s %q others %q absent %q until %q", f.State, f.Documents, f.Others, f.Absent, f.Until)
			}
			if !slices.Equal(before, c.papers) {
				t.Error("the papers were changed")
			}
		})
	}
}

func TestConditionsNeverMakeIncomplete(t *testing.T) {
	p := only(t, "any_of = [\"family-record-book\"]\nif_fr = \"si\"\nif_en = \"if\"\n")
	r := Check(p, nil, "2026-11-22", 30)
	if !r.Complete || r.Pieces[0].State != Missing {
		t.Errorf("%+v", r)
	}
}

func TestDocumentsOncePerFile(t *testing.T) {
	table := MustParse(t, `[[procedure]]
code = "p"
fr = "P"
en = "P"
[[procedure.piece]]
code = "one"
fr = "1"
en = "1"
any_of = ["passport", "id-card"]
[[procedure.piece]]
code = "two"
fr = "2"
en = "2"
any_of = ["birth-certificate", "passport"]
`)
	p, err := table.Find("P")
	if err != nil {
		t.Fatal(err)
	}
	r := Check(p, []Paper{{ID: "b", Type: "birth-certificate", IssuedOn: "2020-01-01"}, {ID: "a", Type: "passport"}, {ID: "c", Type: "id-card"}}, "2026-11-22", 30)
	if got := r.Documents(); !slices.Equal(got, []string{"a"}) || !r.Complete {
		t.Errorf("documents %q, complete %v", got, r.Complete)
	}
}
