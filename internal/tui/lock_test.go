package tui

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
)

// TestLock: nothing of anybody is seen while it is locked, the daemon has forgotten the keys, and only the passphrase opens.
func TestLock(t *testing.T) {
	st := MustLockedStation(t)
	s := st.drive(lang.English)
	s.write("hadd").see("Amal Haddad")
	s.press("ctrl+l")
	view := s.see("Locked", "Passphrase")
	for _, word := range []string{"Amal", "Haddad", "hadd"} {
		if strings.Contains(view, word) {
			t.Errorf("%q is seen while it is locked:\n%s", word, view)
		}
	}
	if strings.Contains(s.write("swordfish").settle(), "swordfish") {
		t.Error("the passphrase is shown")
	}
	s.press("enter").see("✗")
	if _, said, code := st.run("", "beneficiary", "list", "--no-input"); code == 0 {
		t.Errorf("the daemon still knows the keys: %s", said)
	}
	s.press("esc", "enter").see("a passphrase is needed")
	s.write(passphrase).press("enter").see("Amal Haddad")

	st.must("lock") // in another window
	s.see("Locked")
	s.miss("Amal")
	s.write(passphrase).press("enter").see("Amal Haddad")
}

// TestLockTakesSecrets: what only one person may see, and what is typed unseen, goes with the lock; other questions wait.
func TestLockTakesSecrets(t *testing.T) {
	d := MustCanned(t, lang.English, office())
	a := newApp(t.Context(), d)
	a.width, a.height = 80, 24
	ended := make(chan error, 3)
	ask := func(p part) {
		q := &question{reply: make(chan error, 1), part: p}
		a.ask(askMsg{q: q})
		go func() { ended <- <-q.reply }()
	}
	var name, pass string
	ask(&sheetPart{l: d.l, style: a.style, sheet: &sheet{title: "card", secret: true, lines: []string{"abandon ability"}}})
	ask(newFormPart(d.l, a.style, &form{title: "pass", fields: []*field{{kind: secret, label: "pass", text: &pass}}}))
	ask(newFormPart(d.l, a.style, &form{title: "name", fields: []*field{{kind: oneLine, label: "name", text: &name}}}))
	a.note = note{text: "Amal Haddad was deposited"}
	a.Update(keyOf("ctrl+l"))
	for range 2 {
		if err := <-ended; !left(err) {
			t.Errorf("a secret question ended with %v", err)
		}
	}
	if len(a.asked) != 1 || strings.Contains(a.View(), "Amal") || strings.Contains(a.View(), "name") {
		t.Errorf("%d questions wait, and this is seen:\n%s", len(a.asked), a.View())
	}
}

// TestIdleLock: nobody presses a key, and it locks; where nothing is protected Enter is enough, and other keys are not.
func TestIdleLock(t *testing.T) {
	answers := office()
	status := answers[api.RouteStatus].(api.Status)
	status.Protect = "keyfile"
	answers[api.RouteStatus] = status
	d := MustCanned(t, lang.English, answers)
	var later atomic.Int64
	d.now = func() time.Time { return day.Add(time.Duration(later.Load())) }
	d.options.LockAfter = 10 * time.Minute
	s := MustDrive(t, d, 80, 24)
	s.write("had").see("Amal Haddad")
	later.Store(int64(10 * time.Minute))
	s.see("Locked", "Press Enter to go on.")
	s.miss("Amal")
	s.press("a", "esc", " ").see("Locked")
	s.press("enter").see("Amal Haddad")
}

// TestIdleLeavesDaemon: in front of nobody the screen asks only what does not count as work, else the daemon would never lock.
func TestIdleLeavesDaemon(t *testing.T) {
	answers := office()
	var (
		mu     sync.Mutex
		polls  int
		others int
	)
	status := answers[api.RouteStatus].(api.Status)
	answers[api.RouteStatus] = func(json.RawMessage) any {
		mu.Lock()
		defer mu.Unlock()
		polls++
		status.LastSync = day.Add(time.Duration(polls) * time.Minute).Format(time.RFC3339) // others wrote something
		return status
	}
	answers[api.RouteBeneficiaryList] = func(json.RawMessage) any {
		mu.Lock()
		defer mu.Unlock()
		others++
		return []api.Beneficiary{amal()}
	}
	d := MustCanned(t, lang.English, answers)
	var later atomic.Int64
	d.now = func() time.Time { return day.Add(time.Duration(later.Load())) }
	a := newApp(t.Context(), d)
	a.width, a.height = 80, 24
	a.goTo(homePage{})
	a.loaded(loadedMsg{view: a.top(), serial: a.top().serial, content: &content{}})
	look := func() (asked bool) {
		before := a.top().serial
		a.Update(a.look())
		if a.top().serial != before {
			a.loaded(loadedMsg{view: a.top(), serial: a.top().serial, content: &content{}})
			return true
		}
		return false
	}
	look()
	if !look() {
		t.Error("somebody sits here, and the page does not follow")
	}
	later.Store(int64(presence))
	for range 2 {
		if look() {
			t.Error("nobody sits here, and the page is loaded again")
		}
	}
	a.Update(keyOf("down"))
	if !look() {
		t.Error("somebody is back, and the page does not show what is new")
	}
	if others != 0 {
		t.Errorf("%d calls that count as work", others)
	}
}

// TestQuit: leaving asks once more while something goes on, locked or not.
func TestQuit(t *testing.T) {
	answers := office()
	release := make(chan struct{})
	answers[api.RouteSync] = func(json.RawMessage) any {
		<-release
		return api.SyncResult{}
	}
	defer close(release)
	s := MustDrive(t, MustCanned(t, lang.English, answers), 80, 24)
	s.press("ctrl+o").see("… send and fetch now")
	s.press("ctrl+c").see("Something still goes on")
	s.press("down").miss("Something still goes on")
	s.press("ctrl+l").see("Locked")
	s.press("ctrl+c").see("Something still goes on")
	s.press("ctrl+c")
	select {
	case <-s.done:
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
}

// TestSizes: no size of the window is too odd, whatever is shown.
func TestSizes(t *testing.T) {
	d := MustCanned(t, lang.French, office())
	d.scans = newScanWatch([]string{t.TempDir()})
	s := MustDrive(t, d, 80, 24)
	storm := func() {
		for w := range 60 {
			s.program.Send(tea.WindowSizeMsg{Width: w * 3, Height: (w * 7) % 50})
		}
		s.program.Send(tea.WindowSizeMsg{Width: 20, Height: 5})
		view := s.see("Agrandissez")
		for _, line := range strings.Split(view, "\n") {
			if len([]rune(line)) > 20 {
				t.Errorf("a line of %d columns on a screen of 20: %q", len([]rune(line)), line)
			}
		}
		s.program.Send(tea.WindowSizeMsg{Width: 80, Height: 24})
		s.miss("Agrandissez")
	}
	storm()
	s.write("had")
	storm()
	s.press("esc", "?").see("Touches")
	storm()
	s.press("esc", "ctrl+s").see("✓ surv")
	storm()
	s.press("ctrl+l").see("Verrouillé")
	storm()
}

// TestPasteTooLong: a megabyte is refused in a sentence, wherever it is pasted.
func TestPasteTooLong(t *testing.T) {
	s := MustDrive(t, MustCanned(t, lang.English, office()), 80, 24)
	megabyte := strings.Repeat("é", 1<<20)
	s.paste(megabyte).see("What was pasted is too long: 1048576 characters")
	s.write("had").see("Amal Haddad")
	s.press("ctrl+l").paste(megabyte).see("Locked")
	s.write("x").see("› •")
}

// TestCallsComeBack: the daemon is killed between two calls, and the second finds another one; what was to be said is not lost.
func TestCallsComeBack(t *testing.T) {
	st := MustStation(t)
	d := st.desk(lang.English)
	if _, err := d.show(t.Context(), st.amal); err != nil {
		t.Fatal(err)
	}
	for name, use := range map[string]func(context.Context) error{
		"call": func(ctx context.Context) error { _, err := d.show(ctx, st.amal); return err },
		"list": func(ctx context.Context) error {
			_, err := list[api.Beneficiary](ctx, d, api.RouteBeneficiaryList, api.BeneficiaryListRequest{})
			return err
		},
		"upload": func(ctx context.Context) error {
			const text = "a letter"
			kind := "other"
			_, err := upload[api.Document](ctx, d, api.RouteDocumentAdd, api.DocumentAddRequest{Beneficiary: st.amal, Size: int64(len(text)),
				Fields: api.DocumentFields{Type: &kind}}, apiclient.Part{Name: api.PartContent, Reader: strings.NewReader(text)})
			return err
		},
	} {
		before := st.pid()
		st.kill()
		if err := use(t.Context()); err != nil {
			t.Errorf("%s after the daemon was killed: %v", name, err)
		}
		if now := st.pid(); now == 0 || now == before {
			t.Errorf("%s: the daemon is %d, it was %d", name, now, before)
		}
	}
	if got := st.must("document", "list", st.amal, "--json"); strings.Count(got, `"id"`) != 1 {
		t.Errorf("deposited once, there are: %s", got)
	}
}
