package agecrypt

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"vaultctl/internal/vault"
)

// TestMain lets the test binary be the plugin age-plugin-vaulttest when it is started under that name.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "age-plugin-vaulttest") {
		os.Exit(pluginMain())
	}
	code := m.Run()
	if stockDir != "" {
		os.RemoveAll(stockDir)
	}
	os.Exit(code)
}

// pluginMain is an age plugin whose key is sealed under a PIN: it asks for it, and opens only if it is 1234.
func pluginMain() int {
	p, err := plugin.New("vaulttest")
	if err != nil {
		return 1
	}
	id, err := age.ParseX25519Identity("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
	if err != nil {
		return 1
	}
	p.HandleIdentityAsRecipient(func([]byte) (age.Recipient, error) { return id.Recipient(), nil })
	p.HandleIdentity(func([]byte) (age.Identity, error) { return pinIdentity{p, id}, nil })
	return p.Main()
}

type pinIdentity struct {
	plugin *plugin.Plugin
	inner  age.Identity
}

func (p pinIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if err := p.plugin.DisplayMessage("insert the test key"); err != nil {
		return nil, err
	}
	pin, err := p.plugin.RequestValue("PIN", true)
	if err != nil {
		return nil, err
	}
	if pin != "1234" {
		return nil, errors.New("wrong PIN")
	}
	yes, err := p.plugin.Confirm("use the key", "go on", "stop")
	if err != nil || !yes {
		return nil, errors.New("not confirmed")
	}
	return p.inner.Unwrap(stanzas)
}

var (
	stockOnce sync.Once
	stockDir  string
	stockErr  error
)

// MustStock builds the pinned age and age-keygen once and returns the path of the named one.
func MustStock(tb testing.TB, name string) string {
	tb.Helper()
	if testing.Short() {
		tb.Skip("builds the stock age command")
	}
	stockOnce.Do(func() {
		stockDir, stockErr = os.MkdirTemp("", "stock-age-")
		if stockErr != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", stockDir+string(filepath.Separator), "filippo.io/age/cmd/age", "filippo.io/age/cmd/age-keygen")
		if out, err := cmd.CombinedOutput(); err != nil {
			stockErr = errors.New(err.Error() + ": " + string(out))
		}
	})
	if stockErr != nil {
		tb.Fatalf("build stock age: %v", stockErr)
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(stockDir, name)
}

// MustRun runs a command with stdin and returns its output.
func MustRun(tb testing.TB, stdin []byte, name string, args ...string) []byte {
	tb.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%s: %v: %s", filepath.Base(name), err, stderr.String())
	}
	return out
}

func MustIdentity(tb testing.TB, s *Sealer) (identity, recipient string) {
	tb.Helper()
	identity, recipient, err := s.NewIdentity()
	if err != nil {
		tb.Fatal(err)
	}
	return identity, recipient
}

// MustSeal returns the age file of plain.
func MustSeal(tb testing.TB, s *Sealer, plain []byte, recipients ...string) []byte {
	tb.Helper()
	var file bytes.Buffer
	w, err := s.Seal(&file, recipients)
	if err != nil {
		tb.Fatal(err)
	}
	MustFinish(tb, w, plain)
	return file.Bytes()
}

func MustFinish(tb testing.TB, w io.WriteCloser, plain []byte) {
	tb.Helper()
	if _, err := w.Write(plain); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
}

// openAll opens file and reads it to its end.
func openAll(s *Sealer, file []byte, identities ...string) ([]byte, error) {
	r, err := s.Open(bytes.NewReader(file), identities)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func wantCode(tb testing.TB, err error, want vault.Code) {
	tb.Helper()
	if got := vault.CodeOf(err); got != want {
		tb.Errorf("error %v has code %q, want %q", err, got, want)
	}
}
