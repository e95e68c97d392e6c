package workstation

import (
	"io"

	"vaultctl/internal/engine"
	"vaultctl/internal/lang"
	"vaultctl/internal/plot"
)

// plots adapts plot.
type plots struct{}

func (plots) Bars(w io.Writer, l lang.Lang, p engine.Plot) error {
	bars := make([]plot.Bar, len(p.Bars))
	for i, b := range p.Bars {
		bars[i] = plot.Bar(b)
	}
	return plot.Bars(w, p.Title, l.T("not told"), bars)
}
