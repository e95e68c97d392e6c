package engine

import "sync"

// onceRemote opens a remote once it succeeds. The zero value is ready.
type onceRemote struct {
	mu sync.Mutex
	r  Remote
}

func (o *onceRemote) get(open func() (Remote, error)) (Remote, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.r != nil {
		return o.r, nil
	}
	r, err := open()
	if err == nil {
		o.r = r
	}
	return r, err
}
