package daemon

import (
	"log/slog"
	"path/filepath"
	"time"

	"vaultctl/internal/config"
	"vaultctl/internal/vault"
)

// Settings returns how long a daemon of this home stays without requests, 0 for ever, and what it logs, as the
// configuration of the home says. Both are read once, before the daemon serves.
func Settings(home string) (idle time.Duration, level slog.Level, err error) {
	home, err = filepath.Abs(home)
	if err != nil {
		return 0, 0, vault.Errorf(vault.CodeUsage, "resolve home: %w", err)
	}
	settings, err := config.Load(config.FilePath(home))
	if err != nil {
		return 0, 0, err
	}
	if err := level.UnmarshalText([]byte(settings.String("log_level"))); err != nil {
		return 0, 0, vault.Errorf(vault.CodeInvalid, "log level is not debug, info, warn or error")
	}
	return settings.Duration("daemon_idle"), level, nil
}
