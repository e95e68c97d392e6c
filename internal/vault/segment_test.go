package vault

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func header() (Header, ed25519.PrivateKey) {
	key := seeded("device")
	w := WriterID(DeviceIDOf(key.Public().(ed25519.PublicKey)) + "-abcdefgh")
	return Header{Org: "o0000000000x", Writer: w, Seq: 3, Prev: HashOf([]byte("before")), Epoch: EpochID(w + "/1"), Body: HashOf([]byte("sealed")), Size: 6}, key
}

func parse(raw []byte) (*Header, *bufio.Reader, error) {
	br := bufio.NewReader(bytes.NewReader(raw))
	h, err := ParseHeader(br)
	return h, br, err
}

func TestHeaderRoundTrip(t *testing.T) {
	h, key := header()
	raw := SignHeader(h, key)
	got, br, err := parse(append(raw, "sealed"...))
	if err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(br); string(rest) != "sealed" {
		t.Errorf("the body begins with %q", rest)
	}
	if got.Seq != 3 || got.Writer != h.Writer || got.Prev != h.Prev || got.Epoch != h.Epoch || got.Body != h.Body || got.Size != 6 || got.Hash() != HashOf(raw) {
		t.Errorf("%+v", got)
	}
	h.Seq, h.Prev = 0, ""
	if _, _, err := parse(SignHeader(h, key)); err != nil {
		t.Errorf("first header: %v", err)
	}
}

func TestAlteredHeaders(t *testing.T) {
	h, key := header()
	raw := SignHeader(h, key)
	for i := range raw { // every byte
		for _, c := range []byte{raw[i] ^ 1, raw[i] ^ 0x20, '\n', '\r', 0} {
			bad := bytes.Clone(raw)
			if bad[i] = c; bytes.Equal(bad, raw) {
				continue
			}
			if _, _, err := parse(bad); err == nil {
				t.Fatalf("byte %d altered to %q passes:\n%s", i, c, bad)
			}
		}
		if _, _, err := parse(raw[:i]); CodeOf(err) != CodeIntegrity {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	lines := strings.SplitAfter(string(raw), "\n")
	for i := range lines { // lines repeated, left out, moved
		if i == len(lines)-1 || lines[i] == "\n" {
			continue
		}
		for _, bad := range [][]string{{strings.Join(lines[:i], ""), lines[i], strings.Join(lines[i:], "")}, {strings.Join(lines[:i], ""), strings.Join(lines[i+1:], "")}} {
			if _, _, err := parse([]byte(strings.Join(bad, ""))); err == nil {
				t.Errorf("line %d repeated or left out passes", i)
			}
		}
	}
	// Another encoding of the same signature would make a second header of the same meaning: it would look like a fork.
	for _, bad := range []string{strings.Replace(string(raw), "\n\n", "\r\n\n", 1), strings.Replace(string(raw), "==\n\n", "=\r=\n\n", 1)} {
		if _, _, err := parse([]byte(bad)); CodeOf(err) != CodeIntegrity {
			t.Errorf("another encoding of the signature: %v", err)
		}
	}
}

func TestHeadersOfOthers(t *testing.T) {
	good, key := header()
	for name, alter := range map[string]func(*Header){
		"writer of another device": func(h *Header) { h.Writer = NewWriterID(DeviceIDOf([]byte("other"))) },
		"no writer":                func(h *Header) { h.Writer = "" },
		"no previous header":       func(h *Header) { h.Prev = "" },
		"first with a previous":    func(h *Header) { h.Seq = 0 },
		"size below zero":          func(h *Header) { h.Size = -1 },
		"size beyond the limit":    func(h *Header) { h.Size = MaxSegment + 1 },
		"seq beyond the limit":     func(h *Header) { h.Seq = 1 << 48 },
		"no hash":                  func(h *Header) { h.Body = "" },
		"hash in upper case":       func(h *Header) { h.Body = Hash(strings.ToUpper(string(h.Body))) },
		"line in a value":          func(h *Header) { h.Org = "o\nseq 4" },
		"too long":                 func(h *Header) { h.Epoch = EpochID(strings.Repeat("e", maxHeader)) },
	} {
		h := good
		alter(&h)
		if _, _, err := parse(SignHeader(h, key)); CodeOf(err) != CodeIntegrity {
			t.Errorf("%s: %v", name, err)
		}
	}
	forged := strings.Replace(string(SignHeader(good, key)), segmentMagic, "vaultctl segment v2", 1)
	if _, _, err := parse([]byte(forged)); CodeOf(err) != CodeIntegrity {
		t.Errorf("a newer version that nobody signed: %v", err)
	}
	msg := []byte("vaultctl segment v2\nalg later\nwriter " + string(good.Writer) + "\nkey " + b64(key) + "\nand more\n")
	h, _, err := parse(signed(msg, ed25519.Sign(key, msg)))
	if CodeOf(err) != CodeUpgrade || h.Writer != good.Writer {
		t.Errorf("newer version: %+v, %v", h, err)
	}
	msg = bytes.Replace(msg, []byte(good.Writer), []byte(NewWriterID(DeviceIDOf([]byte("another")))), 1)
	if _, _, err := parse(signed(msg, ed25519.Sign(key, msg))); CodeOf(err) != CodeIntegrity {
		t.Errorf("a newer version by another device: %v", err)
	}
}

func TestBodyBelongsToItsHeader(t *testing.T) {
	h, key := header()
	signed, _, err := parse(SignHeader(h, key))
	if err != nil {
		t.Fatal(err)
	}
	good := Context{Org: h.Org, Writer: h.Writer, Seq: h.Seq, Prev: h.Prev, At: Clock{Ms: 5}, Heads: map[WriterID]uint64{"other": 2}}
	events := []Event{NewEvent(VaultEdited, "b", "a", Clock{Ms: 4}, CloseBody{"<&>"})}
	b, err := ParseBody(signed, bytes.NewReader((&Body{good, events}).Marshal()))
	if err != nil || len(b.Events) != 1 || b.Context.Heads["other"] != 2 || string(b.Events[0].Body) != string(events[0].Body) {
		t.Fatalf("%+v, %v", b, err)
	}
	for name, alter := range map[string]func(*Context){
		"organization": func(c *Context) { c.Org = "o" },
		"writer":       func(c *Context) { c.Writer = "w" },
		"seq":          func(c *Context) { c.Seq++ },
		"previous":     func(c *Context) { c.Prev = "" },
	} {
		c := good
		alter(&c)
		if _, err := ParseBody(signed, bytes.NewReader((&Body{c, events}).Marshal())); CodeOf(err) != CodeIntegrity {
			t.Errorf("moved to another %s: %v", name, err)
		}
	}
	text := string((&Body{good, nil}).Marshal())
	for name, bad := range map[string]string{"empty": "", "no JSON": "x", "event that is none": text + "[]\n", "empty line": text + "\n\n",
		"endless": text + strings.Repeat(" ", MaxSegment)} {
		if _, err := ParseBody(signed, strings.NewReader(bad)); CodeOf(err) != CodeIntegrity {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOrgNote(t *testing.T) {
	h, _ := header()
	n := OrgNote{Org: "o0000000000x", First: h.Writer}
	raw := n.Sign(seeded("root"))
	got, err := ParseOrgNote(raw)
	if err != nil || got.Org != n.Org || got.First != n.First || !bytes.Equal(got.Root, seeded("root").Public().(ed25519.PublicKey)) {
		t.Fatalf("%+v, %v", got, err)
	}
	if f := Fingerprint(got.Root); len(f) != 29 || strings.Count(f, "-") != 5 {
		t.Errorf("fingerprint %s", f)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1
		if _, err := ParseOrgNote(bad); err == nil {
			t.Fatalf("byte %d altered passes:\n%s", i, bad)
		}
		if _, err := ParseOrgNote(raw[:i]); err == nil {
			t.Fatalf("cut at %d passes", i)
		}
	}
	for _, bad := range []string{"", "\n\n\n\n\n", string(raw) + "\n", strings.Replace(string(raw), "==\n", "==\r\n", 1)} {
		if _, err := ParseOrgNote([]byte(bad)); CodeOf(err) != CodeIntegrity {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ParseOrgNote([]byte("vaultctl organization v2\n")); CodeOf(err) != CodeUpgrade {
		t.Errorf("newer version: %v", err)
	}
}

func TestCosignatureCoversEverything(t *testing.T) {
	key := seeded("card")
	pub := base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	good := NewEvent(ConsentGiven, "b1", "a1", Clock{Ms: 7, N: 2}, ConsentBody{Consent: "c1", Purpose: "a <b> & c"})
	good.Notes = []Hash{HashOf([]byte("1")), HashOf([]byte("2"))}
	good.Cosign("o1", "d1", key)
	if !good.CosignedBy("o1", "d1", pub) || good.CosignedBy("o2", "d1", pub) || good.CosignedBy("o1", "d2", pub) || good.CosignedBy("o1", "d1", b64(seeded("other"))) ||
		good.CosignedBy("o1", "d1", "x") {
		t.Fatal("the signature is not what it should be")
	}
	var stored Event // as an index keeps it
	raw, err := json.Marshal(good)
	if err != nil || json.Unmarshal(raw, &stored) != nil || !stored.CosignedBy("o1", "d1", pub) {
		t.Errorf("lost by storing: %s", raw)
	}
	var spaced Event // as another program may write it
	if err := json.Unmarshal(bytes.Replace(raw, []byte(`"body":{`), []byte(`"body": { `), 1), &spaced); err != nil || !spaced.CosignedBy("o1", "d1", pub) {
		t.Errorf("depends on spaces: %v", err)
	}
	for name, alter := range map[string]func(*Event){
		"id":        func(e *Event) { e.ID += "x" },
		"type":      func(e *Event) { e.Type = ConsentWithdrawn },
		"critical":  func(e *Event) { e.Critical = !e.Critical },
		"vault":     func(e *Event) { e.Vault = "b2" },
		"agent":     func(e *Event) { e.Agent = "" },
		"time":      func(e *Event) { e.At.Ms++ },
		"counter":   func(e *Event) { e.At.N++ },
		"note":      func(e *Event) { e.Notes = []Hash{e.Notes[0], HashOf(nil)} },
		"notes":     func(e *Event) { e.Notes = e.Notes[:1] },
		"order":     func(e *Event) { e.Notes = []Hash{e.Notes[1], e.Notes[0]} },
		"body":      func(e *Event) { e.Body = json.RawMessage(`{}`) },
		"no body":   func(e *Event) { e.Body = nil },
		"lines":     func(e *Event) { e.ID, e.Type = e.ID+"\ntype "+string(e.Type), "" },
		"signature": func(e *Event) { e.Cosigned = []Cosignature{{pub, base64.StdEncoding.EncodeToString(make([]byte, 64))}} },
		"no base64": func(e *Event) { e.Cosigned = []Cosignature{{pub, "!"}} },
		"none":      func(e *Event) { e.Cosigned = nil },
	} {
		e := good
		alter(&e)
		if e.CosignedBy("o1", "d1", pub) {
			t.Errorf("%s altered: still signed", name)
		}
	}
}

func FuzzParseHeader(f *testing.F) {
	h, key := header()
	f.Add(SignHeader(h, key))
	f.Add([]byte(segmentMagic + "\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, _, err := parse(raw)
		if err != nil {
			if c := CodeOf(err); c != CodeIntegrity && c != CodeUpgrade {
				t.Errorf("code %s", c)
			}
			return
		}
		if !bytes.HasPrefix(raw, got.unsigned()) || got.Size < 0 || got.Size > MaxSegment {
			t.Errorf("%+v of %q", got, raw)
		}
	})
}

func FuzzParseBody(f *testing.F) {
	h, key := header()
	signed, _, err := parse(SignHeader(h, key))
	if err != nil {
		f.Fatal(err)
	}
	c := Context{Org: h.Org, Writer: h.Writer, Seq: h.Seq, Prev: h.Prev, At: Clock{Ms: 5}}
	f.Add((&Body{c, []Event{NewEvent(VaultClosed, "b", "a", Clock{Ms: 4}, CloseBody{"moved"})}}).Marshal())
	f.Add((&Body{Context: c}).Marshal())
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := ParseBody(signed, bytes.NewReader(raw))
		if err != nil {
			return
		}
		if again, err := ParseBody(signed, bytes.NewReader(b.Marshal())); err != nil || len(again.Events) != len(b.Events) {
			t.Errorf("%q is not read again: %v", b.Marshal(), err)
		}
	})
}

func FuzzParseOrgNote(f *testing.F) {
	h, _ := header()
	f.Add(OrgNote{Org: "o0000000000x", First: h.Writer}.Sign(seeded("root")))
	f.Add([]byte("vaultctl organization v1\norg o\nroot \nfirst \nsig \n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if n, err := ParseOrgNote(raw); err == nil && !bytes.HasPrefix(raw, n.text()) {
			t.Errorf("%+v of %q", n, raw)
		}
	})
}
