package apiclient

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// detached gives the daemon no console and a process group of its own: no Ctrl+C and no closed window reaches it.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		HideWindow:    true,
		CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS,
	}
}
