package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// lockScreen hides everything until the person is back. Where a passphrase protects the keys the daemon forgets them, and
// the passphrase brings them back; else Enter is enough, for there is nothing that one could ask for.
type lockScreen struct {
	a       *app
	asks    bool // for the passphrase
	typed   textinput.Model
	waiting bool
	wrong   string
}

const byPassphrase = "passphrase"

// shut locks: what must not be seen is taken away, and the daemon forgets the keys that a passphrase protects.
func (a *app) shut() tea.Cmd {
	asks := a.status != nil && a.status.Protect == byPassphrase
	cmd := a.dim(asks)
	if !asks {
		return cmd
	}
	ctx, d := a.ctx, a.desk
	return tea.Batch(cmd, func() tea.Msg { // the screen is dark whether or not the daemon hears of it
		_, _ = call[api.Empty](ctx, d, api.RouteLock, api.Empty{}) // unlocking does it again
		return nil
	})
}

// dim puts the lock before everything, and ends the questions that must not be seen.
func (a *app) dim(asks bool) tea.Cmd {
	for _, q := range slices.Clone(a.asked) {
		if q.hides() {
			a.drop(q, errBack)
		}
	}
	a.note = note{}
	a.lock = newLockScreen(a, asks)
	return a.lock.init()
}

func newLockScreen(a *app, asks bool) *lockScreen {
	t := textinput.New()
	t.EchoMode = textinput.EchoPassword
	t.Prompt = "› "
	t.CharLimit = typedMost
	return &lockScreen{a: a, asks: asks, typed: t}
}

func (s *lockScreen) init() tea.Cmd { return s.typed.Focus() }

// openedMsg says how unlocking ended.
type openedMsg struct{ err error }

func (s *lockScreen) update(a *app, msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case openedMsg:
		s.waiting = false
		if msg.err != nil {
			s.wrong, _ = a.words(msg.err)
			return nil
		}
		a.lock = nil
		a.touched = a.desk.now()
		return tea.Batch(a.look, a.load(a.top()))
	case tea.KeyMsg:
		switch {
		case msg.String() == "enter" && s.waiting:
			return nil
		case msg.String() == "enter":
			return s.try(a)
		}
	}
	var cmd tea.Cmd
	if s.asks {
		s.typed, cmd = s.typed.Update(msg)
	}
	return cmd
}

func (s *lockScreen) try(a *app) tea.Cmd {
	passphrase := s.typed.Value()
	s.typed.SetValue("")
	s.wrong, s.waiting = "", true
	asks, ctx, d := s.asks, a.ctx, a.desk
	return func() tea.Msg {
		if !asks {
			return openedMsg{}
		}
		// A daemon that did not hear of the lock would take any passphrase.
		if _, err := call[api.Empty](ctx, d, api.RouteLock, api.Empty{}); err != nil {
			return openedMsg{err}
		}
		_, err := call[api.Empty](ctx, d, api.RouteUnlock, api.UnlockRequest{Passphrase: passphrase})
		return openedMsg{err}
	}
}

func (s *lockScreen) view(a *app) string {
	l := a.lang()
	lines := []string{"", a.style.title.Render(l.T("Locked")), ""}
	switch {
	case s.waiting:
		lines = append(lines, "…")
	case s.asks:
		lines = append(lines, l.T("Passphrase"), "› "+strings.Repeat("•", min(len([]rune(s.typed.Value())), a.width-4)))
	default:
		lines = append(lines, l.T("Press Enter to go on."))
	}
	if s.wrong != "" {
		lines = append(lines, "", a.style.of(termio.Bad).Render(cut("✗ "+s.wrong, a.width)))
	}
	return strings.Join(lines, "\n")
}

func (s *lockScreen) hints(l lang.Lang) []string {
	return []string{l.T("Enter") + " " + l.T("unlock"), "ctrl+c " + l.T("leave")}
}
