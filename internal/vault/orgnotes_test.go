package vault

import "testing"

// A batch server that was stolen adds index values of its own, and takes nothing away of what others told the organization.
func TestNotesOfTheOrganization(t *testing.T) {
	note := func(d *device, readers ...Reader) NoteBody {
		return NoteBody{Object: Object{Path: NotePath(d.writer, NewObjectName()), Size: 10, Hash: ObjectHash(HashOf(nil)), Readers: readers}, Entries: []Hash{HashOf(nil)}}
	}
	w := newWorld(t)
	org := EpochReader(w.org().Current(EpochOrg, "").Epoch)
	theirs, own := note(w.paul, org), note(w.batch, org)
	w.accepts(w.paul.do(NoteSealed, "", theirs), w.batch.do(NoteSealed, "", own))
	w.sync()
	over := note(w.batch, org)
	over.From = []string{theirs.Object.Path}
	fine := note(w.batch, org)
	fine.From = []string{own.Object.Path}
	foreign := note(w.batch, org)
	foreign.Object.Path = NotePath(w.paul.writer, NewObjectName())
	w.refuses(w.batch.do(NoteSealed, "", over), w.batch.do(NoteSealed, "", foreign), w.batch.do(NoteSealed, "", note(w.batch)),
		w.batch.do(NoteSealed, "", note(w.batch, EpochReader(w.org().Current(EpochTeam, w.team).Epoch))),
		w.batch.do(NoteSealed, "", note(w.batch, CardReader(w.person, 1))),
		w.batch.do(Tombstoned, "", TombstoneBody{[]string{theirs.Object.Path}}), w.eve.do(Tombstoned, "", TombstoneBody{[]string{theirs.Object.Path}}),
		w.device("x").do(NoteSealed, "", note(w.batch, org)))
	scrubbed := note(w.eve, org)
	scrubbed.From = []string{theirs.Object.Path, own.Object.Path}
	w.accepts(w.batch.do(NoteSealed, "", fine), w.eve.do(NoteSealed, "", scrubbed), w.batch.do(Tombstoned, "", TombstoneBody{[]string{own.Object.Path}}),
		w.boss.do(Tombstoned, "", TombstoneBody{[]string{theirs.Object.Path}}))
}
