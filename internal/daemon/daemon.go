// Package daemon is the life of vaultd: it takes the home, serves the local API, and leaves when told to or when there is
// nothing left to do. What it serves is a Service that the caller builds.
//
// It promises that one daemon serves a home, that nothing is served before the service has started, that requests which
// were accepted are finished before it leaves (within a bound), and that it never leaves by itself with work queued.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"vaultctl/internal/apiserver"
	"vaultctl/internal/localsock"
)

// GracePeriod is how long requests that run when the daemon is told to leave may take to end. It is less than what
// service managers grant by default (90 s).
const GracePeriod = 60 * time.Second

// Service is what the daemon serves.
type Service interface {
	// Register adds the service's calls; it is called once, before Start.
	Register(*apiserver.Server)
	// Start begins background work, which ends when ctx does or with Close. No request arrives before it returns.
	Start(ctx context.Context) error
	// Busy reports whether work is queued that must not wait for the next start. It may be called at any time.
	Busy() bool
	// Close ends the work and leaves everything durable; ctx bounds how long it may take. No request runs any more.
	Close(ctx context.Context) error
}

// Env is what a Service is built from.
type Env struct {
	Home    string       // absolute; exists and is held by this process alone
	Version string       // of the program
	Log     *slog.Logger // no personal data, key or file name goes in here
	Stop    func()       // makes the daemon leave as a signal would; returns at once
}

// Options says how to run.
type Options struct {
	Home string
	// Idle is how long without a request makes the daemon leave; 0 means never. It does not apply to a daemon that a
	// service manager started through a socket, unless IdleWhenActivated is set.
	Idle              time.Duration
	IdleWhenActivated bool
	LogLevel          slog.Level
	Version           string
	// Detached says that a client started this process and reads its standard error until it serves.
	Detached bool
	Build    func(context.Context, Env) (Service, error)
}

// Run serves until ctx ends, SIGINT or SIGTERM arrives, a client asks it to leave, or it has been idle for long enough;
// all of these are no error. A second signal cuts short what is still running. Run changes the process as a whole (core
// dumps, umask, memory limit, working directory), so it is called once, by main.
func Run(ctx context.Context, o Options) (err error) {
	if o.Home, err = filepath.Abs(o.Home); err != nil {
		return fmt.Errorf("resolve home: %w", err)
	}
	if err := harden(); err != nil {
		return err
	}
	listener, release, err := open(o.Home)
	if err != nil {
		return err
	}
	defer release()
	defer func() { err = errors.Join(err, closed(listener.Close())) }()
	log, closeLog, err := openLog(o)
	if err != nil {
		return err
	}
	defer closeLog()
	return (&run{Options: o, listener: listener, log: log, began: time.Now(), leave: make(chan string, 1)}).serve(ctx)
}

// run is one daemon from the moment that it holds its home.
type run struct {
	Options
	listener *localsock.Listener
	log      *slog.Logger
	began    time.Time
	leave    chan string // why to leave; the first reason counts
	server   *apiserver.Server
	service  Service
}

func (r *run) stop(reason string) {
	select {
	case r.leave <- reason:
	default: // leaving already
	}
}

// serve builds the service, answers requests until there is a reason to leave, and takes everything down in order.
func (r *run) serve(ctx context.Context) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	work, endWork := context.WithCancel(context.WithoutCancel(ctx))
	defer endWork()

	var err error
	r.server = apiserver.New(r.Version, r.log)
	if r.service, err = r.Build(work, Env{Home: r.Home, Version: r.Version, Log: r.log, Stop: func() { r.stop("asked to") }}); err != nil {
		return err
	}
	if err := r.control(); err != nil {
		return errors.Join(err, r.service.Close(work))
	}
	r.service.Register(r.server)
	if err := r.service.Start(work); err != nil {
		return errors.Join(err, r.service.Close(work))
	}
	web := &http.Server{
		Handler:           r.server,
		BaseContext:       func(net.Listener) context.Context { return work },
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          slog.NewLogLogger(r.log.Handler(), slog.LevelDebug),
	}
	r.log.Info("serving", "version", r.Version, "pid", os.Getpid(), "activated", r.listener.Activated())
	if r.Detached {
		letGoOfStderr(r.Home)
	}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(r.listener) }()
	notify(ready)
	stopWatch := r.watch()
	defer stopWatch()

	select {
	case err = <-failed:
		r.log.Error("serve", "error", err)
	case reason := <-r.leave:
		r.log.Info("leaving", "reason", reason)
	case <-signals:
		r.log.Info("leaving", "reason", "signal")
	case <-ctx.Done():
		r.log.Info("leaving", "reason", "context")
	}
	notify(stopping)
	return errors.Join(err, r.takeDown(web, signals, endWork))
}

// takeDown finishes what was accepted, cuts short what takes too long, and closes the service.
func (r *run) takeDown(web *http.Server, signals <-chan os.Signal, endWork func()) error {
	grace, cancel := context.WithTimeout(context.Background(), GracePeriod)
	defer cancel()
	go func() {
		select {
		case <-signals: // somebody is impatient
			cancel()
		case <-grace.Done():
		}
	}()
	if err := web.Shutdown(grace); err != nil {
		r.log.Warn("requests cut short")
		endWork()
		if err := web.Close(); err != nil {
			r.log.Warn("close connections", "error", err)
		}
	}
	bounded, done := context.WithTimeout(context.Background(), GracePeriod/2)
	defer done()
	if err := r.service.Close(bounded); err != nil {
		return fmt.Errorf("close service: %w", err)
	}
	r.log.Info("left")
	return nil
}

// closed ignores that a listener was closed before, as a graceful end does.
func closed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
