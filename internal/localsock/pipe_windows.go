package localsock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"

	"vaultctl/internal/vault"
)

// addressOf returns the pipe's name: pipes have one name space per machine, so account and home are both part of it.
func addressOf(home string) (string, error) {
	sid, err := ownSID()
	if err != nil {
		return "", err
	}
	return `\\.\pipe\vaultctl-` + sid + "-" + fingerprint(home), nil
}

func ownSID() (string, error) {
	account, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "", fmt.Errorf("read own account: %w", err)
	}
	return account.User.Sid.String(), nil
}

// listen creates the pipe with access for this account and the system only; it fails if the name is taken.
func listen(address string) (net.Listener, error) {
	sid, err := ownSID()
	if err != nil {
		return nil, err
	}
	l, err := winio.ListenPipe(address, &winio.PipeConfig{
		SecurityDescriptor: "O:" + sid + "D:P(A;;GA;;;" + sid + ")(A;;GA;;;SY)",
		InputBufferSize:    64 << 10,
		OutputBufferSize:   64 << 10,
	})
	if errors.Is(err, fs.ErrPermission) {
		return nil, vault.Errorf(vault.CodeConflict, "another process listens on this home's pipe")
	}
	if err != nil {
		return nil, fmt.Errorf("listen on pipe: %w", withoutPath(err))
	}
	return l, nil
}

func dial(ctx context.Context, _, address string) (net.Conn, error) {
	conn, err := winio.DialPipeContext(ctx, address)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNobody
	}
	if err != nil {
		return nil, fmt.Errorf("dial vaultd: %w", withoutPath(err))
	}
	if err := serverIsUs(conn); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// serverIsUs reads the owner of the pipe, which only its creator can have set: a stranger may take the name first.
func serverIsUs(conn net.Conn) error {
	foreign := vault.Errorf(vault.CodePolicy, "the process behind this home's pipe runs under another account: refused")
	f, ok := conn.(interface{ Fd() uintptr })
	if !ok {
		return foreign
	}
	sd, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("read owner of the pipe: %w", err)
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return fmt.Errorf("read owner of the pipe: %w", err)
	}
	if sid, err := ownSID(); err != nil || owner.String() != sid {
		return foreign
	}
	return nil
}

// verifyPeer has nothing to add: the pipe's security descriptor has turned strangers away already.
func verifyPeer(net.Conn) error { return nil }

// ownedByUs has nothing to add: a home under %LocalAppData% inherits an access list for this account alone.
func ownedByUs(os.FileInfo) error { return nil }

func sameSocket(string, net.Listener) error {
	return vault.Errorf(vault.CodeInvalid, "socket activation does not exist on Windows")
}
