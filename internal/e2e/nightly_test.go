//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"vaultctl/internal/remote/s3test"
)

// nightly is the recipe of docs/import.md on a station.
type nightly struct {
	*station
	script, drop, work string
}

const importPage = "../../docs/import.md"

// MustNightly installs the recipe as the page says.
func MustNightly(tb testing.TB) *nightly {
	tb.Helper()
	n := &nightly{station: MustStation(tb, "")}
	n.drop, n.work = filepath.Join(n.dir, "drop"), filepath.Join(n.dir, "work")
	n.script = filepath.Join(n.dir, "vaultctl-nightly")
	scripts, maps := fenced(tb, importPage, "sh"), fenced(tb, importPage, "toml")
	if len(scripts) != 1 || len(maps) != 1 {
		tb.Fatalf("the page has changed: %d scripts, %d maps", len(scripts), len(maps))
	}
	for _, dir := range []string{n.work, filepath.Join(n.drop, "scans")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	if err := os.WriteFile(n.script, []byte(scripts[0]), 0o700); err != nil {
		tb.Fatal(err)
	}
	n.MustWrite(tb, "work/city.toml", maps[0])
	return n
}

// MustDrop writes a file into the drop folder that was changed so long ago.
func (n *nightly) MustDrop(tb testing.TB, name, text string, age time.Duration) {
	tb.Helper()
	path := filepath.Join(n.drop, name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err == nil {
		err = os.Chtimes(path, time.Time{}, time.Now().Add(-age))
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// job is the script as cron runs it: with a bare environment, in a process group of its own.
func (n *nightly) job(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", n.script)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + programs + ":/usr/bin:/bin", "HOME=" + n.dir, "VAULTCTL_HOME=" + n.home,
		"VAULT_DROP=" + n.drop, "VAULT_WORK=" + n.work}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// status returns a number that `status --json` tells, and the process of the daemon.
func (n *nightly) status(tb testing.TB, member string) (count, pid int) {
	tb.Helper()
	a := n.Run("", "status", "--json", "--verbose")
	all := objects(tb, a.out)
	m := regexp.MustCompile(`process (\d+)`).FindStringSubmatch(a.err)
	if a.code != 0 || len(all) != 1 || m == nil {
		tb.Fatalf("status: exit %d, %s%s", a.code, a.out, a.err)
	}
	number, _ := all[0][member].(float64)
	pid, err := strconv.Atoi(m[1])
	if err != nil {
		tb.Fatal(err)
	}
	return int(number), pid
}

// cutPower kills a job once so many documents are in the vaults, and the daemon with it.
func (n *nightly) cutPower(tb testing.TB, documents int) {
	tb.Helper()
	cmd := n.job(tb.Context())
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; {
		there, pid := n.status(tb, "documents")
		if there >= documents {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				tb.Error(err)
			}
			break
		}
		if time.Now().After(deadline) {
			tb.Fatal("the import does not begin")
		}
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		tb.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		tb.Error("the job ended before the power was cut")
	}
}

// TestNightlyPage runs the recipe of docs/import.md as it stands there: a file of people in the encoding of old software,
// a file that is still being uploaded, and the power cut in the middle. The next night finds everything right.
func TestNightlyPage(t *testing.T) {
	t.Parallel()
	n := MustNightly(t)
	remote := filepath.Join(n.dir, "remote")
	n.MustFound(t, remote)
	people, err := charmap.Windows1252.NewEncoder().String("Numéro d'identification;Nom;Prénom;Date naissance\r\n" +
		"4711;Côté;Éloïse;14/03/1985\r\n12;N’Diaye;Moussa;01/12/1990\r\n")
	if err != nil {
		t.Fatal(err)
	}
	n.MustDrop(t, "people.csv", people, time.Hour)
	const scans = 400
	texts := map[string]bool{}
	for i := range scans {
		text := fmt.Sprintf("scan number %d\n", i)
		texts[text] = true
		n.MustDrop(t, fmt.Sprintf("scans/%d/payslip_2026-01_%d.txt", []int{4711, 12}[i%2], i+1), text, time.Hour)
	}
	n.MustDrop(t, "scans/12/id-card_2021-05-03.pdf", "half of a", 0)

	back := moveAway(t, remote) // the job waits for it, however late the power is cut
	n.cutPower(t, 20)
	back()

	a := finish(n.job(t.Context()))
	if a.code != 0 || a.out+a.err != "" {
		t.Errorf("second night: exit %d\n%s%s", a.code, a.out, a.err)
	}
	if left := filesBelow(t, filepath.Join(n.drop, "scans")); len(left) != 1 {
		t.Errorf("%d files are left in the drop folder", len(left))
	}
	n.MustDrop(t, "scans/12/id-card_2021-05-03.pdf", "the whole of a scan", time.Hour)
	texts["the whole of a scan"] = true
	if a := finish(n.job(t.Context())); a.code != 0 || a.out+a.err != "" {
		t.Errorf("third night: exit %d\n%s%s", a.code, a.out, a.err)
	}
	n.wantEverything(t, texts)

	n.MustDrop(t, "scans/99/payslip.txt", "of somebody whom nobody knows", time.Hour)
	if a := finish(n.job(t.Context())); a.code != 3 || !strings.Contains(a.err, "rows that were rejected: 1 of 1") {
		t.Errorf("a row that is refused: exit %d\n%s%s", a.code, a.out, a.err)
	}
	if rejects := filesBelow(t, filepath.Join(n.work, "rejects")); len(rejects) != 1 {
		t.Errorf("%d files of rejects", len(rejects))
	}
}

// wantEverything checks that the vaults hold these texts, each once, that the storage has all of them, and that the files
// have gone to where the recipe moves them.
func (n *nightly) wantEverything(t *testing.T, texts map[string]bool) {
	t.Helper()
	if list := n.Must(t, "beneficiary", "list"); !strings.Contains(list, "Éloïse Côté") || strings.Count(list, "\n") != 2 {
		t.Errorf("people:\n%s", list)
	}
	documents := objects(t, n.Must(t, "document", "list", "--json"))
	digests := map[string]bool{}
	for _, d := range documents {
		if digest, _ := d["digest"].(string); d["on_remote"] == true {
			digests[digest] = true
		}
	}
	for text := range texts {
		if !digests[sum(text)] {
			t.Errorf("%q is not on the storage", text)
		}
	}
	if len(documents) != len(texts) {
		t.Errorf("%d documents, want %d", len(documents), len(texts))
	}
	moved := filesBelow(t, filepath.Join(n.work, "done"))
	for _, text := range moved {
		if !texts[text] {
			t.Errorf("%q was moved", text)
		}
	}
	if len(moved) != len(texts) {
		t.Errorf("%d files were moved, want %d", len(moved), len(texts))
	}
	n.Must(t, "verify")
}

// TestDaemonKilledWithItsJob kills a job and the daemon that it started, as systemd does with a control group, while the
// storage is out of reach. Nothing is lost, and the next start pushes by itself.
func TestDaemonKilledWithItsJob(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	n := MustNightly(t)
	n.MustFound(t, mustConfigure(t, n.station, server))
	n.MustOpen(t, "Diallo", "SI:1")
	n.Must(t, "sync", "--wait=60s")
	n.MustDrop(t, "people.csv", "Numéro d'identification;Nom;Prénom;Date naissance\r\n", time.Hour)
	const scans = 10
	for i := range scans {
		n.MustDrop(t, fmt.Sprintf("scans/1/payslip_%d.txt", i+1), fmt.Sprintf("scan number %d\n", i), time.Hour)
	}
	server.Stop()
	n.cutPower(t, scans)
	server.Restart(t)
	for deadline := time.Now().Add(2 * time.Minute); ; {
		there, _ := n.status(t, "documents")
		queued, _ := n.status(t, "queued")
		if there != scans {
			t.Fatalf("%d documents, want %d", there, scans)
		}
		if queued == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d objects are still queued", queued)
		}
	}
	for _, d := range objects(t, n.Must(t, "document", "list", "--json")) {
		if d["on_remote"] != true {
			t.Errorf("document %v is not on the storage", d["id"])
		}
	}
	n.Must(t, "verify")
}

// TestNightlyUnits checks the crontab and the units of docs/import.md: systemd understands them, and they run the script.
func TestNightlyUnits(t *testing.T) {
	t.Parallel()
	n := MustNightly(t)
	const installed = "/usr/local/bin/vaultctl-nightly"
	units, tables := fenced(t, importPage, "ini"), fenced(t, importPage, "cron")
	if len(units) != 2 || len(tables) != 1 || !strings.HasSuffix(strings.TrimSpace(tables[0]), " "+installed) ||
		!strings.Contains(units[0], "ExecStart="+installed+"\n") {
		t.Fatalf("the page has changed: %q %q", units, tables)
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here")
	}
	var files []string
	for _, unit := range units {
		name, _, _ := strings.Cut(strings.TrimPrefix(unit, "# "), "\n")
		files = append(files, n.MustWrite(t, name, strings.ReplaceAll(unit, installed, n.script)))
	}
	cmd := exec.CommandContext(t.Context(), analyze, append([]string{"verify", "--user", "--man=no"}, files...)...)
	cmd.Env = append(slices.Clone(n.env), "XDG_RUNTIME_DIR="+n.dir)
	if a := finish(cmd); a.code != 0 || strings.Contains(a.err, filepath.Base(files[0])+":") || strings.Contains(a.err, filepath.Base(files[1])+":") {
		t.Errorf("systemd-analyze: exit %d\n%s", a.code, a.err)
	}
}
