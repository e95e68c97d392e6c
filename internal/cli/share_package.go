package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// packageTarget is where the package of a share goes: a file, or standard output.
type packageTarget struct {
	path  string
	force bool
}

// packageTo checks where a package is to be written, before anything is done; nil for "".
func (f *Factory) packageTo(path string, force bool) (*packageTarget, error) {
	switch {
	case path == "":
		return nil, nil
	case path == stdio && f.JSON():
		return nil, vault.Errorf(vault.CodeUsage, "--package - and --json would both write to standard output")
	case path == stdio:
		return &packageTarget{path: path}, f.IO.RefuseBinary()
	}
	pending, err := userfile.Create(path, force)
	pending.Drop()
	return &packageTarget{path: path, force: force}, err
}

// packageMade is a package that was written.
type packageMade struct {
	Path       string `json:"path"`
	SHA256     string `json:"sha256"` // of the file
	Passphrase string `json:"passphrase"`
}

// writePackage makes the package of a share. A file appears once all of it is there.
func (f *Factory) writePackage(ctx context.Context, c *apiclient.Client, req api.SharePackageRequest, target *packageTarget) (*packageMade, error) {
	meta, body, err := apiclient.Download[api.SharePackage](ctx, c, api.RouteSharePackage, req)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	sum := sha256.New()
	made := &packageMade{Path: target.path, Passphrase: meta.Passphrase}
	if target.path == stdio {
		err = userfile.Copy(io.MultiWriter(f.IO.Out, sum), body)
		made.SHA256 = hex.EncodeToString(sum.Sum(nil))
		return made, err
	}
	out, err := userfile.Create(target.path, target.force)
	if err != nil {
		return nil, err
	}
	defer out.Drop()
	progress := f.IO.Progress(meta.FileName, 0)
	defer progress.Done()
	if err := userfile.Copy(io.MultiWriter(out, sum), progress.Reader(body)); err != nil {
		return nil, err
	}
	made.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return made, out.Keep()
}

// packaged writes what became of a package; its passphrase is left out where it was said already.
func (p *page) packaged(made *packageMade, said string) {
	if made.Path != stdio {
		p.line(p.l.T("Package: %s", made.Path))
	}
	p.line("SHA-256: " + made.SHA256)
	if made.Passphrase != said {
		p.passphrase(p.l.T("Passphrase of the package: %s", made.Passphrase))
	}
	p.para(p.l.T("Any current browser opens the package, offline. What is handed out as a file cannot be called back."))
}

// passphrase shows one, with what to do about it.
func (p *page) passphrase(line string) {
	p.line("", line)
	p.para(p.l.T("It is shown this once and kept nowhere. Give it by telephone or by hand, never together with the copies."))
}

// getPackage makes the package of a share once more.
func (f *Factory) getPackage(ctx context.Context, c *apiclient.Client, share string, o *shareGetOptions) error {
	target, err := f.packageTo(o.pack, o.force)
	if err != nil {
		return err
	}
	card, err := f.cardForShare(ctx, c, share, o.card)
	if err != nil {
		return err
	}
	made, err := f.writePackage(ctx, c, api.SharePackageRequest{Share: share, Card: card, Language: f.Lang().String()}, target)
	if err != nil {
		return err
	}
	return emitBeside(f, target, *made, func(w io.Writer, made packageMade) error {
		p := &page{f: f, l: f.Lang()}
		p.packaged(&made, "")
		_, err := io.WriteString(w, p.String())
		return err
	})
}

// cardForShare returns the card, asking for it if the share has a private document.
func (f *Factory) cardForShare(ctx context.Context, c *apiclient.Client, share, file string) (string, error) {
	if file != "" {
		return f.presentedCard(ctx, file)
	}
	s, err := apiclient.Call[api.Share](ctx, c, api.RouteShareShow, api.ShareRequest{Share: share})
	if err != nil {
		return "", err
	}
	var docs []string
	for _, d := range s.Documents {
		if !d.Withheld {
			docs = append(docs, d.Document)
		}
	}
	return f.cardFor(ctx, c, docs, "")
}

// emitBeside is emit, but for a package that took standard output: then a person reads the answer on the other.
func emitBeside[T any](f *Factory, target *packageTarget, answer T, human func(io.Writer, T) error) error {
	if target != nil && target.path == stdio {
		return human(f.IO.Err, answer)
	}
	return emit(f, answer, human)
}
