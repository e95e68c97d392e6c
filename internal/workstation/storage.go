package workstation

import (
	"io"
	"sync"

	"vaultctl/internal/boltstore"
	"vaultctl/internal/engine"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/spool"
	"vaultctl/internal/vault"
)

// bolt adapts boltstore.
type bolt struct{ *boltstore.Store }

func (b bolt) Get(bucket, key string) ([]byte, error) {
	return b.Store.Get(boltstore.Bucket(bucket), key)
}

func (b bolt) Scan(bucket, prefix string, fn func(string, []byte) error) error {
	return b.Store.Scan(boltstore.Bucket(bucket), prefix, fn)
}

func (b bolt) Write(ops []engine.Op) error {
	out := make([]boltstore.Op, len(ops))
	for i, op := range ops {
		out[i] = boltstore.Op{Bucket: boltstore.Bucket(op.Bucket), Key: op.Key, Value: op.Value}
	}
	return b.Store.Write(out)
}

// files adapts spool. Segments live in the journal, everything else in the queue until it is pushed.
type files struct {
	*spool.Spool
	fresh *sync.Map // names staged by this process
}

func (f files) Fresh(name string) bool {
	_, ok := f.fresh.Load(name)
	return ok
}

func (f files) Create() (engine.SpoolFile, error)        { return f.create(spool.Queue) }
func (f files) CreateSegment() (engine.SpoolFile, error) { return f.create(spool.Journal) }

func (f files) create(a spool.Area) (engine.SpoolFile, error) {
	file, err := f.Spool.Create(a)
	if err != nil {
		return nil, err
	}
	return spoolFile{file}, nil
}

func (f files) Stage(staged []engine.Staged) error {
	items := make([]spool.Item, len(staged))
	for i, s := range staged {
		items[i] = spool.Item{File: s.File.(spoolFile).File, Name: s.Name}
	}
	if err := f.Spool.Stage(items...); err != nil {
		return err
	}
	for _, s := range staged {
		f.fresh.Store(s.Name, nil)
	}
	return nil
}

func (f files) Open(name string) (io.ReadCloser, error) { return f.Spool.Open(name) }

func (f files) ToCache(name string) error {
	f.fresh.Delete(name)
	return f.MoveToCache(name)
}

func (f files) Remove(names ...string) error {
	for _, name := range names {
		f.fresh.Delete(name)
	}
	return f.Spool.Remove(names...)
}

// Names lists what is in the journal and the queue.
func (f files) Names(prefix string) ([]string, error) {
	var out []string
	for _, a := range []spool.Area{spool.Journal, spool.Queue} {
		names, err := f.Spool.Names(a, prefix)
		if err != nil {
			return nil, err
		}
		out = append(out, names...)
	}
	return out, nil
}

// spoolFile ends the writing when its size or hash is first asked for. A failure to write shows when it is staged.
type spoolFile struct{ *spool.File }

func (f spoolFile) Size() int64 {
	if f.Finish() != nil {
		return 0
	}
	return f.File.Size()
}

func (f spoolFile) Sum() vault.ObjectHash {
	if f.Finish() != nil {
		return ""
	}
	return objecthash.Text(f.File.Sum())
}
