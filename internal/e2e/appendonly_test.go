package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// gateway is a running versitygw: an S3 server with users, bucket policies and versions.
type gateway struct {
	address string
	data    string
}

const gatewayRoot, gatewaySecret = "gatewayroot", "gatewaysecret"

// MustGateway starts versitygw on a free port with a bucket named vault and a user named desk.
func MustGateway(tb testing.TB) *gateway {
	tb.Helper()
	program, err := exec.LookPath("versitygw")
	if err != nil {
		tb.Skip("versitygw is not installed")
	}
	dir := tb.TempDir()
	g := &gateway{address: freeAddress(tb), data: filepath.Join(dir, "data")}
	for _, d := range []string{"data", "iam", "versions"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	cmd := exec.Command(program, "--port", g.address, "--iam-dir", filepath.Join(dir, "iam"), "--quiet",
		"posix", "--versioning-dir", filepath.Join(dir, "versions"), g.data)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+gatewayRoot, "ROOT_SECRET_KEY="+gatewaySecret)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(30 * time.Second); ; {
		if c, err := net.Dial("tcp", g.address); err == nil {
			_ = c.Close()
			break
		}
		if time.Now().After(deadline) {
			tb.Fatal("versitygw does not answer")
		}
		time.Sleep(20 * time.Millisecond)
	}
	admin := exec.Command(program, "admin", "--allow-insecure", "-a", gatewayRoot, "-s", gatewaySecret, "-er", "http://"+g.address,
		"create-user", "--access", "desk", "--secret", "desksecret", "--role", "user")
	if out, err := admin.CombinedOutput(); err != nil {
		tb.Fatalf("create a user: %v: %s", err, out)
	}
	g.put(tb, "/vault", "")
	return g
}

func freeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// put sends a request that the root user signs.
func (g *gateway) put(tb testing.TB, path, body string) {
	tb.Helper()
	req, err := http.NewRequest(http.MethodPut, "http://"+g.address+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	digest := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", digest)
	keys := aws.Credentials{AccessKeyID: gatewayRoot, SecretAccessKey: gatewaySecret}
	if err := v4.NewSigner().SignHTTP(context.Background(), keys, req, digest, "s3", "us-east-1", time.Now()); err != nil {
		tb.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer res.Body.Close()
	if answer, _ := io.ReadAll(res.Body); res.StatusCode >= 300 {
		tb.Fatalf("PUT %s: %s: %s", path, res.Status, bytes.TrimSpace(answer))
	}
}

// allow lets the user named desk do these things with objects.
func (g *gateway) allow(tb testing.TB, actions ...string) {
	tb.Helper()
	g.put(tb, "/vault?policy=", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"desk","Action":["s3:ListBucket","s3:GetBucketVersioning"],"Resource":"arn:aws:s3:::vault"},
		{"Effect":"Allow","Principal":"desk","Action":["`+strings.Join(actions, `","`)+`"],"Resource":"arn:aws:s3:::vault/*"}]}`)
}

// objects returns how many documents and notes the bucket holds.
func (g *gateway) objects(tb testing.TB) int {
	tb.Helper()
	n := 0
	err := filepath.WalkDir(g.data, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.Contains(p, "/d/") || strings.Contains(p, "/n/")) {
			n++
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// TestAppendOnly erases on a storage whose policy lets nobody delete: nothing waits for ever, the receipt says what stays,
// and once deletion is allowed one cleaning takes it away. With old versions kept, the receipt names the day of their end.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	g := MustGateway(t)
	g.allow(t, "s3:GetObject", "s3:PutObject")
	s := MustStation(t, "")
	s.MustWrite(t, "rclone.conf", "[desk]\ntype = s3\nprovider = Other\nendpoint = http://"+g.address+"\naccess_key_id = desk\nsecret_access_key = desksecret\n"+
		"force_path_style = true\nno_check_bucket = true\n")
	s.MustFound(t, "desk:vault", "--recovery-shares", "2/3")
	if out := s.Must(t, "remote", "test", "main"); !strings.Contains(out, "does not let this workstation delete") {
		t.Errorf("remote test:\n%s", out)
	}
	erase := func(name string) string {
		who := s.MustOpen(t, name, "SI:"+name)
		s.MustDeposit(t, "ref:SI:"+name, "a letter of "+name)
		s.Must(t, "sync", "--wait=60s")
		return s.Must(t, "beneficiary", "erase", who, "--confirm", who, "--lang", "en")
	}
	if out := erase("Diallo"); !strings.Contains(out, "may not delete there") || !strings.Contains(out, "kept") || strings.Contains(out, "Complete") {
		t.Errorf("receipt without the right to delete:\n%s", out)
	}
	s.Must(t, "sync", "--wait=60s")
	before := g.objects(t)
	if out := s.Must(t, "remote", "clean", "--yes"); !strings.Contains(out, "a custodian has to") || g.objects(t) != before {
		t.Errorf("cleaned without the right to:\n%s", out)
	}

	g.allow(t, "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
	if out := s.Must(t, "remote", "clean", "--yes"); strings.Contains(out, "– 0 objects deleted") || strings.Contains(out, "custodian") || g.objects(t) >= before {
		t.Errorf("cleaned with the right to:\n%s", out)
	}
	s.Must(t, "verify", "--deep")

	g.put(t, "/vault?versioning=", `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>`)
	s.Must(t, "config", "set", "retention", "main=30d")
	s.Must(t, "daemon", "stop") // asks the bucket once, when it opens it
	until := func() string {
		return "keeps what was deleted, sealed, until " + time.Now().AddDate(0, 0, 30).Format("2 Jan 2006")
	}
	day := until()
	if out := erase("Petit"); !strings.Contains(out, day) && !strings.Contains(out, until()) { // which is another one after midnight
		t.Errorf("receipt with old versions, which should say %q:\n%s", day, out)
	}
}
