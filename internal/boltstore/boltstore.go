// Package boltstore is the ordered key/value store of a workstation, on bbolt, which no other package imports.
//
// It holds an index that can be rebuilt from the log and the segments, never the only copy of anything. Transactions
// do not leave the package: a read copies what it found, a scan reads in pages and runs the caller's code between
// them, and a write is one list of operations, so no I/O can happen inside a transaction.
//
// Buckets are declared when the store is opened. The values of a sealed bucket are encrypted under the local key and
// bound to their bucket and key; they can be used between Unlock and Lock only. Keys are always stored in clear: the
// keys of every bucket must be ids or times, never anything about a person.
package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/localseal"
	"vaultctl/internal/vault"
)

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = time.Second

// The store's own bucket holds one sealed constant, by which a wrong key is known.
const (
	ownBucket = "boltstore"
	keyCheck  = "key-check"
)

// Bucket names an ordered set of keys.
type Bucket string

// BucketSpec declares a bucket. Sealed must not change once the bucket has values.
type BucketSpec struct {
	Name   Bucket
	Sealed bool
}

// Store is an open store. All methods are safe for concurrent use.
type Store struct {
	db      *bolt.DB
	seal    *localseal.Sealer
	buckets map[Bucket]BucketSpec
	uses    atomic.Int64 // of pages, roughly, since those in memory were last dropped
}

// Open opens the store at path, or creates it with mode 0600, and creates the buckets that are missing. The code is
// vault.CodeConflict if another process has the store open, and vault.CodeIntegrity if the file is not a sound
// store: the caller may then remove it and rebuild. Sealed buckets start locked.
func Open(path string, buckets []BucketSpec) (*Store, error) {
	s := &Store{seal: localseal.New("boltstore"), buckets: map[Bucket]BucketSpec{}}
	for _, b := range buckets {
		if b.Name == ownBucket || b.Name == "" || s.buckets[b.Name].Name != "" {
			return nil, vault.Errorf(vault.CodeInvalid, "open store: bucket %q is declared twice or reserved", b.Name)
		}
		s.buckets[b.Name] = b
	}
	if err := guard(func() error { return s.open(path) }); err != nil {
		if s.db != nil {
			_ = guard(s.db.Close) // the first error says more
		}
		return nil, openError(err)
	}
	return s, nil
}

func (s *Store) open(path string) error {
	_, err := os.Stat(path)
	created := errors.Is(err, fs.ErrNotExist)
	s.db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout, FreelistType: bolt.FreelistMapType,
		InitialMmapSize: mapAtFirst})
	if err != nil {
		return err
	}
	if created {
		if err := atomicfile.SyncDir(filepath.Dir(path)); err != nil {
			return err
		}
	}
	if err := s.checkSize(path); err != nil {
		return err
	}
	return s.createBuckets()
}

// checkSize finds a truncated file, which would otherwise fault at the first access to a page that is not there.
func (s *Store) checkSize(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return s.db.View(func(tx *bolt.Tx) error {
		if tx.Size() > info.Size() {
			return vault.Errorf(vault.CodeIntegrity, "store has %d bytes of %d", info.Size(), tx.Size())
		}
		return nil
	})
}

func (s *Store) createBuckets() error {
	missing := []string{}
	err := s.db.View(func(tx *bolt.Tx) error {
		for _, name := range append(s.names(), ownBucket) {
			if tx.Bucket([]byte(name)) == nil {
				missing = append(missing, name)
			}
		}
		return nil
	})
	if err != nil || len(missing) == 0 {
		return err
	}
	return s.db.Update(func(tx *bolt.Tx) error {
		for _, name := range missing {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) names() []string {
	var names []string
	for b := range s.buckets {
		names = append(names, string(b))
	}
	return names
}

// openError gives an error of open its code. bbolt has no single error for a file that is not its own; what is not an
// error of the operating system is one about the content.
func openError(err error) error {
	var path *fs.PathError
	var coded *vault.Error
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return vault.Errorf(vault.CodeConflict, "open store: another process uses it: %w", err)
	case atomicfile.IsDiskFull(err):
		return vault.Errorf(vault.CodeDiskFull, "open store: %w", err)
	case errors.As(err, &path), errors.As(err, &coded):
		return fmt.Errorf("open store: %w", err)
	default:
		return vault.Errorf(vault.CodeIntegrity, "open store: %w", err)
	}
}

// maxUses is after how many uses of a key the mapped pages are dropped from memory: a large store would otherwise be
// resident whole in the end.
const maxUses = 512

// used counts uses of keys in a transaction.
func (s *Store) used(tx *bolt.Tx, n int) {
	if s.uses.Add(int64(n)) >= maxUses {
		s.uses.Store(0)
		dropResident(s.db, tx)
	}
}

// guard turns what bbolt does on a damaged page, a panic or a fault in the mapped file, into an error.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = vault.Errorf(vault.CodeIntegrity, "store is damaged: %v", r)
		}
	}()
	return fn()
}

// Unlock takes the 32-byte local key, which stays the caller's. The first key given to a new store becomes its key;
// for any other the code is vault.CodeNoIdentity.
func (s *Store) Unlock(key []byte) error {
	probe := localseal.New("boltstore")
	if err := probe.Unlock(key); err != nil {
		return err
	}
	defer probe.Lock()
	aad := valueContext(ownBucket, keyCheck)
	known, err := s.get(ownBucket, keyCheck)
	if err != nil {
		return fmt.Errorf("unlock store: %w", err)
	}
	if known == nil {
		sealed, err := probe.Seal(nil, []byte(keyCheck), aad)
		if err != nil {
			return err
		}
		if err := s.update([]Op{{Bucket: ownBucket, Key: keyCheck, Value: sealed}}); err != nil {
			return fmt.Errorf("unlock store: %w", err)
		}
	} else if _, err := probe.Open(nil, known, aad); err != nil {
		return vault.Errorf(vault.CodeNoIdentity, "unlock store: it was sealed under another key")
	}
	return s.seal.Unlock(key)
}

// Lock forgets the key. Sealed buckets cannot be read or written until the next Unlock.
func (s *Store) Lock() { s.seal.Lock() }

// Size returns the size of the file in bytes, free pages included.
func (s *Store) Size() (int64, error) {
	info, err := os.Stat(s.db.Path())
	if err != nil {
		return 0, fmt.Errorf("measure store: %w", err)
	}
	return info.Size(), nil
}

// Check reads every page and returns an error with the code vault.CodeIntegrity if the structure of the store is
// damaged. It takes time in proportion to the size, and does not open sealed values.
func (s *Store) Check() error {
	return guard(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			var first error
			for err := range tx.Check() { // drained, because the sender holds the transaction
				if first == nil {
					first = vault.Errorf(vault.CodeIntegrity, "check store: %w", err)
				}
			}
			return first
		})
	})
}

// Close waits for running operations, closes the file and forgets the key. The store cannot be used after it.
func (s *Store) Close() error {
	s.seal.Lock()
	return guard(s.db.Close)
}

// bucket returns the declaration of b. An undeclared bucket is a mistake of the caller, found at the first use.
func (s *Store) bucket(b Bucket) (BucketSpec, error) {
	spec, ok := s.buckets[b]
	if !ok {
		return spec, vault.Errorf(vault.CodeInvalid, "store has no bucket %q", b)
	}
	if spec.Sealed && s.seal.Locked() {
		return spec, vault.Errorf(vault.CodeLocked, "the workstation is locked")
	}
	return spec, nil
}

// valueContext is what a sealed value is bound to. Bucket names hold no zero byte, so the pair is unambiguous.
func valueContext(b Bucket, key string) []byte { return []byte(string(b) + "\x00" + key) }
