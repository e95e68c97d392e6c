// Package pdfpages takes pages out of a PDF. It is the one importer of pdfcpu, which reads the file; what is written is
// written here, so that the same PDF and the same pages always give the same bytes: no dates, no random identifiers, no
// order that changes from one run to the next.
//
// A piece holds what its pages show and nothing else: no other page, no image, form or font that only other pages name,
// no attachment, script, outline, link or description of the whole. Whoever may read one piece of a scan that was cut up
// must not find the rest of it inside.
//
// A PDF is hostile input, and it is personal. [Process] therefore has it read by [Serve] in a process of its own, with
// limits on memory and time: plaintext goes through pipes and never to a disk, and a file that makes the reader crash or
// swell costs that process alone.
package pdfpages

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"vaultctl/internal/vault"
)

// What can be wrong with a PDF. [vault.Errorf] makes sentences of them in the parent process.
var (
	errNotPDF    = errors.New("not a PDF")
	errDamaged   = errors.New("damaged PDF")
	errEncrypted = errors.New("encrypted PDF")
)

// Limits of what is read. MaxSize bounds the file, maxDecoded what one stream of it may unpack to where its content has
// to be looked into, and maxDepth how deep page trees and values nest.
const (
	MaxSize    = 512 << 20
	maxDecoded = 256 << 20
	maxDepth   = 64
)

// document is a PDF that was read.
type document struct {
	xref  *model.XRefTable
	root  types.Dict
	pages []page
}

// page is a page with what it inherits.
type page struct {
	dict      types.Dict
	inherited types.Dict // Resources, MediaBox, CropBox, Rotate
}

// inheritable are the attributes that a page may have from the nodes above it.
var inheritable = []string{"Resources", "MediaBox", "CropBox", "Rotate"}

// read reads a PDF of size bytes. Errors are errNotPDF, errDamaged or errEncrypted, perhaps wrapped.
func read(r io.ReaderAt, size int64) (d *document, err error) {
	defer caught(&err)
	if err := looksWhole(r, size); err != nil {
		return nil, err
	}
	conf := model.NewDefaultConfiguration()
	conf.Cmd, conf.Offline, conf.Optimize = model.TRIM, true, false
	conf.Limits.MaxDecodeBytes, conf.Limits.MaxRecursionDepth = maxDecoded, maxDepth
	ctx, err := api.ReadContext(io.NewSectionReader(r, 0, size), conf)
	switch {
	case isEncryption(err), err == nil && ctx.Encrypt != nil:
		return nil, errEncrypted
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	d = &document{xref: ctx.XRefTable}
	if d.root, err = ctx.Catalog(); err != nil || d.root == nil {
		return nil, errDamaged
	}
	if err := d.collect(d.root["Pages"], types.Dict{}, 0, map[int]bool{}); err != nil {
		return nil, err
	}
	if len(d.pages) == 0 {
		return nil, errDamaged
	}
	return d, nil
}

func init() { api.DisableConfigDir() } // nothing outside the PDF decides how it is read

// caught turns a panic of the reader into an error.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = errDamaged
	}
}

func isEncryption(err error) bool {
	for _, e := range []error{pdfcpu.ErrWrongPassword, pdfcpu.ErrEncrypted, pdfcpu.ErrOwnerPasswordRequired, pdfcpu.ErrPermissionDenied,
		pdfcpu.ErrUnsupportedEncryptionFeature, pdfcpu.ErrMalformedEncryption} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

const (
	headLen = 1 << 10 // within which a PDF says that it is one
	tailLen = 4 << 10 // within which it says that it ends
)

// looksWhole refuses what does not begin as a PDF, and what does not end as one: readers that repair what is cut short
// find some of its pages, and nobody learns of the others.
func looksWhole(r io.ReaderAt, size int64) error {
	if err := looksLikePDF(r, size); err != nil {
		return err
	}
	tail := make([]byte, min(size, tailLen))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return fmt.Errorf("read PDF: %w", err)
	}
	if !bytes.Contains(tail, []byte("startxref")) {
		return errDamaged
	}
	return nil
}

func looksLikePDF(r io.ReaderAt, size int64) error {
	head := make([]byte, min(size, headLen))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return fmt.Errorf("read PDF: %w", err)
	}
	if !bytes.Contains(head, []byte("%PDF-")) {
		return errNotPDF
	}
	return nil
}

// collect walks a page tree. A node that is not there, or that is its own ancestor, makes the PDF damaged.
func (d *document) collect(node types.Object, inherited types.Dict, depth int, seen map[int]bool) error {
	ref, ok := node.(types.IndirectRef)
	if !ok || depth > maxDepth || seen[int(ref.ObjectNumber)] {
		return errDamaged
	}
	seen[int(ref.ObjectNumber)] = true
	dict, err := d.dict(ref)
	if err != nil || dict == nil {
		return errDamaged
	}
	own := types.Dict{}
	for _, k := range inheritable {
		if v, has := dict[k]; has && v != nil {
			own[k] = v
		} else if v, has := inherited[k]; has {
			own[k] = v
		}
	}
	if _, isTree := dict["Kids"]; !isTree {
		d.pages = append(d.pages, page{dict, own})
		return nil
	}
	kids, err := d.xref.DereferenceArray(dict["Kids"])
	if err != nil {
		return errDamaged
	}
	for _, kid := range kids {
		if err := d.collect(kid, own, depth+1, seen); err != nil {
			return err
		}
	}
	return nil
}

// object resolves a reference. What is not there is nil.
func (d *document) object(o types.Object) (types.Object, error) {
	o, err := d.xref.Dereference(o)
	if err != nil {
		return nil, errDamaged
	}
	return o, nil
}

// dict resolves a dictionary; nil is anything else.
func (d *document) dict(o types.Object) (types.Dict, error) {
	o, err := d.object(o)
	if err != nil {
		return nil, err
	}
	dict, _ := o.(types.Dict)
	return dict, nil
}

// stream resolves a stream; nil is anything else.
func (d *document) stream(o types.Object) (*types.StreamDict, error) {
	o, err := d.object(o)
	if err != nil {
		return nil, err
	}
	if s, ok := o.(types.StreamDict); ok {
		return &s, nil
	}
	return nil, nil
}

// extract writes the pages that list names as a PDF of their own.
func (d *document) extract(w io.Writer, list vault.PageList) (err error) {
	defer caught(&err)
	numbers, err := list.Numbers(len(d.pages))
	if err != nil {
		return err
	}
	return newWriter(d, w).write(numbers)
}
