package tui

import (
	"fmt"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// stateWords says in one line whether what was done is safe.
func stateWords(a *app) (string, termio.Style) { return statusWords(a.lang(), a.status, a.trust) }

// statusWords is stateWords of a status, nil before the daemon has answered, and of why it does not answer.
func statusWords(l lang.Lang, s *api.Status, trust error) (string, termio.Style) {
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
	text, style := "✓ "+l.T("everything is on the storage"), termio.Good
	if s.Queued > 0 || s.Unsealed > 0 {
		text = "↑ " + l.N(s.Queued+s.Unsealed, "%d change is safe here and waits for the storage", "%d changes are safe here and wait for the storage")
		style = termio.Warn
	}
	for _, r := range s.Remotes {
		if r.LastError != "" {
			text, style = "! "+l.T("%s does not answer", termio.Clean(r.Name))+" · "+text, termio.Warn
			break
		}
	}
	if s.Reseal != nil {
		text += " · " + stageWords(l, s.Reseal)
	}
	if n := len(s.Attention); n > 0 {
		text += " · ! " + l.N(n, "%d thing needs attention", "%d things need attention")
	}
	if t, err := time.Parse(time.RFC3339, s.LastSync); err == nil {
		text += " · " + t.Local().Format("15:04")
	}
	return text, style
}

// taskWords says how far a task has come.
func taskWords(l lang.Lang, t *task) string {
	if t.at == nil {
		return t.label
	}
	return t.label + " · " + stageWords(l, t.at)
}

func stageWords(_ lang.Lang, p *api.Progress) string {
	switch {
	case p.Unit == "bytes" && p.Total > 0:
		return fmt.Sprintf("%s / %s", termio.FormatBytes(p.Done), termio.FormatBytes(p.Total))
	case p.Total > 0:
		return fmt.Sprintf("%d/%d", p.Done, p.Total)
	}
	return fmt.Sprint(p.Done)
}
