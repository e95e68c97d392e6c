package engine

import (
	"context"
	"testing"
	"time"

	"vaultctl/internal/vault"
)

// FoldAnew forgets the entries of a vault, and folds it as a home that joins does.
func (e *Engine) FoldAnew(ctx context.Context, id vault.BeneficiaryID) error {
	ops := []Op{{bucketMeta, metaUnfolded + string(id), []byte{1}}}
	err := e.Store.Scan(bucketEntries, string(id)+"/", func(key string, _ []byte) error {
		ops = append(ops, Op{bucketEntries, key, nil})
		return nil
	})
	if err == nil {
		err = e.Store.Write(ops)
	}
	if err != nil {
		return err
	}
	m := e.mounted()[0]
	p, err := e.newPull(m.remote.Get, m.name)
	if err != nil {
		return err
	}
	return e.foldRecorded(ctx, m, p, true)
}

// LoadAgain reads the index as after a failed write.
func (e *Engine) LoadAgain(ctx context.Context) error {
	return e.exclusive(ctx, func() error {
		keys, _ := e.view()
		return e.loadState(keys)
	})
}

// HoldCommitter keeps the committer from going on until release is called.
func (e *Engine) HoldCommitter() (release func()) {
	held, end := make(chan struct{}), make(chan struct{})
	go func() {
		_ = e.exclusive(context.Background(), func() error {
			close(held)
			<-end
			return nil
		})
	}()
	<-held
	return func() { close(end) }
}

// Waiting counts the changes that wait for the committer.
func (e *Engine) Waiting() int { return len(e.commits) }

// AwaitCommitter returns when n changes wait for the committer.
func (e *Engine) AwaitCommitter(n int) {
	for len(e.commits) < n {
		time.Sleep(time.Millisecond)
	}
}

// TestLargeSegmentsAreTakenApart has many writers whose next segments are as large as can be: what is taken together is
// bounded by their bytes, and the rest is taken afterwards.
func TestLargeSegmentsAreTakenApart(t *testing.T) {
	const writers = 20
	p := newPuller(nil, nil, "", vault.NewOrg("", ""), &keyring{}, nil)
	p.trusting = true
	raw := make([]byte, vault.MaxSegment)
	for i := range writers {
		w := vault.NewWriterID(vault.DeviceIDOf([]byte{byte(i)}))
		p.heads[w] = 0
		p.of(w).seg = &pulledSegment{writer: w, raw: raw, body: &vault.Body{}}
		p.of(w).ended = true
	}
	for left := writers; left > 0; {
		segs, err := p.round(t.Context(), wholeBatch)
		if want := min(left, roundBytes/vault.MaxSegment); err != nil || len(segs) != want {
			t.Fatalf("%d segments are taken together, %v, not %d", len(segs), err, want)
		}
		left -= len(segs)
	}
	if segs, err := p.round(t.Context(), wholeBatch); err != nil || len(segs) != 0 {
		t.Errorf("%d more segments, %v", len(segs), err)
	}
}
