package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
)

// stream deposits one large document until it is durable on the remote, and watches the daemon's memory.
func stream(ctx context.Context, b *bench) (*table, error) {
	t := &table{title: "A large document", head: versusHead,
		about: fmt.Sprintf("%d MiB of random bytes, from the page cache, until durable here and read back on the remote (`document add --wait`),\n"+
			"against `age -r … -o x.age FILE && cp x.age remote/ && sync`. In turns, %d runs.", b.o.mib, b.o.runs)}
	who, err := b.person(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(b.work, "rival"), 0o700); err != nil {
		return nil, err
	}
	var ours, rival []sample
	var peak int64
	for range b.o.runs {
		file, err := b.randomFile("large", b.o.mib<<20)
		if err != nil {
			return nil, err
		}
		if err := b.settle(ctx); err != nil {
			return nil, err
		}
		s, err := b.shell(ctx, "age -r $TO -o x.age '"+file+"' && cp x.age rival/ && sync")
		if err != nil {
			return nil, err
		}
		rival = append(rival, s)
		if _, err := b.shell(ctx, "rm x.age rival/x.age"); err != nil {
			return nil, err
		}
		if err := b.settle(ctx); err != nil {
			return nil, err
		}
		b.resetPeak()
		if _, s, err = b.ours(ctx, "document", "add", who, file, "--type", "other", "--wait"); err != nil {
			return nil, err
		}
		ours = append(ours, s)
		peak = max(peak, b.daemonMemory("VmHWM"))
	}
	t.rows = append(t.rows, versus("deposit", ours, rival, "≤ 1.00"),
		[]string{"peak memory of the daemon meanwhile", megabytes(peak), "", "", "", "", "", "≤ 150 MB"})
	return t, nil
}

// withdrawals withdraws the only consent to a vault of five documents and waits for the verified reseal.
func withdrawals(ctx context.Context, b *bench) (*table, error) {
	runs := max(b.o.runs, 7)
	t := &table{title: "Withdrawal", head: versusHead,
		about: fmt.Sprintf("`consent withdraw --wait` on a vault of 5 documents of 200 kB: recorded, resealed, pushed, read back, the old objects deleted,\n"+
			"against `age -d | age -r`, `cp` and `sync` of the same 5 files. In turns, %d runs.", runs)}
	var ours, rival []sample
	for range runs {
		who, err := b.person(ctx)
		if err != nil {
			return nil, err
		}
		for i := range 5 {
			file, err := b.randomFile(fmt.Sprintf("paper%d", i), 200_000)
			if err != nil {
				return nil, err
			}
			if _, _, err := b.ours(ctx, "document", "add", who, file, "--type", "other"); err != nil {
				return nil, err
			}
		}
		if _, err := b.shell(ctx, "mkdir -p old new copies; for i in 0 1 2 3 4; do age -r $TO -o old/$i paper$i; done"); err != nil {
			return nil, err
		}
		if err := b.settle(ctx); err != nil {
			return nil, err
		}
		s, err := b.shell(ctx, "for i in 0 1 2 3 4; do age -d -i $KEY old/$i | age -r $TO -o new/$i; cp new/$i copies/; rm old/$i; done; sync")
		if err != nil {
			return nil, err
		}
		rival = append(rival, s)
		out, s, err := b.ours(ctx, "consent", "withdraw", who, "--yes", "--wait=1m", "--json")
		if err != nil {
			return nil, err
		}
		var receipt api.Receipt
		if err := json.Unmarshal([]byte(out), &receipt); err != nil {
			return nil, fmt.Errorf("read receipt: %w", err)
		}
		if !receipt.Complete || receipt.Resealed < 5 {
			return nil, errors.New("the withdrawal was not complete")
		}
		ours = append(ours, s)
	}
	t.rows = append(t.rows, versus("withdrawal", ours, rival, "≤ 150 ms"))
	return t, nil
}

const (
	papers    = 200
	paperSize = 100_000
	callers   = 16
)

// deposits makes many small deposits: one command each, one command for all, and concurrent calls of the API.
func deposits(ctx context.Context, b *bench) (*table, error) {
	t := &table{title: "Small documents", head: versusHead,
		about: fmt.Sprintf("%d documents of 100 kB, each durable when it is acknowledged, and all on the remote in the end, against a shell loop of `age` and\n"+
			"`cp` with one `sync` at its end, and against a loop that makes each file durable like the daemon does. In turns, %d runs.", papers, b.o.runs)}
	var one, all, many, loop, safe []sample
	for range b.o.runs {
		names := make([]string, papers)
		for i := range names {
			var err error
			if names[i], err = b.randomFile(fmt.Sprintf("small%d", i), paperSize); err != nil {
				return nil, err
			}
		}
		for _, step := range []struct {
			to *[]sample
			do func() (sample, error)
		}{
			{&loop, func() (sample, error) { return b.loop(ctx, "") }},
			{&safe, func() (sample, error) { return b.loop(ctx, "sync out/$i copy/$i;") }},
			{&one, func() (sample, error) { return b.oneByOne(ctx, names) }},
			{&all, func() (sample, error) { return b.together(ctx, names) }},
			{&many, func() (sample, error) { return b.concurrent(ctx, names) }},
		} {
			if err := b.settle(ctx); err != nil {
				return nil, err
			}
			s, err := step.do()
			if err != nil {
				return nil, err
			}
			*step.to = append(*step.to, s)
		}
	}
	t.rows = append(t.rows,
		versus("one command each / loop with one sync", one, loop, ""),
		versus("one command each / loop, each durable", one, safe, ""),
		versus("one command for all / loop with one sync", all, loop, ""),
		versus(fmt.Sprintf("%d callers of the API / loop with one sync", callers), many, loop, ""))
	return t, nil
}

func (b *bench) loop(ctx context.Context, each string) (sample, error) {
	return b.shell(ctx, fmt.Sprintf("rm -rf out copy; mkdir out copy; i=0; while [ $i -lt %d ]; do age -r $TO -o out/$i small$i; cp out/$i copy/; %s i=$((i+1)); done; sync",
		papers, each))
}

// timed measures a use of the daemon by several commands or calls, up to the moment when the remote has everything.
func (b *bench) timed(ctx context.Context, do func() error) (sample, error) {
	cpu, began := b.cpu+b.daemonCPU(), time.Now()
	if err := do(); err != nil {
		return sample{}, err
	}
	_, _, err := b.run(ctx, "vaultctl", "sync", "--wait")
	return sample{wall: time.Since(began), cpu: b.cpu + b.daemonCPU() - cpu}, err
}

func (b *bench) oneByOne(ctx context.Context, names []string) (sample, error) {
	who, err := b.person(ctx)
	if err != nil {
		return sample{}, err
	}
	return b.timed(ctx, func() error {
		for _, name := range names {
			if _, _, err := b.run(ctx, "vaultctl", "document", "add", who, name, "--type", "other"); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bench) together(ctx context.Context, names []string) (sample, error) {
	who, err := b.person(ctx)
	if err != nil {
		return sample{}, err
	}
	return b.timed(ctx, func() error {
		_, _, err := b.run(ctx, "vaultctl", append([]string{"document", "add", who, "--type", "other"}, names...)...)
		return err
	})
}

func (b *bench) concurrent(ctx context.Context, names []string) (sample, error) {
	who, err := b.person(ctx)
	if err != nil {
		return sample{}, err
	}
	c, err := apiclient.Connect(ctx, apiclient.Options{Home: b.home, NoAutostart: true, Version: "bench"})
	if err != nil {
		return sample{}, err
	}
	defer c.Close()
	return b.timed(ctx, func() error {
		work := make(chan string)
		errs := make([]error, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				for name := range work {
					if err := deposit(ctx, c, who, name); err != nil {
						errs[i] = err
					}
				}
			})
		}
		for _, name := range names {
			work <- name
		}
		close(work)
		wg.Wait()
		return errors.Join(errs...)
	})
}

func deposit(ctx context.Context, c *apiclient.Client, who, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	kind := "other"
	req := api.DocumentAddRequest{Beneficiary: who, Fields: api.DocumentFields{Type: &kind}, FileName: strings.TrimSpace(filepath.Base(name)), Size: paperSize}
	_, err = apiclient.Upload[api.Document](ctx, c, api.RouteDocumentAdd, req, apiclient.Part{Reader: f, Name: api.PartContent})
	return err
}
