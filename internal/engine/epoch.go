package engine

import (
	"bytes"
	"fmt"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// newEpoch is an epoch that is about to be opened.
type newEpoch struct {
	kind                vault.EpochKind
	team                vault.TeamID
	id                  vault.EpochID
	identity, recipient string
	refsKey, namesKey   []byte
}

// makeEpoch makes the key of an epoch. n keeps epochs of one change apart.
func (e *Engine) makeEpoch(kind vault.EpochKind, team vault.TeamID, n int) (*newEpoch, error) {
	identity, recipient, err := e.Sealer.NewIdentity()
	if err != nil {
		return nil, fmt.Errorf("new epoch: %w", err)
	}
	id := vault.EpochID(fmt.Sprintf("%s/%d", e.self().Writer, e.Now().UnixMilli()*100+int64(n)))
	return &newEpoch{kind: kind, team: team, id: id, identity: identity, recipient: recipient}, nil
}

// parcelReaders is how many readers a parcel has at most; age allows 1,024.
const parcelReaders = 500

// openEpochs seals the parcels to the devices, and to recovery for those of the organization, and records the epochs.
// A cosigner, if any, signs as root.
func (t *tx) openEpochs(epochs []*newEpoch, devices []vault.DeviceBody, rec *vault.RecoveryBody, cosign func(*vault.Event)) error {
	for _, ep := range epochs {
		body := vault.EpochBody{Epoch: ep.id, Kind: ep.kind, Team: ep.team, Recipient: ep.recipient}
		var rcps []string
		for _, d := range devices {
			body.Devices = append(body.Devices, d.Device)
			rcps = append(rcps, d.Recipient)
		}
		if ep.kind != vault.EpochTeam && rec != nil {
			body.Recovery = rec.N
			rcps = append(rcps, rec.Recipient)
		}
		text := parcelText(ep.id, ep.kind, ep.identity, t.predecessors(ep), ep.refsKey, ep.namesKey)
		for i := 0; len(rcps) > 0; i++ {
			some := rcps[:min(parcelReaders, len(rcps))]
			rcps = rcps[len(some):]
			o, raw, err := t.e.sealParcel(ep.id, i, text, some)
			if err != nil {
				return err
			}
			body.Parcels = append(body.Parcels, o)
			t.parcel(o, raw)
		}
		keys := *t.ov.keys
		keys.epochs = map[vault.EpochID]string{ep.id: ep.identity}
		for id, v := range t.ov.keys.epochs {
			keys.epochs[id] = v
		}
		if ep.refsKey != nil {
			keys.refsKey = ep.refsKey
		}
		if ep.namesKey != nil {
			keys.namesKey = ep.namesKey
		}
		t.ov.keys = &keys
		if err := t.emitCosigned(vault.EpochOpened, "", body, cosign); err != nil {
			return err
		}
	}
	return nil
}

// predecessors returns the identities of earlier epochs of the same kind and team, newest last.
func (t *tx) predecessors(ep *newEpoch) []string {
	var out []string
	for id, old := range t.ov.org.Epochs {
		if identity, ok := t.ov.keys.epochs[id]; ok && old.Kind == ep.kind && old.Team == ep.team {
			out = append(out, identity)
		}
	}
	return out
}

// sealParcel seals a parcel and puts it into the spool. Parcels are small and rare, so that doing this inside a change
// costs nobody anything.
func (e *Engine) sealParcel(id vault.EpochID, i int, text string, rcps []string) (vault.Object, []byte, error) {
	return e.sealParcelAt(vault.ParcelPath(id, i), text, rcps)
}

func (e *Engine) sealParcelAt(path, text string, rcps []string) (vault.Object, []byte, error) {
	sealed, err := e.sealBytes([]byte(text), rcps)
	if err != nil {
		return vault.Object{}, nil, fmt.Errorf("seal parcel: %w", err)
	}
	// Kept for good, like segments: with the device's key they open the journal when the index is gone.
	if err := e.stageSegment(path, sealed); err != nil {
		return vault.Object{}, nil, fmt.Errorf("stage parcel: %w", err)
	}
	return vault.Object{Path: path, Size: int64(len(sealed)), Hash: objecthash.Of(sealed), Readers: nil}, sealed, nil
}

// sealBytes seals what is held whole.
func (e *Engine) sealBytes(plain []byte, rcps []string) ([]byte, error) {
	var sealed bytes.Buffer
	wc, err := e.Sealer.Seal(&sealed, rcps)
	if err == nil {
		_, err = wc.Write(plain)
	}
	if err == nil {
		err = wc.Close()
	}
	return sealed.Bytes(), err
}
