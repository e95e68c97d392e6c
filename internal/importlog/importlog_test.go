package importlog

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func TestRuns(t *testing.T) {
	home := t.TempDir()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	if got := Recent(home, now); len(got) != 0 {
		t.Errorf("nothing was noted: %v", got)
	}
	if err := Forget(home, "i1"); err != nil {
		t.Error(err)
	}
	for i := range 25 {
		if err := Note(home, Run{Batch: "i" + strconv.Itoa(i), Ended: now.Add(time.Duration(i) * time.Minute), Rows: 10, Rejected: 2}); err != nil {
			t.Fatal(err)
		}
	}
	if err := Note(home, Run{Batch: "i24", Ended: now, Rows: 10, Rejected: 1}); err != nil {
		t.Fatal(err)
	}
	got := Recent(home, now)
	if len(got) != 20 || got[0].Batch != "i24" || got[0].Rejected != 1 || got[1].Batch != "i23" {
		t.Fatalf("%d runs: %v", len(got), got)
	}
	if err := Forget(home, "i24"); err != nil {
		t.Fatal(err)
	}
	if got := Recent(home, now); len(got) != 19 || got[0].Batch != "i23" {
		t.Errorf("forgotten, and yet %v", got)
	}
	if got := Recent(home, now.Add(31*24*time.Hour)); len(got) != 0 {
		t.Errorf("after a month there is %v", got)
	}
	if info, err := os.Stat(filepath.Join(home, "imports.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestDamaged(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "imports.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if got := Recent(home, now); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if err := Note(home, Run{Batch: "i1", Ended: now, Rejected: 1}); err != nil || len(Recent(home, now)) != 1 {
		t.Errorf("not mended: %v", err)
	}
}
