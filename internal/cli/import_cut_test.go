package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
)

// MustManifest writes small files and a manifest of them, for the person with the reference SI:1.
func (d *desk) MustManifest(rows int) string {
	d.tb.Helper()
	dir := filepath.Join(d.dir, "drop")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.tb.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("path;beneficiary;type\n")
	for i := range rows {
		name := fmt.Sprintf("%d.txt", i)
		if err := os.WriteFile(filepath.Join(dir, name), fmt.Appendf(nil, "paper number %d\n", i), 0o600); err != nil {
			d.tb.Fatal(err)
		}
		fmt.Fprintf(&table, "%s;%d;other\n", name, i%10)
	}
	path := filepath.Join(dir, "manifest.csv")
	if err := os.WriteFile(path, []byte(table.String()), 0o600); err != nil {
		d.tb.Fatal(err)
	}
	return path
}

// imported is an import that has ended.
type imported struct {
	code    int // -1 if it was killed
	done    map[int64]importRow
	account importAccount
	stderr  string
}

// Import runs vaultctl in a process of its own and calls cut after that many results.
func (d *desk) Import(after int, cut func(*os.Process), args ...string) imported {
	d.tb.Helper()
	cmd := exec.Command("vaultctl", append([]string{"import", "--source", "SI", "--json"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		d.tb.Fatal(err)
	}
	res := imported{done: map[int64]importRow{}}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var row importRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			d.tb.Errorf("%q: %v", lines.Text(), err)
			continue
		}
		if row.Type == "import" {
			if err := json.Unmarshal(lines.Bytes(), &res.account); err != nil {
				d.tb.Error(err)
			}
			continue
		}
		if _, twice := res.done[row.Row]; twice {
			d.tb.Errorf("row %d has two results", row.Row)
		}
		res.done[row.Row] = row
		if len(res.done) == after {
			cut(cmd.Process)
		}
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		d.tb.Error(err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.tb.Fatal(err)
	}
	res.code, res.stderr = cmd.ProcessState.ExitCode(), stderr.String()
	return res
}

// KillDaemon kills the daemon as a power cut would.
func (d *desk) KillDaemon() {
	d.tb.Helper()
	c, err := apiclient.Connect(context.Background(), apiclient.Options{Home: d.home, NoAutostart: true, Version: scriptVersion})
	if err != nil {
		d.tb.Error(err)
		return
	}
	defer c.Close()
	p, err := os.FindProcess(c.Server().PID)
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		d.tb.Error(err)
	}
}

// MustAgree runs the import again and checks that everything is there, and nothing twice.
func (d *desk) MustAgree(manifest string, rows int, before imported) {
	d.tb.Helper()
	again := d.Import(-1, nil, manifest)
	if again.code != 0 || again.account.Rows != int64(rows) || again.account.Deposited+again.account.Exists != int64(rows) {
		d.tb.Errorf("again: exit %d, %+v\n%s", again.code, again.account.Account, again.stderr)
	}
	for row, was := range before.done {
		if now := again.done[row]; now.Status != api.RowExists || now.Document != was.Document {
			d.tb.Errorf("row %d was acknowledged as %s, and is %s %s", row, was.Document, now.Status, now.Document)
		}
	}
	if n := strings.Count(d.Must("document", "list", "--json"), "\n"); n != rows {
		d.tb.Errorf("%d documents of %d", n, rows)
	}
}

func (d *desk) addTen() {
	for i := range 10 {
		d.Add("--given-name", fmt.Sprintf("Person %d", i), "--ref", fmt.Sprintf("SI:%d", i))
	}
}

func TestImportInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no interrupt to send")
	}
	const rows = 800 // more than are under way at once
	d := MustDesk(t)
	d.addTen()
	manifest := d.MustManifest(rows)
	cut := d.Import(20, func(p *os.Process) {
		if err := p.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}, manifest)
	if cut.code != 130 || !cut.account.Interrupted || cut.account.Rows != int64(len(cut.done)) || len(cut.done) >= rows {
		t.Errorf("exit %d, %d results, %+v", cut.code, len(cut.done), cut.account)
	}
	d.want("interrupted", cut.code, 130, cut.stderr, `"code":"interrupted"`, "run the same command again")
	d.MustAgree(manifest, rows, cut)
}

func TestImportOutlivesTheDaemon(t *testing.T) {
	const rows = 250
	d := MustDesk(t)
	d.addTen()
	manifest := d.MustManifest(rows)
	res := d.Import(20, func(*os.Process) { d.KillDaemon() }, manifest)
	if res.code != 0 || res.account.Rows != rows || res.account.Deposited+res.account.Exists != rows {
		t.Errorf("exit %d, %+v\n%s", res.code, res.account.Account, res.stderr)
	}
	d.MustAgree(manifest, rows, res)
}

func TestImportAfterAPowerCut(t *testing.T) {
	const rows = 800 // more than are under way at once
	d := MustDesk(t)
	d.addTen()
	manifest := d.MustManifest(rows)
	cut := d.Import(20, func(p *os.Process) {
		d.KillDaemon()
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	}, manifest)
	if cut.code != -1 || len(cut.done) >= rows {
		t.Errorf("exit %d, %d results", cut.code, len(cut.done))
	}
	d.MustAgree(manifest, rows, cut)
}
