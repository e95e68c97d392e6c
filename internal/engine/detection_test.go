package engine_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// besieged is a workstation, Paul's, whose storage is hostile, beside two others for whom it is not: Marie's, whose objects
// are altered on the way to Paul, and a third one that must go on whatever happens to hers.
type besieged struct {
	paul       *rig
	marie      *kept
	third      *engine.Crafted
	s          *strange
	person     string                        // opened by Marie, read by Paul
	wait       func(time.Duration) time.Time // moves Paul's clock on
	fresh      map[string]string             // the newest object by kind
	old, bytes map[string][]byte             // what was stored for the one before it, and for it
	doc        string                        // the newest document
	share      api.Share                     // the newest share, for Paul
	first      string                        // of the newest segments; the last of them is in fresh
	rounds     int
}

var kindFolders = map[string]string{"segment": "/j/", "note": "/n/", "document": "/d/", "parcel": "/k/", "manifest": "/p/", "share": "/s/"}

func MustBesiege(tb testing.TB) *besieged {
	tb.Helper()
	b := &besieged{marie: &kept{rig: MustFound(tb)}, s: &strange{}, fresh: map[string]string{}}
	b.marie.one = MustAdd(tb, b.marie.rig, "Aïssatou", "Ngo", "1985-03-14")
	MustIssue(tb, b.marie.rig, b.marie.one.ID, "")
	b.paul = MustJoin(tb, b.marie.rig, "Paul Martin", vault.RoleAgent)
	b.third = b.marie.MustEnrol(tb, "Awa Ba", b.marie.Remote, vault.RoleAgent)
	b.person = b.marie.MustVault(tb, "Diallo", func(r *api.BeneficiaryAddRequest) { r.Consent.To = "agent:Paul Martin" })
	b.wait = b.paul.HoldClock()
	b.paul.Reopen(tb, b.s.over)
	b.write(tb)
	b.third.Write(nil, b.third.Event(vault.Heartbeat, "", nil))
	b.write(tb)
	MustSync(tb, b.paul)
	return b
}

// write has Marie make an object of each kind.
func (b *besieged) write(tb testing.TB) {
	tb.Helper()
	before := b.marie.RemoteFiles(tb)
	own, next := b.marie.Self(tb)
	b.first = vault.SegmentPath(own, next)
	b.rounds++
	b.doc = b.marie.MustAdd(tb, deposit(b.person, "cv"), fmt.Sprintf("déposé %d", b.rounds)).ID
	given := MustDeposit(tb, b.marie.rig, b.marie.one.ID, fmt.Sprintf("au manifeste %d", b.rounds), false)
	b.share = MustShare(tb, b.marie.rig, shareOf(b.marie.one.ID, "agent:Paul Martin", given.ID))
	if _, err := b.marie.TeamAdd(ctxb, api.TeamAddRequest{Name: fmt.Sprintf("Antenne %d", b.rounds)}); err != nil {
		tb.Fatal(err)
	}
	MustSync(tb, b.marie.rig)
	b.fresh = map[string]string{"org note": vault.OrgNotePath}
	for _, f := range b.marie.RemoteFiles(tb) {
		for kind, folder := range kindFolders {
			if strings.Contains(f, folder) && !slices.Contains(before, f) {
				b.fresh[kind] = f
			}
		}
	}
	b.fresh["document"] = b.marie.VaultState(tb, b.person).Documents[vault.DocumentID(b.doc)].Object.Path
	for _, n := range b.marie.VaultState(tb, b.person).Notes {
		if !slices.Contains(before, n.Object.Path) {
			b.fresh["note"] = n.Object.Path
		}
	}
	b.fresh["share"] = b.share.Documents[0].Path
	b.fresh["segment"] = b.last(tb)
	for kind := range kindFolders {
		if b.fresh[kind] == "" {
			tb.Fatalf("no new %s", kind)
		}
	}
	b.old, b.bytes = b.bytes, map[string][]byte{}
	for kind, path := range b.fresh {
		b.bytes[kind] = b.read(tb, path)
	}
}

// last returns the last segment that Marie's workstation has closed, once it is on the storage: it goes on writing by itself after
// what was asked of it is there.
func (b *besieged) last(tb testing.TB) string {
	tb.Helper()
	for {
		own, next := b.marie.Self(tb)
		path := vault.SegmentPath(own, next-1)
		if b.marie.onRemote(path) {
			return path
		}
		MustSync(tb, b.marie.rig)
	}
}

func (b *besieged) read(tb testing.TB, path string) []byte {
	tb.Helper()
	return mustRead(tb, filepath.Join(b.marie.Remote, filepath.FromSlash(path)))
}

func notThere() error { return vault.Errorf(vault.CodeNotFound, "not there") }

// attack is how a storage answers for an object. Get as in strange.
type attack struct {
	name  string
	seen  bool // Paul has the object already; otherwise it comes to him altered
	both  bool
	apply func(tb testing.TB, b *besieged, kind, path string)
}

// attacks are the ways of the threat model in which a storage can misbehave.
func attacks() []attack {
	instead := func(change func(raw []byte, path string) []byte) func(testing.TB, *besieged, string, string) {
		return func(_ testing.TB, b *besieged, _, path string) {
			b.s.set(func(p string, raw []byte) ([]byte, error) {
				if p == path {
					return change(bytes.Clone(raw), p), nil
				}
				return nil, nil
			}, nil)
		}
	}
	return []attack{
		{name: "a flipped bit", both: true, apply: instead(func(raw []byte, _ string) []byte { raw[len(raw)*2/3] ^= 4; return raw })},
		{name: "truncated", both: true, apply: instead(func(raw []byte, _ string) []byte { return raw[:len(raw)-7] })},
		{name: "swapped", both: true, apply: func(tb testing.TB, b *besieged, kind, path string) {
			other := b.fresh["document"]
			if kind == "document" {
				other = b.fresh["note"]
			}
			raw := b.read(tb, other)
			instead(func([]byte, string) []byte { return raw })(tb, b, kind, path)
		}},
		{name: "replayed", both: true, apply: func(tb testing.TB, b *besieged, kind, path string) {
			raw := b.old[kind]
			if kind == "org note" {
				raw = b.old["segment"]
			}
			instead(func([]byte, string) []byte { return raw })(tb, b, kind, path)
		}},
		{name: "sealed anew for valid recipients", both: true, apply: resealed},
		{name: "forked", seen: true, apply: forked},
		{name: "vanished", seen: true, apply: func(_ testing.TB, b *besieged, _, path string) {
			b.s.set(func(p string, _ []byte) ([]byte, error) {
				if p == path {
					return nil, notThere()
				}
				return nil, nil
			}, nil)
		}},
		{name: "rolled back", seen: true, apply: func(_ testing.TB, b *besieged, _, path string) {
			gone := map[string]bool{path: true, b.fresh["segment"]: true}
			b.s.set(func(p string, _ []byte) ([]byte, error) {
				if gone[p] {
					return nil, notThere()
				}
				return nil, nil
			}, nil)
		}},
		{name: "a stale listing", seen: true, apply: func(_ testing.TB, b *besieged, _, path string) {
			b.s.set(nil, func(p string) bool { return p == path })
		}},
	}
}

// resealed answers with an age file of the storage's own making for those who read the object: it knows their recipients.
func resealed(tb testing.TB, b *besieged, kind, path string) {
	if kind == "org note" || kind == "segment" { // what is not age alone begins with what is
		raw := b.read(tb, path)
		raw = append(raw[:bytes.IndexByte(raw, '\n')+1:bytes.IndexByte(raw, '\n')+1], b.read(tb, b.fresh["document"])...)
		b.s.set(func(p string, _ []byte) ([]byte, error) {
			if p == path {
				return raw, nil
			}
			return nil, nil
		}, nil)
		return
	}
	raw := b.forge(tb, kind)
	b.s.set(func(p string, _ []byte) ([]byte, error) {
		if p == path {
			return raw, nil
		}
		return nil, nil
	}, nil)
}

// forge returns what the storage can make by itself: it knows recipients, and no key that signs.
func (b *besieged) forge(tb testing.TB, kind string) []byte {
	tb.Helper()
	b.third.Refresh(b.marie.Engine)
	person, space := b.person, vault.Shared
	if kind == "manifest" {
		person, space = b.marie.one.ID, vault.Private
	}
	st := b.marie.VaultState(tb, person)
	readers := st.Readers(b.marie.Organization(), space)
	switch kind {
	case "share":
		readers = b.marie.VaultState(tb, b.marie.one.ID).Share(vault.ShareID(b.share.ID)).Cover.Readers
	case "parcel":
		readers = []vault.Reader{vault.EpochReader(b.marie.Organization().Current(vault.EpochOrg, "").Epoch)}
	}
	path := vault.DocumentPath(b.third.Writer, vault.NewObjectName())
	b.third.SealTo(st, path, readers, []byte(`{"salt":"forged","kind":"document","event":"x","data":{}}`+"\n"))
	raw := b.read(tb, path)
	if err := os.Remove(filepath.Join(b.marie.Remote, filepath.FromSlash(path))); err != nil {
		tb.Fatal(err)
	}
	return raw
}

// forked answers with another object that its own writer might have made. Of a segment that is one that bears its signature.
func forked(tb testing.TB, b *besieged, kind, path string) {
	if kind != "segment" {
		resealed(tb, b, kind, path)
		return
	}
	own, next := b.marie.Self(tb)
	for next > 0 && path != vault.SegmentPath(own, next-1) {
		next--
	}
	raw := b.marie.SealFork(tb, next-1)
	b.s.set(func(p string, _ []byte) ([]byte, error) {
		if p == path {
			return raw, nil
		}
		return nil, nil
	}, nil)
}

// named checks that verify ends with exit code 11 and that an object is named by it, by status and by doctor.
func (b *besieged) named(tb testing.TB, path string) {
	tb.Helper()
	names := func(f api.Finding) bool {
		return f.Severity == "error" && (strings.HasSuffix(f.Subject, path) || strings.Contains(path, strings.TrimPrefix(f.Subject, "main:")))
	}
	var found []api.Finding
	_, err := b.paul.Verify(ctxb, api.VerifyRequest{Deep: true}, nil, func(f api.Finding) error { found = append(found, f); return nil })
	wantCode(tb, "verify", err, vault.CodeIntegrity)
	if !slices.ContainsFunc(found, names) {
		tb.Errorf("verify does not name %s: %+v", path, found)
	}
	if a := attentionOf(tb, b.paul); !slices.ContainsFunc(a, names) {
		tb.Errorf("status does not name %s: %+v", path, a)
	}
	var told []api.Finding
	if err := b.paul.Doctor(ctxb, api.Empty{}, func(f api.Finding) error { told = append(told, f); return nil }); err != nil || !slices.ContainsFunc(told, names) {
		tb.Errorf("doctor does not name %s: %+v, %v", path, told, err)
	}
}

// goesOn checks that the third workstation's news arrive all the same.
func (b *besieged) goesOn(tb testing.TB) {
	tb.Helper()
	b.third.Write(nil, b.third.Event(vault.Heartbeat, "", nil))
	_, _ = b.paul.Sync(ctxb, api.SyncRequest{}, nil) // says what it found
	if got := b.paul.Heads()[b.third.Writer]; got != b.third.Seq {
		tb.Errorf("the third workstation stopped at segment %d of %d", got, b.third.Seq)
	}
}

// recovers checks that all is well again once the storage answers honestly.
func (b *besieged) recovers(tb testing.TB) {
	tb.Helper()
	b.s.set(nil, nil)
	var f []string
	for range 10 { // what was sent again is there the second time; what Marie is about to tell of is told a little later
		_, _ = b.paul.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil)
		if f, _ = found(tb, b.paul, true); len(f) == 0 {
			break
		}
		b.last(tb)
	}
	if len(f) > 0 {
		tb.Fatalf("afterwards verify still finds %v", f)
	}
	if got, _, err := b.paul.get(b.doc, ""); err != nil || got != fmt.Sprintf("déposé %d", b.rounds) {
		tb.Errorf("the document afterwards: %q, %v", got, err)
	}
}

// TestHostileRemote alters each kind of object in each way, as one workstation sees it: before it has the object, and after.
func TestHostileRemote(t *testing.T) {
	for _, kind := range []string{"org note", "segment", "note", "document", "parcel", "manifest", "share"} {
		b := MustBesiege(t)
		t.Run(kind+"/injected", func(t *testing.T) { b.injected(t, kind) })
		for _, a := range attacks() {
			for _, seen := range []bool{false, true} {
				if !a.both && a.seen != seen || kind == "org note" && !seen {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/seen=%t", kind, a.name, seen), func(t *testing.T) {
					b.write(t)
					if seen {
						MustSync(t, b.paul)
					}
					path := b.fresh[kind]
					if kind == "segment" && !seen {
						path = b.first
					}
					a.apply(t, b, kind, path)
					b.goesOn(t)
					if !seen {
						b.notApplied(t, kind)
					}
					b.named(t, path)
					b.recovers(t)
				})
				if t.Failed() {
					t.Fatal("what follows would fail by it")
				}
			}
		}
	}
}

// injected lets the storage make up an object beside the others, sealed for valid recipients: below the prefix of a device
// that nobody enrolled, of Paul's own, and of Marie's, who might be about to tell of it.
func (b *besieged) injected(t *testing.T, kind string) {
	raw := b.bytes[kind]
	if kind != "org note" && kind != "segment" {
		raw = b.forge(t, kind)
	}
	marie, next := b.marie.Self(t)
	paul, _ := b.paul.Self(t)
	for _, w := range []vault.WriterID{vault.NewWriterID(vault.DeviceIDOf([]byte(kind))), paul, marie} {
		oid := vault.NewObjectName()
		path := map[string]string{"org note": "v1/org2.note", "segment": vault.SegmentPath(w, next+3), "note": vault.NotePath(w, oid),
			"document": vault.DocumentPath(w, oid), "parcel": vault.ParcelPath(vault.EpochID(string(w)+"/77"), 0), "manifest": vault.ManifestPath(w, oid, 9),
			"share": vault.SharePath(w, vault.NewShareID(w.Device()), oid)}[kind]
		b.third.Put(path, raw)
		if w == marie && kind != "org note" {
			if f, err := found(t, b.paul, true); err != nil || !slices.Contains(f, "injected main:"+path) {
				t.Errorf("while Marie may be writing: %v, %v", f, err)
			}
			b.marie.MustVault(t, "Suite")
			MustSync(t, b.marie.rig)
			b.wait(25 * time.Hour)
		}
		b.goesOn(t)
		b.named(t, path)
		if err := os.Remove(filepath.Join(b.marie.Remote, filepath.FromSlash(path))); err != nil {
			t.Fatal(err)
		}
		b.recovers(t)
	}
}

// notApplied checks that what was altered on its way has no effect.
func (b *besieged) notApplied(tb testing.TB, kind string) {
	tb.Helper()
	own, next := b.marie.Self(tb)
	if got := b.paul.Heads()[own]; kind == "segment" && got >= next {
		tb.Errorf("Marie's altered segment was taken: %d of %d", got, next)
	}
	got, d, err := b.paul.get(b.doc, "")
	switch kind {
	case "segment":
		wantCode(tb, "a document of an altered segment", err, vault.CodeNotFound)
	case "note":
		if d.DocumentType != "" {
			tb.Errorf("described by an altered note: %+v", d)
		}
	case "share":
		raw, _, err := b.paul.copyOf(b.share.ID, b.share.Documents[0].Document, false)
		wantCode(tb, "an altered copy of a share", err, vault.CodeIntegrity)
		if len(raw) > 0 {
			tb.Errorf("%d bytes of an altered copy", len(raw))
		}
	case "document":
		wantCode(tb, "an altered document", err, vault.CodeIntegrity)
		if got != "" {
			tb.Errorf("%d bytes of an altered document", len(got))
		}
	}
}
