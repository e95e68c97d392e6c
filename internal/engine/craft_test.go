package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// Crafted is an enrolled workstation whose chain a test writes by hand, honest or not.
type Crafted struct {
	TB     testing.TB
	Device vault.DeviceID
	Writer vault.WriterID
	Agent  vault.AgentID
	Solo   vault.TeamID
	Name   string
	Dir    string // of the remote
	Seq    uint64
	At     int64 // of the last event, milliseconds
	keys   *keyring
	org    *vault.Org
	sealer Sealer
	sign   ed25519.PrivateKey
	prev   vault.Hash
	epochs int
}

// MustEnrol certifies a workstation for a new agent, in the name of this one, and returns it before its first segment.
func (e *Engine) MustEnrol(tb testing.TB, name, dir string, role vault.Role) *Crafted {
	tb.Helper()
	pub, sign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	self := e.self()
	c := &Crafted{TB: tb, Device: vault.DeviceIDOf(pub), Agent: vault.NewAgentID(self.Device), Solo: vault.NewTeamID(self.Device), Name: name,
		Dir: dir, At: time.Now().UnixMilli(), sealer: e.Sealer, sign: sign}
	c.Writer = vault.NewWriterID(c.Device)
	_, recipient, err := e.Sealer.NewIdentity()
	if err != nil {
		tb.Fatal(err)
	}
	err = e.commit(context.Background(), func(t *tx) error {
		if err := t.emit(vault.DeviceCertified, "", vault.DeviceBody{Device: c.Device, Key: base64.StdEncoding.EncodeToString(pub),
			Recipient: recipient, Role: role, Agent: c.Agent}); err != nil {
			return err
		}
		return t.emit(vault.AgentAdded, "", vault.AgentBody{Agent: c.Agent, Solo: c.Solo}, entry(classOrg, vault.EntryAgent, vault.AgentData{Name: name}))
	})
	if err != nil {
		tb.Fatal(err)
	}
	c.Refresh(e)
	return c
}

// Refresh lets the workstation know the organization as e does.
func (c *Crafted) Refresh(e *Engine) {
	keys, org := e.view()
	k := *keys
	k.sign = c.sign
	c.keys, c.org = &k, org
}

// Event returns an event of the workstation.
func (c *Crafted) Event(t vault.EventType, v vault.BeneficiaryID, body any) vault.Event {
	c.At++
	return vault.NewEvent(t, v, c.Agent, vault.Clock{Ms: c.At}, body)
}

// Seal returns the exact bytes of the next segment. The chain goes on from it.
func (c *Crafted) Seal(heads map[vault.WriterID]uint64, events ...vault.Event) []byte {
	c.TB.Helper()
	c.At++
	body := vault.Body{Context: vault.Context{Org: c.org.ID, Writer: c.Writer, Seq: c.Seq, Prev: c.prev, At: vault.Clock{Ms: c.At}, Heads: heads}, Events: events}
	raw, info, err := (&Engine{Options: Options{Sealer: c.sealer}}).sealBody(c.keys, c.org, &body)
	if err != nil {
		c.TB.Fatal(err)
	}
	c.prev, c.Seq = info.Header, c.Seq+1
	return raw
}

// Write puts the next segment on the remote and returns its path.
func (c *Crafted) Write(heads map[vault.WriterID]uint64, events ...vault.Event) string {
	c.TB.Helper()
	path := vault.SegmentPath(c.Writer, c.Seq)
	c.Put(path, c.Seal(heads, events...))
	return path
}

// Fork returns what begins as this chain does, and may go on otherwise.
func (c *Crafted) Fork() *Crafted {
	other := *c
	return &other
}

// Put puts bytes on the remote.
func (c *Crafted) Put(path string, raw []byte) {
	c.TB.Helper()
	file := filepath.Join(c.Dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		c.TB.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		c.TB.Fatal(err)
	}
}

// SealTo seals a plaintext to declared readers and puts it on the remote.
func (c *Crafted) SealTo(st *vault.State, path string, readers []vault.Reader, plain []byte) vault.Object {
	c.TB.Helper()
	rcps, err := recipients(c.org, st, readers)
	if err != nil {
		c.TB.Fatal(err)
	}
	var out bytes.Buffer
	w, err := c.sealer.Seal(&out, rcps)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		c.TB.Fatal(err)
	}
	c.Put(path, out.Bytes())
	return vault.Object{Path: path, Size: int64(out.Len()), Hash: objecthash.Of(out.Bytes()), Readers: readers}
}

// Epoch seals the parcel of a new epoch for readers of the epoch in use of the organization, and returns the event that opens
// it: an epoch of the workstation's own team of one.
func (c *Crafted) Epoch(e *Engine) vault.Event {
	c.TB.Helper()
	c.epochs++
	id := vault.EpochID(fmt.Sprintf("%s/%d", c.Writer, c.epochs))
	identity, recipient, err := c.sealer.NewIdentity()
	if err != nil {
		c.TB.Fatal(err)
	}
	org := c.org.Current(vault.EpochOrg, "")
	text := fmt.Sprintf("# vaultctl epoch %s team\n%s\n", id, identity)
	o := c.SealTo(nil, vault.ParcelPath(id, 0), []vault.Reader{vault.EpochReader(org.Epoch)}, []byte(text))
	o.Readers = nil
	return c.Event(vault.EpochOpened, "", vault.EpochBody{Epoch: id, Kind: vault.EpochTeam, Team: c.Solo, Recipient: recipient,
		Devices: []vault.DeviceID{c.Device}, Parcels: []vault.Object{o}})
}

// Heads returns what this device has seen of others.
func (e *Engine) Heads() vault.Past { return e.pastNow().Clone() }

// Self returns this device's writer and its next segment, after closing the open one.
func (e *Engine) Self(tb testing.TB) (vault.WriterID, uint64) {
	tb.Helper()
	if err := e.flush(context.Background()); err != nil {
		tb.Fatal(err)
	}
	id, next, err := e.ownNext(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return id, next
}

// VaultState returns the state of a vault.
func (e *Engine) VaultState(tb testing.TB, id string) *vault.State {
	tb.Helper()
	st, _, _, err := e.load(vault.BeneficiaryID(id))
	if err != nil {
		tb.Fatal(err)
	}
	return st.Clone()
}

// Organization returns the organization as this device sees it.
func (e *Engine) Organization() *vault.Org {
	_, org := e.view()
	return org
}

// Poll is what the tender does when a poll is due: only the writers whose turn it is are asked.
func (e *Engine) Poll(ctx context.Context) (int, error) {
	n, _, err := e.pullFrom(ctx, false)
	return n, err
}

// PollIfDue is one look of the tender at whether a poll is due.
func (e *Engine) PollIfDue(ctx context.Context) error { return e.pullIfDue(ctx) }

// Beat is what the tender does for the heartbeat.
func (e *Engine) Beat(ctx context.Context) error { return e.beat(ctx) }

// SealFork returns another segment than the one that this device wrote under a number, signed by it.
func (e *Engine) SealFork(tb testing.TB, seq uint64) []byte {
	tb.Helper()
	keys, org := e.view()
	var info segmentInfo
	id, _ := e.Self(tb)
	if err := getJSON(e.Store, bucketSegments, segmentKey(id, seq), &info); err != nil {
		tb.Fatal(err)
	}
	body := vault.Body{Context: vault.Context{Org: org.ID, Writer: id, Seq: seq, Prev: info.Prev, At: info.At},
		Events: []vault.Event{vault.NewEvent(vault.Heartbeat, "", e.self().Agent, info.At, nil)}}
	raw, _, err := e.sealBody(keys, org, &body)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// MustRevoke ends a workstation in the name of this one, at what it had seen of it.
func (e *Engine) MustRevoke(tb testing.TB, id vault.DeviceID) {
	tb.Helper()
	cut := map[vault.WriterID]uint64{}
	for w, n := range e.pastNow() {
		if w.Device() == id {
			cut[w] = n
		}
	}
	err := e.commit(context.Background(), func(t *tx) error {
		return t.emit(vault.DeviceRevoked, "", vault.RevokeBody{Device: id, Cut: cut})
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// WriteNewer puts a segment on the remote as a newer version would: with what every version of the header keeps.
func (c *Crafted) WriteNewer() string {
	c.TB.Helper()
	pub := c.sign.Public().(ed25519.PublicKey)
	msg := fmt.Appendf(nil, "vaultctl segment v2\nalg later\nwriter %s\nkey %s\nnew thing\n", c.Writer, base64.StdEncoding.EncodeToString(pub))
	raw := fmt.Appendf(msg, "sig %s\n\n", base64.StdEncoding.EncodeToString(ed25519.Sign(c.sign, msg)))
	path := vault.SegmentPath(c.Writer, c.Seq)
	c.Put(path, append(raw, "whatever"...))
	return path
}

// WriteRaw puts the next segment on the remote with an event whose body no encoder takes: it stands for "{}" of one that does.
func (c *Crafted) WriteRaw(ev vault.Event) {
	c.TB.Helper()
	c.At++
	deep := ev.Body
	ev.Body = []byte(`"put it here"`)
	body := vault.Body{Context: vault.Context{Org: c.org.ID, Writer: c.Writer, Seq: c.Seq, Prev: c.prev, At: vault.Clock{Ms: c.At}}, Events: []vault.Event{ev}}
	plain := bytes.Replace(body.Marshal(), []byte(`"put it here"`), deep, 1)
	var sealed bytes.Buffer
	epoch := c.org.Current(vault.EpochOrg, "")
	w, err := c.sealer.Seal(&sealed, []string{epoch.Recipient})
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		c.TB.Fatal(err)
	}
	head := vault.SignHeader(vault.Header{Org: c.org.ID, Writer: c.Writer, Seq: c.Seq, Prev: c.prev, Epoch: epoch.Epoch,
		Body: vault.HashOf(sealed.Bytes()), Size: int64(sealed.Len())}, c.sign)
	c.Put(vault.SegmentPath(c.Writer, c.Seq), append(head, sealed.Bytes()...))
}
