package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// use is where a sentence is written.
type use struct{ one, other, at string }

// sources is what the program's source says to people.
type sources struct {
	sentences map[string]string // key to place, from T and Key
	plurals   []use             // from N
	errors    map[string]string // format to place, from isError and vault.Error{Msg}
	faults    []string
}

// MustReadSources parses every file of the module but its tests and the tables themselves.
func MustReadSources(tb testing.TB) *sources {
	tb.Helper()
	s := &sources{sentences: map[string]string{}, errors: map[string]string{}}
	files, here := 0, filepath.Join("..", "..", "internal", "lang")
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join("..", "..", top), func(path string, d fs.DirEntry, err error) error {
			if err != nil && top == "cmd" {
				return filepath.SkipDir
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				filepath.Dir(path) == here {
				return err
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			files++
			ast.Inspect(file, func(n ast.Node) bool { s.visit(fset, n); return true })
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	if files == 0 {
		tb.Fatal("no source found")
	}
	return s
}

// visit records what a call or a literal says.
func (s *sources) visit(fset *token.FileSet, n ast.Node) {
	if n == nil {
		return
	}
	at := fset.Position(n.Pos()).String()
	if lit, ok := n.(*ast.CompositeLit); ok && name(lit.Type) == "Error" {
		for _, e := range lit.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && name(kv.Key) == "Msg" {
				if msg, ok := literal(kv.Value); ok {
					s.errors[strings.ReplaceAll(msg, "%", "%%")] = at
				}
			}
		}
		return
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return
	}
	fun, isMethod := call.Fun.(*ast.SelectorExpr)
	switch {
	case isError(call) && len(call.Args) > 1:
		if format, ok := literal(call.Args[1]); ok {
			s.errors[format] = at
		}
	case isMethod && fun.Sel.Name == "WithHint" && len(call.Args) == 2:
		if hint, ok := sum(call.Args[1]); ok {
			s.errors[hint] = at
		}
	case isMethod && fun.Sel.Name == "T" && len(call.Args) > 0:
		if key, ok := literal(call.Args[0]); ok {
			s.sentences[key] = at
		}
	case isMethod && fun.Sel.Name == "Key" && name(fun.X) == "lang" && len(call.Args) == 1:
		key, ok := literal(call.Args[0])
		if !ok {
			s.faults = append(s.faults, at+": Key of something that is not a literal")
			return
		}
		s.sentences[key] = at
	case isMethod && fun.Sel.Name == "N" && len(call.Args) >= 3:
		one, ok1 := literal(call.Args[1])
		other, ok2 := literal(call.Args[2])
		if ok1 && ok2 {
			s.plurals = append(s.plurals, use{one, other, at})
		}
	}
}

// isError reports whether a call makes an error that a person reads: vault.Errorf, or a package's own usagef, which
// take the format second.
func isError(call *ast.CallExpr) bool {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name == "Errorf" || fun.Name == "usagef"
	case *ast.SelectorExpr:
		return fun.Sel.Name == "Errorf" && name(fun.X) == "vault"
	}
	return false
}

// name returns the last identifier of an expression, or "".
func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// sum returns a sum of strings as a format: what is not a literal is a %s.
func sum(e ast.Expr) (format string, ok bool) {
	if s, ok := literal(e); ok {
		return strings.ReplaceAll(s, "%", "%%"), true
	}
	b, isSum := e.(*ast.BinaryExpr)
	if !isSum || b.Op != token.ADD {
		return "%s", false
	}
	x, ok1 := sum(b.X)
	y, ok2 := sum(b.Y)
	return x + y, ok1 || ok2
}

// literal returns the string that e is, a literal or a sum of literals.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		x, ok1 := literal(e.X)
		y, ok2 := literal(e.Y)
		return x + y, ok1 && ok2 && e.Op == token.ADD
	case *ast.ParenExpr:
		return literal(e.X)
	}
	return "", false
}

func TestEverySentenceIsFrench(t *testing.T) {
	s := MustReadSources(t)
	for _, fault := range s.faults {
		t.Error(fault)
	}
	for key, at := range s.sentences {
		if _, ok := french().sentences[key]; !ok {
			t.Errorf("%s: no French row for %q", at, key)
		}
	}
	for _, u := range s.plurals {
		if _, ok := french().plurals[u.other]; !ok {
			t.Errorf("%s: no French row for %q", u.at, u.other)
		}
	}
}

func TestEveryRowIsUsed(t *testing.T) {
	s := MustReadSources(t)
	seen := map[string]string{}
	once := func(table, key string) {
		if other, ok := seen[key]; ok {
			t.Errorf("%s: %q has a row in %s as well", table, key, other)
		}
		seen[key] = table
	}
	for _, table := range tables {
		for _, r := range table.rows {
			once(table.name, r.en)
			if _, ok := s.sentences[r.en]; !ok {
				t.Errorf("%s: nobody says %q", table.name, r.en)
			}
		}
		for _, p := range table.plurals {
			once(table.name, p.other)
			used := func(u use) bool { return u.one == p.one && u.other == p.other }
			if !slices.ContainsFunc(s.plurals, used) {
				t.Errorf("%s: nobody says %q, %q", table.name, p.one, p.other)
			}
		}
	}
	for _, r := range errorRows() {
		if _, ok := s.errors[r.en]; !ok {
			t.Errorf("errors: no error says %q", r.en)
		}
	}
}

// verbsOf returns the verbs of a format in the order of the arguments that they take.
func verbsOf(tb testing.TB, format string) string {
	tb.Helper()
	var byArg []string
	next := 0
	for _, m := range verb().FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			n, err := strconv.Atoi(strings.Trim(m[1], "%[]"))
			if err != nil {
				tb.Fatal(err)
			}
			next = n - 1
		}
		for len(byArg) <= next {
			byArg = append(byArg, "")
		}
		byArg[next] = m[2]
		next++
	}
	return strings.Join(byArg, " ")
}

func TestVerbsAgree(t *testing.T) {
	check := func(en, fr string) {
		if verbsOf(t, en) != verbsOf(t, fr) {
			t.Errorf("%q takes %q, %q takes %q", en, verbsOf(t, en), fr, verbsOf(t, fr))
		}
		if strings.TrimSpace(fr) == "" {
			t.Errorf("%q has an empty translation", en)
		}
	}
	for _, table := range tables {
		for _, r := range table.rows {
			check(r.en, r.fr)
		}
		for _, p := range table.plurals {
			check(p.one, p.frOne)
			check(p.other, p.frOther)
			if !strings.HasPrefix(verbsOf(t, p.one), "d") || !strings.HasPrefix(verbsOf(t, p.other), "d") {
				t.Errorf("%q, %q: both must count with %%d", p.one, p.other)
			}
		}
	}
	for _, r := range errorRows() {
		check(r.en, r.fr)
	}
}

func TestEveryErrorIsFrench(t *testing.T) {
	known := map[string]bool{}
	for _, r := range errorRows() {
		known[r.en] = true
	}
	for format, at := range MustReadSources(t).errors {
		says := strings.ContainsFunc(verb().ReplaceAllString(format, ""), unicode.IsLetter)
		if says && !known[format] {
			t.Errorf("%s: no French row for the error %q", at, format)
		}
	}
}
