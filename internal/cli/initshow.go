package cli

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// show tells a person what was founded, what to keep, and what comes next.
func (s *secretsOut) show(ctx context.Context, f *Factory, res *api.InitResult, secrets bool) error {
	l := f.Lang()
	p := &page{f: f, l: l}
	if res.Restored != nil {
		p.line(l.T("%s is back on this workstation.", res.Name))
		p.restored(res.Restored)
	} else {
		p.para(l.T("%s is founded. %s administers it from this workstation, team %s is ready.", res.Name, res.Agent, res.Team))
	}
	p.line(l.T("Root fingerprint: %s", res.Fingerprint))
	if secrets && len(res.RootWords) > 0 {
		p.rootWords(res.RootWords)
		p.recovery(res.Recovery)
	}
	if s.file != "" && len(res.RootWords) > 0 {
		p.line("")
		p.para(l.T("Root words and recovery shares are in %s: print it, hand the pages out, delete the file.", s.file))
	}
	if err := p.flush(); err != nil {
		return err
	}
	if secrets && len(res.RootWords) > 0 {
		if err := f.checkWritten(ctx, res.RootWords); err != nil {
			return err
		}
	}
	if res.Queued {
		f.IO.Note(l.T("The storage does not hold everything yet; the daemon goes on sending. `vaultctl sync --wait` waits for it."))
	}
	f.IO.Note(l.T("Next: `vaultctl beneficiary add` opens a vault, `vaultctl team add` makes a team, `vaultctl status` shows how things are."))
	return nil
}

// page collects what is shown at once.
type page struct {
	strings.Builder
	f *Factory
	l lang.Lang
}

func (p *page) line(texts ...string) {
	for _, text := range texts {
		fmt.Fprintf(&p.Builder, "%s\n", p.f.IO.Clean(text))
	}
}

// para breaks a long text into lines for a terminal; elsewhere it stays one line.
func (p *page) para(text string) {
	if !p.f.IO.OutTTY() {
		p.line(text)
		return
	}
	p.line(termio.Wrap(text, min(p.f.IO.Width(), 100))...)
}

func (p *page) head(text string) {
	fmt.Fprintf(&p.Builder, "\n%s\n", p.f.IO.Styled(termio.Bold, p.f.IO.Clean(text)))
}

func (p *page) flush() error {
	if _, err := p.f.IO.Out.Write([]byte(p.String())); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

func (p *page) restored(r *api.Restored) {
	p.line(p.l.N(r.Vaults, "%d vault can be read again.", "%d vaults can be read again."),
		p.l.N(r.Documents, "%d document is in them.", "%d documents are in them."))
	if r.PersonOnly > 0 {
		p.line(p.l.N(r.PersonOnly, "%d vault opens with the person's card alone, as the person chose.",
			"%d vaults open with the person's card alone, as the person chose."))
	}
	if r.Resealed > 0 {
		p.line(p.l.N(r.Resealed, "%d object was sealed to the new keys.", "%d objects were sealed to the new keys."))
	}
}

// rootWords are shown in columns, numbered downwards as on the printed page.
func (p *page) rootWords(words []string) {
	p.head(p.l.T("Root words"))
	p.para(p.l.T("Whoever has them decides who belongs to the organization; they open no document. Write them down now: they are shown once and stored nowhere. Keep one copy in a safe of the management."))
	p.line("")
	const columns = 4
	rows := (len(words) + columns - 1) / columns
	for row := range rows {
		var cells []string
		for i := row; i < len(words); i += rows {
			word := p.f.IO.Clean(words[i])
			cells = append(cells, fmt.Sprintf("%2d %s%s", i+1, word, strings.Repeat(" ", max(0, 12-termio.Width(word)))))
		}
		fmt.Fprintf(&p.Builder, "  %s\n", strings.TrimRight(strings.Join(cells, "  "), " "))
	}
}

func (p *page) recovery(shares []string) {
	if len(shares) == 1 {
		p.head(p.l.T("Recovery secret"))
		p.para(p.l.T("It opens every vault whose person did not decline recovery. Somebody outside IT keeps it under seal: a director, a notary. Without it, documents are lost with the last workstation."))
		p.line("")
	} else {
		p.head(p.l.T("Recovery shares"))
		p.para(p.l.T("As many of them as each one says open, together, every vault whose person did not decline recovery. Each goes to another person outside IT, who keeps it under seal: a director, an elected official, a notary."))
	}
	for _, share := range shares {
		head, words, _ := strings.Cut(share, " ")
		if len(shares) > 1 {
			p.line("")
		}
		p.line("  " + head)
		for _, line := range termio.Wrap(words, p.f.IO.Width()-2) {
			p.line("  " + line)
		}
	}
}

// checkWritten asks for two of the words, so that nobody goes on with nothing on paper. The organization is founded
// whatever the answers are: after three mistakes it only warns.
func (f *Factory) checkWritten(ctx context.Context, words []string) error {
	l := f.Lang()
	switch ok, err := f.written(ctx, words); {
	case err != nil:
		return err
	case !ok:
		f.IO.Note(l.T("That is not it. Compare what is on paper with the screen before you close this window."))
	case !f.globals.yes && f.IO.CanAsk():
		f.IO.Note(l.T("Right. Close this window when the papers are put away: it still shows the words."))
	}
	return nil
}

// written reports whether the words are on paper, as two of them show. Where nobody can be asked, or --yes was given, they are.
func (f *Factory) written(ctx context.Context, words []string) (bool, error) {
	if f.globals.yes || !f.IO.CanAsk() {
		return true, nil
	}
	l := f.Lang()
	f.IO.Note("")
	f.IO.Note(l.T("Two of the root words, to be sure that they are on paper:"))
	order := rand.Perm(len(words))[:2]
	for _, i := range order {
		for try := 1; ; try++ {
			typed, err := f.IO.Ask(ctx, l.T("Word number %d", i+1), "--yes")
			if err != nil {
				return false, err
			}
			if plainWord(typed) == plainWord(words[i]) {
				break
			}
			if try == maxTries {
				return false, nil
			}
			f.IO.Note(l.T("That is not it; look again."))
		}
	}
	return true, nil
}

// accents are the letters that a keyboard may send in one piece and the word lists hold in two.
const accents = "àaâaäaçcèeéeêeëeíiîiïiñnóoôoöoùuúuûuüu"

// plainWord returns a word as it is compared: lower case without accents.
func plainWord(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		if at := strings.IndexRune(accents, r); r > unicode.MaxASCII && at >= 0 {
			return rune(accents[at+len(string(r))])
		}
		return r
	}, strings.ToLower(strings.TrimSpace(word)))
}
