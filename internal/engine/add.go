package engine

import (
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// BeneficiaryAdd opens a vault: the person and their first consent, in one change. The parts are the evidence and the
// mandate that the terms announce. Somebody with the same name and full date of birth is CodeConflict unless the request
// says to go on; weaker likenesses are named in the result. Other errors: CodeInvalid, CodeUsage, CodePolicy, CodeErased
// for the reference of somebody who was erased.
func (e *Engine) BeneficiaryAdd(ctx context.Context, req api.BeneficiaryAddRequest, parts Parts) (api.Beneficiary, error) {
	keys, org, err := e.ready()
	if err != nil {
		return api.Beneficiary{}, err
	}
	o, terms, err := e.openingOf(keys, org, &req)
	if err != nil {
		return api.Beneficiary{}, err
	}
	// The readers that the vault will have: evidence is sealed before there is a vault.
	future := vault.NewState(o.id)
	future.NoRecovery = req.NoRecovery
	g, err := e.prepareConsent(ctx, org, future, terms, parts)
	if err != nil {
		return api.Beneficiary{}, err
	}
	o.consent = g
	g.body.Batch = o.batch
	if err := e.commit(ctx, o.build); err != nil {
		g.discard(e, err)
		return api.Beneficiary{}, err
	}
	b, err := e.beneficiary(o.id)
	if err == nil && !b.Readable { // opened for others
		err = e.forgetVault(ctx, o.id)
	}
	for _, p := range o.possible {
		b.Possible = append(b.Possible, string(p))
	}
	return b, err
}

// openingOf checks what a vault is to be opened with.
func (e *Engine) openingOf(keys *keyring, org *vault.Org, req *api.BeneficiaryAddRequest) (*opening, *terms, error) {
	if err := e.maySeal(org); err != nil {
		return nil, nil, err
	}
	data, err := personData(&req.Person, e.today())
	if err != nil {
		return nil, nil, err
	}
	id, err := e.newBeneficiaryID()
	if err != nil {
		return nil, nil, err
	}
	o := &opening{id: id, person: &vault.Person{}, data: data, noRecovery: req.NoRecovery, duplicate: req.Duplicate}
	o.person.Update(&data)
	if !named(o.person) {
		return nil, nil, vault.Errorf(vault.CodeInvalid, "a person needs at least one name")
	}
	t, err := e.checkTerms(org, &req.Consent)
	if err != nil {
		return nil, nil, err
	}
	if o.batch, err = parseBatch(req.Batch); err != nil {
		return nil, nil, err
	}
	o.names, o.refs = nameIndexOf(keys.namesKey, o.person), refValues(keys, o.person.Refs)
	return o, t, nil
}

// maySeal refuses devices that do not open vaults.
func (e *Engine) maySeal(org *vault.Org) error {
	if err := e.refuseRevoked(); err != nil {
		return err
	}
	d := org.Devices[e.ident.Device]
	if d == nil || !d.Active() || !d.Has(vault.RoleAgent) {
		return vault.Errorf(vault.CodePolicy, "this workstation opens no vaults and records no consents: its role is not agent")
	}
	return nil
}

// opening is a vault about to be opened.
type opening struct {
	id                    vault.BeneficiaryID
	person                *vault.Person
	data                  vault.PersonData
	noRecovery, duplicate bool
	names                 nameIndex
	refs                  []string
	batch                 vault.BatchID
	consent               *given
	possible              []vault.BeneficiaryID
}

// check returns why the vault cannot be opened, and notes who may be the same person.
func (o *opening) check(t *tx) error {
	if err := t.refsFree(o.id, o.refs); err != nil {
		return err
	}
	same, possible, err := t.e.lookalikes(t.ov, &o.names, o.person, o.id)
	if err != nil {
		return err
	}
	o.possible = possible
	if len(same) > 0 && !o.duplicate {
		return api.WithHint(vault.Errorf(vault.CodeConflict, "somebody of this name and date of birth has a vault: %s", joinIDs(same)),
			"look with `vaultctl beneficiary show`; if it is another person, repeat with --duplicate")
	}
	return nil
}

func (o *opening) build(t *tx) error {
	if err := o.check(t); err != nil {
		return err
	}
	entries := []func(*vault.Event) classed{entry(classShared, vault.EntryPerson, o.data)}
	if len(o.refs) > 0 {
		entries = append(entries, entry(classIntake, vault.EntryRefs, vault.IndexData{Values: o.refs}))
	}
	entries = append(entries, entry(classStaff, vault.EntryNames, vault.IndexData{Values: o.names.values()}))
	if err := t.emit(vault.VaultOpened, o.id, vault.VaultBody{NoRecovery: o.noRecovery, Batch: o.batch}, entries...); err != nil {
		return err
	}
	return o.consent.emit(t, o.id, nil)
}

func joinIDs(ids []vault.BeneficiaryID) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
