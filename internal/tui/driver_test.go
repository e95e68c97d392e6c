package tui

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// driver sits in front of the screen: it presses keys and looks. The program is the real one, without a terminal.
type driver struct {
	tb      testing.TB
	program *tea.Program
	done    chan struct{}

	mu          sync.Mutex // guards what follows
	view        string
	busy        bool
	sent, taken int // keys
	turn        *sync.Cond
}

// watched shows the driver what is drawn after each message.
type watched struct {
	*app
	d *driver
}

func (w watched) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := w.app.Update(msg)
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	if _, ok := msg.(tea.KeyMsg); ok {
		w.d.taken++
	}
	w.d.view = w.View()
	w.d.busy = w.working()
	w.d.turn.Broadcast()
	return w, cmd
}

// working reports whether something goes on that will change the screen by itself.
func (a *app) working() bool {
	if a.lock != nil {
		return a.lock.waiting
	}
	if len(a.asked) > 0 {
		return false
	}
	return len(a.tasks) > 0 || a.status == nil && a.trust == nil || len(a.views) == 0 || a.top().loading
}

// patient has the screen hold keys for the next question however long that takes: for tests that type ahead, and that a busy machine
// may stop between two questions.
func patient(a *app) { a.ahead.patience = time.Minute }

// MustDrive opens the interface on a screen of a size. Settings change it before it begins.
func MustDrive(tb testing.TB, d *desk, width, height int, settings ...func(*app)) *driver {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	s := &driver{tb: tb, done: make(chan struct{})}
	s.turn = sync.NewCond(&s.mu)
	a := newApp(ctx, d)
	for _, set := range settings {
		set(a)
	}
	s.program = tea.NewProgram(watched{a, s}, tea.WithContext(ctx), tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithoutSignalHandler())
	go func() {
		defer close(s.done)
		_, _ = s.program.Run() // a cancelled context is how it ends
	}()
	tb.Cleanup(func() {
		cancel()
		<-s.done
	})
	s.program.Send(tea.WindowSizeMsg{Width: width, Height: height})
	s.settle()
	return s
}

// until waits for the screen to be as wanted, and returns it.
func (s *driver) until(what string, wanted func(view string, busy bool) bool) string {
	s.tb.Helper()
	late := time.AfterFunc(60*time.Second, s.turn.Broadcast)
	defer late.Stop()
	begun := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.taken < s.sent || !wanted(s.view, s.busy) {
		if time.Since(begun) > 59*time.Second {
			s.tb.Fatalf("%s did not come:\n%s", what, s.view)
		}
		s.turn.Wait()
	}
	return s.view
}

// settle waits until nothing changes the screen by itself any more.
func (s *driver) settle() string {
	s.tb.Helper()
	return s.until("rest", func(view string, busy bool) bool { return view != "" && !busy })
}

// see waits until the screen shows all of the texts.
func (s *driver) see(texts ...string) string {
	s.tb.Helper()
	return s.until(strings.Join(texts, ", "), func(view string, _ bool) bool {
		for _, text := range texts {
			if !strings.Contains(view, text) {
				return false
			}
		}
		return true
	})
}

// miss waits until the screen does not show a text.
func (s *driver) miss(text string) string {
	s.tb.Helper()
	return s.until("the end of "+text, func(view string, _ bool) bool { return !strings.Contains(view, text) })
}

func (s *driver) send(key tea.KeyMsg) {
	s.mu.Lock()
	s.sent++
	s.mu.Unlock()
	s.program.Send(key)
}

// press presses keys by bubbletea's names.
func (s *driver) press(keys ...string) *driver {
	for _, k := range keys {
		s.send(keyOf(k))
	}
	return s
}

// write types text, character by character.
func (s *driver) write(text string) *driver {
	for _, r := range text {
		if r == ' ' {
			s.press(" ")
			continue
		}
		s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
	return s
}

// paste sends text in one piece.
func (s *driver) paste(text string) *driver {
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true})
	return s
}

func keyOf(name string) tea.KeyMsg {
	named := map[string]tea.KeyType{
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
		"tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "home": tea.KeyHome,
		"end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, " ": tea.KeySpace,
		"f1": tea.KeyF1, "f2": tea.KeyF2, "f3": tea.KeyF3, "f4": tea.KeyF4, "f5": tea.KeyF5, "f6": tea.KeyF6, "f7": tea.KeyF7, "f8": tea.KeyF8,
		"f9": tea.KeyF9, "f10": tea.KeyF10,
	}
	if t, ok := named[name]; ok {
		msg := tea.KeyMsg{Type: t}
		if name == " " {
			msg.Runes = []rune{' '}
		}
		return msg
	}
	if letter, ok := strings.CutPrefix(name, "ctrl+"); ok && len(letter) == 1 {
		return tea.KeyMsg{Type: tea.KeyType(letter[0] - 'a' + 1)}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}
