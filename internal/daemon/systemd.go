package daemon

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

const (
	ready    = daemon.SdNotifyReady
	stopping = daemon.SdNotifyStopping
)

// notify tells the service manager, if there is one. A manager that cannot be reached is no reason to stop serving.
func notify(state string) { _, _ = daemon.SdNotify(false, state) }

// watchdogInterval returns how often the service manager wants to hear from us, 0 for never.
func watchdogInterval() time.Duration {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0 // a malformed limit cannot be kept
	}
	return limit / 2
}

func feedWatchdog(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			notify(daemon.SdNotifyWatchdog)
		}
	}
}
