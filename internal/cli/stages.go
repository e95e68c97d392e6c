package cli

import (
	"fmt"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// stages shows the progress that the daemon reports on one line; done takes the line away.
func (f *Factory) stages() (tell func(api.Progress), done func()) {
	line := f.IO.StatusLine()
	l := f.Lang()
	return func(p api.Progress) { line.Show(stageWords(l, p)) }, line.Done
}

// stageWords says how far a call has come.
func stageWords(l lang.Lang, p api.Progress) string {
	label := p.Stage
	if words, ok := stageNames()[p.Stage]; ok {
		label = l.T(words, nil...)
	}
	switch {
	case p.Unit == "bytes" && p.Total > 0:
		return fmt.Sprintf("%s  %s / %s", label, termio.FormatBytes(p.Done), termio.FormatBytes(p.Total))
	case p.Unit == "bytes":
		return fmt.Sprintf("%s  %s", label, termio.FormatBytes(p.Done))
	case p.Total > 0:
		return fmt.Sprintf("%s  %d/%d", label, p.Done, p.Total)
	case p.Done > 0:
		return fmt.Sprintf("%s  %d", label, p.Done)
	}
	return label
}

// stageNames are the stages that the daemon reports.
func stageNames() map[string]string {
	return map[string]string{
		"push":   lang.Key("sending to the storage"),
		"reseal": lang.Key("sealing again"),
		"found":  lang.Key("making keys"),
		"move":   lang.Key("moving"),
		"verify": lang.Key("checking"),
		"undo":   lang.Key("taking back"),

		"approval": lang.Key("waiting for an administrator"),
		"pull":     lang.Key("reading the journal"),
	}
}
