package engine

import (
	"sync"

	"vaultctl/internal/api"
)

// reportBox wakes those who wait for something to move. The zero value is ready.
type reportBox struct {
	mu sync.Mutex
	ch chan struct{}
}

func (b *reportBox) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *reportBox) changed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}

// progressBox holds how far a background task is.
type progressBox struct {
	mu sync.Mutex
	p  *api.Progress
}

func (b *progressBox) set(p *api.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.p = p
}

func (b *progressBox) get() *api.Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.p
}
