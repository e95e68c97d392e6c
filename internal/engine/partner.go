package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// maxContact is how many characters a partner's contact has at most.
const maxContact = 300

// PartnerAdd records a partner. Errors: CodeInvalid for a recipient that is none, an SSH key or a plugin's, CodeConflict for a
// name that exists, CodePolicy for a workstation that is neither an agent's nor an admin's.
func (e *Engine) PartnerAdd(ctx context.Context, req api.PartnerAddRequest) (api.Partner, error) {
	_, org, err := e.ready()
	if err != nil {
		return api.Partner{}, err
	}
	if err := e.mayKeepPartners(org); err != nil {
		return api.Partner{}, err
	}
	d := vault.PartnerData{Recipient: strings.TrimSpace(req.Recipient)}
	if d.Name, err = cleanLine("name", req.Name, maxName); err != nil {
		return api.Partner{}, err
	}
	if d.Contact, err = cleanLine("contact", req.Contact, maxContact); err != nil {
		return api.Partner{}, err
	}
	if d.Name == "" || strings.Contains(d.Name, ":") {
		return api.Partner{}, vault.Errorf(vault.CodeInvalid, "a partner needs a name, without a colon")
	}
	if d.Recipient != "" {
		if err := e.checkRecipient(d.Recipient); err != nil {
			return api.Partner{}, err
		}
	}
	d.Partner = vault.NewPartnerID(e.self().Device)
	err = e.commit(ctx, func(t *tx) error {
		for _, p := range t.org().Partners {
			if p.Active() && foldName(p.Name) == foldName(d.Name) {
				return vault.Errorf(vault.CodeConflict, "there is a partner of that name already")
			}
		}
		return t.emit(vault.PartnerAdded, "", vault.PartnerBody{Partner: d.Partner}, entry(classStaff, vault.EntryPartner, d))
	})
	if err != nil {
		return api.Partner{}, err
	}
	return e.PartnerShow(ctx, api.PartnerRequest{Partner: string(d.Partner)})
}

// checkRecipient refuses what files cannot be sealed to, with the reason.
func (e *Engine) checkRecipient(recipient string) error {
	if _, err := e.Sealer.ValidateRecipient(recipient); err != nil {
		return api.WithHint(err, "the partner makes a key with `age-keygen -pq` and sends the line that begins with age1pq1; "+
			"without one, leave the key out and each share gets a passphrase")
	}
	return nil
}

// mayKeepPartners refuses what every other device would refuse.
func (e *Engine) mayKeepPartners(org *vault.Org) error {
	if err := e.refuseRevoked(); err != nil {
		return err
	}
	if d := org.Devices[e.self().Device]; d == nil || !d.Has(vault.RoleAgent) && !d.Has(vault.RoleAdmin) {
		return vault.Errorf(vault.CodePolicy, "partners are kept by agents and admins: this workstation is neither's")
	}
	return nil
}

// PartnerList yields the partners by name.
func (e *Engine) PartnerList(_ context.Context, req api.PartnerListRequest, yield func(api.Partner) error) error {
	_, org, err := e.ready()
	if err != nil {
		return err
	}
	shares := e.sharesByPartner()
	var out []api.Partner
	for _, p := range org.Partners {
		if p.Active() || req.All {
			out = append(out, e.partnerView(org, p, shares))
		}
	}
	slices.SortFunc(out, func(a, b api.Partner) int {
		return cmp.Or(cmp.Compare(foldName(a.Name), foldName(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return yieldAll(out, yield)
}

// PartnerShow returns a partner, also one that was removed. Errors: CodeNotFound, CodeAmbiguous.
func (e *Engine) PartnerShow(_ context.Context, req api.PartnerRequest) (api.Partner, error) {
	_, org, err := e.ready()
	if err != nil {
		return api.Partner{}, err
	}
	p, err := findPartner(org, req.Partner)
	if err != nil {
		return api.Partner{}, err
	}
	return e.partnerView(org, p, e.sharesByPartner()), nil
}

// PartnerRemove ends the use of a partner; what was shared before stays in the journals. Errors: those of PartnerShow, and
// CodeConflict while shares with them go on, or where the partner was removed.
func (e *Engine) PartnerRemove(ctx context.Context, req api.PartnerRequest) (api.Partner, error) {
	_, org, err := e.ready()
	if err != nil {
		return api.Partner{}, err
	}
	if err := e.mayKeepPartners(org); err != nil {
		return api.Partner{}, err
	}
	p, err := findPartner(org, req.Partner)
	if err != nil {
		return api.Partner{}, err
	}
	if !p.Active() {
		return api.Partner{}, vault.Errorf(vault.CodeConflict, "the partner was removed before")
	}
	if ids := e.sharesByPartner()[p.Partner]; len(ids) > 0 {
		return api.Partner{}, api.WithHint(vault.Errorf(vault.CodeConflict, "shares with the partner go on: %s", strings.Join(ids, ", ")),
			"end them first with `vaultctl share revoke`")
	}
	err = e.commit(ctx, func(t *tx) error { return t.emit(vault.PartnerRemoved, "", vault.PartnerBody{Partner: p.Partner}) })
	if err != nil {
		return api.Partner{}, err
	}
	return e.PartnerShow(ctx, api.PartnerRequest{Partner: string(p.Partner)})
}

// findPartner returns the partner of a name or an id, those in use before those that were removed.
func findPartner(org *vault.Org, text string) (*vault.Partner, error) {
	text = strings.TrimSpace(text)
	name := strings.TrimPrefix(text, "partner:")
	if p := org.Partners[vault.PartnerID(strings.ToLower(name))]; p != nil {
		return p, nil
	}
	var found, removed []*vault.Partner
	for _, p := range org.Partners {
		switch {
		case foldName(name) == "" || foldName(p.Name) != foldName(name):
		case p.Active():
			found = append(found, p)
		default:
			removed = append(removed, p)
		}
	}
	if len(found) == 0 {
		found = removed
	}
	switch len(found) {
	case 0:
		return nil, api.WithHint(vault.Errorf(vault.CodeNotFound, "no such partner"), "`vaultctl partner list` shows every partner")
	case 1:
		return found[0], nil
	}
	return nil, vault.Errorf(vault.CodeAmbiguous, "several partners have this name: give the id")
}

// keyOf says what the copies for a partner are sealed to: hybrid, classic, passphrase, or "" where it is not known here.
func (e *Engine) keyOf(p *vault.Partner) string {
	switch {
	case p.Name == "":
		return ""
	case p.Recipient == "":
		return keyPassphrase
	}
	kind, err := e.Sealer.ValidateRecipient(p.Recipient)
	switch {
	case err != nil: // another version's
		return ""
	case kind == "x25519":
		return keyClassic
	}
	return kind
}

// What the copies of a share are sealed to, besides "hybrid".
const (
	keyClassic    = "classic"
	keyPassphrase = "passphrase"
	keyTeam       = "team"
)

func (e *Engine) partnerView(org *vault.Org, p *vault.Partner, shares map[vault.PartnerID][]string) api.Partner {
	v := api.Partner{Head: api.H("partner"), ID: string(p.Partner), Name: org.PartnerName(p.Partner), Key: e.keyOf(p), Recipient: p.Recipient,
		Contact: p.Contact, State: "active", Added: rfc3339(p.At.Time()), AddedBy: org.AgentName(p.By), Shares: len(shares[p.Partner])}
	if !p.Active() {
		v.State = "removed"
	}
	return v
}

// sharesByPartner returns the shares that go on, by partner.
func (e *Engine) sharesByPartner() map[vault.PartnerID][]string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := map[vault.PartnerID][]string{}
	for _, s := range e.people {
		for _, sh := range s.shares {
			if sh.partner != "" {
				out[sh.partner] = append(out[sh.partner], string(sh.id))
			}
		}
	}
	for _, ids := range out {
		slices.Sort(ids)
	}
	return out
}
