package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// table is what a topic found.
type table struct {
	title, about string
	head         []string
	rows         [][]string
}

// render lays the table out as Markdown with aligned columns.
func (t *table) render(machine string, others float64) string {
	var s strings.Builder
	fmt.Fprintf(&s, "# %s\n\n%s\n\n", t.title, t.about)
	all := append([][]string{t.head}, t.rows...)
	width := make([]int, len(t.head))
	for _, r := range all {
		for i, c := range r {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	for n, r := range all {
		for i, c := range r {
			fmt.Fprintf(&s, "| %-*s ", width[i], c)
		}
		s.WriteString("|\n")
		if n == 0 {
			for _, w := range width {
				s.WriteString("|" + strings.Repeat("-", w+2))
			}
			s.WriteString("|\n")
		}
	}
	fmt.Fprintf(&s, "\nMachine: %s. Other work used %.1f cores on average during these runs.\n", machine, others)
	return s.String()
}

// median returns the sample in the middle by time.
func median(in []sample) sample {
	s := slices.Clone(in)
	slices.SortFunc(s, func(a, b sample) int { return int(a.wall - b.wall) })
	return s[len(s)/2]
}

// fastest returns the shortest time, which other work has disturbed least.
func fastest(in []sample) time.Duration {
	return slices.MinFunc(in, func(a, b sample) int { return int(a.wall - b.wall) }).wall
}

// versus is a row of a comparison: the median of each side, the ratio of the medians, and that of the fastest.
func versus(what string, ours, rival []sample, target string) []string {
	o, r := median(ours), median(rival)
	return []string{what, span(o.wall), span(r.wall), ratio(o.wall, r.wall), ratio(fastest(ours), fastest(rival)), span(o.cpu), span(r.cpu), target}
}

var versusHead = []string{"what", "here", "rival", "ratio", "ratio of the fastest", "processor here", "processor rival", "target"}

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f", float64(a)/float64(b)) }

func span(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 20*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func megabytes(n int64) string {
	if n == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// machine describes where this runs without naming it.
func machine(ctx context.Context, dir string) string {
	parts := []string{fmt.Sprintf("%d cores, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)}
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		info := string(raw)
		if _, after, ok := strings.Cut(info, "cpu MHz"); ok {
			mhz, _, _ := strings.Cut(strings.TrimLeft(after, "\t :"), "\n")
			if f, err := strconv.ParseFloat(mhz, 64); err == nil {
				parts = append(parts, fmt.Sprintf("%.1f GHz", f/1000))
			}
		}
		if strings.Contains(info, " sha_ni") || strings.Contains(info, " sha2") {
			parts = append(parts, "with SHA-256 instructions")
		} else {
			parts = append(parts, "no SHA-256 instructions")
		}
	}
	if raw, err := os.ReadFile("/proc/meminfo"); err == nil {
		if f := strings.Fields(string(raw)); len(f) > 1 {
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			parts = append(parts, fmt.Sprintf("%d GB of memory", (kb<<10)/1e9))
		}
	}
	if out, err := exec.CommandContext(ctx, "findmnt", "-n", "-o", "FSTYPE", "-T", dir).Output(); err == nil {
		parts = append(parts, "file system "+strings.TrimSpace(string(out)))
	}
	return strings.Join(append(parts, runtime.Version()), ", ")
}
