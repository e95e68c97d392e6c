package cli

import (
	"context"
	"fmt"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
)

// shareLinks returns a public link to each sealed copy of a share, once they are on the storage.
func (f *Factory) shareLinks(ctx context.Context, c *apiclient.Client, share, wait string) ([]api.ShareLink, error) {
	var links []api.ShareLink
	for l, err := range apiclient.List[api.ShareLink](ctx, c, api.RouteShareLink, api.ShareLinkRequest{Share: share, Wait: wait}) {
		if err != nil {
			return links, err
		}
		links = append(links, l)
	}
	return links, nil
}

// getLinks prints the links of a share that was made before.
func (f *Factory) getLinks(ctx context.Context, c *apiclient.Client, share string) error {
	links, err := f.shareLinks(ctx, c, share, "")
	if err != nil {
		return err
	}
	if !f.JSON() {
		p := &page{f: f, l: f.Lang()}
		p.links(links)
		_, err := io.WriteString(f.IO.Out, p.String())
		return err
	}
	for _, l := range links {
		if err := f.printJSON(l); err != nil {
			return err
		}
	}
	return nil
}

// links tells of links, each whole on a line of its own, to be copied.
func (p *page) links(links []api.ShareLink) {
	if len(links) == 0 {
		return
	}
	for _, l := range links {
		p.line(fmt.Sprintf("%s  %s", l.Document, l.URL))
	}
	p.para(p.l.T("Whoever has a link reads the sealed copy until the share ends, or until the storage's own limit; opening it takes the key or passphrase."))
}
