// Package suppression hides the small counts of a table in such a way that nobody computes them from its totals.
//
// Counts under Least are hidden, but for nought, which is about nobody; and then as many others as are needed so that every hidden
// value could be another one: the counts and totals that are shown, and the knowledge which of the hidden values are small,
// leave at least two possible values for each. Which are possible is a question about flows, since each value is in one row and
// one column: a value can differ where a cycle of changes by one leads through it.
//
// See Gusfield, "A graph theoretic approach to statistical data security", SIAM J. Comput. 17 (1988).
package suppression

// Least is the smallest count above nought that is shown.
const Least = 5

// Table is a table of counts with its totals.
type Table struct {
	rows, cols int
	counts     [][]int // the last row and the last column are totals
	hidden     [][]bool
}

// Hide returns the table of the counts, which are rows of the same length and not negative, with what has to be hidden hidden.
func Hide(counts [][]int) *Table {
	t := &Table{rows: len(counts)}
	if t.rows > 0 {
		t.cols = len(counts[0])
	}
	t.counts, t.hidden = make([][]int, t.rows+1), make([][]bool, t.rows+1)
	for i := range t.counts {
		t.counts[i], t.hidden[i] = make([]int, t.cols+1), make([]bool, t.cols+1)
	}
	for i, row := range counts {
		for j, n := range row {
			t.counts[i][j] = n
			t.counts[i][t.cols] += n
			t.counts[t.rows][j] += n
			t.counts[t.rows][t.cols] += n
		}
	}
	for i, row := range t.counts {
		for j, n := range row {
			t.hidden[i][j] = n > 0 && n < Least
		}
	}
	for t.hideMore() {
	}
	return t
}

// Count returns the count in a row and column, and whether it is shown. Row len(counts) and column len(counts[0]) are totals.
func (t *Table) Count(row, col int) (n int, shown bool) {
	if t.hidden[row][col] {
		return 0, false
	}
	return t.counts[row][col], true
}

// hideMore hides more if a hidden value can be computed, and reports whether it did.
func (t *Table) hideMore() bool {
	for i, row := range t.hidden {
		for j, hidden := range row {
			if !hidden {
				continue
			}
			around, cost := t.cycle(place{i, j}, +1)
			if other, c := t.cycle(place{i, j}, -1); c < cost {
				around, cost = other, c
			}
			if cost > 0 && cost < never {
				for _, p := range around {
					t.hidden[p.row][p.col] = true
				}
				return true
			}
		}
	}
	return false
}

// place is a value's row and column.
type place struct{ row, col int }

// totals says how much of a total the value is: 0 a count, 1 the total of a row or column, 2 of all.
func (t *Table) totals(i, j int) int {
	n := 0
	if i == t.rows {
		n++
	}
	if j == t.cols {
		n++
	}
	return n
}

// signed is the change of a value that a change by one of the row's sum is, where every row and every column sums to nothing:
// totals of rows and of columns count against what they sum up.
func (t *Table) signed(p place, by int) int {
	if t.totals(p.row, p.col) == 1 {
		return -by
	}
	return by
}

// cost is what it costs to let a value differ by one in that direction: nothing where it is hidden, its own size where it would have to be
// hidden for that, totals being worth more than counts, and never where it cannot be so.
func (t *Table) cost(p place, by int) int {
	n := t.counts[p.row][p.col]
	other := n + t.signed(p, by)
	switch {
	case (n < Least) != (other < Least), other < 0: // whether it is small is known of what is hidden
		return never
	case t.hidden[p.row][p.col]:
		return 0
	}
	return (n + 1) << (8 * t.totals(p.row, p.col))
}

const never = 1 << 50

// cycle finds the cheapest way to make good a change by one at a place: from its column back to its row by other places, taking
// away on the way to a row and adding on the way to a column, or the other way round. It returns the places, and what they cost.
func (t *Table) cycle(at place, by int) (around []place, cost int) {
	rows := t.rows + 1 // node n is row n, or column n-rows
	dist, via, done := make([]int, rows+t.cols+1), make([]place, rows+t.cols+1), make([]bool, rows+t.cols+1)
	for n := range dist {
		dist[n] = never
	}
	start := rows + at.col
	dist[start] = t.cost(at, by)
	for n := start; n != at.row; {
		done[n] = true
		for m := range dist {
			if (m < rows) == (n < rows) {
				continue
			}
			p, change := place{m, n - rows}, -by
			if n < rows {
				p, change = place{n, m - rows}, by
			}
			if d := dist[n] + t.cost(p, change); p != at && d < dist[m] {
				dist[m], via[m] = d, p
			}
		}
		n = -1
		for m, d := range dist {
			if !done[m] && d < never && (n < 0 || d < dist[n]) {
				n = m
			}
		}
		if n < 0 {
			return nil, never
		}
	}
	around = []place{at}
	for n := at.row; n != start; {
		p := via[n]
		around = append(around, p)
		if n < rows {
			n = rows + p.col
		} else {
			n = p.row
		}
	}
	return around, dist[at.row]
}
