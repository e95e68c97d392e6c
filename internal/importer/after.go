package importer

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"path/filepath"

	"vaultctl/internal/api"
	"vaultctl/internal/manifest"
	"vaultctl/internal/vault"
)

// Clearing says what becomes of the files of a run once the storage holds their documents.
type Clearing struct {
	Move string // directory that files go to, below their paths from Root; "" to delete them
	Root string // directory, absolute
	Each func(Fate) error
}

// Fate is what became of a file.
type Fate struct {
	Row  *manifest.Row
	Path string // of the file, absolute
	To   string // where it is now; "" if it is deleted, or kept where it was
	Err  error  // why it was kept; nil if it was moved or deleted
	Told bool   // that is the row's outcome already: it is rejected, or waiting
}

// Clear moves or deletes the files of a source's rows whose documents are verified on the storage, and tells of each
// file, those that are kept included. A file that several rows are about goes when all of them are done. Only the very
// file that was asked about goes; one that has changed stays. The source is read twice, since nothing is kept of a run.
func (r *Run) Clear(ctx context.Context, open func() (manifest.Source, error), c Clearing) error {
	k := &clearing{r: r, ctx: ctx, c: c, seed: maphash.MakeSeed(), kept: map[uint64]struct{}{}}
	for _, step := range []func(*item, error) error{k.keep, k.clear} {
		if err := k.walk(open, step); err != nil {
			return err
		}
	}
	return nil
}

// clearing is one Clear.
type clearing struct {
	r    *Run
	ctx  context.Context
	c    Clearing
	seed maphash.Seed
	kept map[uint64]struct{} // files that a row still needs
	odd  bool                // a row could not be understood at all: it may be about pages of any file
}

// errNotThere is why a file is kept that may well go another time.
var errNotThere = vault.Errorf(vault.CodeUnreachable, "not every storage holds it yet")

// walk goes through the rows and says of each why its file must stay, nil if it need not.
func (k *clearing) walk(open func() (manifest.Source, error), step func(*item, error) error) error {
	src, err := open()
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }() // it was only read
	for end := false; !end; {
		window, err := k.window(src, step)
		if end = errors.Is(err, io.EOF); err != nil && !end {
			return err
		}
		if err := k.judge(window, step); err != nil {
			return err
		}
	}
	return nil
}

// window returns the next rows whose files are there, with io.EOF after the last.
func (k *clearing) window(src manifest.Source, step func(*item, error) error) ([]*item, error) {
	var window []*item
	for size := 0; len(window) < api.MaxCheck && size < maxWindow; {
		if k.ctx.Err() != nil {
			return nil, errInterrupted()
		}
		row, err := src.Next()
		if err != nil {
			return window, err
		}
		it := &item{row: row}
		if row.Document == nil {
			k.odd = true
			continue
		}
		if row.Document.Open == nil {
			continue // it names no file of ours
		}
		n, err := it.look()
		if it.mark == nil {
			continue // there is nothing to clear
		}
		size += n
		if row.Err != nil {
			err, it.refused = row.Err, true
		} else if err == nil && !k.r.settled(it.mark) {
			err = errWaiting
		}
		if err == nil {
			window = append(window, it)
		} else if err := step(it, err); err != nil {
			return nil, err
		}
	}
	return window, nil
}

// judge asks the daemon about rows: those whose files it remembers by how they look, and the others by their digests.
func (k *clearing) judge(window []*item, step func(*item, error) error) error {
	unknown, err := k.ask(window, step)
	if err != nil || len(unknown) == 0 {
		return err
	}
	var known []*item
	for i, err := range digests(k.ctx, unknown) {
		if err == nil && unknown[i].row.Document.Digest == "" {
			err = errUnknown()
		}
		if err == nil {
			known = append(known, unknown[i])
		} else if err := step(unknown[i], err); err != nil {
			return err
		}
	}
	unknown, err = k.ask(known, step)
	for _, it := range unknown {
		if err == nil {
			err = step(it, errUnknown())
		}
	}
	return err
}

func errUnknown() error { return vault.Errorf(vault.CodeNotFound, "it was not imported") }

// ask makes one check and returns the rows that it does not settle.
func (k *clearing) ask(window []*item, step func(*item, error) error) ([]*item, error) {
	if len(window) == 0 {
		return nil, nil
	}
	results, err := k.r.checked(k.ctx, window, true, true)
	if err != nil {
		return nil, err
	}
	var unknown []*item
	for i, res := range results {
		var why error
		switch {
		case res.Status == api.RowWanted, res.Status == api.RowDeposited, res.Status == api.RowUpdated && res.Document == "":
			if window[i].row.Document.Digest == "" {
				unknown = append(unknown, window[i])
				continue
			}
			why = errUnknown()
		case res.Status == api.RowRejected:
			why = (&api.Error{Code: vault.Code(res.Code), Message: res.Message, Hint: res.Hint}).Err()
			window[i].refused = true
		case !res.OnRemote:
			why = errNotThere
		}
		if err := step(window[i], why); err != nil {
			return nil, err
		}
	}
	return unknown, nil
}

// keys are what a file is known by: its path, and where the system tells, itself, for two paths may lead to one file.
func (k *clearing) keys(it *item) []uint64 {
	keys := []uint64{maphash.String(k.seed, it.mark.Path)}
	if it.mark.Inode != 0 {
		keys = append(keys, maphash.Comparable(k.seed, it.mark.Inode))
	}
	return keys
}

// keep notes the files that must stay, and tells of them once.
func (k *clearing) keep(it *item, why error) error {
	if why == nil {
		return nil
	}
	keys := k.keys(it)
	_, told := k.kept[keys[0]]
	for _, key := range keys {
		k.kept[key] = struct{}{}
	}
	if told {
		return nil
	}
	return k.c.Each(Fate{Row: it.row, Path: it.mark.Path, Err: why, Told: it.refused || errors.Is(why, errWaiting)})
}

// clear lets a file go that need not stay.
func (k *clearing) clear(it *item, why error) error {
	if why == nil && k.odd && it.row.Document.Split != "" {
		why = vault.Errorf(vault.CodeInvalid, "a row that cannot be read may need other pages of it")
	}
	if why != nil {
		return k.keep(it, why)
	}
	for i, key := range k.keys(it) {
		if _, stays := k.kept[key]; stays && i == 0 {
			return nil
		} else if stays {
			return k.keep(it, vault.Errorf(vault.CodeConflict, "another name of the file is in a row that is not done"))
		}
	}
	to, err := k.dispose(it)
	switch vault.CodeOf(err) {
	case "":
	case vault.CodeNotFound:
		return nil // it went for an earlier row
	default:
		return k.keep(it, err)
	}
	return k.c.Each(Fate{Row: it.row, Path: it.mark.Path, To: to})
}

// dispose moves or deletes the file of a row if it is still the one that was asked about.
func (k *clearing) dispose(it *item) (to string, err error) {
	content, err := it.row.Document.Open()
	if err != nil {
		return "", err
	}
	_ = content.Close() // it was only looked at
	if changed(it.mark, content.Mark) {
		return "", errWaiting
	}
	if k.c.Move == "" {
		return "", remove(it.mark.Path)
	}
	rel, err := filepath.Rel(k.c.Root, it.mark.Path)
	if err != nil || !filepath.IsLocal(rel) {
		rel = filepath.Base(it.mark.Path)
	}
	return move(it.mark.Path, filepath.Join(k.c.Move, rel))
}
