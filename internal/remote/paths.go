package remote

import (
	"context"
	"strings"
	"sync"

	"vaultctl/internal/vault"
)

const maxPath = 120

// checkPath accepts what the remote format allows: [a-z0-9./-], under 120 characters, no empty, "." or ".." element.
func checkPath(path string) error {
	bad := path == "" || len(path) >= maxPath || strings.HasSuffix(path, partialSuffix) ||
		strings.ContainsFunc(path, func(c rune) bool {
			return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '/' && c != '-'
		})
	for element := range strings.SplitSeq(path, "/") {
		bad = bad || element == "" || element == "." || element == ".."
	}
	if bad {
		return vault.Errorf(vault.CodeInvalid, "not a valid object path")
	}
	return nil
}

// pathLocks lets one Put at a time work on a path.
type pathLocks struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // closed when the path is free
}

// lock waits for the path and returns what frees it again.
func (l *pathLocks) lock(ctx context.Context, path string) (release func(), err error) {
	for {
		l.mu.Lock()
		wait, taken := l.busy[path]
		if !taken {
			mine := make(chan struct{})
			l.busy[path] = mine
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				delete(l.busy, path)
				l.mu.Unlock()
				close(mine)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
