package engine

import (
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// Codes of rejected rows beside those of errors: a person has decided otherwise.
const (
	codeSuperseded = "superseded" // the consent is older than the last withdrawal
	codeRemoved    = "removed"    // the document was taken out of the vault
)

// ImportPeople opens vaults for the people of one lane of an import, and records the consents that are new. A person is
// recognized by their first reference. Each person part is followed by the evidence and the mandate that its terms
// announce. What a person decided is never undone: a consent older than their last withdrawal is rejected as superseded,
// an erased reference as erased, a closed or unconsented vault as no_consent. Attributes that differ are named, and
// changed only if the request updates. Errors are those of ImportDeposit.
func (e *Engine) ImportPeople(ctx context.Context, req api.ImportRequest, parts Parts, yield func(api.RowResult) error) (api.ImportEnd, error) {
	ahead := &lookahead{parts: parts}
	l, err := e.newLane(ctx, &req, ahead.next, yield)
	if err != nil {
		return api.ImportEnd{}, err
	}
	busy := newRefLocks()
	for err == nil {
		err = l.nextPerson(ahead, busy)
	}
	return l.end(err)
}

// lookahead gives parts that can be put back.
type lookahead struct {
	parts Parts
	name  string
	r     io.Reader
	back  bool
}

func (a *lookahead) next() (string, io.Reader, error) {
	if a.back {
		a.back = false
		return a.name, a.r, nil
	}
	var err error
	a.name, a.r, err = a.parts.next()
	return a.name, a.r, err
}

// row gives the parts of one row: up to the next person.
func (a *lookahead) row() (string, io.Reader, error) {
	name, r, err := a.next()
	if err == nil && name == api.PartPerson {
		a.back = true
		return "", nil, io.EOF
	}
	return name, r, err
}

// nextPerson takes one person. Rows without evidence wait for the disk together.
func (l *lane) nextPerson(ahead *lookahead, busy *refLocks) error {
	if err := l.ctx.Err(); err != nil {
		return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
	}
	var row api.PersonRow
	if err := l.part(api.PartPerson, &row); err != nil {
		return err
	}
	if c := row.Consent; c != nil && (c.EvidenceName != "" || c.MandateName != "") {
		l.wg.Wait()
		if err := l.person(&row, ahead.row); err != nil {
			return err
		}
		for { // evidence that nobody needed
			_, _, err := ahead.row()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
	select {
	case l.slots <- struct{}{}:
	case <-l.ctx.Done():
		return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", l.ctx.Err())
	}
	// Two rows about one person take their turns, in the order of the manifest.
	turn := busy.queue(row.Person.Refs)
	l.wg.Go(func() {
		defer func() { <-l.slots }()
		defer turn.done()
		turn.wait()
		l.fail(l.person(&row, nil))
	})
	return nil
}

// person does what a row asks for and tells it. Errors end the lane.
func (l *lane) person(row *api.PersonRow, parts Parts) error {
	p := &importedPerson{lane: l, row: row}
	res, err := p.take(parts)
	if err != nil {
		if !ofRow(err) {
			return err
		}
		in := intake{vault: p.id}
		possible := res.Possible
		res = rejected(row.Row, &in, err)
		if p.superseded {
			res.Code = codeSuperseded
		}
		res.Possible = possible
	}
	res.DryRun = l.dryRun
	return l.tell(res)
}

// importedPerson is one row under way.
type importedPerson struct {
	*lane
	row        *api.PersonRow
	id         vault.BeneficiaryID // "" while nobody has the reference
	superseded bool
}

func (p *importedPerson) take(parts Parts) (api.RowResult, error) {
	res := rowResult(p.row.Row, api.RowExists)
	if p.row.Person.Refs == nil || len(*p.row.Person.Refs) == 0 {
		return res, vault.Errorf(vault.CodeInvalid, "a person of an import needs a reference, by which they are recognized the next time")
	}
	id, err := p.e.resolveID("ref:" + (*p.row.Person.Refs)[0])
	switch {
	case vault.CodeOf(err) == vault.CodeNotFound:
		return p.open(parts)
	case err != nil:
		return res, err
	}
	p.id = id
	st, keys, org, err := p.e.whole(id)
	switch {
	case err != nil:
		return res, err
	case st.Erased != nil:
		return res, vault.Errorf(vault.CodeErased, "the person with this reference was erased")
	case st.Closed != nil:
		return res, closedVault()
	}
	res.Beneficiary = string(id)
	if err := p.consent(&res, st, org, parts); err != nil {
		return res, err
	}
	return res, p.attributes(&res, st, keys, org)
}

func closedVault() error {
	return api.WithHint(vault.Errorf(vault.CodeNoConsent, "the vault is closed"), "`vaultctl beneficiary reopen` opens it again")
}

// open opens a vault for somebody whose reference nobody has.
func (p *importedPerson) open(parts Parts) (api.RowResult, error) {
	res := rowResult(p.row.Row, api.RowDeposited)
	if p.row.Consent == nil {
		return res, api.WithHint(vault.Errorf(vault.CodeNoConsent, "nobody has this reference yet, and the row names no consent"),
			"a vault opens with its first consent: fill in consent_to, consent_purpose and how it was given")
	}
	req := api.BeneficiaryAddRequest{Person: p.row.Person, Consent: *p.row.Consent, NoRecovery: p.row.NoRecovery, Batch: string(p.batch)}
	if p.dryRun {
		return res, p.e.wouldOpen(&req)
	}
	b, err := p.e.BeneficiaryAdd(p.ctx, req, parts)
	if err != nil {
		return res, err
	}
	res.Beneficiary, res.Possible = b.ID, b.Possible
	return res, nil
}

// wouldOpen returns the error that opening a vault would end with.
func (e *Engine) wouldOpen(req *api.BeneficiaryAddRequest) error {
	keys, org, err := e.ready()
	if err != nil {
		return err
	}
	o, _, err := e.openingOf(keys, org, req)
	if err != nil {
		return err
	}
	t := &tx{e: e, ov: newOverlay(e.Store, org, keys)}
	return o.check(t)
}

// consent records the row's consent if it is new, and refuses it if the person withdrew since it was given.
func (p *importedPerson) consent(res *api.RowResult, st *vault.State, org *vault.Org, parts Parts) error {
	c := p.row.Consent
	if c == nil {
		if len(st.ActiveTeams()) == 0 {
			return vault.Errorf(vault.CodeNoConsent, "no consent to this vault is in force")
		}
		return nil
	}
	team, err := findTeam(org, c.To)
	if err != nil {
		return err
	}
	for _, given := range st.Consents {
		if given.Active() && given.Team == team && given.Purpose == c.Purpose {
			return nil
		}
	}
	on, err := p.givenOn(c)
	if err != nil {
		return err
	}
	if day := lastEnd(st, team, c.Purpose); day != "" && (on == "" || on <= day) {
		p.superseded = true
		return api.WithHint(vault.Errorf(vault.CodeNoConsent, "the consent of this row ended on %s: an import does not renew it", day),
			"if the person consented again since, give the day in consent_on, or use `vaultctl consent give`")
	}
	res.Status = api.RowUpdated
	if _, err := p.e.checkTerms(org, c); err != nil || p.dryRun {
		return err
	}
	given, err := p.e.ConsentGive(p.ctx, api.ConsentGiveRequest{Beneficiary: string(st.ID), Terms: *c, Batch: string(p.batch)}, parts)
	if err != nil {
		return err
	}
	res.Consent = given.ID
	return nil
}

// givenOn returns the day on which the row says that the consent was given, "" if it does not say.
func (p *importedPerson) givenOn(c *api.ConsentTerms) (vault.Date, error) {
	if c.On == "" {
		return "", nil
	}
	return vault.ParseDate(c.On, p.e.today())
}

// lastEnd returns the day up to which a consent of a row counts as ended: that of the last withdrawal of anything, and of
// the end of what the row says once more. "" if nothing ended.
func lastEnd(st *vault.State, team vault.TeamID, purpose string) vault.Date {
	var last vault.Date
	for _, c := range st.Consents {
		if c.Ended == nil || c.Ended.Expired && (c.Team != team || c.Purpose != purpose) {
			continue
		}
		last = max(last, vault.DateOf(c.Ended.At.Time().Local()))
	}
	return last
}

// attributes compares what the row says of the person with what the vault says, and changes it if the import updates.
func (p *importedPerson) attributes(res *api.RowResult, st *vault.State, keys *keyring, org *vault.Org) error {
	if !readsVault(keys, st, org) {
		return nil
	}
	data, err := personData(&p.row.Person, p.e.today())
	if err != nil {
		return err
	}
	if data.Refs != nil { // a manifest names some of the references, and takes none away
		refs := slices.Clone(st.Person.Refs)
		for _, r := range *data.Refs {
			if !slices.Contains(refs, r) {
				refs = append(refs, r)
			}
		}
		p.row.Person.Refs, data.Refs = &refs, &refs
	}
	person := st.Person
	person.Update(&data)
	res.Differs = differentAttributes(&person, &st.Person)
	switch {
	case len(res.Differs) == 0:
		return nil
	case !p.update:
		*res = differing(*res, api.WithHint(vault.Errorf(vault.CodeConflict, "the person is there, and described otherwise"),
			"`vaultctl import --update` changes what is said of the person"))
		return nil
	}
	res.Status = api.RowUpdated
	if p.dryRun {
		return nil
	}
	_, err = p.e.BeneficiaryEdit(p.ctx, api.BeneficiaryEditRequest{Beneficiary: string(st.ID), Person: p.row.Person})
	return err
}

// differentAttributes names the attributes in which two descriptions differ, as columns of a manifest.
func differentAttributes(a, b *vault.Person) []string {
	var out []string
	va, vb := reflect.ValueOf(*a), reflect.ValueOf(*b)
	for i := range va.NumField() {
		if !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			name, _, _ := strings.Cut(va.Type().Field(i).Tag.Get("json"), ",")
			out = append(out, name)
		}
	}
	return out
}

// refLocks lets the rows about one person take their turns.
type refLocks struct {
	mu   sync.Mutex
	last map[string]chan struct{} // reference → closed when its latest row is done
}

func newRefLocks() *refLocks { return &refLocks{last: map[string]chan struct{}{}} }

// refTurn is the place of a row in the queues of its references.
type refTurn struct {
	locks  *refLocks
	refs   []string
	before []chan struct{}
	mine   chan struct{}
}

// queue takes the next place for each of the references.
func (l *refLocks) queue(refs *[]string) *refTurn {
	t := &refTurn{locks: l, mine: make(chan struct{})}
	if refs == nil {
		return t
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range *refs {
		r = canonicalRef(r)
		if before := l.last[r]; before != nil && before != t.mine {
			t.before = append(t.before, before)
		}
		l.last[r] = t.mine
		t.refs = append(t.refs, r)
	}
	return t
}

func (t *refTurn) wait() {
	for _, c := range t.before {
		<-c
	}
}

func (t *refTurn) done() {
	close(t.mine)
	t.locks.mu.Lock()
	defer t.locks.mu.Unlock()
	for _, r := range t.refs {
		if t.locks.last[r] == t.mine {
			delete(t.locks.last, r)
		}
	}
}
