package secretshare

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	mathrand "math/rand/v2"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"vaultctl/internal/bech32"
	"vaultctl/internal/vault"
)

func MustNew(tb testing.TB) []byte {
	tb.Helper()
	seed, err := New(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return seed
}

func MustSplit(tb testing.TB, seed []byte, k, n int) []Share {
	tb.Helper()
	shares, err := Split(seed, k, n)
	if err != nil {
		tb.Fatal(err)
	}
	return shares
}

func wantCode(tb testing.TB, err error, want vault.Code) {
	tb.Helper()
	if got := vault.CodeOf(err); got != want {
		tb.Errorf("error %v has code %q, want %q", err, got, want)
	}
}

func TestNew(t *testing.T) {
	p, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	if want := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 252), MustInt(t, "27742317777372353535851937790883648493")); p.Cmp(want) != 0 {
		t.Fatal("the documented prime is not the order of ristretto255")
	}
	for range 200 {
		seed := MustNew(t)
		n := littleEndian(seed)
		if len(seed) != SeedLen || n.Sign() == 0 || n.Cmp(p) >= 0 {
			t.Fatalf("%d bytes, out of range", len(seed))
		}
	}
	broken := errors.New("no entropy")
	if _, err := New(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error %v, want the reader's", err)
	}
}

func MustInt(tb testing.TB, s string) *big.Int {
	tb.Helper()
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		tb.Fatal("not a number")
	}
	return n
}

func littleEndian(b []byte) *big.Int {
	r := bytes.Clone(b)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return new(big.Int).SetBytes(r)
}

func TestEverySubsetCombines(t *testing.T) {
	for n := 1; n <= 5; n++ {
		for k := min(2, n); k <= n; k++ {
			seed := MustNew(t)
			shares := MustSplit(t, seed, k, n)
			for mask := 1; mask < 1<<n; mask++ {
				var some []Share
				for i, s := range shares {
					if mask>>i&1 == 1 {
						some = append(some, s)
					}
				}
				mathrand.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
				got, err := Combine(some)
				if len(some) < k {
					wantCode(t, err, vault.CodeNoIdentity)
				} else if err != nil || !bytes.Equal(got, seed) {
					t.Fatalf("%d of %d with %d: %v", k, n, len(some), err)
				}
			}
		}
	}
}

func TestOneOfOneIsTheSecret(t *testing.T) {
	seed := MustNew(t)
	if s := MustSplit(t, seed, 1, 1); len(s) != 1 || !bytes.Equal(s[0].value[:], seed) {
		t.Error("the share of 1 of 1 is not the secret")
	}
}

func TestLargest(t *testing.T) {
	seed := MustNew(t)
	shares := MustSplit(t, seed, MaxShares, MaxShares)
	if got, err := Combine(shares); err != nil || !bytes.Equal(got, seed) {
		t.Error(err)
	}
}

func TestSplitRefuses(t *testing.T) {
	seed := MustNew(t)
	for _, c := range [][2]int{{0, 0}, {0, 3}, {-1, 2}, {3, 2}, {1, 2}, {2, MaxShares + 1}} {
		_, err := Split(seed, c[0], c[1])
		wantCode(t, err, vault.CodeInvalid)
	}
	for _, bad := range [][]byte{nil, seed[:31], make([]byte, 32), bytes.Repeat([]byte{0xff}, 32)} {
		_, err := Split(bad, 2, 3)
		wantCode(t, err, vault.CodeInvalid)
	}
}

func TestCombineRefuses(t *testing.T) {
	seed := MustNew(t)
	a, b := MustSplit(t, seed, 2, 4), MustSplit(t, seed, 2, 4)
	forged := a[1]
	forged.value[0] ^= 1
	renumbered := a[1]
	renumbered.Index = 3
	for name, c := range map[string]struct {
		shares []Share
		want   vault.Code
	}{
		"none":         {nil, vault.CodeNoIdentity},
		"zero":         {make([]Share, 2), vault.CodeNoIdentity},
		"same twice":   {[]Share{a[0], a[0]}, vault.CodeNoIdentity},
		"two sets":     {[]Share{a[0], b[1]}, vault.CodeNoIdentity},
		"forged":       {[]Share{a[0], forged}, vault.CodeIntegrity},
		"forged extra": {[]Share{a[0], a[2], forged}, vault.CodeIntegrity},
		"two versions": {[]Share{a[0], a[1], forged}, vault.CodeIntegrity},
		"renumbered":   {[]Share{a[0], renumbered}, vault.CodeIntegrity},
	} {
		got, err := Combine(c.shares)
		wantCode(t, err, c.want)
		if got != nil {
			t.Errorf("%s: a secret was returned", name)
		}
	}
}

func TestText(t *testing.T) {
	shares := MustSplit(t, MustNew(t), 3, 12)
	for _, s := range shares {
		text := s.String()
		if !strings.HasPrefix(text, fmt.Sprintf("vault-share-%d-of-12-need-3-%s-", s.Index, s.SetID())) {
			t.Errorf("text begins with %.40q", text)
		}
		french, err := s.Text("fr")
		if err != nil {
			t.Fatal(err)
		}
		groups, list, _ := strings.Cut(text, "\n")
		for name, typed := range map[string]string{
			"as printed": text, "French": french, "upper case": strings.ToUpper(text), "one line": groups + " " + list,
			"loose":   "\r\n  " + strings.ReplaceAll(groups, s.SetID(), strings.Replace(s.SetID(), "-", " - ", 1)) + "\r\n\r\n1. " + list + "\r\n",
			"misread": misreadTag(s, groups) + "\n" + list,
		} {
			got, err := ParseShare(typed)
			if err != nil || got != s {
				t.Errorf("share %d, %s: %v", s.Index, name, err)
			}
		}
	}
	if _, err := shares[0].Text("xx"); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("unknown language: %v", err)
	}
}

// misreadTag writes letters for the digits that look like them, after the numbers.
func misreadTag(s Share, groups string) string {
	numbers, _, _ := strings.Cut(groups, s.SetID())
	return numbers + strings.NewReplacer("0", "o", "1", "l").Replace(strings.TrimPrefix(groups, numbers))
}

func TestParseRefuses(t *testing.T) {
	s := MustSplit(t, MustNew(t), 2, 9)[4]
	text := s.String()
	groups, list, _ := strings.Cut(text, "\n")
	other, _, _ := strings.Cut(MustSplit(t, MustNew(t), 2, 9)[4].String(), "\n")
	for name, typed := range map[string]string{
		"empty": "", "words": list, "head": groups, "number": strings.Replace(text, "share-5-", "share-6-", 1), "of": strings.Replace(text, "of-9", "of-8", 1),
		"need": strings.Replace(text, "need-2", "need-3", 1), "other head": other + "\n" + list, "short": text[:len(text)-12],
		"accent": groups[:len(groups)-1] + "é\n" + list, "huge": text + strings.Repeat(" ", maxText),
	} {
		got, err := ParseShare(typed)
		if vault.CodeOf(err) != vault.CodeNoIdentity || got != (Share{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	start := len("vault-share-5-of-9-need-2-")
	for i := start; i < len(groups); i++ {
		for _, c := range "07KZ" {
			typed := groups[:i] + string(c) + groups[i+1:] + "\n" + list
			if groups[i] != '-' && groups[i] != byte(c) {
				if _, err := ParseShare(typed); err == nil {
					t.Fatalf("a typo at %d is not found", i)
				}
			}
		}
	}
}

func TestSharesStayOutOfLogs(t *testing.T) {
	s := MustSplit(t, MustNew(t), 2, 2)[0]
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "share", s)
	if strings.Contains(log.String(), "vault-share") {
		t.Error("the log holds the share")
	}
}

// TestPython holds the program against an implementation of the documented arithmetic that shares no code with it.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("no python3")
	}
	for _, lang := range []string{"en", "fr", "ja"} {
		seed := MustNew(t)
		shares := MustSplit(t, seed, 3, 5)
		var in strings.Builder
		for _, i := range []int{4, 0, 2} {
			text, err := shares[i].Text(lang)
			if err != nil {
				t.Fatal(err)
			}
			in.WriteString(text + "\n\n")
		}
		cmd := exec.Command(python, filepath.Join("testdata", "combine.py"), filepath.Join("..", "words", "lists", lang+".txt"))
		cmd.Stdin = strings.NewReader(in.String())
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("combine.py: %v: %s", err, stderr.String())
		}
		identity, err := bech32.Encode("age-secret-key-pq-", seed)
		if err != nil {
			t.Fatal(err)
		}
		if want := hex.EncodeToString(seed) + "\n" + strings.ToUpper(identity) + "\n"; string(out) != want {
			t.Errorf("%s: combine.py gives another secret", lang)
		}
	}
}

func FuzzParseShare(f *testing.F) {
	for _, s := range MustSplit(f, MustNew(f), 2, 3) {
		f.Add(s.String())
	}
	f.Add("vault-share-1-of-1-need-1-")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseShare(text)
		if err != nil {
			wantCode(t, err, vault.CodeNoIdentity)
			return
		}
		if again, err := ParseShare(s.String()); err != nil || again != s {
			t.Fatalf("a parsed share does not survive being written: %v", err)
		}
	})
}
