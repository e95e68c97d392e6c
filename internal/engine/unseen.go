package engine

import (
	"strings"

	"vaultctl/internal/vault"
)

// unseen counts which of the superseded objects of a vault are kept until another agent's workstation has seen why.
func (e *Engine) unseen(id vault.BeneficiaryID, objects ...string) int {
	keys, org := e.view()
	if keys == nil {
		return 0
	}
	ov := newOverlay(e.Store, org, keys)
	st, err := ov.state(id)
	if err != nil {
		return 0
	}
	kept, err := e.unsettled(ov, st)
	if err != nil {
		return 0
	}
	n := 0
	for _, p := range objects {
		if kept[p] != nil {
			n++
		}
	}
	return n
}

// unseenIn counts those of a vault, but for manifests, which the person's card alone opens.
func (e *Engine) unseenIn(st *vault.State) int {
	return e.unseen(st.ID, keptDead(st)...)
}

// keptDead returns the superseded objects of a vault that may have to be kept, but for manifests.
func keptDead(st *vault.State) []string {
	var out []string
	for p := range st.Dead {
		if len(st.Waits[p]) > 0 && !isManifest(p) {
			out = append(out, p)
		}
	}
	return out
}

func isManifest(path string) bool { return strings.Contains(path, "/p/") }

// unseenAll counts those of all vaults.
func (e *Engine) unseenAll() int {
	e.mu.RLock()
	defer e.mu.RUnlock()
	n := 0
	for _, s := range e.people {
		n += s.unseen
	}
	return n
}
