package daemon

import (
	"context"
	"os"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/apiserver"
	"vaultctl/internal/localsock"
)

// control registers the calls that are about the process itself.
func (r *run) control() error {
	home, err := localsock.Fingerprint(r.Home)
	if err != nil {
		return err
	}
	apiserver.Handle(r.server, api.RoutePing, func(context.Context, api.Empty) (api.Ping, error) {
		return api.Ping{
			Protocol:      api.Protocol,
			Version:       r.Version,
			PID:           os.Getpid(),
			UptimeSeconds: int64(time.Since(r.began).Seconds()),
			Home:          home,
			Rejected:      r.listener.Rejected(),
		}, nil
	})
	apiserver.Handle(r.server, api.RouteStop, func(context.Context, api.Empty) (api.Empty, error) {
		r.stop("asked to")
		return api.Empty{}, nil
	})
	return nil
}

// watch starts the idle watch and the service manager's watchdog; the returned function ends both.
func (r *run) watch() (stop func()) {
	ctx, stop := context.WithCancel(context.Background())
	if r.Idle > 0 && (!r.listener.Activated() || r.IdleWhenActivated) {
		go r.watchIdle(ctx)
	}
	if every := watchdogInterval(); every > 0 {
		go feedWatchdog(ctx, every)
	}
	return stop
}

// watchIdle asks to leave once no request has run for Idle and the service has nothing queued.
func (r *run) watchIdle(ctx context.Context) {
	timer := time.NewTimer(r.Idle)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		active, last := r.server.Activity()
		left := r.Idle - time.Since(last)
		if active == 0 && left <= 0 && !r.service.Busy() {
			r.stop("idle")
			return
		}
		// A running request or queued work says nothing about when it will end: ask again in a while.
		timer.Reset(max(left, min(r.Idle, time.Second)))
	}
}
