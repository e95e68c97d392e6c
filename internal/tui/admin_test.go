package tui

import (
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

func asking() api.JoinRequest {
	return api.JoinRequest{Code: "k3pa-7wqd", Device: "k3pa7wqdx2c4", Org: "o1", Since: "2026-03-02T08:00:00Z",
		RootWords: strings.Fields("acier balcon cactus dossier"), Words: strings.Fields("abri bocal cinema danger essai fable")}
}

// adminOffice is an office with something on each page of administration.
func adminOffice() canned {
	c := sharingOffice()
	c[api.RouteDeviceAsking] = []api.JoinRequest{asking()}
	c[api.RouteDeviceList] = []api.Device{
		{ID: "q7x2kam3c8pd", Agent: "Marie Durand", Roles: []string{"admin", "agent"}, Since: "2026-01-05T09:00:00Z", State: "active", This: true},
		{ID: "m4c8pzk2t6wn", Agent: "Paul Le Goff", Roles: []string{"agent"}, Since: "2026-01-09T09:00:00Z", State: "active"},
		{ID: "h2v7rjd9x3ks", Agent: "Jean Petit", Roles: []string{"deposit"}, Since: "2025-11-02T09:00:00Z", State: "revoked"}}
	c[api.RouteBatchList] = []api.Batch{{ID: "i7k2m9x4qw3t5", Begun: "2026-03-01T21:00:00Z", Agent: "Marie Durand", Documents: 600, People: 12, Removed: 3}}
	c[api.RouteBatchShow] = []api.BatchItem{
		{Batch: "i7k2m9x4qw3t5", What: "document", ID: "d7k2m9x4qw3t5", Beneficiary: amalID, Name: "Amal Haddad", DocumentType: "tax-notice", State: api.ItemThere,
			Seen: []api.Seen{{Agent: "Paul Le Goff", Act: "print", At: "2026-03-01T22:00:00Z"}}},
		{Batch: "i7k2m9x4qw3t5", What: "vault", ID: amalID, Beneficiary: amalID, Name: "Amal Haddad", State: api.ItemThere}}
	status := c[api.RouteStatus].(api.Status)
	status.Remotes = append(status.Remotes, api.RemoteStatus{Name: "mirror", Remote: "s3:vault-copy", Queued: 14, LastError: "connection refused", Code: "unreachable"})
	status.Queued, status.QueuedBytes = 14, 2_400_000
	status.Attention = []api.Finding{{Severity: "warning", Code: "queue", Message: "connection refused", Hint: "make room on this machine's disk, then try again"}}
	c[api.RouteStatus] = status
	return c
}

func adminPictures() []picture {
	var all []picture
	for i, name := range []string{"devices", "teams", "partners", "remotes", "batches", "findings"} {
		all = append(all, picture{name: name, answers: adminOffice(), keys: []string{"ctrl+g", string(rune('1' + i))}})
	}
	return append(all,
		picture{name: "device-words", answers: adminOffice(), keys: []string{"ctrl+g", "a"}},
		picture{name: "batch", answers: adminOffice(), keys: []string{"ctrl+g", "5", "enter"}},
		picture{name: "partner-new", answers: adminOffice(), keys: []string{"ctrl+g", "3", "a"}})
}

// TestApprove: nobody is enrolled by pressing Enter, and what is sent on are the words that were compared.
func TestApprove(t *testing.T) {
	answers := adminOffice()
	var asked heard[api.ApproveRequest]
	answers[api.RouteDeviceApprove] = asked.with(func(api.ApproveRequest) any {
		return api.Approved{Device: "k3pa7wqdx2c4", Agent: "Jean Petit", AgentID: "a3", Roles: []string{"agent"}, Enrolled: true}
	})
	s := drive(t, answers, []string{"ctrl+g", "a"})
	s.see("abri bocal cinema danger essai fable", "acier balcon cactus dossier", "exactly these words")
	s.press("enter").see("exactly these words", "✗")
	s.step("down").press("enter").see("nothing was approved", "somebody stands in between")
	s.press("enter").see("Asking")
	s.press("a").see("exactly these words")
	s.step("down").step("down").press("enter").see("Whose workstation is it?")
	if got := asked.all(); len(got) != 0 {
		t.Fatalf("before the questions: %+v", got)
	}
	s.step("down").press("enter").see("What may it do?")
	s.press("enter").see("Enrolled: a workstation of Jean Petit")
	if got := asked.all(); len(got) != 1 || got[0].Words != "abri bocal cinema danger essai fable" || got[0].Code != "k3pa7wqdx2c4" ||
		got[0].Agent != "a1" || strings.Join(got[0].Roles, ",") != "agent" {
		t.Errorf("approved: %+v", got)
	}
}

// TestUnknownCode: a code that nobody shows is said, and can be typed again.
func TestUnknownCode(t *testing.T) {
	answers := adminOffice()
	var asked heard[api.CodeRequest]
	answers[api.RouteDeviceAsking] = asked.with(func(req api.CodeRequest) any {
		if req.Code == "k3pa-7wqd" {
			return []api.JoinRequest{asking()}
		}
		return []api.JoinRequest{}
	})
	s := drive(t, answers, []string{"ctrl+g", "a"})
	s.see("Code that the new screen shows")
	s.write("zzzz").press("enter").see("no workstation asks to join under this code", "zzzz")
	s.press("ctrl+u").write("k3pa-7wqd").press("enter").see("exactly these words")
	s.press("esc").see("Enrolled")
}

func TestRevokeLastAdmin(t *testing.T) {
	answers := adminOffice()
	answers[api.RouteDeviceAsking] = []api.JoinRequest{}
	var asked heard[api.RevokeRequest]
	answers[api.RouteDeviceRevoke] = asked.with(func(api.RevokeRequest) any {
		return vault.Errorf(vault.CodePolicy, "the last administrator stays")
	})
	s := drive(t, answers, []string{"ctrl+g", "R"})
	s.see("It is this workstation", "honest hands")
	s.step("enter").press("enter").see("Enrolled") // no is what is proposed
	if got := asked.all(); len(got) != 0 {
		t.Fatalf("without a yes: %+v", got)
	}
	s.press("R").see("honest hands")
	s.step("down").step("enter").press("y").see("the last administrator stays")
	if got := asked.all(); len(got) != 1 || !got[0].Compromised || got[0].Device != "q7x2kam3c8pd" {
		t.Errorf("revoked: %+v", got)
	}
}

// TestBrokenKey: a partner's key that is broken is said above the questions, with the whole hint, and the answers stay.
func TestBrokenKey(t *testing.T) {
	answers := adminOffice()
	var asked heard[api.PartnerAddRequest]
	answers[api.RoutePartnerAdd] = asked.with(func(req api.PartnerAddRequest) any {
		if req.Recipient != "" {
			return api.WithHint(vault.Errorf(vault.CodeInvalid, "the public key is broken"),
				"the partner makes a key with `age-keygen -pq` and sends the line that begins with age1pq1; without one, leave the key out and each share gets a passphrase")
		}
		return api.Partner{ID: "p3", Name: req.Name, Key: "passphrase", State: "active"}
	})
	s := drive(t, answers, []string{"ctrl+g", "3", "a"})
	s.see("A new partner")
	s.write("Mairie")
	s.step("enter").step("enter").step("down").press("enter").see("Their public key")
	s.write("age1nonsense").press("enter").see("the public key is broken", "the partner makes a key", "each share gets a passphrase", "Mairie")
	s.press("esc").see("add a partner")
	if got := asked.all(); len(got) != 1 || got[0].Recipient != "age1nonsense" || got[0].Name != "Mairie" {
		t.Errorf("asked: %+v", got)
	}
}

func TestRemoteDoesNotAnswer(t *testing.T) {
	answers := adminOffice()
	answers[api.RouteRemoteTest] = vault.Errorf(vault.CodeUnreachable, "connection refused")
	s := drive(t, answers, []string{"ctrl+g", "4", "down", "t"})
	s.see("connection refused", "nothing is lost")
}

func TestUndoBatch(t *testing.T) {
	answers := adminOffice()
	var asked heard[api.BatchUndoRequest]
	answers[api.RouteBatchUndo] = asked.with(func(req api.BatchUndoRequest) any {
		return api.BatchUndone{ID: req.Batch, Undone: 600, Left: 2, DryRun: req.DryRun}
	})
	s := drive(t, answers, []string{"ctrl+g", "5", "U"})
	s.see("600 would be taken back, 2 left", "Take back the batch i7k2m9x4qw3t5")
	s.press("y").see("600 taken back, 2 left")
	if got := asked.all(); len(got) != 2 || !got[0].DryRun || got[1].DryRun || got[1].Batch != "i7k2m9x4qw3t5" {
		t.Errorf("asked: %+v", got)
	}
}

// TestLookOn: who is no administrator sees what there is and is offered nothing that only they may do.
func TestLookOn(t *testing.T) {
	for _, p := range adminPlaces() {
		for _, act := range actionsAt(p, []string{"agent"}) {
			if act.admin {
				t.Errorf("%s: %s is offered to everybody", p, act.label)
			}
		}
	}
	answers := adminOffice()
	status := answers[api.RouteStatus].(api.Status)
	status.Roles = []string{"agent"}
	answers[api.RouteStatus] = status
	s := drive(t, answers, []string{"ctrl+g", "?"})
	if view := s.see("show it", "approve"); strings.Contains(view, "revoke") {
		t.Errorf("revoking is offered:\n%s", view)
	}
}
