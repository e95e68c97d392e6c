package tui

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// scan is a file in a watched folder that has arrived whole.
type scan struct {
	path string // absolute
	size int64
	when time.Time // it was last changed
	seen time.Time // by this program, for the first time
	// done is what became of it here, nil while nothing did.
	done *deposited
}

// mark is how a file looks.
type mark struct {
	size int64
	when int64 // ns since 1970
}

// scanWatch looks at folders by and by: those of scanners are often on a network, where nothing tells of changes, and which
// may hang. It is safe for concurrent use.
type scanWatch struct {
	folders []*scanFolder

	mu   sync.Mutex // guards done
	done map[string]deposited
}

// deposited is a scan of which this program knows that it is in a vault.
type deposited struct {
	mark     mark
	document string // id, "" where the file is not known to be all of one
}

const (
	pollEvery = 2 * time.Second
	pollShare = 5              // a look that takes long is followed by a pause that is longer by so much
	hangs     = 5 * pollEvery  // after so long a folder counts as not answering
	quiet     = time.Minute    // after so long a file without an end is whole all the same
	fresh     = 12 * time.Hour // what is older than a working day is not new when the program starts
	onDesk    = time.Hour      // as long the paper of the last scan may lie on the desk
	pdfTail   = 1 << 10        // in which a PDF ends
	scansMost = 5000           // files of a folder that are looked at, the first by name
)

func newScanWatch(dirs []string) *scanWatch {
	w := &scanWatch{done: map[string]deposited{}}
	for _, dir := range dirs {
		if abs, err := filepath.Abs(dir); err == nil {
			dir = abs
		}
		if !slices.ContainsFunc(w.folders, func(f *scanFolder) bool { return f.dir == dir }) {
			w.folders = append(w.folders, &scanFolder{dir: dir, files: map[string]*scanFile{}})
		}
	}
	return w
}

// start watches until ctx ends. Each folder has a goroutine of its own, since one that hangs cannot be called back.
func (w *scanWatch) start(ctx context.Context) {
	for _, f := range w.folders {
		go func() {
			for ctx.Err() == nil {
				begun := time.Now()
				f.poll(begun)
				select {
				case <-ctx.Done():
				case <-time.After(max(pollEvery, pollShare*time.Since(begun))):
				}
			}
		}()
	}
}

// all returns the scans of all folders, the newest first.
func (w *scanWatch) all() []scan {
	var scans []scan
	for _, f := range w.folders {
		scans = append(scans, f.whole()...)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range scans {
		if d, ok := w.done[scans[i].path]; ok && d.mark == (mark{scans[i].size, scans[i].when.UnixNano()}) {
			scans[i].done = &d
		}
	}
	slices.SortFunc(scans, func(a, b scan) int { return cmp.Or(b.when.Compare(a.when), strings.Compare(a.path, b.path)) })
	return scans
}

// deposited notes that the file at a path, as it looks now, is in a vault: as the document, or, for "", in part or as evidence.
func (w *scanWatch) deposited(path, document string) {
	info, err := os.Lstat(path)
	if err != nil {
		return // it is gone
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done[path] = deposited{mark{info.Size(), info.ModTime().UnixNano()}, document}
}

// holds reports whether a path is that of a file in a watched folder.
func (w *scanWatch) holds(path string) bool {
	return slices.ContainsFunc(w.folders, func(f *scanFolder) bool { return f.dir == filepath.Dir(path) })
}

// scanFolder is one folder that is watched.
type scanFolder struct {
	dir string

	mu     sync.Mutex // guards what follows; nothing is read from the folder under it
	files  map[string]*scanFile
	err    error     // of the last look
	begun  time.Time // when the look that goes on began, zero between two
	looked bool      // once, to the end
}

// scanFile is what is known of a file.
type scanFile struct {
	mark   mark
	since  time.Time // it looks as it does now
	seen   time.Time // for the first time; when it was made, of what was there when the program started
	whole  bool
	before bool // it was there, and not of this working day, when the program started
}

// poll looks at the folder once. A file is whole once it looks the same in two looks that follow one another, can be read, and
// has an end.
func (f *scanFolder) poll(now time.Time) {
	f.mu.Lock()
	f.begun = now
	known := make(map[string]scanFile, len(f.files))
	for name, file := range f.files {
		known[name] = *file
	}
	first := !f.looked
	f.mu.Unlock()
	found, err := lookAround(f.dir)
	files := make(map[string]*scanFile, len(found))
	for name, m := range found {
		file, was := known[name]
		switch {
		case !was:
			file = scanFile{mark: m, since: now, seen: now}
			if made := time.Unix(0, m.when); first && made.Before(now) {
				file.seen, file.before = made, now.Sub(made) > fresh
			}
		case file.mark != m:
			file = scanFile{mark: m, since: now, seen: file.seen}
		case !file.whole:
			file.whole = arrived(filepath.Join(f.dir, name), m, now.Sub(file.since))
		}
		files[name] = &file
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun, f.err = time.Time{}, err
	if err == nil { // a folder that is away for a while still holds what it held
		f.files, f.looked = files, true
	}
}

// lookAround returns the files in a folder that may be scans, and how they look.
func lookAround(dir string) (map[string]mark, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	found := map[string]mark{}
	for _, e := range entries {
		if !e.Type().IsRegular() || passing(e.Name()) || len(found) == scansMost {
			continue // a link may lead anywhere
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went while we looked
		}
		if err != nil {
			return nil, err
		}
		if info.Size() > 0 {
			found[e.Name()] = mark{info.Size(), info.ModTime().UnixNano()}
		}
	}
	return found, nil
}

// passing reports whether a name is one that programs use while they write, or for themselves.
func passing(name string) bool {
	lower := strings.ToLower(name)
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") || strings.HasSuffix(name, "~") || lower == "thumbs.db" || lower == "desktop.ini" {
		return true
	}
	return slices.Contains([]string{".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".lock", ".writing"}, filepath.Ext(lower))
}

// arrived reports whether a file that has not changed between two looks can be read, and is not a PDF that is still being
// written: scanners wait for the next page.
func arrived(path string, m mark, still time.Duration) bool {
	file, err := os.Open(path)
	if err != nil {
		return false // the scanner holds it still
	}
	defer func() { _ = file.Close() }()
	head := make([]byte, 5)
	if _, err := io.ReadFull(file, head); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	if string(head) != "%PDF-" || still >= quiet {
		return true
	}
	tail := make([]byte, min(m.size, pdfTail))
	if _, err := file.ReadAt(tail, m.size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	return bytes.Contains(tail, []byte("%%EOF"))
}

// whole returns the files that have arrived.
func (f *scanFolder) whole() []scan {
	f.mu.Lock()
	defer f.mu.Unlock()
	var scans []scan
	for name, file := range f.files {
		if file.whole {
			s := scan{path: filepath.Join(f.dir, name), size: file.mark.size, when: time.Unix(0, file.mark.when)}
			if !file.before {
				s.seen = file.seen
			}
			scans = append(scans, s)
		}
	}
	return scans
}

// state says how the folder is: an error, whether it does not answer, how many files are still arriving.
func (f *scanFolder) state(now time.Time) (coming int, silent bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, file := range f.files {
		if !file.whole {
			coming++
		}
	}
	return coming, !f.begun.IsZero() && now.Sub(f.begun) > hangs, f.err
}
