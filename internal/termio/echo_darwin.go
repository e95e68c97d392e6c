package termio

import "golang.org/x/sys/unix"

// Requests for the settings of a terminal.
const (
	readSettings  = unix.TIOCGETA
	writeSettings = unix.TIOCSETA
)
