//go:build unix

package printing

import (
	"os/exec"
	"syscall"
)

// together puts the command and whatever it starts into a process group, so that they can be ended together.
func together(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// end ends the command and what it started: a child that lived on would take the end of its input for the document's.
func end(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
