package engine

import (
	"maps"
	"slices"

	"vaultctl/internal/vault"
)

// A writer says in each segment what it has seen of the others, and what its events may do is judged by that. Nobody can
// show what another has seen, but a lie has to be consistent:
//
//   - who has seen a segment has seen what its writer had seen. Otherwise it is named: its storage withheld something from
//     it, or it hides what it saw;
//   - what it says does not become less from segment to segment;
//   - it has seen nothing that does not exist: such a segment waits until it does. Otherwise a device could claim to have seen
//     a withdrawal that is yet to come, and so make stand what the withdrawal is to end.

// unseen returns the segments, the first of each writer, that a segment newly says to have seen and that are not here. A
// writer whose next segment is there and bad counts as seen: its storage is to blame, and the others go on.
func (p *puller) unseen(seg *pulledSegment) []segmentName {
	var out []segmentName
	heads := seg.body.Context.Heads
	for _, w := range slices.Sorted(maps.Keys(heads)) {
		n := heads[w]
		switch {
		case w == seg.writer || n == 0:
		case w == p.skip:
			if n > p.own {
				out = append(out, segmentName{w, p.own})
			}
		case n > p.heads[w] && !p.stuck[w] && (p.asking[w] == nil || !p.asking[w].later):
			out = append(out, segmentName{w, p.heads[w]})
		}
	}
	return out
}

// checkPast names a segment that says less than its writer must have seen.
func (p *puller) checkPast(seg *pulledSegment) {
	if !pastHolds(seg.writer, p.last[seg.writer].Past, seg.info.Past, seg.body.Context.Heads, p.info) {
		p.lies = append(p.lies, vault.SegmentPath(seg.writer, seg.seq))
	}
}

// info returns what is known of a segment, of this pull or an earlier one.
func (p *puller) info(w vault.WriterID, seq uint64) (segmentInfo, bool) {
	if info, ok := p.infos[segmentName{w, seq}]; ok {
		return info, true
	}
	if p.infoOf == nil {
		return segmentInfo{}, false
	}
	return p.infoOf(w, seq)
}

// pastHolds reports whether what a segment of w says to have seen follows what its writer said before, and contains what
// was seen by those whose segments it saw.
func pastHolds(w vault.WriterID, before, past vault.Past, heads map[vault.WriterID]uint64, infoOf func(vault.WriterID, uint64) (segmentInfo, bool)) bool {
	for o, n := range heads {
		if o == w || n < before[o] {
			return false
		}
		if n == 0 {
			continue
		}
		info, ok := infoOf(o, n-1)
		if !ok {
			continue
		}
		for u, k := range info.Past {
			if u != w && past[u] < k {
				return false
			}
		}
	}
	return true
}

// held returns the segments that wait for others, by what they wait for.
func (p *puller) held() map[segmentName][]vault.WriterID {
	out := map[segmentName][]vault.WriterID{}
	for _, w := range slices.Sorted(maps.Keys(p.asking)) {
		if a := p.asking[w]; a.seg != nil {
			for _, s := range p.unseen(a.seg) {
				out[s] = append(out[s], w)
			}
		}
	}
	return out
}
