package engine

import (
	"bytes"
	"sync"

	"vaultctl/internal/vault"
)

// stateBudget bounds the encoded vaults that are kept decoded, in bytes. Decoded they take two or three times as much.
const stateBudget = 8 << 20

// stateCache keeps vaults decoded between changes: a deposit looks at its vault half a dozen times, and decoding one with
// a few hundred documents takes longer than sealing another. It belongs to the unlocked keys and goes with them. The
// states are shared: nobody may modify them. The zero value is ready, and it is safe for concurrent use.
type stateCache struct {
	mu     sync.Mutex
	states map[vault.BeneficiaryID]cachedState
	bytes  int
}

type cachedState struct {
	raw   []byte // what was decoded; another value is another state
	state *vault.State
}

// get returns the state that raw encodes, or nil.
func (c *stateCache) get(id vault.BeneficiaryID, raw []byte) *vault.State {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.states[id]; bytes.Equal(s.raw, raw) {
		return s.state
	}
	return nil
}

// put keeps a state; the caller gives up the right to modify it. It reports whether it did. Neither raw nor what it
// encodes is copied.
func (c *stateCache) put(id vault.BeneficiaryID, raw []byte, st *vault.State) bool {
	if c == nil || len(raw) > stateBudget {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes -= len(c.states[id].raw)
	if c.states == nil || c.bytes+len(raw) > stateBudget {
		c.states, c.bytes = map[vault.BeneficiaryID]cachedState{}, 0
	}
	c.states[id] = cachedState{raw, st}
	c.bytes += len(raw)
	return true
}
