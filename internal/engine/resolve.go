package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// BeneficiaryResolve yields whom an id, ref:SYSTEM:ID or name may mean. A name gives everybody who bears it: those whom
// this device reads with their names, and those whom only the blind index knows by id alone. Whoever asks with a name
// has to choose among them. Errors: CodeNotFound where nobody fits, CodeErased.
func (e *Engine) BeneficiaryResolve(_ context.Context, req api.ResolveRequest, yield func(api.Beneficiary) error) error {
	keys, _, err := e.ready()
	if err != nil {
		return err
	}
	id, err := e.resolveID(strings.TrimSpace(req.Text))
	if err == nil {
		st, keys, org, err := e.load(id)
		if err != nil {
			return err
		}
		if st.Erased != nil {
			return vault.Errorf(vault.CodeErased, "the vault was erased")
		}
		return yield(e.counted(summarize(st, org, keys)))
	}
	if vault.CodeOf(err) != vault.CodeAmbiguous || strings.HasPrefix(strings.TrimSpace(req.Text), "ref:") {
		return err
	}
	found, err := e.byName(keys, req.Text)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return api.WithHint(vault.Errorf(vault.CodeNotFound, "nobody of that name has a vault that is known here"),
			"`vaultctl beneficiary list --search` finds parts of names and references")
	}
	for _, s := range found {
		if err := yield(e.counted(s)); err != nil {
			return err
		}
	}
	return nil
}

// byName returns who bears a name, those with a readable name first.
func (e *Engine) byName(keys *keyring, text string) ([]*summary, error) {
	if keys.namesKey == nil {
		return nil, api.WithHint(vault.Errorf(vault.CodePolicy, "this workstation looks up no names: its role does not allow it"),
			"give the id or ref:SYSTEM:ID instead")
	}
	words := strings.Fields(foldName(text))
	if len(words) == 0 {
		return nil, nil
	}
	hidden, err := e.indexed(newOverlay(e.Store, nil, keys), []string{stretch(keys.namesKey, "name", sortedName(foldName(text), ""))})
	if err != nil {
		return nil, err
	}
	var found []*summary
	e.mu.RLock()
	for id, s := range e.people {
		if s.b.State == "erased" || retired(s.b.Reason) {
			continue
		}
		bears := s.b.Readable && hasWords(s, words)
		if bears || !s.b.Readable && slices.Contains(hidden, id) {
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
	return found, nil
}

// hasWords reports whether each word is a whole word of a person's names.
func hasWords(s *summary, words []string) bool {
	names, _, _ := strings.Cut(s.search, "\n")
	all := strings.Fields(names)
	return !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(all, w) })
}

// indexed returns the vaults under blind name values.
func (e *Engine) indexed(ov *overlay, values []string) ([]vault.BeneficiaryID, error) {
	var out []vault.BeneficiaryID
	for _, v := range values {
		prefix := string(vault.EntryNames) + "/" + v + "/"
		err := ov.scan(bucketIndex, prefix, func(key string, _ []byte) error {
			if id := vault.BeneficiaryID(strings.TrimPrefix(key, prefix)); !slices.Contains(out, id) {
				out = append(out, id)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lookalikes returns the vaults whose names are those of a person, except its own: same ones bear the full date of birth
// as well. Somebody whom this device reads and who was born in another year is not meant.
func (e *Engine) lookalikes(ov *overlay, x *nameIndex, p *vault.Person, self vault.BeneficiaryID) (same, possible []vault.BeneficiaryID, err error) {
	if same, err = e.indexed(ov, x.date); err != nil {
		return nil, nil, err
	}
	near, err := e.indexed(ov, slices.Concat(x.date, x.year, x.alone))
	if err != nil {
		return nil, nil, err
	}
	for _, id := range near {
		st, err := ov.state(id)
		if err != nil {
			return nil, nil, err
		}
		theirs := st.Person.Born.Year()
		if id == self || st.Erased != nil || st.Closed != nil && retired(st.Closed.Reason) || theirs != "" && p.Born.Year() != "" && theirs != p.Born.Year() {
			continue
		}
		possible = append(possible, id)
	}
	same = slices.DeleteFunc(same, func(id vault.BeneficiaryID) bool { return !slices.Contains(possible, id) })
	slices.Sort(possible)
	return same, possible, nil
}
