package boltstore

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/vault"
)

// A scan reads at most this many values, or this many bytes of them, in one transaction.
const (
	pageItems = 256
	pageBytes = 1 << 20
)

// neighbours is how many keys that follow one another count as one use: they share pages.
const neighbours = 16

// Op sets a key, or deletes it if Value is nil. An empty Value that is not nil is stored as such.
type Op struct {
	Bucket Bucket
	Key    string
	Value  []byte
}

// Visit is called for each key of a scan, outside of any transaction, so it may use the store. value belongs to it.
// fs.SkipAll ends the scan without an error, any other error ends it and is returned as it is.
type Visit func(key string, value []byte) error

// Write applies the operations as one: all of them are durable when it returns without an error, and none has happened
// otherwise. Of several for one key the last counts. Codes: vault.CodeLocked for a sealed bucket, vault.CodeDiskFull, vault.CodeInvalid for an
// undeclared bucket or an impossible key. Each call costs a synchronisation of the disk: group what can wait.
func (s *Store) Write(ops []Op) error {
	if len(ops) == 0 {
		return nil
	}
	stored := make([]Op, len(ops))
	for i, op := range ops {
		spec, err := s.bucket(op.Bucket)
		if err != nil {
			return fmt.Errorf("write store: %w", err)
		}
		if op.Key == "" || len(op.Key) > bolt.MaxKeySize {
			return vault.Errorf(vault.CodeInvalid, "write store: bucket %s: key of %d bytes", op.Bucket, len(op.Key))
		}
		if spec.Sealed && op.Value != nil {
			if op.Value, err = s.seal.Seal(nil, op.Value, valueContext(op.Bucket, op.Key)); err != nil {
				return fmt.Errorf("write store: %w", err)
			}
		}
		stored[i] = op
	}
	err := s.update(stored)
	if atomicfile.IsDiskFull(err) {
		return vault.Errorf(vault.CodeDiskFull, "write store: %w", err)
	}
	if err != nil {
		return fmt.Errorf("write store: %w", err)
	}
	return nil
}

// update applies operations whose values are in their stored form, in the order of the keys: what lies together is then written
// together, and a page is gone to once. It reorders ops.
func (s *Store) update(ops []Op) error {
	slices.SortStableFunc(ops, func(a, b Op) int {
		return cmp.Or(strings.Compare(string(a.Bucket), string(b.Bucket)), strings.Compare(a.Key, b.Key))
	})
	return guard(func() error {
		return s.db.Update(func(tx *bolt.Tx) error {
			for i, op := range ops {
				if i%neighbours == 0 {
					s.used(tx, 1) // a large write goes through most of the file
				}
				b := tx.Bucket([]byte(op.Bucket))
				if op.Value == nil {
					if err := b.Delete([]byte(op.Key)); err != nil {
						return err
					}
				} else if err := b.Put([]byte(op.Key), op.Value); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// Get returns a copy of the value, or nil if the key is absent. Codes: vault.CodeLocked, and vault.CodeIntegrity for a
// sealed value that was altered or moved.
func (s *Store) Get(b Bucket, key string) ([]byte, error) {
	spec, err := s.bucket(b)
	if err != nil {
		return nil, fmt.Errorf("get from store: %w", err)
	}
	value, err := s.get(b, key)
	if err == nil && value != nil {
		value, err = s.opened(spec, key, value)
	}
	if err != nil {
		return nil, fmt.Errorf("get from store: %w", err)
	}
	return value, nil
}

// get returns a copy of the stored form of a value.
func (s *Store) get(b Bucket, key string) (value []byte, err error) {
	err = guard(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			if v := tx.Bucket([]byte(b)).Get([]byte(key)); v != nil {
				value = append([]byte{}, v...)
			}
			s.used(tx, 1)
			return nil
		})
	})
	return value, err
}

// opened returns the value of a stored form.
func (s *Store) opened(spec BucketSpec, key string, stored []byte) ([]byte, error) {
	if !spec.Sealed {
		return stored, nil
	}
	value, err := s.seal.Open([]byte{}, stored, valueContext(spec.Name, key))
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", spec.Name, err)
	}
	return value, nil
}

// Scan visits the keys with the prefix in ascending byte order. It does not see one moment: a change made during the
// scan to a key further on may or may not be visited. Errors are those of Get.
func (s *Store) Scan(b Bucket, prefix string, fn Visit) error {
	return s.scan(b, span{prefix: prefix, at: prefix}, fn)
}

// ScanFrom is Scan that starts at key from, or the first one after it.
func (s *Store) ScanFrom(b Bucket, prefix, from string, fn Visit) error {
	return s.scan(b, span{prefix: prefix, at: max(from, prefix)}, fn)
}

// ScanReverse is Scan in descending byte order.
func (s *Store) ScanReverse(b Bucket, prefix string, fn Visit) error {
	return s.scan(b, span{prefix: prefix, at: after(prefix), reverse: true}, fn)
}

// Count returns how many keys have the prefix. It needs no key, and takes time in proportion to the answer.
func (s *Store) Count(b Bucket, prefix string) (n int, err error) {
	if _, ok := s.buckets[b]; !ok {
		return 0, vault.Errorf(vault.CodeInvalid, "store has no bucket %q", b)
	}
	err = guard(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			c := tx.Bucket([]byte(b)).Cursor()
			for k, _ := c.Seek([]byte(prefix)); bytes.HasPrefix(k, []byte(prefix)) && k != nil; k, _ = c.Next() {
				n++
			}
			return nil
		})
	})
	return n, err
}

// span is the rest of a scan: ascending from at, or descending from before at, where "" is the end of the bucket.
type span struct {
	prefix  string
	at      string
	reverse bool
}

// after returns the least string that is greater than all strings with the prefix, or "" if there is none.
func after(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return ""
}

func (s *Store) scan(b Bucket, rest span, fn Visit) error {
	spec, err := s.bucket(b)
	if err != nil {
		return fmt.Errorf("scan store: %w", err)
	}
	for more := true; more; {
		var items []Op
		if items, more, err = s.page(b, rest); err != nil {
			return fmt.Errorf("scan store: %w", err)
		}
		for _, it := range items {
			value, err := s.opened(spec, it.Key, it.Value)
			if err != nil {
				return fmt.Errorf("scan store: %w", err)
			}
			if err := fn(it.Key, value); errors.Is(err, fs.SkipAll) {
				return nil
			} else if err != nil {
				return err
			}
			rest.at = it.Key
			if !rest.reverse {
				rest.at += "\x00" // the least key after this one
			}
		}
	}
	return nil
}

// page copies the first items of the span; more tells whether there are others.
func (s *Store) page(b Bucket, rest span) (items []Op, more bool, err error) {
	err = guard(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			s.used(tx, pageItems/neighbours)
			c := tx.Bucket([]byte(b)).Cursor()
			size := 0
			for k, v := start(c, rest); k != nil && bytes.HasPrefix(k, []byte(rest.prefix)); k, v = step(c, rest) {
				if len(items) == pageItems || size >= pageBytes {
					more = true
					return nil
				}
				items = append(items, Op{Bucket: b, Key: string(k), Value: append([]byte{}, v...)})
				size += len(v)
			}
			return nil
		})
	})
	return items, more, err
}

func start(c *bolt.Cursor, rest span) (k, v []byte) {
	if !rest.reverse {
		return c.Seek([]byte(rest.at))
	}
	if rest.at == "" {
		return c.Last()
	}
	if k, _ := c.Seek([]byte(rest.at)); k == nil {
		return c.Last()
	}
	return c.Prev()
}

func step(c *bolt.Cursor, rest span) (k, v []byte) {
	if rest.reverse {
		return c.Prev()
	}
	return c.Next()
}
