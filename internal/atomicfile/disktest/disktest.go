// Package disktest holds what the tests of durable storage share: a disk that fills up, and a process that is killed
// while it writes.
package disktest

import (
	"bufio"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

const dirVariable = "DISKTEST_DIR"

// Dir returns the directory that MustKill's child works in, or skips the test in any other process.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv(dirVariable)
	if dir == "" {
		tb.Skip("runs as the child process of a crash test")
	}
	return dir
}

// MustKill runs the named test of this test binary in a child process, where Dir returns dir, kills it with SIGKILL at
// a random moment after it has written some lines to standard output, and returns the lines, which are whole. The test
// must write one line, in one write, for each thing that it acknowledges, and go on until it is killed.
func MustKill(tb testing.TB, test, dir string, after int) []string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), dirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	var lines []string
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
		if len(lines) == after {
			time.AfterFunc(time.Duration(rand.IntN(5000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || len(lines) < after {
		tb.Fatalf("the child ended by itself after %d lines, %v: %q", len(lines), err, lines)
	}
	return lines
}
