package engine_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

func (r *rig) device(tb testing.TB) string {
	tb.Helper()
	s, err := r.Status(ctxb)
	if err != nil {
		tb.Fatal(err)
	}
	return s.Device
}

// MustAdmit lets an agent into the first team.
func (r *rig) MustAdmit(tb testing.TB, agent string) api.Team {
	tb.Helper()
	t, err := r.TeamMemberAdd(ctxb, api.MemberRequest{Team: "Accueil", Agent: agent}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// MustTend runs rounds of the background work.
func (r *rig) MustTend(rounds int) {
	for range rounds {
		r.Tend(ctxb)
	}
}

// pair is marie, who founded, and paul, whom she let into the team, with a vault consented to it.
func pair(t *testing.T) (marie, paul *rig, person string) {
	marie = MustFound(t)
	person = marie.MustVault(t, "Diallo")
	paul = MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
	if team := marie.MustAdmit(t, "Paul Martin"); !slices.Equal(team.Members, []string{"Marie Durand", "Paul Martin"}) || team.Waiting || team.Consents != 1 {
		t.Fatalf("team: %+v", team)
	}
	MustSync(t, paul)
	if p := paul.MustShow(t, person); p.FamilyName != "Diallo" {
		t.Fatalf("a member does not read: %+v", p)
	}
	return marie, paul, person
}

func TestRevokedDeviceReadsNothingNew(t *testing.T) {
	marie, paul, person := pair(t)
	before := marie.MustAdd(t, deposit(person, "cv"), "avant").ID
	MustSync(t, marie)
	MustSync(t, paul)
	if got, _, err := paul.get(before, ""); err != nil || got != "avant" {
		t.Fatalf("get: %q, %v", got, err)
	}
	res, err := marie.DeviceRevoke(ctxb, api.RevokeRequest{Device: paul.device(t)[:6]}, nil)
	if err != nil || res.Agent != "Paul Martin" || !slices.Equal(res.Devices, []string{paul.device(t)}) || len(res.Waiting) != 0 || res.Resealing != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	late := paul.MustAdd(t, deposit(person, "payslip"), "sans savoir").ID
	_, err = paul.Sync(ctxb, api.SyncRequest{Wait: "10s"}, nil)
	if vault.CodeOf(err) != vault.CodePolicy || !strings.Contains(err.Error(), "this workstation was revoked on") || !strings.HasSuffix(err.Error(), " by Marie Durand") {
		t.Errorf("sync of the revoked workstation: %v", err)
	}
	after := marie.MustAdd(t, deposit(person, "cv"), "après").ID
	MustSync(t, marie)
	if d, err := marie.DocumentShow(ctxb, api.DocumentRequest{Document: late}); vault.CodeOf(err) != vault.CodeNotFound {
		t.Errorf("what was written too late: %+v, %v", d, err)
	}
	if keys := paul.OpensOf(t, marie.Engine, vault.BeneficiaryID(person)); slices.Contains(keys, after) || !slices.Contains(keys, before) {
		t.Errorf("the revoked workstation's keys open %v, not wanted: %s", keys, after)
	}
	_, err = marie.DeviceRevoke(ctxb, api.RevokeRequest{Device: paul.device(t)}, nil)
	wantCode(t, "revoke again", err, vault.CodeConflict)
	v, err := marie.Verify(ctxb, api.VerifyRequest{Deep: true}, nil, nil)
	if err != nil || slices.ContainsFunc(v.Findings, func(f api.Finding) bool { return f.Code != "revoked_objects" }) {
		t.Errorf("verify: %v, %+v", err, v.Findings) // what it may have sent before it heard is told
	}
}

// TestCompromisedIsSealedAnew has everything sealed anew that the device could read, in the background, also after a restart
// in the middle.
func TestCompromisedIsSealedAnew(t *testing.T) {
	marie, paul, person := pair(t)
	people := []string{person, marie.MustVault(t, "Ngo"), marie.MustVault(t, "Petit")}
	for _, p := range people {
		marie.MustAdd(t, deposit(p, "cv"), "de "+p)
	}
	MustSync(t, marie)
	MustSync(t, paul)
	release := marie.HoldTending()
	res, err := marie.DeviceRevoke(ctxb, api.RevokeRequest{Device: paul.device(t), Compromised: true}, nil)
	release()
	if err != nil || !res.Compromised || res.Resealing != 3 {
		t.Fatalf("%+v, %v", res, err)
	}
	marie.Reopen(t) // at once: what is to be done is seen from the vaults
	waitFor(t, "the reseal", func() bool {
		marie.MustTend(1)
		s, err := marie.Status(ctxb)
		return err == nil && s.ToReseal == 0
	})
	MustSync(t, marie)
	for _, p := range people {
		if keys := paul.OpensOf(t, marie.Engine, vault.BeneficiaryID(p)); len(keys) != 0 {
			t.Errorf("the compromised workstation's keys open %v", keys)
		}
		if l := marie.MustList(t, api.DocumentListRequest{Beneficiary: p}); len(l) != 1 {
			t.Errorf("%d documents", len(l))
		} else if got, _, err := marie.get(l[0].ID, ""); err != nil || got != "de "+p {
			t.Errorf("get: %q, %v", got, err)
		}
	}
}

// TestAgentLeaves ends all workstations and teams of an agent; a team's key is renewed by the first member that hears of it
// where the admin is none.
func TestAgentLeaves(t *testing.T) {
	marie, paul, person := pair(t)
	laptop := MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
	boss := MustJoin(t, marie, "Chef", vault.RoleAdmin)
	_, err := boss.TeamMemberAdd(ctxb, api.MemberRequest{Team: "Accueil", Agent: "Chef"}, nil)
	wantCode(t, "an admin lets themselves in", err, vault.CodePolicy)
	_, err = paul.AgentRemove(ctxb, api.AgentRemoveRequest{Agent: "Chef"}, nil)
	wantCode(t, "an agent removes", err, vault.CodePolicy)
	_, err = boss.AgentRemove(ctxb, api.AgentRemoveRequest{Agent: "Chef"}, nil)
	wantCode(t, "oneself", err, vault.CodePolicy)
	_, err = boss.AgentRemove(ctxb, api.AgentRemoveRequest{Agent: "Personne"}, nil)
	wantCode(t, "nobody", err, vault.CodeNotFound)
	res, err := boss.AgentRemove(ctxb, api.AgentRemoveRequest{Agent: "Paul Martin"}, nil)
	if err != nil || len(res.Devices) != 2 || !slices.Equal(res.Waiting, []string{"team:Accueil"}) {
		t.Fatalf("%+v, %v", res, err)
	}
	if a, err := boss.AgentShow(ctxb, api.AgentRequest{Agent: "Paul Martin"}); err != nil || len(a.Devices)+len(a.Teams) != 0 {
		t.Errorf("agent: %+v, %v", a, err)
	}
	_, err = boss.AgentRemove(ctxb, api.AgentRemoveRequest{Agent: "Paul Martin"}, nil)
	wantCode(t, "again", err, vault.CodeConflict)
	MustSync(t, marie)
	marie.MustTend(1)
	if team, err := marie.TeamShow(ctxb, api.TeamRequest{Team: "Accueil"}); err != nil || team.Waiting || !slices.Equal(team.Members, []string{"Marie Durand"}) {
		t.Errorf("team: %+v, %v", team, err)
	}
	after := marie.MustAdd(t, deposit(person, "cv"), "après").ID
	MustSync(t, marie)
	for _, r := range []*rig{paul, laptop} {
		if _, err := r.Sync(ctxb, api.SyncRequest{}, nil); vault.CodeOf(err) != vault.CodePolicy {
			t.Errorf("sync: %v", err)
		}
		if keys := r.OpensOf(t, marie.Engine, vault.BeneficiaryID(person)); slices.Contains(keys, after) {
			t.Error("a workstation of the agent who left opens what came afterwards")
		}
	}
	MustSync(t, boss)
	if team, err := boss.TeamShow(ctxb, api.TeamRequest{Team: "Accueil"}); err != nil || team.Waiting {
		t.Errorf("team: %+v, %v", team, err)
	}
}

func TestLeavingATeam(t *testing.T) {
	marie, paul, person := pair(t)
	_, err := paul.TeamMemberAdd(ctxb, api.MemberRequest{Team: "Accueil", Agent: "Marie Durand"}, nil)
	wantCode(t, "who is in it", err, vault.CodeConflict)
	team, err := marie.TeamMemberRemove(ctxb, api.MemberRequest{Team: "accueil", Agent: "Paul Martin"}, nil)
	if err != nil || team.Waiting || !slices.Equal(team.Members, []string{"Marie Durand"}) {
		t.Fatalf("%+v, %v", team, err)
	}
	after := marie.MustAdd(t, deposit(person, "cv"), "après").ID
	MustSync(t, marie)
	MustSync(t, paul)
	paul.MustTend(1)
	if _, _, err := paul.get(after, ""); vault.CodeOf(err) != vault.CodeNoConsent {
		t.Errorf("get: %v", err)
	}
	if p := paul.MustShow(t, person); p.Readable || p.FamilyName != "" {
		t.Errorf("who left still knows: %+v", p)
	}
	_, err = marie.TeamMemberRemove(ctxb, api.MemberRequest{Team: "Accueil", Agent: "Paul Martin"}, nil)
	wantCode(t, "who is not in it", err, vault.CodeConflict)
	_, err = marie.TeamMemberRemove(ctxb, api.MemberRequest{Team: "Accueil", Agent: "Marie Durand"}, nil)
	wantCode(t, "the last member", err, vault.CodePolicy)
	_, err = marie.TeamRemove(ctxb, api.TeamRequest{Team: "Accueil"}, nil)
	wantCode(t, "a team that is consented to", err, vault.CodeConflict)
	other, err := marie.TeamAdd(ctxb, api.TeamAddRequest{Name: "Logement"})
	if err != nil {
		t.Fatal(err)
	}
	if gone, err := marie.TeamRemove(ctxb, api.TeamRequest{Team: other.ID}, nil); err != nil || len(gone.Members) != 0 {
		t.Errorf("%+v, %v", gone, err)
	}
	if err := marie.TeamList(ctxb, api.Empty{}, func(tm api.Team) error {
		if tm.Name == "Logement" {
			t.Error("a team that everybody left is listed")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestLastAdministrator(t *testing.T) {
	marie := MustFound(t)
	_, err := marie.DeviceRevoke(ctxb, api.RevokeRequest{Device: marie.device(t)}, nil)
	wantCode(t, "the last one", err, vault.CodePolicy)
	_, err = marie.DeviceRevoke(ctxb, api.RevokeRequest{Device: "aa"}, nil)
	wantCode(t, "too short", err, vault.CodeUsage)
	boss := MustJoin(t, marie, "Chef", vault.RoleAdmin)
	_, err = marie.DeviceRevoke(ctxb, api.RevokeRequest{Device: marie.device(t)}, nil)
	wantCode(t, "one's own", err, vault.CodePolicy)
	if _, err := boss.DeviceRevoke(ctxb, api.RevokeRequest{Device: marie.device(t)}, nil); err != nil {
		t.Fatalf("an administrator's workstation that was lost: %v", err)
	}
	_, err = boss.DeviceRevoke(ctxb, api.RevokeRequest{Device: boss.device(t)}, nil)
	wantCode(t, "the last one", err, vault.CodePolicy)
}

// TestOthersTakeOver lets the workstation that withdrew go away before it sealed anew: another member does it after an hour,
// and not before.
func TestOthersTakeOver(t *testing.T) {
	marie, paul, person := pair(t)
	laptop := MustJoin(t, marie, "Awa Ba", vault.RoleAgent)
	if _, err := marie.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: person, Terms: verbal("agent:Awa Ba")}, nil); err != nil {
		t.Fatal(err)
	}
	doc := marie.MustAdd(t, deposit(person, "cv"), "partagé").ID
	MustSync(t, marie)
	MustSync(t, paul)
	release := sync.OnceFunc(marie.HoldTending())
	t.Cleanup(release)
	if err := marie.RecordWithdrawal(ctxb, vault.BeneficiaryID(person), "agent:Awa Ba"); err != nil { // and the machine goes off
		t.Fatal(err)
	}
	MustPush(t, marie)
	marie.Unmount() // a round that waits to begin reaches nobody
	release()
	marie.stop()
	MustSync(t, paul)
	paul.MustTend(2)
	if s, err := paul.Status(ctxb); err != nil || s.ToReseal != 1 {
		t.Fatalf("%d vaults to be sealed anew, %v", s.ToReseal, err)
	}
	paul.SetNow(func() time.Time { return time.Now().Add(61 * time.Minute) })
	paul.MustTend(2)
	if s, err := paul.Status(ctxb); err != nil || s.ToReseal != 0 {
		t.Errorf("%d vaults to be sealed anew, %v", s.ToReseal, err)
	}
	if keys := laptop.OpensOf(t, paul.Engine, vault.BeneficiaryID(person)); len(keys) != 0 {
		t.Errorf("whose consent was withdrawn opens %v", keys)
	}
	if got, _, err := paul.get(doc, ""); err != nil || got != "partagé" {
		t.Errorf("get: %q, %v", got, err)
	}
}

// TestInterruptedRevocationIsFinished switches the machine off between a revocation and the new keys: they are made when it is
// on again.
func TestInterruptedRevocationIsFinished(t *testing.T) {
	marie, paul, person := pair(t)
	if err := marie.RecordRevocation(ctxb, vault.DeviceID(paul.device(t))); err != nil {
		t.Fatal(err)
	}
	marie.Reopen(t)
	waitFor(t, "the team's new key", func() bool {
		marie.MustTend(1)
		return !marie.MustTeam(t).Waiting
	})
	after := marie.MustAdd(t, deposit(person, "cv"), "après").ID
	MustSync(t, marie)
	if _, err := paul.Sync(ctxb, api.SyncRequest{}, nil); vault.CodeOf(err) != vault.CodePolicy {
		t.Errorf("sync of the revoked workstation: %v", err)
	}
	if keys := paul.OpensOf(t, marie.Engine, vault.BeneficiaryID(person)); slices.Contains(keys, after) {
		t.Error("its keys open what came afterwards")
	}
}

// TestCompromisedNotesAreSealedAnew has what the organization's notes say sealed anew too: the keys of the compromised
// workstation open none of them, and nothing is lost by it.
func TestCompromisedNotesAreSealedAnew(t *testing.T) {
	marie, paul, _ := pair(t)
	ref := func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &[]string{"SI:42"} }
	two := MustAdd(t, marie, "Awa", "Ngo", "1990-01-02", ref)
	MustDeposit(t, marie, two.ID, "un justificatif", false)
	MustSync(t, marie)
	MustSync(t, paul)
	if n := paul.OpensNotes(t, marie.Engine); n == 0 {
		t.Fatal("nothing to be sealed anew: nothing is shown here")
	}
	boss := MustJoin(t, marie, "Chef", vault.RoleAdmin)
	release := sync.OnceFunc(marie.HoldTending()) // she begins at once
	t.Cleanup(release)
	if _, err := marie.DeviceRevoke(ctxb, api.RevokeRequest{Device: paul.device(t), Compromised: true}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, marie)
	MustSync(t, boss)
	if s, err := boss.Status(ctxb); err != nil || s.ToReseal != 3 { // two vaults, and the notes
		t.Errorf("another admin counts %d, %v", s.ToReseal, err)
	}
	release()
	waitFor(t, "the reseal", func() bool {
		marie.MustTend(1)
		s, err := marie.Status(ctxb)
		return err == nil && s.ToReseal == 0
	})
	MustSync(t, marie)
	MustSync(t, boss)
	if s, err := boss.Status(ctxb); err != nil || s.ToReseal != 0 {
		t.Errorf("another admin counts %d, %v", s.ToReseal, err)
	}
	if n := paul.OpensNotes(t, marie.Engine); n != 0 {
		t.Errorf("the compromised workstation's keys open %d notes of the organization", n)
	}
	MustVerify(t, marie)
	awa := MustJoin(t, marie, "Awa Ba", vault.RoleDeposit) // who comes later finds by reference, and names
	found := ""
	err := awa.BeneficiaryResolve(ctxb, api.ResolveRequest{Text: "ref:SI:42"}, func(b api.Beneficiary) error { found = b.ID; return nil })
	if err != nil || found != two.ID {
		t.Errorf("by reference: %q, %v", found, err)
	}
	var names []string
	if err := awa.AgentList(ctxb, api.Empty{}, func(a api.Agent) error { names = append(names, a.Name); return nil }); err != nil || !slices.Contains(names, "Chef") {
		t.Errorf("agents: %v, %v", names, err)
	}
}
