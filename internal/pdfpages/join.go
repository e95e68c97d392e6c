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
		if err := joinable(part); err != nil {
			return &partError{i}
		}
		sources = append(sources, bytes.NewReader(part))
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

// joinable tries a part by itself, so that one that does not do is known by its number.
func joinable(part []byte) (err error) {
	defer caught(&err)
	_, err = api.ReadValidateAndOptimize(bytes.NewReader(part), joining())
	return err
}
