package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

func TestPrivateDocuments(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t)
	b, other := r.MustVault(t, "Diallo"), r.MustVault(t, "Other")
	card, wrong := r.MustCard(t, b), r.MustCard(t, other)
	d := r.MustAdd(t, deposit(b, "divorce-judgment", func(q *api.DocumentAddRequest) { q.Private, q.Fields.Title = true, val("Jugement") }), "secret")
	if d.Space != "private" || d.Title != "Jugement" {
		t.Errorf("the depositor sees what they said: %+v", d)
	}
	for range 2 {
		shown, err := r.DocumentShow(ctx, api.DocumentRequest{Document: d.ID})
		if err != nil || shown.DocumentType+shown.Title+shown.FileName+shown.Digest != "" || shown.Size != 0 {
			t.Errorf("shown without the card: %+v, %v", shown, err)
		}
		for _, c := range []string{"", wrong, "abandon abandon"} {
			if _, _, err := r.get(d.ID, c); vault.CodeOf(err) != vault.CodeNoIdentity {
				t.Errorf("get without the card: %v", err)
			}
		}
		text, meta, err := r.get(d.ID, card)
		if err != nil || text != "secret" || meta.Title != "Jugement" || meta.DocumentType != "divorce-judgment" {
			t.Errorf("get with the card: %q, %+v, %v", text, meta, err)
		}
		r.Reopen(t)
	}
	if again := r.MustAdd(t, deposit(b, "divorce-judgment"), "secret"); again.Status != "exists" || again.Space != "private" {
		t.Errorf("the same bytes: %+v", again)
	}
	if _, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Space: "shared"}); vault.CodeOf(err) != vault.CodeNoIdentity {
		t.Errorf("share without the card: %v", err)
	}
	if _, err := r.DocumentMove(ctx, api.MoveRequest{Document: d.ID, To: other}, nil); vault.CodeOf(err) != vault.CodePolicy {
		t.Errorf("move a private document: %v", err)
	}
	shared, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Space: "shared", Card: card, Fields: api.DocumentFields{Note: val("now shared")}})
	if err != nil || shared.Space != "shared" || shared.Title != "Jugement" || shared.Note != "now shared" || shared.Size != 6 {
		t.Errorf("shared: %+v, %v", shared, err)
	}
	if text, _, err := r.get(d.ID, ""); text != "secret" || err != nil {
		t.Errorf("get what is shared: %q, %v", text, err)
	}
}

// TestMakePrivate holds that a document made private leaves nothing behind that tells what it is: not in the index, not in
// the notes on the remote, not after a restart.
func TestMakePrivate(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	d := r.MustAdd(t, deposit(b, "tax-notice", func(q *api.DocumentAddRequest) { q.Fields.Title = val("Avis") }), "taxes")
	kept := r.MustAdd(t, deposit(b, "payslip", func(q *api.DocumentAddRequest) { q.Fields.Title = val("Paie") }), "pay")
	if _, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Space: "private"}); vault.CodeOf(err) != vault.CodePolicy {
		t.Errorf("private without a card: %v", err)
	}
	card := r.MustCard(t, b)
	MustPush(t, r)
	if _, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Space: "private"}); err != nil {
		t.Fatal(err)
	}
	MustPush(t, r)
	for range 2 {
		shown, err := r.DocumentShow(ctx, api.DocumentRequest{Document: d.ID})
		if err != nil || shown.Space != "private" || shown.Title+shown.DocumentType+shown.Digest != "" {
			t.Errorf("shown: %+v, %v", shown, err)
		}
		if text, meta, err := r.get(d.ID, card); text != "taxes" || meta.Title != "Avis" || err != nil {
			t.Errorf("get with the card: %q, %+v, %v", text, meta, err)
		}
		if _, _, err := r.get(d.ID, ""); vault.CodeOf(err) != vault.CodeNoIdentity {
			t.Errorf("get without the card: %v", err)
		}
		if other, err := r.DocumentShow(ctx, api.DocumentRequest{Document: kept.ID}); err != nil || other.Title != "Paie" {
			t.Errorf("the other document: %+v, %v", other, err)
		}
		for _, j := range r.MustJournal(t, api.JournalRequest{Beneficiary: b}) {
			if strings.Contains(strings.ToLower(j.Text), "tax") {
				t.Errorf("the journal tells: %s", j.Text)
			}
		}
		r.Reopen(t)
	}
	if _, err := r.DocumentEdit(ctx, api.DocumentEditRequest{Document: d.ID, Space: "shared", Card: card}); err != nil {
		t.Fatal(err)
	}
	if text, meta, err := r.get(d.ID, ""); text != "taxes" || meta.Title != "Avis" || err != nil {
		t.Errorf("shared again: %q, %+v, %v", text, meta, err)
	}
	res, err := r.JournalVerify(ctx)
	if err != nil || len(res.Findings) > 0 {
		t.Errorf("verify: %+v, %v", res, err)
	}
}

func TestMove(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t)
	from, to := r.MustVault(t, "Wrong"), r.MustVault(t, "Right")
	d := r.MustAdd(t, deposit(from, "payslip", func(q *api.DocumentAddRequest) { q.Fields.Title, q.Fields.SourceID = val("Paie"), val("S1") }), "pay")
	if _, _, err := r.get(d.ID, ""); err != nil {
		t.Fatal(err)
	}
	dry, err := r.DocumentMove(ctx, api.MoveRequest{Document: d.ID, To: to, DryRun: true}, nil)
	if err != nil || !dry.DryRun || dry.Beneficiary != to || fmt.Sprint(dry.Opened) != "[Marie Durand]" {
		t.Errorf("dry run: %+v, %v", dry, err)
	}
	if l := r.MustList(t, api.DocumentListRequest{Beneficiary: to}); len(l) != 0 {
		t.Errorf("the dry run moved: %+v", l)
	}
	if _, err := r.DocumentMove(ctx, api.MoveRequest{Document: d.ID, To: from}, nil); vault.CodeOf(err) != vault.CodeConflict {
		t.Errorf("move to itself: %v", err)
	}
	moved, err := r.DocumentMove(ctx, api.MoveRequest{Document: d.ID, To: to}, func(api.Progress) {})
	if err != nil || moved.ID == d.ID || moved.Beneficiary != to || moved.Title != "Paie" || moved.SourceID != "S1" || fmt.Sprint(moved.Opened) != "[Marie Durand]" {
		t.Fatalf("moved: %+v, %v", moved, err)
	}
	if text, _, err := r.get(moved.ID, ""); text != "pay" || err != nil {
		t.Errorf("get: %q, %v", text, err)
	}
	if _, _, err := r.get(d.ID, ""); vault.CodeOf(err) != vault.CodeErased {
		t.Errorf("get at the old place: %v", err)
	}
	for v, other := range map[string]string{from: to, to: from} {
		for _, j := range r.MustJournal(t, api.JournalRequest{Beneficiary: v}) {
			if raw := fmt.Sprint(j); strings.Contains(raw, other) || strings.Contains(raw, "Right") || strings.Contains(raw, "Wrong") {
				t.Errorf("a journal names the other person: %s", raw)
			}
		}
	}
	again := r.MustAdd(t, deposit(from, "payslip"), "pay")
	back, err := r.DocumentMove(ctx, api.MoveRequest{Document: again.ID, To: to}, nil)
	if err != nil || back.ID != moved.ID || back.Status != "exists" {
		t.Errorf("move of what is there: %+v, %v", back, err)
	}
	if l := r.MustList(t, api.DocumentListRequest{Beneficiary: from}); len(l) != 0 {
		t.Errorf("left behind: %+v", l)
	}
}
