package engine_test

import (
	"context"
	"sync"
	"testing"
)

// meanwhile is a context that does something the first time that it is asked whether it ended.
type meanwhile struct {
	context.Context
	do func()
}

func (m *meanwhile) Err() error {
	m.do()
	return m.Context.Err()
}

// TestJournalVerifyWhileWriting writes a segment while the chain is looked at: the chain ends where it ended before.
func TestJournalVerifyWhileWriting(t *testing.T) {
	r := MustFound(t)
	b := MustAdd(t, r, "Awa", "Diallo", "")
	wrote := false
	ctx := &meanwhile{ctxb, sync.OnceFunc(func() {
		MustDeposit(t, r, b.ID, "un", false)
		MustSync(t, r)
		wrote = true
	})}
	for _, segments := range []int{1, 2} { // of which the second is what was written meanwhile
		v, err := r.JournalVerify(ctx)
		if err != nil || len(v.Findings) != 0 || v.Segments < segments || !wrote {
			t.Errorf("journal: %v, %+v", err, v)
		}
	}
}
