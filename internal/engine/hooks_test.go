package engine

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// Steps lists every step of a change.
func Steps() []string {
	return []string{StepSpooled, StepStaged, StepLogged, StepIndexed, StepAnswered, StepNotes, StepSegment, StepClosed, StepPushed, StepMarked,
		StepWithdrawn, StepResealing, StepResealed, StepDropped, StepDeleted, StepForgotten, StepErased, StepCleared, StepRewritten,
		StepScrubbed, StepEmptied}
}

// RecordErasure is the first half of an erasure: what is durable when the machine stops right after the commit.
func (e *Engine) RecordErasure(ctx context.Context, id vault.BeneficiaryID) error {
	return e.recordErasure(ctx, id, "")
}

// CopyID is what a device does that files a document of its own in a vault under the id of somebody else's.
func (e *Engine) CopyID(ctx context.Context, v vault.BeneficiaryID, id vault.DocumentID, batch vault.BatchID) error {
	return e.commit(ctx, func(t *tx) error {
		st, err := t.state(v)
		if err != nil {
			return err
		}
		obj := vault.Object{Path: vault.DocumentPath(e.self().Writer, vault.NewObjectName()), Size: 1, Hash: vault.ObjectHash(strings.Repeat("0", 64)),
			Readers: st.Readers(t.org(), vault.Shared)}
		return t.emit(vault.DocumentDeposited, v, vault.DepositBody{Document: id, Space: vault.Shared, Object: obj, Batch: batch})
	})
}

// HeldKinds returns the kinds of the epochs that this device holds, sorted.
func (e *Engine) HeldKinds() []string {
	keys, org := e.view()
	var out []string
	for id := range keys.epochs {
		out = append(out, string(org.Epochs[id].Kind))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// IndexRef is what an intake note of another device brings that gave the reference to the vault without having heard of
// whose it was.
func (e *Engine) IndexRef(ref string, id vault.BeneficiaryID) error {
	keys, _ := e.view()
	return e.Store.Write([]Op{{bucketIndex, string(vault.EntryRefs) + "/" + refValue(keys.refsKey, ref) + "/" + string(id), []byte{1}}})
}

// Tend is one round of the background work.
func (e *Engine) Tend(ctx context.Context) { e.tend(ctx) }

// RecordWithdrawal is the first half of a withdrawal: what is durable when the machine stops right after the commit.
func (e *Engine) RecordWithdrawal(ctx context.Context, id vault.BeneficiaryID, to string) error {
	st, _, org, err := e.load(id)
	if err != nil {
		return err
	}
	w := &withdrawal{e: e, org: org}
	if w.ending, err = pickConsents(st, org, &api.WithdrawRequest{To: to}); err != nil {
		return err
	}
	return e.commit(ctx, func(t *tx) error { return w.build(t, id) })
}

// OpensOf returns the documents of a vault, as another workstation knows it, that this one's keys open.
func (e *Engine) OpensOf(tb testing.TB, other *Engine, id vault.BeneficiaryID) []string {
	tb.Helper()
	st, _, _, err := other.load(id)
	if err != nil {
		tb.Fatal(err)
	}
	keys, _ := e.view()
	var out []string
	for _, d := range st.Documents {
		if d.Removed != nil {
			continue
		}
		sealed, err := other.openObject(context.Background(), d.Object)
		if err != nil {
			tb.Fatal(err)
		}
		all := append(slices.Collect(maps.Values(keys.epochs)), keys.device)
		if plain, err := e.Sealer.Open(sealed, all); err == nil {
			if _, err := io.Copy(io.Discard, plain); err == nil {
				out = append(out, string(d.ID))
			}
		}
		_ = sealed.Close()
	}
	return out
}

// SignIn is what a program does that refuses itself nothing: it makes this device's agent a reader of the vault in every way
// there is, takes the team and the vault over, and takes the document away.
func (e *Engine) SignIn(ctx context.Context, id vault.BeneficiaryID, doc vault.DocumentID) error {
	_, org := e.view()
	ident := e.self()
	solo, team := org.Agents[ident.Agent].Solo, vault.TeamID("")
	for t := range org.Teams {
		if org.Teams[t].Name == "Accueil" {
			team = t
		}
	}
	bodies := []struct {
		typ  vault.EventType
		v    vault.BeneficiaryID
		body any
	}{
		{vault.VaultOpened, id, vault.VaultBody{}},
		{vault.ConsentGiven, id, vault.ConsentBody{Consent: vault.NewConsentID(ident.Device), Team: solo, Purpose: "case-file"}},
		{vault.VaultEdited, id, nil},
		{vault.CardIssued, id, vault.CardBody{N: 2, SignKey: string(encodeKey(make([]byte, 32)))}},
		{vault.DocumentRemoved, id, vault.DocumentBody{Document: doc}},
		{vault.VaultErased, id, nil},
		{vault.TeamMember, "", vault.MemberBody{Team: team, Agent: ident.Agent}},
		{vault.EpochOpened, "", vault.EpochBody{Epoch: vault.EpochID(string(ident.Writer) + "/777"), Kind: vault.EpochTeam, Team: team, Recipient: "age1x",
			Devices: []vault.DeviceID{ident.Device}}},
	}
	return e.commit(ctx, func(t *tx) error {
		for _, b := range bodies {
			ev := vault.NewEvent(b.typ, b.v, ident.Agent, e.writer.clock.Next(), b.body)
			pos := vault.Pos{Writer: t.rec.Writer, Seq: t.rec.Seq, Index: t.rec.Index + len(t.rec.Events)}
			t.rec.Events = append(t.rec.Events, ev)
			if _, err := t.ov.apply(&vault.Record{Event: ev, Pos: pos, Past: t.rec.Past}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Unmount takes the remotes away until back is called.
func (e *Engine) Unmount() (back func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	kept := e.mounts
	e.mounts = nil
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.mounts = kept
	}
}

// ObjectOf returns the path of the object that a document is.
func (e *Engine) ObjectOf(tb testing.TB, id, doc string) string {
	tb.Helper()
	st, _, _, err := e.load(vault.BeneficiaryID(id))
	if err != nil {
		tb.Fatal(err)
	}
	return st.Documents[vault.DocumentID(doc)].Object.Path
}

// Flush closes what is acknowledged into a segment.
func (e *Engine) Flush(ctx context.Context) error { return e.flush(ctx) }

// RecordRevocation is the first half of a revocation: what is durable when the machine stops right after the commit.
func (e *Engine) RecordRevocation(ctx context.Context, id vault.DeviceID) error {
	return e.commit(ctx, (&removal{devices: []vault.DeviceID{id}}).build)
}
