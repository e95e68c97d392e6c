//go:build !windows

package daemon_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/vault"
)

func TestIdleExit(t *testing.T) {
	home := MustHome(t)
	cmd := MustServe(t, home, "TEST_IDLE=150ms", "TEST_BUSY=1")
	c := MustConnect(t, home)
	began := time.Now()
	for time.Since(began) < 600*time.Millisecond { // four times the idle time, without a request
		if !Alive(cmd.Process.Pid) {
			t.Fatal("left with work queued")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := apiclient.Call[int64](context.Background(), c, "test/busy", false); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("idle exit: %v", err)
	}
	if _, err := os.Stat(filepath.Join(home, "closed")); err != nil {
		t.Errorf("service was not closed: %v", err)
	}
	if !Free(home) {
		t.Error("home is still held")
	}
}

// TestInFlightIsFinished tells the daemon to leave while it answers, in each of the ways that there are.
func TestInFlightIsFinished(t *testing.T) {
	for name, leave := range map[string]func(*apiclient.Client, *os.Process) error{
		"SIGTERM": func(_ *apiclient.Client, p *os.Process) error { return p.Signal(syscall.SIGTERM) },
		"SIGINT":  func(_ *apiclient.Client, p *os.Process) error { return p.Signal(os.Interrupt) },
		"stop": func(c *apiclient.Client, _ *os.Process) error {
			_, err := apiclient.Call[api.Empty](context.Background(), c, api.RouteStop, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			home := MustHome(t)
			cmd := MustServe(t, home)
			c := MustConnect(t, home)
			got, err := apiclient.Stream[string](context.Background(), c, "test/hold", nil, func(api.Progress) {
				if err := leave(c, cmd.Process); err != nil {
					t.Error(err)
				}
				Eventually(t, "no new requests", func() bool { return !Answers(home) })
				if err := os.WriteFile(filepath.Join(home, "go"), nil, 0o600); err != nil {
					t.Error(err)
				}
			})
			if got != "held" || err != nil {
				t.Errorf("request in flight: %q, %v", got, err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("exit: %v", err)
			}
		})
	}
}

func TestSecondSignalIsImpatient(t *testing.T) {
	home := MustHome(t)
	cmd := MustServe(t, home)
	c := MustConnect(t, home)
	_, err := apiclient.Stream[string](context.Background(), c, "test/hold", nil, func(api.Progress) {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		Eventually(t, "no new requests", func() bool { return !Answers(home) })
		_ = cmd.Process.Signal(syscall.SIGTERM)
	})
	if code := vault.CodeOf(err); code != vault.CodeNoDaemon && code != vault.CodeInterrupted {
		t.Errorf("request cut short: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("exit: %v", err)
	}
	if _, err := os.Stat(filepath.Join(home, "closed")); err != nil {
		t.Errorf("service was not closed: %v", err)
	}
}

// TestNextDaemonWaitsForTheLeavingOne connects while the home is held by a daemon that no longer takes requests.
func TestNextDaemonWaitsForTheLeavingOne(t *testing.T) {
	home := MustHome(t)
	cmd := MustServe(t, home)
	c := MustConnect(t, home)
	next := make(chan int, 1)
	_, err := apiclient.Stream[string](context.Background(), c, "test/hold", nil, func(api.Progress) {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		Eventually(t, "no new requests", func() bool { return !Answers(home) })
		short := apiclient.Options{Home: home, Daemon: os.Args[0], StartTime: 300 * time.Millisecond}
		if _, err := apiclient.Connect(context.Background(), short); vault.CodeOf(err) != vault.CodeNoDaemon {
			t.Errorf("connected to a daemon that is leaving: %v", err)
		}
		go func() {
			next <- MustConnect(t, home).Server().PID
		}()
		if err := os.WriteFile(filepath.Join(home, "go"), nil, 0o600); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	if pid := <-next; pid == cmd.Process.Pid || pid == 0 {
		t.Errorf("next daemon is process %d", pid)
	}
}
