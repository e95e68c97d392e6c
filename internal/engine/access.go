package engine

import (
	"context"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// BeneficiaryAccess says who can open a vault: the readers that its documents are sealed to, and which agents that is
// today. With Objects it compares, for every object, the declared readers with the stanzas in its header, which age does
// not name but lets count. Errors: CodeNotFound, CodeErased.
func (e *Engine) BeneficiaryAccess(ctx context.Context, req api.AccessRequest) (api.Access, error) {
	st, keys, org, err := e.vaultFor(req.Beneficiary)
	if err != nil {
		return api.Access{}, err
	}
	out := api.Access{Head: api.H("access"), ID: string(st.ID), Shared: readerNames(org, st.Readers(org, vault.Shared)),
		Private: readerNames(org, st.Readers(org, vault.Private)), Agents: []string{}}
	for _, sh := range st.ActiveShares() {
		out.Shares = append(out.Shares, e.shareView(st, keys, org, sh))
	}
	for _, team := range st.ActiveTeams() {
		for _, a := range org.Teams[team].MembersNow() {
			if name := org.AgentName(a); !slices.Contains(out.Agents, name) {
				out.Agents = append(out.Agents, name)
			}
		}
	}
	slices.Sort(out.Agents)
	if !req.Objects {
		return out, nil
	}
	for _, o := range st.LiveObjects() {
		a, err := e.objectAccess(ctx, st, org, o)
		if err != nil {
			return api.Access{}, err
		}
		out.Objects = append(out.Objects, a)
	}
	return out, nil
}

func readerNames(org *vault.Org, readers []vault.Reader) []string {
	out := make([]string, len(readers))
	for i, r := range readers {
		out[i] = org.ReaderName(r)
	}
	return out
}

func (e *Engine) objectAccess(ctx context.Context, st *vault.State, org *vault.Org, o vault.Object) (api.ObjectAccess, error) {
	a := api.ObjectAccess{Path: o.Path, Kind: "manifest", Readers: readerNames(org, o.Readers), Stanzas: -1}
	want := st.Readers(org, vault.Private)
	if st.Notes[o.Path] != nil {
		a.Kind = "note"
		if slices.ContainsFunc(o.Readers, func(r vault.Reader) bool { return !r.IsCard() }) {
			want = st.Readers(org, vault.Shared)
		}
	}
	for _, sh := range st.ActiveShares() {
		for _, live := range sh.Live() {
			if live.Path == o.Path {
				a.Kind, want = "share", o.Readers
			}
		}
	}
	for _, d := range st.Documents {
		if d.Removed == nil && d.Object.Path == o.Path {
			a.Kind, a.Document, want = "document", string(d.ID), st.Readers(org, d.Space)
		}
	}
	src, err := e.openObject(ctx, o)
	if err != nil { // not at hand: neither here nor on a remote that answers
		return a, ctx.Err()
	}
	defer src.Close()
	n, _, err := e.Sealer.Stanzas(src)
	if err != nil {
		return a, err
	}
	a.Stanzas = n
	a.Match = n == len(o.Readers) && vault.SameReaders(o.Readers, want)
	return a, nil
}
