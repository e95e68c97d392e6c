package localsock

import (
	"net"

	"golang.org/x/sys/unix"
)

// peerUID returns the account at the other end, as the kernel noted it when the connection was made.
func peerUID(conn net.Conn) (int, error) {
	uid := -1
	err := rawControl(conn, func(fd int) error {
		cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
		if err == nil {
			uid = int(cred.Uid)
		}
		return err
	})
	return uid, err
}
