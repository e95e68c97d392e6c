package engine

import (
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// journalPast is what the journal of a vault tells of its documents beyond their state. Whoever moves, replaces or takes
// back a document is told from it who has had it in the clear: that cannot be taken back.
type journalPast struct {
	org     *vault.Org
	seen    map[vault.DocumentID][]handled // under "": the whole vault
	changed map[vault.DocumentID]changedBy
}

// changedBy is the last change of a document after its deposit.
type changedBy struct {
	agent    vault.AgentID
	replaced bool // a new version; otherwise another description or space
	at       vault.Clock
}

// pastOf reads the journal of a vault.
func (e *Engine) pastOf(keys *keyring, org *vault.Org, id vault.BeneficiaryID) (*journalPast, error) {
	recs, err := newOverlay(e.Store, org, keys).records(string(id))
	if err != nil {
		return nil, err
	}
	p := &journalPast{org: org, seen: map[vault.DocumentID][]handled{}, changed: map[vault.DocumentID]changedBy{}}
	slices.SortFunc(recs, func(a, b *vault.Record) int { return a.At.Compare(b.At) })
	for _, r := range recs {
		switch r.Type {
		case vault.AccessOpened:
			var b vault.AccessBody
			if r.Decode(&b) == nil {
				p.seen[b.Document] = append(p.seen[b.Document], handled{r.Agent, b.Document, b.How, r.At})
			}
		case vault.ShareAdded:
			var b vault.ShareBody
			if r.Decode(&b) == nil {
				for _, c := range b.Documents {
					p.seen[c.Document] = append(p.seen[c.Document], handled{r.Agent, c.Document, "share", r.At})
				}
			}
		case vault.DocumentReplaced, vault.DocumentEdited:
			var b vault.DocumentBody
			if r.Decode(&b) == nil {
				p.changed[b.Document] = changedBy{r.Agent, r.Type == vault.DocumentReplaced, r.At}
			}
		}
	}
	return p, nil
}

// of returns who had a document in the clear since, each agent and act once with its last time, in the order in which
// they first did.
func (p *journalPast) of(id vault.DocumentID, since vault.Clock) []api.Seen {
	all := slices.Concat(p.seen[""], p.seen[id])
	slices.SortStableFunc(all, func(a, b handled) int { return a.at.Compare(b.at) })
	var out []api.Seen
	for _, h := range all {
		if h.at.Compare(since) < 0 {
			continue
		}
		s := api.Seen{Agent: p.org.AgentName(h.agent), Act: h.how, At: rfc3339(h.at.Time())}
		known := slices.IndexFunc(out, func(o api.Seen) bool { return o.Agent == s.Agent && o.Act == s.Act })
		if known < 0 {
			out = append(out, s)
		} else {
			out[known].At = s.At
		}
	}
	return out
}

// agentsOf names each agent once.
func agentsOf(seen []api.Seen) []string {
	var out []string
	for _, s := range seen {
		if !slices.Contains(out, s.Agent) {
			out = append(out, s.Agent)
		}
	}
	return out
}
