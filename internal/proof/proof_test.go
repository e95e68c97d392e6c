package proof

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/vault"
)

var update = flag.Bool("update", false, "write the test vectors anew")

const vectorDir = "testdata/vectors"

// key is the private key of a seed of one repeated byte: the vectors are for everybody to make again.
func key(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

const vectorOrg = vault.OrgID("o0000000000zz")

// certificate is one of the device of key, signed by another key as its writer.
func certificate(tb testing.TB, device, by ed25519.PrivateKey, writer vault.DeviceID, id string, roles ...vault.Role) Certificate {
	tb.Helper()
	ev := vault.NewEvent(vault.DeviceCertified, "", "a0000000000a1", vault.Clock{Ms: 1790000000000}, vault.DeviceBody{Device: vault.DeviceIDOf(public(device)),
		Key: encode(public(device)), Recipient: "age1pq1example", Role: roles[0], Agent: "a0000000000a1", Also: roles[1:]})
	ev.ID = id
	ev.Cosign(vectorOrg, writer, by)
	c, ok := Certified(&ev, vectorOrg, writer, encode(public(by)))
	if !ok {
		tb.Fatal("no certificate")
	}
	return c
}

const vectorFile = "Attestation d'hébergement, faite à Rennes.\n"

// vector is a proof by a workstation that the first administrator's enrolled.
func vector(tb testing.TB) *Proof {
	tb.Helper()
	root, admin, agent := key(1), key(2), key(3)
	first, second := vault.DeviceIDOf(public(admin)), vault.DeviceIDOf(public(agent))
	at := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	s := &Statement{Org: vectorOrg, Organization: "CCAS d'<Exemple>", Document: "d0000000000d1", Version: 1, Event: strings.Repeat("e", 26),
		Writer: vault.WriterID(string(first) + "-aaaaaaaa"), Seq: 7, Commitment: vault.HashOf([]byte("entry")), Digest: vault.HashOf([]byte(vectorFile)),
		Size: int64(len(vectorFile)), Deposited: at, Agent: "a0000000000a1", AgentName: "Marie \"Maëlle\" Durand", Device: first, OriginalSeen: true,
		Issued: at.Add(time.Hour), Issuer: "a0000000000a2", IssuerName: "Yann Le Goff", By: second}
	chain := []Certificate{
		certificate(tb, admin, root, first, strings.Repeat("c", 26), vault.RoleAdmin, vault.RoleAgent),
		certificate(tb, agent, admin, first, strings.Repeat("d", 26), vault.RoleAgent),
	}
	return Sign(s, agent, chain, encode(public(root)), nil)
}

// succeeded is the vector after the root named a successor.
func succeeded(tb testing.TB) *Proof {
	tb.Helper()
	p := vector(tb)
	note := vault.RootNote{Org: vectorOrg, N: 2, Before: public(key(1)), Root: public(key(4))}
	p.Roots = []string{string(note.Sign(key(1), key(4)))}
	return p
}

func fingerprint() string { return vault.Fingerprint(public(key(1))) }

func TestVector(t *testing.T) {
	raw, err := vector(t).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	later, err := succeeded(t).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"later-root.json": later, "later-fingerprint.txt": []byte(vault.Fingerprint(public(key(4))) + "\n"), "document.txt": []byte(vectorFile), "proof.json": raw, "fingerprint.txt": []byte(fingerprint() + "\n")}
	for name, want := range files {
		path := filepath.Join(vectorDir, name)
		if *update {
			if err := os.WriteFile(path, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what is made now: %v", name, err)
		}
	}
	p, err := Parse(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, written := range []string{fingerprint(), strings.ToUpper(fingerprint()), strings.ReplaceAll(fingerprint(), "-", "")} {
		v, err := p.Verify(written)
		if err != nil {
			t.Fatal(err)
		}
		if v.AgentName != "Marie \"Maëlle\" Durand" || v.Organization != "CCAS d'<Exemple>" || !v.OriginalSeen || len(v.Chain) != 2 || v.Fingerprint != fingerprint() ||
			!v.Deposited.Equal(time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)) {
			t.Errorf("%+v", v)
		}
		if err := v.CheckFile(strings.NewReader(vectorFile)); err != nil {
			t.Error(err)
		}
	}
}

func TestAnotherFile(t *testing.T) {
	v, err := vector(t).Verify(fingerprint())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a bit": strings.Replace(vectorFile, "R", "S", 1), "more": vectorFile + "\n", "less": vectorFile[1:], "empty": ""} {
		if err := v.CheckFile(strings.NewReader(text)); vault.CodeOf(err) != vault.CodeIntegrity || !strings.Contains(err.Error(), string(v.Digest)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForged: nobody but a workstation that the root's certificates lead to attests anything.
func TestForged(t *testing.T) {
	root, admin, agent, other := key(1), key(2), key(3), key(9)
	first, second := vault.DeviceIDOf(public(admin)), vault.DeviceIDOf(public(agent))
	resign := func(p *Proof, k ed25519.PrivateKey) {
		p.Key, p.Sig = encode(public(k)), encode(ed25519.Sign(k, []byte(p.Statement)))
	}
	for name, change := range map[string]func(*Proof){
		"the statement":          func(p *Proof) { p.Statement = strings.Replace(p.Statement, "original-seen yes", "original-seen no", 1) },
		"the digest":             func(p *Proof) { p.Statement = strings.Replace(p.Statement, "digest ", "digest 0", 1) },
		"the signature":          func(p *Proof) { p.Sig = "A" + p.Sig[1:] },
		"no signature":           func(p *Proof) { p.Sig = "" },
		"a strange encoding":     func(p *Proof) { p.Sig = strings.TrimRight(p.Sig, "=") },
		"another key":            func(p *Proof) { resign(p, other) },
		"an admin's key instead": func(p *Proof) { resign(p, admin) },
		"no certificate":         func(p *Proof) { p.Certificates = nil },
		"a certificate less":     func(p *Proof) { p.Certificates = p.Certificates[:1] },
		"the first left out":     func(p *Proof) { p.Certificates = p.Certificates[1:] },
		"another order":          func(p *Proof) { p.Certificates[0], p.Certificates[1] = p.Certificates[1], p.Certificates[0] },
		"too many":               func(p *Proof) { p.Certificates = make([]Certificate, maxChain+1) },
		"a certificate's body":   func(p *Proof) { p.Certificates[1].Body = strings.Replace(p.Certificates[1].Body, "agent", "admin", 1) },
		"a certificate's statement": func(p *Proof) {
			p.Certificates[1].Statement = strings.Replace(p.Certificates[1].Statement, "critical false", "critical true", 1)
		},
		"a certificate by nobody": func(p *Proof) {
			p.Certificates[1] = certificate(t, agent, other, first, "x", vault.RoleAgent)
		},
		"a certificate by another's key under its name": func(p *Proof) {
			p.Certificates[1] = certificate(t, agent, other, first, "x", vault.RoleAgent)
			p.Certificates[1].By = encode(public(admin))
		},
		"a certificate by the root in another's chain": func(p *Proof) {
			p.Certificates = []Certificate{certificate(t, agent, root, first, "x", vault.RoleAgent)}
		},
		"certified by itself": func(p *Proof) {
			p.Certificates[1] = certificate(t, agent, agent, second, "x", vault.RoleAgent)
		},
		"certified by who is no admin": func(p *Proof) {
			p.Certificates[0] = certificate(t, admin, root, first, "x", vault.RoleAgent)
		},
		"a workstation that reads nothing": func(p *Proof) {
			p.Certificates[1] = certificate(t, agent, admin, first, "x", vault.RoleDeposit)
		},
		"another organization's certificate": func(p *Proof) {
			c := &p.Certificates[0]
			c.Statement = strings.Replace(c.Statement, string(vectorOrg), "o0000000000yy", 1)
			c.Sig = encode(ed25519.Sign(root, []byte(c.Statement)))
		},
		"an event of another kind": func(p *Proof) {
			c := &p.Certificates[0]
			c.Statement = strings.Replace(c.Statement, "device.certify", "device.revoke", 1)
			c.Sig = encode(ed25519.Sign(root, []byte(c.Statement)))
		},
		"a statement of another form": func(p *Proof) {
			p.Statement = strings.Replace(p.Statement, "version 1\n", "version 01\n", 1)
			resign(p, agent)
		},
		"a line more": func(p *Proof) {
			p.Statement += "more\n"
			resign(p, agent)
		},
		"another workstation's name": func(p *Proof) {
			p.Statement = strings.Replace(p.Statement, "by "+string(second), "by "+string(first), 1)
			resign(p, agent)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := vector(t)
			change(p)
			if _, err := p.Verify(fingerprint()); vault.CodeOf(err) != vault.CodeIntegrity {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAnotherRoot(t *testing.T) {
	_, err := vector(t).Verify(vault.Fingerprint(public(key(9))))
	if vault.CodeOf(err) != vault.CodeIntegrity || !strings.Contains(err.Error(), fingerprint()) {
		t.Errorf("error %v", err)
	}
	// The root's key is what the fingerprint is of: naming another one does not help.
	p := vector(t)
	p.Root = encode(public(key(9)))
	if _, err := p.Verify(vault.Fingerprint(public(key(9)))); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("error %v", err)
	}
	for _, text := range []string{"", "abcd", fingerprint() + "a", strings.Replace(fingerprint(), fingerprint()[:1], "1", 1)} {
		if _, err := p.Verify(text); vault.CodeOf(err) != vault.CodeUsage {
			t.Errorf("Verify(%q): %v", text, err)
		}
	}
}

// TestLaterRoot: a proof holds under each of the roots, and a line that the first did not sign is none.
func TestLaterRoot(t *testing.T) {
	latest := vault.Fingerprint(public(key(4)))
	for _, fp := range []string{fingerprint(), latest} {
		if v, err := succeeded(t).Verify(fp); err != nil || v.Fingerprint != latest {
			t.Errorf("%s: %+v, %v", fp, v, err)
		}
	}
	p := succeeded(t)
	p.Certificates[0] = certificate(t, key(2), key(4), vault.DeviceIDOf(public(key(2))), "x", vault.RoleAdmin)
	if _, err := p.Verify(latest); err != nil {
		t.Errorf("certified by the second root: %v", err)
	}
	forged := vault.RootNote{Org: vectorOrg, N: 2, Before: public(key(1)), Root: public(key(9))}
	other := vault.RootNote{Org: "o0000000000yy", N: 2, Before: public(key(1)), Root: public(key(4))}
	third := vault.RootNote{Org: vectorOrg, N: 3, Before: public(key(1)), Root: public(key(4))}
	for name, notes := range map[string][]string{
		"by nobody":               {strings.Replace(string(forged.Sign(key(1), key(9))), "by ", "by A", 1)},
		"by another key":          {string(forged.Sign(key(8), key(9)))},
		"of another organization": {string(other.Sign(key(1), key(4)))},
		"a number left out":       {string(third.Sign(key(1), key(4)))},
		"the same twice":          {p.Roots[0], p.Roots[0]},
		"nothing":                 {""},
	} {
		q := succeeded(t)
		q.Roots = notes
		if _, err := q.Verify(fingerprint()); vault.CodeOf(err) != vault.CodeIntegrity {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParse(t *testing.T) {
	raw, err := vector(t).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		code       vault.Code
	}{
		{"no JSON", "hello", vault.CodeInvalid},
		{"nothing", "", vault.CodeInvalid},
		{"another type", `{"v":1,"type":"document"}`, vault.CodeInvalid},
		{"a later version", `{"v":2,"type":"document_proof","more":1}`, vault.CodeUpgrade},
		{"a member more", strings.Replace(string(raw), "{", `{"note":"genuine",`, 1), vault.CodeIntegrity},
		{"a member of another kind", strings.Replace(string(raw), `"sig": "`, `"sig": ["`, 1), vault.CodeInvalid},
		{"cut short", string(raw[:len(raw)/2]), vault.CodeInvalid},
		{"too large", string(raw) + strings.Repeat(" ", MaxSize), vault.CodeInvalid},
	} {
		if _, err := Parse(strings.NewReader(c.text)); vault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// FuzzProof: whatever a proof says, it never stands under a root that did not sign it, and nothing panics.
func FuzzProof(f *testing.F) {
	raw, err := vector(f).Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"v":1,"type":"document_proof","certificates":[{"statement":"vaultctl event v1\n"}]}`))
	later, err := succeeded(f).Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(later)
	made := []*Proof{vector(f), succeeded(f)}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(bytes.NewReader(text))
		if err != nil {
			return
		}
		v, err := p.Verify(fingerprint())
		if err != nil {
			if vault.CodeOf(err) != vault.CodeIntegrity {
				t.Errorf("error %v", err)
			}
			return
		}
		// Only what was signed holds: the members, and not their spelling, are what it is.
		got, _ := json.Marshal(p)
		for _, p := range made {
			if same, _ := json.Marshal(p); bytes.Equal(got, same) {
				return
			}
		}
		t.Errorf("a proof that nobody made holds: %+v", v)
	})
}

// FuzzStatement: what a statement's text is read as gives the same text again.
func FuzzStatement(f *testing.F) {
	f.Add(vector(f).Statement)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseStatement(text)
		if err != nil {
			return
		}
		again, err := parseStatement(string(s.text()))
		if err != nil || *again != *s {
			t.Errorf("%+v, then %+v, %v", s, again, err)
		}
	})
}
