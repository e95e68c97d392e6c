package vault

import (
	"bytes"
	"crypto/ed25519"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// extend has the device give an epoch to others, with parcels where they belong.
func (d *device) extend(e EpochID, change func(*ExtendBody), devs ...*device) *Record {
	b := ExtendBody{Epoch: e}
	for _, o := range devs {
		b.Devices = append(b.Devices, o.id)
		b.Parcels = append(b.Parcels, Object{Path: ExtensionPath(d.writer, e, o.id), Size: 10, Hash: ObjectHash(HashOf([]byte(o.id)))})
	}
	if change != nil {
		change(&b)
	}
	return d.do(EpochExtended, "", b)
}

func (w *world) current(kind EpochKind, team TeamID) EpochID {
	return w.org().Current(kind, team).Epoch
}

// TestExtensionMakesAMember shows that a second workstation of a member speaks for the team once a member gave it the key,
// and not before.
func TestExtensionMakesAMember(t *testing.T) {
	w := newWorld(t).open()
	laptop := w.device("laptop")
	laptop.agent = w.paul.agent
	w.boss.do(DeviceCertified, "", laptop.certificate(RoleAgent))
	w.sync()
	w.refuses(laptop.in(VaultEdited, nil))
	w.paul.extend(w.current(EpochTeam, w.team), nil, laptop)
	unseen := laptop.in(VaultEdited, nil)
	w.sync()
	w.accepts(laptop.in(VaultEdited, nil))
	w.refuses(unseen)
	if h := w.org().Current(EpochTeam, w.team).Holders(); !slices.Contains(h, laptop.id) || len(h) != 3 {
		t.Errorf("holders: %v", h)
	}
	w.boss.do(DeviceRevoked, "", RevokeBody{Device: laptop.id, Cut: map[WriterID]uint64{laptop.writer: laptop.seq}})
	w.sync()
	w.refuses(laptop.in(VaultEdited, nil))
}

// made is a world with two further devices.
type made struct {
	w       *world
	desktop *device // of boss, a second admin's workstation, without any team
	auditor *device
}

// TestExtensionAuthority lets each of the wrong people give epochs to each of the wrong devices.
func TestExtensionAuthority(t *testing.T) {
	for name, c := range map[string]func(m *made) *Record{
		"a team's by an admin who is no member": func(m *made) *Record { return m.w.boss.extend(m.w.current(EpochTeam, m.w.team), nil, m.desktop) },
		"a team's by an agent who is no member": func(m *made) *Record { return m.w.eve.extend(m.w.current(EpochTeam, m.w.team), nil, m.w.eve) },
		"a team's to somebody who is no member": func(m *made) *Record { return m.w.paul.extend(m.w.current(EpochTeam, m.w.team), nil, m.w.eve) },
		"a team's to a deposit device":          func(m *made) *Record { return m.w.paul.extend(m.w.current(EpochTeam, m.w.team), nil, m.w.batch) },
		"the organization's by an agent":        func(m *made) *Record { return m.w.paul.extend(m.w.current(EpochOrg, ""), nil, m.w.batch) },
		"the staff's to a deposit device":       func(m *made) *Record { return m.w.boss.extend(m.w.current(EpochStaff, ""), nil, m.w.batch) },
		"the intake's to an auditor":            func(m *made) *Record { return m.w.boss.extend(m.w.current(EpochIntake, ""), nil, m.auditor) },
		"to a device that is not enrolled":      func(m *made) *Record { return m.w.boss.extend(m.w.current(EpochOrg, ""), nil, m.w.device("x")) },
		"an epoch that there is not":            func(m *made) *Record { return m.w.boss.extend(EpochID(m.w.boss.writer+"/9"), nil, m.w.batch) },
		"without a parcel":                      func(m *made) *Record { return m.org(func(b *ExtendBody) { b.Parcels = nil }) },
		"to nobody":                             func(m *made) *Record { return m.org(func(b *ExtendBody) { b.Parcels, b.Devices = nil, nil }) },
		"with a parcel below another's prefix": func(m *made) *Record {
			return m.org(func(b *ExtendBody) { b.Parcels[0].Path = ExtensionPath(m.w.marie.writer, b.Epoch, m.w.batch.id) })
		},
		"with a parcel for another device": func(m *made) *Record {
			return m.org(func(b *ExtendBody) { b.Parcels[0].Path = ExtensionPath(m.w.boss.writer, b.Epoch, m.w.eve.id) })
		},
		"with a parcel that is somebody's object": func(m *made) *Record {
			return m.org(func(b *ExtendBody) { b.Parcels[0].Path = DocumentPath(m.w.boss.writer, NewObjectName()) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).open()
			m := &made{w, w.device("desktop"), w.device("auditor")}
			m.desktop.agent = w.boss.agent
			w.marie.epoch(EpochStaff, "", w.marie, w.boss)
			w.marie.epoch(EpochIntake, "", w.marie, w.boss, w.batch)
			w.boss.do(DeviceCertified, "", m.desktop.certificate(RoleAdmin, RoleAgent))
			w.boss.do(DeviceCertified, "", m.auditor.certificate(RoleAuditor))
			w.sync()
			w.accepts(w.boss.extend(w.current(EpochOrg, ""), nil, m.desktop, m.auditor), w.boss.extend(w.current(EpochStaff, ""), nil, m.desktop))
			w.sync()
			r := c(m)
			w.sync()
			w.refuses(r)
			w.refuses(m.desktop.in(VaultEdited, nil), m.auditor.in(VaultEdited, nil))
		})
	}
}

func (m *made) org(change func(*ExtendBody)) *Record {
	return m.w.boss.extend(m.w.current(EpochOrg, ""), change, m.w.batch)
}

func TestJoinRequest(t *testing.T) {
	key := seeded("laptop")
	now := time.UnixMilli(1_790_000_000_000).UTC()
	raw := JoinRequest{Org: "o0000000000x", Recipient: "age1pq1xyz", At: now}.Sign(key)
	q, err := ParseJoinRequest(raw)
	if err != nil || q.Org != "o0000000000x" || q.Recipient != "age1pq1xyz" || !q.At.Equal(now) || !q.Device().Valid() {
		t.Fatalf("%+v, %v", q, err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1
		if _, err := ParseJoinRequest(bad); err == nil {
			t.Errorf("byte %d altered and accepted", i)
		}
		if _, err := ParseJoinRequest(raw[:i]); err == nil {
			t.Errorf("cut short at %d and accepted", i)
		}
	}
	for _, bad := range []string{string(raw) + "\n", strings.ReplaceAll(string(raw), "\n", "\r\n"), strings.Replace(string(raw), "recipient ", "recipient  ", 1),
		strings.Repeat("x", 1<<20)} {
		if q, err := ParseJoinRequest([]byte(bad)); err == nil {
			t.Errorf("accepted: %+v", q)
		}
	}
	if _, err := ParseJoinRequest([]byte("vaultctl join v2\n")); CodeOf(err) != CodeUpgrade {
		t.Errorf("a later version: %v", err)
	}
	for ahead, stale := range map[time.Duration]bool{0: false, JoinLasts: false, JoinLasts + 1: true, -JoinLasts - 1: true, 366 * 24 * time.Hour: true} {
		if q.Stale(now.Add(ahead)) != stale {
			t.Errorf("after %v", ahead)
		}
	}
}

func TestWelcome(t *testing.T) {
	key := seeded("boss")
	w := Welcome{Org: "o0000000000x", Root: b64(seeded("root")), Device: "d", Heads: map[WriterID]uint64{"w": 3}, At: Clock{Ms: 1},
		Parcels: []WelcomeParcel{{Epoch: "w/1", Path: "p", Size: 2, Hash: "h"}}}
	raw := w.Sign(key)
	got, signer, err := ParseWelcome(raw)
	if err != nil || signer != DeviceIDOf(key.Public().(ed25519.PublicKey)) || !reflect.DeepEqual(*got, w) {
		t.Fatalf("%+v by %s, %v", got, signer, err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1
		if _, _, err := ParseWelcome(bad); err == nil {
			t.Errorf("byte %d altered and accepted", i)
		}
		if _, _, err := ParseWelcome(raw[:i]); err == nil {
			t.Errorf("cut short at %d and accepted", i)
		}
	}
	if _, _, err := ParseWelcome(append(raw, '\n')); CodeOf(err) != CodeIntegrity {
		t.Errorf("with something behind it: %v", err)
	}
	if _, _, err := ParseWelcome([]byte("vaultctl welcome v2\n")); CodeOf(err) != CodeUpgrade {
		t.Errorf("a later version: %v", err)
	}
}

// FuzzJoining reads whatever lies where requests and welcomes do: nothing panics, and what is accepted is what was signed.
func FuzzJoining(f *testing.F) {
	key := seeded("laptop")
	f.Add(JoinRequest{Org: "o0000000000x", Recipient: "age1pq1xyz", At: time.UnixMilli(1_790_000_000_000)}.Sign(key))
	w := Welcome{Org: "o0000000000x", Device: "d", Heads: map[WriterID]uint64{"w": 3}, Parcels: []WelcomeParcel{{Epoch: "w/1"}}}
	f.Add(w.Sign(key))
	for _, s := range []string{"", "\n", joinMagic, welcomeMagic + "\n{}\nkey \nsig \n", joinMagic + "\norg \nkey \nrecipient \nat \nsig \n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if q, err := ParseJoinRequest(raw); err == nil {
			if !q.Device().Valid() || !strings.HasPrefix(string(raw), string(q.text())) {
				t.Errorf("%+v of %q", q, raw)
			}
		}
		if w, signer, err := ParseWelcome(raw); err == nil && (w == nil || !signer.Valid()) {
			t.Errorf("%+v by %q", w, signer)
		}
	})
}
