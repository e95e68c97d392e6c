package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// ConsentWithdraw withdraws one consent, every consent to one team, or all of a person. The withdrawal is durable first;
// then everything is sealed to those who remain, pushed and read back, and what the others could read is deleted. What a
// crash interrupts is taken up again by itself. The last consent can be withdrawn like any other: the person's card and
// recovery remain.
//
// Where neither exists, nobody could open the vault afterwards, and leaving it sealed to the team would be no withdrawal:
// such a withdrawal is refused before anything is recorded, with CodePolicy and the advice to issue the card first.
// Any enrolled device records a withdrawal; one that cannot read the vault leaves the reseal to those who can, and the
// receipt says so. Other errors: CodeNotFound, CodeConflict where nothing is in force, CodeErased.
func (e *Engine) ConsentWithdraw(ctx context.Context, req api.WithdrawRequest, tell func(api.Progress)) (api.Receipt, error) {
	wait, err := waitOf(req.Wait)
	if err != nil {
		return api.Receipt{}, err
	}
	st, keys, org, err := e.vaultFor(req.Beneficiary)
	if err != nil {
		return api.Receipt{}, err
	}
	w := &withdrawal{e: e, l: receiptLang(req.Language), org: org}
	if w.ending, err = pickConsents(st, org, &req); err != nil {
		return api.Receipt{}, err
	}
	if err := w.check(st, org); err != nil {
		e.refused(ctx, st.ID, "", "withdraw", vault.CodePolicy)
		return api.Receipt{}, err
	}
	if err := w.describe(newOverlay(e.Store, org, keys), st); err != nil {
		return api.Receipt{}, err
	}
	if req.DryRun {
		w.receipt.DryRun = true
		return w.receipt, nil
	}
	return w.carryOut(ctx, st, wait, tell)
}

// withdrawal is a withdrawal on its way.
type withdrawal struct {
	e       *Engine
	l       lang.Lang
	org     *vault.Org
	ending  []vault.ConsentID
	after   *vault.State // the vault as it will be
	receipt api.Receipt
}

// pickConsents returns the consents in force that a request means.
func pickConsents(st *vault.State, org *vault.Org, req *api.WithdrawRequest) ([]vault.ConsentID, error) {
	var team vault.TeamID
	var one vault.ConsentID
	var err error
	switch {
	case req.Consent != "" && req.To != "":
		return nil, vault.Errorf(vault.CodeUsage, "name a consent or a team, not both")
	case req.Consent != "":
		if one, err = vault.ParseConsentID(req.Consent); err != nil {
			return nil, err
		}
		if st.Consent(one) == nil {
			return nil, vault.Errorf(vault.CodeNotFound, "the vault has no such consent")
		}
	case req.To != "":
		if team, err = findTeam(org, req.To); err != nil {
			return nil, err
		}
	}
	var out []vault.ConsentID
	for _, c := range st.Consents {
		if c.Active() && (one == "" || c.Consent == one) && (team == "" || c.Team == team) {
			out = append(out, c.Consent)
		}
	}
	if len(out) == 0 {
		return nil, vault.Errorf(vault.CodeConflict, "no such consent is in force: it ended already")
	}
	return out, nil
}

// check foresees the vault without the consents and refuses what would leave nobody able to open it.
func (w *withdrawal) check(st *vault.State, org *vault.Org) error {
	w.after = without(st, w.ending)
	if len(w.after.Readers(org, vault.Shared)) > 0 {
		return nil
	}
	return api.WithHint(vault.Errorf(vault.CodePolicy,
		"nobody would be able to open the vault: the person declined recovery and has no card"),
		"issue the card first with `vaultctl card issue`, then withdraw; or erase the vault")
}

// without returns a copy of the vault in which the consents have ended.
func without(st *vault.State, ended []vault.ConsentID) *vault.State {
	out := *st
	out.Consents = make([]*vault.Consent, len(st.Consents))
	for i, c := range st.Consents {
		c := *c
		if slices.Contains(ended, c.Consent) && c.Ended == nil {
			c.Ended = &vault.Ending{}
		}
		out.Consents[i] = &c
	}
	return &out
}

// describe fills the receipt with what ends, who remains, and what cannot be recalled.
func (w *withdrawal) describe(ov *overlay, st *vault.State) error {
	l := w.l
	r := &w.receipt
	*r = api.Receipt{Head: api.H("receipt"), ID: string(st.ID), At: rfc3339(w.e.Now()), Readers: readerWords(l, w.org, w.after.Readers(w.org, vault.Shared))}
	for _, id := range w.ending {
		c := st.Consent(id)
		r.Ended = append(r.Ended, l.T("consent %s to %s (%s)", id, teamWord(w.org, c.Team), purposeWord(l, c.Purpose)))
	}
	if len(w.after.ActiveTeams()) == 0 {
		r.Ended = append(r.Ended, l.T("This was the last consent: no agent opens the vault any more."))
	}
	docs, notes := w.after.Misread(w.org)
	r.ToReseal = len(docs) + min(len(notes), 1)
	if keys, _ := w.e.view(); keys != nil {
		r.Waiting = waitsFor(w.org, keys, docs, notes)
	}
	r.NotRecalled = append(r.NotRecalled, l.T("What was read, printed or exported before cannot be recalled."))
	r.GoesOn = sharesGoOn(l, st, w.org)
	lose := w.losers(st)
	if len(lose) == 0 {
		return nil
	}
	seen, err := w.e.handledBy(ov, st.ID, lose...)
	for _, h := range seen {
		r.NotRecalled = append(r.NotRecalled, h.sentence(l, w.org))
	}
	return err
}

// waitsFor names the teams that can open what these keys cannot: a workstation of theirs has to reseal it.
func waitsFor(org *vault.Org, keys *keyring, docs []*vault.Document, notes []*vault.NoteBody) []string {
	var out []string
	add := func(readers []vault.Reader) {
		if keys.reads(readers) {
			return
		}
		for _, r := range readers {
			if e := org.Epochs[r.Epoch()]; e != nil && len(holdersOf(org, []vault.Reader{r})) > 0 && !slices.Contains(out, teamWord(org, e.Team)) {
				out = append(out, teamWord(org, e.Team))
			}
		}
	}
	for _, d := range docs {
		add(d.Object.Readers)
	}
	for _, n := range notes {
		add(n.Object.Readers)
	}
	slices.Sort(out)
	return out
}

// losers returns the agents who can read the vault now and cannot afterwards.
func (w *withdrawal) losers(st *vault.State) []vault.AgentID {
	var out []vault.AgentID
	remain := w.after.ActiveTeams()
	for _, team := range st.ActiveTeams() {
		if slices.Contains(remain, team) || w.org.Teams[team] == nil {
			continue
		}
		for _, a := range w.org.Teams[team].MembersNow() {
			if !slices.ContainsFunc(remain, func(t vault.TeamID) bool { return slices.Contains(w.org.Teams[t].MembersNow(), a) }) {
				out = append(out, a)
			}
		}
	}
	return out
}

func purposeWord(l lang.Lang, code string) string {
	for _, p := range vault.Purposes {
		if p.Code == code && l == lang.French {
			return p.FR
		} else if p.Code == code {
			return p.EN
		}
	}
	return code
}

// carryOut records the withdrawal and makes it true everywhere it can reach.
func (w *withdrawal) carryOut(ctx context.Context, st *vault.State, wait time.Duration, tell func(api.Progress)) (api.Receipt, error) {
	e, r := w.e, &w.receipt
	if err := e.commit(ctx, func(t *tx) error { return w.build(t, st.ID) }); err != nil {
		return api.Receipt{}, err
	}
	e.step(StepWithdrawn)
	r.At = rfc3339(e.Now())
	// From here on the withdrawal stands; what fails is tried again in the background, and the receipt says how far it is.
	var dropping sync.WaitGroup // while the new objects go out
	done, left, err := e.resealThen(ctx, st.ID, nil, tell, func(id vault.BeneficiaryID) {
		dropping.Go(func() { e.dropReplaced(id) })
	})
	if err != nil {
		e.log.Warn("reseal after withdrawal", "code", vault.CodeOf(err))
		left = r.ToReseal
	}
	r.Resealed, r.ToReseal = done, done+left
	mark, err := e.pushFor(ctx, wait, tell)
	dropping.Wait()
	if err != nil {
		return *r, err
	}
	if err := e.forgetVault(ctx, st.ID); err != nil {
		e.log.Warn("forget vault", "code", vault.CodeOf(err))
	}
	now, _, _, err := e.load(st.ID)
	if err != nil {
		return *r, err
	}
	var buried []string
	for p := range now.Tombs {
		if !st.Tombs[p] {
			buried = append(buried, p)
		}
	}
	if err := e.countDeleted(w.l, buried, mark, r); err != nil {
		return *r, err
	}
	r.Unseen = e.unseenIn(now)
	r.Complete = r.Complete && r.Resealed == r.ToReseal && r.Unseen == 0
	return *r, nil
}

// build records the end of each consent that is still in force. A team that keeps none is named, so that a consent given
// to it elsewhere at the same moment ends as well.
func (w *withdrawal) build(t *tx, id vault.BeneficiaryID) error {
	st, err := t.state(id)
	if err != nil {
		return err
	}
	after := without(st, w.ending)
	if len(after.Readers(t.org(), vault.Shared)) == 0 {
		return w.check(st, t.org())
	}
	var ends []vault.EndBody
	for _, c := range st.Consents {
		if !c.Active() || !slices.Contains(w.ending, c.Consent) {
			continue
		}
		end := vault.EndBody{Consent: c.Consent}
		if !slices.Contains(after.ActiveTeams(), c.Team) {
			end.Team = c.Team
		}
		ends = append(ends, end)
	}
	if len(ends) == 0 {
		return vault.Errorf(vault.CodeConflict, "no such consent is in force: it ended already")
	}
	for _, end := range ends {
		if err := t.emit(vault.ConsentWithdrawn, id, end); err != nil {
			return err
		}
	}
	return nil
}
