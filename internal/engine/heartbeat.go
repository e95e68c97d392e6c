package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

const (
	// beatEvery is how long a device may write nothing before it signs a heartbeat. A little less than a day, so that one that
	// runs at the same hour each day signs one each day.
	beatEvery = 22 * time.Hour
	metaHeard = "heard/" // + device → when this one last took a segment of it, and what that one was dated
)

// heard is the last sign of life of a device.
type heard struct {
	At  vault.Clock `json:"at"`  // of its last segment, by its own clock
	Got time.Time   `json:"got"` // when that arrived here
}

// last returns when the device was alive: a segment that is dated ahead was alive when it arrived.
func (h *heard) last() time.Time {
	if at := h.At.Time(); at.Before(h.Got) {
		return at
	}
	return h.Got
}

// hear notes whose segments arrived.
func (o *overlay) hear(segs []*pulledSegment, now time.Time) {
	for _, seg := range segs {
		o.putJSON(bucketMeta, metaHeard+string(seg.writer.Device()), heard{seg.info.At, now.UTC()})
	}
}

// heardOf returns when a device was last alive as far as this one knows.
func (e *Engine) heardOf(id vault.DeviceID) (time.Time, error) {
	raw, err := e.Store.Get(bucketMeta, metaHeard+string(id))
	if err != nil {
		return time.Time{}, err
	}
	if raw != nil {
		var h heard
		err := decodeHeld(raw, &h)
		return h.last(), err
	}
	var h heard // of an index that was built anew there is only what the segments say
	for w, next := range e.pastNow() {
		if w.Device() != id || next == 0 {
			continue
		}
		var info segmentInfo
		if err := getJSON(e.Store, bucketSegments, segmentKey(w, next-1), &info); err != nil {
			return time.Time{}, err
		}
		if info.At.Compare(h.At) > 0 {
			h = heard{info.At, e.Now()}
		}
	}
	return h.last(), nil
}

// beat signs a heartbeat if this device has written nothing for a day, so that a storage that withholds its news does not
// pass for a quiet day.
func (e *Engine) beat(ctx context.Context) error {
	_, org := e.view()
	if org == nil || org.Devices[e.self().Device] == nil {
		return nil
	}
	return e.commit(ctx, func(t *tx) error {
		w := &t.e.writer
		if len(w.pending) > 0 {
			return nil
		}
		var last vault.Clock
		if err := getJSON(e.Store, bucketMeta, metaClock, &last); err != nil {
			return err
		}
		if e.Now().Sub(last.Time()).Abs() < beatEvery {
			return nil
		}
		return t.emit(vault.Heartbeat, "", nil)
	})
}

// silentFindings names the workstations of which nothing was heard for as long as the settings allow, up to the last time
// that a remote answered: it may be switched off for good, or the storage withholds what it writes.
func (e *Engine) silentFindings() []api.Finding {
	_, org := e.view()
	after := e.Settings.SilentAfter()
	if org == nil || after <= 0 {
		return nil
	}
	raw, err := e.Store.Get(bucketMeta, metaSynced)
	if err != nil || raw == nil {
		return nil
	}
	synced, err := time.Parse(time.RFC3339, string(raw))
	if err != nil {
		return nil
	}
	var out []api.Finding
	for id, d := range org.Devices {
		if id == org.Here || !d.Active() {
			continue
		}
		last, err := e.heardOf(id)
		if err != nil {
			continue
		}
		if since := d.Since.Time(); last.Before(since) { // it may not have written yet
			last = since
		}
		if synced.Sub(last) < after {
			continue
		}
		message := vault.Errorf(vault.CodeAttention, "nothing was heard of %s's workstation since %s", cmp.Or(org.AgentName(d.Agent), string(d.Agent)),
			vault.DateOf(last.In(e.Now().Location())))
		out = append(out, finding(severeWarning, "silent", string(id), message.Error(),
			lang.Key("is it switched off or locked? If it is in use, the storage withholds what it writes; if it is gone, revoke it")))
	}
	slices.SortFunc(out, func(a, b api.Finding) int { return cmp.Compare(a.Subject, b.Subject) })
	return out
}
