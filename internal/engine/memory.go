package engine

import (
	"maps"
	"slices"
	"strings"
)

// memoryStore is a Store that keeps nothing: for reading an organization from a remote without a home. It is not safe for
// concurrent use.
type memoryStore map[string]map[string][]byte

// Get implements Store.
func (m memoryStore) Get(bucket, key string) ([]byte, error) { return m[bucket][key], nil }

// Scan implements Store.
func (m memoryStore) Scan(bucket, prefix string, fn func(key string, value []byte) error) error {
	for _, k := range slices.Sorted(maps.Keys(m[bucket])) {
		if !strings.HasPrefix(k, prefix) {
			continue
		}
		if err := fn(k, m[bucket][k]); err != nil {
			return err
		}
	}
	return nil
}

// Write implements Store.
func (m memoryStore) Write(ops []Op) error {
	for _, op := range ops {
		if op.Value == nil {
			delete(m[op.Bucket], op.Key)
			continue
		}
		if m[op.Bucket] == nil {
			m[op.Bucket] = map[string][]byte{}
		}
		m[op.Bucket][op.Key] = op.Value
	}
	return nil
}

// Unlock implements Store.
func (m memoryStore) Unlock([]byte) error { return nil }

// Lock implements Store.
func (m memoryStore) Lock() {}

// Close implements Store.
func (m memoryStore) Close() error { return nil }
