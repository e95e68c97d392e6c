package workstation

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/engine"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/remote"
	"vaultctl/internal/vault"
)

// remotes adapts package remote with the one rclone configuration of this process.
type remotes struct {
	mu   sync.Mutex
	conf *remote.Config // nil until set
}

func (r *remotes) SetConfig(conf []byte, save func([]byte) error) error {
	c, err := remote.NewConfig(conf, save)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conf = c
	remote.InstallConfig(c)
	return nil
}

func (r *remotes) Import(confFile, spec string) ([]byte, error) {
	sections, err := remote.ImportSection(confFile, spec)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conf == nil {
		if r.conf, err = remote.NewConfig(nil, func([]byte) error { return nil }); err != nil {
			return nil, err
		}
		remote.InstallConfig(r.conf)
	}
	if err := r.conf.Merge(sections); err != nil {
		return nil, err
	}
	return r.conf.Bytes(), nil
}

func (r *remotes) Open(ctx context.Context, spec string) (engine.Remote, error) {
	m, err := remote.Open(ctx, spec, remote.Options{})
	if err != nil {
		return nil, err
	}
	return mounted{m}, nil
}

func (r *remotes) Create(ctx context.Context, spec string) (engine.Remote, error) {
	m, err := remote.Create(ctx, spec, remote.Options{})
	if err != nil {
		return nil, err
	}
	return mounted{m}, nil
}

func (r *remotes) Redact(spec string) string { return remote.Redact(spec) }

// mounted adapts an open remote.
type mounted struct{ r *remote.Remote }

func (m mounted) Put(ctx context.Context, o engine.Upload) error {
	sum, ok := objecthash.Parse(o.Hash)
	if !ok {
		return vault.Errorf(vault.CodeIntegrity, "an object without a hash")
	}
	return m.r.Put(ctx, o.Path, o.Size, sum, o.Open)
}

func (m mounted) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	return m.r.Get(ctx, path)
}

func (m mounted) Stat(ctx context.Context, path string) (engine.ObjectInfo, error) {
	i, err := m.r.Stat(ctx, path)
	return engine.ObjectInfo{Path: path, Size: i.Size}, err
}

func (m mounted) Links(context.Context) (bool, error) { return m.r.Links(), nil }

func (m mounted) Link(ctx context.Context, path string, expires time.Duration) (string, error) {
	return m.r.Link(ctx, path, expires)
}

func (m mounted) List(ctx context.Context, prefix string, fn func(engine.ObjectInfo) error) error {
	return m.r.List(ctx, prefix, func(i remote.Info) error { return fn(engine.ObjectInfo{Path: i.Path, Size: i.Size}) })
}

func (m mounted) Folders(ctx context.Context, prefix string) ([]string, error) {
	return m.r.Folders(ctx, prefix)
}

func (m mounted) Delete(ctx context.Context, path string) (string, error) {
	kept, err := m.r.Delete(ctx, path)
	return string(kept), err
}

func (m mounted) Test(ctx context.Context) (map[string]string, error) {
	rep, err := m.r.Test(ctx)
	features := map[string]string{"backend": rep.Backend, "hashes": strings.Join(rep.Hashes, " "),
		"server_side": strings.Join(rep.ServerSide, " "), "after_deletion": string(rep.Retention), "deletes": "yes"}
	if rep.NoDeletion {
		features["deletes"] = "no"
	}
	if rep.ServerBLAKE3 {
		features["verified_by"] = "blake3 of the storage"
	} else {
		features["verified_by"] = "reading back"
	}
	return features, err
}
