package termio

import (
	"os"

	"golang.org/x/term"
)

// echoOff has nothing to do here: a console shows what is typed when it is read, and not before.
func echoOff(int) error { return nil }

// secretLine reads a line from the console without showing it.
func (s *IO) secretLine() ([]byte, error) { return term.ReadPassword(int(os.Stdin.Fd())) }
