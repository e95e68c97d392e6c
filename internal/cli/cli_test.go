package cli

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// walk calls visit for every command below cmd.
func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	for _, sub := range cmd.Commands() {
		visit(sub)
		walk(sub, visit)
	}
}

func TestEveryCommandIsDocumented(t *testing.T) {
	io, _ := termio.Test()
	root := NewRoot(io, Build{})
	n := 0
	walk(root, func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		n++
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: short description %q", cmd.CommandPath(), cmd.Short)
		}
		if !cmd.HasSubCommands() && !strings.Contains(cmd.Example, cmd.CommandPath()) && cmd.Name() != "path" {
			t.Errorf("%s: no example", cmd.CommandPath())
		}
		if cmd.Parent() == root && cmd.GroupID == "" {
			t.Errorf("%s: in no group", cmd.CommandPath())
		}
		if !cmd.HasSubCommands() && cmd.Args == nil {
			t.Errorf("%s: takes any arguments", cmd.CommandPath())
		}
	})
	if n < 10 {
		t.Errorf("only %d commands", n)
	}
}

func TestLaterCommandsHideNoneThatWorks(t *testing.T) {
	io, _ := termio.Test()
	seen := map[string]bool{}
	walk(NewRoot(io, Build{}), func(cmd *cobra.Command) {
		if seen[cmd.CommandPath()] {
			t.Errorf("%s is there twice: take its row out of laterCommands", cmd.CommandPath())
		}
		seen[cmd.CommandPath()] = true
	})
	for _, row := range laterCommands() {
		if !seen["vaultctl "+row.path] || row.instead == "" {
			t.Errorf("%q is not there, or does not say what to do instead", row.path)
		}
	}
}

func TestWanted(t *testing.T) {
	for use, want := range map[string]struct {
		needed string
		most   int
	}{
		"list": {"", 0}, "list [B]": {"", 1}, "add B FILE…": {"B FILE", -1}, "set KEY [VALUE]": {"KEY", 2}, "x [FILE…]": {"", -1},
	} {
		needed, most := wanted(use)
		if got := strings.Join(needed, " "); got != want.needed || most != want.most {
			t.Errorf("wanted(%q) = %q, %d", use, got, most)
		}
	}
}

func TestReport(t *testing.T) {
	hinted := api.WithHint(vault.Errorf(vault.CodeLocked, "the daemon is locked\x1b[2J"), "vaultctl unlock")
	for _, c := range []struct {
		name  string
		flags globals
		err   error
		exit  int
		want  string
	}{
		{"person", globals{}, hinted, 6, "error: the daemon is locked\\x1b[2J\nhint: vaultctl unlock\n"},
		{"verbose", globals{verbose: true}, errors.New("plain"), 1, "error: plain\ncode: failed, exit: 1\n"},
		{"disk full", globals{}, syscall.ENOSPC, 1, "error: no space left on device\n"},
		{"cancelled", globals{json: true}, context.Canceled, 130,
			`{"v":1,"type":"error","code":"interrupted","exit":130,"message":"context canceled"}` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("VAULTCTL_HOME", t.TempDir())
			t.Setenv("LC_ALL", "C")
			io, b := termio.Test()
			f := newFactory(io, Build{})
			f.globals = c.flags
			if exit := f.report(c.err); exit != c.exit || b.Err.String() != c.want || b.Out.Len() != 0 {
				t.Errorf("exit %d, stderr %q; want %d, %q", exit, b.Err.String(), c.exit, c.want)
			}
		})
	}
}

func TestEmit(t *testing.T) {
	type item struct {
		api.Head
		Name string `json:"name"`
	}
	items := []item{{api.H("x"), "a<b"}, {api.H("x"), "c\u009b2J\u202e"}}
	row := func(i item) []termio.Cell { return []termio.Cell{{Text: i.Name}} }
	for _, c := range []struct {
		name      string
		json, tty bool
		want      string
	}{
		{"piped", false, false, "a<b\nc\\x9b2J\u202e\u202c\n"},
		{"json piped", true, false, `{"v":1,"type":"x","name":"a<b"}` + "\n" + `{"v":1,"type":"x","name":"c` + "\u009b2J\u202e" + `"}` + "\n"},
		{"json on a terminal", true, true, `{"v":1,"type":"x","name":"a<b"}` + "\n" + `{"v":1,"type":"x","name":"c\u009b2J\u202e"}` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			io, b := termio.Test()
			io.SetTTY(c.tty, c.tty, c.tty)
			f := newFactory(io, Build{})
			f.globals.json = c.json
			if err := emitList(f, each(items), []string{"name"}, row); err != nil || b.Out.String() != c.want {
				t.Errorf("%v, output %q\nwant %q", err, b.Out.String(), c.want)
			}
		})
	}
	t.Run("broken list", func(t *testing.T) {
		io, b := termio.Test()
		var broken iter.Seq2[item, error] = func(yield func(item, error) bool) {
			_ = yield(items[0], nil) && yield(item{}, errors.New("cut"))
		}
		err := emitList(newFactory(io, Build{}), broken, []string{"name"}, row)
		if err == nil || b.Out.Len() != 0 {
			t.Errorf("error %v, output %q", err, b.Out.String())
		}
	})
}

func TestInterrupt(t *testing.T) {
	t.Setenv("VAULTCTL_HOME", t.TempDir())
	io, b := termio.Test()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if exit := run(ctx, []string{"--json", "no-such-command"}, io, Build{}); exit != 130 {
		t.Errorf("exit %d", exit)
	}
	var line errorLine
	if err := json.Unmarshal(b.Err.Bytes(), &line); err != nil || line.Code != vault.CodeInterrupted || line.Exit != 130 {
		t.Errorf("stderr %q, %v", b.Err.String(), err)
	}
}

func TestMainLeavesSignalsAlone(t *testing.T) {
	t.Setenv("VAULTCTL_HOME", t.TempDir())
	io, b := termio.Test()
	if exit := Main([]string{"version"}, io, Build{Version: "1"}); exit != 0 || !strings.HasPrefix(b.Out.String(), "vaultctl 1 ") {
		t.Errorf("exit %d, output %q", exit, b.Out.String())
	}
	if signal.Ignored(os.Interrupt) {
		t.Error("interrupts are ignored afterwards")
	}
}

func TestClientWithoutDaemon(t *testing.T) {
	home := t.TempDir()
	io, _ := termio.Test()
	f := newFactory(io, Build{})
	f.globals.home, f.globals.noAutostart = home, true
	if _, err := f.Client(context.Background()); vault.CodeOf(err) != vault.CodeNoDaemon {
		t.Errorf("error %v", err)
	}
	if entries, err := os.ReadDir(home); err != nil || len(entries) != 0 {
		t.Errorf("home holds %v, %v", entries, err)
	}
}

func TestFrench(t *testing.T) {
	t.Setenv("VAULTCTL_HOME", t.TempDir())
	io, b := termio.Test()
	if exit := run(context.Background(), []string{"--lang", "fr", "config", "get", "idle_lok"}, io, Build{}); exit != 4 {
		t.Errorf("exit %d", exit)
	}
	if got := b.Err.String(); !strings.HasPrefix(got, "erreur\u00a0: ") || !strings.Contains(got, "idle_lock") {
		t.Errorf("stderr %q", got)
	}
	if exit := run(context.Background(), []string{"--lang=fr", "--help"}, io, Build{}); exit != 0 || !strings.Contains(b.Out.String(), "Exemples") {
		t.Errorf("exit %d, help %q", exit, b.Out.String())
	}
}
