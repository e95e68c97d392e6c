package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

// stateWords says in one line whether what was done is safe.
func stateWords(a *app) (string, termio.Style) {
	return statusWords(a.lang(), a.status, a.trust, a.desk.now(), a.width)
}

// statusWords is stateWords of a status, nil before the daemon has answered, and of why it does not answer. It is said in full
// where width is 0.
func statusWords(l lang.Lang, s *api.Status, trust error, now time.Time, width int) (string, termio.Style) {
	switch {
	case trust != nil:
		message, _ := errorWords(l, trust)
		return "✗ " + l.T("The daemon does not answer; trying again.") + " " + message, termio.Bad
	case s == nil:
		return "… " + l.T("looking for the daemon"), termio.Faint
	case s.Revoked:
		return "✗ " + l.T("This workstation was revoked: nothing is written or sent from here any more."), termio.Bad
	case s.State == stateUninitialized:
		return "! " + l.T("There is no organization on this workstation yet: `vaultctl init` founds one, `vaultctl join` enrols it in one."), termio.Warn
	case s.State == stateJoining:
		return "! " + l.T("This workstation is not enrolled yet: an administrator has to approve it."), termio.Warn
	case s.State == stateLocked:
		return "■ " + l.T("locked"), termio.Warn
	}
	return fitted(readyParts(l, s, now), width), readyStyle(s)
}

// statePart is a part of the line about the state, and how it is said where there is little room.
type statePart struct{ long, short string }

// readyParts says what of the work is where, what is wrong, and when this workstation heard of the others last.
func readyParts(l lang.Lang, s *api.Status, now time.Time) []statePart {
	var parts []statePart
	for _, r := range s.Remotes {
		if r.LastError != "" {
			parts = append(parts, statePart{"! " + l.T("%s does not answer", termio.Clean(r.Name)), "! " + termio.Clean(r.Name)})
			break
		}
	}
	if n := s.Queued + s.Unsealed; n > 0 {
		parts = append(parts, statePart{"↑ " + l.N(n, "%d change is safe here and waits for the storage", "%d changes are safe here and wait for the storage"),
			"↑ " + l.N(n, "%d waits", "%d wait")})
	} else {
		parts = append(parts, statePart{"✓ " + l.T("everything is on the storage"), "✓ " + l.T("all sent")})
	}
	if s.Reseal != nil {
		words := phrase.Stage(l, *s.Reseal)
		parts = append(parts, statePart{words, words})
	}
	if n := len(s.Attention); n > 0 {
		parts = append(parts, statePart{"! " + l.N(n, "%d thing needs attention", "%d things need attention"), fmt.Sprintf("! %d", n)})
	}
	if s.ToFetch > 0 {
		parts = append(parts, statePart{"↓ " + l.N(s.ToFetch, "%d vault is still being fetched", "%d vaults are still being fetched"), fmt.Sprintf("↓ %d", s.ToFetch)})
	}
	if t, err := time.Parse(time.RFC3339, s.LastSync); err == nil {
		at := t.Local().Format("15:04")
		if t.Local().Format(time.DateOnly) != now.Local().Format(time.DateOnly) {
			at = l.DateTime(t.Local())
		}
		parts = append(parts, statePart{at, at})
	}
	return parts
}

func readyStyle(s *api.Status) termio.Style {
	if s.Queued+s.Unsealed > 0 || len(s.Attention) > 0 || slices.ContainsFunc(s.Remotes, func(r api.RemoteStatus) bool { return r.LastError != "" }) {
		return termio.Warn
	}
	return termio.Good
}

// fitted joins the parts; those in front are said shorter first, until all fit.
func fitted(parts []statePart, width int) string {
	for short := 0; ; short++ {
		words := make([]string, len(parts))
		for i, p := range parts {
			if words[i] = p.long; i < short {
				words[i] = p.short
			}
		}
		text := strings.Join(words, " · ")
		if short == len(parts) || width == 0 || lipgloss.Width(text) <= width {
			return text
		}
	}
}

// taskWords says how far a task has come.
func taskWords(l lang.Lang, t *task) string {
	if t.at == nil {
		return t.label
	}
	return t.label + " · " + phrase.Stage(l, *t.at)
}
