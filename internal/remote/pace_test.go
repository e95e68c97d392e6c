package remote

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"vaultctl/internal/vault"
)

func TestPaceGivesWayAndComesBack(t *testing.T) {
	p := newPace(1000, 4)
	now := time.Unix(1_900_000_000, 0)
	rates := func(what string, want rate.Limit) {
		t.Helper()
		if got := p.limiter.Limit(); got != want {
			t.Errorf("%s: %v calls per second, want %v", what, got, want)
		}
	}
	p.faster(now)
	rates("at first", 1000)
	p.slower(now)
	p.slower(now) // an answer to what was asked before
	rates("asked too much", 500)
	for i := range 10 {
		p.slower(now.Add(time.Duration(i+2) * time.Second))
	}
	rates("again and again", slowest)
	p.faster(now.Add(12 * time.Second))
	rates("too early", slowest)
	p.faster(now.Add(time.Minute))
	rates("after a while", 2*slowest)
	for i := range 10 {
		p.faster(now.Add(time.Duration(i+2) * time.Minute))
	}
	rates("in the end", 1000)
	for _, perSecond := range []float64{slowest, float64(rate.Inf)} {
		p = newPace(perSecond, 4)
		p.slower(now)
		rates("a drive for people, and a folder", rate.Limit(perSecond))
	}
}

func TestTooMuch(t *testing.T) {
	for code, want := range map[string]bool{"SlowDown": true, "TooManyRequests": true, "NoSuchKey": false, "InternalError": false} {
		f := fail(vault.CodeUnreachable, true, "", coded(code))
		if got := tooMuch(f); got != want {
			t.Errorf("%s: %v", code, got)
		}
	}
	if tooMuch(fail(vault.CodeUnreachable, true, "", errors.New("connection reset"))) {
		t.Error("a broken connection says nothing about how often the storage is asked")
	}
}

type coded string

func (c coded) Error() string     { return string(c) }
func (c coded) ErrorCode() string { return string(c) }
