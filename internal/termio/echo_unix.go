//go:build !windows

package termio

import "golang.org/x/sys/unix"

// echoOff has a terminal show nothing of what is typed. It still takes whole lines, and keys such as ctrl+c still interrupt.
func echoOff(fd int) error {
	settings, err := unix.IoctlGetTermios(fd, readSettings)
	if err != nil {
		return err
	}
	settings.Lflag &^= unix.ECHO
	settings.Lflag |= unix.ICANON | unix.ISIG
	settings.Iflag |= unix.ICRNL
	return unix.IoctlSetTermios(fd, writeSettings, settings)
}

// secretLine reads a line from the terminal, whose echo is off. It leaves the settings alone: somebody who gave up waiting for it
// may have put them back already.
func (s *IO) secretLine() ([]byte, error) { return s.readLine() }
