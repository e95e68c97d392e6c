package termio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// MustPseudoTerminal opens a terminal: what is written to keys is typed on it.
func MustPseudoTerminal(tb testing.TB) (keys, tty *os.File) {
	tb.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		tb.Skip("there are no pseudo-terminals:", err)
	}
	tb.Cleanup(func() { _ = keys.Close() })
	if err := unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		tb.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err != nil {
		tb.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = tty.Close() })
	return keys, tty
}

// question is where questions are written. It is called with each, before whoever asks goes on.
type question func(text string)

func (q question) Write(b []byte) (int, error) {
	q(string(b))
	return len(b), nil
}

// TestSecretUnseen: the echo is off when the question for a secret is read, not only once the answer is waited for, and on again
// afterwards, however it ends.
func TestSecretUnseen(t *testing.T) {
	for name, ask := range map[string]func(context.Context, *IO) (string, error){
		"command": func(ctx context.Context, s *IO) (string, error) {
			secret, err := s.AskSecret(ctx, "Passphrase", "--passphrase-file")
			return string(secret), err
		},
		"dialogue": func(ctx context.Context, s *IO) (string, error) { return s.Dialogue().AskSecret(ctx, "Passphrase: ") },
	} {
		t.Run(name, func(t *testing.T) {
			keys, tty := MustPseudoTerminal(t)
			s := terminalOf(tty)
			s.Err = question(func(text string) {
				if strings.HasPrefix(text, "Passphrase") {
					wantEcho(t, tty, false)
					_, _ = keys.WriteString("swordfish\n") // without it no answer comes
				}
			})
			s.Out = s.Err
			if secret, err := ask(t.Context(), s); err != nil || secret != "swordfish" {
				t.Errorf("%q, %v", secret, err)
			}
			wantEcho(t, tty, true)
		})
		t.Run(name+" interrupted", func(t *testing.T) {
			keys, tty := MustPseudoTerminal(t)
			ctx, interrupt := context.WithCancel(t.Context())
			s := terminalOf(tty)
			s.Err = question(func(string) { interrupt() })
			s.Out = s.Err
			if secret, err := ask(ctx, s); err == nil {
				t.Errorf("%q was read", secret)
			}
			wantEcho(t, tty, true)
			_, _ = keys.WriteString("\n") // ends the reading that stayed behind
		})
	}
}

// TestSecretRefused: where the echo cannot be switched off nothing is asked.
func TestSecretRefused(t *testing.T) {
	s, b := MustPerson(t, "swordfish\n")
	s.hush = func() (func(), error) { return nil, os.ErrInvalid }
	if secret, err := s.AskSecret(t.Context(), "Passphrase", "--passphrase-file"); !errors.Is(err, os.ErrInvalid) || b.Err.Len() > 0 {
		t.Errorf("%q, %v, asked %q", secret, err, b.Err)
	}
	if secret, err := s.Dialogue().AskSecret(t.Context(), "Passphrase: "); !errors.Is(err, os.ErrInvalid) || b.Out.Len() > 0 {
		t.Errorf("%q, %v, asked %q", secret, err, b.Out)
	}
}

// terminalOf returns an IO whose input is a terminal.
func terminalOf(tty *os.File) *IO {
	s, _ := Test()
	s.SetTTY(true, true, true)
	s.In, s.readSecret = tty, s.secretLine
	s.hush = func() (func(), error) { return hushed(int(tty.Fd())) }
	return s
}

func wantEcho(t *testing.T, tty *os.File, want bool) {
	t.Helper()
	settings, err := unix.IoctlGetTermios(int(tty.Fd()), readSettings)
	if err != nil {
		t.Fatal(err)
	}
	if got := settings.Lflag&unix.ECHO != 0; got != want {
		t.Errorf("the echo is on: %v", got)
	}
}
