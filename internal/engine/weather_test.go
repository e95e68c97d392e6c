package engine_test

import (
	"context"
	"io"
	"math/rand/v2"
	"sync"

	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// weather stands between one engine and the storage: it cuts the way, loses answers, says things twice, and forgets what it
// was given a moment ago. The zero value lets everything through.
type weather struct {
	engine.Remotes

	mu   sync.Mutex // guards what follows
	rand *rand.Rand
	bad  int // of a hundred calls, how many go wrong
	away bool
}

func newWeather(seed uint64) *weather { return &weather{rand: rand.New(rand.NewPCG(seed, 1))} }

// over is for MustOpen.
func (w *weather) over(e *engine.Engine) {
	w.Remotes = e.Remotes
	e.Remotes = w
}

func (w *weather) set(bad int, away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bad, w.away = bad, away
}

// strikes returns 0 for a call that goes well, else what goes wrong with it, of n things.
func (w *weather) strikes(n int) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return 0, errAway()
	}
	if w.rand.IntN(100) >= w.bad {
		return 0, nil
	}
	return 1 + w.rand.IntN(n), nil
}

func errAway() error { return vault.Errorf(vault.CodeUnreachable, "the storage does not answer") }

func (w *weather) Open(ctx context.Context, spec string) (engine.Remote, error) {
	r, err := w.Remotes.Open(ctx, spec)
	if err != nil {
		return nil, err
	}
	return &stormy{r, w}, nil
}

type stormy struct {
	engine.Remote
	w *weather
}

func (s *stormy) Put(ctx context.Context, o engine.Upload) error {
	how, err := s.w.strikes(3)
	if err != nil || how == 1 {
		return errAway()
	}
	err = s.Remote.Put(ctx, o)
	switch how {
	case 2: // the answer is lost
		return errAway()
	case 3: // it arrives twice
		return s.Remote.Put(ctx, o)
	}
	return err
}

func (s *stormy) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	how, err := s.w.strikes(2)
	if err != nil || how == 1 {
		return nil, errAway()
	}
	if how == 2 { // an old answer
		return nil, vault.Errorf(vault.CodeNotFound, "no such object")
	}
	return s.Remote.Get(ctx, path)
}

func (s *stormy) Stat(ctx context.Context, path string) (engine.ObjectInfo, error) {
	how, err := s.w.strikes(2)
	if err != nil || how == 1 {
		return engine.ObjectInfo{}, errAway()
	}
	if how == 2 {
		return engine.ObjectInfo{}, vault.Errorf(vault.CodeNotFound, "no such object")
	}
	return s.Remote.Stat(ctx, path)
}

func (s *stormy) List(ctx context.Context, prefix string, fn func(engine.ObjectInfo) error) error {
	how, err := s.w.strikes(2)
	if err != nil || how == 1 {
		return errAway()
	}
	return s.Remote.List(ctx, prefix, func(o engine.ObjectInfo) error {
		if missed, _ := s.w.strikes(1); how == 2 && missed == 1 {
			return nil
		}
		return fn(o)
	})
}

func (s *stormy) Folders(ctx context.Context, prefix string) ([]string, error) {
	how, err := s.w.strikes(2)
	if err != nil || how == 1 {
		return nil, errAway()
	}
	names, err := s.Remote.Folders(ctx, prefix)
	if how == 2 && len(names) > 0 {
		names = names[1:]
	}
	return names, err
}

func (s *stormy) Delete(ctx context.Context, path string) (string, error) {
	how, err := s.w.strikes(2)
	if err != nil || how == 1 {
		return "", errAway()
	}
	kept, err := s.Remote.Delete(ctx, path)
	if how == 2 {
		return "", errAway()
	}
	return kept, err
}
