package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// joinPatience bounds each wait of a newcomer; nothing is judged by it.
const joinPatience = "60m"

// serverCache is how long the S3 server goes on saying what its folder held: the administrator writes to the folder.
const serverCache = 3 * time.Second

// joinings lets new agents join a large organization through an S3 server, with and without latency in front of it.
func joinings(ctx context.Context, b *bench) (*table, error) {
	t := &table{title: "Joining a large organization", about: b.joinAbout(), head: []string{"latency", "what", "here", "processor", "GET", "HEAD", "other", "peak memory"}}
	if err := b.makeOrganization(ctx); err != nil {
		return nil, err
	}
	storage, err := b.serveStorage(ctx)
	if err != nil {
		return nil, err
	}
	defer storage.stop()
	delays := strings.Split(b.o.delays, ",")
	for i, text := range delays {
		delay, err := time.ParseDuration(text)
		if err != nil {
			return nil, err
		}
		storage.delay.Store(int64(delay))
		last := b.o.whole && i == len(delays)-1
		for _, j := range []joining{{home: fmt.Sprintf("at-once%d", i), whole: last}, {home: fmt.Sprintf("later%d", i), later: true}} {
			if err := b.joinOnce(ctx, t, storage, delay, j); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func (b *bench) joinAbout() string {
	return fmt.Sprintf("%d vaults, %d documents, written by `vaultctl import` of people, an eighth of them of another team, and then %d times of one document\n"+
		"each (`go run ./scripts/bench -only joining -vaults N`). A new agent joins through an S3 server on loopback, with a proxy in between\n"+
		"that waits before it hands a request on; the server is `rclone serve s3`, or versitygw (`-versitygw`). The administrator approves and lets the agent\n"+
		"into the team at once, or later, when they have joined; each time the clock runs from the moment that this is on the storage, and the\n"+
		"administrator's daemon is stopped, whose workstation would be another machine. Calls are what the proxy saw; \"processor\" is user and system time of the newcomer's daemon, the\n"+
		"storage's apart, which runs on the same cores. The rival copies the same objects, and neither decrypts nor checks them; with the last latency alone. One run each.",
		b.o.vaults, b.o.vaults*perVault, perVault)
}

// member is another home of the organization.
func (b *bench) member(home string) *bench {
	m := *b
	m.home = home
	m.env = append(slices.Clone(b.env), "VAULTCTL_HOME="+home)
	return &m
}

// joining is one newcomer.
type joining struct {
	home  string // its name
	later bool   // let into the team when they have joined, not right after the approval
	whole bool   // goes on until everything is there and checked, and is compared with a copy
}

// stages writes a row for each stage of one join.
type stages struct {
	t       *table
	delay   time.Duration
	storage *storage
	who     *bench
	at      time.Time
	cpu     time.Duration
}

func (s *stages) begin() {
	s.storage.took()
	s.at, s.cpu = time.Now(), s.who.daemonCPU()
}

func (s *stages) end(what string) {
	wall, cpu, calls := time.Since(s.at), s.who.daemonCPU()-s.cpu, s.storage.took()
	s.row(what, wall, cpu, calls, s.who.daemonMemory("VmHWM"))
	s.begin()
}

func (s *stages) row(what string, wall, cpu time.Duration, calls map[string]int, peak int64) {
	other := 0
	for method, n := range calls {
		if method != "GET" && method != "HEAD" {
			other += n
		}
	}
	s.t.rows = append(s.t.rows, []string{span(s.delay), what, span(wall), span(cpu), fmt.Sprint(calls["GET"]), fmt.Sprint(calls["HEAD"]),
		fmt.Sprint(other), megabytes(peak)})
	fmt.Fprintln(os.Stderr, strings.Join(s.t.rows[len(s.t.rows)-1], " | "))
}

// joinOnce lets one agent join, until they have searched, and perhaps until everything is there.
func (b *bench) joinOnce(ctx context.Context, t *table, st *storage, delay time.Duration, j joining) error {
	admin := b.member(filepath.Join(b.o.org, "admin"))
	paul := b.member(filepath.Join(b.work, j.home))
	defer admin.stopDaemon()
	defer paul.stopDaemon()
	name := fmt.Sprintf("Agent %d", time.Now().UnixMilli())
	s := &stages{t: t, delay: delay, storage: st, who: paul}
	before := time.Now()
	out, _, err := admin.run(ctx, "vaultctl", "status", "--json")
	if err != nil {
		return err
	}
	if !j.later {
		s.row("the administrator's daemon starts and unlocks", time.Since(before), admin.daemonCPU(), nil, admin.daemonMemory("VmHWM"))
	}
	var status struct{ Fingerprint string }
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		return fmt.Errorf("read status: %w", err)
	}
	root := status.Fingerprint
	asked, err := b.ask(ctx, admin, paul, s, root)
	if err != nil {
		return err
	}
	began, err := b.letIn(ctx, admin, paul, s, asked, name, root, j.later)
	if err != nil {
		return err
	}
	if err := paul.lookAround(ctx, s); err != nil {
		return err
	}
	s.row("**in all, to the end of the first search**", time.Since(began), paul.daemonCPU(), nil, paul.daemonMemory("VmHWM"))
	if !j.whole {
		return nil
	}
	if err := paul.fetchAll(ctx, s); err != nil {
		return err
	}
	return b.rivalCopy(ctx, s, st)
}

// letIn approves a newcomer, has them join, and lets them into the team before that or later. It returns when they last began to wait.
func (b *bench) letIn(ctx context.Context, admin, paul *bench, s *stages, q asked, name, root string, later bool) (began time.Time, err error) {
	admit := []string{"team", "member", "add", "desk", name, "--yes"}
	began, err = admin.decide(ctx, "device", "approve", q.Code, "--agent", name, "--role", "agent", "--words", strings.Join(q.Words, " "), "--yes", "--no-input")
	if err == nil && !later {
		began, err = admin.decide(ctx, admit...)
	}
	if err != nil {
		return began, err
	}
	s.begin()
	if _, _, err := paul.run(ctx, "vaultctl", joinCommand(s, root)...); err != nil {
		return began, err
	}
	if !later {
		s.end("`join` reads and folds the journal, with the names")
		return began, nil
	}
	s.end("`join` reads and folds the journal")
	if began, err = admin.decide(ctx, admit...); err != nil {
		return began, err
	}
	s.begin()
	_, _, err = paul.run(ctx, "vaultctl", "sync")
	s.end("let into the team: `sync` brings the names")
	return began, err
}

// decide runs a command of an administrator, and returns when the storage has what it did. Then their daemon is stopped: their
// workstation is another machine.
func (b *bench) decide(ctx context.Context, args ...string) (time.Time, error) {
	for _, args := range [][]string{args, {"sync", "--wait=" + joinPatience}} {
		if _, _, err := b.run(ctx, "vaultctl", args...); err != nil {
			return time.Time{}, err
		}
	}
	b.stopDaemon()
	time.Sleep(serverCache)
	return time.Now(), nil
}

func joinCommand(s *stages, root string) []string {
	return []string{"join", "--root", root, "--remote", s.storage.spec(), "--protect", "keyfile", "--yes", "--wait=" + joinPatience}
}

// ask puts the newcomer's request on the storage, and returns it as the administrator sees it.
func (b *bench) ask(ctx context.Context, admin, paul *bench, s *stages, root string) (asked, error) {
	command := joinCommand(s, root)
	command[len(command)-1] = "--wait=0s"
	if _, _, err := paul.run(ctx, "vaultctl", command...); err == nil {
		return asked{}, errors.New("joined without an approval")
	}
	return admin.waitAsking(ctx)
}

// asked is a request to join as the administrator sees it.
type asked struct {
	Code  string
	Words []string
}

func (b *bench) waitAsking(ctx context.Context) (q asked, err error) {
	for range 300 {
		out, _, err := b.run(ctx, "vaultctl", "device", "list", "--pending", "--json")
		line, _, _ := strings.Cut(out, "\n")
		if err == nil && json.Unmarshal([]byte(line), &q) == nil && q.Code != "" {
			return q, nil
		}
		if ctx.Err() != nil {
			return q, ctx.Err()
		}
		time.Sleep(time.Second)
	}
	return q, errors.New("nobody asks to join")
}

// lookAround measures the first list and search of a newcomer.
func (b *bench) lookAround(ctx context.Context, s *stages) error {
	out, _, err := b.run(ctx, "vaultctl", "beneficiary", "list", "--json")
	if err != nil {
		return err
	}
	s.end(fmt.Sprintf("`beneficiary list`: %d of %d are named", strings.Count(out, `"name":`), strings.Count(out, "\n")))
	if _, _, err := b.run(ctx, "vaultctl", "beneficiary", "list", "--search", "Diallo1"); err != nil {
		return err
	}
	s.end("`beneficiary list --search`")
	return nil
}

// fetchAll measures what the background does then, and a check of all of it.
func (b *bench) fetchAll(ctx context.Context, s *stages) error {
	for {
		out, _, err := b.run(ctx, "vaultctl", "status", "--json")
		if err != nil {
			return err
		}
		var status struct {
			ToFetch int `json:"to_fetch"`
		}
		if err := json.Unmarshal([]byte(out), &status); err != nil {
			return fmt.Errorf("read status: %w", err)
		}
		if status.ToFetch == 0 {
			break
		}
		time.Sleep(2 * time.Second)
	}
	s.end("the rest comes in the background")
	if _, _, err := b.run(ctx, "vaultctl", "verify"); err != nil {
		return err
	}
	s.end("`verify`: the whole history, once more")
	return nil
}

// rivalCopy copies the storage with rclone.
func (b *bench) rivalCopy(ctx context.Context, s *stages, st *storage) error {
	st.took()
	_, took, err := b.run(ctx, "rclone", "copy", st.spec(), filepath.Join(b.work, "copied"), "--transfers", "32", "--checkers", "32",
		"--config", "/dev/null")
	if err != nil {
		return err
	}
	s.row("rival: `rclone copy` of everything", took.wall, took.cpu, st.took(), took.memory)
	return nil
}

// makeOrganization makes the organization unless it is there.
func (b *bench) makeOrganization(ctx context.Context) error {
	if b.o.org == "" {
		b.o.org = filepath.Join(b.work, "organization")
	}
	home := filepath.Join(b.o.org, "admin")
	if _, err := os.Stat(home); err == nil {
		return nil
	}
	remote := filepath.Join(b.o.org, "s3", "vault")
	if err := os.MkdirAll(filepath.Dir(remote), 0o700); err != nil {
		return err
	}
	m := b.member(home)
	defer m.stopDaemon()
	if err := b.writeManifests(); err != nil {
		return err
	}
	people := []string{"--purpose", "case-file", "--verbal", "--yes", "--quiet"}
	steps := [][]string{
		{"init", "--org", "Large", "--agent", "One Agent", "--team", "desk", "--remote", remote, "--protect", "keyfile", "--yes", "--no-input",
			"--json", "--reveal"},
		{"team", "add", "north"},
		append([]string{"import", "desk.csv", "--to", "team:desk"}, people...),
		append([]string{"import", "north.csv", "--to", "team:north"}, people...),
	}
	for p := range perVault {
		steps = append(steps, []string{"import", fmt.Sprintf("part%d.csv", p), "--yes", "--quiet", "--wait=" + joinPatience})
	}
	for _, args := range append(steps, []string{"sync", "--wait=" + joinPatience}) {
		if _, _, err := m.run(ctx, "vaultctl", args...); err != nil {
			return err
		}
	}
	return nil
}

// freeAddress returns an address on loopback that nobody listens at.
func freeAddress(ctx context.Context) (string, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
