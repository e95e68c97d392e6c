package tui

import (
	"context"
	"fmt"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/printing"
	"vaultctl/internal/qrcode"
	"vaultctl/internal/termio"
	"vaultctl/internal/words"
)

// Ways of handing a card over.
const (
	onPaper  = "print"
	onSheet  = "show"
	inAFile  = "save"
	giveItUp = "lost"
)

// issueCard makes the person's card.
func issueCard(ctx context.Context, d *desk, c chosen) error { return cardOf(ctx, d, about(&c)) }

// issuing is a card that is being made.
type issuing struct {
	d        *desk
	b        *api.Beneficiary
	title    string
	old      string // words of the card before
	language string // of the words, "" for the person's
	how      string
	printer  *printing.Printer
	card     api.Card
}

// cardOf asks how the card is handed over, makes it and hands it over.
func cardOf(ctx context.Context, d *desk, b *api.Beneficiary) error {
	s := &issuing{d: d, b: b, title: d.l.T("Card of %s", termio.Clean(firstOf(b.Name, b.ID))), how: onPaper}
	if err := s.issue(ctx); err != nil {
		return err
	}
	if err := s.handOver(ctx); err != nil {
		return err
	}
	return s.made(ctx)
}

// issue asks and makes the card. Words of the card before that are not right are asked for again.
func (s *issuing) issue(ctx context.Context) error {
	for {
		if err := s.d.steps(ctx, s.askOld, s.askHow, s.ready); err != nil {
			return err
		}
		var err error
		s.card, err = call[api.Card](ctx, s.d, api.RouteCardIssue,
			api.CardRequest{Beneficiary: s.b.ID, Old: s.old, Language: s.language, Screen: s.d.l.String()})
		if s.old == "" || !correctable(err) {
			return err
		}
		s.old = ""
		if err := s.d.tell(ctx, s.title, err); err != nil {
			return err
		}
	}
}

// askOld says what becomes of the card before, and asks for it.
func (s *issuing) askOld(ctx context.Context) error {
	if s.b.Card == 0 {
		return errSkip
	}
	l := s.d.l
	return s.d.fill(ctx, &form{title: s.title, intro: []string{
		l.T("There is a card already, number %d. The new one takes its place: the old one opens nothing that is shared any more.", s.b.Card),
		l.T("Private documents open with the old card alone. If it is here they are brought along; if it is lost they are lost with it."),
	}, fields: []*field{cardField(l, l.T("Of the old card. Empty if it is not here: what is private stays with it."), &s.old)}})
}

func (s *issuing) askHow(ctx context.Context) error {
	l := s.d.l
	code, exact := words.LanguageFor(s.b.Language)
	own := l.T("the person's: %s", code)
	if !exact {
		own = l.T("the usual one: %s", code)
	}
	languages := []option{{"", own}}
	for _, code := range words.Languages() {
		languages = append(languages, option{code, code})
	}
	return s.d.fill(ctx, &form{title: s.title, fields: []*field{
		{kind: choice, label: l.T("How is the card handed over?"), text: &s.how, help: l.T("It exists once; no copy is kept."), options: s.ways()},
		{kind: choice, label: l.T("Language of the words"), text: &s.language, options: languages, when: func() bool { return true }},
	}})
}

func (s *issuing) ways() []option {
	l := s.d.l
	return []option{{onPaper, l.T("printed, with no file on the way")}, {onSheet, l.T("copied by hand from this screen")}, {inAFile, l.T("saved as a PDF file")}}
}

// ready makes sure that the card can be handed over before it is made.
func (s *issuing) ready(ctx context.Context) error {
	l := s.d.l
	var says []string
	switch s.how {
	case onPaper:
		var err error
		if s.printer, err = s.d.printer(); err != nil {
			if err = s.d.tell(ctx, s.title, err); err == nil {
				err = errBack
			}
			return err
		}
		says = []string{l.T("The page with the words and the code goes to the printer now. Take it from there at once and give it to the person.")}
	case onSheet:
		says = []string{l.T("The card will be shown on this screen. Is the person alone with you, and does nobody else watch?")}
	case inAFile:
		says = []string{l.T("Whoever has the file can open the vault. Hand it over, then delete it.")}
	}
	return s.d.agree(ctx, s.title, l.T("Make the card?"), says...)
}

// handOver gives the card to the person. What fails is tried again in another way as long as the card is here.
func (s *issuing) handOver(ctx context.Context) error {
	l := s.d.l
	for {
		err := s.hand(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return s.lost(ctx.Err())
		}
		says := []string{"✗ " + s.d.words(err)}
		if left(err) {
			says = []string{"! " + l.T("The card was not handed over yet.")}
		}
		says = append(says, l.T("It was made and is kept nowhere: what is not handed over now is lost, and another card has to be issued."))
		options := append(s.ways(), option{giveItUp, l.T("give it up: it is lost")})
		f := &form{title: s.title, intro: says, fields: []*field{{kind: choice, label: l.T("How is the card handed over?"), text: &s.how, options: options}}}
		switch asked := s.d.fill(ctx, f); {
		case left(asked) && ctx.Err() == nil:
			continue // it is not lost by a key that was pressed too often
		case asked != nil:
			return s.lost(asked)
		case s.how == giveItUp:
			return s.lost(err)
		}
	}
}

func (s *issuing) lost(err error) error {
	return api.WithHint(fmt.Errorf("the card was made and is lost: %w", err), lang.Key("mend the cause and issue a card again"))
}

func (s *issuing) hand(ctx context.Context) error {
	switch s.how {
	case onSheet:
		return s.show(ctx)
	case inAFile:
		return s.d.save(ctx, s.title, fmt.Sprintf("%s_%s_%d.pdf", s.d.l.T("card"), s.b.ID, s.card.N), s.card.PDF)
	}
	if s.printer == nil {
		p, err := s.d.printer()
		if err != nil {
			return err
		}
		s.printer = p
	}
	return s.d.print(ctx, s.printer, s.card.PDF)
}

// show shows words and code until the person has copied them.
func (s *issuing) show(ctx context.Context) error {
	l := s.d.l
	says := append(phrase.WordColumns(s.card.Words), "", l.T("The person copies the %d words in this order.", len(s.card.Words)))
	sh := &sheet{title: s.title, secret: true, fixed: true, lines: says}
	if code, err := qrcode.Encode(s.card.Identity, qrcode.Low); err == nil {
		sh.code = strings.Split(strings.TrimRight(code.Text(false), "\n"), "\n")
	}
	for {
		if err := s.d.read(ctx, sh); err != nil {
			return err
		}
		copied := false
		f := &form{title: s.title, fields: []*field{{kind: yesNo, label: l.T("Were all words copied, in their order?"), yes: &copied}}}
		if err := s.d.fill(ctx, f); err != nil {
			return err
		}
		if copied {
			return nil
		}
	}
}

// made says what is to be known of the card.
func (s *issuing) made(ctx context.Context) error {
	l, card := s.d.l, &s.card
	s.d.note(l.T("Card %d is issued.", card.N))
	var says []string
	first := func(tag string) string { return strings.ToLower(strings.SplitN(tag, "-", 2)[0]) }
	if wanted := firstOf(s.language, s.b.Language); wanted != "" && first(wanted) != first(card.WordLang) {
		says = append(says, l.T("There is no list of words in the language %s; those of the card are in %s.", wanted, card.WordLang))
	}
	if card.Left > 0 {
		says = append(says, "! "+l.N(card.Left, "%d private document still opens with the card before alone. Keep that card.",
			"%d private documents still open with the card before alone. Keep that card."))
	}
	if s.how == inAFile {
		says = append(says, "! "+l.T("Hand it to the person, then delete the file: whoever has it can open the vault."))
	}
	if len(says) == 0 {
		return nil
	}
	if err := s.d.read(ctx, &sheet{title: s.title, lines: lines(says...)}); !left(err) {
		return err
	}
	return nil
}
