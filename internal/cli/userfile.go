package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// stdio is the name that stands for standard input or output.
const stdio = "-"

// openUserFile opens a regular file that is not empty, or standard input for "-". The daemon is never handed a path.
func (f *Factory) openUserFile(path string) (*userfile.File, error) {
	if path == stdio {
		return f.openStdin()
	}
	return userfile.Open(path)
}

func (f *Factory) openStdin() (*userfile.File, error) {
	if f.IO.InTTY() {
		return nil, vault.Errorf(vault.CodeUsage, "standard input is a terminal: send the file through a pipe")
	}
	r := bufio.NewReader(f.IO.In)
	if _, err := r.Peek(1); errors.Is(err, io.EOF) {
		return nil, vault.Errorf(vault.CodeInvalid, "standard input is empty")
	}
	return userfile.Stream(r), nil
}

// readSmall returns the content of a small text file or of standard input, and refuses more than limit bytes.
func (f *Factory) readSmall(path string, limit int64) ([]byte, error) {
	u, err := f.openUserFile(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = u.Close() }()
	b, err := io.ReadAll(io.LimitReader(u, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if int64(len(b)) > limit {
		return nil, vault.Errorf(vault.CodeInvalid, "%s is larger than %d bytes", path, limit)
	}
	return b, nil
}
