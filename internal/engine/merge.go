package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// BeneficiaryMerge moves everything of a vault that was opened for somebody who has one already into that one, and closes
// the duplicate: documents, sealed to the readers of the other vault; references, so that they lead there; names, as
// aliases. Consents stay where they were given: merging adds no reader to the other vault, and says whom it lacks. Neither
// journal names the other vault. What cannot be moved is left with the reason, and the duplicate then stays open. Cut
// short, it goes on where it was. Errors: CodeNoConsent for whoever does not read both, CodeUsage, CodeConflict,
// CodePolicy where the person declined recovery for the duplicate alone or withdrew a consent there later than in the other
// vault, CodeErased, CodeInvalid.
func (e *Engine) BeneficiaryMerge(ctx context.Context, req api.MergeRequest, tell func(api.Progress)) (api.Merge, error) {
	m := &merging{e: e, tell: tell}
	if err := m.open(ctx, &req); err != nil {
		return m.res, err
	}
	if err := m.plan(ctx); err != nil || req.DryRun {
		m.res.Closed = err == nil && len(m.res.Left) == 0
		return m.res, err
	}
	if err := m.move(ctx); err != nil {
		return m.res, err
	}
	return m.res, m.finish(ctx)
}

// merging is a merge on its way.
type merging struct {
	e         *Engine
	from, to  *vault.State
	keys      *keyring
	org       *vault.Org
	documents []*vault.Document // that move
	tell      func(api.Progress)
	res       api.Merge
}

// open finds both vaults and refuses what is not to be merged.
func (m *merging) open(ctx context.Context, req *api.MergeRequest) error {
	err := m.e.refuseRevoked()
	if err != nil {
		return err
	}
	if m.from, m.keys, m.org, err = m.e.writable(ctx, req.Duplicate, "merge"); err != nil {
		return err
	}
	if m.to, _, _, err = m.e.writable(ctx, req.Into, "merge"); err != nil {
		return err
	}
	m.res = api.Merge{Head: api.H("merge"), Duplicate: string(m.from.ID), Into: string(m.to.ID), DryRun: req.DryRun}
	switch {
	case m.from.ID == m.to.ID:
		return vault.Errorf(vault.CodeUsage, "a vault is not merged into itself")
	case m.from.NoRecovery && !m.to.NoRecovery:
		return api.WithHint(vault.Errorf(vault.CodePolicy, "the person declined recovery for the duplicate, and recovery would read its documents"),
			"merge the other way round: into the vault for which they declined it")
	case lastEnd(m.from, "", "") > lastEnd(m.to, "", ""):
		return api.WithHint(vault.Errorf(vault.CodePolicy, "a consent was withdrawn in the duplicate, and an import into the other vault would renew it"),
			"merge the other way round: into the vault that knows of the withdrawal")
	case m.from.Closed != nil && m.from.Closed.Reason == closedDuplicate:
		return vault.Errorf(vault.CodeConflict, "the duplicate was merged already")
	}
	return m.e.admitted(ctx, m.to, m.org, vault.Shared, "", "deposit")
}

// plan says what a merge does.
func (m *merging) plan(ctx context.Context) error {
	past, err := m.e.pastOf(m.keys, m.org, m.from.ID)
	if err != nil {
		return err
	}
	for _, d := range m.from.Documents {
		if d.Removed == nil && d.Evidence == "" {
			m.documents = append(m.documents, d)
		}
	}
	slices.SortFunc(m.documents, func(a, b *vault.Document) int {
		return cmp.Or(a.Deposited.Compare(b.Deposited), cmp.Compare(a.ID, b.ID))
	})
	m.documents = slices.DeleteFunc(m.documents, func(d *vault.Document) bool {
		for _, s := range past.of(d.ID, d.Deposited) {
			m.sighted(s)
		}
		err := m.unmovable(d)
		if err != nil {
			m.leave(d.ID, err)
		}
		return err != nil
	})
	for _, d := range m.documents {
		same, err := sameBytes(m.e.Store.Get, m.keys.refsKey, m.to, d.Digest)
		if err != nil {
			return err
		}
		if same != nil {
			m.res.Same++
		} else {
			m.res.Documents++
		}
	}
	m.compareConsents()
	person, err := m.together(m.from, m.to)
	if err != nil {
		return err
	}
	m.res.Refs, m.res.Names = added(m.to.Person.Refs, person.Refs), added(m.to.Person.Aliases, person.Aliases)
	if a, b := m.from.Person.Born, m.to.Person.Born; a.Year() != "" && b.Year() != "" && !strings.HasPrefix(string(a), string(b)) &&
		!strings.HasPrefix(string(b), string(a)) {
		m.res.Differs = append(m.res.Differs, "born")
	}
	return ctx.Err()
}

// sighted takes note of somebody who had a document in the clear: each agent and act once, with its last time.
func (m *merging) sighted(s api.Seen) {
	for i := range m.res.Seen {
		if o := &m.res.Seen[i]; o.Agent == s.Agent && o.Act == s.Act {
			o.At = max(o.At, s.At)
			return
		}
	}
	m.res.Seen = append(m.res.Seen, s)
}

// unmovable returns why a document stays, or nil.
func (m *merging) unmovable(d *vault.Document) error {
	switch {
	case d.Space == vault.Private:
		return vault.Errorf(vault.CodeNoIdentity, "a private document moves only once it was shared, with the person's card")
	case !m.keys.reads(d.Object.Readers):
		return vault.Errorf(vault.CodeNoConsent, "the document is not sealed to this device yet: another reader has to reseal it")
	case !d.Described:
		return vault.Errorf(vault.CodeNoConsent, "what the document is has not reached this workstation yet: sync, then try again")
	}
	return nil
}

func (m *merging) leave(id vault.DocumentID, err error) {
	m.res.Left = append(m.res.Left, api.LeftDocument{Document: string(id), Code: string(vault.CodeOf(err)), Message: err.Error()})
}

// compareConsents says whose consent the other vault lacks, and who reads the documents from now on.
func (m *merging) compareConsents() {
	from, to := m.from.ActiveTeams(), m.to.ActiveTeams()
	for _, t := range from {
		if slices.Contains(to, t) {
			m.res.Consents++
		} else {
			m.res.Lacks = append(m.res.Lacks, teamWord(m.org, t))
		}
	}
	for _, t := range to {
		if !slices.Contains(from, t) {
			m.res.Gains = append(m.res.Gains, teamWord(m.org, t))
		}
	}
}

// together is the person of the other vault with the references of the duplicate, and its names as aliases. Errors have
// CodeInvalid where these are too many for one person.
func (m *merging) together(from, to *vault.State) (vault.Person, error) {
	p := to.Person
	p.Refs, p.Aliases = slices.Clone(p.Refs), slices.Clone(p.Aliases)
	for _, r := range from.Person.Refs {
		if !slices.Contains(p.Refs, r) {
			p.Refs = append(p.Refs, r)
		}
	}
	p.Aliases = append(p.Aliases, otherNames(&from.Person, &to.Person)...)
	switch {
	case len(p.Refs) > maxRefs:
		return p, vault.Errorf(vault.CodeInvalid, "more than %d references", maxRefs)
	case len(p.Aliases) > maxAliases:
		return p, vault.Errorf(vault.CodeInvalid, "more than %d aliases", maxAliases)
	}
	return p, nil
}

// otherNames returns the names of a person that another description of them lacks. A family name alone is searched with
// the given name, so that the given name comes along only where it differs.
func otherNames(from, to *vault.Person) []string {
	known := []string{foldName(to.FamilyName), foldName(to.UsageName), foldName(to.GivenName)}
	for _, a := range to.Aliases {
		known = append(known, foldName(a))
	}
	names := append([]string{from.FamilyName, from.UsageName}, from.Aliases...)
	if g := foldName(from.GivenName); g != "" && g != foldName(to.GivenName) {
		names = append([]string{strings.TrimSpace(from.GivenName + " " + cmp.Or(from.UsageName, from.FamilyName))}, names...)
	}
	var out []string
	for _, n := range names {
		if f := foldName(n); f != "" && !slices.Contains(known, f) {
			known, out = append(known, f), append(out, n)
		}
	}
	return out
}

// added returns what after has and before has not.
func added(before, after []string) []string {
	return slices.DeleteFunc(slices.Clone(after), func(s string) bool { return slices.Contains(before, s) })
}

// move moves the documents, several at once so that they share fsyncs.
func (m *merging) move(ctx context.Context) error {
	m.res.Documents, m.res.Same = 0, 0
	var mu sync.Mutex
	done := 0
	return parallel(len(m.documents), func(i int) error {
		if err := ctx.Err(); err != nil {
			return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		d := m.documents[i]
		v, err := m.e.move(ctx, &foundDocument{doc: d, st: m.from, keys: m.keys, org: m.org}, m.to.ID)
		waiting := m.e.unseen(m.from.ID, d.Object.Path)
		mu.Lock()
		defer mu.Unlock()
		m.res.Waiting += waiting
		switch {
		case isRefusal(err):
			m.leave(d.ID, err)
		case err != nil:
			return err
		case v.Status == "exists":
			m.res.Same++
		default:
			m.res.Documents++
		}
		if done++; m.tell != nil {
			m.tell(api.Progress{Stage: "move", Done: int64(done), Total: int64(len(m.documents)), Unit: "documents"})
		}
		return nil
	})
}

// finish gives references and names to the other vault and closes the duplicate, unless something is left in it.
func (m *merging) finish(ctx context.Context) error {
	person, err := m.together(m.from, m.to)
	if err != nil {
		return err
	}
	names := nameIndexOf(m.keys.namesKey, &person)
	m.res.Closed = len(m.res.Left) == 0
	return m.e.commit(ctx, func(t *tx) error {
		from, err := t.state(m.from.ID)
		if err != nil {
			return err
		}
		to, err := t.state(m.to.ID)
		if err != nil {
			return err
		}
		if changed(from, m.from) || changed(to, m.to) || m.res.Closed && holds(from) {
			return vault.Errorf(vault.CodeConflict, "a vault changed meanwhile: try again")
		}
		if m.res.Closed {
			err = t.retire(from.ID, closedDuplicate)
		} else {
			err = t.dropRefs(from.ID)
		}
		if err != nil || len(m.res.Refs)+len(m.res.Names) == 0 {
			return err
		}
		values := refValues(t.ov.keys, person.Refs)
		if err := t.refsFree(to.ID, values); err != nil {
			return err
		}
		return t.emit(vault.VaultEdited, to.ID, nil, entry(classShared, vault.EntryPerson, vault.PersonData{Refs: &person.Refs, Aliases: &person.Aliases}),
			entry(classIntake, vault.EntryRefs, vault.IndexData{Values: values}),
			entry(classStaff, vault.EntryNames, vault.IndexData{Values: names.values()}))
	})
}

// changed reports whether somebody changed what is known of the person since.
func changed(now, then *vault.State) bool {
	return !slices.Equal(now.Person.Refs, then.Person.Refs) || !slices.Equal(namesOf(&now.Person), namesOf(&then.Person))
}

// holds reports whether a vault has documents other than the proofs of consents.
func holds(st *vault.State) bool {
	for _, d := range st.Documents {
		if d.Removed == nil && d.Evidence == "" {
			return true
		}
	}
	return false
}
