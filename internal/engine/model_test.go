package engine_test

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// office is several workstations over one storage, with what they acknowledged.
type office struct {
	t     *rapid.T
	tb    testing.TB
	desks []*desk
	out   []*desk           // revoked
	docs  map[string]*paper // by id
	order []string          // ids of docs, as they came
	vault []string
	ended map[string]bool     // vaults that may be gone with all that comes into them
	cards map[string][]string // of a vault, as typed words
	runs  []run
	n     int

	trusted bool            // somebody who lies may read
	forged  map[string]bool // objects with which a reader lied, by path
	untold  map[string]bool // documents whose descriptions a reader left out
}

// run is an import.
type run struct {
	batch vault.BatchID
	docs  []string
}

// desk is one workstation.
type desk struct {
	*rig
	name   string // of the agent
	w      *weather
	lies   bool   // does what no program does, without any consent
	forges bool   // does so with consents
	backup string // a copy of its home, made earlier
}

// paper is a document that a workstation acknowledged.
type paper struct {
	vault string
	texts []string // that it may have: the first, and those of new versions
	by    *desk
	gone  bool // somebody tried to take it away, or its vault
	moved bool // somebody tried to move it: its text is there under one id or another
}

var officeOps, officeLies atomic.Int64 // of the latter those of a reader that were told

// officeChecks is how many histories a run of the tests plays, in about two minutes; make soak sets rapid.checks to more.
const officeChecks = "20"

// TestModelOfAnOffice plays random histories on real workstations over a storage that behaves badly: what they acknowledged
// is there in the end, they agree on everything, and nobody's keys open what nobody consented to.
func TestModelOfAnOffice(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set(officeChecks); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Value.Set(f.DefValue) }() // it was so before
	}
	began := time.Now()
	officeOps.Store(0)
	officeLies.Store(0)
	rapid.Check(t, func(rt *rapid.T) {
		o := newOffice(rt, t)
		for range rapid.IntRange(50, 100).Draw(rt, "steps") {
			o.step()
		}
		o.close()
	})
	n, took := officeOps.Load(), time.Since(began)
	t.Logf("%d operations, %.1f a second; %d lies of readers", n, float64(n)/took.Seconds(), officeLies.Load())
}

func newOffice(rt *rapid.T, tb testing.TB) *office {
	o := &office{t: rt, tb: tb, docs: map[string]*paper{}, ended: map[string]bool{}, cards: map[string][]string{}, forged: map[string]bool{}, untold: map[string]bool{}}
	marie := MustFound(tb)
	o.add(marie, "Marie Durand")
	o.add(MustJoin(tb, marie, "Paul Martin", vault.RoleAgent), "Paul Martin")
	marie.MustAdmit(tb, "Paul Martin")
	if rapid.Bool().Draw(rt, "a third") {
		role := rapid.SampledFrom([]vault.Role{vault.RoleAgent, vault.RoleDeposit}).Draw(rt, "role")
		o.add(MustJoin(tb, marie, "Eve Petit", role), "Eve Petit")
		switch rapid.IntRange(0, 2).Draw(rt, "who lies") {
		case 0:
			o.desks[2].lies = true
		case 2: // the rarest, since small numbers are drawn more often: such histories take longer
			o.desks[2].forges = role == vault.RoleAgent
		}
	}
	o.meet(2)
	if o.forgers() {
		o.trust()
	}
	return o
}

// add puts the weather over a workstation.
func (o *office) add(r *rig, name string) {
	d := &desk{rig: r, name: name, w: newWeather(rapid.Uint64().Draw(o.t, "weather"))}
	d.Reopen(o.tb, d.w.over)
	o.desks = append(o.desks, d)
}

// meet brings everybody's news to everybody.
func (o *office) meet(rounds int) {
	for i := range rounds {
		later := time.Duration(0)
		if rounds > 2 { // those whose turn is late have theirs, too
			later = time.Duration(min(i, 5)) * 13 * time.Hour
		}
		for _, d := range o.desks {
			d.SetNow(func() time.Time { return time.Now().Add(later) })
			d.w.set(0, false)
			_, err := d.Sync(ctxb, api.SyncRequest{Wait: "60s"}, nil)
			if vault.CodeOf(err) == vault.CodeIntegrity { // seen through the weather: it has to go by itself
				if _, verr := d.Verify(ctxb, api.VerifyRequest{}, nil, nil); verr == nil {
					_, err = d.Sync(ctxb, api.SyncRequest{Wait: "60s"}, nil)
				}
			}
			// What others have replaced meanwhile is missing until their news is here: in the end nothing may be.
			soon := vault.CodeOf(err) == vault.CodeIntegrity && (i < rounds-1 || o.onlyForged(attentionOf(o.tb, d.rig)))
			if err != nil && !soon {
				o.t.Fatalf("sync of %s: %v: %+v", d.name, err, attentionOf(o.tb, d.rig))
			}
			d.Tend(ctxb)
		}
	}
}

// refused reports whether an error is an answer that the program may give when others did something meanwhile.
func refused(err error) bool {
	switch vault.CodeOf(err) {
	case vault.CodeNoConsent, vault.CodePolicy, vault.CodeConflict, vault.CodeErased, vault.CodeNotFound, vault.CodeNoIdentity,
		vault.CodeUnreachable, vault.CodeInvalid, vault.CodeAmbiguous,
		vault.CodeIntegrity: // an old answer looks like a rollback, and is reported as one until the storage is sound again
		return true
	}
	return err != nil && strings.Contains(err.Error(), "the key of a reader is not known here") // the note with it has not come yet
}

func (o *office) step() {
	o.n++
	officeOps.Add(1)
	d := o.desks[rapid.IntRange(0, len(o.desks)-1).Draw(o.t, "desk")]
	var err error
	switch k := rapid.IntRange(0, 49).Draw(o.t, "what"); {
	case d.forges && len(o.order) > 0 && rapid.IntRange(0, 4).Draw(o.t, "does it lie") == 0:
		err = o.forge(d)
	case k < 6:
		_, err = d.Sync(ctxb, api.SyncRequest{}, nil)
	case k < 8:
		_, err = d.Sync(ctxb, api.SyncRequest{Wait: "300ms"}, nil)
	case k < 9:
		d.Tend(ctxb)
	case k < 12:
		d.w.set(rapid.IntRange(0, 40).Draw(o.t, "bad"), rapid.IntRange(0, 2).Draw(o.t, "away") == 0)
	case k < 13:
		d.Reopen(o.tb, d.w.over)
	case k < 14:
		if err = d.Lock(ctxb); err == nil {
			err = d.Unlock(ctxb, "")
		}
	case k < 17 || len(o.vault) == 0:
		err = o.open(d)
	case k < 26 || len(o.docs) == 0:
		err = o.deposit(d)
	case k < 33:
		err = o.change(d)
	case k < 40:
		err = o.decide(d)
	case k < 43:
		err = o.importRows(d)
	case k < 44 && len(o.runs) > 0:
		err = o.undo(d)
	case k < 45:
		err = o.merge(d)
	case k < 46:
		o.copy(d)
	case k < 47:
		o.restore(d)
	case k < 48 && d.lies:
		err = o.lie(d)
	case k < 49 && len(o.desks) == 3 && o.n > 30:
		err = o.revoke(o.desks[2])
	}
	if err != nil && !refused(err) {
		o.t.Fatalf("step %d on %s: %v", o.n, d.name, err)
	}
}

// team is one of those that a person may consent to.
func (o *office) team() string {
	teams := []string{"team:Accueil", "agent:Paul Martin", "agent:Marie Durand"}
	if o.forgers() {
		teams = slices.Insert(teams, 0, "agent:Eve Petit")
	}
	return rapid.SampledFrom(teams).Draw(o.t, "team")
}

func (o *office) open(d *desk) error {
	if len(o.vault) >= 4 {
		return nil
	}
	return o.openTo(d, o.team())
}

func (o *office) openTo(d *desk, team string) error {
	req := api.BeneficiaryAddRequest{Consent: verbal(team), Duplicate: true}
	req.Person = api.Person{FamilyName: val(fmt.Sprintf("Personne %d", o.n)), GivenName: val("Awa"), Born: val("1985-03-14")}
	b, err := d.BeneficiaryAdd(ctxb, req, nil)
	if err == nil {
		o.vault = append(o.vault, b.ID)
	}
	return err
}

func (o *office) someVault() string {
	return o.vault[rapid.IntRange(0, len(o.vault)-1).Draw(o.t, "vault")]
}

func (o *office) someDoc() string {
	return o.order[rapid.IntRange(0, len(o.order)-1).Draw(o.t, "document")]
}

func (o *office) deposit(d *desk) error {
	b, text := o.someVault(), fmt.Sprintf("papier %d", o.n)
	private := rapid.IntRange(0, 5).Draw(o.t, "private") == 0
	v, err := d.DocumentAdd(ctxb, deposit(b, "cv", func(r *api.DocumentAddRequest) { r.Private = private }), strings.NewReader(text))
	if err == nil {
		o.deposited(v.ID, &paper{vault: b, texts: []string{text}, by: d})
	}
	return err
}

func (o *office) deposited(id string, p *paper) {
	o.docs[id] = p
	o.order = append(o.order, id)
}

// change does something to a document.
func (o *office) change(d *desk) error {
	id := o.someDoc()
	p := o.docs[id]
	var err error
	switch rapid.IntRange(0, 7).Draw(o.t, "change") {
	case 0, 1:
		text := fmt.Sprintf("version %d", o.n)
		p.texts = append(p.texts, text)
		_, err = d.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: id, Size: -1}, strings.NewReader(text))
	case 2, 3:
		_, err = d.DocumentEdit(ctxb, api.DocumentEditRequest{Document: id, Fields: api.DocumentFields{Title: val(fmt.Sprintf("Titre %d", o.n))}})
	case 4:
		p.gone = true
		_, err = d.DocumentRemove(ctxb, api.DocumentRequest{Document: id})
	case 5, 6:
		var v api.Document
		p.moved = true
		to := o.someVault()
		v, err = d.DocumentMove(ctxb, api.MoveRequest{Document: id, To: to}, nil)
		if err == nil && v.Status == "deposited" {
			o.deposited(v.ID, &paper{vault: to, texts: slices.Clone(p.texts), by: d, gone: p.gone, moved: true})
		}
	case 7:
		_, err = d.DocumentEdit(ctxb, api.DocumentEditRequest{Document: id, Space: "private"})
	}
	return err
}

// decide does what a person decides about their vault.
func (o *office) decide(d *desk) error {
	b := o.someVault()
	var err error
	switch rapid.IntRange(0, 9).Draw(o.t, "decision") {
	case 0, 1, 2:
		_, err = d.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: b, Terms: verbal(o.team())}, nil)
	case 3, 4, 5:
		_, err = d.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: b, To: o.team(), Wait: "0s"}, nil)
	case 6:
		var c api.Card
		if c, err = d.CardIssue(ctxb, api.CardRequest{Beneficiary: b}); err == nil {
			o.cards[b] = append(o.cards[b], strings.Join(c.Words, " "))
		}
	case 7:
		_, err = d.BeneficiaryClose(ctxb, api.CloseRequest{Beneficiary: b, Reason: "moved"})
	case 8:
		_, err = d.BeneficiaryReopen(ctxb, api.BeneficiaryRequest{Beneficiary: b})
	case 9:
		if rapid.IntRange(0, 3).Draw(o.t, "erase") > 0 {
			return nil
		}
		o.ended[b] = true // for who has not heard of it, too
		for _, p := range o.docs {
			p.gone = p.gone || p.moved
		}
		_, err = d.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b, Confirm: b}, nil)
	}
	return err
}

// close lets everything settle and compares.
func (o *office) close() {
	o.meet(9)
	for _, b := range o.vault {
		o.agree(b)
	}
	o.allThere()
	o.closed()
	for _, d := range o.desks {
		v, err := d.Verify(ctxb, api.VerifyRequest{Deep: true}, nil, nil)
		bad := slices.ContainsFunc(v.Findings, func(f api.Finding) bool { return f.Severity != "info" && !o.tells(&f) }) // others may be writing
		if bad || err != nil && !o.onlyForged(v.Findings) {
			o.t.Fatalf("verify on %s: %v, %+v", d.name, err, v.Findings)
		}
		o.named(d, v.Findings)
		d.stop()
	}
}

// agree compares what the workstations make of a vault.
func (o *office) agree(b string) {
	var first string
	for i, d := range o.desks {
		all, kept, err := d.StateTexts(vault.BeneficiaryID(b))
		if err != nil {
			o.t.Fatalf("%s: %v", d.name, err)
		}
		if kept != "" {
			o.t.Fatalf("%s keeps of %s another state than its events make: %s", d.name, b, kept)
		}
		if i == 0 {
			first = all
		} else if all != first {
			o.t.Fatalf("%s and %s differ about %s:\n%s\n%s", o.desks[0].name, d.name, b, first, all)
		}
	}
}

// allThere opens what was acknowledged and nobody took away, at every desk that may.
func (o *office) allThere() {
	for _, id := range o.order {
		p := o.docs[id]
		if p.gone || p.moved || o.ended[p.vault] {
			continue
		}
		var seen []error
		for _, d := range o.desks {
			text, err := o.read(d, id, p)
			exchanged := o.exchanged(d, id)
			if err == nil && !slices.Contains(p.texts, text) && (!exchanged || !o.untold[id]) {
				o.t.Fatalf("%s reads %q, want one of %q", d.name, text, p.texts)
			}
			if exchanged { // who may read may destroy, and it is named
				err = nil
			}
			if code := vault.CodeOf(err); err != nil && code != vault.CodeNoConsent && code != vault.CodeNoIdentity {
				o.t.Fatalf("%s does not read what was acknowledged: %v", d.name, err)
			}
			seen = append(seen, err)
		}
		if st, err := o.desks[0].BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: p.vault}); err == nil && o.active(&st) && !slices.Contains(seen, nil) {
			o.t.Fatalf("nobody reads what was acknowledged: %v", errors.Join(seen...))
		}
	}
}

// active reports whether a consent holds, to somebody who is left.
func (o *office) active(b *api.Beneficiary) bool {
	return slices.ContainsFunc(b.Consents, func(c api.Consent) bool {
		return c.State == "given" && !slices.ContainsFunc(o.out, func(d *desk) bool { return c.To == "agent:"+d.name })
	})
}
