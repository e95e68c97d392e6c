package engine

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

const (
	maxSegmentFile = vault.MaxSegment + 8<<10 // bytes of a segment with its header
	maxParcel      = 1 << 20
)

// source gives the bytes of an object by its path: of a remote, of this disk, or of both. Errors have CodeNotFound where
// there is none.
type source func(ctx context.Context, path string) (io.ReadCloser, error)

// pulledSegment is a segment that was verified and decrypted, with the parcels that its events declare.
type pulledSegment struct {
	writer  vault.WriterID
	seq     uint64
	body    *vault.Body
	info    segmentInfo
	raw     []byte
	parcels map[string][]byte
}

// puller fetches segments and verifies them; applying is for others. What is bad becomes a finding and stops its writer
// alone. It is used by one goroutine.
type puller struct {
	sealer Sealer
	get    source
	name   string // of the remote, for findings
	org    *vault.Org
	first  vault.WriterID // of the organization note
	keys   *keyring       // grows with the parcels that turn up
	heads  vault.Past     // next segment of each writer
	last   map[vault.WriterID]segmentInfo
	skip   vault.WriterID // this device's own writer, whose segments are not pulled
	own    uint64         // next segment of skip
	// infoOf returns what is known of a segment that an earlier pull took; nil where nothing is.
	infoOf func(w vault.WriterID, seq uint64) (segmentInfo, bool)
	// trusting takes a segment whatever it says to have seen: where all was taken before, or all that is left is wanted.
	trusting bool
	// barred are writers that are not asked, where it is not their turn.
	barred map[vault.WriterID]bool

	asking   map[vault.WriterID]*asking
	infos    map[segmentName]segmentInfo // of this pull
	claimed  vault.Past                  // what segments say that there is
	named    map[vault.WriterID]bool     // by segments that were taken
	stuck    map[vault.WriterID]bool
	absent   map[vault.EpochID]bool // epochs whose parcels do not open here
	findings []api.Finding
	lies     []string // segments that say less than their writers must have seen
	newer    []vault.WriterID
	trouble  error // a note or the listing could not be read; the rest was
}

// segmentName says which segment of which writer.
type segmentName struct {
	writer vault.WriterID
	seq    uint64
}

func newPuller(s Sealer, get source, name string, org *vault.Org, keys *keyring, heads vault.Past) *puller {
	k := *keys
	k.epochs = maps.Clone(keys.epochs)
	k.older = slices.Clone(keys.older)
	p := &puller{sealer: s, get: get, name: name, org: org, keys: &k, heads: heads.Clone(), last: map[vault.WriterID]segmentInfo{},
		barred: map[vault.WriterID]bool{}, asking: map[vault.WriterID]*asking{}, infos: map[segmentName]segmentInfo{},
		claimed: vault.Past{}, named: map[vault.WriterID]bool{}, stuck: map[vault.WriterID]bool{}, absent: map[vault.EpochID]bool{}}
	if p.heads == nil {
		p.heads = vault.Past{}
	}
	return p
}

// know adds writers to ask.
func (p *puller) know(writers ...vault.WriterID) {
	for _, w := range writers {
		if _, ok := p.heads[w]; !ok && w.Valid() && w != p.skip {
			p.heads[w] = 0
		}
	}
}

func (p *puller) find(severity, code, path string) {
	p.findings = append(p.findings, findingOf(severity, code, onRemote(p.name, path)))
}

// enrolled reports whether the writer is one of a certified device, or the founder's, or had a segment taken already.
func (p *puller) enrolled(w vault.WriterID) bool {
	return w == p.first || p.heads[w] > 0 || p.org.Devices[w.Device()] != nil
}

// admitted reports whether the writer belongs to a device that is certified, or certifies itself with the root's
// signature here. Others wait: what is not certified is not read into memory any further.
func (p *puller) admitted(w vault.WriterID, body *vault.Body) bool {
	if p.enrolled(w) {
		return true
	}
	for i := range body.Events {
		ev := &body.Events[i]
		var b vault.DeviceBody
		if ev.Type == vault.DeviceCertified && ev.Decode(&b) == nil && b.Device == w.Device() && p.byRoot(ev, w.Device(), body) {
			return true
		}
	}
	return false
}

// byRoot reports whether one of the roots signed an event, or one that the same segment names as the next.
func (p *puller) byRoot(ev *vault.Event, by vault.DeviceID, body *vault.Body) bool {
	for _, r := range p.org.Roots() {
		if ev.CosignedBy(p.org.ID, by, r.Key) {
			return true
		}
	}
	for i := range body.Events {
		var b vault.RootBody
		if body.Events[i].Type != vault.RootSucceeded || body.Events[i].Decode(&b) != nil {
			continue
		}
		n, err := vault.ParseRootNote([]byte(b.Note))
		if err == nil && ev.CosignedBy(p.org.ID, by, keyText(n.Root)) {
			return true
		}
	}
	return false
}

// maxParcels bounds how many parcels of one epoch are looked at: far more devices than any organization has.
const maxParcels = 64

// identities returns the keys that may open what is sealed to an epoch. The epoch's id is the path of its parcel, so it
// is found before the event that opened it was read.
func (p *puller) identities(ctx context.Context, id vault.EpochID) ([]string, error) {
	if identity, ok := p.keys.epochs[id]; ok {
		return []string{identity}, nil
	}
	if !p.absent[id] && vault.ParcelEpoch(vault.ParcelPath(id, 0)) == id {
		for i := range maxParcels {
			there, err := p.tryParcel(ctx, id, vault.ParcelPath(id, i))
			if err != nil {
				return nil, err
			}
			if identity, ok := p.keys.epochs[id]; ok {
				return []string{identity}, nil
			}
			if !there {
				break
			}
		}
		if err := p.tryExtensions(ctx, id); err != nil {
			return nil, err
		}
		if identity, ok := p.keys.epochs[id]; ok {
			return []string{identity}, nil
		}
		p.absent[id] = true
	}
	return p.keys.older, nil
}

// tryParcel opens a parcel that may not be there.
func (p *puller) tryParcel(ctx context.Context, id vault.EpochID, path string) (there bool, err error) {
	raw, err := readSource(ctx, p.get, path, maxParcel)
	if vault.CodeOf(err) == vault.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read parcel: %w", err)
	}
	p.open(id, raw)
	return true, nil
}

// tryExtensions looks where admins put an epoch for a device that was enrolled while it was opened: the segment that tells
// of it may be sealed to that very epoch.
func (p *puller) tryExtensions(ctx context.Context, id vault.EpochID) error {
	for _, w := range slices.Sorted(maps.Keys(p.heads)) {
		d := p.org.Devices[w.Device()]
		if d == nil || !d.Has(vault.RoleAdmin) || p.org.Here == "" {
			continue
		}
		if _, err := p.tryParcel(ctx, id, vault.ExtensionPath(w, id, p.org.Here)); err != nil {
			return err
		}
	}
	return nil
}

// open takes the identity out of a parcel if it opens with what is at hand.
func (p *puller) open(id vault.EpochID, raw []byte) {
	if r, err := p.sealer.Open(bytes.NewReader(raw), p.keys.own()); err == nil {
		_ = p.keys.readParcel(id, r, p.sealer) // a malformed one opens nothing
	}
}

// fetchParcels fetches what the events of a segment declare as parcels.
func (p *puller) fetchParcels(ctx context.Context, seg *pulledSegment) error {
	for i := range seg.body.Events {
		ev := &seg.body.Events[i]
		epoch, parcels := p.parcelsOf(ev)
		for _, o := range parcels {
			raw, err := readSource(ctx, p.get, o.Path, maxParcel)
			switch {
			case vault.CodeOf(err) == vault.CodeNotFound:
				p.find(severeError, foundMissing, o.Path)
				continue
			case err != nil:
				return fmt.Errorf("read parcel: %w", err)
			case objecthash.Of(raw) != o.Hash:
				p.find(severeError, foundAltered, o.Path)
				continue
			}
			if seg.parcels == nil {
				seg.parcels = map[string][]byte{}
			}
			seg.parcels[o.Path] = raw
			p.open(epoch, raw)
		}
	}
	return nil
}

// parcelsOf returns what an event declares as parcels that may be for this device, with their epoch.
func (p *puller) parcelsOf(ev *vault.Event) (vault.EpochID, []vault.Object) {
	switch ev.Type {
	case vault.EpochOpened:
		var b vault.EpochBody
		if ev.Decode(&b) == nil {
			return b.Epoch, b.Parcels
		}
	case vault.EpochExtended:
		var b vault.ExtendBody
		if ev.Decode(&b) == nil {
			return b.Epoch, slices.DeleteFunc(b.Parcels, func(o vault.Object) bool {
				return o.Path != vault.ExtensionPath(vault.PathWriter(o.Path), b.Epoch, p.org.Here)
			})
		}
	}
	return "", nil
}

// note fetches a note object and returns the lines that its event commits to. A code says what is wrong with it.
func (p *puller) note(ctx context.Context, keys *keyring, n *vault.NoteBody) (map[vault.Hash][]byte, string, error) {
	raw, err := readSource(ctx, p.get, n.Object.Path, vault.MaxSegment)
	switch {
	case vault.CodeOf(err) == vault.CodeNotFound:
		return nil, foundMissing, nil
	case err != nil:
		return nil, "", fmt.Errorf("read note: %w", err)
	case int64(len(raw)) < n.Object.Size:
		return nil, foundTruncated, nil
	case objecthash.Of(raw) != n.Object.Hash:
		return nil, foundAltered, nil
	}
	plain, err := p.sealer.Open(bytes.NewReader(raw), keys.identitiesFor(n.Object.Readers))
	if err != nil {
		return nil, foundAltered, nil //nolint:nilerr // the code says it
	}
	lines, err := parseNote(plain)
	if err != nil {
		return nil, foundAltered, nil //nolint:nilerr // the code says it
	}
	for h := range lines {
		if !slices.Contains(n.Entries, h) {
			return nil, foundAltered, nil
		}
	}
	return lines, "", nil
}

// splitSegment verifies the header and returns it with the part of raw that follows it; of a newer version's the header as ParseHeader does.
func splitSegment(raw []byte) (*vault.Header, []byte, error) {
	src := bytes.NewReader(raw)
	br := bufio.NewReader(src)
	h, err := vault.ParseHeader(br)
	if err != nil {
		return h, nil, err
	}
	return h, raw[len(raw)-src.Len()-br.Buffered():], nil
}

// readSource reads an object of at most limit bytes whole; of a longer one it returns the beginning, which no hash fits.
func readSource(ctx context.Context, get source, path string, limit int64) ([]byte, error) {
	rc, err := get(ctx, path)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(rc, limit+1))
	if cerr := rc.Close(); err == nil {
		err = cerr
	}
	return raw, err
}
