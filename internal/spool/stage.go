package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/vault"
)

// parallelSyncs is how many files or directories are synchronised at a time, so that the file system answers several of
// them with one write of its own journal. More were not measurably faster.
const parallelSyncs = 8

// Item is an object to be staged, and the name that it gets in the area for which it was created.
type Item struct {
	File *File
	Name string
}

// together is how many objects at least are made durable by one synchronisation of the whole file system, where the
// system can do that: on ext4 it costs as much as those of about this many files with their directories.
const together = 8

// Stage makes the objects durable and visible under their names: all of them when it returns without an error, none
// otherwise; a crash may leave some, not always whole, that nothing refers to. It finishes the files, and discards them if it fails. A name that is taken in the
// queue or the journal is an error with the code vault.CodeConflict, because objects are immutable; in the cache the
// new copy replaces the old one. Other codes: vault.CodeDiskFull, vault.CodeInvalid for a bad name.
func (s *Spool) Stage(items ...Item) error {
	err := s.stage(items)
	if err != nil {
		for _, it := range items {
			_ = it.File.Discard() // the next start removes what stays
		}
	}
	return err
}

func (s *Spool) stage(items []Item) error {
	for _, it := range items {
		if err := checkName(it.Name); err != nil {
			return err
		}
	}
	whole := len(items) >= together && s.volume != nil
	err := inParallel(items, func(it Item) error { return it.File.close(!whole) })
	if err != nil {
		return err
	}
	plan := newDirPlan()
	renamed, err := s.rename(items, plan)
	switch {
	case err != nil:
	case whole:
		err = s.volume.Sync()
	default:
		err = inParallel(slices.Collect(maps.Keys(plan.sync)), atomicfile.SyncDir)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		for _, it := range renamed {
			err = errors.Join(err, os.Remove(s.path(it.File.area, it.Name)))
			if it.File.area == Cache {
				s.cache.remove(it.Name)
			}
		}
		return coded(fmt.Errorf("stage objects: %w", err))
	}
	maps.Copy(s.dirs, plan.made)
	for _, it := range items {
		it.File.gone = true
		s.account(it)
	}
	s.evict()
	return nil
}

// rename gives the files their names and plans what to synchronise. It returns what it has renamed.
func (s *Spool) rename(items []Item, plan dirPlan) (renamed []Item, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range items {
		to := s.path(it.File.area, it.Name)
		if it.File.area != Cache {
			if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
				return renamed, vault.Errorf(vault.CodeConflict, "an object of that name exists already")
			}
		}
		if err := s.makeDir(filepath.Dir(to), plan); err != nil {
			return renamed, err
		}
		if err := os.Rename(it.File.file.Name(), to); err != nil {
			return renamed, err
		}
		renamed = append(renamed, it)
		plan.sync[filepath.Dir(to)] = true
	}
	return renamed, nil
}

// account enters a staged object into the books. s.mu is held.
func (s *Spool) account(it Item) {
	switch it.File.area {
	case Queue:
		s.queue[it.Name] = it.File.size
		s.bytes += it.File.size
	case Cache:
		s.cache.put(it.Name, it.File.size, time.Now())
		if it.File.size > s.budget { // it would take all others with it
			_ = os.Remove(s.path(Cache, it.Name)) // as in evict
			s.cache.remove(it.Name)
		}
	}
}

// dirPlan is what one Stage did to directories: those it made sure exist, and those whose entries changed.
type dirPlan struct {
	made map[string]bool
	sync map[string]bool
}

func newDirPlan() dirPlan { return dirPlan{made: map[string]bool{}, sync: map[string]bool{}} }

// makeDir creates the directory with its parents. A directory that is there already may have been made by a process
// that was killed, or by a Stage under way, before it was synchronised, so it counts as new until a Stage that made it
// has succeeded. s.mu is held.
func (s *Spool) makeDir(dir string, plan dirPlan) error {
	if s.dirs[dir] || plan.made[dir] || len(dir) <= len(s.home) {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := s.makeDir(parent, plan); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	plan.made[dir], plan.sync[parent] = true, true
	return nil
}

// inParallel calls fn for all things, some at a time, and returns the first error.
func inParallel[T any](things []T, fn func(T) error) error {
	if len(things) == 1 {
		return fn(things[0])
	}
	var wg sync.WaitGroup
	errs := make([]error, len(things))
	places := make(chan struct{}, parallelSyncs)
	for i, thing := range things {
		places <- struct{}{}
		wg.Go(func() {
			errs[i] = fn(thing)
			<-places
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
