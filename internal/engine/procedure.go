package engine

import (
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/procedure"
	"vaultctl/internal/spelling"
	"vaultctl/internal/vault"
)

// Procedures is the table of procedures in force.
type Procedures interface {
	Find(nameOrAlias string) (*procedure.Procedure, error) // CodeInvalid with a suggestion
}

// ProcedureCheck says which papers of a procedure a vault holds. Documents of the result are exactly those to hand in. What is
// private is looked at with the card only, and counted otherwise. Errors: CodeInvalid for a procedure that is not known,
// CodeNoConsent where this device is no reader, CodeErased, CodeNoIdentity for another person's card.
func (e *Engine) ProcedureCheck(ctx context.Context, req api.ProcedureCheckRequest) (api.ProcedureCheck, error) {
	var none api.ProcedureCheck
	p, err := e.Procedures.Find(req.Procedure)
	if err != nil {
		return none, err
	}
	soon, err := e.soonDays(req.Within)
	if err != nil {
		return none, err
	}
	st, keys, org, err := e.vaultFor(req.Beneficiary)
	if err != nil {
		return none, err
	}
	card, err := e.presented(ctx, st, req.Card)
	if err != nil {
		return none, err
	}
	if !readsVault(keys, st, org) {
		e.refused(ctx, st.ID, "", "check", vault.CodeNoConsent)
		return none, errNoConsent()
	}
	if card != nil {
		if st, err = e.withPrivate(ctx, st.ID, card); err != nil {
			return none, err
		}
	}
	papers, unseen := papersOf(st)
	r := procedure.Check(p, papers, e.today(), soon)
	out := api.ProcedureCheck{Head: api.H("procedure_check"), Beneficiary: string(st.ID), Procedure: p.Code, French: p.French, English: p.English,
		On: string(e.today()), Complete: r.Complete, Documents: r.Documents(), Unseen: unseen}
	if out.Documents == nil {
		out.Documents = []string{}
	}
	for i := range r.Pieces {
		out.Pieces = append(out.Pieces, pieceView(st, &r.Pieces[i]))
	}
	return out, nil
}

// soonDays returns in how many days a span ends, or what is configured.
func (e *Engine) soonDays(within string) (int, error) {
	if within == "" {
		return e.Settings.SoonDays(), nil
	}
	until, err := vault.ParseDays(within, e.today())
	if err != nil {
		return 0, err
	}
	return int(until.Time().Sub(e.today().Time()).Hours() / 24), nil
}

// papersOf returns what a procedure may be shown of a vault, and how many documents nobody knows what they are.
func papersOf(st *vault.State) (papers []procedure.Paper, unseen int) {
	ids := make([]vault.DocumentID, 0, len(st.Documents))
	for id := range st.Documents {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		d := st.Documents[id]
		switch {
		case d.Removed != nil || d.Evidence != "":
		case !d.Described:
			unseen++
		default:
			papers = append(papers, procedure.Paper{ID: string(d.ID), Type: d.Type, IssuedOn: d.IssuedOn, ExpiresOn: d.ExpiresOn, Period: d.Period,
				Others: d.Holder != "" && !sameHolder(&st.Person, d.Holder)})
		}
	}
	return papers, unseen
}

// sameHolder reports whether a holder that somebody typed is the person of the vault: no word that is none of their names,
// and a given name among them, which tells a mother from her child.
func sameHolder(p *vault.Person, holder string) bool {
	words := strings.Fields(spelling.Fold(holder))
	given := strings.Fields(spelling.Fold(p.GivenName))
	names := slices.Concat(given, strings.Fields(spelling.Fold(strings.Join(append([]string{p.FamilyName, p.UsageName}, p.Aliases...), " "))))
	known := len(given) == 0
	for _, word := range words {
		if !slices.Contains(names, word) {
			return false
		}
		known = known || slices.Contains(given, word)
	}
	return known && len(words) > 0
}

func pieceView(st *vault.State, f *procedure.Found) api.ProcedurePiece {
	p := f.Piece
	v := api.ProcedurePiece{Code: p.Code, French: p.French, English: p.English, IfFrench: p.IfFrench, IfEnglish: p.IfEnglish, Required: p.Required(),
		State: string(f.State), Needed: p.Needed(), Documents: []api.ProcedureDocument{}, Others: f.Others, Until: string(f.Until),
		AnyOf: append([]string{}, p.AnyOf...), MinAge: string(p.MinAge), Months: f.Months, Absent: f.Absent, NoteFR: p.NoteFrench, NoteEN: p.NoteEnglish}
	for _, id := range f.Documents {
		d := st.Documents[vault.DocumentID(id)]
		v.Documents = append(v.Documents, api.ProcedureDocument{ID: id, DocumentType: d.Type, Title: vault.MaskNIR(d.Title), IssuedOn: string(d.IssuedOn),
			ExpiresOn: string(d.ExpiresOn), Period: d.Period, Digest: string(d.Digest)})
	}
	for _, u := range f.Unfit {
		v.Unfit = append(v.Unfit, api.ProcedureUnfit{ID: u.ID, DocumentType: u.Type, Why: string(u.Why), Since: string(u.Since), Limit: string(u.Limit)})
	}
	for code, age := range p.MaxAges {
		if v.MaxAges == nil {
			v.MaxAges = map[string]string{}
		}
		v.MaxAges[code] = string(age)
	}
	return v
}
