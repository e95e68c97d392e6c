package engine

import (
	"vaultctl/internal/vault"
)

// batchEntry is what the index holds of one thing that a batch did: enough to say when a batch ran and by whom without
// opening the vaults.
type batchEntry struct {
	Vault vault.BeneficiaryID `json:"vault"`
	Agent vault.AgentID       `json:"agent,omitempty"`
	At    int64               `json:"at"` // milliseconds, of the last event
}

// indexBatch notes that a batch did something to a document, a vault or a consent.
func (o *overlay) indexBatch(b vault.BatchID, item string, id vault.BeneficiaryID, r *vault.Record) {
	if vault.LooksLikeID('i', string(b)) { // what another device wrote is no id until it was looked at
		o.putJSON(bucketBatches, string(b)+"/"+item, batchEntry{Vault: id, Agent: r.Agent, At: r.At.Ms})
	}
}
