package deptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const internal = "vaultctl/internal/"

// pkg is what go list says about a package.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// MustList returns what go list says, by import path, for an operating system.
func MustList(tb testing.TB, goos string, args ...string) map[string]pkg {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "go", append([]string{"list", "-e", "-json=ImportPath,Standard,Imports"}, args...)...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	found := map[string]pkg{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			tb.Fatal(err)
		}
		found[p.ImportPath] = p
	}
	return found
}

var systems = []string{"linux", "darwin", "windows"}

// under reports whether path is prefix or lies below it.
func under(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, strings.TrimSuffix(prefix, "/")+"/")
}

// short returns the package of this module that path belongs to, without what is below it: "remote" for
// vaultctl/internal/remote/backends. It is "" outside internal.
func short(path string) string {
	rest, ok := strings.CutPrefix(path, internal)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// TestClientLinksNoEngine: vaultctl starts in milliseconds and never opens the store.
func TestClientLinksNoEngine(t *testing.T) {
	banned := []string{
		"github.com/rclone", "go.etcd.io/bbolt", "filippo.io/age", "codeberg.org/go-pdf", "github.com/go-text",
		"github.com/ccojocar/zxcvbn-go", "github.com/cloudflare/circl", "github.com/spf13/cobra/doc",
		internal + "engine", internal + "daemon", internal + "apiserver", internal + "agecrypt", internal + "boltstore",
		internal + "remote", internal + "paper", internal + "protect", internal + "secretshare", internal + "localseal",
		internal + "oplog", internal + "spool",
		// Of the library that draws screens a program asks the terminal for its colours by merely containing it.
		"github.com/charmbracelet", internal + "tui",
	}
	for _, goos := range systems {
		deps := MustList(t, goos, "-deps", "./cmd/vaultctl")
		if _, ok := deps[internal+"cli"]; !ok {
			t.Fatalf("%s: vaultctl does not depend on internal/cli", goos)
		}
		for path, p := range deps {
			for _, prefix := range banned {
				if under(path, prefix) {
					t.Errorf("%s: vaultctl links %s, imported by %s", goos, path, importers(deps, p.ImportPath))
				}
			}
		}
	}
}

func importers(all map[string]pkg, path string) string {
	var found []string
	for _, p := range all {
		if slices.Contains(p.Imports, path) {
			found = append(found, p.ImportPath)
		}
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

// TestDomainIsStandardLibrary: the rules about people and consent depend on nothing.
func TestDomainIsStandardLibrary(t *testing.T) {
	for _, goos := range systems {
		deps := MustList(t, goos, "-deps", "./internal/vault")
		if len(deps) < 10 {
			t.Fatalf("only %d packages", len(deps))
		}
		for path, p := range deps {
			if !p.Standard && path != internal+"vault" {
				t.Errorf("%s: internal/vault depends on %s", goos, path)
			}
		}
	}
}

// TestDirections: what each package may import of this module. Packages that are not named here are leaves that
// anybody may import, and import only leaves themselves.
func TestDirections(t *testing.T) {
	layers := map[string][]string{
		"api":       {"vault"},
		"apiclient": {"api", "localsock", "vault"},
		"apiserver": {"api", "engine", "localsock", "vault"},
		"engine":    {"api", "vault"},
		"cli":       {"api", "apiclient", "importer", "manifest", "phrase", "printing", "userfile", "vault"},
		"importer":  {"api", "apiclient", "manifest", "vault"},
		"manifest":  {"api", "vault"},
		"tui":       {"api", "apiclient", "phrase", "printing", "userfile", "vault"},
		"phrase":    {"api", "vault"},
		"printing":  {"api", "userfile", "vault"},
		"userfile":  {"api", "vault"},
	}
	wiring := []string{"daemon", "workstation"} // they put adapters into the engine and may import anything
	for _, name := range wiring {
		layers[name] = wiring
	}
	adapters := []string{"agecrypt", "boltstore", "remote", "paper", "protect", "secretshare"}
	for _, goos := range systems {
		seen := 0
		for path, p := range MustList(t, goos, "./...") {
			from := short(path)
			if from == "" || slices.Contains(wiring, from) || strings.HasSuffix(path, "test") {
				continue
			}
			seen++
			for _, imported := range p.Imports {
				to := short(imported)
				_, upper := layers[to]
				switch {
				case to == "" || to == from || to == "vault":
				case slices.Contains(layers[from], to):
				case upper:
					t.Errorf("%s: %s imports %s", goos, path, imported)
				case slices.Contains(adapters, to):
					t.Errorf("%s: %s imports the adapter %s; only daemon and workstation do", goos, path, imported)
				}
			}
		}
		if seen < 10 {
			t.Fatalf("%s: only %d packages", goos, seen)
		}
	}
}

// TestOneImporterPerSystem: each third-party module is imported by one package of this module, so that replacing it
// or upgrading it touches one place. Extensions of the standard library are free to all.
func TestOneImporterPerSystem(t *testing.T) {
	modules := MustModules(t)
	users := map[string][]string{}
	for _, goos := range systems {
		for path, p := range MustList(t, goos, "./internal/...") {
			for _, imported := range p.Imports {
				module := moduleOf(modules, imported)
				if module == "" || under(module, "golang.org/x") || slices.Contains(users[module], short(path)) {
					continue
				}
				users[module] = append(users[module], short(path))
			}
		}
	}
	if len(users) < 8 {
		t.Fatalf("only %d third-party modules found", len(users))
	}
	for module, packages := range users {
		if len(packages) > 1 {
			slices.Sort(packages)
			t.Errorf("%s is imported by %s", module, strings.Join(packages, ", "))
		}
	}
}

// TestRoles says which package owns a system that the design names.
func TestRoles(t *testing.T) {
	owners := map[string]string{
		"github.com/rclone/rclone": "remote", "go.etcd.io/bbolt": "boltstore", "filippo.io/age": "agecrypt",
		"github.com/spf13/viper": "config", "github.com/spf13/cobra": "cli", "codeberg.org/go-pdf/fpdf": "paper",
		"github.com/pelletier/go-toml/v2": "tomlfile", "github.com/pdfcpu/pdfcpu": "pdfpages", "github.com/charmbracelet": "tui",
	}
	found := map[string]bool{}
	for path, p := range MustList(t, "linux", "./internal/...") {
		for _, imported := range p.Imports {
			for system, owner := range owners {
				if !under(imported, system) {
					continue
				}
				found[system] = true
				if short(path) != owner {
					t.Errorf("%s imports %s; only internal/%s may", path, imported, owner)
				}
			}
		}
	}
	for system, owner := range owners {
		if !found[system] {
			t.Errorf("internal/%s does not import %s any more: correct the table", owner, system)
		}
	}
}

// MustModules returns the paths of the modules that go.mod requires.
func MustModules(tb testing.TB) []string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		tb.Fatal(err)
	}
	var mod struct{ Require []struct{ Path string } }
	if err := json.Unmarshal(out, &mod); err != nil {
		tb.Fatal(err)
	}
	var paths []string
	for _, r := range mod.Require {
		paths = append(paths, r.Path)
	}
	return paths
}

// moduleOf returns the module that holds an import path, "" for the standard library and this module.
func moduleOf(modules []string, path string) string {
	best := ""
	for _, m := range modules {
		if under(path, m) && len(m) > len(best) {
			best = m
		}
	}
	return best
}
