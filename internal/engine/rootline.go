package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// rootLine is the line of roots as a storage shows it to who has no journal: from the organization note on, by the notes of
// the successors. Each is signed by the one before; that the storage leaves the end out shows in the journal.
type rootLine struct {
	note    *vault.OrgNote
	steps   []rootStep
	ignored int // notes that the root before did not sign
}

type rootStep struct {
	*vault.RootNote
	raw []byte
}

// maxRootNotes bounds how many notes of successors are read: anybody who writes to the storage can put there what they like.
const maxRootNotes = 300

var rootNoteName = regexp.MustCompile(`^` + vault.RootNoteFolder + `/([1-9][0-9]{0,2})-[a-z2-7]{24}\.note$`)

// last returns the root at the end of the line.
func (l *rootLine) last() ed25519.PublicKey {
	if len(l.steps) == 0 {
		return l.note.Root
	}
	return l.steps[len(l.steps)-1].Root
}

// holds reports whether a root with the fingerprint is in the line; every one is where none is given.
func (l *rootLine) holds(fingerprint string) bool {
	want := plainFingerprint(fingerprint)
	is := func(key ed25519.PublicKey) bool { return want == plainFingerprint(vault.Fingerprint(key)) }
	return want == "" || is(l.note.Root) || slices.ContainsFunc(l.steps, func(s rootStep) bool { return is(s.Root) })
}

func plainFingerprint(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(s))
}

// readRootLine reads the line of roots of a remote. A fingerprint is of a root that must be in it: the last, or one before,
// from which the line leads on. Errors have CodeForeign where it is not, CodeIntegrity where a root signed several successors
// and the fingerprint does not tell which counts.
func readRootLine(ctx context.Context, remote Remote, note *vault.OrgNote, fingerprint string) (*rootLine, error) {
	r := rootReader{note: note, byBefore: map[string][]rootStep{}}
	if err := r.read(ctx, remote); err != nil {
		return nil, err
	}
	lines := r.from(&rootLine{note: note})
	fit := slices.DeleteFunc(slices.Clone(lines), func(l *rootLine) bool { return !l.holds(fingerprint) })
	switch {
	case len(fit) == 0:
		return nil, api.WithHint(vault.Errorf(vault.CodeForeign, "the remote holds an organization with another root than the one given"),
			"`vaultctl status` on an enrolled workstation shows the fingerprint; if that is right, somebody has exchanged the storage")
	case len(fit) > 1:
		return nil, api.WithHint(vault.Errorf(vault.CodeIntegrity, "the storage shows several successors of one root: somebody has the words of a former one"),
			"`vaultctl status` on an enrolled workstation shows the fingerprint of the one that counts; give it with --root")
	}
	used := 0
	for _, s := range r.byBefore {
		used += len(s)
	}
	fit[0].ignored = r.seen - used
	return fit[0], nil
}

// rootReader collects the notes of successors.
type rootReader struct {
	note     *vault.OrgNote
	byBefore map[string][]rootStep
	seen     int
}

func (r *rootReader) read(ctx context.Context, remote Remote) error {
	var paths []string
	err := remote.List(ctx, vault.RootNoteFolder, func(o ObjectInfo) error {
		if rootNoteName.MatchString(o.Path) {
			paths = append(paths, o.Path)
		}
		return nil
	})
	if err != nil && vault.CodeOf(err) != vault.CodeNotFound {
		return err
	}
	slices.SortFunc(paths, byNumber)
	r.seen = len(paths)
	var steps []rootStep
	for _, p := range paths[:min(len(paths), maxRootNotes)] {
		raw, err := readSource(ctx, remote.Get, p, maxOrgNote)
		switch vault.CodeOf(err) {
		case "":
		case vault.CodeNotFound:
			continue
		default:
			return err
		}
		if n, err := vault.ParseRootNote(raw); err == nil && n.Org == r.note.Org && n.Path() == p {
			steps = append(steps, rootStep{n, raw})
		}
	}
	known := map[string]int{keyText(r.note.Root): 1}
	for _, s := range steps { // by number, so that the one before is known
		before := keyText(s.Before)
		if known[before] == s.N-1 && known[keyText(s.Root)] == 0 {
			known[keyText(s.Root)] = s.N
			r.byBefore[before] = append(r.byBefore[before], s)
		}
	}
	return nil
}

// byNumber orders the paths of notes by the number of their root.
func byNumber(a, b string) int {
	n := func(p string) int {
		n, _ := strconv.Atoi(rootNoteName.FindStringSubmatch(p)[1]) // digits, as the pattern says
		return n
	}
	if d := n(a) - n(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// from returns every line that goes on from this one to its end.
func (r *rootReader) from(l *rootLine) []*rootLine {
	next := r.byBefore[keyText(l.last())]
	if len(next) == 0 {
		return []*rootLine{l}
	}
	var out []*rootLine
	for _, s := range next {
		out = append(out, r.from(&rootLine{note: l.note, steps: append(slices.Clone(l.steps), s)})...)
	}
	return out
}

// agrees compares the line with that of the journal. Where the organization is rebuilt, the journal may have lost the last
// succession: the note tells it again.
func (l *rootLine) agrees(org *vault.Org, rebuilding bool) error {
	roots := org.Roots()
	shown := len(l.steps) + 1
	for i := 1; i < min(len(roots), shown); i++ {
		if roots[i].Key != keyText(l.steps[i-1].Root) {
			return vault.Errorf(vault.CodeIntegrity, "the storage shows another root than the organization's journal names")
		}
	}
	switch {
	case len(roots) > shown:
		return api.WithHint(vault.Errorf(vault.CodeIntegrity, "the storage does not show who the root is: the organization's journal names a later one"),
			"`vaultctl verify` on an enrolled workstation puts the note there again; then begin again")
	case shown > len(roots)+1, shown > len(roots) && !rebuilding:
		return vault.Errorf(vault.CodeIntegrity, "the storage shows a root that the organization's journal does not name")
	}
	return nil
}

// tellAgain records the last succession where the journal has lost it.
func (l *rootLine) tellAgain(t *tx, cosign func(*vault.Event)) error {
	if len(l.steps) != len(t.org().Roots()) {
		return nil
	}
	return t.emitCosigned(vault.RootSucceeded, "", vault.RootBody{Note: string(l.steps[len(l.steps)-1].raw)}, cosign)
}

// checkRoot finds the root whose words were given at the end of the line that the remote shows.
func (b *rebuilding) checkRoot(ctx context.Context, remote Remote) error {
	key := b.root.Public().(ed25519.PublicKey)
	line, err := readRootLine(ctx, remote, b.note, vault.Fingerprint(key))
	switch {
	case vault.CodeOf(err) == vault.CodeForeign:
		return vault.Errorf(vault.CodeNoIdentity, "these are not the root words of the organization on the remote")
	case err != nil:
		return err
	case !line.last().Equal(key):
		return errFormerRoot()
	}
	b.line = line
	return nil
}

func errFormerRoot() error {
	return api.WithHint(vault.Errorf(vault.CodeNoIdentity, "these are the words of a former root: they were replaced and sign nothing any more"),
		"who keeps the root words since has the new ones")
}

// isRoot returns CodeNoIdentity unless the key is the root of the organization now.
func isRoot(org *vault.Org, key ed25519.PublicKey) error {
	text := keyText(key)
	if org.CurrentRoot().Key == text {
		return nil
	}
	if slices.ContainsFunc(org.Roots(), func(r vault.Root) bool { return r.Key == text }) {
		return errFormerRoot()
	}
	return vault.Errorf(vault.CodeNoIdentity, "these are not the root words of the organization")
}

// checkShown compares the root that people compared when this workstation asked with that of the journal.
func (e *Engine) checkShown(ctx context.Context) error {
	ident := e.self()
	_, org := e.view()
	if org == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	if org.CurrentRoot().Key == ident.latest() {
		return nil
	}
	if !slices.ContainsFunc(org.Roots(), func(r vault.Root) bool { return r.Key == ident.latest() }) {
		return vault.Errorf(vault.CodeIntegrity, "the storage shows another root than the organization's journal names")
	}
	remote := e.mounted()[0].remote // replaced since, or the storage kept it back
	note, err := orgNoteOf(ctx, remote.Get)
	if err != nil {
		return err
	}
	line, err := readRootLine(ctx, remote, note, vault.Fingerprint(keyOf(org.CurrentRoot().Key)))
	if vault.CodeOf(err) == vault.CodeForeign {
		return (&rootLine{note: note}).agrees(org, false)
	}
	if err != nil {
		return err
	}
	return line.agrees(org, false)
}

// showRoot notes which root is shown to who compares.
func (e *Engine) showRoot(key ed25519.PublicKey) error {
	ident := e.self()
	if ident.latest() == keyText(key) {
		return nil
	}
	ident.Latest = keyText(key)
	if err := e.saveIdentity(ident); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ident.Latest = ident.Latest
	return nil
}

// keepRoot notes the root of now, so that it is known while locked.
func (e *Engine) keepRoot() error {
	_, org := e.view()
	if org == nil || e.self().Joining {
		return nil
	}
	return e.showRoot(keyOf(org.CurrentRoot().Key))
}

// latest returns the key of the last root that is known here.
func (f *identityFile) latest() string {
	if f.Latest == "" {
		return f.Root
	}
	return f.Latest
}

// fingerprint returns the one of the root of now, which people compare.
func (e *Engine) fingerprint() string {
	ident := e.self()
	if _, org := e.view(); org != nil && !ident.Joining {
		return vault.Fingerprint(keyOf(org.CurrentRoot().Key))
	}
	return vault.Fingerprint(keyOf(ident.latest()))
}

func keyText(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) }

// keyOf undoes keyText; the text was checked when it was taken in.
func keyOf(text string) ed25519.PublicKey {
	raw, _ := base64.StdEncoding.DecodeString(text)
	return raw
}

func rootNoteObject(n *vault.RootNote, raw []byte) vault.Object {
	return vault.Object{Path: n.Path(), Size: int64(len(raw)), Hash: objecthash.Of(raw)}
}

// rootNotes compares the notes of all successors on the remote, and has them at hand if one is not there.
func (v *verification) rootNotes(ctx context.Context) error {
	_, org := v.e.view()
	if org == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	for _, r := range org.Roots()[1:] {
		raw := r.RootNote()
		o := rootNoteObject(&vault.RootNote{N: r.N, Root: keyOf(r.Key)}, raw)
		if !v.e.Spool.Has(o.Path) {
			if err := v.e.stageSegment(o.Path, raw); err != nil {
				return err
			}
		}
		there, err := readSource(ctx, v.m.remote.Get, o.Path, maxOrgNote)
		switch {
		case err == nil && bytes.Equal(there, raw), vault.CodeOf(err) == vault.CodeNotFound:
			v.expectObject(o)
		case err != nil:
			return err
		default:
			v.res.Altered++
			v.known[o.Path] = true
			v.find(foundAltered, o.Path)
		}
	}
	return nil
}
