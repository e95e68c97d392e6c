package tui

import (
	"context"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

// showNotice shows the notice that people are given, and prints it.
func showNotice(ctx context.Context, d *desk, _ chosen) error {
	language := d.l.String()
	return d.notice(ctx, d.l.T("Notice"), &language, d.l.T("done"))
}

// notice shows, prints or saves the notice in a language that is chosen, until the person is done with it. The language is kept.
func (d *desk) notice(ctx context.Context, title string, language *string, done string, says ...string) error {
	const ready, shown, printed, saved = "done", "show", "print", "save"
	what := shown
	for {
		f := &form{title: title, intro: says, fields: []*field{
			{kind: choice, label: d.l.T("Language of the notice"), text: language, options: []option{{"fr", "Français"}, {"en", "English"}}},
			{kind: choice, label: d.l.T("The notice"), text: &what, options: []option{
				{shown, d.l.T("show it on this screen")}, {printed, d.l.T("print it")}, {saved, d.l.T("save it to a file")}, {ready, done}}}}}
		if err := d.fill(ctx, f); err != nil {
			return err
		}
		var err error
		switch what {
		case ready:
			return nil
		case shown:
			err = d.readNotice(ctx, *language)
		default:
			err = d.paperNotice(ctx, title, *language, what == printed)
		}
		if err != nil && !left(err) {
			err = d.tell(ctx, title, err)
		} else if err == nil {
			what = ready
		}
		if err != nil && !left(err) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

func (d *desk) readNotice(ctx context.Context, language string) error {
	n, err := call[api.Notice](ctx, d, api.RouteConsentNotice, api.NoticeRequest{Language: language})
	if err != nil {
		return err
	}
	text := strings.Split(strings.TrimRight(n.Text, "\n"), "\n")
	return d.read(ctx, &sheet{title: d.l.T("Notice"), lines: lines(text...)})
}

func (d *desk) paperNotice(ctx context.Context, title, language string, onPaper bool) error {
	if onPaper {
		p, err := d.printer()
		if err != nil {
			return err
		}
		n, err := call[api.Notice](ctx, d, api.RouteConsentNotice, api.NoticeRequest{Language: language, PDF: true})
		if err != nil {
			return err
		}
		return d.print(ctx, p, n.PDF)
	}
	n, err := call[api.Notice](ctx, d, api.RouteConsentNotice, api.NoticeRequest{Language: language, PDF: true})
	if err != nil {
		return err
	}
	return d.save(ctx, title, d.l.T("notice")+"_"+language+".pdf", n.PDF)
}

// words says an error in one line.
func (d *desk) words(err error) string {
	message, _ := phrase.Error(d.l, err)
	return termio.Clean(message)
}
