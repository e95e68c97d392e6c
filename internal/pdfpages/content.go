package pdfpages

import (
	"maps"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// categories are the resource dictionaries whose entries a content stream names.
var categories = []string{"ColorSpace", "ExtGState", "Font", "Pattern", "Properties", "Shading", "XObject"}

// implied are resources that apply without being named.
var implied = []string{"DefaultCMYK", "DefaultGray", "DefaultRGB"}

// needed returns of a resource dictionary what the content names. Scanners and printing systems like to share one
// dictionary, and with it every image, among all pages of a file.
func (d *document) needed(resources types.Object, content []byte) (types.Dict, error) {
	res, err := d.dict(resources)
	if err != nil || res == nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, n := range implied {
		names[n] = true
	}
	addNames(names, content)
	for {
		before := len(names)
		out, err := d.choose(res, names)
		if err != nil {
			return nil, err
		}
		// Forms, patterns and fonts of old programs have no resources of their own and use those of the page.
		if err := d.addBorrowed(names, out); err != nil {
			return nil, err
		}
		if len(names) == before {
			return out, nil
		}
	}
}

// choose returns the entries of res that have one of the names.
func (d *document) choose(res types.Dict, names map[string]bool) (types.Dict, error) {
	out := types.Dict{}
	for _, c := range categories {
		all, err := d.dict(res[c])
		if err != nil {
			return nil, err
		}
		kept := types.Dict{}
		for name, v := range all {
			if !names[name] {
				continue
			}
			kept[name] = v
			if c != "XObject" {
				continue
			}
			if s, err := d.stream(v); err != nil || s == nil {
				return nil, errDamaged // the page would show a gap
			}
		}
		if len(kept) > 0 {
			out[c] = kept
		}
	}
	if set, ok := res["ProcSet"]; ok {
		out["ProcSet"] = set
	}
	return out, nil
}

// addBorrowed adds the names in those chosen resources that have none of their own.
func (d *document) addBorrowed(names map[string]bool, chosen types.Dict) error {
	for _, c := range []string{"XObject", "Pattern"} {
		of, _ := chosen[c].(types.Dict)
		for _, k := range slices.Sorted(maps.Keys(of)) {
			s, err := d.stream(of[k])
			if err != nil {
				return err
			}
			if s == nil || !hasContent(s) || s.Dict["Resources"] != nil {
				continue
			}
			b, err := decoded(s)
			if err != nil {
				return err
			}
			addNames(names, b)
		}
	}
	fonts, _ := chosen["Font"].(types.Dict)
	for _, k := range slices.Sorted(maps.Keys(fonts)) {
		f, err := d.dict(fonts[k])
		if err != nil {
			return err
		}
		if isType3(f) && f["Resources"] == nil {
			b, err := d.glyphs(f)
			if err != nil {
				return err
			}
			addNames(names, b)
		}
	}
	return nil
}

func isName(o types.Object, name string) bool {
	n, ok := o.(types.Name)
	return ok && string(n) == name
}

func isType3(f types.Dict) bool { return f != nil && isName(f["Subtype"], "Type3") }

// hasContent reports whether a stream is a form or a tiling pattern, which name resources.
func hasContent(s *types.StreamDict) bool {
	kind, isInt := s.Dict["PatternType"].(types.Integer)
	return isName(s.Dict["Subtype"], "Form") || isInt && kind == 1
}

// glyphs returns the content of all glyphs of a Type 3 font.
func (d *document) glyphs(f types.Dict) ([]byte, error) {
	procs, err := d.dict(f["CharProcs"])
	if err != nil {
		return nil, err
	}
	var all []byte
	for _, k := range slices.Sorted(maps.Keys(procs)) {
		s, err := d.stream(procs[k])
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		b, err := decoded(s)
		if err != nil {
			return nil, err
		}
		all = append(append(all, b...), '\n')
	}
	return all, nil
}

// decoded unpacks a stream without keeping the result in it. A stream that cannot be unpacked makes the PDF damaged.
func decoded(s *types.StreamDict) ([]byte, error) {
	copied := *s
	if err := copied.DecodeWithLimit(maxDecoded); err != nil {
		return nil, errDamaged
	}
	return copied.Content, nil
}

// contentOf returns the content of a page, a stream or several that belong together.
func (d *document) contentOf(contents types.Object) ([]byte, error) {
	o, err := d.object(contents)
	if err != nil {
		return nil, err
	}
	parts, isArray := o.(types.Array)
	if !isArray {
		parts = types.Array{contents}
	}
	var all []byte
	for _, part := range parts {
		s, err := d.stream(part)
		if err != nil || s == nil {
			return nil, errDamaged
		}
		b, err := decoded(s)
		if err != nil {
			return nil, err
		}
		all = append(append(all, b...), '\n')
	}
	return all, nil
}

// addNames adds every name that stands in a content stream. Those in strings and inline images are taken as well: one too
// many does no harm.
func addNames(names map[string]bool, content []byte) {
	for i := 0; i < len(content); i++ {
		if content[i] != '/' {
			continue
		}
		end := i + 1
		for end < len(content) && isRegular(content[end]) {
			end++
		}
		raw := string(content[i+1 : end])
		if name, err := types.DecodeName(raw); err == nil {
			names[name] = true
		}
		i = end - 1
	}
}

func isRegular(c byte) bool {
	switch c {
	case 0, '\t', '\n', '\f', '\r', ' ', '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return false
	}
	return true
}
