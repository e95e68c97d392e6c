package engine

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// vaultFor finds a vault by id or ref:SYSTEM:ID. An erased one is CodeErased.
func (e *Engine) vaultFor(text string) (*vault.State, *keyring, *vault.Org, error) {
	id, err := e.resolveID(text)
	if err != nil {
		return nil, nil, nil, err
	}
	st, keys, org, err := e.whole(id)
	if err == nil && st.Erased != nil {
		err = vault.Errorf(vault.CodeErased, "the vault was erased")
	}
	return st, keys, org, err
}

// writable finds a vault that this device may change: it reads what is shared there. A refusal is journalled as how.
func (e *Engine) writable(ctx context.Context, text, how string) (*vault.State, *keyring, *vault.Org, error) {
	st, keys, org, err := e.vaultFor(text)
	switch {
	case err != nil:
		return nil, nil, nil, err
	case st.ReadOnly:
		return nil, nil, nil, vault.Errorf(vault.CodeUpgrade, "the vault was changed by a newer version: upgrade")
	case !keys.reads(st.Readers(org, vault.Shared)):
		e.refused(ctx, st.ID, "", how, vault.CodeNoConsent)
		return nil, nil, nil, errNoConsent()
	}
	return st, keys, org, nil
}

func errNoConsent() error {
	return api.WithHint(vault.Errorf(vault.CodeNoConsent, "no consent lets this workstation into the vault"),
		"`vaultctl beneficiary access` says who may; the person gives consent with `vaultctl consent give`")
}

// BeneficiaryEdit changes attributes of a person. Errors: CodeInvalid, CodeNoConsent,
// CodeErased, CodeConflict for a reference of somebody else.
func (e *Engine) BeneficiaryEdit(ctx context.Context, req api.BeneficiaryEditRequest) (api.Beneficiary, error) {
	st, keys, _, err := e.writable(ctx, req.Beneficiary, "edit")
	if err != nil {
		return api.Beneficiary{}, err
	}
	data, err := personData(&req.Person, e.today())
	if err != nil {
		return api.Beneficiary{}, err
	}
	person := st.Person
	person.Update(&data)
	switch {
	case !named(&person):
		return api.Beneficiary{}, vault.Errorf(vault.CodeInvalid, "a person needs at least one name")
	case reflect.DeepEqual(person, st.Person):
		b, err := e.beneficiary(st.ID)
		b.Unchanged = true
		return b, err
	}
	entries := []func(*vault.Event) classed{entry(classShared, vault.EntryPerson, data)}
	if !slices.Equal(namesOf(&person), namesOf(&st.Person)) || person.Born != st.Person.Born {
		names := nameIndexOf(keys.namesKey, &person)
		entries = append(entries, entry(classStaff, vault.EntryNames, vault.IndexData{Values: names.values()}))
	}
	values := refValues(keys, person.Refs)
	if !slices.Equal(person.Refs, st.Person.Refs) {
		entries = append(entries, entry(classIntake, vault.EntryRefs, vault.IndexData{Values: values}))
	}
	err = e.commit(ctx, func(t *tx) error {
		now, err := t.state(st.ID)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(now.Person, st.Person) {
			return vault.Errorf(vault.CodeConflict, "somebody else changed the person at the same moment: try again")
		}
		if err := t.refsFree(st.ID, values); err != nil {
			return err
		}
		return t.emit(vault.VaultEdited, st.ID, nil, entries...)
	})
	if err != nil {
		return api.Beneficiary{}, err
	}
	return e.beneficiary(st.ID)
}

func refValues(keys *keyring, refs []string) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = refValue(keys.refsKey, r)
	}
	return out
}

// refsFree returns an error if a reference belongs to another vault: CodeConflict, or CodeErased where that vault was
// erased. It is found whether or not this device reads the vault.
func (t *tx) refsFree(id vault.BeneficiaryID, values []string) error {
	for _, v := range values {
		prefix := string(vault.EntryRefs) + "/" + v + "/"
		var other vault.BeneficiaryID
		err := t.ov.scan(bucketIndex, prefix, func(key string, _ []byte) error {
			if b := vault.BeneficiaryID(strings.TrimPrefix(key, prefix)); b != id {
				other = b
			}
			return nil
		})
		if err != nil {
			return err
		}
		if other == "" {
			continue
		}
		st, err := t.state(other)
		switch {
		case err != nil:
			return err
		case st.Erased != nil:
			return api.WithHint(vault.Errorf(vault.CodeErased, "a reference belongs to a vault that was erased"),
				"if the person comes back, open a vault without this reference")
		}
		return api.WithHint(vault.Errorf(vault.CodeConflict, "a reference belongs to vault %s already", other),
			"`vaultctl beneficiary show` tells whether it is the same person; if so, use that vault")
	}
	return nil
}

// BeneficiaryShow returns a person with their consents. A vault that this device does not read is shown by id, times and
// consent states. Errors: CodeNotFound, CodeErased.
func (e *Engine) BeneficiaryShow(_ context.Context, req api.BeneficiaryRequest) (api.Beneficiary, error) {
	st, _, _, err := e.vaultFor(req.Beneficiary)
	if err != nil {
		return api.Beneficiary{}, err
	}
	return e.beneficiary(st.ID)
}

// beneficiary returns a vault as show gives it.
func (e *Engine) beneficiary(id vault.BeneficiaryID) (api.Beneficiary, error) {
	st, keys, org, err := e.whole(id)
	if err != nil {
		return api.Beneficiary{}, err
	}
	b := e.counted(summarize(st, org, keys))
	for _, c := range st.Consents {
		b.Consents = append(b.Consents, consentOf(st, org, c))
	}
	for _, sh := range st.ActiveShares() {
		b.Shares = append(b.Shares, e.shareView(st, keys, org, sh))
	}
	return b, nil
}

// counted returns the summary with the documents that have expired or soon will.
func (e *Engine) counted(s *summary) api.Beneficiary {
	b, today, soon := s.b, e.today(), e.Settings.SoonDays()
	for _, d := range s.expires {
		switch vault.ValidityOf(d, today, soon) {
		case vault.Expired:
			b.Expired++
		case vault.Soon:
			b.Soon++
		}
	}
	return b
}

// closeReasons are those of CloseRequest.
var closeReasons = []string{"moved", "deceased", "inactive", "request"}

// BeneficiaryClose ends active work on a vault; its documents stay, and consents too. Errors: CodeUsage for an unknown
// reason, CodeConflict where it is closed already, CodeNoConsent, CodeErased.
func (e *Engine) BeneficiaryClose(ctx context.Context, req api.CloseRequest) (api.Beneficiary, error) {
	if !slices.Contains(closeReasons, req.Reason) {
		return api.Beneficiary{}, vault.Errorf(vault.CodeUsage, "reasons to close are moved, deceased, inactive and request")
	}
	return e.setClosed(ctx, req.Beneficiary, "close", func(t *tx, st *vault.State) error {
		if st.Closed != nil {
			return vault.Errorf(vault.CodeConflict, "the vault is closed already")
		}
		return t.emit(vault.VaultClosed, st.ID, vault.CloseBody{Reason: req.Reason})
	})
}

// BeneficiaryReopen takes up a closed vault again. Errors: CodeConflict where it is not closed, CodeNoConsent, CodeErased.
func (e *Engine) BeneficiaryReopen(ctx context.Context, req api.BeneficiaryRequest) (api.Beneficiary, error) {
	return e.setClosed(ctx, req.Beneficiary, "reopen", func(t *tx, st *vault.State) error {
		if st.Closed == nil {
			return vault.Errorf(vault.CodeConflict, "the vault is not closed")
		}
		return t.emit(vault.VaultReopened, st.ID, nil)
	})
}

func (e *Engine) setClosed(ctx context.Context, text, how string, change func(*tx, *vault.State) error) (api.Beneficiary, error) {
	st, _, _, err := e.writable(ctx, text, how)
	if err != nil {
		return api.Beneficiary{}, err
	}
	err = e.commit(ctx, func(t *tx) error {
		now, err := t.state(st.ID)
		if err != nil {
			return err
		}
		return change(t, now)
	})
	if err != nil {
		return api.Beneficiary{}, err
	}
	return e.beneficiary(st.ID)
}

// BeneficiaryList yields the vaults that fit, by name; those without a readable name come last. Errors have CodeUsage.
func (e *Engine) BeneficiaryList(_ context.Context, req api.BeneficiaryListRequest, yield func(api.Beneficiary) error) error {
	if _, _, err := e.ready(); err != nil {
		return err
	}
	if !slices.Contains([]string{"", "open", "closed", "erased", "unconsented"}, req.State) {
		return vault.Errorf(vault.CodeUsage, "states are open, closed, unconsented and erased")
	}
	today := e.today()
	if _, err := inactiveSince(req.InactiveFor, today); err != nil {
		return err
	}
	match := searchFor(req.Search)
	var found []*summary
	e.mu.RLock()
	for _, s := range e.people {
		inactive := true
		if req.InactiveFor != "" {
			end, _ := inactiveSince(req.InactiveFor, vault.DateOf(s.seen))
			inactive = end <= today
		}
		if inStates(s.b.State, req.State) && inactive && match(s) {
			found = append(found, s)
		}
	}
	e.mu.RUnlock()
	slices.SortFunc(found, func(a, b *summary) int {
		if a.b.Readable != b.b.Readable {
			if a.b.Readable {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.search, b.search), strings.Compare(a.b.ID, b.b.ID))
	})
	for _, s := range found {
		if err := yield(e.counted(s)); err != nil {
			return err
		}
	}
	return nil
}

func inStates(state, want string) bool {
	if want == "" {
		return state != "erased"
	}
	return state == want
}

// inactiveSince returns the day on which a vault last used on the given day counts as inactive.
func inactiveSince(span string, from vault.Date) (vault.Date, error) {
	if span == "" {
		return "", nil
	}
	return vault.ParseDays(span, from)
}

// searchFor returns what tells whether a vault fits a search: every word of it is in a name, or all of it in a reference
// or the id.
func searchFor(text string) func(*summary) bool {
	words, plain := strings.Fields(foldName(text)), strings.ToLower(strings.TrimSpace(text))
	return func(s *summary) bool {
		if plain == "" || strings.Contains(s.search, plain) {
			return true
		}
		names, _, _ := strings.Cut(s.search, "\n")
		return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(names, w) })
	}
}
