package cli

import (
	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
)

// stages shows the progress that the daemon reports on one line; done takes the line away.
func (f *Factory) stages() (tell func(api.Progress), done func()) {
	line := f.IO.StatusLine()
	l := f.Lang()
	return func(p api.Progress) { line.Show(phrase.Stage(l, p)) }, line.Done
}
