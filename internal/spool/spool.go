// Package spool keeps sealed objects as files below the home directory.
//
// There are three areas. The queue holds what is not yet on every remote and is never evicted; the cache holds copies
// of what is, within a budget, the least recently used leaving first; the journal holds the exact bytes of segments
// and is never evicted. Everything here is ciphertext.
//
// An object is written to a temporary file (Create), and many are made durable and visible together (Stage): their
// files are synchronised in parallel, then renamed, then each directory is synchronised once. Names are the paths that
// the objects have on a remote, so that an area can be compared with a remote by eye.
//
// A home directory belongs to one process; the caller holds its lock.
package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/vault"
)

// Area is one of the three places of an object.
type Area string

// The areas are directories below the home directory.
const (
	Queue   Area = "spool"
	Cache   Area = "cache"
	Journal Area = "journal"
)

var areas = []Area{Queue, Cache, Journal}

const (
	maxName = 200
	// tempDir is in each area, so that a rename never crosses file systems; no name can begin with a dot.
	tempDir = ".tmp"
	// touchAfter is how old the time stamp of a cached file gets before a use renews it.
	touchAfter = time.Hour
)

// Spool gives access to the areas. All methods are safe for concurrent use.
type Spool struct {
	home   string
	budget int64
	volume *atomicfile.Volume // nil where objects are made durable one by one

	mu    sync.Mutex
	queue map[string]int64 // size in bytes of each object
	bytes int64            // of the queue
	cache lru
	dirs  map[string]bool // directories that exist and whose names are durable
}

// Usage is what an area holds.
type Usage struct {
	Files int
	Bytes int64
}

// Open opens the areas below home, creating what is absent, and removes the temporary files that a crash left. The
// cache may hold budget bytes; 0 means that nothing is cached.
func Open(home string, budget int64) (*Spool, error) {
	s := &Spool{home: home, budget: budget, queue: map[string]int64{}, dirs: map[string]bool{}}
	for _, a := range areas {
		temp := filepath.Join(home, string(a), tempDir)
		err := os.MkdirAll(temp, 0o700)
		if err == nil {
			err = atomicfile.Clean(temp)
		}
		if err != nil {
			return nil, coded(fmt.Errorf("open spool: %w", err))
		}
	}
	err := atomicfile.SyncDir(home)
	if err == nil {
		s.volume, err = atomicfile.OpenVolume(home)
	}
	if err == nil {
		err = s.load()
	}
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	return s, nil
}

// load learns what the queue and the cache hold. The journal grows for years and is never measured.
func (s *Spool) load() error {
	err := s.walk(Queue, "", func(name string, info fs.FileInfo) error {
		s.queue[name] = info.Size()
		s.bytes += info.Size()
		return nil
	})
	if err != nil {
		return err
	}
	type cached struct {
		name string
		info fs.FileInfo
	}
	var found []cached
	err = s.walk(Cache, "", func(name string, info fs.FileInfo) error {
		found = append(found, cached{name, info})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(a, b cached) int { return a.info.ModTime().Compare(b.info.ModTime()) })
	for _, c := range found {
		s.cache.put(c.name, c.info.Size(), c.info.ModTime())
	}
	s.evict()
	return nil
}

// walk visits the files of an area whose names have the prefix, in lexical order.
func (s *Spool) walk(a Area, prefix string, fn func(name string, info fs.FileInfo) error) error {
	root := filepath.Join(s.home, string(a))
	start := root
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		start = filepath.Join(root, filepath.FromSlash(prefix[:i]))
	}
	return filepath.WalkDir(start, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile, or nothing there yet
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == tempDir {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if !d.Type().IsRegular() || !strings.HasPrefix(name, prefix) || checkName(name) != nil {
			return nil //nolint:nilerr // not an object
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return fn(name, info)
	})
}

// Names returns the names in an area that begin with prefix, sorted.
func (s *Spool) Names(a Area, prefix string) ([]string, error) {
	if err := checkName(prefix + "x"); err != nil {
		return nil, err
	}
	names := []string{}
	if a == Queue {
		s.mu.Lock()
		defer s.mu.Unlock()
		for name := range s.queue {
			if strings.HasPrefix(name, prefix) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names, nil
	}
	err := s.walk(a, prefix, func(name string, _ fs.FileInfo) error {
		names = append(names, name)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list spool: %w", err)
	}
	slices.Sort(names) // the walk goes by directory, which is not quite the order of the names
	return names, nil
}

// Has reports whether any area holds the name.
func (s *Spool) Has(name string) bool {
	if checkName(name) != nil {
		return false
	}
	for _, a := range areas {
		if _, err := os.Lstat(s.path(a, name)); err == nil {
			return true
		}
	}
	return false
}

// Open opens the object for reading, wherever it is; the caller closes it. Reading may go on after the object was
// evicted or removed, except on Windows, where it delays that. The code is vault.CodeNotFound if no area holds it.
func (s *Spool) Open(name string) (*os.File, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	s.mu.Lock() // so that MoveToCache is not between the areas
	defer s.mu.Unlock()
	for _, a := range areas {
		f, err := os.Open(s.path(a, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("open object: %w", err)
		}
		if a == Cache && s.cache.use(name, time.Now()) {
			// The next start of the program orders the cache by these. Best effort: a wrong order costs a download.
			now := time.Now()
			_ = os.Chtimes(s.path(a, name), now, now)
		}
		return f, nil
	}
	s.forget(name)
	return nil, vault.Errorf(vault.CodeNotFound, "the object is not on this machine")
}

// MoveToCache takes an object that is on every remote out of the queue. Where it does not fit the budget it is
// removed. Moving an object that the queue does not hold does nothing.
func (s *Spool) MoveToCache(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	size, ok := s.queue[name]
	if !ok {
		return nil
	}
	from, to := s.path(Queue, name), s.path(Cache, name)
	var err error
	if size > s.budget {
		err = os.Remove(from)
	} else {
		err = moveOver(from, to)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return coded(fmt.Errorf("move object to cache: %w", err))
	}
	s.forget(name)
	if err == nil && size <= s.budget {
		now := time.Now()
		s.cache.put(name, size, now)
		_ = os.Chtimes(to, now, now)
		s.evict()
	}
	return nil
}

// moveOver renames, creating the directory if need be. Nothing is synchronised: what a crash loses here can be fetched
// again. The error matches fs.ErrNotExist if there is no file called from.
func moveOver(from, to string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// Remove deletes objects from the queue and the cache; that neither holds one is not an error. The journal is not
// touched. The removals are durable when Remove returns; many of them share the wait for the disk. What cannot be
// removed keeps none of the others.
func (s *Spool) Remove(names ...string) error { return s.remove(names, Queue, Cache) }

// Withdraw is Remove for what the journal holds as well: a segment that was never sent and never will be.
func (s *Spool) Withdraw(name string) error { return s.remove([]string{name}, areas...) }

func (s *Spool) remove(names []string, from ...Area) error {
	changed := map[string]bool{}
	var errs []error
	for _, name := range names {
		if err := checkName(name); err != nil {
			return err
		}
		dirs, err := s.unlink(name, from)
		errs = append(errs, err)
		for _, d := range dirs {
			changed[d] = true
		}
	}
	// Without the lock, and together.
	errs = append(errs, inParallel(slices.Collect(maps.Keys(changed)), atomicfile.SyncDir))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove object: %w", err)
	}
	return nil
}

// unlink removes the files of a name and returns the directories that changed.
func (s *Spool) unlink(name string, from []Area) (dirs []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range from {
		path := s.path(a, name)
		switch err := os.Remove(path); {
		case err == nil:
			dirs = append(dirs, filepath.Dir(path))
		case !errors.Is(err, fs.ErrNotExist):
			return dirs, err
		}
	}
	s.forget(name)
	return dirs, nil
}

// Usage returns what the queue and the cache hold.
func (s *Spool) Usage() (queue, cache Usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Usage{len(s.queue), s.bytes}, Usage{len(s.cache.items), s.cache.bytes}
}

// forget drops the name from the books. s.mu is held.
func (s *Spool) forget(name string) {
	if size, ok := s.queue[name]; ok {
		s.bytes -= size
		delete(s.queue, name)
	}
	s.cache.remove(name)
}

// evict removes cached files until the budget holds. A file that cannot be removed stays on disk until the next start
// looks again. s.mu is held.
func (s *Spool) evict() {
	for s.cache.bytes > s.budget {
		_ = os.Remove(s.path(Cache, s.cache.oldest()))
		s.cache.remove(s.cache.oldest())
	}
}

func (s *Spool) path(a Area, name string) string {
	return filepath.Join(s.home, string(a), filepath.FromSlash(name))
}

// checkName accepts what the remote format allows as the path of an object.
func checkName(name string) error {
	if len(name) > maxName {
		return errName()
	}
	for part := range strings.SplitSeq(name, "/") {
		// A leading dot is a way up or the temporary directory; a trailing one is dropped by Windows.
		if part == "" || part[0] == '.' || part[len(part)-1] == '.' {
			return errName()
		}
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '/' {
			return errName()
		}
	}
	return nil
}

func errName() error {
	return vault.Errorf(vault.CodeInvalid, "an object name is a relative path of [a-z0-9.-] parts")
}

// coded gives err its code if the disk is full.
func coded(err error) error {
	if atomicfile.IsDiskFull(err) {
		return vault.Errorf(vault.CodeDiskFull, "%w", err)
	}
	return err
}
