package engine

import (
	"context"
	"maps"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// expected is an object that a remote must hold.
type expected struct {
	vault.Object
	segment *segmentInfo
	digest  vault.Hash   // of the plaintext of a document, "" where it is not known here
	entries []vault.Hash // that a note holds
}

// verification is one run of Verify over one remote.
type verification struct {
	e      *Engine
	m      *mount
	keys   *keyring
	deep   bool
	want   map[string]*expected
	known  map[string]bool // objects that may be there or not: dead, doomed, queued
	tombs  map[string]bool // tombstoned in a vault
	queued map[string]bool
	there  map[string]int64
	told   map[string]bool // subjects of what the pull before found
	early  map[string]bool // folders that were listed again
	// refused are the vaults with events that were not applied.
	refused []string
	writer  vault.WriterID
	res     *api.VerifyResult
	found   []api.Finding
	again   []queueItem
	tell    func(api.Progress)
}

// Verify compares every remote with what this device knows: the chains and signatures of all writers, and every object
// that is in use, by presence and size; Deep downloads each, compares its hash, and opens what this device reads. Each
// finding is yielded; if one is an error, the call ends with CodeIntegrity after all were. What is gone from a remote and
// still on this disk or on another remote is queued again.
func (e *Engine) Verify(ctx context.Context, req api.VerifyRequest, tell func(api.Progress), yield func(api.Finding) error) (api.VerifyResult, error) {
	res := api.VerifyResult{Head: api.H("verify")}
	if _, _, err := e.ready(); err != nil {
		return res, err
	}
	if err := e.flush(ctx); err != nil {
		return res, err
	}
	for _, m := range e.mounted() { // everything is listed anyway: look for unknown writers too
		m.forgetHint()
	}
	_, pulled, last := e.pullFrom(ctx, true)
	switch vault.CodeOf(last) {
	case vault.CodeUnreachable, vault.CodeInterrupted, vault.CodeLocked, vault.CodeNoDaemon:
		return res, last
	case vault.CodeForeign, vault.CodeIntegrity: // it is found again below
		last = nil
	}
	bad := 0
	for _, m := range e.mounted() {
		found, err := e.verifySettled(ctx, m, req.Deep, pulled, &res, tell)
		if err != nil {
			last = err
			continue
		}
		held, err := e.heldFindings()
		if err != nil {
			return res, err
		}
		for _, f := range held {
			if strings.HasPrefix(f.Subject, m.name+":") {
				found = append(found, f)
			}
		}
		for _, f := range found {
			if f.Severity == severeError {
				bad++
			}
			if yield != nil {
				if err := yield(f); err != nil {
					return res, err
				}
			}
		}
		res.Findings = append(res.Findings, found...)
	}
	if bad > 0 && (last == nil || vault.CodeOf(last) == vault.CodeFailed) {
		last = errFindings(bad)
	}
	return res, last
}

func (e *Engine) newVerification(m *mount, keys *keyring) *verification {
	return &verification{e: e, m: m, keys: keys, want: map[string]*expected{}, known: map[string]bool{}, tombs: map[string]bool{}, queued: map[string]bool{},
		there: map[string]int64{}, told: map[string]bool{}, early: map[string]bool{}, writer: e.self().Writer}
}

// verifySettled is verifyRemote, made again where something is missing and there is news of others: they may have replaced
// and deleted it between the pull and the listing.
func (e *Engine) verifySettled(ctx context.Context, m *mount, deep bool, pulled []api.Finding, res *api.VerifyResult, tell func(api.Progress)) ([]api.Finding, error) {
	before := *res
	for try := 0; ; try++ {
		found, err := e.verifyRemote(ctx, m, deep, pulled, res, tell)
		if err != nil || try == 2 || !slices.ContainsFunc(found, isMissing) {
			return found, err
		}
		n, again, err := e.pullFrom(ctx, true)
		if err != nil || n == 0 {
			return found, nil //nolint:nilerr // what was found stands
		}
		*res, pulled = before, again
	}
}

// verifyRemote checks one remote and keeps what it found instead of what earlier checks had.
func (e *Engine) verifyRemote(ctx context.Context, m *mount, deep bool, pulled []api.Finding, res *api.VerifyResult, tell func(api.Progress)) ([]api.Finding, error) {
	keys, _, err := e.ready()
	if err != nil {
		return nil, err
	}
	v := e.newVerification(m, keys)
	v.deep, v.res, v.tell = deep, res, tell
	for _, f := range pulled {
		if strings.HasPrefix(f.Subject, m.name+":") {
			v.told[f.Subject] = true
			v.found = append(v.found, f)
		}
	}
	if err := v.orgNote(ctx); err != nil {
		return nil, err
	}
	// The listing comes first: what is written meanwhile is then expected, and not yet there, rather than unknown.
	if err := m.remote.List(ctx, "v1", func(o ObjectInfo) error { v.there[o.Path] = o.Size; return nil }); err != nil {
		return nil, err
	}
	if err := v.expect(); err != nil {
		return nil, err
	}
	if err := v.check(ctx); err != nil {
		return nil, err
	}
	if err := v.forgiveReplaced(); err != nil {
		return nil, err
	}
	if err := v.checkUnknown(ctx); err != nil {
		return nil, err
	}
	if err := v.sendAgain(ctx); err != nil {
		return nil, err
	}
	v.found = fewer(v.found, m.name)
	slices.SortFunc(v.found, func(a, b api.Finding) int { return strings.Compare(a.Subject, b.Subject) })
	return v.found, e.keepFindings(ctx, m.name+":", v.found)
}

// find adds what is wrong with an object, unless the pull before has said so.
func (v *verification) find(code, path string) {
	if v.told[onRemote(v.m.name, path)] {
		return
	}
	v.found = append(v.found, findingOf(severeError, code, onRemote(v.m.name, path)))
}

// expect collects what this device knows: segments, parcels, notes and objects in use, and what may be on its way.
// The queue is read before the rest and after it: what leaves it in between is there, and what enters it is not missing.
func (v *verification) expect() error {
	scans := []struct {
		bucket string
		fn     func(key string, raw []byte) error
	}{
		{bucketQueue, v.expectQueued},
		{bucketDoomed, func(path string, _ []byte) error { v.known[path] = true; return nil }},
		{bucketSegments, v.expectSegment},
		{bucketHeld, func(path string, raw []byte) error {
			if path != vault.OrgNotePath {
				return nil
			}
			var h heldObject
			err := decodeHeld(raw, &h)
			v.expectObject(vault.Object{Path: path, Size: h.Size, Hash: h.Hash})
			return err
		}},
		{bucketNotes, func(_ string, raw []byte) error {
			var n vault.NoteBody
			err := decodeHeld(raw, &n)
			v.expectObject(n.Object)
			v.want[n.Object.Path].entries = n.Entries
			return err
		}},
		{bucketVaults, v.expectVault},
		{bucketQueue, v.expectQueued},
	}
	for _, s := range scans {
		if err := v.e.Store.Scan(s.bucket, "", s.fn); err != nil {
			return err
		}
	}
	_, org := v.e.view()
	if org == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	for _, ep := range org.Epochs {
		for _, o := range ep.AllParcels() {
			v.expectObject(o)
		}
	}
	ov := newOverlay(v.e.Store, org, v.keys)
	for _, scope := range append(v.refused, scopeOf("")) {
		if err := ov.declaredObjects(scope, v.known); err != nil {
			return err
		}
	}
	return nil
}

func (v *verification) expectQueued(_ string, raw []byte) error {
	var it queueItem
	if err := decodeHeld(raw, &it); err != nil {
		return err
	}
	v.known[it.Path] = true
	if !it.Done[v.m.name] {
		v.queued[it.Path] = true
	}
	return nil
}

func (v *verification) expectObject(o vault.Object) { v.want[o.Path] = &expected{Object: o} }

func (v *verification) expectSegment(key string, raw []byte) error {
	var info segmentInfo
	if err := decodeHeld(raw, &info); err != nil {
		return err
	}
	w, seq, err := parseSegmentKey(key)
	if err != nil {
		return err
	}
	path := vault.SegmentPath(w, seq)
	v.want[path] = &expected{Object: vault.Object{Path: path, Size: info.Size, Hash: info.Hash}, segment: &info}
	return nil
}

func (v *verification) expectVault(key string, raw []byte) error {
	st := vault.NewState(vault.BeneficiaryID(key))
	if err := decodeHeld(raw, st); err != nil {
		return err
	}
	for _, o := range st.LiveObjects() {
		v.expectObject(o)
	}
	for path, n := range st.Notes {
		v.want[path].entries = n.Entries
	}
	for _, d := range st.Documents {
		if d.Removed != nil { // deleted once the tombstone is everywhere
			v.known[d.Object.Path] = true
		} else {
			v.want[d.Object.Path].digest = d.Digest
		}
	}
	for p := range st.Dead {
		v.known[p] = true
	}
	for p := range st.Tombs {
		v.known[p] = true
	}
	if _, org := v.e.view(); org != nil {
		gone, err := v.e.settledTombs(newOverlay(v.e.Store, org, v.keys), st)
		if err != nil {
			return err
		}
		for _, p := range gone {
			v.tombs[p] = true
		}
	}
	if len(st.Quarantine) > 0 {
		v.refused = append(v.refused, key)
	}
	return nil
}

// check looks at every expected object.
func (v *verification) check(ctx context.Context) error {
	paths := slices.Sorted(maps.Keys(v.want))
	for i, path := range paths {
		if err := ctx.Err(); err != nil {
			return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		x := v.want[path]
		size, there := v.there[path]
		switch {
		case v.queued[path] && !there:
		case !there:
			if err := v.unlisted(ctx, x); err != nil {
				return err
			}
		default:
			if err := v.present(ctx, x, size); err != nil {
				return err
			}
		}
		if v.tell != nil {
			v.tell(api.Progress{Stage: "verify", Done: int64(i + 1), Total: int64(len(paths)), Unit: "objects"})
		}
	}
	return nil
}

// present looks at an object that is there.
func (v *verification) present(ctx context.Context, x *expected, size int64) error {
	if x.segment != nil {
		return v.segment(ctx, x)
	}
	v.res.Objects++
	return v.object(ctx, x, size)
}

// missing reports an object that is gone, and queues it again if its bytes are at hand.
func (v *verification) missing(x *expected) {
	v.res.Missing++
	code := foundMissing
	if x.segment != nil && v.lastOfWriter(x.Path) {
		code = foundRolledBack
	}
	f := findingOf(severeError, code, onRemote(v.m.name, x.Path))
	v.found = slices.DeleteFunc(v.found, func(g api.Finding) bool { return g.Subject == f.Subject })
	done := map[string]bool{}
	for _, m := range v.e.mounted() {
		if m != v.m {
			done[m.name] = true
		}
	}
	if v.e.Spool.Has(x.Path) || len(done) > 0 {
		f.Hint = lang.Key("it is sent again from this device or another remote; `vaultctl sync --wait` waits for it")
		v.again = append(v.again, queueItem{Path: x.Path, Size: x.Size, Hash: x.Hash, Segment: x.segment != nil, Done: done})
	}
	v.found = append(v.found, f)
}

// forgiveReplaced takes back what is missing because this workstation has replaced and deleted it since it was expected.
func (v *verification) forgiveReplaced() error {
	if !slices.ContainsFunc(v.found, isMissing) {
		return nil
	}
	now := v.e.newVerification(v.m, v.keys)
	if err := now.expect(); err != nil {
		return err
	}
	replaced := func(path string) bool {
		return vault.PathWriter(path) != "" && v.want[path] != nil && now.want[path] == nil // the notes of the organization are expected elsewhere
	}
	v.again = slices.DeleteFunc(v.again, func(it queueItem) bool { return replaced(it.Path) })
	v.found = slices.DeleteFunc(v.found, func(f api.Finding) bool {
		if !isMissing(f) || v.told[f.Subject] || !replaced(strings.TrimPrefix(f.Subject, v.m.name+":")) {
			return false
		}
		v.res.Missing--
		return true
	})
	return nil
}

func isMissing(f api.Finding) bool { return f.Code == foundMissing }

// lastOfWriter reports whether the remote has no later segment of the writer: then its end was cut off.
func (v *verification) lastOfWriter(path string) bool {
	for p := range v.there {
		if strings.HasSuffix(p, ".seg") && vault.PathWriter(p) == vault.PathWriter(path) && bySegment(queueItem{Path: p}, queueItem{Path: path}) > 0 {
			return false
		}
	}
	return true
}

// segment compares a segment with the one that this device knows under its number.
func (v *verification) segment(ctx context.Context, x *expected) error {
	raw, err := readSource(ctx, v.m.remote.Get, x.Path, vault.MaxSegment+8<<10)
	if err != nil {
		return v.unreadable(x.Path, err)
	}
	v.res.Segments++
	if objecthash.Of(raw) == x.Hash {
		h, _, err := splitSegment(raw)
		if err != nil || h.Hash() != x.segment.Header || h.Prev != x.segment.Prev {
			v.res.Altered++
			v.find(foundAltered, x.Path)
			return nil //nolint:nilerr // it is a finding
		}
		if _, body, err := v.e.openSegment(v.keys, raw); err == nil {
			v.res.Events += len(body.Events)
		} else if vault.CodeOf(err) != vault.CodeNoIdentity {
			v.res.Altered++
			v.find(foundAltered, x.Path)
		}
		return nil
	}
	v.res.Altered++
	h, sealed, err := splitSegment(raw)
	switch {
	case err == nil && h.Writer == vault.PathWriter(x.Path) && h.Hash() != x.segment.Header && int64(len(sealed)) == h.Size &&
		vault.HashOf(sealed) == h.Body && vault.SegmentPath(h.Writer, h.Seq) == x.Path:
		v.find(foundForked, x.Path) // signed, whole, and another one
	case int64(len(raw)) < x.Size:
		v.find(foundTruncated, x.Path)
	default:
		v.find(foundAltered, x.Path)
	}
	return nil
}
