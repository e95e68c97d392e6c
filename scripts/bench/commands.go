package main

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// noops is how often a command that does nothing is run: each takes milliseconds.
const noops = 50

// commands measures what every command pays: starting, asking the daemon, and starting that.
func commands(ctx context.Context, b *bench) (*table, error) {
	t := &table{title: "Commands", about: "A command that only asks the daemon, against programs that do nothing. Medians; sizes and memory as they are.",
		head: []string{"what", "measured", "target"}}
	if _, _, err := b.ours(ctx, "status"); err != nil {
		return nil, err
	}
	lists := map[string][]sample{}
	rivals := [][]string{{"vaultctl", "status"}, {"vaultctl", "version"}, {"age", "--version"}, {"true"}}
	for range noops {
		for _, r := range rivals {
			_, s, err := b.run(ctx, r[0], r[1:]...)
			if err != nil {
				return nil, err
			}
			lists[r[0]+r[len(r)-1]] = append(lists[r[0]+r[len(r)-1]], s)
		}
	}
	t.rows = append(t.rows,
		[]string{"vaultctl status, daemon running", span(median(lists["vaultctlstatus"]).wall), "≤ 10 ms"},
		[]string{"vaultctl version, no daemon asked", span(median(lists["vaultctlversion"]).wall), ""},
		[]string{"rival: age --version", span(median(lists["age--version"]).wall), ""},
		[]string{"rival: true", span(median(lists["truetrue"]).wall), ""})
	for _, p := range []struct{ name, target string }{{"vaultctl", "≤ 25 MB"}, {"vaultd", ""}} {
		info, err := os.Stat(filepath.Join(b.bin, p.name))
		if err != nil {
			return nil, err
		}
		t.rows = append(t.rows, []string{"size of " + p.name, megabytes(info.Size()), p.target})
	}
	var starts []sample
	for range max(b.o.runs, 3) {
		b.stopDaemon()
		_, s, err := b.run(ctx, "vaultctl", "status")
		if err != nil {
			return nil, err
		}
		starts = append(starts, s)
	}
	t.rows = append(t.rows, []string{"vaultctl status, daemon started by it", span(median(starts).wall), ""})
	select { // what the start left behind is collected, and returned to the system, within seconds
	case <-time.After(10 * time.Second):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	t.rows = append(t.rows, []string{"memory of the daemon, idle", megabytes(b.daemonMemory("VmRSS")), ""},
		[]string{"its peak while starting", megabytes(b.daemonMemory("VmHWM")), ""})
	return t, nil
}
