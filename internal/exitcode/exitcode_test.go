package exitcode

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"vaultctl/internal/vault"
)

// want is the contract; it is written out a second time so that an edit of the table shows up in review.
var want = map[vault.Code]int{
	"failed": 1, "usage": 2, "invalid": 2, "not_found": 4, "no_consent": 5, "policy": 5, "erased": 4,
	"locked": 6, "no_identity": 6, "conflict": 7, "ambiguous": 7, "no_daemon": 8, "attention": 9,
	"remote_unreachable": 10, "remote_full": 10, "remote_read_only": 10, "remote_foreign": 7,
	"disk_full": 1, "integrity": 11, "upgrade": 1, "partial": 3, "not_implemented": 2, "interrupted": 130,
}

// codesInSource returns every constant of type Code that the domain declares.
func codesInSource(tb testing.TB) []vault.Code {
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
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name != "Code" {
			return true
		}
		for _, v := range spec.Values {
			if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, err := strconv.Unquote(lit.Value)
				if err != nil {
					tb.Fatal(err)
				}
				codes = append(codes, vault.Code(s))
			}
		}
		return true
	})
	return codes
}

func TestEveryCodeHasItsStatus(t *testing.T) {
	codes := codesInSource(t)
	if len(codes) < 20 {
		t.Fatalf("found only %d codes in the domain", len(codes))
	}
	for _, code := range codes {
		status, ok := want[code]
		if !ok {
			t.Errorf("code %q has no exit status in the contract", code)
		} else if got := Of(code); got != status {
			t.Errorf("Of(%q) = %d, want %d", code, got, status)
		}
	}
}

func TestOfError(t *testing.T) {
	wrapped := fmt.Errorf("open vault: %w", vault.Errorf(vault.CodeNoConsent, "no consent"))
	for _, c := range []struct {
		err  error
		want int
	}{{nil, 0}, {errors.New("plain"), 1}, {wrapped, 5}, {vault.Errorf("from_the_future", "x"), 1}} {
		if got := OfError(c.err); got != c.want {
			t.Errorf("OfError(%v) = %d, want %d", c.err, got, c.want)
		}
	}
}
