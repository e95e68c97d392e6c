package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/vault"
)

// piece is one document to be taken out of a PDF.
type piece struct {
	pages vault.PageList
	typ   string // "" is that of --type
}

// parsePieces reads what --pages says: a list of pages, or several with their types, "1-2:id-card,3:bank-details". A type
// ends a piece; what follows the last one is a piece of the type that --type names. No page is in two pieces.
func parsePieces(s string) ([]piece, error) {
	var pieces []piece
	var lists []vault.PageList
	add := func(list, typ string) error {
		pages, err := vault.ParsePageList(list)
		if err == nil {
			pieces, lists = append(pieces, piece{pages, typ}), append(lists, pages)
		}
		return err
	}
	var open []string
	for _, part := range strings.Split(s, ",") {
		pages, typ, typed := strings.Cut(part, ":")
		open = append(open, pages)
		if !typed {
			continue
		}
		if typ = strings.TrimSpace(typ); typ == "" {
			return nil, vault.Errorf(vault.CodeInvalid, "a type is missing after %s:", pages)
		}
		if err := add(strings.Join(open, ","), typ); err != nil {
			return nil, err
		}
		open = nil
	}
	if open != nil {
		if err := add(strings.Join(open, ","), ""); err != nil {
			return nil, err
		}
	}
	_, err := vault.Joined(lists...)
	return pieces, err
}

// job is one document to be deposited.
type job struct {
	path  string
	name  string // instead of that of the file
	pages vault.PageList
	typ   string // instead of that of the request
}

// jobs are what the command line asks for: a document for each file, or for each piece of one.
func (o *documentAddOptions) jobs(f *Factory, cmd *cobra.Command, files []string) ([]job, error) {
	if !cmd.Flags().Changed("pages") {
		if o.keepOriginal {
			return nil, usagef(cmd, "--keep-original is for --pages")
		}
		jobs := make([]job, len(files))
		for i, path := range files {
			if jobs[i].path = path; path == stdio {
				jobs[i].name = o.name
			}
		}
		return jobs, nil
	}
	pieces, err := parsePieces(o.fields.pages)
	if err == nil {
		err = f.checkTypes(pieces)
	}
	if err != nil {
		return nil, flagValue("pages", err)
	}
	untyped := slices.ContainsFunc(pieces, func(p piece) bool { return p.typ == "" })
	several := len(pieces) > 1 || o.keepOriginal
	switch {
	case len(files) > 1:
		return nil, usagef(cmd, "--pages is for one file")
	case several && files[0] == stdio:
		return nil, usagef(cmd, "standard input gives one document: save the PDF to a file")
	case several && o.fields.sourceID != "":
		return nil, usagef(cmd, "--source-id is for one document")
	case !untyped && !o.keepOriginal && o.fields.typ != "":
		return nil, usagef(cmd, "every document has its type in --pages: leave --type out")
	}
	var jobs []job
	if o.keepOriginal { // first, so that nothing is lost whatever becomes of the pieces
		jobs = append(jobs, job{path: files[0], typ: firstOf(o.fields.typ, "other")})
	}
	for _, p := range pieces {
		jobs = append(jobs, job{path: files[0], name: o.name, pages: p.pages, typ: p.typ})
	}
	return jobs, nil
}

// needsType reports whether a job has no type of its own.
func needsType(jobs []job) bool {
	return slices.ContainsFunc(jobs, func(j job) bool { return j.typ == "" })
}

// checkTypes refuses unknown types before anything is deposited.
func (f *Factory) checkTypes(pieces []piece) error {
	var types *catalogue.Catalogue
	for i := range pieces {
		if pieces[i].typ == "" {
			continue
		}
		var err error
		if types == nil {
			if types, err = f.Catalogue(); err != nil {
				return err
			}
		}
		t, err := types.Find(pieces[i].typ)
		if err != nil {
			return err
		}
		pieces[i].typ = t.Code
	}
	return nil
}

// checkPages counts the pages of a PDF that several documents come of, so that a page that is not there is known before the
// first of them is deposited.
func (f *Factory) checkPages(ctx context.Context, c *apiclient.Client, jobs []job) error {
	if len(jobs) < 2 || jobs[len(jobs)-1].pages == nil {
		return nil
	}
	u, err := f.openUserFile(jobs[0].path)
	if err != nil {
		return err
	}
	defer func() { _ = u.Close() }()
	progress := f.IO.Progress(u.Name, u.Size)
	defer progress.Done()
	found, err := apiclient.Upload[api.DocumentPages](ctx, c, api.RouteDocumentPages, api.DocumentPagesRequest{Size: u.Size},
		apiclient.Part{Reader: progress.Reader(u), Name: api.PartContent})
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if err := j.pages.Within(found.Pages); err != nil {
			return err
		}
	}
	return nil
}
