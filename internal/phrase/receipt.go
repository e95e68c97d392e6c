package phrase

import (
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// Receipt says in lines what ended, who reads on, what is gone and what cannot be taken back. Clean makes text that people
// wrote fit for where the lines go.
func Receipt(l lang.Lang, r *api.Receipt, clean func(string) string) []string {
	var lines []string
	if r.DryRun {
		lines = append(lines, l.T("Nothing was done. This would happen:"))
	}
	section := func(title string, items []string) {
		if len(items) == 0 {
			return
		}
		lines = append(lines, title)
		for _, item := range items {
			lines = append(lines, "  - "+clean(item))
		}
	}
	section(l.T("Ended:"), r.Ended)
	section(l.T("Gone:"), r.Gone)
	section(l.T("Who can still open the vault:"), r.Readers)
	section(l.T("What goes on:"), r.GoesOn)
	section(l.T("What cannot be called back:"), r.NotRecalled)
	section(l.T("Storage:"), Storages(l, r.Remotes))
	switch {
	case r.DryRun && r.ToReseal > 0:
		lines = append(lines, l.N(r.ToReseal, "%d object would be resealed.", "%d objects would be resealed."))
	case !r.DryRun && r.ToReseal > 0:
		lines = append(lines, l.T("Resealed: %d of %d.", r.Resealed, r.ToReseal))
	}
	if len(r.Waiting) > 0 {
		lines = append(lines, l.T("This workstation cannot open the documents: sealing them again waits for a workstation of %s.", clean(strings.Join(r.Waiting, ", "))))
	}
	if r.Unseen > 0 {
		lines = append(lines, Waiting(l, r.Unseen))
	}
	if !r.DryRun {
		lines = append(lines, receiptEnd(l, r))
	}
	return lines
}

// receiptEnd says whether all is done.
func receiptEnd(l lang.Lang, r *api.Receipt) string {
	if r.Complete {
		return "✓ " + l.T("Complete: %s.", Time(l, r.At))
	}
	return "! " + l.T("Recorded at %s. The rest goes on by itself; `vaultctl status` shows how far it is.", Time(l, r.At))
}

// Storages says in lines what each storage still holds of what was to be deleted. Names and notes are as they came.
func Storages(l lang.Lang, remotes []api.RemoteReceipt) []string {
	var lines []string
	for _, remote := range remotes {
		line := remote.Name + " – " + l.N(remote.Deleted, "%d object deleted", "%d objects deleted")
		if remote.Waiting > 0 {
			line += ", " + l.T("%d waiting", remote.Waiting)
		}
		if remote.Kept > 0 {
			line += ", " + l.T("%d kept", remote.Kept)
		}
		if remote.Note != "" {
			line += " (" + remote.Note + ")"
		}
		lines = append(lines, line)
	}
	return lines
}
