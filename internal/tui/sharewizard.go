package tui

import (
	"context"
	"errors"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// sharing is a share that is being prepared.
type sharing struct {
	d      *desk
	b      *api.Beneficiary
	notes  []string // what is said above the first question
	asks   bool     // which documents
	order  []option // documents that could be shared
	space  map[string]string
	req    api.ShareAddRequest
	span   string // last day, as proposed; spanOther is another one
	day    string
	agreed agreement
	plan   api.Share
	newOne bool // the recipient is to be recorded first
}

const (
	spanOther    = "other"
	newPartner   = "new"
	shareMonths  = 12 // a share lasts so many at most
	usualPurpose = "access-to-rights"
)

// shareDocuments shares documents of a person, by their ids; none lets the person choose. It is a task: it asks for all that
// a share needs, and says in a sentence who would see what until when before anything is shared.
func shareDocuments(ctx context.Context, d *desk, b *api.Beneficiary, documents []string) error {
	s := &sharing{d: d, b: b, asks: len(documents) == 0, req: api.ShareAddRequest{Documents: documents}}
	return s.run(ctx)
}

// shareProcedure shares what a procedure asks for and the person has; other documents may be added.
func shareProcedure(ctx context.Context, d *desk, b *api.Beneficiary, check *api.ProcedureCheck) error {
	s := &sharing{d: d, b: b, asks: true, req: api.ShareAddRequest{Documents: slices.Clone(check.Documents), Procedure: check.Procedure}}
	s.req.Terms.Purpose = usualPurpose
	s.notes = []string{d.l.T("For the procedure: %s", phrase.Either(d.l, check.French, check.English))}
	if !check.Complete {
		s.notes = append(s.notes, "! "+d.l.T("The file is not complete: what is missing is not in it."))
	}
	return s.run(ctx)
}

func (s *sharing) run(ctx context.Context) error {
	s.req.Beneficiary, s.req.Language = s.b.ID, s.d.l.String()
	if err := s.look(ctx); err != nil {
		return err
	}
	err := s.d.steps(ctx, s.askDocuments, s.askCard, s.askRecipient, s.addRecipient, s.askUntil, s.askAgreement, s.confirm)
	if err != nil {
		return err
	}
	made, err := s.send(ctx)
	if err != nil {
		return err
	}
	h := &handing{d: s.d, share: made, card: s.req.Card, procedure: s.req.Procedure}
	if err := h.passphrase(ctx, made.Passphrase); err != nil {
		return err
	}
	s.d.note(s.d.l.T("Shared until %s.", phrase.Day(s.d.l, made.Until)))
	return errors.Join(h.run(ctx), s.agreed.clear(ctx, s.d, s.b.ID))
}

// look finds what could be shared: the documents of the vault, those that are asked for first, in that order.
func (s *sharing) look(ctx context.Context) error {
	documents, err := list[api.Document](ctx, s.d, api.RouteDocumentList, api.DocumentListRequest{Beneficiary: s.b.ID})
	if err != nil {
		return err
	}
	wanted := func(id string) int {
		if i := slices.Index(s.req.Documents, id); i >= 0 {
			return i
		}
		return len(s.req.Documents)
	}
	slices.SortStableFunc(documents, func(a, b api.Document) int { return wanted(a.ID) - wanted(b.ID) })
	s.space = map[string]string{}
	for i := range documents {
		doc := &documents[i]
		s.order = append(s.order, option{doc.ID, s.documentWords(doc)})
		s.space[doc.ID] = doc.Space
	}
	if len(s.order) == 0 {
		return vault.Errorf(vault.CodeUsage, "there is no document to share yet")
	}
	return nil
}

// documentWords says a document in a line of a choice.
func (s *sharing) documentWords(doc *api.Document) string {
	l := s.d.l
	if doc.DocumentType == "" {
		return "■ " + l.T("a private document") + "  " + doc.ID
	}
	words := phrase.DocumentState(l, doc.State).Text + "  " + typeName(s.d, doc.DocumentType)
	if title := phrase.DocumentTitle(doc); title != "" {
		words += "  " + title
	}
	if doc.IssuedOn != "" {
		words += "  " + phrase.Day(l, doc.IssuedOn)
	}
	if doc.Space == "private" {
		words += "  ■ " + l.T("private")
	}
	return words
}

func (s *sharing) title() string {
	return s.d.l.T("Share documents of %s", termio.Isolate(termio.Clean(firstOf(s.b.Name, s.b.ID))))
}

func (s *sharing) askDocuments(ctx context.Context) error {
	if !s.asks {
		return errSkip
	}
	return s.d.fill(ctx, &form{title: s.title(), intro: s.notes, fields: []*field{
		{kind: choices, label: s.d.l.T("Which documents? Only what is needed for the purpose."), some: &s.req.Documents, options: s.order, needed: true}}})
}

// askCard asks for the card where a document is private.
func (s *sharing) askCard(ctx context.Context) error {
	if !slices.ContainsFunc(s.req.Documents, func(id string) bool { return s.space[id] == "private" }) {
		s.req.Card = ""
		return errSkip
	}
	card, err := s.d.askCard(ctx, s.d.l.T("A private document is shared with the person's card only."))
	s.req.Card = card
	return err
}

// askRecipient asks for whom and what for.
func (s *sharing) askRecipient(ctx context.Context) error {
	l := s.d.l
	options, err := recipients(ctx, s.d)
	if err != nil {
		return err
	}
	if s.req.Terms.To == "" && len(options) > 1 {
		s.req.Terms.To = options[0].value
	}
	if s.req.Terms.Purpose == "" {
		s.req.Terms.Purpose = s.likelyPurpose()
	}
	var purposes []option
	for _, p := range vault.Purposes {
		purposes = append(purposes, option{p.Code, phrase.Purpose(l, p.Code)})
	}
	err = s.d.fill(ctx, &form{title: s.title(), fields: []*field{
		{kind: choice, label: l.T("For whom?"), text: &s.req.Terms.To, options: options, needed: true},
		{kind: choice, label: l.T("What for?"), text: &s.req.Terms.Purpose, options: purposes, needed: true},
	}})
	s.newOne = s.req.Terms.To == newPartner
	return err
}

// likelyPurpose is that of the person's consent in force, if there is one.
func (s *sharing) likelyPurpose() string {
	for i := range s.b.Consents {
		if c := &s.b.Consents[i]; c.State == "given" && vault.ValidPurpose(c.Purpose) {
			return c.Purpose
		}
	}
	return usualPurpose
}

// recipients are those with whom something can be shared: partners first, then a new one, then who is in the organization.
func recipients(ctx context.Context, d *desk) ([]option, error) {
	partners, err := list[api.Partner](ctx, d, api.RoutePartnerList, api.PartnerListRequest{})
	if err != nil {
		return nil, err
	}
	teams, err := list[api.Team](ctx, d, api.RouteTeamList, api.Empty{})
	if err != nil {
		return nil, err
	}
	agents, err := list[api.Agent](ctx, d, api.RouteAgentList, api.Empty{})
	if err != nil {
		return nil, err
	}
	var options []option
	for i := range partners {
		p := &partners[i]
		options = append(options, option{"partner:" + p.Name, p.Name + "  " + d.l.T("partner, opened with %s", phrase.SealedTo(d.l, p.Key))})
	}
	options = append(options, option{newPartner, "+ " + d.l.T("a new partner")})
	for i := range teams {
		options = append(options, option{"team:" + teams[i].Name, recipientWords(d.l, "team:"+teams[i].Name)})
	}
	for i := range agents {
		options = append(options, option{"agent:" + agents[i].Name, recipientWords(d.l, "agent:"+agents[i].Name)})
	}
	return options, nil
}

// addRecipient records a partner who is new.
func (s *sharing) addRecipient(ctx context.Context) error {
	if !s.newOne {
		return errSkip
	}
	p, err := recordPartner(ctx, s.d)
	if err != nil {
		return err
	}
	s.req.Terms.To, s.newOne = "partner:"+p.Name, false
	return nil
}

func (s *sharing) askUntil(ctx context.Context) error {
	l := s.d.l
	if s.span == "" {
		s.span = "+30d"
	}
	proposal := func(span, words string) option {
		day, err := s.d.day(span)
		if err != nil {
			return option{span, words}
		}
		return option{span, l.T("%s, until %s", words, phrase.Day(l, day))}
	}
	err := s.d.fill(ctx, &form{title: s.title(), fields: []*field{
		{kind: choice, label: l.T("Until when?"), help: l.T("On the day after, the copies on the storage are deleted."), text: &s.span, options: []option{
			proposal("+30d", l.N(30, "%d day", "%d days")), proposal("+3mo", l.N(3, "%d month", "%d months")),
			proposal("+6mo", l.N(6, "%d month", "%d months")), {spanOther, l.T("another day")}}},
		{kind: oneLine, label: l.T("Last day"), help: l.T("YYYY-MM-DD, or +45d; twelve months ahead at most"), text: &s.day, needed: true,
			reads: s.lastDay, when: func() bool { return s.span == spanOther }},
	}})
	if err != nil {
		return err
	}
	if s.span == spanOther {
		s.req.Terms.Until = s.day
		return nil
	}
	s.req.Terms.Until, err = s.d.day(s.span)
	return err
}

// lastDay reads a last day within the time that a share may last.
func (s *sharing) lastDay(text string) (string, error) {
	day, err := s.d.day(text)
	switch {
	case err != nil:
		return "", err
	case day < s.d.today():
		return "", vault.Errorf(vault.CodeInvalid, "the share would have ended already")
	case day > s.d.now().AddDate(0, shareMonths, 0).Format(time.DateOnly):
		return "", vault.Errorf(vault.CodePolicy, "a share lasts %d months at most", shareMonths)
	}
	return day, nil
}

func (s *sharing) askAgreement(ctx context.Context) error {
	return s.agreed.ask(ctx, s.d, s.title(), s.d.l.T("The person has to agree to this share."))
}

// confirm has the daemon say what would happen, and asks. What it refuses is said, and can be answered otherwise.
func (s *sharing) confirm(ctx context.Context) error {
	l := s.d.l
	s.agreed.into(s.d, &s.req.Terms)
	plan, err := s.foresee(ctx)
	if err != nil {
		if !correctable(err) {
			return err
		}
		if err := s.d.tell(ctx, s.title(), err); err != nil {
			return err
		}
		return errBack
	}
	s.plan = plan
	says := []string{termio.Clean(plan.Summary), ""}
	for i := range plan.Documents {
		says = append(says, sharedLine(s.d, i, &plan.Documents[i]))
	}
	says = append(says, "", s.agreed.line(s.d))
	for _, text := range plan.Copies {
		says = append(says, termio.Clean(text))
	}
	return s.d.agree(ctx, s.title(), l.T("Share?"), says...)
}

// foresee has the daemon say what would happen. Files of the agreement are named, and follow once it was agreed to.
func (s *sharing) foresee(ctx context.Context) (api.Share, error) {
	req := s.req
	req.DryRun = true
	_, done, err := s.agreed.parts(&req.Terms)
	if err != nil {
		return api.Share{}, err
	}
	done()
	return upload[api.Share](ctx, s.d, api.RouteShareAdd, req)
}

// send makes the share.
func (s *sharing) send(ctx context.Context) (*api.Share, error) {
	req := s.req
	parts, done, err := s.agreed.parts(&req.Terms)
	if err != nil {
		return nil, err
	}
	defer done()
	made, err := upload[api.Share](ctx, s.d, api.RouteShareAdd, req, parts...)
	if err == nil {
		s.agreed.taken(s.d)
	}
	return &made, err
}

// correctable reports whether another answer may help against an error.
func correctable(err error) bool {
	switch vault.CodeOf(err) {
	case vault.CodeLocked, vault.CodeNoDaemon, vault.CodeIntegrity, vault.CodeInterrupted, vault.CodeUpgrade:
		return false
	}
	return err != nil && !left(err)
}

// tell says an error with its hint and waits until it was read; what went on goes on.
func (d *desk) tell(ctx context.Context, title string, err error) error {
	return d.read(ctx, &sheet{title: title, lines: d.troubleLines(err)})
}

func (d *desk) troubleLines(err error) []string {
	message, hint := phrase.Error(d.l, err)
	lines := []string{"✗ " + termio.Clean(message)}
	if hint != "" {
		lines = append(lines, termio.Clean(hint))
	}
	return lines
}

// insist asks, and tries with the answers until it works or the person leaves. What was wrong is said above the questions.
func (d *desk) insist(ctx context.Context, f *form, try func() error) error {
	intro := f.intro
	for {
		if err := d.fill(ctx, f); err != nil {
			return err
		}
		err := try()
		if !correctable(err) {
			return err
		}
		f.intro = slices.Concat(d.troubleLines(err), []string{""}, intro)
	}
}
