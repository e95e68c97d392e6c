package engine

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// summary is what lists and background work need of a vault, held in memory while unlocked.
type summary struct {
	b       api.Beneficiary // without consents
	search  string          // folded names, references and id
	soonest vault.Date      // earliest last day of an active consent, "" if none
	tend    bool            // objects are misread or dead
	misread bool            // objects are misread
	turn    turn            // of those who put that right
	waiting int             // objects that are no longer in use, and kept until others have seen that
	unseen  int             // of those, all but manifests
	teams   []vault.TeamID  // that the person consents to
	forget  bool            // what is known here is no longer for this device
	seen    time.Time
	last    vault.Pos // of the last event
	docs    int
	expires []vault.Date // last days of documents
	late    map[vault.DeviceID]lateWork
	shares  []briefShare // that go on
	shared  bool         // there are shares, be they ended
}

// summarize makes a vault's summary. A vault that this device does not read keeps its id, times and consent states.
func summarize(st *vault.State, org *vault.Org, keys *keyring) *summary {
	s := &summary{late: lateIn(org, st.Quarantine), b: api.Beneficiary{Head: api.H("beneficiary"), ID: string(st.ID), State: "open",
		Opened: st.Opened.Time().Format(time.RFC3339), NoRecovery: st.NoRecovery}, seen: st.LastSeen.Time()}
	if st.Last != nil {
		s.last = st.Last.Pos
	}
	b := &s.b
	if !s.seen.IsZero() {
		b.LastSeen = s.seen.Format(time.RFC3339)
	}
	if c := st.Card(); c != nil {
		b.Card = c.N
	}
	switch {
	case st.Erased != nil:
		b.State = "erased"
	case st.Closed != nil:
		b.State, b.Reason = "closed", st.Closed.Reason
	case len(st.ActiveTeams()) == 0:
		b.State = "unconsented"
	}
	for _, d := range st.Documents {
		if d.Removed == nil && d.Evidence == "" {
			s.docs++
			if d.ExpiresOn != "" {
				s.expires = append(s.expires, d.ExpiresOn)
			}
		}
	}
	slices.Sort(s.expires)
	b.Documents = s.docs
	for _, c := range st.Consents {
		if c.Active() && c.Until != "" && (s.soonest == "" || c.Until < s.soonest) {
			s.soonest = c.Until
		}
	}
	s.shares, s.shared = briefShares(st, org, keys), len(st.Shares) > 0
	docs, notes := st.Misread(org)
	if st.Erased == nil {
		s.teams = st.ActiveTeams()
	}
	s.misread = len(docs)+len(notes) > 0
	dead, waiting := splitDead(st)
	s.waiting, s.unseen = waiting, len(keptDead(st))
	if s.tend = (s.misread || dead > 0) && !st.ReadOnly; s.tend {
		s.turn = turnOf(st, org, keys, docs, notes)
	}
	s.forget = mustForget(st, org, keys, docs, notes)
	s.search = string(st.ID)
	if st.Erased == nil && keys.reads(st.Readers(org, vault.Shared)) {
		fillPerson(b, &st.Person)
		s.search = strings.Join([]string{foldName(strings.Join(append([]string{st.Person.GivenName, st.Person.FamilyName,
			st.Person.UsageName}, st.Person.Aliases...), " ")), strings.ToLower(strings.Join(st.Person.Refs, " ")), string(st.ID)}, "\n")
	}
	return s
}

func fillPerson(b *api.Beneficiary, p *vault.Person) {
	b.Readable = true
	b.Name = p.DisplayName()
	b.FamilyName, b.GivenName, b.UsageName, b.Aliases = p.FamilyName, p.GivenName, p.UsageName, p.Aliases
	b.Born, b.BirthPlace, b.Language = string(p.Born), p.BirthPlace, p.Language
	b.Phone, b.Email, b.Refs = p.Phone, p.Email, p.Refs
}

// summarizeAll makes the summaries of all vaults.
func (e *Engine) summarizeAll(org *vault.Org, keys *keyring) (map[vault.BeneficiaryID]*summary, error) {
	return e.decodeAll(bucketVaults, func(id vault.BeneficiaryID, raw []byte) (*summary, error) {
		st, err := decodeState(id, raw)
		if err != nil {
			return nil, err
		}
		return summarize(st, org, keys), nil
	})
}

// decodeAll makes the summary of each vault from what a bucket holds of it, on every core.
func (e *Engine) decodeAll(bucket string, decode func(vault.BeneficiaryID, []byte) (*summary, error)) (map[vault.BeneficiaryID]*summary, error) {
	out := map[vault.BeneficiaryID]*summary{}
	var mu sync.Mutex
	err := eachStored(e.Store, bucket, func(id vault.BeneficiaryID, raw []byte) error {
		s, err := decode(id, raw)
		mu.Lock()
		defer mu.Unlock()
		out[id] = s
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// eachStored calls f for what a bucket holds of each vault, on every core, and returns the first error.
func eachStored(store Store, bucket string, f func(id vault.BeneficiaryID, raw []byte) error) error {
	type encoded struct {
		id  vault.BeneficiaryID
		raw []byte
	}
	var mu sync.Mutex
	var failed error
	var wg sync.WaitGroup
	todo := make(chan encoded, 64)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for v := range todo {
				if err := f(v.id, v.raw); err != nil {
					mu.Lock()
					failed = errOr(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	err := store.Scan(bucket, "", func(key string, raw []byte) error {
		todo <- encoded{vault.BeneficiaryID(key), raw}
		return nil
	})
	close(todo)
	wg.Wait()
	return errOr(err, failed)
}

// load returns the state of a vault as it is now. Errors have CodeNotFound.
func (e *Engine) load(id vault.BeneficiaryID) (*vault.State, *keyring, *vault.Org, error) {
	keys, org, err := e.ready()
	if err != nil {
		return nil, nil, nil, err
	}
	st, err := newOverlay(e.Store, org, keys).state(id)
	if err != nil {
		return nil, nil, nil, err
	}
	if st.OpenedBy == "" {
		return nil, nil, nil, vault.Errorf(vault.CodeNotFound, "no such beneficiary")
	}
	return st, keys, org, nil
}

// resolveID turns an id or "ref:SYSTEM:ID" into a beneficiary. Names are not accepted: see Resolve. Errors have
// CodeNotFound, or CodeAmbiguous for a name.
func (e *Engine) resolveID(text string) (vault.BeneficiaryID, error) {
	keys, _, err := e.ready()
	if err != nil {
		return "", err
	}
	if ref, ok := strings.CutPrefix(text, "ref:"); ok {
		return e.byRef(keys, ref)
	}
	id, err := vault.ParseBeneficiaryID(text)
	if err != nil {
		if !vault.LooksLikeID('b', strings.ToLower(strings.ReplaceAll(text, "-", ""))) {
			return "", vault.Errorf(vault.CodeAmbiguous, "a name does not say which person is meant: give the id or ref:SYSTEM:ID")
		}
		return "", err
	}
	return id, nil
}

// byRef finds a vault through the blind index. The erased ones are found too, so that they can be reported as such. Devices
// that have not heard of one another may give one reference to several vaults: then it says whose it is no more, and errors
// have CodeAmbiguous.
func (e *Engine) byRef(keys *keyring, ref string) (vault.BeneficiaryID, error) {
	if !strings.Contains(ref, ":") {
		return "", vault.Errorf(vault.CodeUsage, "a reference is ref:SYSTEM:ID")
	}
	if keys.refsKey == nil {
		return "", api.WithHint(vault.Errorf(vault.CodePolicy, "this workstation looks up no references: its role is auditor"), "give the id instead")
	}
	var found []vault.BeneficiaryID
	prefix := string(vault.EntryRefs) + "/" + refValue(keys.refsKey, ref) + "/"
	err := e.Store.Scan(bucketIndex, prefix, func(key string, _ []byte) error {
		found = append(found, vault.BeneficiaryID(strings.TrimPrefix(key, prefix)))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("search reference: %w", err)
	}
	if live := e.unerased(found); len(live) > 0 {
		found = live
	}
	switch len(found) {
	case 0:
		return "", vault.Errorf(vault.CodeNotFound, "no beneficiary has this reference")
	case 1:
		return found[0], nil
	}
	ids := make([]string, len(found))
	for i, id := range found {
		ids[i] = string(id)
	}
	slices.Sort(ids)
	return "", api.WithHint(vault.Errorf(vault.CodeAmbiguous, "several vaults have this reference: %s", strings.Join(ids, ", ")),
		"give the id of the one that is meant; if it is one person, `vaultctl beneficiary merge` joins the vaults")
}

// unerased returns the vaults that were not erased.
func (e *Engine) unerased(ids []vault.BeneficiaryID) []vault.BeneficiaryID {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []vault.BeneficiaryID
	for _, id := range ids {
		if s := e.people[id]; s != nil && s.b.State != "erased" {
			out = append(out, id)
		}
	}
	return out
}
