package engine

import (
	"encoding/json"

	"vaultctl/internal/vault"
)

// decodeState returns the vault as the index has it; empty for nil.
func decodeState(id vault.BeneficiaryID, raw []byte) (*vault.State, error) {
	st := vault.NewState(id)
	if raw == nil {
		return st, nil
	}
	if err := json.Unmarshal(raw, st); err != nil {
		return nil, vault.Errorf(vault.CodeIntegrity, "read vault: %w", err)
	}
	st.Init()
	return st, nil
}
