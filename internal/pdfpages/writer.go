package pdfpages

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// writer writes a PDF. Objects get their numbers in the order in which they are met, and dictionaries are written in the
// order of their keys, so that what comes out depends on what went in alone.
type writer struct {
	doc     *document
	out     *bufio.Writer
	sum     hash.Hash // of all that was written
	at      int64
	numbers map[int]int // of objects: there → here
	queue   []types.Object
	done    int     // of the queue
	offsets []int64 // of objects, the first having number 1
	fields  types.Array
	err     error
}

// local is a reference to an object that the writer made itself.
type local int

func (l local) String() string      { return strconv.Itoa(int(l)) + " 0 R" }
func (l local) PDFString() string   { return l.String() }
func (l local) Clone() types.Object { return l }

func newWriter(d *document, w io.Writer) *writer {
	return &writer{doc: d, out: bufio.NewWriterSize(w, 64<<10), sum: sha256.New(), numbers: map[int]int{}}
}

// add gives an object a number.
func (w *writer) add(o types.Object) local {
	w.queue = append(w.queue, o)
	return local(len(w.queue))
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) put(s string) { w.putBytes([]byte(s)) }

func (w *writer) putBytes(b []byte) {
	w.sum.Write(b)
	w.at += int64(len(b))
	if _, err := w.out.Write(b); err != nil {
		w.fail(err)
	}
}

// pageKeys are what a page of a piece keeps beside its content, resources and annotations.
var pageKeys = []string{"ArtBox", "BleedBox", "CropBox", "Group", "MediaBox", "Rotate", "TrimBox", "UserUnit"}

// write writes the document that holds the pages of these numbers.
func (w *writer) write(numbers []int) error {
	catalog := types.Dict{"Type": types.Name("Catalog")}
	root := w.add(catalog)
	tree := types.Dict{"Type": types.Name("Pages"), "Count": types.Integer(len(numbers))}
	parent := w.add(tree)
	catalog["Pages"] = parent
	for _, k := range []string{"Lang", "OCProperties", "OutputIntents"} { // how all pages are shown
		if v, ok := w.doc.root[k]; ok {
			catalog[k] = v
		}
	}
	var kids types.Array
	for _, n := range numbers {
		p, err := w.page(&w.doc.pages[n-1])
		if err != nil {
			return err
		}
		p["Parent"] = parent
		kids = append(kids, w.add(p))
	}
	tree["Kids"] = kids
	form, err := w.form()
	if err != nil {
		return err
	}
	if form != nil {
		catalog["AcroForm"] = form
	}
	version := "1.7"
	if w.doc.xref.Version() >= model.V20 {
		version = "2.0"
	}
	w.put("%PDF-" + version + "\n%\xE2\xE3\xCF\xD3\n")
	for ; w.done < len(w.queue) && w.err == nil; w.done++ {
		w.object(w.done+1, w.queue[w.done])
	}
	w.trailer(root)
	if err := w.out.Flush(); err != nil {
		w.fail(err)
	}
	return w.err
}

// page returns what a piece has of a page.
func (w *writer) page(p *page) (types.Dict, error) {
	out := types.Dict{"Type": types.Name("Page"), "Resources": types.Dict{}}
	for _, k := range pageKeys {
		if v, ok := p.dict[k]; ok {
			out[k] = v
		} else if v, ok := p.inherited[k]; ok {
			out[k] = v
		}
	}
	var content []byte
	if c, ok := p.dict["Contents"]; ok && c != nil {
		var err error
		if content, err = w.doc.contentOf(c); err != nil {
			return nil, err
		}
		out["Contents"] = c
	}
	res, err := w.doc.needed(p.inherited["Resources"], content)
	if err != nil {
		return nil, err
	}
	if res != nil {
		out["Resources"] = res
	}
	notes, err := w.annotations(p.dict["Annots"])
	if err != nil {
		return nil, err
	}
	if len(notes) > 0 {
		out["Annots"] = notes
	}
	return out, nil
}

// shownKinds are the annotations that are part of what a page shows: filled form fields, stamps, handwriting, marks.
var shownKinds = []string{"Caret", "Circle", "FreeText", "Highlight", "Ink", "Line", "PolyLine", "Polygon", "Redact", "Square", "Squiggly",
	"Stamp", "StrikeOut", "Text", "Underline", "Watermark", "Widget"}

// annotationKeys are what makes them look as they do; what else they hold leads to other pages and actions.
var annotationKeys = []string{"AP", "AS", "BE", "BS", "Border", "C", "CA", "CL", "Contents", "DA", "DS", "F", "H", "IC", "InkList", "L", "LE", "MK",
	"Name", "OC", "Q", "QuadPoints", "RD", "Rect", "Subtype", "Type", "Vertices"}

func (w *writer) annotations(o types.Object) (types.Array, error) {
	o, err := w.doc.object(o)
	if err != nil {
		return nil, err
	}
	all, _ := o.(types.Array)
	var out types.Array
	for _, a := range all {
		note, err := w.doc.dict(a)
		if err != nil {
			return nil, err
		}
		kind, _ := note["Subtype"].(types.Name)
		if !slices.Contains(shownKinds, string(kind)) {
			continue
		}
		kept := types.Dict{}
		for _, k := range annotationKeys {
			if v, ok := note[k]; ok {
				kept[k] = v
			}
		}
		if kind != "Widget" {
			out = append(out, w.add(kept))
			continue
		}
		if err := w.asField(note, kept); err != nil {
			return nil, err
		}
		widget := w.add(kept)
		out = append(out, widget)
		if kept["FT"] != nil {
			w.fields = append(w.fields, widget)
		}
	}
	return out, nil
}

// object writes an object under its number.
func (w *writer) object(n int, o types.Object) {
	w.offsets = append(w.offsets, w.at)
	w.put(strconv.Itoa(n) + " 0 obj\n")
	switch o := o.(type) {
	case types.StreamDict:
		w.stream(&o)
	default:
		w.value(o, 0)
	}
	w.put("\nendobj\n")
}

// hidden are entries of streams that say more than what is shown: descriptions, attachments, files elsewhere.
var hidden = []string{"AF", "F", "FDecodeParms", "FFilter", "LastModified", "Metadata", "OPI", "PieceInfo", "StructParent", "StructParents"}

func (w *writer) stream(s *types.StreamDict) {
	d := types.Dict{}
	maps.Copy(d, s.Dict)
	for _, k := range hidden {
		delete(d, k)
	}
	d["Length"] = types.Integer(len(s.Raw))
	if hasContent(s) && d["Resources"] != nil {
		content, err := decoded(s)
		if err != nil {
			w.fail(err)
			return
		}
		w.prune(d, content)
	}
	w.entries(d, 0)
	w.put("\nstream\n")
	w.putBytes(s.Raw)
	w.put("\nendstream")
}

// prune leaves in d the resources that its content names.
func (w *writer) prune(d types.Dict, content []byte) {
	res, err := w.doc.needed(d["Resources"], content)
	if err != nil {
		w.fail(err)
		return
	}
	d["Resources"] = res
}

// value writes a value. References are followed to what they name, which gets a number here; pages and page trees that a
// piece does not have become null.
func (w *writer) value(o types.Object, depth int) {
	if depth > maxDepth {
		w.fail(errDamaged)
		return
	}
	switch o := o.(type) {
	case types.Dict:
		if isType3(o) && o["Resources"] != nil {
			o = w.type3(o)
		}
		w.entries(o, depth)
	case types.Array:
		w.put("[")
		for i, v := range o {
			if i > 0 {
				w.put(" ")
			}
			w.value(v, depth+1)
		}
		w.put("]")
	case types.IndirectRef:
		w.reference(o)
	case types.Float:
		w.put(strconv.FormatFloat(float64(o), 'f', -1, 64))
	case local, types.Boolean, types.Integer, types.Name, types.StringLiteral, types.HexLiteral:
		w.put(o.PDFString())
	default: // null, and streams where none can stand
		w.put("null")
	}
}

func (w *writer) entries(d types.Dict, depth int) {
	w.put("<<")
	for _, k := range slices.Sorted(maps.Keys(d)) {
		if d[k] == nil {
			continue
		}
		w.put(types.Name(k).PDFString() + " ")
		w.value(d[k], depth+1)
	}
	w.put(">>")
}

// type3 returns a font with the resources that its glyphs name.
func (w *writer) type3(f types.Dict) types.Dict {
	glyphs, err := w.doc.glyphs(f)
	if err != nil {
		w.fail(err)
		return f
	}
	out := maps.Clone(f)
	w.prune(out, glyphs)
	return out
}

func (w *writer) reference(ref types.IndirectRef) {
	n, known := w.numbers[int(ref.ObjectNumber)]
	if !known {
		o, err := w.doc.object(ref)
		if err != nil {
			w.fail(err)
			return
		}
		if !w.belongs(o) {
			w.put("null")
			return
		}
		n = int(w.add(o))
		w.numbers[int(ref.ObjectNumber)] = n
	}
	w.put(local(n).String())
}

// belongs reports whether an object may be part of a piece for being referred to.
func (w *writer) belongs(o types.Object) bool {
	switch o := o.(type) {
	case nil, types.ObjectStreamDict, types.XRefStreamDict:
		return false
	case types.Dict:
		for _, kind := range []string{"Page", "Pages", "Catalog", "Outlines", "StructTreeRoot", "StructElem", "Filespec"} {
			if isName(o["Type"], kind) {
				return false
			}
		}
		isPage := o["Parent"] != nil && (o["MediaBox"] != nil || o["Contents"] != nil) // one that does not say so
		return !isPage && o["Kids"] == nil
	case types.StreamDict:
		return !isName(o.Dict["Type"], "EmbeddedFile")
	}
	return true
}

func (w *writer) trailer(root local) {
	at, id := w.at, w.sum.Sum(nil)[:16]
	w.put(fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1))
	for _, off := range w.offsets {
		w.put(fmt.Sprintf("%010d 00000 n \n", off))
	}
	w.put(fmt.Sprintf("trailer\n<</ID [<%x> <%x>] /Root %s /Size %d>>\nstartxref\n%d\n%%%%EOF\n", id, id, root, len(w.offsets)+1, at))
}
