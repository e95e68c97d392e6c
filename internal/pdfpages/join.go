package pdfpages

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

const (
	joinWord    = "join" // in the place of a list of pages
	problemPart = "part"
	// stampPlace puts the first page of the stamp over each page: in the middle, as wide as that.
	stampPlace = "scale:1 rel, pos:c, rot:0, op:1"
)

// partError says which of several PDFs cannot be joined with others.
type partError struct{ part int }

func (e *partError) Error() string {
	return fmt.Sprintf("PDF %d cannot be joined with others", e.part+1)
}

// Join returns one PDF of all pages of parts in their order, with the only page of stamp over each. Where one does not do, bad is
// its number from 0, and -1 else. Errors are those of Split; the limits are for all parts together. Closing it ends the process.
func (p *Process) Join(ctx context.Context, stamp []byte, parts [][]byte) (joined io.ReadCloser, bad int, err error) {
	var frames []io.Reader
	for _, b := range append([][]byte{stamp}, parts...) {
		frames = append(frames, bytes.NewReader(binary.BigEndian.AppendUint64(nil, uint64(len(b)))), bytes.NewReader(b))
	}
	c, err := p.start(ctx, io.MultiReader(frames...), joinWord)
	var part *partError
	switch {
	case errors.As(err, &part):
		return nil, part.part, err
	case err != nil:
		return nil, -1, err
	}
	return c, -1, nil
}

// serveJoin is Serve for Join.
func serveJoin(in io.Reader, out io.Writer, begin func() (end func() bool)) int {
	parts, err := frames(in)
	end := begin()
	var a answer
	var joined bytes.Buffer
	if err == nil {
		err = join(&joined, parts)
	}
	end()
	var bad *partError
	switch {
	case errors.As(err, &bad):
		a.Problem, a.Part = problemPart, bad.part
	default:
		a.blame(err)
	}
	w := bufio.NewWriter(out)
	if json.NewEncoder(w).Encode(a) != nil {
		return failed
	}
	if err == nil {
		if _, err := w.Write(joined.Bytes()); err != nil {
			return failed
		}
	}
	if w.Flush() != nil {
		return failed
	}
	return served
}

// frames reads what Join sends.
func frames(in io.Reader) ([][]byte, error) {
	var parts [][]byte
	total := uint64(0)
	for {
		var size [8]byte
		_, err := io.ReadFull(in, size[:])
		if errors.Is(err, io.EOF) && len(parts) > 1 {
			return parts, nil
		}
		if err != nil {
			return nil, err
		}
		n := binary.BigEndian.Uint64(size[:])
		if total += n; n > MaxSize || total > MaxSize {
			return nil, errTooLarge
		}
		part := make([]byte, n)
		if _, err := io.ReadFull(in, part); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
}

// joining is how parts are read and written.
func joining() *model.Configuration {
	conf := model.NewDefaultConfiguration()
	conf.Offline, conf.ValidationMode = true, model.ValidationRelaxed
	conf.Limits.MaxDecodeBytes, conf.Limits.MaxRecursionDepth = maxDecoded, maxDepth
	return conf
}

// join writes the pages of all parts but the first, which is the stamp.
func join(w io.Writer, parts [][]byte) (err error) {
	defer caught(&err)
	var sources []io.ReadSeeker
	for i, part := range parts[1:] {
		whole, err := framed(part)
		if err != nil {
			return &partError{i}
		}
		sources = append(sources, bytes.NewReader(whole))
	}
	var whole bytes.Buffer
	if err := api.MergeRaw(sources, &whole, false, joining()); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	paper, err := pdfcpu.ParseResizeConfig("form:A4", types.POINTS)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	var fitted bytes.Buffer
	if err := api.Resize(bytes.NewReader(whole.Bytes()), &fitted, nil, paper, joining()); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	stamp, err := api.PDFWatermarkForReadSeeker(bytes.NewReader(parts[0]), 1, stampPlace, true, false, types.POINTS)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	if err := api.AddWatermarks(bytes.NewReader(fitted.Bytes()), w, nil, stamp, joining()); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// framed returns a part with what each page draws in a form of its own, so that nothing that a page leaves open - a comment, a string, a
// state - reaches what is put over it. A part that does not do is found here, by itself, so that it is known by its number.
func framed(part []byte) (out []byte, err error) {
	defer caught(&err)
	ctx, err := api.ReadValidateAndOptimize(bytes.NewReader(part), joining())
	if err != nil {
		return nil, err
	}
	for n := 1; n <= ctx.PageCount; n++ {
		if err := frame(ctx, n); err != nil {
			return nil, fmt.Errorf("page %d: %w", n, err)
		}
	}
	var w bytes.Buffer
	if err := api.Write(ctx, &w, joining()); err != nil {
		return nil, err
	}
	return w.Bytes(), nil
}

// frame puts what a page draws into a form, and draws that.
func frame(ctx *model.Context, n int) error {
	page, _, inherited, err := ctx.PageDict(n, false)
	if err != nil {
		return err
	}
	content, err := drawing(ctx, page)
	if err != nil {
		return err
	}
	form, err := ctx.NewStreamDictForBuf(content)
	if err != nil {
		return err
	}
	box := inherited.MediaBox
	if inherited.CropBox != nil {
		box = inherited.CropBox
	}
	form.InsertName("Type", "XObject")
	form.InsertName("Subtype", "Form")
	form.Insert("BBox", box.Array())
	form.Insert("Resources", inherited.Resources)
	shown, err := inserted(ctx, form)
	if err != nil {
		return err
	}
	call, err := ctx.NewStreamDictForBuf([]byte("q /Page Do Q\n"))
	if err != nil {
		return err
	}
	contents, err := inserted(ctx, call)
	if err != nil {
		return err
	}
	page.Update("Contents", *contents)
	page.Update("Resources", types.Dict{"XObject": types.Dict{"Page": *shown}})
	return nil
}

func inserted(ctx *model.Context, s *types.StreamDict) (*types.IndirectRef, error) {
	if err := s.Encode(); err != nil {
		return nil, err
	}
	return ctx.IndRefForNewObject(*s)
}

// drawing returns the operators of a page, its streams on lines of their own as the format has it.
func drawing(ctx *model.Context, page types.Dict) ([]byte, error) {
	object, _ := page.Find("Contents")
	object, err := ctx.Dereference(object)
	if err != nil {
		return nil, err
	}
	streams, several := object.(types.Array)
	if !several && object != nil {
		streams = types.Array{object}
	}
	out := []byte("\n") // a page may draw nothing
	for _, s := range streams {
		sd, _, err := ctx.DereferenceStreamDict(s)
		if err != nil {
			return nil, err
		}
		if sd == nil {
			continue
		}
		if err := sd.Decode(); err != nil {
			return nil, err
		}
		out = append(append(out, sd.Content...), '\n')
	}
	return out, nil
}
