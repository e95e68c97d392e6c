package vault

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"slices"
	"testing"
)

// succeed records that the root before named another.
func (d *device) succeed(n int, before, root ed25519.PrivateKey, change ...func(*Event)) *Record {
	note := RootNote{Org: d.w.id, N: n}.Sign(before, root)
	return d.do(RootSucceeded, "", RootBody{Note: string(note)}, append(change, d.w.by(root))...)
}

// by cosigns with a key.
func (w *world) by(key ed25519.PrivateKey) func(*Event) {
	return func(e *Event) { e.Cosign(w.id, w.writing, key) }
}

func (w *world) rootIs(key ed25519.PrivateKey) {
	w.tb.Helper()
	if got := w.org().CurrentRoot().Key; got != b64(key) {
		w.tb.Errorf("the root is %s, not %s", got, b64(key))
	}
}

func TestRootNote(t *testing.T) {
	before, root := seeded("root"), seeded("next")
	raw := RootNote{Org: "o1", N: 2}.Sign(before, root)
	n, err := ParseRootNote(raw)
	if err != nil || n.Org != "o1" || n.N != 2 || !n.Root.Equal(root.Public()) || !n.Before.Equal(before.Public()) {
		t.Fatalf("%+v, %v", n, err)
	}
	for name, b := range map[string][]byte{
		"cut":                       raw[:len(raw)-1],
		"longer":                    append(bytes.Clone(raw), '\n'),
		"another number":            bytes.Replace(raw, []byte("\nn 2\n"), []byte("\nn 3\n"), 1),
		"a number written another":  bytes.Replace(raw, []byte("\nn 2\n"), []byte("\nn +2\n"), 1),
		"another organization":      bytes.Replace(raw, []byte("org o1"), []byte("org o2"), 1),
		"signed by the new one":     RootNote{Org: "o1", N: 2}.Sign(root, root),
		"the first":                 RootNote{Org: "o1", N: 1}.Sign(before, root),
		"the signatures exchanged":  exchanged(raw),
		"nothing":                   nil,
		"an organization note":      OrgNote{Org: "o1", First: NewWriterID("x")}.Sign(root),
		"the root before exchanged": bytes.Replace(raw, []byte(b64(before)), []byte(b64(seeded("thief"))), 1),
	} {
		if n, err := ParseRootNote(b); CodeOf(err) != CodeIntegrity {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
	if _, err := ParseRootNote(bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))); err == nil {
		t.Error("carriage returns")
	}
	newer := bytes.Replace(raw, []byte("root v1"), []byte("root v2"), 1)
	if _, err := ParseRootNote(newer); CodeOf(err) != CodeUpgrade {
		t.Errorf("newer: %v", err)
	}
	for i := len(rootNoteMagic); i < len(raw); i++ {
		b := bytes.Clone(raw)
		b[i] ^= 1
		if _, err := ParseRootNote(b); err == nil {
			t.Fatalf("altered at %d", i)
		}
	}
}

func exchanged(raw []byte) []byte {
	lines := bytes.SplitAfter(raw, []byte("\n"))
	by, sig := bytes.TrimPrefix(lines[5], []byte("by ")), bytes.TrimPrefix(lines[6], []byte("sig "))
	return slices.Concat(bytes.Join(lines[:5], nil), []byte("by "), sig, []byte("sig "), by)
}

// The new root is the root, and the old one is none any more, for whomever has seen it.
func TestRootSucceeds(t *testing.T) {
	w := newWorld(t)
	next, third := seeded("next"), seeded("third")
	early := w.boss.do(RecoverySet, "", RecoveryBody{N: 2, Recipient: "age1two"}, w.by(next))
	w.accepts(w.boss.succeed(2, w.root, next))
	w.refuses(early)
	w.rootIs(next)
	w.sync()
	w.accepts(w.marie.do(RecoverySet, "", RecoveryBody{N: 3, Recipient: "age1three"}, w.by(next)))
	w.refuses(w.marie.do(RecoverySet, "", RecoveryBody{N: 4, Recipient: "age1four"}, w.byRoot),
		w.batch.do(DeviceRevoked, "", w.batch.cutHere(w.boss), w.byRoot, at(1)))
	again := w.marie.succeed(2, w.root, third)
	w.refuses(again)
	w.accepts(w.marie.succeed(3, next, third))
	w.rootIs(third)
	w.sync()
	w.refuses(w.boss.do(RecoverySet, "", RecoveryBody{N: 5, Recipient: "age1five"}, w.by(next)))
	w.refuses(w.boss.succeed(4, third, w.root)) // whose words may be in other hands
	if got := w.org().Roots(); len(got) != 3 || got[0].Key != b64(w.root) || got[1].N != 2 || got[1].RootNote() == nil || got[0].RootNote() != nil {
		t.Errorf("roots: %+v", got)
	}
}

// A succession needs both: neither who has the old words alone makes one for a key that others have, nor the new key one
// that the old one did not sign.
func TestSuccessionNeedsBoth(t *testing.T) {
	w := newWorld(t)
	next, thief := seeded("next"), seeded("thief")
	note := RootBody{Note: string(RootNote{Org: w.id, N: 2}.Sign(w.root, next))}
	w.refuses(
		w.boss.do(RootSucceeded, "", note),              // the note alone, by whoever read it
		w.boss.do(RootSucceeded, "", note, w.byRoot),    // with the old words
		w.boss.do(RootSucceeded, "", note, w.by(thief)), //
		w.boss.succeed(2, thief, next),                  // named by nobody
		w.boss.succeed(3, w.root, next),                 // out of turn
		w.boss.do(RootSucceeded, "", RootBody{Note: string(RootNote{Org: "o2", N: 2}.Sign(w.root, next))}, w.by(next)), // of another organization
		w.boss.do(RootSucceeded, "", RootBody{Note: "vaultctl root v1\n"}, w.byRoot),
	)
	w.rootIs(w.root)
}

// Who has the old words dates back in vain: an admin's certificate, a new recovery key, the end of every device.
func TestOldRootDatesBack(t *testing.T) {
	w := newWorld(t)
	next := seeded("next")
	honest := w.boss.do(RecoverySet, "", RecoveryBody{N: 2, Recipient: "age1two"}, w.byRoot)
	w.marie.sees(w.boss)
	w.marie.succeed(2, w.root, next)
	unseen := w.boss.do(RecoverySet, "", RecoveryBody{N: 3, Recipient: "age1three"}, w.byRoot) // before boss heard
	thief := w.device("thief")
	cert := thief.do(DeviceCertified, "", thief.certificate(RoleAdmin), w.byRoot, at(1))
	end := w.eve.do(DeviceRevoked, "", w.eve.cutHere(w.marie), w.byRoot, at(1))
	key := w.eve.do(RecoverySet, "", RecoveryBody{N: 9, Recipient: "age1thief"}, w.byRoot, at(1))
	w.accepts(honest)
	w.refuses(unseen, cert, end, key)
	// Nor with a witness who is the thief's own.
	mate := w.device("mate")
	mate.past.Merge(Past{thief.writer: thief.seq})
	w.refuses(mate.do(DeviceCertified, "", mate.certificate(RoleAdmin), w.byRoot, at(1)), mate.do(TeamAdded, "", TeamBody{Team: NewTeamID(mate.id), Name: "x"}), cert)
	w.rootIs(next)
	if !w.org().Devices[w.marie.id].Active() || w.org().Devices[thief.id] != nil {
		t.Error("the old words still count")
	}
}

// What others saw of the old root before they heard of the new one stands, whatever the writer of the succession had seen.
func TestOldRootWitnessed(t *testing.T) {
	w := newWorld(t)
	next := seeded("next")
	act := w.boss.do(RecoverySet, "", RecoveryBody{N: 2, Recipient: "age1two"}, w.byRoot)
	w.paul.sees(w.boss)
	w.paul.do(TeamAdded, "", TeamBody{Team: NewTeamID(w.paul.id), Name: "Nuit"})
	w.marie.succeed(2, w.root, next)
	w.accepts(act)
	w.rootIs(next)
}

// Two successors beside one another, the second by who has the old words, with as many devices as they like, whatever they
// pretend to have seen and whatever the clocks say: what stands is what enrolled devices tell of.
func TestRivalSuccessors(t *testing.T) {
	for name, past := range map[string]func(*world, *device){
		"who pretends to have seen nothing": func(*world, *device) {},
		"who saw all before":                func(w *world, d *device) { d.sees(w.marie, w.boss, w.paul, w.eve, w.batch) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			began := w.marie.id
			next, own := seeded("next"), seeded("own")
			thief := w.device("thief")
			past(w, thief)
			w.boss.succeed(2, w.root, next, at(w.clock+1000))
			thief.do(DeviceCertified, "", thief.certificate(RoleAdmin), w.byRoot, at(1))
			rival := thief.succeed(2, w.root, own, at(1))
			for _, name := range []string{"p1", "p2", "p3"} {
				puppet := w.device(name)
				puppet.sees(thief)
				puppet.do(DeviceCertified, "", puppet.certificate(RoleAdmin), w.byRoot, at(2))
				puppet.do(TeamAdded, "", TeamBody{Team: NewTeamID(puppet.id), Name: name})
			}
			thief.do(DeviceRevoked, "", RevokeBody{Device: w.boss.id}, w.byRoot, at(1))
			base := NewOrg(w.id, b64(w.root))
			base.First = began
			for range 3 {
				slices.Reverse(w.records)
				org := base.Refold(w.records, func(Hash) *Entry { return nil })
				if org.CurrentRoot().Key != b64(next) || org.Devices[thief.id] != nil || !org.Devices[w.boss.id].Active() {
					t.Errorf("the thief's root stands")
				}
				if !slices.ContainsFunc(org.Quarantine, func(q Quarantined) bool { return q.Pos == rival.Pos }) {
					t.Error("the rival is not reported")
				}
			}
		})
	}
}

// A succession that is told twice, after the first telling was lost, is one.
func TestSuccessionToldAgain(t *testing.T) {
	w := newWorld(t)
	next := seeded("next")
	a := w.boss.succeed(2, w.root, next)
	b := w.marie.succeed(2, w.root, next)
	w.accepts(a, b)
	w.sync()
	w.accepts(w.paul.do(DeviceRevoked, "", w.paul.cutHere(w.eve), w.by(next)))
	w.records = slices.DeleteFunc(w.records, func(r *Record) bool { return r == a })
	w.folded = nil
	w.rootIs(next)
}

func FuzzParseRootNote(f *testing.F) {
	f.Add(RootNote{Org: "o1", N: 2}.Sign(seeded("root"), seeded("next")))
	f.Add([]byte("vaultctl root v1\norg o\nn 2\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParseRootNote(b)
		if err != nil {
			return
		}
		if n.N < 2 || !ed25519.Verify(n.Before, n.text(), by(b)) {
			t.Errorf("%q: %+v", b, n)
		}
	})
}

// by returns the signature of the root before.
func by(note []byte) []byte {
	_, rest, _ := bytes.Cut(note, []byte("\nby "))
	text, _, _ := bytes.Cut(rest, []byte("\n"))
	sig, _ := base64.StdEncoding.DecodeString(string(text))
	return sig
}
