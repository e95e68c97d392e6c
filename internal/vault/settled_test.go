package vault

import (
	"slices"
	"testing"
)

// evidence is what somebody judges by who knows these records of the vault and all of the organization.
func (w *world) evidence(known []*Record) *Evidence {
	heads := Past{}
	for _, r := range slices.Concat(w.records, known) {
		heads.Merge(Past{r.Pos.Writer: r.Pos.Seq + 1})
	}
	return &Evidence{Org: w.org(), Records: known, Whole: func(p Past) bool {
		for writer, n := range p {
			if n > heads[writer] {
				return false
			}
		}
		return true
	}, Heard: func(id DeviceID) Past {
		p := Past{}
		for _, r := range slices.Concat(w.records, known) {
			if r.Pos.Writer.Device() == id {
				p.Merge(r.Past)
			}
		}
		return p
	}}
}

// unsettled reports whether the object of who knows these records has to be kept.
func (w *world) unsettled(path string, known []*Record) bool {
	return w.stateOf(known).Unsettled(w.evidence(known))[path] != nil
}

// superseding are the acts by which an object is not used any more, each of paul on marie's document or note.
var superseding = map[string]func(w *world) (act *Record, path string){
	"remove": func(w *world) (*Record, string) {
		_, b := w.marie.deposit()
		w.sync()
		return w.paul.in(DocumentRemoved, DocumentBody{Document: b.Document}), b.Object.Path
	},
	"replace": func(w *world) (*Record, string) {
		_, b := w.marie.deposit()
		w.sync()
		v := DepositBody{Document: b.Document, Space: Shared, Object: w.paul.object(documentFolder, b.Object.Readers...)}
		return w.paul.in(DocumentReplaced, v), b.Object.Path
	},
	"note": func(w *world) (*Record, string) {
		h := []Hash{HashOf([]byte("a")), HashOf([]byte("b"))}
		first := NoteBody{Object: w.marie.object(noteFolder), Entries: h}
		w.marie.in(NoteSealed, first)
		w.sync()
		return w.paul.in(NoteSealed, NoteBody{w.paul.object(noteFolder, first.Object.Readers...), h[:1], []string{first.Object.Path}}), first.Object.Path
	},
	"manifest": func(w *world) (*Record, string) {
		card := CardReader(w.person, 1)
		first := ManifestBody{w.marie.object(manifestFolder, card)}
		w.marie.in(ManifestWritten, first)
		w.sync()
		return w.paul.in(ManifestWritten, ManifestBody{w.paul.object(manifestFolder, card)}), first.Object.Path
	},
}

// What may be undone by a withdrawal that arrives later is kept until somebody else has seen it; from then on no withdrawal
// that is not known undoes it.
func TestWhatIsSupersededWaitsForAWitness(t *testing.T) {
	for name, act := range superseding {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).open()
			r, path := act(w)
			w.accepts(r)
			if st := w.state(); !st.Dead[path] || st.uses(path) {
				t.Fatal("it is used still")
			}
			if !w.unsettled(path, w.vault) || len(w.state().Buriable(w.evidence(w.vault))) != 0 {
				t.Error("nobody has seen it, and it may be deleted")
			}
			own := *w.evidence(w.vault)
			own.By = w.paul.agent
			if len(w.state().Buriable(&own)) != 0 {
				t.Error("its own agent witnesses it")
			}
			own.By = w.batch.agent
			if !slices.Contains(w.state().Buriable(&own), path) {
				t.Error("who is to witness it by a tombstone does not")
			}
			before := slices.Clone(w.vault)
			w.batch.sees(w.paul)
			w.batch.in(Tombstoned, TombstoneBody{[]string{path}})
			if w.unsettled(path, w.vault) {
				t.Error("seen, and kept")
			}
			after := slices.Clone(w.vault)
			late := w.marie.in(ConsentWithdrawn, EndBody{w.given, w.team})
			if !w.stateOf(append(before, late)).uses(path) {
				t.Error("a withdrawal beside what nobody saw did not bring it back")
			}
			if st := w.stateOf(append(after, late)); st.uses(path) || !st.Tombs[path] || len(st.ActiveTeams()) != 0 {
				t.Error("a withdrawal undid what was settled")
			}
		})
	}
}

// The tombstone of the agent whose act it is settles nothing, nor does that of a device that is not, or no longer, enrolled.
func TestWhoIsNoWitness(t *testing.T) {
	for name, witness := range map[string]func(w *world, path string){
		"the same agent": func(w *world, path string) { w.paul.in(Tombstoned, TombstoneBody{[]string{path}}) },
		"a stranger": func(w *world, path string) {
			x := w.device("stranger")
			x.sees(w.devs...)
			x.in(Tombstoned, TombstoneBody{[]string{path}})
		},
		"a revoked device": func(w *world, path string) {
			w.marie.do(DeviceRevoked, "", RevokeBody{Device: w.eve.id, Cut: map[WriterID]uint64{w.eve.writer: w.eve.seq}})
			w.eve.sees(w.paul)
			w.eve.in(Tombstoned, TombstoneBody{[]string{path}})
		},
		"who had not seen it": func(w *world, path string) { w.eve.in(Tombstoned, TombstoneBody{[]string{path}}) },
		"who saw more than there is": func(w *world, path string) {
			w.eve.sees(w.paul)
			w.eve.past[w.batch.writer] = w.batch.seq + 1
			w.eve.in(AccessRefused, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).open()
			_, path := superseding["remove"](w)
			witness(w, path)
			if !w.unsettled(path, w.vault) {
				t.Error("settled")
			}
			if late := w.marie.in(ConsentWithdrawn, EndBody{w.given, w.team}); name != "who saw more than there is" && !w.stateOf(append(w.vault, late)).uses(path) {
				t.Error("not brought back")
			}
		})
	}
}

// What nothing can undo waits for nothing: one's own deposit, the person's card, a reseal, an erasure.
func TestWhatWaitsForNobody(t *testing.T) {
	for name, act := range map[string]func(w *world) string{
		"one's own": func(w *world) string {
			_, b := w.paul.deposit()
			w.paul.in(DocumentRemoved, DocumentBody{Document: b.Document})
			return b.Object.Path
		},
		"card": func(w *world) string {
			_, b := w.marie.deposit()
			w.sync()
			w.paul.in(DocumentRemoved, DocumentBody{Document: b.Document}, w.byCard)
			return b.Object.Path
		},
		"reseal": func(w *world) string {
			_, b := w.marie.deposit()
			w.sync()
			w.reseal(w.paul, b.Object)
			return b.Object.Path
		},
		"erasure": func(w *world) string {
			_, b := w.marie.deposit()
			w.sync()
			w.paul.in(DocumentRemoved, DocumentBody{Document: b.Document})
			w.paul.in(VaultErased, nil)
			return b.Object.Path
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).open()
			path := act(w)
			if st := w.state(); !st.Dead[path] || w.unsettled(path, w.vault) || !slices.Contains(st.Buriable(w.evidence(w.vault)), path) {
				t.Errorf("dead %v, waits %v", st.Dead[path], st.Waits[path])
			}
		})
	}
}

// Erasure stands whatever is beside it, since what it deletes does not come back: a withdrawal, an agent who left, a card
// that fell.
func TestErasureBeatsAllThatIsBesideIt(t *testing.T) {
	for name, scene := range map[string]func(w *world) (erase, end *Record){
		"withdrawal": func(w *world) (*Record, *Record) {
			end := w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team})
			return w.paul.in(VaultErased, nil, at(1)), end
		},
		"after it": func(w *world) (*Record, *Record) {
			end := w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team})
			return w.paul.in(VaultErased, nil, at(w.clock+9)), end
		},
		"leaving": func(w *world) (*Record, *Record) {
			end := w.marie.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true})
			return w.paul.in(VaultErased, nil), end
		},
		"card": func(w *world) (*Record, *Record) {
			other := seeded("other")
			w.paul.in(CardIssued, CardBody{N: 2, SignKey: b64(other)})
			w.eve.sees(w.paul)
			end := w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team})
			return w.eve.in(VaultErased, nil, func(e *Event) { e.Cosign(w.id, w.writing, other) }), end
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).open()
			w.marie.deposit()
			w.sync()
			erase, _ := scene(w)
			w.accepts(erase)
			if st := w.state(); st.Erased == nil || len(st.LiveObjects()) != 0 || len(st.Buriable(w.evidence(w.vault))) == 0 {
				t.Errorf("erased %v, live %v", st.Erased, st.LiveObjects())
			}
		})
	}
	t.Run("known", func(t *testing.T) {
		w := newWorld(t).open()
		w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team})
		w.sync()
		w.refuses(w.paul.in(VaultErased, nil), w.eve.in(VaultErased, nil))
	})
}

// An agent alone needs no witness, only that their other devices have heard.
func TestAloneWithSeveralDevices(t *testing.T) {
	w := newWorld(t).open()
	_, b := w.marie.deposit()
	w.sync()
	for _, d := range []*device{w.marie, w.boss, w.eve, w.batch} {
		w.paul.do(DeviceRevoked, "", RevokeBody{Device: d.id, Cut: map[WriterID]uint64{d.writer: d.seq}}, w.byRoot)
	}
	w.accepts(w.paul.in(DocumentRemoved, DocumentBody{Document: b.Document}))
	if !w.state().Dead[b.Object.Path] || w.unsettled(b.Object.Path, w.vault) {
		t.Error("it waits for nobody")
	}
	second := w.device("paul's other")
	second.agent, second.solo = w.paul.agent, w.paul.solo
	second.do(DeviceCertified, "", second.certificate(RoleAgent), w.byRoot)
	if !w.unsettled(b.Object.Path, w.vault) {
		t.Error("the other device has not heard")
	}
	second.sees(w.paul)
	second.do(Heartbeat, "", nil)
	if w.unsettled(b.Object.Path, w.vault) {
		t.Error("the other device has heard")
	}
}

// A version that a withdrawal makes a document of its own keeps its bytes, whatever was done to the document meanwhile; what a
// device resealed that had not heard of a removal keeps them as the removed one does.
func TestWhatHangsOnAnUnsettledVersion(t *testing.T) {
	w := newWorld(t).open()
	_, b := w.marie.deposit()
	w.sync()
	v := DepositBody{Document: b.Document, Space: Shared, Object: w.paul.object(documentFolder, b.Object.Readers...)}
	replaced := w.paul.in(DocumentReplaced, v)
	again := DepositBody{Document: b.Document, Space: Shared, Object: w.paul.object(documentFolder, b.Object.Readers...)}
	w.paul.in(DocumentReplaced, again)
	removed := w.paul.in(DocumentRemoved, DocumentBody{Document: b.Document})
	resealed := declaredBy(w.reseal(w.marie, b.Object))[0]
	for _, p := range []string{v.Object.Path, again.Object.Path, resealed.Path} {
		if !w.state().Dead[p] || !w.unsettled(p, w.vault) {
			t.Errorf("%s: dead %v, waits %v", p, w.state().Dead[p], w.state().Waits[p])
		}
	}
	w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team})
	st := w.state()
	if apart := st.Apart(replaced); apart == nil || apart.Object.Path != v.Object.Path || !st.uses(resealed.Path) || !st.uses(again.Object.Path) {
		t.Errorf("live: %v", st.LiveObjects())
	}
	w.refuses(removed)
}

// Which of two reseals stands may change with a withdrawal, so that the other one is kept too, and goes once both are seen.
func TestTheLosingResealWaits(t *testing.T) {
	w := newWorld(t).open()
	w.paul.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.eve.solo})
	w.sync()
	_, b := w.batch.deposit()
	w.sync()
	low, high := w.paul.object(documentFolder), w.eve.object(documentFolder)
	low.Path = DocumentPath(w.paul.writer, "aaaaaaaaaaaaaaaaaaaaaaaaaa")
	high.Path = DocumentPath(w.eve.writer, "zzzzzzzzzzzzzzzzzzzzzzzzzz")
	if w.paul.writer > w.eve.writer { // the writer's prefix decides first
		low, high = w.eve.object(documentFolder), w.paul.object(documentFolder)
	}
	theirs := map[string]*device{string(w.paul.writer): w.paul, string(w.eve.writer): w.eve}
	for _, o := range []Object{low, high} {
		theirs[string(PathWriter(o.Path))].in(Resealed, ResealBody{b.Object.Path, o})
	}
	if !w.state().Dead[high.Path] || !w.unsettled(high.Path, w.vault) || w.unsettled(b.Object.Path, w.vault) {
		t.Errorf("waits: %v", w.state().Waits)
	}
	w.sync()
	w.batch.in(AccessRefused, nil)
	if w.unsettled(high.Path, w.vault) {
		t.Error("both were seen")
	}
}
