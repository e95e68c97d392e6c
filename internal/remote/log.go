package remote

import (
	"context"
	"log/slog"
	"strings"
	"unicode"

	"github.com/rclone/rclone/fs"
	"github.com/rclone/rclone/fs/config"
	_ "github.com/rclone/rclone/fs/log" // initialised first, because it installs a logger that writes to stderr
	"github.com/rclone/rclone/lib/atexit"

	"vaultctl/internal/remote/quiet"
)

func init() {
	quiet.Done()
	atexit.IgnoreSignals()
	fs.SetLogger(logHandler{})
	installed.current.Store(noConfig())
	config.SetData(&installed)
	// Loading here sets rclone's unguarded "loaded" flag before any goroutine reads it.
	config.LoadedData()
}

// logHandler passes rclone's log records to the program's logger at level Debug. rclone formats paths, addresses and
// sometimes settings into its messages, so only plain words survive.
type logHandler struct{}

func (logHandler) Enabled(ctx context.Context, _ slog.Level) bool {
	return slog.Default().Enabled(ctx, slog.LevelDebug)
}

func (logHandler) Handle(ctx context.Context, record slog.Record) error {
	slog.Default().Log(ctx, slog.LevelDebug, "rclone", "level", record.Level.String(), "text", scrub(record.Message))
	return nil
}

func (h logHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h logHandler) WithGroup(string) slog.Handler      { return h }

// scrub keeps the plain words and small numbers of a message and replaces everything that could be a path, an address,
// a key or a value by an ellipsis.
func scrub(text string) string {
	const maxWords, maxLen = 40, 20
	var out []string
	for _, word := range strings.Fields(text) {
		if len(out) == maxWords {
			break
		}
		bare := strings.Trim(word, ".,:;()")
		if !plainWord(bare, maxLen) {
			word = "…"
		}
		if word == "…" && len(out) > 0 && out[len(out)-1] == "…" {
			continue
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

// plainWord reports whether word is letters, perhaps with a dash or an apostrophe, or a number of up to four digits.
func plainWord(word string, maxLen int) bool {
	if len(word) > maxLen {
		return false
	}
	digits, letters := 0, 0
	for i, c := range word {
		switch {
		case c > unicode.MaxASCII:
			return false
		case unicode.IsDigit(c):
			digits++
		case unicode.IsLetter(c):
			letters++
		case i > 0 && (c == '-' || c == '\''):
		default:
			return false
		}
	}
	return digits == 0 || (letters == 0 && digits <= 4)
}
