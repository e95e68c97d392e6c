package pdfpages

import (
	"strconv"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// Many forms store what was filled in as values and leave the drawing to the viewer, so that a piece keeps the values of
// its own fields. Every field becomes one of its own, named by its number: the names and the tree of the whole form would
// tell of other pages.

// fieldKeys are what a field inherits from the fields above it, and what draws it.
var fieldKeys = []string{"DA", "FT", "Ff", "MaxLen", "Opt", "Q", "V"}

// asField adds to a widget what it inherits.
func (w *writer) asField(widget, kept types.Dict) error {
	for depth := 0; widget != nil; depth++ {
		if depth > maxDepth {
			return errDamaged
		}
		for _, k := range fieldKeys {
			if v, ok := widget[k]; ok && kept[k] == nil {
				kept[k] = v
			}
		}
		var err error
		if widget, err = w.doc.dict(widget["Parent"]); err != nil {
			return err
		}
	}
	if isName(kept["FT"], "Sig") { // what was signed is another file
		delete(kept, "V")
	}
	if kept["FT"] != nil {
		kept["T"] = types.StringLiteral("f" + strconv.Itoa(len(w.fields)+1))
	}
	return nil
}

// form is what a piece has of the form of the whole, nil where it has no fields.
func (w *writer) form() (types.Object, error) {
	whole, err := w.doc.dict(w.doc.root["AcroForm"])
	if err != nil || whole == nil || len(w.fields) == 0 {
		return nil, err
	}
	out := types.Dict{"Fields": w.fields}
	for _, k := range []string{"DA", "NeedAppearances", "Q"} {
		if v, ok := whole[k]; ok {
			out[k] = v
		}
	}
	resources, err := w.doc.dict(whole["DR"])
	if err != nil {
		return nil, err
	}
	kept := types.Dict{}
	for _, k := range []string{"Encoding", "Font"} {
		if v, ok := resources[k]; ok {
			kept[k] = v
		}
	}
	if len(kept) > 0 {
		out["DR"] = kept
	}
	return out, nil
}
