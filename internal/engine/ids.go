package engine

import "vaultctl/internal/vault"

// An identifier is random in 35 bits for one device, see vault.NewDocumentID. Whoever makes many looks whether one is taken.

// newDocumentID returns an identifier for a document that this device introduces.
func (e *Engine) newDocumentID() (vault.DocumentID, error) {
	return freshID(e, bucketDocs, vault.NewDocumentID)
}

// depositedAs is the answer for a further version of a document, or for a new one where it is nil.
func (e *Engine) depositedAs(d *vault.Document) (deposited, error) {
	if d != nil {
		return deposited{document: d.ID, replaced: true}, nil
	}
	id, err := e.newDocumentID()
	return deposited{document: id}, err
}

// newConsentID returns an identifier for a consent that this device introduces.
func (e *Engine) newConsentID() (vault.ConsentID, error) {
	return freshID(e, bucketDocs, vault.NewConsentID)
}

// newShareID returns an identifier for a share that this device introduces.
func (e *Engine) newShareID() (vault.ShareID, error) {
	return freshID(e, bucketDocs, vault.NewShareID)
}

// newBeneficiaryID returns an identifier for a vault that this device opens.
func (e *Engine) newBeneficiaryID() (vault.BeneficiaryID, error) {
	return freshID(e, bucketVaults, vault.NewBeneficiaryID)
}

func freshID[T ~string](e *Engine, bucket string, random func(vault.DeviceID) T) (T, error) {
	for {
		id := random(e.self().Device)
		raw, err := e.Store.Get(bucket, string(id))
		if err != nil || raw == nil {
			return id, err
		}
	}
}
