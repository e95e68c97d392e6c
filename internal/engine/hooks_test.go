package engine

import (
	"context"

	"vaultctl/internal/vault"
)

// RecordErasure is the first half of an erasure: what is durable when the machine stops right after the commit.
func (e *Engine) RecordErasure(ctx context.Context, id vault.BeneficiaryID) error {
	return e.recordErasure(ctx, id, "")
}
