package engine_test

import (
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestVerifyWhileOthersReplace has another workstation replace a document, and delete what was before, after the pull with
// which verify begins and before it lists: nothing is missing.
func TestVerifyWhileOthersReplace(t *testing.T) {
	marie, paul, person := pair(t)
	d := paul.MustAdd(t, deposit(person, "cv"), "un") // his own: what he replaces of it goes at once
	MustSync(t, paul)
	MustSync(t, marie)
	s := &strange{}
	marie.Reopen(t, s.over)
	asked := 0
	s.set(func(path string, _ []byte) ([]byte, error) {
		if path == "v1/org.note" && asked < 2 { // before the pull, and after it
			asked++
			_, err := paul.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: d.ID, Size: -1}, strings.NewReader(strings.Repeat("x", asked)))
			if err != nil {
				return nil, err
			}
			if _, err := paul.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}, nil)
	v, err := marie.Verify(ctxb, api.VerifyRequest{}, nil, nil)
	if err != nil || len(v.Findings) != 0 || asked != 2 {
		t.Errorf("verify: %v, %+v, %d times", err, v.Findings, asked)
	}
	for _, f := range attentionOf(t, marie) {
		t.Errorf("attention: %+v", f)
	}
}

// TestVerifyWhileOneReplaces replaces a document, and deletes what was before, on the workstation that verifies, after it has
// listed the storage and before it reads the document: nothing is missing.
func TestVerifyWhileOneReplaces(t *testing.T) {
	marie := MustFound(t, single)
	person := marie.MustVault(t, "Diallo")
	d := marie.MustAdd(t, deposit(person, "cv"), "un")
	MustSync(t, marie)
	path := marie.ObjectOf(t, person, d.ID)
	s := &strange{}
	marie.Reopen(t, s.over)
	asked := 0
	s.set(func(p string, _ []byte) ([]byte, error) {
		if p != path {
			return nil, nil
		}
		if asked++; asked != 2 { // the first time is the listing
			return nil, nil
		}
		if _, err := marie.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: d.ID, Size: -1}, strings.NewReader("deux")); err != nil {
			return nil, err
		}
		if _, err := marie.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil); err != nil {
			return nil, err
		}
		return nil, vault.Errorf(vault.CodeNotFound, "no such object")
	}, nil)
	v, err := marie.Verify(ctxb, api.VerifyRequest{Deep: true}, nil, nil)
	if err != nil || len(v.Findings) != 0 || v.Missing != 0 || asked != 2 {
		t.Errorf("verify: %v, %+v", err, v)
	}
	if slices.Contains(marie.RemoteFiles(t), path) {
		t.Error("what was replaced is on the storage")
	}
}
