package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// TestUnknownCriticalEvents makes read-only what a newer version has changed in a way that this one does not understand: a
// vault, or everything. A withdrawal is recorded all the same.
func TestUnknownCriticalEvents(t *testing.T) {
	k, a, b, _, _ := trio(t)
	one, two := k.MustVault(t, "Diallo"), k.MustVault(t, "Ba")
	doc := k.MustAdd(t, deposit(one, "cv"), "avant").ID
	MustSync(t, k.rig)
	critical := func(c *engine.Crafted, id string) vault.Event {
		ev := c.Event("future.event", vault.BeneficiaryID(id), map[string]any{"what": strings.Repeat("unknown ", 10)})
		ev.Critical = true
		return ev
	}
	mild := a.Event("future.remark", vault.BeneficiaryID(two), nil)
	a.Write(k.seenBy(t, a), critical(a, one), mild)
	MustSync(t, k.rig)
	_, err := k.DocumentAdd(ctxb, deposit(one, "cv"), strings.NewReader("après"))
	wantCode(t, "deposit into a vault that a newer version changed", err, vault.CodeUpgrade)
	_, err = k.CardIssue(ctxb, api.CardRequest{Beneficiary: one})
	wantCode(t, "card", err, vault.CodeUpgrade)
	k.MustAdd(t, deposit(two, "cv"), "ailleurs")
	if got, _, err := k.get(doc, ""); err != nil || got != "avant" {
		t.Errorf("reading what was there: %q, %v", got, err)
	}
	if f := doctorSays(t, k.rig, "unreadable"); len(f) != 1 || f[0].Subject != one {
		t.Errorf("doctor: %+v", f)
	}
	if _, err := k.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: one, To: "team:Accueil"}, nil); err != nil {
		t.Errorf("a withdrawal: %v", err)
	}
	b.Write(nil, critical(b, ""))
	MustSync(t, k.rig)
	_, err = k.DocumentAdd(ctxb, deposit(two, "cv"), strings.NewReader("après"))
	wantCode(t, "deposit after the organization was changed by a newer version", err, vault.CodeUpgrade)
	if !hasFinding(attentionOf(t, k.rig), "upgrade", "") {
		t.Errorf("status: %+v", attentionOf(t, k.rig))
	}
	k.Reopen(t)
	_, err = k.TeamAdd(ctxb, api.TeamAddRequest{Name: "Nord"})
	wantCode(t, "after a restart", err, vault.CodeUpgrade)
}

// TestNewerFormat stops at the segment of a newer version, goes on with the other writers, reads only, and damages nothing. What
// the storage passes off as one is altered.
func TestNewerFormat(t *testing.T) {
	k, a, b, c, _ := trio(t)
	person := k.MustVault(t, "Diallo")
	path := a.WriteNewer()
	b.Write(nil, b.Event(vault.Heartbeat, "", nil))
	c.Put(vault.SegmentPath(c.Writer, c.Seq), []byte("vaultctl segment v2\nwriter "+string(c.Writer)+"\n\nnobody signed this"))
	_, err := k.Sync(ctxb, api.SyncRequest{}, nil)
	wantCode(t, "sync", err, vault.CodeIntegrity) // what nobody signed
	if h := k.Heads(); h[b.Writer] != b.Seq || h[a.Writer] != a.Seq {
		t.Errorf("heads %v", h)
	}
	got := attentionOf(t, k.rig)
	if !hasFinding(got, "unreadable", path) || !hasFinding(got, "altered", vault.SegmentPath(c.Writer, c.Seq)) || !hasFinding(got, "upgrade", "") {
		t.Errorf("status: %+v", got)
	}
	_, err = k.DocumentAdd(ctxb, deposit(person, "cv"), strings.NewReader("après"))
	wantCode(t, "deposit", err, vault.CodeUpgrade)
	before := mustRead(t, filepath.Join(k.Remote, filepath.FromSlash(path)))
	_, _ = k.Sync(ctxb, api.SyncRequest{Wait: "5s"}, nil)
	if !slices.Equal(before, mustRead(t, filepath.Join(k.Remote, filepath.FromSlash(path)))) {
		t.Error("it was changed")
	}
	note := filepath.Join(k.Remote, filepath.FromSlash(vault.OrgNotePath))
	MustChange(t, note, func([]byte) []byte { return []byte("vaultctl organization v2\nand more\n") })
	_, err = k.Sync(ctxb, api.SyncRequest{}, nil)
	wantCode(t, "sync with a newer organization note", err, vault.CodeUpgrade)
	if !hasFinding(attentionOf(t, k.rig), "unreadable", vault.OrgNotePath) {
		t.Errorf("status: %+v", attentionOf(t, k.rig))
	}
}

// TestClockAYearOff applies what a workstation with a wrong clock writes, names it, and does not follow its clock.
func TestClockAYearOff(t *testing.T) {
	for _, off := range []time.Duration{365 * 24 * time.Hour, -365 * 24 * time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			k, a, _, _, _ := trio(t)
			a.At += off.Milliseconds()
			a.Write(nil, a.Event(vault.Heartbeat, "", nil))
			MustSync(t, k.rig)
			if k.Heads()[a.Writer] != a.Seq {
				t.Error("its segment was not taken")
			}
			if got := hasFinding(attentionOf(t, k.rig), "clock", string(a.Writer)); got != (off > 0) {
				t.Errorf("named: %t", got)
			}
			id := k.MustVault(t, "Diallo")
			if at := k.VaultState(t, id).Opened.Time(); time.Since(at).Abs() > time.Minute {
				t.Errorf("own events are dated %s", at)
			}
			a.At = time.Now().UnixMilli()
			a.Write(nil, a.Event(vault.Heartbeat, "", nil))
			MustSync(t, k.rig)
			if hasFinding(attentionOf(t, k.rig), "clock", string(a.Writer)) {
				t.Error("still named after the clock was set")
			}
		})
	}
}

// TestTenThousandJunkObjects finds its way in a storage that somebody filled.
func TestTenThousandJunkObjects(t *testing.T) {
	k, a, _, _, s := trio(t)
	for i := range 10_000 {
		switch w := vault.NewWriterID(vault.DeviceIDOf([]byte(vault.NewObjectName()))); i % 4 {
		case 0:
			a.Put(vault.SegmentPath(w, 0), []byte("junk"))
		case 1:
			a.Put(vault.DocumentPath(w, vault.NewObjectName()), []byte("junk"))
		case 2:
			a.Put(fmt.Sprintf("v1/junk/%d", i), []byte("junk"))
		default:
			a.Put(vault.NotePath(a.Writer, vault.NewObjectName()), []byte("junk"))
		}
	}
	a.Write(nil, a.Event(vault.Heartbeat, "", nil))
	s.took()
	_, err := k.Sync(ctxb, api.SyncRequest{}, nil)
	wantCode(t, "sync", err, vault.CodeIntegrity)
	if calls := remoteReads(s.took()); len(calls) > 60 || k.Heads()[a.Writer] != a.Seq {
		t.Errorf("%d calls, %d of %d segments", len(calls), k.Heads()[a.Writer], a.Seq)
	}
	if !hasFinding(attentionOf(t, k.rig), "junk", "v1/w") {
		t.Errorf("status: %+v", attentionOf(t, k.rig))
	}
	f, err := found(t, k.rig, false)
	wantCode(t, "verify", err, vault.CodeIntegrity)
	if len(f) > 300 || !slices.Contains(f, "junk main:v1") {
		t.Errorf("%d findings", len(f))
	}
}

// TestHugeSegment reads no more of a segment of 100 MiB than of the largest that a device writes.
func TestHugeSegment(t *testing.T) {
	k := &kept{rig: MustFound(t)}
	crew := k.MustMany(t, 2)
	a, b := crew[0], crew[1]
	path := vault.SegmentPath(a.Writer, a.Seq)
	a.Put(path, a.Fork().Seal(nil, a.Event(vault.Heartbeat, "", nil)))
	if err := os.Truncate(filepath.Join(k.Remote, filepath.FromSlash(path)), 100<<20); err != nil {
		t.Fatal(err)
	}
	b.Write(nil, b.Event(vault.Heartbeat, "", nil))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := k.Sync(ctxb, api.SyncRequest{}, nil)
	runtime.ReadMemStats(&after)
	wantCode(t, "sync", err, vault.CodeIntegrity)
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 64<<20 {
		t.Errorf("%d MiB were allocated for it", grown>>20)
	}
	if !hasFinding(attentionOf(t, k.rig), "too_large", path) || k.Heads()[b.Writer] != b.Seq {
		t.Errorf("status %+v, heads %v", attentionOf(t, k.rig), k.Heads())
	}
}

// TestNestedNotes reads notes that hold or replace themselves, and JSON that is nested without end.
func TestNestedNotes(t *testing.T) {
	k, a, b, _, _ := trio(t)
	person := vault.BeneficiaryID(k.MustVault(t, "Diallo"))
	MustSync(t, k.rig)
	st := k.VaultState(t, string(person))
	readers := st.Readers(k.Organization(), vault.Shared)
	heads := k.seenBy(t, a)
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	seal := func(plain []byte) vault.Event {
		a.Refresh(k.Engine)
		path := vault.NotePath(a.Writer, vault.NewObjectName())
		o := a.SealTo(st, path, readers, plain)
		line, _, _ := strings.Cut(string(plain), "\n")
		return a.Event(vault.NoteSealed, person, vault.NoteBody{Object: o, Entries: []vault.Hash{vault.HashOf([]byte(line))}, From: []string{path}})
	}
	inner := seal([]byte(`{"salt":"x","kind":"person","event":"e","vault":"` + string(person) + `","data":{"family_name":"Autre"}}` + "\n"))
	var body vault.NoteBody
	if err := inner.Decode(&body); err != nil {
		t.Fatal(err)
	}
	events := []vault.Event{inner,
		seal(mustRead(t, filepath.Join(k.Remote, filepath.FromSlash(body.Object.Path)))),                                   // an age file in an age file
		seal([]byte(`{"salt":"x","kind":"person","event":"e","vault":"` + string(person) + `","data":` + deep + "}\n")),    // one line without end
		seal([]byte(strings.Repeat(`{"salt":"x","kind":"person","event":"e","vault":"b","data":{}}`+"\n", 1000) + "{}\n"))} // many
	a.Write(heads, events...)
	_, err := k.Sync(ctxb, api.SyncRequest{}, nil)
	wantCode(t, "sync with notes that are none", err, vault.CodeIntegrity)
	if got := attentionOf(t, k.rig); len(got) != 3 || !hasFinding(got, "altered", "") {
		t.Errorf("status %+v", got)
	}
	if got := k.VaultState(t, string(person)).Person.FamilyName; got != "Diallo" {
		t.Errorf("the person is called %q", got)
	}
	nested := b.Event(vault.AccessOpened, person, nil)
	nested.Body = []byte(deep)
	path := vault.SegmentPath(b.Writer, b.Seq)
	b.WriteRaw(nested)
	a.Write(nil, a.Event(vault.Heartbeat, "", nil))
	_, err = k.Sync(ctxb, api.SyncRequest{}, nil)
	wantCode(t, "sync", err, vault.CodeIntegrity)
	if !hasFinding(attentionOf(t, k.rig), "altered", path) || k.Heads()[a.Writer] != a.Seq {
		t.Errorf("status %+v", attentionOf(t, k.rig))
	}
	if _, err := k.Poll(context.Background()); err != nil {
		t.Errorf("the next poll: %v", err)
	}
}
