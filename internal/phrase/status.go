package phrase

import (
	"fmt"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// Waiting says that sealed bytes are kept until somebody else has seen why they are not used any more.
func Waiting(l lang.Lang, n int) string {
	return l.N(n, "%d sealed object that is no longer in use stays on the storage until a workstation of another agent has seen why; that goes by itself.",
		"%d sealed objects that are no longer in use stay on the storage until a workstation of another agent has seen why; that goes by itself.")
}

// Stage says how far a call has come.
func Stage(l lang.Lang, p api.Progress) string {
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

// Queue says what waits to be sent.
func Queue(l lang.Lang, s *api.Status) string {
	if s.Queued == 0 && s.Unsealed == 0 {
		return l.T("nothing: the storage holds everything")
	}
	words := l.N(s.Queued, "%d object, %s", "%d objects, %s", termio.FormatBytes(s.QueuedBytes))
	if s.Unsealed > 0 {
		words += "; " + l.N(s.Unsealed, "%d change not yet in the journal", "%d changes not yet in the journal")
	}
	return words
}

// Device names this workstation, with its roles.
func Device(s *api.Status) string {
	if len(s.Roles) == 0 {
		return s.Device
	}
	return s.Device + " (" + strings.Join(s.Roles, ", ") + ")"
}

// DeviceState shows the state of a workstation by a sign and a word.
func DeviceState(l lang.Lang, d *api.Device) termio.Cell {
	switch {
	case d.State != "active":
		return termio.Cell{Text: "✗ " + l.T("revoked"), Style: termio.Faint}
	case d.This:
		return termio.Cell{Text: "✓ " + l.T("active, this one"), Style: termio.Good}
	}
	return termio.Cell{Text: "✓ " + l.T("active"), Style: termio.Good}
}

// Severity shows how bad a finding is by a sign and a word.
func Severity(l lang.Lang, text string) termio.Cell {
	switch text {
	case "error":
		return termio.Cell{Text: "✗ " + l.T("error"), Style: termio.Bad}
	case "warning":
		return termio.Cell{Text: "! " + l.T("warning"), Style: termio.Warn}
	}
	return termio.Cell{Text: "✓ " + l.T("note"), Style: termio.Faint}
}
