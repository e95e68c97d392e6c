package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// terms are what a consent says, checked.
type terms struct {
	team                        vault.TeamID
	purpose                     string
	until, on                   vault.Date // until "" until withdrawn
	evidence, mandate           string     // file names; "" where there is none
	givenBy                     string
	representative, interpreter string
	readAloud                   bool
	collectedBy                 string // "" the agent of this device
	notice                      lang.Lang
}

// checkTerms checks what a consent says. Errors have CodeUsage, CodeInvalid, CodeNotFound or CodeAmbiguous.
func (e *Engine) checkTerms(org *vault.Org, req *api.ConsentTerms) (*terms, error) {
	team, err := findTeam(org, req.To)
	if err != nil {
		return nil, err
	}
	t, err := e.checkAgreement(req)
	if err != nil {
		return nil, err
	}
	if t.until != "" && t.until < e.today() {
		return nil, vault.Errorf(vault.CodeInvalid, "the consent would have ended already")
	}
	t.team = team
	return t, nil
}

// checkAgreement checks what a consent or the agreement to a share says, but for whom it is to.
func (e *Engine) checkAgreement(req *api.ConsentTerms) (t *terms, err error) {
	today := e.today()
	t = &terms{purpose: req.Purpose, on: today, evidence: req.EvidenceName, mandate: req.MandateName, givenBy: req.GivenBy,
		readAloud: req.ReadAloud}
	if !vault.ValidPurpose(t.purpose) {
		return nil, vault.Errorf(vault.CodeInvalid, "not a purpose: use one of %s", purposeCodes())
	}
	if t.notice = lang.French; req.Language != "" {
		var ok bool
		if t.notice, ok = lang.Parse(req.Language); !ok {
			return nil, errNoticeLanguage()
		}
	}
	if req.On != "" {
		if t.on, err = vault.ParseDate(req.On, today); err != nil {
			return nil, err
		}
	}
	if req.Until != "" && req.Until != vault.None {
		if t.until, err = vault.ParseDate(req.Until, today); err != nil {
			return nil, err
		}
	}
	switch {
	case t.on > today:
		return nil, vault.Errorf(vault.CodeInvalid, "a consent is not given in the future")
	case req.Verbal == (t.evidence != ""):
		return nil, vault.Errorf(vault.CodeUsage, "say how the consent was given: either evidence or verbal")
	}
	return t, t.checkGiver(req)
}

func (t *terms) checkGiver(req *api.ConsentTerms) (err error) {
	if t.representative, err = cleanLine("representative", req.Representative, maxName); err != nil {
		return err
	}
	if t.interpreter, err = cleanLine("interpreter", req.Interpreter, maxName); err != nil {
		return err
	}
	if t.collectedBy, err = cleanLine("collected_by", req.CollectedBy, maxName); err != nil {
		return err
	}
	if t.givenBy == "" {
		t.givenBy = "person"
	}
	represented := t.givenBy == "representative"
	switch {
	case !slices.Contains([]string{"person", "assisted", "representative"}, t.givenBy):
		return vault.Errorf(vault.CodeUsage, "a consent is given by person, assisted or representative")
	case represented && (t.representative == "" || t.mandate == ""):
		return vault.Errorf(vault.CodeUsage, "a representative's consent needs their name and their mandate")
	case !represented && (t.representative != "" || t.mandate != ""):
		return vault.Errorf(vault.CodeUsage, "a representative or mandate is for a consent given by a representative")
	}
	return nil
}

func purposeCodes() string {
	codes := make([]string, len(vault.Purposes))
	for i, p := range vault.Purposes {
		codes[i] = p.Code
	}
	return strings.Join(codes, ", ")
}

// findTeam returns whom "team:NAME", "agent:NAME", a team's or an agent's id means. Errors have CodeUsage, CodeNotFound
// or CodeAmbiguous.
func findTeam(org *vault.Org, to string) (vault.TeamID, error) {
	kind, name, named := strings.Cut(strings.TrimSpace(to), ":")
	var found []vault.TeamID
	for id, t := range org.Teams {
		a := org.Agents[t.Solo]
		switch {
		case !named && (kind == string(id) || t.Solo != "" && kind == string(t.Solo)),
			kind == "team" && t.Solo == "" && foldName(t.Name) == foldName(name),
			kind == "agent" && a != nil && foldName(a.Name) == foldName(name):
			found = append(found, id)
		}
	}
	switch {
	case named && (kind != "team" && kind != "agent" || foldName(name) == "") || to == "":
		return "", vault.Errorf(vault.CodeUsage, "a consent is to team:NAME or agent:NAME")
	case len(found) == 0:
		return "", api.WithHint(vault.Errorf(vault.CodeNotFound, "no such team or agent"), "`vaultctl team list` shows every team")
	case len(found) > 1:
		return "", vault.Errorf(vault.CodeAmbiguous, "several teams or agents have this name: give the id")
	case org.Current(vault.EpochTeam, found[0]) == nil:
		return "", vault.Errorf(vault.CodeInvalid, "the team has no key yet: one of its members has to sync")
	}
	return found[0], nil
}

// ConsentGive records a further consent and seals everything shared to the new readers as well. With the card the person
// gives it themselves, also where nobody else may open the vault any more. Errors are those of BeneficiaryAdd, and
// CodeNoConsent, CodeErased, CodeConflict for a closed vault.
func (e *Engine) ConsentGive(ctx context.Context, req api.ConsentGiveRequest, parts Parts) (api.Consent, error) {
	st, keys, org, err := e.vaultFor(req.Beneficiary)
	if err != nil {
		return api.Consent{}, err
	}
	if err := e.mayGrant(ctx, st, keys, org, req.Card != ""); err != nil {
		return api.Consent{}, err
	}
	batch, err := parseBatch(req.Batch)
	if err != nil {
		return api.Consent{}, err
	}
	t, err := e.checkTerms(org, &req.Terms)
	if err != nil {
		return api.Consent{}, err
	}
	var cosign func(*vault.Event)
	var extra []string
	if req.Card != "" {
		card, err := e.openCard(ctx, st, req.Card)
		if err != nil {
			return api.Consent{}, err
		}
		cosign, extra = card.cosigner(org), []string{card.identity}
	}
	g, err := e.prepareConsent(ctx, org, st, t, parts)
	if err != nil {
		return api.Consent{}, err
	}
	if cosign != nil {
		g.record.Assurance = "card-signed"
	}
	g.body.Batch = batch
	err = e.commit(ctx, func(t *tx) error {
		if now, err := t.state(st.ID); err != nil {
			return err
		} else if now.Closed != nil {
			return vault.Errorf(vault.CodeConflict, "the vault is closed: reopen it first")
		}
		return g.emit(t, st.ID, cosign)
	})
	if err != nil {
		g.discard(e, err)
		return api.Consent{}, err
	}
	// The consent stands whatever becomes of the reseal, which goes on by itself.
	if _, _, err := e.resealVault(ctx, st.ID, extra, nil); err != nil {
		e.log.Warn("reseal to new readers", "code", vault.CodeOf(err))
	}
	if !keys.reads(st.Readers(org, vault.Shared)) {
		if err := e.recallVault(ctx, st.ID); err != nil {
			e.log.Warn("read the vault again", "code", vault.CodeOf(err))
		}
	}
	return e.consent(g.body.Consent)
}

// mayGrant refuses what the fold would refuse, with the reason, and journals it.
func (e *Engine) mayGrant(ctx context.Context, st *vault.State, keys *keyring, org *vault.Org, card bool) error {
	switch {
	case st.ReadOnly:
		return vault.Errorf(vault.CodeUpgrade, "the vault was changed by a newer version: upgrade")
	case card || keys.reads(st.Readers(org, vault.Shared)):
		return e.maySeal(org)
	}
	e.refused(ctx, st.ID, "", "consent", vault.CodeNoConsent)
	if len(st.ActiveTeams()) == 0 && st.Card() != nil {
		return api.WithHint(vault.Errorf(vault.CodeNoConsent, "the person withdrew their consent: only their card gives a new one"),
			"ask the person for their card")
	}
	return errNoConsent()
}

// ConsentList yields the consents of a vault in the order in which they were given.
func (e *Engine) ConsentList(_ context.Context, req api.BeneficiaryRequest, yield func(api.Consent) error) error {
	st, _, org, err := e.vaultFor(req.Beneficiary)
	if err != nil {
		return err
	}
	for _, c := range st.Consents {
		if err := yield(consentOf(st, org, c)); err != nil {
			return err
		}
	}
	return nil
}

// ConsentShow returns a consent with its record, if this device reads it. Errors: CodeNotFound, CodeErased.
func (e *Engine) ConsentShow(_ context.Context, req api.ConsentRequest) (api.Consent, error) {
	id, err := vault.ParseConsentID(req.Consent)
	if err != nil {
		return api.Consent{}, err
	}
	return e.consent(id)
}

func (e *Engine) consent(id vault.ConsentID) (api.Consent, error) {
	if _, _, err := e.ready(); err != nil {
		return api.Consent{}, err
	}
	owner, err := e.Store.Get(bucketDocs, string(id))
	if err != nil {
		return api.Consent{}, err
	}
	if owner == nil {
		return api.Consent{}, vault.Errorf(vault.CodeNotFound, "no such consent")
	}
	st, keys, org, err := e.whole(vault.BeneficiaryID(owner))
	if err != nil {
		return api.Consent{}, err
	}
	c := st.Consent(id)
	switch {
	case st.Erased != nil:
		return api.Consent{}, vault.Errorf(vault.CodeErased, "the vault was erased")
	case c == nil:
		return api.Consent{}, vault.Errorf(vault.CodeNotFound, "no such consent")
	}
	out := consentOf(st, org, c)
	if c.Record != nil && keys.reads(st.Readers(org, vault.Shared)) {
		out.Record = recordNow(c)
	}
	return out, nil
}

// recordNow is the record with what became of the consent appended.
func recordNow(c *vault.Consent) *vault.ConsentRecord {
	r := *c.Record
	if c.Ended != nil {
		r.Events = append(slices.Clone(r.Events), vault.ConsentEvent{EventTime: rfc3339(c.Ended.At.Time()), EventType: "explicit",
			EventState: consentState(c), EntityID: string(c.Ended.By)})
	}
	return &r
}

func consentState(c *vault.Consent) string {
	switch {
	case c.Ended == nil:
		return "given"
	case c.Ended.Expired:
		return "expired"
	}
	return "withdrawn"
}

// consentOf returns a consent as lists give it.
func consentOf(st *vault.State, org *vault.Org, c *vault.Consent) api.Consent {
	out := api.Consent{Head: api.H("consent"), ID: string(c.Consent), Beneficiary: string(st.ID), To: teamWord(org, c.Team), Purpose: c.Purpose,
		State: consentState(c), Given: string(vault.DateOf(c.At.Time().Local())), Until: string(c.Until), Evidence: "verbal",
		CollectedBy: org.AgentName(c.By)}
	if c.Record != nil && len(c.Record.Events) > 0 {
		out.Given, _, _ = strings.Cut(c.Record.Events[0].EventTime, "T")
	}
	if c.Ended != nil {
		out.Ended = rfc3339(c.Ended.At.Time())
	}
	if c.Evidence {
		out.Evidence = string(c.EvidenceDoc)
	}
	return out
}

// teamWord names a team as the command line takes it.
func teamWord(org *vault.Org, id vault.TeamID) string {
	if t := org.Teams[id]; t != nil && t.Solo != "" {
		return "agent:" + org.TeamName(id)
	}
	return "team:" + org.TeamName(id)
}

// givenAt is the time of a consent as its record tells it: the moment, or the day where it is recorded later.
func givenAt(on vault.Date, now time.Time) string {
	if on == vault.DateOf(now) {
		return now.Format(time.RFC3339)
	}
	return string(on)
}
