package suppression

import (
	"testing"

	"pgregory.net/rapid"
)

// possible returns, for each value of a table with totals, the values that it has in all tables which agree with what is
// shown: found by trying them all.
func possible(t *Table, most int) [][]map[int]bool {
	found := make([][]map[int]bool, t.rows+1)
	for i := range found {
		found[i] = make([]map[int]bool, t.cols+1)
		for j := range found[i] {
			found[i][j] = map[int]bool{}
		}
	}
	guess := &Table{rows: t.rows, cols: t.cols, counts: make([][]int, t.rows+1)}
	for i := range guess.counts {
		guess.counts[i] = make([]int, t.cols+1)
	}
	agrees := func(i, j int) bool {
		n, shown := t.Count(i, j)
		if shown {
			return guess.counts[i][j] == n
		}
		return (guess.counts[i][j] < Least) == (t.counts[i][j] < Least)
	}
	var try func(k int)
	try = func(k int) {
		if k == t.rows*t.cols {
			for i := range guess.counts {
				for j := range guess.counts[i] {
					if !agrees(i, j) {
						return
					}
				}
			}
			for i := range guess.counts {
				for j, n := range guess.counts[i] {
					found[i][j][n] = true
				}
			}
			return
		}
		i, j := k/t.cols, k%t.cols
		for n := range most + 1 {
			guess.counts[i][j] = n
			if agrees(i, j) {
				guess.counts[i][t.cols] += n
				guess.counts[t.rows][j] += n
				guess.counts[t.rows][t.cols] += n
				try(k + 1)
				guess.counts[i][t.cols] -= n
				guess.counts[t.rows][j] -= n
				guess.counts[t.rows][t.cols] -= n
			}
		}
	}
	try(0)
	return found
}

func TestNothingHiddenIsComputed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows, cols := rapid.IntRange(1, 3).Draw(rt, "rows"), rapid.IntRange(1, 2).Draw(rt, "cols")
		counts := make([][]int, rows)
		for i := range counts {
			counts[i] = rapid.SliceOfN(rapid.IntRange(0, 8), cols, cols).Draw(rt, "row")
		}
		table := Hide(counts)
		for i, row := range possible(table, 9) {
			for j, values := range row {
				n, shown := table.Count(i, j)
				switch {
				case shown && n > 0 && n < Least:
					rt.Fatalf("%v: %d at %d,%d is shown", counts, n, i, j)
				case !shown && len(values) < 2:
					rt.Fatalf("%v: what is hidden at %d,%d can only be %v (hidden %v)", counts, i, j, values, table.hidden)
				}
			}
		}
	})
}

func TestHide(t *testing.T) {
	const no = -1
	for _, c := range []struct {
		name         string
		counts, want [][]int // want with totals
	}{
		{"nothing small", [][]int{{5, 6}, {7, 8}}, [][]int{{5, 6, 11}, {7, 8, 15}, {12, 14, 26}}},
		{"nothing at all", [][]int{{0}}, [][]int{{0, 0}, {0, 0}}},
		{"one small count alone", [][]int{{3, 0}}, [][]int{{no, 0, no}, {no, 0, no}}},
		{"one small count takes others along", [][]int{{3, 20, 30}, {40, 50, 60}, {70, 80, 90}},
			[][]int{{no, no, 30, 53}, {no, no, 60, 150}, {70, 80, 90, 240}, {113, 150, 180, 443}}},
		{"one row", [][]int{{3, 4, 20}}, [][]int{{no, no, 20, 27}, {no, no, 20, 27}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := Hide(c.counts)
			for i, row := range c.want {
				for j, want := range row {
					n, shown := table.Count(i, j)
					if !shown {
						n = no
					}
					if n != want {
						t.Errorf("row %d, column %d: got %d, want %d", i, j, n, want)
					}
				}
			}
		})
	}
	if n, shown := Hide(nil).Count(0, 0); n != 0 || !shown {
		t.Errorf("an empty table shows %d, %v", n, shown)
	}
}
