package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/coreos/go-systemd/v22/journal"
	"gopkg.in/natefinch/lumberjack.v2"
)

const (
	logDir = "log"
	// The log rotates by size, and goes after half a year: technical logs are kept no longer than they are useful.
	logMegabytes = 10
	logFiles     = 5
	logDays      = 180

	// memoryLimit in bytes is where the collector begins to work harder; it is no hard limit. GOMEMLIMIT overrides it.
	memoryLimit = 256 << 20
)

func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// openLog returns the log: standard error under a service manager that keeps it, a rotated file in the home otherwise.
func openLog(o Options) (*slog.Logger, func(), error) {
	options := &slog.HandlerOptions{Level: o.LogLevel}
	if !o.Detached && managed() {
		return slog.New(slog.NewJSONHandler(os.Stderr, options)), func() {}, nil
	}
	dir := filepath.Join(o.Home, logDir)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, nil, fmt.Errorf("create log directory: %w", withoutPath(err))
	}
	file := &lumberjack.Logger{
		Filename: filepath.Join(dir, "vaultd.log"), MaxSize: logMegabytes, MaxBackups: logFiles, MaxAge: logDays,
	}
	closeLog := func() { _ = file.Close() } // there is no log left to complain to
	return slog.New(slog.NewJSONHandler(file, options)), closeLog, nil
}

// managed reports whether a service manager keeps what goes to standard error.
func managed() bool {
	toJournal, err := journal.StderrIsJournalStream()
	return err == nil && toJournal || os.Getenv("NOTIFY_SOCKET") != ""
}

// withoutPath strips the file name that the os package puts into its errors.
func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
