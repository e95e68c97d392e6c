package engine

import "sync"

// maxStaged bounds how many files are made durable together.
const maxStaged = 256

// stager makes the files of many deposits durable together: while one group is synchronised the next one gathers. The
// zero value is ready, and safe for concurrent use.
type stager struct {
	mu      sync.Mutex
	busy    bool
	waiting []staging
}

type staging struct {
	file Staged
	done chan error
}

// stage returns when the file is durable under its name. An error may be that of another file of the group.
func (s *stager) stage(spool Spool, f Staged) error {
	done := make(chan error, 1)
	s.mu.Lock()
	s.waiting = append(s.waiting, staging{f, done})
	if !s.busy {
		s.busy = true
		go s.run(spool)
	}
	s.mu.Unlock()
	return <-done
}

// run stages groups until nothing waits.
func (s *stager) run(spool Spool) {
	for {
		s.mu.Lock()
		group := s.waiting[:min(len(s.waiting), maxStaged)]
		s.waiting = s.waiting[len(group):]
		s.busy = len(group) > 0
		s.mu.Unlock()
		if len(group) == 0 {
			return
		}
		files := make([]Staged, len(group))
		for i := range group {
			files[i] = group[i].file
		}
		err := spool.Stage(files)
		for i := range group {
			group[i].done <- err
		}
	}
}
