package tui

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// scansPage lists what lies in the scanner's folders.
type scansPage struct{}

func (scansPage) place() place { return atScans }

func (scansPage) load(_ context.Context, d *desk) (*content, error) {
	if len(d.scans.folders) == 0 {
		return nil, errNoFolder()
	}
	c := &content{title: d.l.T("scans"), none: d.l.T("No scan has arrived."),
		header: []string{d.l.T("file"), d.l.T("scanned"), d.l.T("size"), d.l.T("state")}}
	for _, f := range d.scans.folders {
		c.head = append(c.head, folderFact(d, f))
	}
	for _, s := range d.scans.all() {
		c.rows = append(c.rows, row{cells: scanCells(d, &s), item: s})
	}
	return c, nil
}

// restless implements restless.
func (scansPage) restless() bool { return true }

func errNoFolder() error {
	return vault.Errorf(vault.CodeUsage, "no folder of a scanner is watched: name it with --scans, or in the setting scan_folders")
}

func folderFact(d *desk, f *scanFolder) fact {
	coming, silent, err := f.state(d.now())
	out := fact{label: termio.Clean(f.dir), text: "✓ " + d.l.T("watched")}
	switch {
	case silent:
		out.text, out.style = "! "+d.l.T("does not answer; what it held last is shown"), termio.Warn
	case errors.Is(err, os.ErrNotExist):
		out.text, out.style = "! "+d.l.T("is not there; it is looked for again and again"), termio.Warn
	case err != nil:
		out.text, out.style = "! "+d.l.T("cannot be read"), termio.Warn
	}
	if coming > 0 {
		out.text += " · " + d.l.N(coming, "%d file is still arriving", "%d files are still arriving")
	}
	return out
}

func scanCells(d *desk, s *scan) []termio.Cell {
	state := termio.Cell{}
	switch {
	case s.done != nil && s.done.document == "":
		state = termio.Cell{Text: "✓ " + d.l.T("was used"), Style: termio.Good}
	case s.done != nil:
		state = termio.Cell{Text: "✓ " + d.l.T("in a vault"), Style: termio.Good}
	case !s.seen.IsZero():
		state = termio.Cell{Text: "+ " + d.l.T("new")}
	}
	return []termio.Cell{cell(filepath.Base(s.path)), {Text: d.l.DateTime(s.when.Local())}, {Text: termio.FormatBytes(s.size)}, state}
}

// newScans returns the scans that came while the program was open, or on the same working day, and that were not deposited
// since. The newest comes first.
func newScans(d *desk) []scan {
	return slices.DeleteFunc(d.scans.all(), func(s scan) bool { return s.seen.IsZero() || s.done != nil })
}

// lastScan returns the scan that was made last, if that was a short while ago: older paper is not what lies on the desk.
func lastScan(d *desk) (path string, ok bool) {
	if scans := newScans(d); len(scans) > 0 && d.now().Sub(scans[0].seen) < onDesk {
		return scans[0].path, true
	}
	return "", false
}

const offeredMost = 200 // scans that are offered at once, the newest

// pickScans lets the person mark scans that wait in the watched folders, and returns their paths.
func pickScans(ctx context.Context, d *desk) ([]string, error) {
	if len(d.scans.folders) == 0 {
		return nil, errNoFolder()
	}
	waiting := slices.DeleteFunc(d.scans.all(), func(s scan) bool { return s.done != nil })
	if len(waiting) == 0 {
		d.note(d.l.T("No scan has arrived."))
		return nil, errBack
	}
	var paths []string
	asked := &field{kind: choices, label: d.l.T("Which scans?"), some: &paths, needed: true}
	for _, s := range waiting[:min(len(waiting), offeredMost)] {
		about := []string{d.l.DateTime(s.when.Local()), termio.FormatBytes(s.size)}
		if !s.seen.IsZero() {
			about = append(about, d.l.T("new"))
		}
		asked.options = append(asked.options, option{value: s.path, label: filepath.Base(s.path) + "  " + strings.Join(about, " · ")})
	}
	if err := d.fill(ctx, &form{title: d.l.T("Scans"), fields: []*field{asked}}); err != nil {
		return nil, err
	}
	return paths, nil
}

// clearScans is for tasks that deposited files, told by their paths: for those that came from a watched folder it asks
// whether they may be deleted there, and does so where the bytes are still those of the document.
func clearScans(ctx context.Context, d *desk, done map[string]*api.Document) error {
	var paths, says []string
	for path, doc := range done {
		if doc != nil && d.scans.holds(path) {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	slices.Sort(paths)
	for _, path := range paths {
		d.scans.deposited(path, done[path].ID)
		safe := d.l.T("safe on this workstation, and waits for the storage")
		if done[path].OnRemote {
			safe = d.l.T("verified on the storage")
		}
		says = append(says, "✓ "+termio.Isolate(termio.Clean(filepath.Base(path)))+" – "+safe)
	}
	if err := d.sure(ctx, d.l.N(len(paths), "Delete %d scan from the scanner's folder?", "Delete %d scans from the scanner's folder?"), says...); err != nil {
		return err
	}
	var kept []string
	for _, path := range paths {
		if err := removeScan(path, done[path]); err != nil {
			kept = append(kept, "✗ "+termio.Isolate(termio.Clean(filepath.Base(path)))+" – "+termio.Clean(d.l.Message(api.ErrorOf(err).Message)))
		}
	}
	if len(kept) > 0 {
		return d.read(ctx, &sheet{title: d.l.T("Not deleted from the scanner's folder"), lines: kept})
	}
	d.note(d.l.N(len(paths), "%d scan was deleted from the folder.", "%d scans were deleted from the folder."))
	return nil
}

// digestOf is the digest of a file, as documents have it.
func digestOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	_ = file.Close() // it was only read
	return hex.EncodeToString(hash.Sum(nil)), err
}

// removeScan deletes a file whose bytes are those of a document. Errors have CodeConflict where they are not.
func removeScan(path string, doc *api.Document) error {
	digest, err := digestOf(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return vault.Errorf(vault.CodeFailed, "the scan cannot be read again")
	case doc.Digest == "":
		return vault.Errorf(vault.CodeConflict, "whether it is the document cannot be told here: delete it yourself")
	case digest != doc.Digest:
		return vault.Errorf(vault.CodeConflict, "the file is not all of the document, or has changed since")
	}
	if err := os.Remove(path); err != nil {
		return vault.Errorf(vault.CodeFailed, "the folder does not let it be deleted")
	}
	return nil
}

func scanActions() []action {
	return []action{
		{key: "enter", label: lang.Key("deposit into a vault"), needs: someRows, does: []string{"document add"}, run: depositScans},
		{key: "D", label: lang.Key("delete what is in a vault"), needs: someRows, run: clearAgain},
	}
}

// depositScans asks whose the marked scans are, and deposits them there.
func depositScans(ctx context.Context, d *desk, c chosen) error {
	var paths []string
	for _, r := range c.rows {
		if s, ok := r.item.(scan); ok {
			paths = append(paths, s.path)
		}
	}
	b, err := choosePerson(ctx, d, d.l.N(len(paths), "Whose is %d scan?", "Whose are %d scans?"))
	if err != nil {
		return err
	}
	return depositFiles(ctx, d, b, paths, nil)
}

// clearAgain asks once more whether scans that are in a vault may be deleted.
func clearAgain(ctx context.Context, d *desk, c chosen) error {
	done := map[string]*api.Document{}
	for _, r := range c.rows {
		s, ok := r.item.(scan)
		if !ok || s.done == nil || s.done.document == "" {
			continue
		}
		doc, err := call[api.Document](ctx, d, api.RouteDocumentShow, api.DocumentRequest{Document: s.done.document})
		if err != nil {
			return err
		}
		done[s.path] = &doc
	}
	if len(done) == 0 {
		return vault.Errorf(vault.CodeUsage, "none of these scans was deposited from here")
	}
	return clearScans(ctx, d, done)
}

// choosePerson lets the person in front of the screen say whom something is about, by what they type of them. Those who are
// followed and were seen last come first.
func choosePerson(ctx context.Context, d *desk, title string) (*api.Beneficiary, error) {
	f, known, err := d.everybody(ctx)
	if err != nil {
		return nil, err
	}
	var id string
	asked := &field{kind: choice, label: d.l.T("Who?"), text: &id, needed: true, finds: func(id string) string { return f.words[f.byID[id]] }}
	offer := func(id string) {
		if i, ok := f.byID[id]; ok && f.people[i].Readable && f.people[i].State == "open" {
			asked.options = append(asked.options, option{value: id, label: phrase.PersonLine(d.l, &f.people[i])})
		}
	}
	before := map[string]bool{}
	for _, id := range append(known.Recent, known.Followed...) {
		if !before[id] {
			offer(id)
		}
		before[id] = true
	}
	for i := range f.people {
		if !before[f.people[i].ID] {
			offer(f.people[i].ID)
		}
	}
	if len(asked.options) == 0 {
		return nil, vault.Errorf(vault.CodeNotFound, "there is no open vault")
	}
	if err := d.fill(ctx, &form{title: title, fields: []*field{asked}}); err != nil {
		return nil, err
	}
	return &f.people[f.byID[id]], nil
}
