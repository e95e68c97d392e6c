package engine

import (
	"slices"
	"time"

	"vaultctl/internal/vault"
)

// What a reader removed, replaced or left out is kept on the remotes until another agent's workstation has seen that it was:
// see vault/settled.go. The first that sees it tombstones it, and that is what witnesses the act; the others follow one after
// another where it does not. Nobody is asked, and a locked workstation does nothing.

const (
	// quietWait is how long a manifest that was replaced waits for what somebody writes in the vault anyway.
	quietWait = 24 * time.Hour
	// weighEvery is how long what was not settled is left alone where nothing was heard of the vault.
	weighEvery = 10 * time.Minute
)

// burial is what a look at the superseded objects of a vault came to.
type burial struct {
	last vault.Pos // what was the last event then
	org  *vault.Org
	at   time.Time
	due  bool          // there is something that this device may bury
	wait time.Duration // how long it leaves that to others
	key  string        // of when it began to wait
}

// evidence returns by what this device judges which acts in a vault are settled. By is the agent who is about to bury.
func (e *Engine) evidence(ov *overlay, id vault.BeneficiaryID, by vault.AgentID) (*vault.Evidence, error) {
	recs, err := ov.records(string(id))
	if err != nil {
		return nil, err
	}
	heads, org := e.pastNow(), ov.org
	return &vault.Evidence{Org: org, Records: recs, By: by,
		Heard: func(d vault.DeviceID) vault.Past { return e.heardPast(d, org, heads) },
		Whole: func(p vault.Past) bool {
			for w, n := range p {
				d := org.Devices[w.Device()]
				if d != nil && d.Active() && d.Device != org.Here && n > heads[w] {
					return false
				}
			}
			return true
		}}, nil
}

// heardPast returns what a device says to have seen in its last segment that is here.
func (e *Engine) heardPast(id vault.DeviceID, org *vault.Org, heads vault.Past) vault.Past {
	if id == org.Here {
		return heads
	}
	out := vault.Past{}
	for w, n := range heads {
		var info segmentInfo
		if w.Device() != id || n == 0 || getJSON(e.Store, bucketSegments, segmentKey(w, n-1), &info) != nil {
			continue
		}
		out.Merge(info.Past)
	}
	return out
}

// buriable returns what of a vault is to be tombstoned now, by the agent.
func (e *Engine) buriable(ov *overlay, st *vault.State, by vault.AgentID) ([]string, error) {
	if len(st.Dead) == 0 || len(st.Waits) == 0 {
		return st.DeadPaths(), nil
	}
	v, err := e.evidence(ov, st.ID, by)
	if err != nil {
		return nil, err
	}
	return st.Buriable(v), nil
}

// unsettled returns the superseded objects of a vault that must not be deleted yet.
func (e *Engine) unsettled(ov *overlay, st *vault.State) (map[string][]vault.Act, error) {
	if len(st.Waits) == 0 {
		return nil, nil
	}
	v, err := e.evidence(ov, st.ID, "")
	if err != nil {
		return nil, err
	}
	return st.Unsettled(v), nil
}

// settledTombs returns the tombstoned objects of a vault that may be deleted.
func (e *Engine) settledTombs(ov *overlay, st *vault.State) ([]string, error) {
	unsettled, err := e.unsettled(ov, st)
	var out []string
	for p := range st.Tombs {
		if unsettled[p] == nil {
			out = append(out, p)
		}
	}
	return out, err
}

// keeper says which doomed objects are kept all the same: those that somebody tombstoned although nobody has seen why. It
// looks at each vault once.
type keeper struct {
	e    *Engine
	kept map[vault.BeneficiaryID]map[string][]vault.Act
}

func (k *keeper) keeps(path string, d *doomed) (bool, error) {
	if d.Vault == "" {
		return false, nil
	}
	if _, known := k.kept[d.Vault]; !known {
		keys, org := k.e.view()
		if keys == nil { // locked: what is sealed here cannot be judged
			return true, nil
		}
		ov := newOverlay(k.e.Store, org, keys)
		st, err := ov.state(d.Vault)
		if err != nil {
			return true, err
		}
		unsettled, err := k.e.unsettled(ov, st)
		if err != nil {
			return true, err
		}
		if k.kept == nil {
			k.kept = map[vault.BeneficiaryID]map[string][]vault.Act{}
		}
		k.kept[d.Vault] = unsettled
	}
	return k.kept[d.Vault][path] != nil, nil
}

// splitDead counts what a vault no longer uses: what may be tombstoned at once, and what waits.
func splitDead(st *vault.State) (now, waiting int) {
	for p := range st.Dead {
		if len(st.Waits[p]) > 0 {
			waiting++
		} else {
			now++
		}
	}
	return now, waiting
}

// needBurying returns the vaults of which something is settled by now, or is for this device to settle.
func (e *Engine) needBurying() []vault.BeneficiaryID {
	keys, org := e.view()
	if keys == nil || org.Devices[e.self().Device] == nil {
		return nil
	}
	var out []vault.BeneficiaryID
	e.mu.RLock()
	waiting := map[vault.BeneficiaryID]vault.Pos{}
	for id, s := range e.people {
		if s.waiting > 0 {
			waiting[id] = s.last
		}
	}
	e.mu.RUnlock()
	for id := range e.burials {
		if _, still := waiting[id]; !still {
			delete(e.burials, id)
		}
	}
	for id, last := range waiting {
		b, known := e.burials[id]
		if !known || b.last != last || b.org != org || e.Now().Sub(b.at).Abs() >= weighEvery {
			var err error
			if b, err = e.weigh(id, org, keys); err != nil {
				e.log.Warn("look at what waits", "code", vault.CodeOf(err))
				continue
			}
			b.last, b.org, b.at = last, org, e.Now()
			if e.burials == nil {
				e.burials = map[vault.BeneficiaryID]burial{}
			}
			e.burials[id] = b
		}
		if b.due && (b.wait == 0 || e.Now().Sub(e.firstSeen(b.key, e.Now().Add(time.Hour))) >= b.wait) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// weigh looks at what a vault no longer uses.
func (e *Engine) weigh(id vault.BeneficiaryID, org *vault.Org, keys *keyring) (burial, error) {
	var b burial
	ov := newOverlay(e.Store, org, keys)
	st, err := ov.state(id)
	if err != nil || st.ReadOnly {
		return b, err
	}
	self := e.self()
	v, err := e.evidence(ov, id, self.Agent)
	if err != nil {
		return b, err
	}
	buriable := st.Buriable(v)
	v.By = ""
	unsettled := st.Unsettled(v)
	for _, p := range buriable {
		acts := st.Waits[p]
		if len(acts) == 0 { // others look after those
			continue
		}
		wait := buryTurn(org, id, p, acts, len(unsettled[p]) > 0)
		if !b.due || wait < b.wait {
			a := acts[len(acts)-1].Pos
			b.due, b.wait, b.key = true, wait, "bury/"+string(id)+"/"+eventKey("", a)
		}
	}
	return b, nil
}

// buryTurn returns how long this device leaves an object to the others: whoever did the act to bury it once somebody has seen
// it, the devices of other agents to see it, one after another.
func buryTurn(org *vault.Org, id vault.BeneficiaryID, path string, acts []vault.Act, witness bool) time.Duration {
	last := acts[len(acts)-1].Pos.Writer.Device()
	var able []vault.DeviceID
	for d, o := range org.Devices {
		if o.Active() && (!witness || org.Devices[last] == nil || o.Agent != org.Devices[last].Agent) {
			able = append(able, d)
		}
	}
	wait := time.Duration(placeAmong(able, org.Here, string(id))) * renewTurn
	switch {
	case !witness && last == org.Here:
		return 0
	case !witness:
		return takeOver + wait
	case isManifest(path):
		return quietWait + wait
	}
	return wait
}
