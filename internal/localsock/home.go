package localsock

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"

	"vaultctl/internal/vault"
)

// DefaultHome returns the home directory that every program of this module uses: $VAULTCTL_HOME, else
// $XDG_DATA_HOME/vaultctl, else ~/.local/share/vaultctl (%LocalAppData%\vaultctl on Windows). Where HOME is not set, as
// in some cron set-ups, the account database answers. The directory need not exist.
func DefaultHome() (string, error) {
	if home := os.Getenv("VAULTCTL_HOME"); home != "" {
		return filepath.Abs(home)
	}
	if runtime.GOOS == "windows" {
		base, err := os.UserCacheDir() // %LocalAppData%
		if err != nil {
			return "", fmt.Errorf("find home: %w", err)
		}
		return filepath.Join(base, "vaultctl"), nil
	}
	// The XDG specification says that a relative path is to be ignored.
	if base := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "vaultctl"), nil
	}
	base, err := os.UserHomeDir()
	if err != nil {
		account, lookup := user.Current()
		if lookup != nil || account.HomeDir == "" {
			return "", vault.Errorf(vault.CodeUsage, "no home directory: set VAULTCTL_HOME")
		}
		base = account.HomeDir
	}
	return filepath.Join(base, ".local", "share", "vaultctl"), nil
}

// Fingerprint names a home without telling its path: 16 hexadecimal digits, the same through any symbolic link.
func Fingerprint(home string) (string, error) {
	home, err := resolve(home)
	if err != nil {
		return "", err
	}
	return fingerprint(home), nil
}

func fingerprint(resolved string) string {
	sum := sha256.Sum256([]byte(resolved))
	return hex.EncodeToString(sum[:8])
}

// resolve returns the absolute path of home without symbolic links, so that two spellings of one home lead to one socket.
// The part that does not exist yet is kept as it is.
func resolve(home string) (string, error) {
	if home == "" {
		return "", vault.Errorf(vault.CodeUsage, "no home directory given")
	}
	path, err := filepath.Abs(home)
	if err != nil {
		return "", fmt.Errorf("resolve home: %w", err)
	}
	missing := ""
	for {
		there, err := filepath.EvalSymlinks(path)
		if err == nil {
			return filepath.Join(there, missing), nil
		}
		parent := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || parent == path {
			return "", fmt.Errorf("resolve home: %w", withoutPath(err))
		}
		missing = filepath.Join(filepath.Base(path), missing)
		path = parent
	}
}

// prepareHome resolves home, creates it if need be and refuses one that another account owns or may write to.
func prepareHome(home string) (string, error) {
	home, err := resolve(home)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", fmt.Errorf("create home: %w", withoutPath(err))
	}
	info, err := os.Stat(home)
	if err != nil {
		return "", fmt.Errorf("open home: %w", withoutPath(err))
	}
	if !info.IsDir() {
		return "", vault.Errorf(vault.CodeInvalid, "home is not a directory")
	}
	if err := ownedByUs(info); err != nil {
		return "", vault.Errorf(vault.CodePolicy, "home belongs to another account")
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0 {
		return "", vault.Errorf(vault.CodePolicy, "home can be written by every account: chmod 700 it")
	}
	return home, nil
}
