package phrase

import (
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// Approved says in lines what approving a workstation did, and what is still to be done.
func Approved(l lang.Lang, a *api.Approved) []string {
	var lines []string
	if a.Enrolled {
		lines = append(lines, l.T("Enrolled: a workstation of %s (%s). It goes on by itself.", a.Agent, strings.Join(a.Roles, ", ")))
	}
	if len(a.Teams) > 0 {
		lines = append(lines, l.T("It opens the vaults consented to: %s", strings.Join(a.Teams, ", ")))
	}
	if a.NewAgent && len(a.Teams) == 0 && strings.Contains(strings.Join(a.Roles, " "), "agent") {
		lines = append(lines, l.T("%s is in no team yet: a member lets them in with `vaultctl team member add TEAM %s`.", a.Agent, a.AgentID))
	}
	if a.Enrolled && !a.NewAgent && len(a.Teams) == 0 && strings.Contains(strings.Join(a.Roles, " "), "agent") {
		lines = append(lines, l.T("%s lets it into their teams: the same command on a workstation that they use.", a.Agent))
	}
	return lines
}

// TeamNotes says in lines what is still on its way after a team was changed.
func TeamNotes(l lang.Lang, t *api.Team) []string {
	var lines []string
	if t.Waiting {
		lines = append(lines, "! "+l.T("A workstation of a member has to make the team's new key: it does so by itself when it hears of this."))
	}
	if t.Queued {
		lines = append(lines, "! "+l.T("The storage does not hold this yet: the others hear of it when it does."))
	}
	return lines
}

// Removal says in lines what the end of a workstation or an agent brought about. Clean makes text that people wrote fit for
// where the lines go.
func Removal(l lang.Lang, r *api.Removal, clean func(string) string) []string {
	lines := []string{"✓ " + l.N(len(r.Devices), "%d workstation of %s is revoked", "%d workstations of %s are revoked", clean(r.Agent))}
	if len(r.Teams) > 0 {
		lines = append(lines, l.T("Left: %s", clean(strings.Join(r.Teams, ", "))))
	}
	if len(r.Waiting) > 0 {
		lines = append(lines, "! "+l.T("A workstation of a member has to make the new key of %s: it does so by itself when it hears of this.", clean(strings.Join(r.Waiting, ", "))))
	}
	if r.Resealing > 0 {
		lines = append(lines, "· "+l.N(r.Resealing, "%d vault is sealed anew in the background", "%d vaults are sealed anew in the background"))
	}
	lines = append(lines, l.T("What was read before cannot be called back."))
	if r.Queued {
		lines = append(lines, "! "+l.T("The storage does not hold this yet: the others hear of it when it does."))
	}
	return lines
}
