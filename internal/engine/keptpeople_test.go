package engine

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestSummaryIsKeptWhole: literals without field names, so that a new field that is not kept does not compile.
func TestSummaryIsKeptWhole(t *testing.T) {
	at := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	s := &summary{
		api.Beneficiary{Head: api.H("beneficiary"), ID: "b1", Name: "Awa Diallo", Aliases: []string{"Awa"}, State: "open"}, "awa diallo\nb1",
		"2031-01-01", true, true, turn{true, at, time.Hour}, 3, 2, []vault.TeamID{"t1"}, true, at,
		vault.Pos{Writer: "w", Seq: 4, Index: 5}, 6, []vault.Date{"2031-05-01"},
		map[vault.DeviceID]lateWork{"d1": {7, vault.Clock{Ms: 8, N: 1}}},
		[]briefShare{{"s1", "p1", "2031-06-01", true, true}}, true,
	}
	raw := encodeSummary(s)
	got, err := decodeSummary(raw)
	if err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("%v\n%+v\n%+v", err, got, s)
	}
	if again := encodeSummary(got); !bytes.Equal(again, raw) {
		t.Errorf("%s\n%s", again, raw)
	}
	if _, err := decodeSummary([]byte("{")); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("half a summary: %v", err)
	}
}
