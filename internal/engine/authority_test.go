package engine_test

import (
	"slices"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestNobodySignsThemselvesIn lets an agent without consent, a batch server and an admin, each with a program that refuses
// itself nothing, try to become readers of a vault. None does, and the others say so.
func TestNobodySignsThemselvesIn(t *testing.T) {
	marie := MustFound(t)
	ref := []string{"SI:1"}
	person := marie.MustVault(t, "Diallo", func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &ref })
	doc := marie.MustAdd(t, deposit(person, "cv"), "à ne montrer à personne").ID
	MustSync(t, marie)
	for name, role := range map[string]vault.Role{"Ève Noir": vault.RoleAgent, "Serveur de nuit": vault.RoleDeposit, "Chef": vault.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			thief := MustJoin(t, marie, name, role)
			before := len(doctorSays(t, marie, "quarantined"))
			if err := thief.SignIn(ctxb, vault.BeneficiaryID(person), vault.DocumentID(doc)); err != nil {
				t.Fatal(err)
			}
			MustSync(t, thief)
			MustSync(t, marie)
			if got := len(doctorSays(t, marie, "quarantined")) - before; got != 8 { // one for each attempt
				t.Errorf("%d attempts are told of", got)
			}
			for _, c := range marie.MustShow(t, person).Consents {
				if c.To != "team:Accueil" {
					t.Errorf("in force: %+v", c)
				}
			}
			later := marie.MustAdd(t, deposit(person, "cv"), "pour "+name).ID
			MustSync(t, marie)
			if keys := thief.OpensOf(t, marie.Engine, vault.BeneficiaryID(person)); len(keys) != 0 {
				t.Errorf("opens %v", keys)
			}
			if d, err := marie.DocumentShow(ctxb, api.DocumentRequest{Document: doc}); err != nil || d.Status == "removed" {
				t.Errorf("the document: %+v, %v", d, err)
			}
			for _, id := range []string{doc, later} {
				if _, _, err := marie.get(id, ""); err != nil {
					t.Error(err)
				}
			}
			if members := marie.MustTeam(t).Members; !slices.Equal(members, []string{"Marie Durand"}) {
				t.Errorf("members: %v", members)
			}
		})
	}
}

func (r *rig) MustTeam(tb testing.TB) api.Team {
	tb.Helper()
	team, err := r.TeamShow(ctxb, api.TeamRequest{Team: "Accueil"})
	if err != nil {
		tb.Fatal(err)
	}
	return team
}

// TestWithdrawalByWhoCannotRead records at the batch server that the last consent is withdrawn: the team's workstation seals
// anew when it hears of it, and reads nothing any more.
func TestWithdrawalByWhoCannotRead(t *testing.T) {
	marie := MustFound(t)
	ref := []string{"SI:1"}
	person := marie.MustVault(t, "Diallo", func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &ref })
	doc := marie.MustAdd(t, deposit(person, "cv"), "à ne montrer à personne").ID
	MustSync(t, marie)
	batch := MustJoin(t, marie, "Serveur de nuit", vault.RoleDeposit)
	rec, err := batch.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: "ref:SI:1", Wait: "0s"}, nil)
	if err != nil || rec.Complete || rec.Resealed != 0 || rec.ToReseal == 0 || !slices.Equal(rec.Waiting, []string{"team:Accueil"}) {
		t.Fatalf("%+v, %v", rec, err)
	}
	MustSync(t, batch)
	MustSync(t, marie)
	waitFor(t, "the reseal", func() bool {
		marie.MustTend(1)
		s, err := marie.Status(ctxb)
		return err == nil && s.ToReseal == 0
	})
	if _, _, err := marie.get(doc, ""); vault.CodeOf(err) != vault.CodeNoConsent {
		t.Errorf("get: %v", err)
	}
	if keys := marie.OpensOf(t, marie.Engine, vault.BeneficiaryID(person)); len(keys) != 0 {
		t.Errorf("the team opens %v", keys)
	}
	if b := marie.MustShow(t, person); b.Readable || b.FamilyName != "" || b.Documents != 1 {
		t.Errorf("%+v", b)
	}
}

// TestOfflineDevicePushesAfterTheWithdrawal has somebody work on without having heard of a withdrawal: what they deposited is
// kept and sealed to those who remain, and what they granted and removed counts for nothing.
func TestOfflineDevicePushesAfterTheWithdrawal(t *testing.T) {
	marie, paul, person := pair(t)
	MustJoin(t, marie, "Ève Noir", vault.RoleAgent)
	if _, err := marie.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: person, Terms: verbal("agent:Marie Durand")}, nil); err != nil {
		t.Fatal(err)
	}
	doc := marie.MustAdd(t, deposit(person, "cv"), "de Marie").ID
	MustSync(t, marie)
	MustSync(t, paul)
	back := paul.Unmount()
	if _, err := marie.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: person, To: "team:Accueil"}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, marie)
	work := paul.MustAdd(t, deposit(person, "payslip"), "hors ligne").ID
	if _, err := paul.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: person, Terms: verbal("agent:Ève Noir")}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := paul.DocumentRemove(ctxb, api.DocumentRequest{Document: doc}); err != nil {
		t.Fatal(err)
	}
	back()
	MustSync(t, paul)
	MustSync(t, marie)
	paul.MustTend(1)
	MustSync(t, paul)
	MustSync(t, marie)
	for id, text := range map[string]string{doc: "de Marie", work: "hors ligne"} {
		waitFor(t, "what was deposited", func() bool {
			marie.MustTend(1)
			paul.SetNow(func() time.Time { return time.Now().Add(2 * time.Hour) })
			paul.MustTend(1)
			MustSync(t, paul)
			MustSync(t, marie)
			got, _, err := marie.get(id, "")
			return err == nil && got == text
		})
	}
	for _, c := range marie.MustShow(t, person).Consents {
		if c.To != "agent:Marie Durand" && c.State != "withdrawn" {
			t.Errorf("in force: %+v", c)
		}
	}
	if b := paul.MustShow(t, person); b.Readable {
		t.Errorf("whose consent was withdrawn reads: %+v", b)
	}
}

// TestResealsAtOnce has two workstations reseal one vault without having heard of one another: one result stands, everywhere
// the same, and nothing is lost.
func TestResealsAtOnce(t *testing.T) {
	marie, paul, person := pair(t)
	MustJoin(t, marie, "Ève Noir", vault.RoleAgent)
	if _, err := marie.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: person, Terms: verbal("agent:Ève Noir")}, nil); err != nil {
		t.Fatal(err)
	}
	doc := marie.MustAdd(t, deposit(person, "cv"), "deux fois").ID
	MustSync(t, marie)
	MustSync(t, paul)
	back := paul.Unmount()
	for _, r := range []*rig{marie, paul} {
		if _, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: person, To: "agent:Ève Noir", Wait: "0s"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	back()
	for range 2 {
		for _, r := range []*rig{marie, paul} {
			MustSync(t, r)
			r.MustTend(1)
		}
	}
	for _, r := range []*rig{marie, paul} {
		if got, _, err := r.get(doc, ""); err != nil || got != "deux fois" {
			t.Errorf("get: %q, %v", got, err)
		}
	}
	if a, b := marie.ObjectOf(t, person, doc), paul.ObjectOf(t, person, doc); a != b {
		t.Errorf("one has %s, the other %s", a, b)
	}
}

// TestExpiryWithoutReaders lets a consent end while the workstations of the team are off: three others say that its day has
// passed, and what is deposited then is not for the team.
func TestExpiryWithoutReaders(t *testing.T) {
	marie := MustFound(t)
	ref := []string{"SI:1"}
	person := marie.MustVault(t, "Diallo", func(q *api.BeneficiaryAddRequest) {
		q.Person.Refs, q.Consent.Until = &ref, string(vault.DateOf(time.Now().AddDate(0, 0, 1)))
	})
	MustSync(t, marie)
	var batches []*rig
	for _, name := range []string{"Serveur un", "Serveur deux", "Serveur trois"} {
		batches = append(batches, MustJoin(t, marie, name, vault.RoleDeposit))
	}
	later := func() time.Time { return time.Now().AddDate(0, 0, 3) }
	ahead := batches[0]
	state := func(r *rig) string { return r.MustShow(t, person).Consents[0].State }
	for range 3 {
		ahead.SetNow(func() time.Time { return time.Now().AddDate(1, 0, 0) }) // a clock a year off
		ahead.MustTend(1)
		MustSync(t, ahead)
		MustSync(t, batches[1])
		if got := state(batches[1]); got != "given" {
			t.Fatalf("ended by one wrong clock: %s", got)
		}
	}
	for _, r := range batches[1:] {
		MustSync(t, r)
		r.SetNow(later)
		r.MustTend(1)
		MustSync(t, r)
	}
	MustSync(t, batches[1])
	if got := state(batches[1]); got != "expired" {
		t.Fatalf("after the last day: %s", got)
	}
}

// TestLostAdministrator lets another administrator end the workstation that founded the organization; the root remains.
func TestLostAdministrator(t *testing.T) {
	marie, paul, person := pair(t)
	boss := MustJoin(t, marie, "Chef", vault.RoleAdmin)
	MustSync(t, paul)
	if res, err := boss.AgentRemove(ctxb, api.AgentRemoveRequest{Agent: "Marie Durand"}, nil); err != nil || !slices.Equal(res.Waiting, []string{"team:Accueil"}) {
		t.Fatalf("%+v, %v", res, err)
	}
	MustSync(t, paul)
	paul.MustTend(1)
	waitFor(t, "the team's new key", func() bool {
		paul.MustTend(1)
		return !paul.MustTeam(t).Waiting
	})
	doc := paul.MustAdd(t, deposit(person, "cv"), "après").ID
	MustSync(t, paul)
	MustJoin(t, boss, "Nina Roy", vault.RoleAgent)
	if got, _, err := paul.get(doc, ""); err != nil || got != "après" {
		t.Errorf("get: %q, %v", got, err)
	}
	if _, err := marie.Sync(ctxb, api.SyncRequest{}, nil); vault.CodeOf(err) != vault.CodePolicy {
		t.Errorf("the lost workstation: %v", err)
	}
}
