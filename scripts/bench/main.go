// Command bench measures the two programs end to end, each figure against its rival (stock age, cp, sync, true) in the
// same run on the same files, in turns. It prints one table for each topic and writes it to DIR/<topic>.md.
//
// Nothing here passes or fails: a target is printed beside the figure, and the reader judges. The tables say how busy
// the machine was with other work, because a figure from a busy machine is an upper bound.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

// options say what is measured, where, and how often.
type options struct {
	bin, out, work string
	runs           int
	mib            int64
	only           string
	vaults         int
	org, rclone    string
	versitygw      string
	delays         string
	whole          bool
}

// topic is one table.
type topic struct {
	name    string
	measure func(context.Context, *bench) (*table, error)
}

var topics = []topic{{"commands", commands}, {"deposits", deposits}, {"withdrawal", withdrawals}, {"stream", stream}, {"imports", imports},
	{joiningTopic, joinings}}

// joiningTopic takes an hour, and is measured when it is asked for.
const joiningTopic = "joining"

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin", "directory with vaultctl and vaultd")
	flag.StringVar(&o.out, "o", "docs/bench", "directory for the tables; \"\" writes none")
	flag.StringVar(&o.work, "work", "", "directory on the disk to be measured; the system's temporary one if empty")
	flag.IntVar(&o.runs, "runs", 3, "how often each figure is taken; the median counts")
	flag.Int64Var(&o.mib, "mib", 1024, "size of the large document in MiB")
	flag.StringVar(&o.only, "only", "", "topics, separated by commas; all if empty")
	flag.IntVar(&o.vaults, "vaults", 16_000, "joining: vaults of the organization, with five documents each")
	flag.StringVar(&o.org, "org", "", "joining: directory that keeps the organization for further runs; it is made where it is missing")
	flag.StringVar(&o.rclone, "rclone", "", "joining: the rclone program; that of the pinned module is built if empty")
	flag.StringVar(&o.versitygw, "versitygw", "", "joining: the versitygw program, to serve the storage in the place of `rclone serve s3`")
	flag.StringVar(&o.delays, "delays", "40ms,0s", "joining: latencies in front of the storage")
	flag.BoolVar(&o.whole, "whole", true, "joining: with the last latency all is fetched, and the rival run; that takes most of the time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, &o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) (err error) {
	bin, err := filepath.Abs(o.bin)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(o.work, "bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	b, err := newBench(ctx, o, bin, work)
	if err != nil {
		return err
	}
	defer b.stopDaemon()
	for _, t := range topics {
		if o.only == "" && t.name == joiningTopic || o.only != "" && !slices.Contains(strings.Split(o.only, ","), t.name) {
			continue
		}
		load := startLoad()
		b.cpu = 0
		before := b.daemonCPU()
		tab, err := t.measure(ctx, b)
		if err != nil {
			return fmt.Errorf("measure %s: %w", t.name, err)
		}
		text := tab.render(machine(ctx, work), load.others(b.cpu+b.daemonCPU()-before))
		fmt.Println(text)
		if o.out == "" {
			continue
		}
		if err := os.MkdirAll(o.out, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(o.out, t.name+".md"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
