package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// The summaries of vaults are kept in the index beside the vaults, so that a large organization is at hand a moment after
// unlocking. Each is written together with the vault that it is of. They depend on the organization and the keys too: of which
// they are the mark says, and under another mark they are made anew.

const (
	metaPeople = "people" // mark under which the summaries were made
	// peopleForm changes with what a summary holds or how it is made.
	peopleForm = "1"
)

// keptSummary is a summary as the index has it.
type keptSummary struct {
	Beneficiary api.Beneficiary             `json:"beneficiary"`
	Search      string                      `json:"search"`
	Soonest     vault.Date                  `json:"soonest,omitempty"`
	Tend        bool                        `json:"tend,omitempty"`
	Misread     bool                        `json:"misread,omitempty"`
	Able        bool                        `json:"able,omitempty"` // of the turn, like the next two
	Since       time.Time                   `json:"since,omitzero"`
	Wait        time.Duration               `json:"wait,omitempty"`
	Waiting     int                         `json:"waiting,omitempty"`
	Unseen      int                         `json:"unseen,omitempty"`
	Teams       []vault.TeamID              `json:"teams,omitempty"`
	Forget      bool                        `json:"forget,omitempty"`
	Seen        time.Time                   `json:"seen,omitzero"`
	Last        vault.Pos                   `json:"last"`
	Documents   int                         `json:"documents,omitempty"`
	Expires     []vault.Date                `json:"expires,omitempty"`
	Late        map[vault.DeviceID]keptLate `json:"late,omitempty"`
	Shares      []keptShare                 `json:"shares,omitempty"`
	Shared      bool                        `json:"shared,omitempty"`
}

type keptLate struct {
	Events int         `json:"events"`
	Last   vault.Clock `json:"last"`
}

type keptShare struct {
	ID       vault.ShareID   `json:"id"`
	Partner  vault.PartnerID `json:"partner"`
	Until    vault.Date      `json:"until"`
	Exposed  bool            `json:"exposed,omitempty"`
	Received bool            `json:"received,omitempty"`
}

// encodeSummary returns a summary as the index has it.
func encodeSummary(s *summary) []byte {
	k := keptSummary{Beneficiary: s.b, Search: s.search, Soonest: s.soonest, Tend: s.tend, Misread: s.misread, Able: s.turn.able,
		Since: s.turn.since, Wait: s.turn.wait, Waiting: s.waiting, Unseen: s.unseen, Teams: s.teams, Forget: s.forget, Seen: s.seen,
		Last: s.last, Documents: s.docs, Expires: s.expires, Shared: s.shared}
	for d, l := range s.late {
		if k.Late == nil {
			k.Late = map[vault.DeviceID]keptLate{}
		}
		k.Late[d] = keptLate{l.events, l.last}
	}
	for _, b := range s.shares {
		k.Shares = append(k.Shares, keptShare{b.id, b.partner, b.until, b.exposed, b.received})
	}
	raw, err := json.Marshal(&k)
	if err != nil {
		panic("marshal summary: " + err.Error())
	}
	return raw
}

func decodeSummary(raw []byte) (*summary, error) {
	var k keptSummary
	if err := json.Unmarshal(raw, &k); err != nil {
		return nil, vault.Errorf(vault.CodeIntegrity, "read vault: %w", err)
	}
	s := &summary{b: k.Beneficiary, search: k.Search, soonest: k.Soonest, tend: k.Tend, misread: k.Misread,
		turn: turn{able: k.Able, since: k.Since, wait: k.Wait}, waiting: k.Waiting, unseen: k.Unseen, teams: k.Teams, forget: k.Forget,
		seen: k.Seen, last: k.Last, docs: k.Documents, expires: k.Expires, shared: k.Shared}
	for d, l := range k.Late {
		if s.late == nil {
			s.late = map[vault.DeviceID]lateWork{}
		}
		s.late[d] = lateWork{l.Events, l.Last}
	}
	for _, b := range k.Shares {
		s.shares = append(s.shares, briefShare{b.ID, b.Partner, b.Until, b.Exposed, b.Received})
	}
	return s, nil
}

// peopleMark says of which organization and which keys summaries are.
func peopleMark(org *vault.Org, keys *keyring) string {
	h := sha256.New() // which writes without errors
	_, _ = fmt.Fprintf(h, "%s\n%s\n%s\n%t\n", peopleForm, org.Mark(), org.Here, keys.recovery != "")
	for _, id := range slices.Sorted(maps.Keys(keys.epochs)) {
		_, _ = fmt.Fprintln(h, id)
	}
	return base64.RawStdEncoding.EncodeToString(h.Sum(nil))
}

// loadPeople returns the summaries of all vaults: those that are kept, where they were made of this organization and with these
// keys, else new ones, which are kept from now on. It runs in the committer.
func (e *Engine) loadPeople(org *vault.Org, keys *keyring) (map[vault.BeneficiaryID]*summary, error) {
	mark, err := e.Store.Get(bucketMeta, metaPeople)
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	if string(mark) == peopleMark(org, keys) {
		return e.decodeAll(bucketPeople, func(_ vault.BeneficiaryID, raw []byte) (*summary, error) { return decodeSummary(raw) })
	}
	people, err := e.summarizeAll(org, keys)
	if err != nil {
		return nil, err
	}
	return people, e.keepPeople(people, peopleMark(org, keys))
}

// keepPeople writes all summaries, made under a mark, to the index.
func (e *Engine) keepPeople(people map[vault.BeneficiaryID]*summary, mark string) error {
	ops := make([]Op, 0, len(people)+1)
	for id, s := range people {
		ops = append(ops, Op{bucketPeople, string(id), encodeSummary(s)})
	}
	slices.SortFunc(ops, func(a, b Op) int { return cmp.Compare(a.Key, b.Key) })
	if err := e.Store.Write(append(ops, Op{bucketMeta, metaPeople, []byte(mark)})); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	return nil
}

// remark puts the mark of what the overlay comes to in the place of the mark before, if that one is the index's: nothing in
// summaries changed between them.
func (o *overlay) remark(before *vault.Org, held *keyring) error {
	mark, err := o.get(bucketMeta, metaPeople)
	if err == nil && mark != nil && string(mark) == peopleMark(before, held) {
		o.put(bucketMeta, metaPeople, []byte(peopleMark(o.org, o.keys)))
	}
	return err
}

// refreshPeople makes the summaries of all vaults anew where those that are kept are of another organization than that of now.
func (e *Engine) refreshPeople(ctx context.Context) error {
	keys, org := e.view()
	if keys == nil {
		return nil
	}
	mark, err := e.Store.Get(bucketMeta, metaPeople)
	if err != nil || string(mark) == peopleMark(org, keys) {
		return err
	}
	return e.summarizeAgain(ctx)
}
