package importer

import (
	"context"
	"errors"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/manifest"
)

// People imports the rows of a source of people over one connection, in their order, since a row may be about somebody
// whom an earlier one opened a vault for. Errors are as in Documents.
func (r *Run) People(ctx context.Context, src manifest.Source) error {
	p := r.newPass(ctx, manifest.People, api.RouteImportPeople, openPerson)
	p.run(func() error {
		defer close(p.queue)
		return p.enlist(src)
	})
	p.run(p.lane)
	return p.wait()
}

// enlist queues the rows that were understood.
func (p *pass) enlist(src manifest.Source) error {
	for {
		row, err := src.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		it := &item{row: row}
		if row.Err != nil {
			if err := p.finish(it, result(row, api.RowRejected, row.Err)); err != nil {
				return err
			}
			continue
		}
		if !p.send(it) {
			return nil
		}
	}
}

// openPerson opens the papers of a row.
func openPerson(p *pass, it *item) (*parcel, error) {
	row, err := jsonPart(api.PartPerson, &it.row.Person.PersonRow)
	if err != nil {
		return nil, err
	}
	c := &parcel{item: it, sent: p.r.o.Sent, parts: []apiclient.Part{row}}
	for _, paper := range []struct {
		part string
		file *manifest.Attachment
	}{{api.PartEvidence, it.row.Person.Evidence}, {api.PartMandate, it.row.Person.Mandate}} {
		if paper.file == nil {
			continue
		}
		content, err := paper.file.Open()
		if err != nil {
			c.close()
			return nil, err
		}
		c.attach(paper.part, content)
	}
	return c, nil
}
