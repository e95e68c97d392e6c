package paper

import (
	"io"
	"strings"
	"time"

	"vaultctl/internal/lang"
	"vaultctl/internal/paper/notice"
)

// NoticeData is what the printed privacy notice adds to its text.
type NoticeData struct {
	Printed time.Time
	Params  notice.Params
}

// Notice writes the privacy notice. The words are those of notice.Text, which is what a consent's notice hash covers.
func Notice(w io.Writer, l lang.Lang, data NoticeData) error {
	text, version, err := notice.Text(l, data.Params)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	title := strings.TrimPrefix(lines[0], "# ")
	s := newSheet(l, title, l.T("Notice, version %s", version), data.Printed)
	s.title(title)
	var item bool
	for _, line := range lines[1:] {
		if wasItem := item; line != "" {
			item = strings.HasPrefix(line, "- ")
			if wasItem && !item {
				s.skip(1.2)
			}
		}
		switch {
		case strings.HasPrefix(line, "## "):
			s.heading(clean(line[3:]))
		case strings.HasPrefix(line, "- "):
			s.item(bodyStyle, margin, s.wrapSpans(bodyStyle, full-indent, stressed(line[2:])...))
		case line != "":
			s.lines(bodyStyle, margin, s.wrapSpans(bodyStyle, full, stressed(line)...))
			s.skip(2)
		}
	}
	return s.finish(w)
}

// stressed splits a line of the notice at its ** marks; every second part is bold.
func stressed(text string) []span {
	parts := strings.Split(clean(text), "**")
	spans := make([]span, len(parts))
	for i, part := range parts {
		spans[i] = span{part, regular}
		if i%2 == 1 {
			spans[i].typeface = bold
		}
	}
	return spans
}
