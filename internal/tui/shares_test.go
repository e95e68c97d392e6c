package tui

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

const amalID = "b7k2m9x4qw3t5"

// heard records what a route was asked.
type heard[Req any] struct {
	mu   sync.Mutex // guards what follows
	reqs []Req
}

// with answers a route, and records what it was asked.
func (h *heard[Req]) with(answer func(Req) any) func(json.RawMessage) any {
	return func(raw json.RawMessage) any {
		var req Req
		if err := json.Unmarshal(raw, &req); err != nil {
			return err
		}
		h.mu.Lock()
		h.reqs = append(h.reqs, req)
		h.mu.Unlock()
		return answer(req)
	}
}

func (h *heard[Req]) all() []Req {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Req(nil), h.reqs...)
}

func cafShare() api.Share {
	return api.Share{ID: "s0vm9f4x7whte", Beneficiary: amalID, Name: "Amal Haddad", To: "partner:CAF", Key: "passphrase", Purpose: "access-to-rights",
		State: "active", Shared: "2026-02-20", SharedBy: "Marie Durand", Until: "2026-04-01", Evidence: "verbal", OnRemote: true,
		Documents: []api.SharedFile{{Document: "d7k2m9x4qw3t5", DocumentType: "tax-notice", Period: "2025"}, {Document: "d2c8n4r6tb9w3"}},
		Summary:   "CAF can see 2 documents of Amal Haddad until 1 Apr 2026.",
		Copies:    []string{"Two sealed copies are on the storage until then."}}
}

func endedShare() api.Share {
	return api.Share{ID: "s4b8d2k6m9p3r", Beneficiary: amalID, Name: "Amal Haddad", To: "team:Logement", Key: "team", Purpose: "housing", State: "revoked",
		Shared: "2026-01-15", SharedBy: "Marie Durand", Until: "2026-03-15", Ended: "2026-02-10", EndedBy: "Marie Durand", Evidence: "verbal",
		Documents: []api.SharedFile{{Document: "d7k2m9x4qw3t5", DocumentType: "tax-notice", Period: "2025"}}}
}

// sharingOffice is an office with a person who shares.
func sharingOffice() canned {
	c := office()
	c[api.RouteShareList] = []api.Share{endedShare(), cafShare()}
	c[api.RouteShareShow] = cafShare()
	c[api.RouteDocumentList] = []api.Document{
		{ID: "d7k2m9x4qw3t5", Beneficiary: amalID, DocumentType: "tax-notice", Period: "2025", Space: "shared", State: "valid", IssuedOn: "2025-08-01"},
		{ID: "d2c8n4r6tb9w3", Beneficiary: amalID, Space: "private", State: "undated"},
		{ID: "d5f9h3j7l2n6q", Beneficiary: amalID, DocumentType: "id-card", Space: "shared", State: "expired", IssuedOn: "2011-05-03"},
	}
	c[api.RoutePartnerList] = []api.Partner{{ID: "p1", Name: "CAF", Key: "passphrase", State: "active", Added: "2026-01-10T09:00:00Z", AddedBy: "Marie Durand", Shares: 1},
		{ID: "p2", Name: "Mission locale", Key: "hybrid", State: "removed", Added: "2025-11-10T09:00:00Z", AddedBy: "Marie Durand"}}
	c[api.RouteTeamList] = []api.Team{{ID: "t1", Name: "Accueil", Members: []string{"Marie Durand"}}, {ID: "t2", Name: "Logement", Members: []string{"Paul Le Goff"}}}
	c[api.RouteAgentList] = []api.Agent{{ID: "a1", Name: "Marie Durand", Teams: []string{"Accueil"}, Devices: []string{"q7x2ka"}},
		{ID: "a2", Name: "Paul Le Goff", Teams: []string{"Logement"}, Devices: []string{"m4c8pz"}}, {ID: "a3", Name: "Jean Petit"}}
	c[api.RouteShareAdd] = cafShare()
	return c
}

// toShares are the keys that lead to the shares of a person.
func toShares(more ...string) []string { return append([]string{`"had"`, "enter", "3"}, more...) }

// toLastStep goes from the shares to the last step of the wizard: one document, the first partner, all as proposed.
func (s *driver) toLastStep(l lang.Lang) {
	s.tb.Helper()
	s.press("s").see(l.T("Which documents? Only what is needed for the purpose."))
	s.step(" ").press("enter").see(l.T("For whom?"))
	s.step("enter").press("enter").see(l.T("Until when?"))
	s.press("enter").see(l.T("How did the person agree?"))
	s.step("enter").press("enter").see(l.T("Interpreter"))
	s.step("enter").step("enter").press("enter")
}

// step presses a key that changes the screen, and waits until it did.
func (s *driver) step(key string) *driver {
	s.tb.Helper()
	before := s.settle()
	s.press(key)
	s.until("a change", func(view string, _ bool) bool { return view != before })
	return s
}

func sharingPictures() []picture {
	return []picture{
		{name: "shares", answers: sharingOffice(), keys: toShares()},
		{name: "share", answers: sharingOffice(), keys: toShares("enter")},
		{name: "share-documents", answers: sharingOffice(), keys: toShares("s")},
	}
}

// TestLastStepPicture is the picture of the wizard's last step.
func TestLastStepPicture(t *testing.T) {
	for _, l := range []lang.Lang{lang.English, lang.French} {
		for _, size := range [][2]int{{80, 24}, {120, 40}} {
			s := MustDrive(t, MustCanned(t, l, sharingOffice()), size[0], size[1])
			s.write("had")
			for _, k := range toShares()[1:] {
				s.settle()
				s.press(k)
			}
			s.settle()
			s.toLastStep(l)
			compare(t, fmt.Sprintf("share-confirm-%s-%dx%d", l, size[0], size[1]), trimRight(s.see(l.T("Share?"), l.T("Yes"))))
		}
	}
}

func drive(t *testing.T, answers canned, keys []string) *driver {
	t.Helper()
	s := MustDrive(t, MustCanned(t, lang.English, answers), 80, 24)
	for _, k := range keys {
		if text, ok := strings.CutPrefix(k, `"`); ok {
			s.write(strings.TrimSuffix(text, `"`))
		} else {
			s.press(k)
		}
		s.settle()
	}
	return s
}

func TestShareWizard(t *testing.T) {
	answers := sharingOffice()
	var asked heard[api.ShareAddRequest]
	answers[api.RouteShareAdd] = asked.with(func(req api.ShareAddRequest) any {
		s := cafShare()
		if s.DryRun = req.DryRun; !req.DryRun {
			s.Passphrase = "abri bocal cinema"
		}
		return s
	})
	s := drive(t, answers, toShares())
	s.toLastStep(lang.English)
	s.see("CAF can see 2 documents of Amal Haddad until", "Share?")
	if got := asked.all(); len(got) != 1 || !got[0].DryRun {
		t.Fatalf("before it was confirmed: %+v", got)
	}
	s.press("y").see("abri bocal cinema", "Nobody else may look on")
	got := asked.all()
	last := got[len(got)-1]
	if len(got) != 2 || last.DryRun || last.Terms.To != "partner:CAF" || last.Terms.Until != "2026-04-01" || !last.Terms.Verbal ||
		last.Terms.Purpose != "case-file" || last.Terms.GivenBy != "person" || strings.Join(last.Documents, " ") != "d7k2m9x4qw3t5" {
		t.Errorf("shared: %+v", last)
	}
	s.press("enter").see("How is it handed out?")
	s.miss("abri bocal cinema")
}

// TestShareRefused: what the daemon refuses is said, and the answers are still there.
func TestShareRefused(t *testing.T) {
	answers := sharingOffice()
	answers[api.RouteShareAdd] = vault.Errorf(vault.CodeConflict, "the recipient reads the vault by a consent already")
	s := drive(t, answers, toShares())
	s.toLastStep(lang.English)
	s.see("the recipient reads the vault by a consent already")
	s.press("enter").see("How did the person agree?")
	s.press("esc").see("Until when?")
	s.press("esc").see("For whom?")
	s.press("esc").see("Which documents?")
	s.press("esc").see("stored", "CAF")
}

func TestLastDay(t *testing.T) {
	s := &sharing{d: MustCanned(t, lang.English, office())}
	for typed, want := range map[string]string{"+45d": "2026-04-16", "2027-03-02": "2027-03-02", "2026-03-02": "2026-03-02"} {
		if got, err := s.lastDay(typed); err != nil || got != want {
			t.Errorf("%s: %q, %v", typed, got, err)
		}
	}
	for typed, want := range map[string]vault.Code{"2027-03-03": vault.CodePolicy, "2026-03-01": vault.CodeInvalid, "+2y": vault.CodePolicy, "soon": vault.CodeInvalid} {
		if got, err := s.lastDay(typed); vault.CodeOf(err) != want {
			t.Errorf("%s: %q, %v", typed, got, err)
		}
	}
}

func TestShareRevoke(t *testing.T) {
	answers := sharingOffice()
	var asked heard[api.ShareRevokeRequest]
	answers[api.RouteShareRevoke] = asked.with(func(req api.ShareRevokeRequest) any {
		return api.Receipt{DryRun: req.DryRun, Ended: []string{"share with CAF"}, NotRecalled: []string{"what CAF has fetched"}, At: "2026-03-02T09:30:00Z", Complete: true}
	})
	s := drive(t, answers, toShares("E"))
	s.see("what CAF has fetched", "End the share?")
	s.press("enter").see("goes on", "stored") // nothing is proposed but no
	if got := asked.all(); len(got) != 1 || !got[0].DryRun {
		t.Fatalf("without a yes: %+v", got)
	}
	s.press("E").see("End the share?")
	s.press("y").see("Receipt", "Complete")
	if got := asked.all(); len(got) != 3 || got[2].DryRun || got[2].Share != "s0vm9f4x7whte" {
		t.Errorf("with a yes: %+v", got)
	}
}

// TestPackage: the file holds what came, has its name only then, and nothing is replaced unasked.
func TestPackage(t *testing.T) {
	dir := t.TempDir()
	setFolder(dir)
	answers := sharingOffice()
	answers[api.RouteDocumentShow] = api.Document{ID: "d7k2m9x4qw3t5", Space: "shared"}
	answers[api.RouteSharePackage] = downloaded{api.SharePackage{Share: "s0vm9f4x7whte", Passphrase: "danger essai fable"}, "<html>"}
	s := drive(t, answers, toShares("h", "enter"))
	s.see("File")
	s.press("enter").see("danger essai fable")
	s.press("enter").see("SHA-256")
	if b, err := os.ReadFile(filepath.Join(dir, "s0vm9f4x7whte.html")); err != nil || string(b) != "<html>" {
		t.Errorf("%q, %v", b, err)
	}
	s.press("enter").see("How is it handed out?")
	s.press("enter").see("File")
	s.press("enter").see("exists already")
}

func setFolder(dir string) {
	lastFolder.Lock()
	defer lastFolder.Unlock()
	lastFolder.dir = dir
}
