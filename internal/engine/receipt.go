package engine

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// receiptLang returns the language of a receipt; French where none is named.
func receiptLang(tag string) lang.Lang {
	if l, ok := lang.Parse(tag); ok {
		return l
	}
	return lang.French
}

// waitOf reads how long a request waits for the remotes. Errors have CodeUsage.
func waitOf(s string) (time.Duration, error) {
	if s == "" {
		return defaultWait, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, vault.Errorf(vault.CodeUsage, "not a duration: write 30s or 2m")
	}
	return d, nil
}

// handled is one time that somebody had a document in the clear, or handed it on.
type handled struct {
	agent vault.AgentID
	doc   vault.DocumentID
	how   string
	at    vault.Clock
}

// handledBy returns who opened, printed, shared or exported documents of a vault, in order. Given agents narrow it to them.
func (e *Engine) handledBy(ov *overlay, id vault.BeneficiaryID, agents ...vault.AgentID) ([]handled, error) {
	recs, err := ov.records(string(id))
	if err != nil {
		return nil, err
	}
	var out []handled
	for _, r := range recs {
		if len(agents) > 0 && !slices.Contains(agents, r.Agent) {
			continue
		}
		var b vault.AccessBody
		var sh vault.ShareBody
		switch {
		case r.Type == vault.AccessOpened && r.Decode(&b) == nil:
			out = append(out, handled{r.Agent, b.Document, b.How, r.At})
		case r.Type == vault.ShareAdded && r.Decode(&sh) == nil:
			for _, c := range sh.Documents {
				out = append(out, handled{r.Agent, c.Document, "share", r.At})
			}
		}
	}
	slices.SortFunc(out, func(a, b handled) int { return a.at.Compare(b.at) })
	return out, nil
}

func (h *handled) sentence(l lang.Lang, org *vault.Org) string {
	who, when := org.AgentName(h.agent), l.DateTime(h.at.Time().Local())
	switch {
	case h.doc == "":
		return l.T("%s exported the vault on %s.", who, when)
	case h.how == "print":
		return l.T("%s printed document %s on %s.", who, h.doc, when)
	case h.how == "package":
		return l.T("%s put document %s into a package on %s.", who, h.doc, when)
	case h.how == "share":
		return l.T("%s shared document %s on %s.", who, h.doc, when)
	case h.how == "export":
		return l.T("%s exported document %s on %s.", who, h.doc, when)
	}
	return l.T("%s opened document %s on %s.", who, h.doc, when)
}

// readerWords says who declared readers are.
func readerWords(l lang.Lang, org *vault.Org, readers []vault.Reader) []string {
	out := []string{}
	for _, r := range readers {
		switch {
		case r.IsCard():
			out = append(out, l.T("the person, with their card"))
		case r.IsRecovery():
			out = append(out, l.T("the holders of the recovery key, together"))
		default:
			out = append(out, org.ReaderName(r))
		}
	}
	return out
}

// confirmRemotes says of each remote which tombstoned objects of a vault it no longer has, and completes the receipt.
func (e *Engine) confirmRemotes(l lang.Lang, id vault.BeneficiaryID, mark queueMark, r *api.Receipt) error {
	keys, org := e.view()
	if keys == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	st, err := newOverlay(e.Store, org, keys).state(id)
	if err != nil {
		return err
	}
	paths := make([]string, 0, len(st.Tombs))
	for p := range st.Tombs {
		paths = append(paths, p)
	}
	return e.countDeleted(l, paths, mark, r)
}

// pushFor brings to the remotes what there is now and waits for them that long. A remote that does not keep up is no
// error: the receipt says so.
func (e *Engine) pushFor(ctx context.Context, wait time.Duration, tell func(api.Progress)) (queueMark, error) {
	mark, err := e.mark(ctx)
	if err != nil || wait == 0 {
		return mark, err
	}
	if err := e.waitMark(ctx, mark, wait, tell); err != nil {
		e.log.Warn("push for a receipt", "code", vault.CodeOf(err))
	}
	return mark, nil
}

// countDeleted says of each remote which of the paths it no longer has. The receipt is complete once every remote holds
// what was there at the mark and has deleted the paths.
func (e *Engine) countDeleted(l lang.Lang, paths []string, mark queueMark, r *api.Receipt) error {
	r.Complete = true
	waiting, kept := map[string]int{}, map[string]int{}
	mounts := e.mounted()
	for _, p := range paths {
		raw, err := e.Store.Get(bucketDoomed, p)
		if err != nil {
			return err
		}
		if raw == nil { // every remote has deleted it
			continue
		}
		var d doomed
		if err := json.Unmarshal(raw, &d); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read doomed: %w", err)
		}
		for _, m := range mounts {
			if _, refused := d.Refused[m.name]; refused {
				kept[m.name]++
			} else if !d.Done[m.name] {
				waiting[m.name]++
			}
		}
	}
	for _, m := range mounts {
		rr := api.RemoteReceipt{Name: m.name, Deleted: len(paths) - waiting[m.name] - kept[m.name], Waiting: waiting[m.name], Kept: kept[m.name],
			Note: e.remoteNote(l, m, waiting[m.name], kept[m.name])}
		q, err := e.behindMark(mark, m.name)
		if err != nil {
			return err
		}
		if q.Objects > 0 || rr.Waiting > 0 || rr.Kept > 0 {
			r.Complete = false
		}
		r.Remotes = append(r.Remotes, rr)
	}
	return nil
}

// remoteNote says what a remote keeps, and until when, or why it is behind.
func (e *Engine) remoteNote(l lang.Lang, m *mount, waiting, kept int) string {
	err := m.trouble()
	m.mu.Lock()
	keeps := m.kept
	m.mu.Unlock()
	switch {
	case kept > 0:
		return l.N(kept, "this workstation may not delete there: %d object, sealed to those who could read it before, stays until the workstation that wrote it or a custodian deletes it",
			"this workstation may not delete there: %d objects, sealed to those who could read them before, stay until the workstations that wrote them or a custodian delete them")
	case waiting > 0 && err != nil:
		return l.T("not confirmed yet, it is tried again until done: %s", l.Message(err.Error()))
	case waiting > 0:
		return l.T("not confirmed yet, it is tried again until done")
	}
	if d := e.Settings.Retention(m.name); d > 0 && keeps != "none" {
		return l.T("the storage keeps what was deleted, sealed, until %s at the latest", l.Date(e.Now().Add(d)))
	}
	switch keeps {
	case "versions":
		return l.T("the storage keeps old versions until its own rules remove them; ask who runs it")
	case "trash":
		return l.T("the storage keeps deleted files in a trash until its own rules remove them; ask who runs it")
	case "unknown":
		return l.T("the storage does not say whether it keeps deleted files; ask who runs it")
	}
	return ""
}
