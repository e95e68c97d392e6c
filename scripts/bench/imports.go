package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	scans       = 10_000
	scansBytes  = 1_200_000_000
	scansPerson = 5
	// loopScans is how many of the scans the shell loop seals: all of them would take it minutes.
	loopScans = 500
)

var importsHead = []string{"what", "here", "rival", "ratio", "processor here", "processor rival", "target"}

// imports brings many small documents in, against what else encrypts them into a folder.
func imports(ctx context.Context, b *bench) (*table, error) {
	t := &table{title: "An import", head: importsHead, about: fmt.Sprintf("%d documents of log-normal size (sigma 1, fixed seed), %d MB in all, of %d people, through `vaultctl import --wait`: sealed, durable,\n"+
		"indexed and on a local-folder remote, read back there. Against `rclone copy` to a crypt remote (rclone of the pinned module), `restic backup`,\n"+
		"and a shell loop of `age` with one `rclone copy` (measured on the first %d documents and scaled by number), each followed by `sync`. Then again\n"+
		"with nothing changed. One run each.", scans, scansBytes/1_000_000, scans/scansPerson, loopScans)}
	if err := b.makeScans(ctx); err != nil {
		return nil, err
	}
	if _, _, err := b.run(ctx, "vaultctl", "import", "people.csv", "--to", "team:desk", "--purpose", "case-file", "--verbal", "--yes"); err != nil {
		return nil, err
	}
	for _, again := range []bool{false, true} {
		if err := b.importRound(ctx, t, again); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// importRound measures every side once.
func (b *bench) importRound(ctx context.Context, t *table, again bool) error {
	if err := b.settle(ctx); err != nil {
		return err
	}
	b.resetPeak()
	_, ours, err := b.ours(ctx, "import", "scans.csv", "--wait=10m", "--quiet")
	if err != nil {
		return err
	}
	if !again {
		t.rows = append(t.rows, []string{"peak memory of the daemon", megabytes(b.daemonMemory("VmHWM")), "", "", "", "", "≤ 200 MB"},
			[]string{"peak memory of vaultctl", megabytes(ours.memory), "", "", "", "", "≤ 60 MB"})
	}
	row := func(rival, target string, r sample) {
		what := "import"
		if again {
			what = "nothing changed"
		}
		t.rows = append(t.rows, []string{what + " / " + rival, span(ours.wall), span(r.wall), ratio(ours.wall, r.wall), span(ours.cpu), span(r.cpu), target})
	}
	rclone, err := b.rcloneCopy(ctx, again)
	if err != nil {
		return err
	}
	row("rclone copy to crypt", either(again, "≤ 0.50 of the faster", "≤ 0.80"), rclone)
	restic, err := b.resticBackup(ctx, again)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		t.rows = append(t.rows, []string{"restic backup", "", "not installed", "", "", "", ""})
	case err != nil:
		return err
	default:
		row("restic backup", either(again, "≤ 0.50 of the faster", "≤ 0.60"), restic)
	}
	if again {
		return nil
	}
	loop, err := b.ageLoop(ctx)
	if err != nil {
		return err
	}
	row("loop of age, rclone copy (scaled)", "≤ 0.10", loop)
	return nil
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// rcloneCopy builds rclone of the pinned module and copies to a crypt remote.
func (b *bench) rcloneCopy(ctx context.Context, again bool) (sample, error) {
	if !again {
		if err := b.buildRclone(ctx); err != nil {
			return sample{}, err
		}
		secret, _, err := b.run(ctx, "rclone", "obscure", "a long enough passphrase")
		if err != nil {
			return sample{}, err
		}
		b.env = append(b.env, "RCLONE_CONFIG=", "RCLONE_CONFIG_CRYPT_TYPE=crypt", "RCLONE_CONFIG_CRYPT_REMOTE="+filepath.Join(b.work, "crypt"),
			"RCLONE_CONFIG_CRYPT_PASSWORD="+strings.TrimSpace(secret))
	}
	if err := b.settle(ctx); err != nil {
		return sample{}, err
	}
	return b.shell(ctx, "rclone copy scans crypt: && sync")
}

func (b *bench) buildRclone(ctx context.Context) error {
	version, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", "github.com/rclone/rclone").Output()
	if err != nil {
		return fmt.Errorf("find the version of rclone: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "install", "github.com/rclone/rclone@"+strings.TrimSpace(string(version)))
	cmd.Env = append(os.Environ(), "GOBIN="+b.work, "CGO_ENABLED=0", "GOFLAGS=-trimpath")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build rclone: %w: %s", err, out)
	}
	return nil
}

// resticBackup backs the scans up into a repository in a folder.
func (b *bench) resticBackup(ctx context.Context, again bool) (sample, error) {
	if _, err := exec.LookPath("restic"); err != nil {
		return sample{}, err
	}
	if !again {
		b.env = append(b.env, "RESTIC_PASSWORD=a long enough passphrase", "RESTIC_REPOSITORY="+filepath.Join(b.work, "restic"),
			"RESTIC_CACHE_DIR="+filepath.Join(b.work, "restic-cache"))
		if _, _, err := b.run(ctx, "restic", "init", "-q"); err != nil {
			return sample{}, err
		}
	}
	if err := b.settle(ctx); err != nil {
		return sample{}, err
	}
	return b.shell(ctx, "restic backup -q scans && sync")
}

// ageLoop seals some of the scans one by one, copies them, and scales the time to all of them.
func (b *bench) ageLoop(ctx context.Context) (sample, error) {
	if err := b.settle(ctx); err != nil {
		return sample{}, err
	}
	s, err := b.shell(ctx, fmt.Sprintf("mkdir loop; for f in $(find scans -type f | sort | head -%d); do age -r $TO -o loop/$(basename $f) $f; done; rclone copy loop looped && sync", loopScans))
	s.wall *= scans / loopScans
	s.cpu *= scans / loopScans
	return s, err
}

// makeScans writes the documents, one folder for each person, and the two manifests.
func (b *bench) makeScans(ctx context.Context) (err error) {
	random := rand.New(rand.NewPCG(2026, 11))
	sizes, sum := make([]float64, scans), 0.0
	for i := range sizes {
		sizes[i] = math.Exp(random.NormFloat64())
		sum += sizes[i]
	}
	docs, people := newLines(b.work, "scans.csv"), newLines(b.work, "people.csv")
	docs.add("path;beneficiary;type")
	people.add("ref;family_name;given_name;born")
	for i, size := range sizes {
		ref := fmt.Sprintf("P%05d", i/scansPerson)
		if i%scansPerson == 0 {
			people.add(fmt.Sprintf("BENCH:%s;Person%s;One;1985", ref, ref))
			if err := os.MkdirAll(filepath.Join(b.work, "scans", ref), 0o700); err != nil {
				return err
			}
		}
		name := filepath.Join("scans", ref, fmt.Sprintf("%05d.pdf", i))
		if _, err := b.randomFile(name, int64(size/sum*scansBytes)+1); err != nil {
			return err
		}
		docs.add(fmt.Sprintf("%s;ref:BENCH:%s;other", name, ref))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return errors.Join(docs.close(), people.close())
}

// lines is a text file being written; the first error stays.
type lines struct {
	f   *os.File
	w   *bufio.Writer
	err error
}

func newLines(dir, name string) *lines {
	f, err := os.Create(filepath.Join(dir, name))
	return &lines{f: f, w: bufio.NewWriter(f), err: err}
}

func (l *lines) add(line string) {
	if l.err == nil {
		_, l.err = l.w.WriteString(line + "\r\n")
	}
}

func (l *lines) close() error {
	if l.err == nil {
		l.err = l.w.Flush()
	}
	if l.f == nil {
		return l.err
	}
	return errors.Join(l.err, l.f.Close())
}
