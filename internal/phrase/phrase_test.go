package phrase

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

func TestWords(t *testing.T) {
	fr, en := lang.French, lang.English
	for _, tc := range []struct{ got, want string }{
		{Day(fr, "2026-11-22"), "22/11/2026"},
		{Day(fr, "2026-11-22T10:00:00Z"), "22/11/2026"},
		{Day(en, "soon"), "soon"},
		{Day(en, "yesterday at noon"), "yesterday at noon"},
		{Time(fr, "never"), "never"},
		{Born(en, "unknown"), "unknown"},
		{Born(en, "1980~"), "about 1980"},
		{Born(fr, "1980-02-03"), "03/02/1980"},
		{Reason(en, "moved"), ", moved away"},
		{Reason(en, "?"), ""},
		{PersonLine(en, &api.Beneficiary{ID: "b1", Born: "1980-02-03", Refs: []string{"ref:SI:1"}}), "somebody known at another site, born 1980  b1  ref:SI:1"},
		{DocumentTitle(&api.Document{}), ""},
		{DocumentTitle(&api.Document{Holder: "Kofi"}), "(Kofi)"},
		{DocumentTitle(&api.Document{Title: "rent", Holder: "Kofi", Period: "2026-01"}), "rent (Kofi) 2026-01"},
		{Extent(en, "", &api.Document{PageCount: 1}), "1 page"},
		{Extent(en, "2 kB", &api.Document{PageCount: 3, Width: 4, Height: 5}), "2 kB, 3 pages, 4 × 5 pixels"},
		{Until(en, &api.Consent{}), "it is withdrawn"},
		{Stage(en, api.Progress{Stage: "push", Done: 1, Total: 2}), "sending to the storage  1/2"},
		{Stage(en, api.Progress{Stage: "new", Done: 3}), "new  3"},
		{Queue(en, &api.Status{}), "nothing: the storage holds everything"},
		{Device(&api.Status{Device: "desk", Roles: []string{"admin", "agent"}}), "desk (admin, agent)"},
		{Hint(en, "100% of it"), "100% of it"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

// What is bad or asks for something is told by a sign too, never by colour alone.
func TestStatesHaveSigns(t *testing.T) {
	l := lang.English
	for _, tc := range []struct {
		cell termio.Cell
		want string
	}{
		{BeneficiaryState(l, "unconsented"), "! no consent"},
		{DocumentState(l, "expired"), "✗ expired"},
		{ConsentState(l, "withdrawn"), "✗ withdrawn"},
		{ShareState(l, "revoked"), "✗ revoked"},
		{DeviceState(l, &api.Device{State: "revoked", This: true}), "✗ revoked"},
		{Severity(l, "error"), "✗ error"},
		{PieceState(l, &api.ProcedurePiece{State: "missing", Required: true}), "✗ missing"},
		{PieceState(l, &api.ProcedurePiece{State: "missing"}), "? missing"},
		{Documents(l, &api.Beneficiary{Documents: 5, Expired: 1, Soon: 2}), "5  ✗ 1 expired  ! 2 soon"},
		{DocumentState(l, "not known here"), "not known here"},
	} {
		if tc.cell.Text != tc.want {
			t.Errorf("got %q, want %q", tc.cell.Text, tc.want)
		}
	}
}

func TestPieceLines(t *testing.T) {
	p := &api.ProcedurePiece{State: "missing", Required: true, AnyOf: []string{"bill", "lease"}, MaxAges: map[string]string{"bill": "3mo"},
		Unfit: []api.ProcedureUnfit{{ID: "d1", DocumentType: "bill", Why: "too_old", Since: "2026-01-02", Limit: "3mo"}}}
	got := PieceLines(lang.French, p, map[string]string{"bill": "Facture"})
	if len(got) != 4 || !strings.HasPrefix(got[0], "d1  Facture  ") || !strings.Contains(got[0], "02/01/2026") || got[3] != "- lease" {
		t.Errorf("%q", got)
	}
}

func TestReceipt(t *testing.T) {
	r := &api.Receipt{Ended: []string{"consent of\x1b[2J c1"}, Complete: true, At: "2026-11-22T10:00:00Z", ToReseal: 3, Resealed: 3,
		Remotes: []api.RemoteReceipt{{Name: "nas", Deleted: 2, Waiting: 1}}}
	got := Receipt(lang.English, r, termio.Clean)
	text := strings.Join(got, "\n")
	if strings.Contains(text, "\x1b") {
		t.Errorf("what people wrote is not cleaned: %q", text)
	}
	for _, want := range []string{"Ended:", "  - nas – 2 objects deleted, 1 waiting", "Resealed: 3 of 3."} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if last := got[len(got)-1]; !strings.HasPrefix(last, "✓ Complete: ") {
		t.Errorf("it ends with %q", last)
	}
	r.DryRun = true
	if got = Receipt(lang.English, r, termio.Clean); got[0] != "Nothing was done. This would happen:" || strings.Contains(strings.Join(got, "\n"), "Complete") {
		t.Errorf("%q", got)
	}
}

func TestError(t *testing.T) {
	for _, tc := range []struct {
		err           error
		message, hint string
	}{
		{vault.Errorf(vault.CodeLocked, "the vaults are locked"), "the vaults are locked", "`vaultctl unlock` opens the vaults"},
		{api.WithHint(vault.Errorf(vault.CodeLocked, "locked"), "wait"), "locked", "wait"},
		{errors.New("odd"), "odd", ""},
	} {
		if message, hint := Error(lang.English, tc.err); message != tc.message || hint != tc.hint {
			t.Errorf("%v: %q, %q", tc.err, message, hint)
		}
	}
	err := vault.Errorf(vault.CodeLocked, "the vaults are locked")
	if message, hint := Error(lang.French, err); message == err.Error() || hint == "" || strings.Contains(hint, "opens") {
		t.Errorf("in French: %q, %q", message, hint)
	}
}
