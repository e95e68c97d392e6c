package cli

import (
	"fmt"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/termio"
)

// steps shows how far a call of the daemon has come, on one line of a terminal and nowhere else.
func (f *Factory) steps() (report func(api.Progress), done func()) {
	if !f.IO.ErrTTY() || f.globals.quiet {
		return nil, func() {}
	}
	var (
		mu    sync.Mutex // guards shown
		shown bool
	)
	write := func(text string) {
		// Progress that cannot be shown is not worth failing for.
		_, _ = fmt.Fprint(f.IO.Err, "\r\x1b[K"+text)
	}
	report = func(p api.Progress) {
		mu.Lock()
		defer mu.Unlock()
		shown = true
		write(f.IO.CleanErr(stepWords(p)))
	}
	return report, func() {
		mu.Lock()
		defer mu.Unlock()
		if shown {
			write("")
		}
	}
}

func stepWords(p api.Progress) string {
	amount := func(n int64) string {
		if p.Unit == "bytes" {
			return termio.FormatBytes(n)
		}
		return fmt.Sprint(n)
	}
	if p.Total <= 0 {
		return fmt.Sprintf("%s  %s", p.Stage, amount(p.Done))
	}
	return fmt.Sprintf("%s  %s / %s", p.Stage, amount(p.Done), amount(p.Total))
}
