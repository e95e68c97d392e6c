package engine_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"

	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// strange wraps every remote that an engine opens: it counts what is asked of the storage, and answers as a hostile one would.
type strange struct {
	engine.Remotes

	mu    sync.Mutex
	calls []string // "get path", "stat path", "list prefix", "folders prefix", "put path", "delete path"
	// get returns what stands in the place of an object, nil for what is there; a vault.Error is answered as it is.
	get func(path string, raw []byte) ([]byte, error)
	// hide says what a listing leaves out.
	hide func(path string) bool
}

// over is for MustOpen: it puts itself between the engine and its remotes.
func (s *strange) over(e *engine.Engine) {
	s.Remotes = e.Remotes
	e.Remotes = s
}

func (s *strange) Open(ctx context.Context, spec string) (engine.Remote, error) {
	r, err := s.Remotes.Open(ctx, spec)
	if err != nil {
		return nil, err
	}
	return &strangeRemote{r, s}, nil
}

func (s *strange) count(call string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

// took returns the calls since the last time.
func (s *strange) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.calls
	s.calls = nil
	return out
}

// set changes how the storage answers.
func (s *strange) set(get func(string, []byte) ([]byte, error), hide func(string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.get, s.hide = get, hide
}

func (s *strange) how() (func(string, []byte) ([]byte, error), func(string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.get, s.hide
}

type strangeRemote struct {
	engine.Remote
	s *strange
}

// answer returns what the storage says that it has under a path.
func (r *strangeRemote) answer(ctx context.Context, path string) ([]byte, error) {
	get, _ := r.s.how()
	var raw []byte
	rc, err := r.Remote.Get(ctx, path)
	if err == nil {
		raw, err = io.ReadAll(rc)
		rc.Close()
	}
	if get == nil {
		return raw, err
	}
	if err != nil && vault.CodeOf(err) != vault.CodeNotFound {
		return nil, err
	}
	other, gerr := get(path, raw)
	if gerr != nil {
		return nil, gerr
	}
	if other != nil {
		return other, nil
	}
	return raw, err
}

func (r *strangeRemote) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	r.s.count("get " + path)
	raw, err := r.answer(ctx, path)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(raw)), nil
}

func (r *strangeRemote) Stat(ctx context.Context, path string) (engine.ObjectInfo, error) {
	r.s.count("stat " + path)
	raw, err := r.answer(ctx, path)
	return engine.ObjectInfo{Path: path, Size: int64(len(raw))}, err
}

func (r *strangeRemote) List(ctx context.Context, prefix string, fn func(engine.ObjectInfo) error) error {
	r.s.count("list " + prefix)
	_, hide := r.s.how()
	return r.Remote.List(ctx, prefix, func(o engine.ObjectInfo) error {
		if hide != nil && hide(o.Path) {
			return nil
		}
		raw, err := r.answer(ctx, o.Path)
		if vault.CodeOf(err) == vault.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		return fn(engine.ObjectInfo{Path: o.Path, Size: int64(len(raw))})
	})
}

func (r *strangeRemote) Folders(ctx context.Context, prefix string) ([]string, error) {
	r.s.count("folders " + prefix)
	_, hide := r.s.how()
	names, err := r.Remote.Folders(ctx, prefix)
	var out []string
	for _, n := range names {
		if hide == nil || !hide(strings.TrimSuffix(prefix, "/")+"/"+n) {
			out = append(out, n)
		}
	}
	return out, err
}

func (r *strangeRemote) Put(ctx context.Context, o engine.Upload) error {
	r.s.count("put " + o.Path)
	return r.Remote.Put(ctx, o)
}

func (r *strangeRemote) Delete(ctx context.Context, path string) (string, error) {
	r.s.count("delete " + path)
	return r.Remote.Delete(ctx, path)
}
