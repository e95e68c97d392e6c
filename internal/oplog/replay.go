package oplog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"vaultctl/internal/vault"
)

// Replay calls fn for each record from number from on that was in the log when Replay was called, in order. Trimmed
// records are left out, those trimmed meanwhile may be. rec belongs to fn. An error of fn ends the replay and is
// returned as it is. Codes: vault.CodeLocked, and vault.CodeIntegrity for a damaged record, before which all others
// have been delivered. fn may append to the log and trim it.
func (l *Log) Replay(from uint64, fn func(seq uint64, rec []byte) error) error {
	if l.seal.Locked() {
		return vault.Errorf(vault.CodeLocked, "replay log: the workstation is locked")
	}
	l.mu.Lock()
	files := append([]file(nil), l.files...)
	l.mu.Unlock()
	for _, fl := range files {
		if fl.next <= from || fl.next == fl.first {
			continue
		}
		if err := l.replayFile(fl, from, fn); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) replayFile(fl file, from uint64, fn func(uint64, []byte) error) error {
	f, err := os.Open(l.path(fl.number))
	if errors.Is(err, fs.ErrNotExist) && l.trimmed(fl.number) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("replay log: %w", err)
	}
	defer func() { _ = f.Close() }()
	next := fl.first
	for off := int64(fileHeaderSize); off < fl.end; {
		h, body, err := readFrame(f, off, fl.end)
		if errors.Is(err, errFrame) || err == nil && h.first != next {
			return damaged(fl.number, off)
		}
		if err != nil {
			return fmt.Errorf("replay log: %w", err)
		}
		next, off = h.next(), off+h.size()
		if h.next() <= from {
			continue
		}
		if err := l.replayBody(h.first, body, from, fn); err != nil {
			return err
		}
	}
	return nil
}

// trimmed reports whether Trim has dropped the file.
func (l *Log) trimmed(number uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return number < l.files[0].number
}

func (l *Log) replayBody(seq uint64, body []byte, from uint64, fn func(uint64, []byte) error) error {
	for ; len(body) > 0; seq++ {
		sealed, rest, _ := cutRecord(body) // readFrame has checked the lengths
		body = rest
		if seq < from {
			continue
		}
		rec, err := l.seal.Open(nil, sealed, recordContext(seq))
		if err != nil {
			return fmt.Errorf("replay log record %d: %w", seq, err)
		}
		if err := fn(seq, rec); err != nil {
			return err
		}
	}
	return nil
}
