//go:build !windows

package apiclient

import "syscall"

// detached puts the daemon into a session of its own: no signal to the caller's process group or terminal reaches it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
