package engine

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// unlisted looks at an object that the listing did not name: it is gone, it was pushed after the listing, or the listing is
// old.
func (v *verification) unlisted(ctx context.Context, x *expected) error {
	info, err := v.m.remote.Stat(ctx, x.Path)
	if vault.CodeOf(err) == vault.CodeNotFound {
		v.missing(x)
		return nil
	}
	if err != nil {
		return err
	}
	if folder := path.Dir(x.Path); !v.early[folder] {
		v.early[folder] = true
		if err := v.m.remote.List(ctx, folder, func(o ObjectInfo) error { v.there[o.Path] = o.Size; return nil }); err != nil {
			return err
		}
	}
	if _, there := v.there[x.Path]; !there {
		v.find(foundStale, x.Path)
	}
	return v.present(ctx, x, info.Size)
}

// orgNote looks at the organization note, which is the same for ever, and at those of later roots.
func (v *verification) orgNote(ctx context.Context) error {
	raw, err := readSource(ctx, v.m.remote.Get, vault.OrgNotePath, maxOrgNote)
	if err == nil {
		_, err = v.e.ownOrgNote(raw)
	}
	switch vault.CodeOf(err) {
	case "":
		v.expectObject(vault.Object{Path: vault.OrgNotePath, Size: int64(len(raw)), Hash: objecthash.Of(raw)})
	case vault.CodeForeign:
		v.find(foundForeign, vault.OrgNotePath)
	case vault.CodeIntegrity:
		v.find(foundAltered, vault.OrgNotePath)
	case vault.CodeUpgrade:
		v.found = append(v.found, findingOf(severeWarning, foundUnreadable, onRemote(v.m.name, vault.OrgNotePath)))
	case vault.CodeNotFound:
		if !v.e.isQueued(vault.OrgNotePath) {
			v.find(foundMissing, vault.OrgNotePath)
		}
	default:
		return err
	}
	return v.rootNotes(ctx)
}

const (
	metaUnknown = "unknown/" // + remote:path of an object that no segment tells of → unknownMark
	unknownLong = 24 * time.Hour
	maxUnknown  = 10_000 // objects of which it is kept since when they are there
)

// unknownMark says since when an object is there, and how far its writer had come then.
type unknownMark struct {
	Since time.Time `json:"since"`
	Next  uint64    `json:"next"`
}

// checkUnknown reports what is on the remote and in nobody's events. What another enrolled writer pushed whose segment
// is still on its way is only mentioned, unless that writer has gone on for a day without telling of it.
func (v *verification) checkUnknown(ctx context.Context) error {
	_, org := v.e.view()
	if org == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	marks, err := v.unknownMarks()
	if err != nil {
		return err
	}
	heads := v.e.pastNow()
	held, err := v.e.heldMarks()
	if err != nil {
		return err
	}
	for _, h := range held { // what waits for others is known
		for _, w := range h.By {
			v.known[vault.SegmentPath(w, heads[w])] = true
		}
	}
	still := map[string]unknownMark{}
	revoked := map[vault.DeviceID]bool{}
	for _, path := range slices.Sorted(maps.Keys(v.there)) {
		if v.want[path] != nil || v.known[path] || path == vault.OrgNotePath || v.told[onRemote(v.m.name, path)] ||
			strings.HasPrefix(path, "v1/join/") || strings.HasPrefix(path, "v1/probe/") {
			continue
		}
		f := findingOf(severeError, foundInjected, onRemote(v.m.name, path))
		w := vault.PathWriter(path)
		d := org.Devices[w.Device()]
		switch {
		case d == nil || w == v.writer:
		case d.Active():
			mark, known := marks[f.Subject]
			if !known {
				mark = unknownMark{v.e.Now().UTC(), heads[w]}
			}
			if len(still) < maxUnknown {
				still[f.Subject] = mark
			}
			if v.e.Now().Sub(mark.Since) < unknownLong || heads[w] <= mark.Next {
				f.Severity = severeInfo
				f.Message = lang.Key("an object that no segment tells of yet; another device may be writing")
				f.Hint = ""
			}
		case !revoked[d.Device]: // it may have been stopped in the middle
			revoked[d.Device] = true
			f = finding(severeInfo, "revoked_objects", onRemote(v.m.name, string(d.Device)),
				lang.Key("a revoked workstation left objects that no event tells of; they are not used"), "")
		default:
			continue
		}
		v.found = append(v.found, f)
	}
	return v.keepUnknown(ctx, marks, still)
}

// unknownMarks returns what an earlier run did not know on this remote.
func (v *verification) unknownMarks() (map[string]unknownMark, error) {
	out := map[string]unknownMark{}
	err := v.e.Store.Scan(bucketMeta, metaUnknown+v.m.name+":", func(key string, raw []byte) error {
		var m unknownMark
		err := decodeHeld(raw, &m)
		out[strings.TrimPrefix(key, metaUnknown)] = m
		return err
	})
	return out, err
}

func (v *verification) keepUnknown(ctx context.Context, before, now map[string]unknownMark) error {
	var ops []Op
	for subject := range before {
		if _, there := now[subject]; !there {
			ops = append(ops, Op{bucketMeta, metaUnknown + subject, nil})
		}
	}
	for subject, m := range now {
		if _, known := before[subject]; !known {
			ops = append(ops, jsonOp(bucketMeta, metaUnknown+subject, m))
		}
	}
	if len(ops) == 0 {
		return nil
	}
	return v.e.exclusive(ctx, func() error { return v.e.Store.Write(ops) })
}

// fewest findings of one code are told one by one; what comes after them is counted.
const fewest = 100

// fewer leaves out findings of a code beyond so many, and says that there are more.
func fewer(found []api.Finding, remote string) []api.Finding {
	count := map[string]int{}
	out := found[:0:0]
	more := ""
	for _, f := range found {
		if count[f.Code]++; f.Code == foundInjected && count[f.Code] > fewest {
			more = f.Severity
			continue
		}
		out = append(out, f)
	}
	if more != "" {
		f := findingOf(more, foundJunk, onRemote(remote, "v1"))
		f.Message = vault.Errorf(vault.CodeIntegrity, "the storage holds %d objects that no enrolled device wrote; they are not used", count[foundInjected]).Error()
		out = append(out, f)
	}
	return out
}

// sendAgain queues what is missing and at hand.
func (v *verification) sendAgain(ctx context.Context) error {
	if len(v.again) == 0 {
		return nil
	}
	slices.SortStableFunc(v.again, func(a, b queueItem) int {
		if a.Segment != b.Segment {
			return map[bool]int{true: 1, false: -1}[a.Segment]
		}
		return bySegment(a, b)
	})
	err := v.e.exclusive(ctx, func() error { return v.e.enqueueItems(v.again) })
	v.e.kick()
	return err
}
