package userfile

import (
	"os"
	"path/filepath"
	"strings"

	"vaultctl/internal/vault"
)

// RemoteSpec returns a remote as the daemon takes it: a folder of this machine gets its absolute path, since the daemon
// works in another directory.
func RemoteSpec(text string) (string, error) {
	drive := filepath.VolumeName(text) != ""
	if text == "" || !drive && strings.Contains(text, ":") {
		return text, nil
	}
	if rest, ok := strings.CutPrefix(text, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", vault.Errorf(vault.CodeUsage, "find home: %w", err)
		}
		text = filepath.Join(home, rest)
	}
	abs, err := filepath.Abs(text)
	if err != nil {
		return "", vault.Errorf(vault.CodeUsage, "find folder: %w", err)
	}
	return abs, nil
}

// RcloneConf returns the absolute path of the configuration that remotes are copied from: the flag's, the environment's,
// or "" for rclone's own.
func RcloneConf(flag string) (string, error) {
	path := flag
	if path == "" {
		path = os.Getenv("RCLONE_CONFIG")
	}
	if path == "" {
		return "", nil
	}
	if _, err := os.Stat(path); err != nil && flag != "" {
		return "", Trouble(path, err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", vault.Errorf(vault.CodeUsage, "--rclone-config: %w", err)
	}
	return abs, nil
}
