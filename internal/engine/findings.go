package engine

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// Codes of findings. They are part of the contract: scripts match them.
const (
	foundAltered    = "altered"     // other bytes than were written
	foundTruncated  = "truncated"   // fewer bytes than were written
	foundMissing    = "missing"     // gone from a remote
	foundInjected   = "injected"    // on a remote, and written by no device
	foundRolledBack = "rolled_back" // a remote lacks segments that it had
	foundForked     = "forked"      // two different segments under one number
	foundForeign    = "foreign"     // another organization
	foundUnreadable = "unreadable"  // a newer version wrote it
	foundTooLarge   = "too_large"   // more bytes than any device writes; not read
	foundWithheld   = "withheld"    // segments that other devices have seen and a remote does not give
	foundPast       = "past"        // a device says not to have seen what it has seen
	foundStale      = "stale_list"  // a remote's listing leaves out what it holds
	foundJunk       = "junk"        // many objects that nobody enrolled wrote
	foundClock      = "clock"
)

// Severities of findings.
const (
	severeError   = "error"
	severeWarning = "warning"
	severeInfo    = "info"
)

// findingTexts says what a finding is; every code of an integrity finding has one.
var findingTexts = map[string]struct{ message, hint string }{
	foundAltered: {lang.Key("the stored bytes are not those that were written"),
		lang.Key("restore the storage from its own versions or from another remote; nothing altered was applied")},
	foundTruncated: {lang.Key("the stored object is shorter than what was written"),
		lang.Key("restore the storage from its own versions or from another remote; nothing altered was applied")},
	foundMissing: {lang.Key("an object that was stored is gone"),
		lang.Key("restore the storage from its own versions or from another remote")},
	foundInjected: {lang.Key("an object that no enrolled device wrote; it is not used"),
		lang.Key("ask who has credentials for the storage, and change them")},
	foundRolledBack: {lang.Key("the storage lacks journal segments that it had before"),
		lang.Key("ask the provider whether an old copy was restored; what this device knows stands")},
	foundForked: {lang.Key("two different journal segments bear one number; what came before stands"),
		lang.Key("a device was cloned or restored, or somebody holds its key: revoke it if it was not you")},
	foundForeign: {lang.Key("the remote holds another organization"),
		lang.Key("check the remote's address with `vaultctl remote list`")},
	foundUnreadable: {lang.Key("a newer version wrote this; it is kept and not applied"), lang.Key("upgrade vaultctl here")},
	foundTooLarge: {lang.Key("an object is larger than any that a device writes; it was not read"),
		lang.Key("ask who has credentials for the storage, and change them")},
	foundWithheld: {lang.Key("the storage does not give a journal segment that other workstations have seen; what they wrote since waits for it"),
		lang.Key("run `vaultctl verify` on the workstations that have it: it is sent again from there; if none has it, a workstation makes it up: see `vaultctl device list`")},
	foundPast: {lang.Key("a workstation says that it has not seen what it must have seen"),
		lang.Key("its storage withheld journal segments from it, or its program hides what it saw: run `vaultctl verify` there, and revoke it if that explains nothing")},
	foundStale: {lang.Key("the storage's listing leaves out an object that it holds"),
		lang.Key("ask the provider why its listings are old; nothing depends on them, but `vaultctl verify` finds less")},
	foundJunk: {lang.Key("the storage holds very many objects that no enrolled device wrote; they are not used"),
		lang.Key("ask who has credentials for the storage, and change them")},
	foundClock: {lang.Key("a device's clock is more than five minutes ahead, or this one's is behind"),
		lang.Key("set the clock of this computer; see `vaultctl device list` for the others")},
}

// findingOf returns a finding of a code with its usual sentence.
func findingOf(severity, code, subject string) api.Finding {
	t := findingTexts[code]
	return api.Finding{Head: api.H("finding"), Severity: severity, Code: code, Subject: subject, Message: t.message, Hint: t.hint}
}

// onRemote names an object on a remote.
func onRemote(remote, path string) string { return remote + ":" + path }

const metaFinding = "finding/" // + code/subject → api.Finding, until a later check finds all well

func findingKey(f *api.Finding) string { return metaFinding + f.Code + "/" + f.Subject }

// keepFindings records what a check of the subjects with the prefix found, and forgets what an earlier one had found
// there.
func (e *Engine) keepFindings(ctx context.Context, prefix string, found []api.Finding) error {
	return e.exclusive(context.WithoutCancel(ctx), func() error {
		var ops []Op
		err := e.Store.Scan(bucketMeta, metaFinding, func(key string, raw []byte) error {
			var f api.Finding
			if json.Unmarshal(raw, &f) != nil || strings.HasPrefix(f.Subject, prefix) {
				ops = append(ops, Op{bucketMeta, key, nil})
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i := range found {
			ops = append(ops, jsonOp(bucketMeta, findingKey(&found[i]), &found[i]))
		}
		if len(ops) == 0 {
			return nil
		}
		return e.Store.Write(ops)
	})
}

// addFindings records findings besides those that are known.
func (e *Engine) addFindings(ctx context.Context, found []api.Finding) error {
	if len(found) == 0 {
		return nil
	}
	return e.exclusive(context.WithoutCancel(ctx), func() error {
		ops := make([]Op, len(found))
		for i := range found {
			ops[i] = jsonOp(bucketMeta, findingKey(&found[i]), &found[i])
		}
		return e.Store.Write(ops)
	})
}

// keptFindings returns what earlier checks found, the worst first. It works while locked.
func (e *Engine) keptFindings() ([]api.Finding, error) {
	var out []api.Finding
	err := e.Store.Scan(bucketMeta, metaFinding, func(_ string, raw []byte) error {
		var f api.Finding
		if err := json.Unmarshal(raw, &f); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read findings: %w", err)
		}
		out = append(out, f)
		return nil
	})
	slices.SortStableFunc(out, func(a, b api.Finding) int { return rank(a.Severity) - rank(b.Severity) })
	return out, err
}

func rank(severity string) int {
	return slices.Index([]string{severeError, severeWarning, severeInfo}, severity)
}
