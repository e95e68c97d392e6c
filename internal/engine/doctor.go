package engine

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

const (
	littleSpace = 1 << 30   // bytes free: a warning
	noSpace     = 100 << 20 // bytes free: an error
	longLog     = 256 << 20
	oldQueue    = 24 * time.Hour
)

// Doctor yields what a person should look at: this machine, its home, the remotes, and the vaults that could be lost. It
// changes nothing. While locked it leaves out what needs the keys.
func (e *Engine) Doctor(ctx context.Context, _ api.Empty, yield func(api.Finding) error) error {
	var checks []func(context.Context) ([]api.Finding, error)
	if e.self().Device != "" {
		checks = append(checks, e.examineKept)
	}
	checks = append(checks, e.examineHome, e.examineDisk)
	if e.self().Device != "" {
		checks = append(checks, e.examineProtection, e.examineClock, e.examineQueue, e.examineRemotes)
	}
	if keys, _ := e.view(); keys != nil {
		checks = append(checks, e.examineOrg, e.examineVaults, e.examineJournal)
	}
	for _, check := range checks {
		found, err := check(ctx)
		if err != nil {
			return err
		}
		if err := yieldAll(found, yield); err != nil {
			return err
		}
	}
	return nil
}

func finding(severity, code, subject, message, hint string) api.Finding {
	return api.Finding{Head: api.H("finding"), Severity: severity, Code: code, Subject: subject, Message: message, Hint: hint}
}

func (e *Engine) examineKept(context.Context) ([]api.Finding, error) { return e.attention() }

func (e *Engine) examineHome(context.Context) ([]api.Finding, error) {
	info, err := os.Stat(e.Home)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return nil, nil
	}
	return []api.Finding{finding(severeWarning, "home_permissions", "", lang.Key("other accounts of this computer may look into the home directory"),
		vault.Errorf(vault.CodeAttention, "make it private: chmod 700 %s", e.Home).Error())}, nil
}

func (e *Engine) examineDisk(context.Context) ([]api.Finding, error) {
	var out []api.Finding
	for name, dir := range map[string]string{"home": e.Home, "temp": os.TempDir()} {
		free, ok := diskFree(dir)
		switch {
		case !ok || free >= littleSpace:
		case free < noSpace:
			out = append(out, finding(severeError, "disk_full", name, lang.Key("the disk is all but full: deposits will be refused"), lang.Key("free some space")))
		default:
			out = append(out, finding(severeWarning, "disk_space", name, lang.Key("less than 1 GiB is free on the disk"), lang.Key("free some space")))
		}
	}
	var size int64
	err := filepath.WalkDir(filepath.Join(e.Home, "log"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // only the size counts here: whether the log can be read shows when it is opened
		}
		if info, err := d.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	if size > longLog {
		out = append(out, finding(severeWarning, "long_log", "", lang.Key("the log of changes is unusually long"),
			lang.Key("see `vaultctl status`: changes may not have been closed into segments")))
	}
	return out, err
}

func (e *Engine) examineProtection(context.Context) ([]api.Finding, error) {
	method, err := e.Protect.Method(e.Home)
	if err != nil || method != "keyfile" {
		return nil, err
	}
	return []api.Finding{finding(severeInfo, "key_beside_store", "", lang.Key("the key file protects against nobody who can copy this disk whole"),
		lang.Key("on a laptop or a shared workstation use a passphrase; on a server keep the disk encrypted"))}, nil
}

// examineClock compares this clock with the last event of this device and with what the others signed.
func (e *Engine) examineClock(context.Context) ([]api.Finding, error) {
	var last vault.Clock
	if err := getJSON(e.Store, bucketMeta, metaClock, &last); err != nil {
		return nil, err
	}
	if last.Time().Sub(e.Now()) > vault.MaxAhead {
		f := findingOf(severeWarning, foundClock, "this")
		f.Message = lang.Key("this computer's clock was set back: its own last events are in the future")
		return []api.Finding{f}, nil
	}
	return nil, nil
}

// examineQueue looks for work that has waited long. A segment knows when it was closed.
func (e *Engine) examineQueue(context.Context) ([]api.Finding, error) {
	if e.isRevoked() {
		return nil, nil
	}
	old := false
	err := e.Store.Scan(bucketQueue, "", func(_ string, raw []byte) error {
		var it queueItem
		if err := decodeHeld(raw, &it); err != nil {
			return err
		}
		if !it.Segment || old {
			return nil
		}
		w, seq, ok := segmentOf(it.Path)
		var info segmentInfo
		if ok {
			if err := getJSON(e.Store, bucketSegments, segmentKey(w, seq), &info); err != nil {
				return err
			}
		}
		old = ok && !info.At.Time().IsZero() && info.At.Ms > 0 && e.Now().Sub(info.At.Time()) > oldQueue
		return nil
	})
	if !old {
		return nil, err
	}
	return []api.Finding{finding(severeWarning, "queue_old", "", lang.Key("changes have waited for more than a day to reach every remote: they exist on this computer only"),
		lang.Key("see `vaultctl status` and `vaultctl remote test`"))}, err
}

func (e *Engine) examineRemotes(ctx context.Context) ([]api.Finding, error) {
	var out []api.Finding
	for _, m := range e.mounted() {
		_, err := e.readOrgNote(ctx, m.remote.Get)
		switch vault.CodeOf(err) {
		case "", vault.CodeNotFound: // not pushed yet: the queue tells
		case vault.CodeForeign:
			out = append(out, findingOf(severeError, foundForeign, onRemote(m.name, vault.OrgNotePath)))
		case vault.CodeIntegrity:
			out = append(out, findingOf(severeError, foundAltered, onRemote(m.name, vault.OrgNotePath)))
		default:
			out = append(out, finding(severeError, string(vault.CodeOf(err)), m.name, err.Error(), lang.Key("see `vaultctl remote test`")))
		}
	}
	if len(e.mounted()) == 0 {
		if keys, _ := e.view(); keys != nil {
			out = append(out, finding(severeError, "no_remote", "", lang.Key("no remote is configured: everything exists on this computer only"),
				lang.Key("add one with `vaultctl remote add`")))
		}
	}
	return out, nil
}

func (e *Engine) examineOrg(context.Context) ([]api.Finding, error) {
	_, org, err := e.ready()
	if err != nil {
		return nil, err
	}
	var out []api.Finding
	if org.CurrentRecovery() == nil {
		out = append(out, finding(severeError, "no_recovery_key", "", lang.Key("the organization has no recovery key: lost devices would mean lost vaults"), ""))
	}
	for _, q := range org.Quarantine {
		if !org.Late(q.Pos) {
			out = append(out, quarantined(string(q.Pos.Writer), q))
		}
	}
	out = append(out, e.lateFindings(true)...)
	missing := 0
	err = e.Store.Scan(bucketMeta, metaWant, func(string, []byte) error { missing++; return nil })
	if missing > 0 {
		out = append(out, finding(severeInfo, "missing_notes", "", lang.Key("some notes of other devices are not readable here, or not fetched yet"), ""))
	}
	return out, err
}

func quarantined(subject string, q vault.Quarantined) api.Finding {
	return finding(severeWarning, "quarantined", subject, lang.Key("an event was kept and not applied: its writer had no right to it"), q.Reason)
}

// examineVaults looks for vaults that nobody but a team opens, and for those that hold what is not applied.
func (e *Engine) examineVaults(context.Context) ([]api.Finding, error) {
	keys, org, err := e.ready()
	if err != nil {
		return nil, err
	}
	ids, err := e.vaultIDs()
	if err != nil {
		return nil, err
	}
	var out []api.Finding
	for _, id := range ids {
		ov := newOverlay(e.Store, org, keys)
		st, err := ov.state(id)
		if err != nil {
			return nil, err
		}
		if st.Erased == nil && st.NoRecovery && st.Card() == nil {
			out = append(out, finding(severeWarning, "no_way_back", string(id), lang.Key("this person declined recovery and has no card: lost devices would mean a lost vault"),
				lang.Key("issue a card: `vaultctl card issue`")))
		}
		if st.ReadOnly {
			out = append(out, findingOf(severeWarning, foundUnreadable, string(id)))
		}
		for _, q := range st.Quarantine {
			if !org.Late(q.Pos) {
				out = append(out, quarantined(string(id), q))
			}
		}
		if st.Erased == nil && e.lost(ov, st) {
			out = append(out, finding(severeWarning, "missing_notes", string(id), lang.Key("notes of this vault were not found on the remotes"),
				lang.Key("run `vaultctl sync`, then `vaultctl verify`")))
		}
	}
	return out, nil
}

func (e *Engine) examineJournal(ctx context.Context) ([]api.Finding, error) {
	res, err := e.JournalVerify(ctx)
	return res.Findings, err
}
