package engine_test

import (
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestRecoveryRotation replaces the recovery secret: the new one brings everything back, the old one nothing that was sealed
// anew.
func TestRecoveryRotation(t *testing.T) {
	k := MustFill(t, MustFound(t))
	MustSync(t, k.rig)
	paul := MustJoin(t, k.rig, "Paul Martin", vault.RoleAgent)
	words := strings.Join(k.Result.RootWords, " ")
	req := api.RecoveryRotateRequest{RootWords: words, Need: 2, Of: 3, Holders: "la nouvelle directrice", Language: "fr"}
	_, err := paul.RecoveryRotate(ctxb, req, nil)
	wantCode(t, "an agent", err, vault.CodePolicy)
	bad := req
	bad.RootWords = k.Result.RootWords[0]
	if _, err := k.RecoveryRotate(ctxb, bad, nil); vault.CodeOf(err) != vault.CodeNoIdentity && vault.CodeOf(err) != vault.CodeUsage {
		t.Errorf("other words: %v", err)
	}
	bad = req
	bad.Need = 9
	_, err = k.RecoveryRotate(ctxb, bad, nil)
	wantCode(t, "shares", err, vault.CodeUsage)
	res, err := k.RecoveryRotate(ctxb, req, nil)
	if err != nil || res.N != 2 || len(res.Recovery) != 3 || res.Resealing == 0 || len(res.Sheets) == 0 {
		t.Fatalf("n %d, %d shares, %d to reseal, %v", res.N, len(res.Recovery), res.Resealing, err)
	}
	waitFor(t, "the reseal", func() bool {
		k.MustTend(1)
		s, err := k.Status(ctxb)
		return err == nil && s.ToReseal == 0
	})
	late := MustDeposit(t, k.rig, k.two.ID, "après le changement", false).ID
	MustSync(t, k.rig)
	MustSync(t, paul)
	k.stop()
	if _, _, err := join(t, k, t.TempDir(), k.Result.Recovery[:2]...); vault.CodeOf(err) != vault.CodeNoIdentity {
		t.Errorf("the old shares: %v", err)
	}
	n, back, err := join(t, k, t.TempDir(), res.Recovery[:2]...)
	if err != nil || back.Restored.Vaults != 2 || back.Restored.Failed != 0 {
		t.Fatalf("the new shares: %+v, %v", back.Restored, err)
	}
	if got, _, err := n.get(late, ""); err != nil || got != "après le changement" {
		t.Errorf("get: %q, %v", got, err)
	}
}
