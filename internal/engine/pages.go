package engine

import (
	"context"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// splitContent returns the pages of the PDF src that a list names, as a PDF of their own, and how many they are: always the
// same bytes for the same PDF and list. Src is not used any more once an error was returned, or the piece closed. Errors:
// CodeInvalid for what no such pages can be taken out of, CodeInterrupted, or those of src.
func (e *Engine) splitContent(ctx context.Context, src io.Reader, pages string) (io.ReadCloser, int, error) {
	return e.Pages.Split(ctx, src, pages)
}

// takePages makes the intake a piece of its content. A piece records which pages of the whole it is, unless the request
// says otherwise.
func (in *intake) takePages(split string) (err error) {
	if split == "" {
		return nil
	}
	if in.pages, err = vault.ParsePageList(split); err != nil {
		return err
	}
	text := in.pages.String()
	if len(text) > maxShort {
		return vault.Errorf(vault.CodeInvalid, "%s is longer than %d bytes", "pages", maxShort)
	}
	in.data.Pages = first(in.data.Pages, &text)
	return nil
}

// sizedReader fails at the end of a source that is not as long as was said.
type sizedReader struct {
	r    io.Reader
	left int64
}

// sized returns r, to be of a declared size unless that is negative.
func sized(r io.Reader, declared int64) io.Reader {
	if declared < 0 {
		return r
	}
	return &sizedReader{r, declared}
}

func (s *sizedReader) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	s.left -= int64(n)
	if s.left < 0 || err == io.EOF && s.left > 0 {
		return n, errChanged()
	}
	return n, err
}

// DocumentPages counts the pages of a PDF, so that a list of pages can be checked before anything is deposited. Errors:
// CodeInvalid for what is no PDF, is damaged, protected or too large, CodeLocked, CodeInterrupted.
func (e *Engine) DocumentPages(ctx context.Context, req api.DocumentPagesRequest, content io.Reader) (api.DocumentPages, error) {
	if _, _, err := e.ready(); err != nil {
		return api.DocumentPages{}, err
	}
	n, err := e.Pages.Count(ctx, sized(content, req.Size))
	return api.DocumentPages{Head: api.H("document-pages"), Pages: n}, err
}
