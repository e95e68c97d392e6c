package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"syscall"
	"testing"

	"vaultctl/internal/vault"
)

// domainCodes reads the declared codes from the source of package vault, so that a new code cannot be forgotten here.
func domainCodes(tb testing.TB) []vault.Code {
	tb.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../vault/errors.go", nil, 0)
	if err != nil {
		tb.Fatal(err)
	}
	var codes []vault.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != "Code" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			tb.Fatal(err)
		}
		codes = append(codes, vault.Code(text))
		return true
	})
	if len(codes) < 20 {
		tb.Fatalf("found %d codes in package vault: the test no longer reads its source", len(codes))
	}
	return codes
}

func TestEveryCodeHasAStatus(t *testing.T) {
	codes := domainCodes(t)
	for _, code := range codes {
		status, ok := statuses[code]
		if !ok {
			t.Errorf("%s has no status", code)
		}
		if status < 400 || status > 599 {
			t.Errorf("%s has status %d, which is not an error", code, status)
		}
	}
	if len(statuses) != len(codes) {
		t.Errorf("%d statuses for %d codes", len(statuses), len(codes))
	}
	if got := StatusOf("from the future"); got != 500 {
		t.Errorf("unknown code has status %d", got)
	}
}

func TestErrorSurvivesTheWire(t *testing.T) {
	locked := vault.Errorf(vault.CodeLocked, "vaultd is locked")
	for name, tc := range map[string]struct {
		err  error
		want Error
	}{
		"domain":  {locked, Error{Code: vault.CodeLocked, Message: "vaultd is locked"}},
		"wrapped": {fmt.Errorf("add document: %w", locked), Error{Code: vault.CodeLocked, Message: "add document: vaultd is locked"}},
		"hinted": {fmt.Errorf("add: %w", WithHint(locked, "run vaultctl unlock")),
			Error{Code: vault.CodeLocked, Message: "add: vaultd is locked", Hint: "run vaultctl unlock"}},
		"cancelled": {fmt.Errorf("push: %w", context.Canceled), Error{Code: vault.CodeInterrupted, Message: "push: context canceled"}},
		"disk full": {fmt.Errorf("spool: %w", syscall.ENOSPC), Error{Code: vault.CodeDiskFull, Message: "spool: " + syscall.ENOSPC.Error()}},
		"plain":     {errors.New("boom"), Error{Code: vault.CodeFailed, Message: "boom"}},
	} {
		t.Run(name, func(t *testing.T) {
			line, err := json.Marshal(Line{Error: ErrorOf(tc.err)})
			if err != nil {
				t.Fatal(err)
			}
			var back Line
			if err := json.Unmarshal(line, &back); err != nil || !back.Valid() {
				t.Fatalf("%s: %v", line, err)
			}
			got := back.Error.Err()
			if vault.CodeOf(got) != tc.want.Code || got.Error() != tc.want.Message || HintOf(got) != tc.want.Hint {
				t.Errorf("got code %s, message %q, hint %q; want %+v", vault.CodeOf(got), got, HintOf(got), tc.want)
			}
		})
	}
	if ErrorOf(nil) != nil || (*Error)(nil).Err() != nil {
		t.Error("nil did not stay nil")
	}
}

func TestLineHasExactlyOneMember(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: false, `{"item":1}`: true, `{"item":null}`: true, `{"result":{}}`: true,
		`{"item":1,"result":2}`: false, `{"progress":{"stage":"seal"},"error":{"code":"failed"}}`: false,
	} {
		var line Line
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if line.Valid() != want {
			t.Errorf("%s: valid = %t", text, line.Valid())
		}
	}
}

func TestMetaRoundTrip(t *testing.T) {
	in := map[string]string{"name": "Attestation d’hébergement\n\u202e.pdf"}
	s, err := EncodeMeta(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s {
		if c < '-' || c > 'z' {
			t.Fatalf("%q is not fit for a header", s)
		}
	}
	var out map[string]string
	if err := DecodeMeta(s, &out); err != nil || out["name"] != in["name"] {
		t.Fatalf("got %v, %v", out, err)
	}
	if DecodeMeta("%", &out) == nil {
		t.Error("garbage was accepted")
	}
}
