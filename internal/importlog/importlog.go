// Package importlog keeps in a home how imports on this workstation ended that refused rows, so that somebody who did not
// start them is told: the daemon knows only the rows that it took. It holds numbers, days and ids of batches; no path, no name,
// and nothing of the rows.
package importlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vaultctl/internal/atomicfile"
)

// Run is an import that refused rows.
type Run struct {
	Batch    string    `json:"batch"`
	Ended    time.Time `json:"ended"`
	Rows     int64     `json:"rows"`
	Rejected int64     `json:"rejected"`
}

const (
	most = 20                  // runs that are kept, the last ones
	long = 30 * 24 * time.Hour // how long they are
	size = 64 << 10            // bytes of the file
)

func path(home string) string { return filepath.Join(home, "imports.json") }

// Note keeps a run, in the place of one with the same batch. Two imports that end in the same moment may lose one of both.
func Note(home string, run Run) error {
	return change(home, func(runs []Run) []Run {
		runs = slices.DeleteFunc(runs, func(r Run) bool { return r.Batch == run.Batch })
		return append([]Run{run}, runs...)
	})
}

// Forget takes a run away; one that is not there is no error.
func Forget(home, batch string) error {
	return change(home, func(runs []Run) []Run {
		return slices.DeleteFunc(runs, func(r Run) bool { return r.Batch == batch })
	})
}

// Recent returns the runs of the last thirty days before now, the last one first. A file that cannot be read is as none.
func Recent(home string, now time.Time) []Run {
	runs, err := read(home)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(runs, func(r Run) bool { return now.Sub(r.Ended) > long })
}

func read(home string) ([]Run, error) {
	file, err := os.Open(path(home))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var runs []Run
	if err := json.NewDecoder(io.LimitReader(file, size)).Decode(&runs); err != nil {
		return nil, nil // a damaged file is written anew: nothing depends on it
	}
	return runs, nil
}

func change(home string, change func([]Run) []Run) error {
	runs, err := read(home)
	if err == nil {
		before := len(runs)
		if runs = change(runs); len(runs) == 0 && before == 0 {
			return nil
		}
		runs = runs[:min(len(runs), most)]
		err = atomicfile.Write(path(home), 0o600, func(w io.Writer) error { return json.NewEncoder(w).Encode(runs) })
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if err != nil {
		return fmt.Errorf("note the import: %w", err)
	}
	return nil
}
