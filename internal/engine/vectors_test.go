package engine

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

var update = flag.Bool("update", false, "write the test vectors of the format anew")

const vectorDir = "../vault/testdata/vectors"

// vectorKeys is keys.json: every secret of the vectors, and what follows from each.
type vectorKeys struct {
	RootSeed    string           `json:"root_seed"`
	RootKey     string           `json:"root_key"`
	Fingerprint string           `json:"fingerprint"`
	DeviceSeed  string           `json:"device_seed"` // signs
	DeviceKey   string           `json:"device_key"`
	Device      vault.DeviceID   `json:"device"`
	DeviceAge   vectorIdentity   `json:"device_age"`
	Card        vectorIdentity   `json:"card"`
	CardSignKey string           `json:"card_sign_key"`
	Locator     string           `json:"locator"`
	Recovery    vectorIdentity   `json:"recovery"`
	OrgEpoch    vectorIdentity   `json:"org_epoch"`
	Predecessor vectorIdentity   `json:"predecessor"`
	RefsKey     string           `json:"refs_key"`
	NamesKey    string           `json:"names_key"`
	IDs         []string         `json:"ids"`         // with their check characters
	MistypedIDs []string         `json:"mistyped"`    // name nothing
	Writer      vault.WriterID   `json:"writer"`      //
	Epoch       vault.EpochID    `json:"epoch"`       //
	Parcel      string           `json:"parcel_path"` //
	Segments    []vectorLocation `json:"segments"`
}

// vectorIdentity is an age identity with its 32-byte seed.
type vectorIdentity struct {
	Seed      string `json:"seed"`
	Identity  string `json:"identity"`
	Recipient string `json:"recipient"`
}

type vectorLocation struct {
	Path   string     `json:"path"`
	Header vault.Hash `json:"header"` // hash
}

// vectorIndex is index.json: inputs and blind values.
type vectorIndex struct {
	Refs []struct {
		Ref   string `json:"ref"`
		Value string `json:"value"`
	} `json:"refs"`
	Digest struct {
		Vault     vault.BeneficiaryID `json:"vault"`
		Plaintext vault.Hash          `json:"plaintext"`
		Value     string              `json:"value"`
		SourceID  string              `json:"source_id"`
		Source    string              `json:"source"`
	} `json:"digest"`
	Names []struct {
		Person vault.Person `json:"person"`
		Folded []string     `json:"folded"`
		Values []string     `json:"values"`
	} `json:"names"`
}

func vectorSeed(name string) []byte {
	sum := sha256.Sum256([]byte("vaultctl test vector " + name))
	return sum[:]
}

// vectorOID is a fixed object name.
func vectorOID(n int) string {
	return fmt.Sprintf("%s%s", strings.Repeat("vector", 4), "a"+string("abcdefgh"[n]))
}

func must[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func vectorID(tb testing.TB, s *agecrypt.Sealer, name string) vectorIdentity {
	seed := vectorSeed(name)
	identity, recipient, err := s.IdentityFromSeed(seed)
	if err != nil {
		tb.Fatal(err)
	}
	return vectorIdentity{hex.EncodeToString(seed), identity, recipient}
}

// MustVectorKeys derives keys.json from the fixed seeds.
func MustVectorKeys(tb testing.TB, s *agecrypt.Sealer) *vectorKeys {
	root, sign := ed25519.NewKeyFromSeed(vectorSeed("root")), ed25519.NewKeyFromSeed(vectorSeed("device"))
	pub := func(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }
	card := must[*cardKey](tb)((&Engine{Options: Options{Sealer: s}}).newCardKey(vectorSeed("card")))
	k := &vectorKeys{
		RootSeed: hex.EncodeToString(root.Seed()), RootKey: base64.StdEncoding.EncodeToString(pub(root)), Fingerprint: vault.Fingerprint(pub(root)),
		DeviceSeed: hex.EncodeToString(sign.Seed()), DeviceKey: base64.StdEncoding.EncodeToString(pub(sign)), Device: vault.DeviceIDOf(pub(sign)),
		DeviceAge: vectorID(tb, s, "device age"), Card: vectorID(tb, s, "card"), CardSignKey: card.signKey(), Locator: card.locator,
		Recovery: vectorID(tb, s, "recovery"), OrgEpoch: vectorID(tb, s, "org epoch"), Predecessor: vectorID(tb, s, "predecessor"),
		RefsKey: base64.StdEncoding.EncodeToString(vectorSeed("refs")), NamesKey: base64.StdEncoding.EncodeToString(vectorSeed("names")),
		IDs:         []string{"o00000000000f", "b1a2b3c4d5e65", "dzzzzzzzzzzzv"},
		MistypedIDs: []string{"b1a2b3c4d5e66", "ba12b3c4d5e65", "b1a2b3c4d5e56"},
	}
	k.Writer = vault.WriterID(k.Device + "-vectoraa")
	k.Epoch = vault.EpochID(k.Writer + "/1")
	k.Parcel = vault.ParcelPath(k.Epoch, 0)
	return k
}

// writeVectors makes every file anew. Ed25519 signatures are always the same; age files never are.
func writeVectors(t *testing.T, s *agecrypt.Sealer) {
	k := MustVectorKeys(t, s)
	for i, id := range k.IDs {
		k.IDs[i] = fixedID(id[:12])
	}
	k.MistypedIDs = []string{swapped(k.IDs[1], 1), swapped(k.IDs[1], 11), k.IDs[1][:12] + other(k.IDs[1][12])}
	org, root, sign := vault.OrgID(k.IDs[0]), ed25519.NewKeyFromSeed(vectorSeed("root")), ed25519.NewKeyFromSeed(vectorSeed("device"))
	write := func(name string, raw []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(vectorDir, name), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	seal := func(text []byte, recipients ...string) []byte {
		var out bytes.Buffer
		wc := must[io.WriteCloser](t)(s.Seal(&out, recipients))
		must[int](t)(wc.Write(text))
		if err := wc.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	write("org.note", vault.OrgNote{Org: org, First: k.Writer}.Sign(root))
	write("root.note", vault.RootNote{Org: org, N: 2}.Sign(root, ed25519.NewKeyFromSeed(vectorSeed("second root"))))
	parcel := parcelText(k.Epoch, vault.EpochOrg, k.OrgEpoch.Identity, []string{k.Predecessor.Identity}, vectorSeed("refs"), vectorSeed("names"))
	write("parcel.txt", []byte(parcel))
	sealedParcel := seal([]byte(parcel), k.DeviceAge.Recipient, k.Recovery.Recipient)
	write("parcel.age", sealedParcel)

	name := "Aïssatou"
	entry := vault.Entry{Salt: vectorOID(7), Kind: vault.EntryPerson, Event: vectorOID(3), Vault: vault.BeneficiaryID(k.IDs[1]),
		Data: must[[]byte](t)(json.Marshal(vault.PersonData{GivenName: &name}))}
	note := append(entry.Line(), '\n')
	write("note.jsonl", note)
	sealedNote := seal(note, k.Card.Recipient, k.OrgEpoch.Recipient)
	write("note.age", sealedNote)

	at := func(n uint32) vault.Clock { return vault.Clock{Ms: 1_790_000_000_000, N: n} }
	event := func(n int, typ vault.EventType, v vault.BeneficiaryID, critical bool, body any) vault.Event {
		e := vault.NewEvent(typ, v, "", at(uint32(n)), body)
		e.ID, e.Critical = vectorOID(n), critical
		return e
	}
	created := event(0, vault.OrgCreated, "", false, vault.OrgBody{Name: "Mairie & CCAS"})
	created.Cosign(org, k.Device, root)
	opened := event(1, vault.EpochOpened, "", true, vault.EpochBody{Epoch: k.Epoch, Kind: vault.EpochOrg, Recipient: k.OrgEpoch.Recipient,
		Devices: []vault.DeviceID{k.Device}, Recovery: 1,
		Parcels: []vault.Object{{Path: k.Parcel, Size: int64(len(sealedParcel)), Hash: objecthash.Of(sealedParcel)}}})
	edited := event(3, vault.VaultEdited, entry.Vault, false, nil)
	edited.Notes = []vault.Hash{entry.Commitment()}
	edited.Cosign(org, k.Device, must[*cardKey](t)((&Engine{Options: Options{Sealer: s}}).newCardKey(vectorSeed("card"))).sign)
	sealed := event(4, vault.NoteSealed, entry.Vault, false, vault.NoteBody{Entries: edited.Notes, Object: vault.Object{
		Path: vault.NotePath(k.Writer, vectorOID(5)), Size: int64(len(sealedNote)), Hash: objecthash.Of(sealedNote),
		Readers: []vault.Reader{vault.CardReader(entry.Vault, 1), vault.EpochReader(k.Epoch)}}})

	var prev vault.Hash
	for seq, events := range [][]vault.Event{{created, opened}, {edited, sealed}} {
		body := vault.Body{Context: vault.Context{Org: org, Writer: k.Writer, Seq: uint64(seq), Prev: prev, At: at(uint32(10 + seq))}, Events: events}
		if seq == 1 {
			body.Context.Heads = map[vault.WriterID]uint64{k.Writer[:26] + "-vectorbb": 17}
		}
		text := body.Marshal()
		file := seal(text, k.OrgEpoch.Recipient)
		head := vault.SignHeader(vault.Header{Org: org, Writer: k.Writer, Seq: uint64(seq), Prev: prev, Epoch: k.Epoch,
			Body: vault.HashOf(file), Size: int64(len(file))}, sign)
		prev = vault.HashOf(head)
		write(fmt.Sprintf("%d.jsonl", seq), text)
		write(fmt.Sprintf("%d.seg", seq), slices.Concat(head, file))
		k.Segments = append(k.Segments, vectorLocation{vault.SegmentPath(k.Writer, uint64(seq)), prev})
	}
	write("keys.json", append(must[[]byte](t)(json.MarshalIndent(k, "", "  ")), '\n'))
	write("index.json", append(must[[]byte](t)(json.MarshalIndent(vectorIndexOf(entry.Vault), "", "  ")), '\n'))
}

// fixedID finds the check character of twelve others.
func fixedID(data string) string {
	for _, c := range "0123456789abcdefghijklmnopqrstuvwxyz" {
		if id, err := vault.ParseID(data[0], data+string(c)); err == nil {
			return id
		}
	}
	panic("no check character: " + data)
}

func swapped(id string, i int) string { return id[:i] + string(id[i+1]) + string(id[i]) + id[i+2:] }

func other(c byte) string {
	if c == '0' {
		return "1"
	}
	return "0"
}

// vectorIndexOf computes index.json.
func vectorIndexOf(b vault.BeneficiaryID) *vectorIndex {
	x := &vectorIndex{}
	refs, names := vectorSeed("refs"), vectorSeed("names")
	for _, ref := range []string{"SIAO:12345", " siao : 12345 ", "CAF:Ab-9"} {
		x.Refs = append(x.Refs, struct {
			Ref   string `json:"ref"`
			Value string `json:"value"`
		}{ref, refValue(refs, ref)})
	}
	d := &x.Digest
	d.Vault, d.Plaintext, d.SourceID = b, vault.HashOf([]byte("plaintext")), "GED-7"
	d.Value, d.Source = digestValue(refs, d.Vault, d.Plaintext), sourceValue(refs, d.Vault, d.SourceID)
	for _, p := range []vault.Person{
		{FamilyName: "N’Diaye-Dupré", GivenName: "Aïssatou", Born: "1985-03-14"},
		{FamilyName: "Martin", UsageName: "LEROY", GivenName: "Anne  Marie", Aliases: []string{"Annie"}, Born: "1985~"},
		{GivenName: "Œdipe", Born: "unknown"},
	} {
		n := nameIndexOf(names, &p)
		x.Names = append(x.Names, struct {
			Person vault.Person `json:"person"`
			Folded []string     `json:"folded"`
			Values []string     `json:"values"`
		}{p, namesOf(&p), n.values()})
	}
	return x
}

// TestVectors reads the committed vectors as a reader of another make would. Run with -update to make them anew.
func TestVectors(t *testing.T) {
	s := agecrypt.NewWithWorkFactor(10)
	if *update {
		writeVectors(t, s)
	}
	read := func(name string) []byte {
		t.Helper()
		return must[[]byte](t)(os.ReadFile(filepath.Join(vectorDir, name)))
	}
	var k vectorKeys
	if err := json.Unmarshal(read("keys.json"), &k); err != nil {
		t.Fatal(err)
	}
	checkVectorKeys(t, s, &k)
	note := must[*vault.OrgNote](t)(vault.ParseOrgNote(read("org.note")))
	if note.Org != vault.OrgID(k.IDs[0]) || note.First != k.Writer || vault.Fingerprint(note.Root) != k.Fingerprint {
		t.Errorf("org.note: %+v", note)
	}
	next := must[*vault.RootNote](t)(vault.ParseRootNote(read("root.note")))
	second := ed25519.NewKeyFromSeed(vectorSeed("second root"))
	if next.Org != note.Org || next.N != 2 || !next.Before.Equal(note.Root) || !next.Root.Equal(second.Public()) ||
		next.Path() != "v1/root/2-dqeazcbam5ecmcfrxw72vpil.note" ||
		!bytes.Equal(read("root.note"), vault.RootNote{Org: note.Org, N: 2}.Sign(ed25519.NewKeyFromSeed(vectorSeed("root")), second)) {
		t.Errorf("root.note: %+v, %s", next, next.Path())
	}
	identity := checkParcel(t, s, &k, read("parcel.age"), read("parcel.txt"))
	events := checkSegments(t, s, &k, identity, read)
	if !events[0].CosignedBy(note.Org, k.Device, k.RootKey) || !events[2].CosignedBy(note.Org, k.Device, k.CardSignKey) {
		t.Error("a cosignature does not verify")
	}
	lines := must[map[vault.Hash][]byte](t)(parseNote(mustOpen(t, s, read("note.age"), k.Card.Identity)))
	want := bytes.TrimSuffix(read("note.jsonl"), []byte("\n"))
	if len(events[2].Notes) != 1 || !bytes.Equal(lines[events[2].Notes[0]], want) {
		t.Errorf("note: %q", lines)
	}
	index := must[[]byte](t)(json.MarshalIndent(vectorIndexOf(vault.BeneficiaryID(k.IDs[1])), "", "  "))
	if got := bytes.TrimSuffix(read("index.json"), []byte("\n")); !bytes.Equal(got, index) {
		t.Errorf("index.json: %s\nwant %s", got, index)
	}
}

func mustOpen(t *testing.T, s *agecrypt.Sealer, sealed []byte, identity string) io.Reader {
	t.Helper()
	return must[io.Reader](t)(s.Open(bytes.NewReader(sealed), []string{identity}))
}

// checkVectorKeys compares what keys.json says with what follows from its seeds.
func checkVectorKeys(t *testing.T, s *agecrypt.Sealer, k *vectorKeys) {
	t.Helper()
	want := MustVectorKeys(t, s)
	want.IDs, want.MistypedIDs, want.Segments = k.IDs, k.MistypedIDs, k.Segments
	if a, b := must[[]byte](t)(json.Marshal(k)), must[[]byte](t)(json.Marshal(want)); !bytes.Equal(a, b) {
		t.Errorf("keys.json:\n%s\nwant\n%s", a, b)
	}
	for _, id := range k.IDs {
		if got, err := vault.ParseID(id[0], strings.ToUpper(id)); err != nil || got != id {
			t.Errorf("%s: %v", id, err)
		}
	}
	for _, id := range k.MistypedIDs {
		if _, err := vault.ParseID(id[0], id); err == nil {
			t.Errorf("%s names something", id)
		}
	}
	if len(k.IDs) == 0 || len(k.MistypedIDs) == 0 {
		t.Error("no ids")
	}
}

// checkParcel opens the parcel as the device and as recovery, and returns the identity of the epoch.
func checkParcel(t *testing.T, s *agecrypt.Sealer, k *vectorKeys, sealed, text []byte) string {
	t.Helper()
	for _, own := range []vectorIdentity{k.DeviceAge, k.Recovery} {
		if got := must[[]byte](t)(io.ReadAll(mustOpen(t, s, sealed, own.Identity))); !bytes.Equal(got, text) {
			t.Errorf("parcel: %q", got)
		}
	}
	keys := &keyring{epochs: map[vault.EpochID]string{}}
	if err := keys.readParcel(k.Epoch, bytes.NewReader(text), s); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(keys.refsKey, vectorSeed("refs")) || !bytes.Equal(keys.namesKey, vectorSeed("names")) || !slices.Equal(keys.older, []string{k.Predecessor.Identity}) {
		t.Errorf("parcel: %+v", keys)
	}
	return keys.epochs[k.Epoch]
}

// checkSegments verifies the chain and returns its events.
func checkSegments(t *testing.T, s *agecrypt.Sealer, k *vectorKeys, identity string, read func(string) []byte) []vault.Event {
	t.Helper()
	var events []vault.Event
	var prev vault.Hash
	for seq, at := range k.Segments {
		br := bufio.NewReader(bytes.NewReader(read(fmt.Sprintf("%d.seg", seq))))
		h := must[*vault.Header](t)(vault.ParseHeader(br))
		sealed := must[[]byte](t)(io.ReadAll(br))
		if h.Prev != prev || h.Seq != uint64(seq) || h.Hash() != at.Header || vault.SegmentPath(h.Writer, h.Seq) != at.Path ||
			h.Body != vault.HashOf(sealed) || h.Size != int64(len(sealed)) || h.Epoch != k.Epoch {
			t.Errorf("header %d: %+v", seq, h)
		}
		prev = h.Hash()
		plain := must[[]byte](t)(io.ReadAll(mustOpen(t, s, sealed, identity)))
		if !bytes.Equal(plain, read(fmt.Sprintf("%d.jsonl", seq))) {
			t.Errorf("body %d: %s", seq, plain)
		}
		body := must[*vault.Body](t)(vault.ParseBody(h, bytes.NewReader(plain)))
		if got := body.Marshal(); !bytes.Equal(got, plain) {
			t.Errorf("body %d is written anew as %s", seq, got)
		}
		events = append(events, body.Events...)
	}
	if len(k.Segments) != 2 || len(events) != 4 {
		t.Fatalf("%d segments, %d events", len(k.Segments), len(events))
	}
	return events
}
