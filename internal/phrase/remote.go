package phrase

import (
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// Remote says how a remote is doing, and whether it is well.
func Remote(l lang.Lang, r *api.RemoteStatus) (text string, well bool) {
	var words []string
	if r.LastOK != "" {
		words = append(words, l.T("answered %s", Time(l, r.LastOK)))
	}
	if r.Queued > 0 {
		words = append(words, l.N(r.Queued, "%d object to send", "%d objects to send"))
	}
	if r.LastError != "" {
		words = append(words, l.Message(r.LastError))
	}
	return strings.Join(words, ", "), r.LastError == ""
}

// RemoteReport says what a test of a remote found: in a sentence, then as labels with what stands behind them.
func RemoteReport(l lang.Lang, r *api.RemoteReport) (good string, pairs []string) {
	good = l.T("%s stores, returns and deletes.", r.Name)
	if r.Features["deletes"] == "no" {
		good = l.T("%s stores and returns; it does not let this workstation delete: a custodian has to.", r.Name)
	}
	names := map[string]string{
		"backend": l.T("storage"), "hashes": l.T("hashes"), "server_side": l.T("on its own"),
		"after_deletion": l.T("kept after deletion"), "verified_by": l.T("uploads verified by"),
	}
	for _, key := range []string{"backend", "verified_by", "after_deletion", "hashes", "server_side"} {
		pairs = append(pairs, names[key], r.Features[key])
	}
	return good, pairs
}

// Cleaned says in lines what a cleaning of a remote deleted, or would delete, and what stays.
func Cleaned(l lang.Lang, r *api.Cleaned) []string {
	count := r.Tombstoned + r.Orphaned + r.Joins
	done := l.N(count-r.Refused, "%d object deleted", "%d objects deleted")
	if r.DryRun {
		done = l.N(count, "%d object would be deleted", "%d objects would be deleted")
	}
	lines := []string{r.Remote + " – " + done + "."}
	if r.Refused > 0 {
		lines = append(lines, l.N(r.Refused, "The storage does not let this workstation delete %d object: a custodian has to.",
			"The storage does not let this workstation delete %d objects: a custodian has to."))
	}
	if r.Missing > 0 {
		lines = append(lines, l.N(r.Missing, "%d object was missing there and is sent again, if this workstation or another storage has it.",
			"%d objects were missing there and are sent again, if this workstation or another storage has them."))
	}
	if r.Waiting > 0 {
		lines = append(lines, l.N(r.Waiting, "%d object of a revoked workstation stays until 30 days have passed.", "%d objects of revoked workstations stay until 30 days have passed."))
	}
	if r.Unknown > 0 {
		lines = append(lines, l.N(r.Unknown, "%d object is not known here and stays; `vaultctl verify` names it.", "%d objects are not known here and stay; `vaultctl verify` names them."))
	}
	return lines
}
