package engine

import (
	"context"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// ShareLink yields a public link to each sealed copy of a share that goes on, from the first storage that makes links. They end
// with the share: its copies are deleted then. Errors: CodeErased for a share that has ended, CodeNoConsent, CodePolicy where no storage
// makes links or the share is for a team, CodeUnreachable while the copies are not there yet.
func (e *Engine) ShareLink(ctx context.Context, req api.ShareLinkRequest, yield func(api.ShareLink) error) error {
	st, keys, org, sh, err := e.findShare(req.Share)
	if err != nil {
		return err
	}
	if err := e.refuseRevoked(); err != nil {
		return err
	}
	switch {
	case !readsVault(keys, st, org):
		return errNoConsent()
	case !sh.Active():
		return vault.Errorf(vault.CodeErased, "the share has ended")
	case sh.Team != "":
		return vault.Errorf(vault.CodePolicy, "links are for partners: agents have the share on their workstations")
	}
	r, err := e.linking(ctx)
	if err != nil {
		return err
	}
	wait, err := waitOf(req.Wait)
	if err != nil {
		return err
	}
	if wait > 0 {
		if err := e.waitPushed(ctx, wait, nil); err != nil {
			return err
		}
	}
	now := e.Now()
	ends := sh.Until.Time()
	end := time.Date(ends.Year(), ends.Month(), ends.Day()+1, 0, 0, 0, 0, now.Location())
	if !end.After(now) {
		return vault.Errorf(vault.CodeErased, "the share has ended")
	}
	for i, c := range sh.Documents {
		if slices.Contains(sh.Withheld, c.Document) {
			continue
		}
		if _, err := r.Stat(ctx, c.Object.Path); err != nil {
			if vault.CodeOf(err) == vault.CodeNotFound {
				return vault.Errorf(vault.CodeUnreachable, "the copies are not on the storage yet")
			}
			return err
		}
		url, err := r.Link(ctx, c.Object.Path, end.Sub(now))
		if err != nil {
			return err
		}
		l := api.ShareLink{Head: api.H("share_link"), Share: string(sh.Share), Document: string(c.Document),
			FileName: shareFile(sh, c.Object, e.pieceIn(ctx, keys, sh, i), true).FileName, URL: url, Until: end.Format(time.RFC3339)}
		if err := yield(l); err != nil {
			return err
		}
	}
	return nil
}

// linking returns the first remote that makes public links. Errors: CodePolicy where none does.
func (e *Engine) linking(ctx context.Context) (Remote, error) {
	for _, m := range e.mounted() {
		makes, err := m.remote.Links(ctx)
		if err != nil {
			return nil, err
		}
		if makes {
			return m.remote, nil
		}
	}
	return nil, errNoLinks()
}

func errNoLinks() error {
	return api.WithHint(vault.Errorf(vault.CodePolicy, "no storage of this workstation makes public links"),
		"-o or --package writes files to hand out instead")
}
