package photo

// HEIC and AVIF are ISO base media files: boxes of a size, a kind and a content. The box "meta" names the primary item and
// associates items with properties, among them "ispe" (width and height) and "irot" (quarter turns). No library is used for
// that: those that know these boxes decode the picture as well.

const (
	maxMeta  = 2 << 20 // bytes of the box that describes the items
	maxBoxes = 4096
)

// boxes is content to be taken apart.
type boxes []byte

// next returns the first box, and what comes after it. The end, or what is no box, is ok false.
func (b boxes) next() (kind string, content, rest boxes, ok bool) {
	if len(b) < 8 {
		return "", nil, nil, false
	}
	n, head := uint64(big.Uint32(b)), uint64(8)
	switch n {
	case 0:
		n = uint64(len(b))
	case 1:
		if len(b) < 16 {
			return "", nil, nil, false
		}
		n, head = big.Uint64(b[8:]), 16
	}
	if n < head || n > uint64(len(b)) {
		return "", nil, nil, false
	}
	return string(b[4:8]), b[head:n], b[n:], true
}

// find returns the content of the first box of a kind.
func (b boxes) find(kind string) boxes {
	for range maxBoxes {
		k, content, rest, ok := b.next()
		if !ok || k == kind {
			return content
		}
		b = rest
	}
	return nil
}

// heif looks for the box that describes the items, wherever it is among those of the file.
func (f *file) heif() Facts {
	off := int64(0)
	for range maxBoxes {
		b := f.upTo(off, 16)
		if len(b) < 8 {
			return Facts{}
		}
		n, head := int64(big.Uint32(b)), int64(8)
		switch {
		case n == 0:
			n = f.size - off
		case n == 1 && len(b) == 16 && big.Uint64(b[8:]) < 1<<62:
			n, head = int64(big.Uint64(b[8:])), 16
		}
		if n < head {
			return Facts{}
		}
		if string(b[4:8]) == "meta" {
			return described(f.at(off+head, min(n-head, maxMeta)))
		}
		off += n
	}
	return Facts{}
}

// described reads the size of the primary item.
func described(meta boxes) Facts {
	if len(meta) < 4 {
		return Facts{}
	}
	meta = meta[4:] // version and flags
	item, ok := primary(meta.find("pitm"))
	if !ok {
		return Facts{}
	}
	properties := meta.find("iprp")
	var all []property
	list := properties.find("ipco")
	for range maxBoxes {
		kind, content, rest, ok := list.next()
		if !ok {
			break
		}
		all = append(all, property{kind, content})
		list = rest
	}
	var facts Facts
	quarters := 0
	for _, i := range associated(properties.find("ipma"), item) {
		if i < 1 || i > len(all) {
			continue
		}
		switch p := all[i-1]; {
		case p.kind == "ispe" && len(p.content) >= 12:
			facts.Width, facts.Height = int(big.Uint32(p.content[4:])), int(big.Uint32(p.content[8:]))
		case p.kind == "irot" && len(p.content) >= 1:
			quarters = int(p.content[0] & 3)
		}
	}
	if quarters%2 == 1 {
		facts.Width, facts.Height = facts.Height, facts.Width
	}
	return facts
}

type property struct {
	kind    string
	content boxes
}

// primary reads the number of the primary item.
func primary(b boxes) (uint32, bool) {
	switch {
	case len(b) >= 6 && b[0] == 0:
		return uint32(big.Uint16(b[4:])), true
	case len(b) >= 8 && b[0] == 1:
		return big.Uint32(b[4:]), true
	}
	return 0, false
}

// associated returns the numbers of an item's properties, counted from 1.
func associated(b boxes, item uint32) []int {
	if len(b) < 8 {
		return nil
	}
	wideItems, wideNumbers := b[0] > 0, b[3]&1 == 1
	n := big.Uint32(b[4:])
	b = b[8:]
	idLen, numberLen := 2, 1
	if wideItems {
		idLen = 4
	}
	if wideNumbers {
		numberLen = 2
	}
	for ; n > 0 && len(b) > idLen; n-- {
		id := uint32(big.Uint16(b))
		if wideItems {
			id = big.Uint32(b)
		}
		count := int(b[idLen])
		b = b[idLen+1:]
		if len(b) < count*numberLen {
			return nil
		}
		if id == item {
			return numbers(b[:count*numberLen], wideNumbers)
		}
		b = b[count*numberLen:]
	}
	return nil
}

// numbers reads property numbers, whose first bit says something else.
func numbers(b []byte, wide bool) []int {
	var out []int
	for ; len(b) > 0 && !wide; b = b[1:] {
		out = append(out, int(b[0]&0x7F))
	}
	for ; len(b) > 1; b = b[2:] {
		out = append(out, int(big.Uint16(b)&0x7FFF))
	}
	return out
}
