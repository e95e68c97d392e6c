package oplog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"vaultctl/internal/localseal"
	"vaultctl/internal/vault"
)

// Append writes the records as one batch and returns the sequence numbers of its first and last record once the disk
// has confirmed it. Nothing of the batch is in the log if it fails. Codes: vault.CodeLocked; vault.CodeDiskFull, after
// which the log can be used as before; vault.CodeInvalid for an empty batch or one over 64 MiB. When the disk does not
// confirm a write, what it holds is unknown: this and all later appends fail until the log is opened again.
func (l *Log) Append(records [][]byte) (first, last uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(); err != nil {
		return 0, 0, err
	}
	if l.files[len(l.files)-1].end >= l.rotate {
		if err := l.next(); err != nil {
			return 0, 0, err
		}
	}
	fl := &l.files[len(l.files)-1]
	frame, err := l.frame(fl.next, records)
	if err != nil {
		return 0, 0, err
	}
	if err := l.write(frame, fl.end); err != nil {
		return 0, 0, diskFull(fmt.Errorf("append to log: %w", err))
	}
	first, last = fl.next, fl.next+uint64(len(records))-1
	fl.next, fl.end = last+1, fl.end+int64(len(frame))
	return first, last, nil
}

// Rotate starts a new file, unless the one in use is empty, so that Trim can drop all records written so far.
func (l *Log) Rotate() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(); err != nil {
		return err
	}
	if fl := l.files[len(l.files)-1]; fl.first == fl.next {
		return nil
	}
	return l.next()
}

func (l *Log) usable() error {
	if l.active == nil {
		return fmt.Errorf("append to log: %w", fs.ErrClosed)
	}
	return l.broken
}

// next replaces the active file by a new, empty one. l.mu is held.
func (l *Log) next() error {
	fl := l.files[len(l.files)-1]
	err := l.create(fl.number+1, fl.next)
	if err == nil {
		return nil
	}
	// The old file stays in use, so a new one that did get its name must go: its first number will be wrong.
	rerr := os.Remove(l.path(fl.number + 1))
	if rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		l.breakOff(rerr)
	}
	return diskFull(fmt.Errorf("rotate log: %w", err))
}

// frame seals the records into one frame.
func (l *Log) frame(first uint64, records [][]byte) ([]byte, error) {
	size := 0
	for _, r := range records {
		size += recordHeader + localseal.Overhead + len(r)
	}
	if size == 0 || size > maxBody {
		return nil, vault.Errorf(vault.CodeInvalid, "append to log: a batch of %d records and %d bytes", len(records), size)
	}
	b := make([]byte, frameHeaderSize, frameHeaderSize+size)
	for i, r := range records {
		b = binary.LittleEndian.AppendUint32(b, uint32(localseal.Overhead+len(r)))
		var err error
		if b, err = l.seal.Seal(b, r, recordContext(first+uint64(i))); err != nil {
			return nil, err
		}
	}
	putFrameHeader(b, first, len(records))
	return b, nil
}

// write puts the frame at off and synchronises the file; if it cannot, it takes the frame away again. l.mu is held.
func (l *Log) write(frame []byte, off int64) error {
	_, err := l.active.WriteAt(frame, off)
	if err == nil {
		if err = l.sync(l.active); err == nil {
			return nil
		}
		// The kernel reports a lost write once and then takes the pages for clean.
		l.breakOff(err)
	}
	if terr := l.active.Truncate(off); terr != nil {
		l.breakOff(terr)
	}
	return err
}

func (l *Log) breakOff(cause error) {
	if l.broken == nil {
		l.broken = fmt.Errorf("append to log: an earlier write failed, open the log again: %w", cause)
	}
}
