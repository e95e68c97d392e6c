package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// bystanders are Marie's vault, which Paul reads too; and Eve, who reads nothing and records a withdrawal.
type bystanders struct {
	marie, paul, eve *rig
	clear            map[*rig]*weather
	person           string
	doc              api.Document
	object           string // of the document, on the storage
}

func MustStandBy(tb testing.TB) *bystanders {
	tb.Helper()
	s := &bystanders{marie: MustFound(tb), clear: map[*rig]*weather{}}
	s.paul = MustJoin(tb, s.marie, "Paul Martin", vault.RoleAgent)
	s.eve = MustJoin(tb, s.marie, "Eve Petit", vault.RoleDeposit)
	s.person = s.marie.MustVault(tb, "Diallo", func(r *api.BeneficiaryAddRequest) { r.Consent.To = "agent:Marie Durand" })
	if _, err := s.marie.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: s.person, Terms: verbal("agent:Paul Martin")}, nil); err != nil {
		tb.Fatal(err)
	}
	s.doc = s.marie.MustAdd(tb, deposit(s.person, "cv"), "un")
	for _, r := range []*rig{s.marie, s.paul, s.eve} {
		s.clear[r] = newWeather(1)
		r.Reopen(tb, s.clear[r].over)
		MustSync(tb, r)
	}
	s.object = filepath.Join(s.marie.Remote, s.marie.ObjectOf(tb, s.person, s.doc.ID))
	return s
}

// alone lets some of them reach the storage, and the others not.
func (s *bystanders) alone(rigs ...*rig) {
	for r, w := range s.clear {
		away := true
		for _, o := range rigs {
			away = away && o != r
		}
		w.set(0, away)
	}
}

// settle brings everybody's news to everybody, twice, an hour apart each time.
func (s *bystanders) settle(tb testing.TB) {
	tb.Helper()
	s.alone(s.marie, s.paul, s.eve)
	for i := range 4 {
		later := time.Now().Add(time.Duration(i+1) * 2 * time.Hour)
		for _, r := range []*rig{s.marie, s.paul, s.eve} {
			r.SetNow(func() time.Time { return later })
			MustSync(tb, r)
			r.Tend(ctxb)
			MustSync(tb, r)
		}
	}
}

func (s *bystanders) there(tb testing.TB) bool {
	tb.Helper()
	_, err := os.Stat(s.object)
	if err != nil && !os.IsNotExist(err) {
		tb.Fatal(err)
	}
	return err == nil
}

// what Paul does to Marie's document.
var supersede = map[string]func(tb testing.TB, s *bystanders) api.Document{
	"remove": func(tb testing.TB, s *bystanders) api.Document {
		v, err := s.paul.DocumentRemove(ctxb, api.DocumentRequest{Document: s.doc.ID})
		if err != nil {
			tb.Fatal(err)
		}
		return v
	},
	"replace": func(tb testing.TB, s *bystanders) api.Document {
		v, err := s.paul.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: s.doc.ID, Size: -1}, strings.NewReader("deux"))
		if err != nil {
			tb.Fatal(err)
		}
		return v
	},
}

func (s *bystanders) withdraw(tb testing.TB) {
	tb.Helper()
	if _, err := s.eve.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: s.person, To: "agent:Paul Martin", Wait: "0s"}, nil); err != nil {
		tb.Fatal(err)
	}
}

// TestWhatAWithdrawalMayUndoIsKept has Paul remove or replace Marie's document, and Eve record beside it that Paul's consent
// ended. Whichever arrives first, the document is there in the end and opens.
func TestWhatAWithdrawalMayUndoIsKept(t *testing.T) {
	for name, act := range supersede {
		t.Run(name+" first", func(t *testing.T) {
			s := MustStandBy(t)
			s.alone(s.paul)
			if v := act(t, s); v.Waiting != 1 {
				t.Errorf("%d objects are said to wait, want 1", v.Waiting)
			}
			MustSync(t, s.paul) // returns: what is kept is not this device's to wait for
			s.paul.Tend(ctxb)
			MustSync(t, s.paul)
			if !s.there(t) {
				t.Fatal("deleted before anybody else has seen why")
			}
			if st, err := s.paul.Status(ctxb); err != nil || st.Waiting != 1 || st.Queued != 0 {
				t.Errorf("status: %d wait, %d queued, %v", st.Waiting, st.Queued, err)
			}
			s.withdraw(t)
			s.alone(s.eve)
			if _, err := s.eve.Sync(ctxb, api.SyncRequest{Wait: "60s"}, nil); err != nil {
				t.Fatal(err)
			}
			s.opens(t)
		})
		t.Run("withdrawal first", func(t *testing.T) {
			s := MustStandBy(t)
			s.alone()
			act(t, s)
			s.withdraw(t)
			s.alone(s.eve)
			MustSync(t, s.eve)
			s.opens(t)
		})
	}
}

// opens fails unless Marie's document is as she deposited it, once everybody has heard of everything.
func (s *bystanders) opens(tb testing.TB) {
	tb.Helper()
	s.settle(tb)
	if text, _, err := s.marie.get(s.doc.ID, ""); text != "un" || err != nil {
		tb.Errorf("Marie reads %q, %v", text, err)
	}
	if got, _, err := s.paul.get(s.doc.ID, ""); err == nil {
		tb.Errorf("Paul reads %q after the withdrawal", got)
	}
	for _, r := range []*rig{s.marie, s.paul, s.eve} {
		if v, err := r.Verify(ctxb, api.VerifyRequest{}, nil, nil); err != nil || v.Missing > 0 {
			tb.Errorf("verify: %+v, %v", v, err)
		}
	}
}

// TestWhatOthersHaveSeenGoes has another agent's workstation see what Paul did: the bytes go, and a withdrawal beside it that
// arrives afterwards does not bring the document back.
func TestWhatOthersHaveSeenGoes(t *testing.T) {
	for name, act := range supersede {
		t.Run(name, func(t *testing.T) {
			s := MustStandBy(t)
			s.alone(s.paul, s.marie)
			act(t, s)
			MustSync(t, s.paul)
			for i := range 2 { // Eve's turn may be before Marie's
				later := time.Now().Add(time.Duration(i) * 10 * time.Minute)
				s.marie.SetNow(func() time.Time { return later })
				MustSync(t, s.marie)
				s.marie.Tend(ctxb)
			}
			MustSync(t, s.marie)
			if s.there(t) {
				t.Error("seen by another agent, and still there")
			}
			s.withdraw(t)
			s.settle(t)
			for _, r := range []*rig{s.marie, s.paul, s.eve} {
				if st, err := r.Status(ctxb); err != nil || st.Waiting != 0 {
					t.Errorf("status: %d wait, %v", st.Waiting, err)
				}
				all, wrong, err := r.StateTexts(vault.BeneficiaryID(s.person))
				if one, _, _ := s.marie.StateTexts(vault.BeneficiaryID(s.person)); err != nil || wrong != "" || all != one {
					t.Errorf("the states differ: %v %s\n%s\n%s", err, wrong, all, one)
				}
			}
			got, _, err := s.marie.get(s.doc.ID, "")
			if name == "remove" && err == nil || name == "replace" && got != "deux" {
				t.Errorf("Marie reads %q, %v", got, err)
			}
		})
	}
}

// TestTombstonesNobodyElseSawDeleteNothing has a dishonest workstation tombstone what it removed. Neither the owner of the
// object nor an admin's cleaning believes it, and an index that is built anew knows as much.
func TestTombstonesNobodyElseSawDeleteNothing(t *testing.T) {
	s := MustStandBy(t)
	s.alone(s.paul)
	supersede["remove"](t, s)
	if err := s.paul.BuryAll(ctxb, s.person); err != nil {
		t.Fatal(err)
	}
	MustSync(t, s.paul)
	s.alone(s.marie)
	MustSync(t, s.marie)
	if c := MustClean(t, s.marie, false); c.Tombstoned != 0 || !s.there(t) {
		t.Errorf("cleaned %+v", c)
	}
	s.marie.stop()
	if err := os.RemoveAll(filepath.Join(s.marie.Home, "index.db")); err != nil {
		t.Fatal(err)
	}
	s.marie.Reopen(t, s.clear[s.marie].over)
	MustSync(t, s.marie)
	if c := MustClean(t, s.marie, false); c.Tombstoned != 0 || !s.there(t) {
		t.Errorf("cleaned after a rebuild: %+v", c)
	}
	s.withdraw(t)
	s.opens(t)
}

// TestErasureIsNotUndone has Paul erase Marie's vault beside the withdrawal: it stands, and nothing is left.
func TestErasureIsNotUndone(t *testing.T) {
	s := MustStandBy(t)
	s.alone(s.paul)
	r, err := s.paul.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: s.person, Confirm: s.person}, nil)
	if err != nil || !r.Complete || s.there(t) {
		t.Fatalf("receipt %+v, %v", r, err)
	}
	s.withdraw(t)
	s.settle(t)
	for _, d := range []*rig{s.marie, s.paul, s.eve} {
		if _, err := d.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: s.person}); vault.CodeOf(err) != vault.CodeErased {
			t.Errorf("after the erasure: %v", err)
		}
	}
}

// TestAnAgentAloneWaitsForNobody removes a document where no other agent has a workstation.
func TestAnAgentAloneWaitsForNobody(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	d := r.MustAdd(t, deposit(b, "cv"), "un")
	MustSync(t, r)
	object := filepath.Join(r.Remote, r.ObjectOf(t, b, d.ID))
	if v, err := r.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: d.ID, Size: -1}, strings.NewReader("deux")); err != nil || v.Waiting != 0 {
		t.Errorf("%d wait, %v", v.Waiting, err)
	}
	MustSync(t, r)
	if _, err := os.Stat(object); !os.IsNotExist(err) {
		t.Errorf("the first version: %v", err)
	}
}
