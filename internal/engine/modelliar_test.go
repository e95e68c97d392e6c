package engine_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// forgers reports whether somebody may read vaults who lies.
func (o *office) forgers() bool { return len(o.desks) == 3 && o.desks[2].forges }

// trust opens a vault to who lies and to the others, and deposits into it.
func (o *office) trust() {
	marie := o.desks[0]
	if err := o.openTo(marie, "team:Accueil"); err != nil {
		o.t.Fatal(err)
	}
	if _, err := marie.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: o.vault[0], Terms: verbal("agent:Eve Petit")}, nil); err != nil {
		o.t.Fatal(err)
	}
	for range 2 {
		if err := o.deposit(marie); err != nil && !refused(err) {
			o.t.Fatal(err)
		}
	}
	o.meet(2)
	o.trusted = true
}

// forge has a workstation lie whose agent reads a vault, as a modified client can. What it puts in the place of objects is kept
// in forged: it has to be named wherever it stands in the end.
func (o *office) forge(d *desk) error {
	id := o.someDoc()
	p := o.docs[id]
	how := rapid.IntRange(0, 9).Draw(o.t, "forgery")
	s, err := d.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: p.vault})
	if err != nil || !s.Readable {
		return err
	}
	text, _, err := d.get(id, "")
	if err != nil && how < 6 {
		return err
	}
	other, path := fmt.Sprintf("faux %d", o.n), ""
	switch how {
	case 0, 1:
		path, err = d.LieReseal(ctxb, id, other, false)
	case 2:
		path, err = d.LieReseal(ctxb, id, text, true)
	case 3:
		path, err = d.LieHash(ctxb, id, text)
	case 4:
		path, err = d.LieDigest(ctxb, id, other)
	case 5: // it holds what it should, and is sealed anew by the others
		_, err = d.LieReseal(ctxb, id, text, false, vault.EpochReader(d.Organization().Current(vault.EpochStaff, "").Epoch))
	case 6:
		changed := false
		path, err = d.LieNote(ctxb, p.vault, all, func(line []byte) []byte {
			changed = changed || bytes.Contains(line, []byte("cv"))
			return bytes.ReplaceAll(line, []byte("cv"), []byte("vc"))
		}, false)
		if !changed {
			path = ""
		}
	case 7:
		path, err = d.LieNote(ctxb, p.vault, all, same, true)
	case 8:
		o.untold[id] = true
		_, err = d.LieNote(ctxb, p.vault, func(line []byte) bool { return !bytes.Contains(line, []byte(id)) }, same, false)
	case 9:
		err = d.BuryLiving(ctxb, p.vault)
	}
	if err != nil {
		return err
	}
	officeLies.Add(1)
	if path != "" {
		o.forged[path] = true
	}
	return nil
}

// tells reports whether a finding names an object with which somebody lied, or one that a workstation deleted of its own before
// its revocation, which set aside what it put in its place.
func (o *office) tells(f *api.Finding) bool {
	_, path, _ := strings.Cut(f.Subject, ":")
	return o.forged[path] || f.Code == "missing" && slices.ContainsFunc(o.out, func(d *desk) bool {
		return d.forges && string(vault.PathWriter(path).Device()) == d.device(o.tb)
	})
}

// onlyForged reports whether nothing but forged objects is wrong. That of a whole storage is said beside them.
func (o *office) onlyForged(found []api.Finding) bool {
	return o.trusted && !slices.ContainsFunc(found, func(f api.Finding) bool {
		return f.Severity == "error" && !o.tells(&f) && (f.Code != string(vault.CodeIntegrity) || strings.Contains(f.Subject, ":"))
	})
}

// exchanged reports whether an object with which somebody lied stands in the place of a document.
func (o *office) exchanged(d *desk, id string) bool {
	for _, b := range o.vault {
		if st, err := d.StateOf(b); err == nil && st.Documents[vault.DocumentID(id)] != nil && o.forged[st.Documents[vault.DocumentID(id)].Object.Path] {
			return true
		}
	}
	return false
}

// named checks that a workstation which reads a vault names every forged object of it, but for private ones: those it does not
// open.
func (o *office) named(d *desk, found []api.Finding) {
	if d.forges {
		return
	}
	names := map[string]bool{}
	for _, f := range found {
		_, path, _ := strings.Cut(f.Subject, ":")
		names[path] = true
	}
	for _, b := range o.vault {
		st, err := d.StateOf(b)
		if err != nil {
			continue
		}
		var live []vault.Object
		for _, doc := range st.Documents {
			if doc.Removed == nil && doc.Space == vault.Shared && !o.untold[string(doc.ID)] {
				live = append(live, doc.Object)
			}
		}
		for _, n := range st.Notes {
			live = append(live, n.Object)
		}
		for _, obj := range live {
			if o.forged[obj.Path] && d.ReadsBy(obj.Readers) && !names[obj.Path] {
				o.t.Fatalf("%s does not name %s, with which somebody lied, but %v", d.name, obj.Path, slices.Sorted(maps.Keys(names)))
			}
		}
	}
}
