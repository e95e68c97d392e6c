// Package oplog is the write-ahead log of a workstation: what has been acknowledged and is not yet in a verified
// segment on every remote can be played back from here after a crash.
//
// Records are opaque bytes, sealed under the local key with their sequence number, so they cannot be altered, moved or
// swapped without detection. Append returns after the disk has confirmed the batch, and a batch is kept or lost as a
// whole. A batch that a crash cut short is removed when the log is opened; damage anywhere before the last batch is
// reported with its position and never skipped. Damage inside the very last batch looks the same as a crash; whoever
// keeps an index of the log notices it, because Next is then lower than what was indexed.
//
// A log belongs to one process: the caller holds the lock on the home directory.
package oplog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/localseal"
	"vaultctl/internal/vault"
)

const (
	suffix       = ".log"
	rotateAt     = 8 << 20
	firstRecord  = 1
	recordHeader = 4
)

// Log is an open log. All methods are safe for concurrent use; appends are done one at a time.
type Log struct {
	dir    string
	seal   *localseal.Sealer
	rotate int64                // size from which on a file is closed
	sync   func(*os.File) error // makes written bytes durable

	mu     sync.Mutex
	files  []file   // by number; consecutive sequence numbers; the last one is active
	active *os.File // nil once closed
	broken error    // set when the disk's state is unknown: nothing is appended any more
}

// file is one file of the log. Bytes after end are not part of it.
type file struct {
	number uint64
	first  uint64 // sequence number of the first record
	next   uint64 // one past the last record
	end    int64
}

// Open opens the log in dir, which is created if it is absent, and removes what a crash left. The code is
// vault.CodeIntegrity if acknowledged records are missing or damaged. The log starts locked.
func Open(dir string) (*Log, error) {
	l := &Log{dir: dir, seal: localseal.New("oplog"), rotate: rotateAt, sync: datasync}
	if err := l.open(); err != nil {
		return nil, diskFull(fmt.Errorf("open log: %w", err))
	}
	return l, nil
}

func (l *Log) open() error {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	if err := atomicfile.SyncDir(filepath.Dir(l.dir)); err != nil {
		return err
	}
	if err := atomicfile.Clean(l.dir); err != nil {
		return err
	}
	numbers, err := l.list()
	if err != nil {
		return err
	}
	for i, n := range numbers {
		if err := l.load(n, i == len(numbers)-1); err != nil {
			return err
		}
	}
	if len(numbers) == 0 {
		return l.create(1, firstRecord)
	}
	return nil
}

// list returns the numbers of the files in dir in ascending order.
func (l *Log) list() ([]uint64, error) {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return nil, err
	}
	var numbers []uint64
	for _, e := range entries {
		base, ok := strings.CutSuffix(e.Name(), suffix)
		n, err := strconv.ParseUint(base, 10, 64)
		if !ok || err != nil || filepath.Base(l.path(n)) != e.Name() {
			continue
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers, nil
}

func (l *Log) path(number uint64) string {
	return filepath.Join(l.dir, fmt.Sprintf("%06d", number)+suffix)
}

// load checks one file and adds it to l.files. Only the last one may end in a torn batch.
func (l *Log) load(number uint64, last bool) error {
	f, err := os.OpenFile(l.path(number), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	s, ok, err := scanFile(f, info.Size())
	switch {
	case err != nil:
	case !ok:
		err = damaged(number, 0)
	case s.damaged, s.torn && !last:
		err = damaged(number, s.end)
	case len(l.files) > 0 && l.files[len(l.files)-1].next != s.first:
		err = vault.Errorf(vault.CodeIntegrity, "log: records %d to %d are missing before file %d",
			l.files[len(l.files)-1].next, s.first-1, number)
	case s.torn:
		err = f.Truncate(s.end)
	}
	if err == nil && last {
		// What is replayed from now on must not vanish later: a killed process may have left it in memory only.
		err = f.Sync()
	}
	if err != nil || !last {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	} else {
		l.active = f
	}
	l.files = append(l.files, file{number: number, first: s.first, next: s.next, end: s.end})
	return err
}

// create starts a new file and makes it the active one. l.mu is held, or l is not yet shared.
func (l *Log) create(number, first uint64) error {
	path := l.path(number)
	p, err := atomicfile.New(path, 0o600)
	if err != nil {
		return err
	}
	if _, err := p.Write(appendFileHeader(nil, first)); err != nil {
		return errors.Join(err, p.Abort())
	}
	if err := p.Commit(); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if l.active != nil {
		_ = l.active.Close() // the disk has confirmed every batch in it
	}
	l.active = f
	l.files = append(l.files, file{number: number, first: first, next: first, end: fileHeaderSize})
	return nil
}

// Unlock takes the 32-byte local key, which stays the caller's. The code is vault.CodeNoIdentity if the records were
// sealed under another key.
func (l *Log) Unlock(key []byte) error {
	probe := localseal.New("oplog")
	if err := probe.Unlock(key); err != nil {
		return err
	}
	defer probe.Lock()
	l.mu.Lock()
	defer l.mu.Unlock()
	seq, rec, err := l.firstSealed()
	if err != nil {
		return err
	}
	if rec != nil {
		if _, err := probe.Open(nil, rec, recordContext(seq)); err != nil {
			return vault.Errorf(vault.CodeNoIdentity, "unlock log: its records were sealed under another key")
		}
	}
	return l.seal.Unlock(key)
}

// firstSealed returns the oldest record as it is on disk, or nil if there is none. l.mu is held.
func (l *Log) firstSealed() (seq uint64, rec []byte, err error) {
	for _, fl := range l.files {
		if fl.first == fl.next {
			continue
		}
		f, err := os.Open(l.path(fl.number))
		if err != nil {
			return 0, nil, fmt.Errorf("read log: %w", err)
		}
		defer func() { _ = f.Close() }()
		h, body, err := readFrame(f, fileHeaderSize, fl.end)
		if errors.Is(err, errFrame) {
			return 0, nil, damaged(fl.number, fileHeaderSize)
		}
		if err != nil {
			return 0, nil, fmt.Errorf("read log: %w", err)
		}
		rec, _, _ = cutRecord(body)
		return h.first, rec, nil
	}
	return 0, nil, nil
}

// Lock forgets the key. Records cannot be appended or replayed until the next Unlock.
func (l *Log) Lock() { l.seal.Lock() }

// Next returns the sequence number that the next record will get. The first record of a log is number 1.
func (l *Log) Next() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.files[len(l.files)-1].next
}

// Trim deletes the files that hold only records up to and including number upto. The file in use always stays; Rotate
// first to let go of its records too.
func (l *Log) Trim(upto uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	removed := false
	for len(l.files) > 1 && l.files[0].next <= upto+1 {
		// Oldest first, so that a crash in between leaves consecutive numbers.
		if err := os.Remove(l.path(l.files[0].number)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("trim log: %w", err)
		}
		l.files = l.files[1:]
		removed = true
	}
	if !removed {
		return nil
	}
	return atomicfile.SyncDir(l.dir)
}

// Close closes the files and forgets the key.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seal.Lock()
	if l.active == nil {
		return nil
	}
	err := l.active.Close()
	l.active = nil
	return err
}

func recordContext(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func damaged(number uint64, at int64) error {
	return vault.Errorf(vault.CodeIntegrity, "log file %d is damaged at byte %d", number, at)
}

// diskFull gives err its code if the disk is full.
func diskFull(err error) error {
	if atomicfile.IsDiskFull(err) {
		return vault.Errorf(vault.CodeDiskFull, "%w", err)
	}
	return err
}
