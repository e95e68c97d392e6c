package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bench is a throw-away organization with one local-folder remote, and a key pair for stock age of the same kind as the
// organization's own.
type bench struct {
	o            *options
	bin, work    string
	home, remote string
	env          []string
	identity, to string        // age's: file, recipient
	cpu          time.Duration // of every process started here, the daemon's apart
	people       int
	random       *rand.ChaCha8
}

// sample is one measurement.
type sample struct {
	wall, cpu time.Duration
	memory    int64 // peak in bytes of the program that was started; 0 is unknown
}

func newBench(ctx context.Context, o *options, bin, work string) (*bench, error) {
	b := &bench{o: o, bin: bin, work: work, home: filepath.Join(work, "home"), remote: filepath.Join(work, "remote")}
	b.env = append(os.Environ(), "VAULTCTL_HOME="+b.home, "NO_COLOR=1", "VAULTCTL_CONFIG=",
		"PATH="+bin+string(filepath.ListSeparator)+work+string(filepath.ListSeparator)+os.Getenv("PATH"))
	b.random = rand.NewChaCha8([32]byte{byte(time.Now().UnixNano()), byte(time.Now().UnixNano() >> 8)})
	for _, p := range []string{"age", "age-keygen"} {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(work, p), "filippo.io/age/cmd/"+p)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build stock %s: %w: %s", p, err, out)
		}
	}
	b.identity = filepath.Join(work, "key.txt")
	if _, _, err := b.run(ctx, "age-keygen", "-pq", "-o", b.identity); err != nil {
		return nil, err
	}
	to, _, err := b.run(ctx, "age-keygen", "-y", b.identity)
	if err != nil {
		return nil, err
	}
	b.to = strings.TrimSpace(to)
	_, _, err = b.run(ctx, "vaultctl", "init", "--org", "Bench", "--agent", "One Agent", "--team", "desk", "--remote", b.remote,
		"--recovery-shares", "2/3", "--holders", "two of three", "--protect", "keyfile",
		"-o", filepath.Join(work, "sheets.pdf"), "--json", "--reveal", "--yes")
	return b, err
}

// run runs a program to its end and returns its standard output and what it took.
func (b *bench) run(ctx context.Context, name string, args ...string) (string, sample, error) {
	path := filepath.Join(b.work, name)
	for _, dir := range []string{b.bin, b.work} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			path = filepath.Join(dir, name)
			break
		}
		path = name
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Dir = b.env, b.work
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	err := cmd.Run()
	s := sample{wall: time.Since(began)}
	if cmd.ProcessState != nil {
		s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		s.memory = peakOf(cmd.ProcessState)
	}
	b.cpu += s.cpu
	if err != nil {
		return "", s, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args[:min(2, len(args))], " "), err, errs.Bytes())
	}
	return out.String(), s, nil
}

// shell runs the rival's script with stock age on the PATH: $TO is its recipient, $KEY its identity file.
func (b *bench) shell(ctx context.Context, script string) (sample, error) {
	_, s, err := b.run(ctx, "sh", "-euc", "TO="+b.to+" KEY="+b.identity+"\n"+script)
	return s, err
}

// ours runs vaultctl; the daemon's processor time counts.
func (b *bench) ours(ctx context.Context, args ...string) (string, sample, error) {
	before := b.daemonCPU()
	out, s, err := b.run(ctx, "vaultctl", args...)
	s.cpu += b.daemonCPU() - before
	return out, s, err
}

// settle empties the kernel's write queue, so that neither side pays for the other.
func (b *bench) settle(ctx context.Context) error {
	if _, _, err := b.ours(ctx, "sync", "--wait"); err != nil {
		return err
	}
	_, _, err := b.run(ctx, "sync")
	return err
}

// person opens a vault and returns its id.
func (b *bench) person(ctx context.Context) (string, error) {
	b.people++
	out, _, err := b.run(ctx, "vaultctl", "beneficiary", "add", "--family-name", "Person"+strconv.Itoa(b.people), "--given-name", "One",
		"--born", "1985", "--lang", "fr", "--to", "team:desk", "--purpose", "case-file", "--until", "+18mo", "--verbal", "--read-aloud",
		"--json", "--yes")
	if err != nil {
		return "", err
	}
	var v struct{ ID string }
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		return "", fmt.Errorf("read answer of beneficiary add: %w", err)
	}
	return v.ID, nil
}

// randomFile writes size fresh random bytes to a file in the working directory and returns its path.
func (b *bench) randomFile(name string, size int64) (string, error) {
	path := filepath.Join(b.work, name)
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	buf := make([]byte, 1<<20)
	for left := size; left > 0 && err == nil; left -= int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), left)]
		_, _ = b.random.Read(buf)
		_, err = f.Write(buf)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return path, err
}

func (b *bench) stopDaemon() {
	_, _, _ = b.run(context.Background(), "vaultctl", "daemon", "stop")
}

// daemonPID finds the daemon of this home; 0 where there is none or no /proc.
func (b *bench) daemonPID() int {
	dirs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, d := range dirs {
		raw, err := os.ReadFile(d)
		if err != nil {
			continue
		}
		args := strings.Split(string(raw), "\x00")
		if filepath.Base(args[0]) == "vaultd" && slices.Contains(args, b.home) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(d)))
			return pid
		}
	}
	return 0
}

// daemonCPU returns what the daemon has used so far; the kernel counts in hundredths of a second.
func (b *bench) daemonCPU() time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.daemonPID()))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// daemonMemory returns a line of the daemon's status in bytes: VmRSS or VmHWM. 0 is unknown.
func (b *bench) daemonMemory(field string) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.daemonPID()))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if name, value, ok := strings.Cut(line, ":"); ok && name == field {
			kb, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// resetPeak makes VmHWM begin again from what the daemon holds now.
func (b *bench) resetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", b.daemonPID()), []byte("5"), 0) // without it the peak is that of its life
}

// load measures what other processes use.
type load struct {
	at   time.Time
	busy time.Duration
}

func startLoad() load { return load{time.Now(), busyTime()} }

// others returns how many cores other work used on average, given what the measured programs used.
func (l load) others(own time.Duration) float64 {
	return max(0, float64(busyTime()-l.busy-own)/float64(time.Since(l.at)))
}

// busyTime returns what all processors have worked since the system started; 0 where there is no /proc.
func busyTime() time.Duration {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil || runtime.GOOS != "linux" {
		return 0
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	var sum int
	for i, f := range strings.Fields(line)[1:9] {
		if n, err := strconv.Atoi(f); err == nil && i != 3 && i != 4 { // idle, waiting for the disk
			sum += n
		}
	}
	return time.Duration(sum) * 10 * time.Millisecond
}
