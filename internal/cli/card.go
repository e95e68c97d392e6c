package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/printing"
	"vaultctl/internal/qrcode"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

func newCard(f *Factory) *cobra.Command {
	return newNoun("card", lang.Key("The card with which a person opens their own vault"), newCardIssue(f))
}

type cardOptions struct {
	print, reveal, force bool
	out, language, old   string
	wanted               string // language that the words should have
}

func newCardIssue(f *Factory) *cobra.Command {
	o := &cardOptions{}
	cmd := &cobra.Command{
		Use:   "issue B",
		Short: lang.Key("Make the person's card: print it, save it, or show it to them"),
		Long: "Make the person's card: a new key, to which everything shared in the vault is sealed from then on. It exists once:\n" +
			"print it, save it as a PDF, or show it on the screen to the person and nobody else. No copy is kept.\n" +
			"With --json the words are printed only with --reveal.",
		Example: "  vaultctl card issue ref:SI:4711 --print\n" +
			"  vaultctl card issue ref:SI:4711 -o card.pdf --language ar",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runCardIssue(f, cmd, args[0], o) },
	}
	cmd.Flags().BoolVar(&o.print, "print", false, lang.Key("send the page to the print command"))
	cmd.Flags().StringVarP(&o.out, "output", "o", "", lang.Key("write the page to this PDF file"))
	cmd.Flags().BoolVar(&o.force, "force", false, lang.Key("replace a file that exists"))
	cmd.Flags().BoolVar(&o.reveal, "reveal", false, lang.Key("print the words and the key to standard output"))
	cmd.Flags().StringVar(&o.language, "language", "", lang.Key("language of the words; default the person's"))
	cardFlag(cmd, &o.old, "old-card")
	oneOf(cmd, "print", "output", "reveal")
	return cmd
}

// runCardIssue makes sure that there is a way to hand the card over before it is made: it is shown once.
func runCardIssue(f *Factory, cmd *cobra.Command, b string, o *cardOptions) error {
	ctx := cmd.Context()
	show := !o.print && o.out == "" && !o.reveal
	if show && (f.JSON() || !f.IO.OutTTY() || !f.IO.CanAsk()) {
		return api.WithHint(vault.Errorf(vault.CodeUsage, "a card is shown once: say where it goes"),
			lang.Key("give --print, -o FILE.pdf, or --reveal for the words on standard output"))
	}
	p, err := f.printerIf(o.print)
	if err != nil {
		return err
	}
	if o.out == stdio {
		if err := f.binaryOut(cmd); err != nil {
			return err
		}
	}
	c, id, err := f.connect(cmd, b, writes)
	if err != nil {
		return err
	}
	var out *userfile.Out
	if o.out != "" && o.out != stdio {
		if out, err = userfile.Create(o.out, o.force); err != nil {
			return err
		}
		defer out.Drop()
	}
	old, err := f.presentedCard(ctx, o.old)
	if err != nil {
		return err
	}
	// Whoever does not exist is told before the person is asked to look away.
	person, err := apiclient.Call[api.Beneficiary](ctx, c, api.RouteBeneficiaryShow, api.BeneficiaryRequest{Beneficiary: id})
	if err != nil {
		return err
	}
	if person.Card > 0 && old == "" {
		if err := f.sure(ctx, f.Lang().T("Card %d will open nothing that is shared any more; private documents stay with it alone unless --old-card brings them along. Issue another card?", person.Card)); err != nil {
			return err
		}
	}
	if show {
		if err := f.sure(ctx, f.Lang().T("The card will be shown on this screen. Is the person alone with you, and does nobody else watch?")); err != nil {
			return err
		}
	}
	card, err := apiclient.Call[api.Card](ctx, c, api.RouteCardIssue,
		api.CardRequest{Beneficiary: id, Old: old, Language: o.language, Screen: f.Lang().String()})
	if err != nil {
		return err
	}
	o.wanted = firstOf(o.language, person.Language)
	return f.handOver(ctx, &card, o, p, out)
}

// handOver gives the card to the person in the way that was chosen. A card that could not be handed over is lost.
func (f *Factory) handOver(ctx context.Context, card *api.Card, o *cardOptions, p *printing.Printer, out *userfile.Out) error {
	var err error
	switch {
	case p != nil:
		err = f.print(ctx, p, bytes.NewReader(card.PDF))
	case out != nil:
		if _, err = out.Write(card.PDF); err == nil {
			err = out.Keep()
		}
	case o.out == stdio:
		_, err = f.IO.Out.Write(card.PDF)
	case !o.reveal:
		err = f.showCard(ctx, card)
	}
	if err != nil {
		return api.WithHint(fmt.Errorf("the card was made and is lost: %w", err), lang.Key("mend the cause and issue a card again"))
	}
	if o.out == stdio {
		return nil
	}
	card.PDF = nil
	if !o.reveal {
		card.Words, card.Identity = nil, ""
	}
	return f.cardMade(card, o)
}

// cardMade says that it is done; the words only with --reveal.
func (f *Factory) cardMade(card *api.Card, o *cardOptions) error {
	l := f.Lang()
	err := emit(f, *card, func(w io.Writer, card api.Card) error {
		where := ""
		if o.out != "" {
			where = o.out
		}
		return f.fields(w, l.T("card"), l.T("number %d", card.N), l.T("person"), strings.TrimSpace(card.ID+"  "+card.Name), l.T("file"), where,
			l.T("words"), strings.Join(card.Words, " "), l.T("key"), card.Identity)
	})
	if err != nil || f.JSON() {
		return err
	}
	if first := func(tag string) string { return strings.ToLower(strings.SplitN(tag, "-", 2)[0]) }; o.wanted != "" && first(o.wanted) != first(card.WordLang) {
		f.IO.Note(l.T("There is no list of words in the language %s; those of the card are in %s.", o.wanted, card.WordLang))
	}
	if card.Left > 0 {
		f.warn(l.N(card.Left, "%d private document still opens with the card before alone. Keep that card.",
			"%d private documents still open with the card before alone. Keep that card."))
	}
	if o.out != "" {
		f.IO.Note(l.T("Hand it to the person, then delete the file: whoever has it can open the vault."))
	}
	return nil
}

// Escape sequences of the second screen of a terminal: what is shown there does not stay in its history.
const (
	otherScreen = "\x1b[?1049h\x1b[H"
	firstScreen = "\x1b[?1049l"
)

// showCard shows words and code until the person has copied them, then takes them off the screen.
func (f *Factory) showCard(ctx context.Context, card *api.Card) error {
	l := f.Lang()
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\n", f.IO.Clean(l.T("Card of %s", strings.TrimSpace(card.Name+" "+card.ID))))
	text.WriteString(strings.Join(phrase.WordColumns(card.Words), "\n") + "\n")
	if code, err := qrcode.Encode(card.Identity, qrcode.Low); err == nil && code.Columns() <= f.IO.Width() {
		fmt.Fprintf(&text, "\n%s", code.Text(false))
	}
	fmt.Fprintf(&text, "\n%s\n", l.T("The person copies the %d words in this order. Nobody else may see them.", len(card.Words)))
	screens := os.Getenv("TERM") != "dumb"
	show := text.String()
	if screens {
		show = otherScreen + show
	}
	if _, err := io.WriteString(f.IO.Out, show); err != nil {
		return fmt.Errorf("show card: %w", err)
	}
	_, err := f.IO.Ask(ctx, l.T("Press Enter when they have been copied"), "--print")
	if screens {
		if _, werr := io.WriteString(f.IO.Out, firstScreen); err == nil {
			err = werr
		}
	}
	return err
}
