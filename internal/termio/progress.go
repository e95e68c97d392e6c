package termio

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Progress is a single line on Err that says how far a transfer is. On anything but a terminal, and with --quiet,
// it does nothing. Its methods may be used concurrently.
type Progress struct {
	label string
	total int64
	width int
	now   func() time.Time

	mu      sync.Mutex // guards what follows
	w       io.Writer  // nil: silent
	done    int64
	started time.Time
	shown   time.Time
}

// Progress starts a line for a transfer of total bytes; 0 or less means that the size is not known.
func (s *IO) Progress(label string, total int64) *Progress {
	p := &Progress{label: s.cleanFor(true, label), total: total, width: s.width, now: time.Now}
	if s.errTTY && !s.quiet {
		p.w = s.Err
	}
	p.started = p.now()
	return p
}

// Add counts n more bytes and redraws the line at most ten times per second.
func (p *Progress) Add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil {
		return
	}
	p.done += n
	now := p.now()
	if now.Sub(p.started) < 300*time.Millisecond || now.Sub(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = now
	// Progress that cannot be shown is not worth failing a transfer.
	_, _ = io.WriteString(p.w, "\r\x1b[K"+truncate(p.line(now), p.width-1))
}

// line is called with p.mu held.
func (p *Progress) line(now time.Time) string {
	seconds := now.Sub(p.started).Seconds()
	rate := float64(p.done) / seconds
	text := fmt.Sprintf("%s  %s  %s/s", p.label, FormatBytes(p.done), FormatBytes(int64(rate)))
	if p.total <= 0 || rate <= 0 {
		return text
	}
	left := time.Duration(float64(max(0, p.total-p.done)) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%s  %3d%%  %s", text, min(100, p.done*100/p.total), left)
}

// Reader returns r counting into p.
func (p *Progress) Reader(r io.Reader) io.Reader { return &countingReader{r, p} }

type countingReader struct {
	r io.Reader
	p *Progress
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.Add(int64(n))
	return n, err
}

// Done removes the line. It may be called more than once.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil && !p.shown.IsZero() {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
	p.w = nil
}

// FormatBytes writes a size for a person, in binary units: "512 B", "1.4 MiB".
func FormatBytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1024 && unit < 5 {
		value, unit = value/1024, unit+1
	}
	return strings.Replace(fmt.Sprintf("%.1f %ciB", value, "KMGTPE"[unit]), ".0 ", " ", 1)
}
