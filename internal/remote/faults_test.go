package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/remote"
	"vaultctl/internal/remote/remotetest"
	"vaultctl/internal/remote/s3test"
	"vaultctl/internal/vault"
)

// impatient retries quickly and gives up soon.
var impatient = remote.Options{Tries: 3, RequestTries: 1, RetryWait: 5 * time.Millisecond, CallTimeout: 20 * time.Second, CallsPerSecond: 1000}

func put(ctx context.Context, r *remote.Remote, path string, content []byte) error {
	return r.Put(ctx, path, int64(len(content)), objecthash.Sum(content), remotetest.Opener(content))
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s3 := s3test.New(t)
	tests := []struct {
		name, spec string
		code       vault.Code
	}{
		{"empty", "", vault.CodeInvalid},
		{"relative path", "vault", vault.CodeInvalid},
		{"missing folder", filepath.Join(dir, "missing"), vault.CodeUnreachable},
		{"file", file, vault.CodeInvalid},
		{"below a file", filepath.Join(file, "vault"), vault.CodeUnreachable},
		{"unknown section", "nowhere:vault", vault.CodeInvalid},
		{"unknown backend", ":carrierpigeon:vault", vault.CodeInvalid},
		{"bad syntax", ":s3,secret_access_key='s3testsecret:vault", vault.CodeInvalid},
		{"missing bucket", strings.Replace(s3.Spec(), ":vault", ":other", 1), vault.CodeUnreachable},
		{"wrong key", strings.Replace(s3.Spec(), "access_key_id=", "access_key_id=x", 1), vault.CodeUnreachable},
		{"no server", ":s3,provider=Rclone,access_key_id=a,secret_access_key=s3testsecret,endpoint='http://127.0.0.1:1':vault",
			vault.CodeUnreachable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := remote.Open(t.Context(), test.spec, impatient)
			remotetest.WantCode(t, err, test.code)
			for _, secret := range s3.Secrets() {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows a secret: %v", err)
				}
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("open made the missing folder: %v", err)
	}
}

func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vault")
	for range 2 { // the second time it is there
		if _, err := remote.Create(t.Context(), dir, impatient); err != nil {
			t.Fatal(err)
		}
	}
	_, err := remote.Create(t.Context(), filepath.Join(dir, "not", "mounted"), impatient)
	remotetest.WantCode(t, err, vault.CodeUnreachable)

	s3 := s3test.New(t)
	r, err := remote.Create(t.Context(), strings.Replace(s3.Spec(), ":vault", ":fresh", 1), impatient)
	if err != nil {
		t.Fatal(err)
	}
	remotetest.MustPut(t, r, "v1/object", []byte("content"))
}

// TestFolderGoesAway replaces the base folder by an empty one, as unmounting a disk does.
func TestFolderGoesAway(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mnt")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r := mustOpen(t, dir, impatient)
	remotetest.MustPut(t, r, "v1/object", []byte("content"))
	away := dir + ".away"
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"missing", "empty"} {
		remotetest.WantCode(t, put(t.Context(), r, "v1/other", []byte("other")), vault.CodeUnreachable)
		_, err := r.Stat(t.Context(), "v1/object")
		remotetest.WantCode(t, err, vault.CodeUnreachable)
		_, err = r.Delete(t.Context(), "v1/object")
		remotetest.WantCode(t, err, vault.CodeUnreachable)
		err = r.List(t.Context(), "", func(remote.Info) error { return nil })
		remotetest.WantCode(t, err, vault.CodeUnreachable)
		if state == "missing" {
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the mount point was written to: %v, %v", entries, err)
	}
	if err := errors.Join(os.Remove(dir), os.Rename(away, dir)); err != nil {
		t.Fatal(err)
	}
	remotetest.MustGet(t, r, "v1/object")
}

// TestAltered changes an object behind the remote's back.
func TestAltered(t *testing.T) {
	content := remotetest.Bytes(10_000, 1)
	for name, altered := range map[string][]byte{
		"bit": append([]byte{content[0] ^ 1}, content[1:]...), "truncated": content[:9_999], "emptied": {},
		"longer": append(bytes.Clone(content), 0),
	} {
		t.Run("local "+name, func(t *testing.T) {
			dir := t.TempDir()
			r := mustOpen(t, dir, impatient)
			remotetest.MustPut(t, r, "v1/object", content)
			overwrite(t, filepath.Join(dir, "v1", "object"), altered)
			remotetest.WantCode(t, put(t.Context(), r, "v1/object", content), vault.CodeIntegrity)
			if got := remotetest.MustGet(t, r, "v1/object"); !bytes.Equal(got, altered) {
				t.Error("the altered object was overwritten")
			}
		})
		t.Run("s3 "+name, func(t *testing.T) {
			s3 := s3test.New(t)
			r := mustOpen(t, s3.Spec(), impatient)
			remotetest.MustPut(t, r, "v1/object", content)
			s3.Stop()
			overwrite(t, filepath.Join(s3.Dir, "v1", "object"), altered)
			s3.Restart(t)
			remotetest.WantCode(t, put(t.Context(), r, "v1/object", content), vault.CodeIntegrity)
		})
	}
}

func overwrite(tb testing.TB, name string, content []byte) {
	tb.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// TestLeftover puts an object whose earlier upload was cut off by a crash.
func TestLeftover(t *testing.T) {
	dir := t.TempDir()
	r := mustOpen(t, dir, impatient)
	if err := os.Mkdir(filepath.Join(dir, "v1"), 0o755); err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(dir, "v1", "object.partial"), remotetest.Bytes(50_000, 2))
	if got := remotetest.MustList(t, r, ""); len(got) != 0 {
		t.Errorf("an unfinished upload is listed: %v", got)
	}
	content := remotetest.Bytes(10_000, 1)
	remotetest.MustPut(t, r, "v1/object", content)
	if got := remotetest.MustGet(t, r, "v1/object"); !bytes.Equal(got, content) {
		t.Error("wrong content")
	}
	overwrite(t, filepath.Join(dir, "v1", "object.partial"), content)
	if _, err := r.Delete(t.Context(), "v1/object"); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "v1")); err != nil || len(entries) != 0 {
		t.Errorf("left after deletion: %v, %v", entries, err)
	}
}

func TestOutage(t *testing.T) {
	s3 := s3test.New(t)
	r := mustOpen(t, s3.Spec(), impatient)
	once := impatient
	once.Tries = 1
	hasty := mustOpen(t, s3.Spec(), once)
	content := remotetest.Bytes(12<<20, 1)
	stopped := s3.StopAfter(4 << 20)
	before := r.Calls()[remote.CallStat]
	err := put(t.Context(), r, "v1/object", content)
	remotetest.WantCode(t, err, vault.CodeUnreachable)
	select {
	case <-stopped:
	default:
		t.Fatal("the server did not stop during the upload")
	}
	if tries := r.Calls()[remote.CallStat] - before; tries != int64(impatient.Tries) {
		t.Errorf("%d attempts, want %d", tries, impatient.Tries)
	}
	_, err = hasty.Get(t.Context(), "v1/object")
	remotetest.WantCode(t, err, vault.CodeUnreachable)
	err = hasty.List(t.Context(), "", func(remote.Info) error { return nil })
	remotetest.WantCode(t, err, vault.CodeUnreachable)
	_, err = hasty.Delete(t.Context(), "v1/object")
	remotetest.WantCode(t, err, vault.CodeUnreachable)

	s3.Restart(t)
	remotetest.MustPut(t, r, "v1/object", content)
	if got := remotetest.MustGet(t, r, "v1/object"); !bytes.Equal(got, content) {
		t.Error("wrong content after the outage")
	}
}

// TestShortOutage is over before the retries are.
func TestShortOutage(t *testing.T) {
	s3 := s3test.New(t)
	opts := impatient
	opts.Tries, opts.RetryWait = 50, 20*time.Millisecond
	r := mustOpen(t, s3.Spec(), opts)
	stopped := s3.StopAfter(1 << 20)
	go func() {
		<-stopped
		s3.Restart(t)
	}()
	content := remotetest.Bytes(6<<20, 1)
	remotetest.MustPut(t, r, "v1/object", content)
	if got := remotetest.MustGet(t, r, "v1/object"); !bytes.Equal(got, content) {
		t.Error("wrong content")
	}
}

// TestCancelWait cancels a call while it waits to try again.
func TestCancelWait(t *testing.T) {
	s3 := s3test.New(t)
	opts := impatient
	opts.Tries, opts.RetryWait = 10, time.Hour
	r := mustOpen(t, s3.Spec(), opts)
	s3.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := r.Stat(ctx, "v1/object")
	if code := vault.CodeOf(err); code != vault.CodeInterrupted && code != vault.CodeUnreachable {
		t.Errorf("error %v has code %q", err, code)
	}
}

// TestErrorsAreSilent checks that no error text names what was stored or the credentials.
func TestErrorsAreSilent(t *testing.T) {
	s3 := s3test.New(t)
	r := mustOpen(t, s3.Spec(), impatient)
	s3.Stop()
	err := put(t.Context(), r, "v1/w/writer/d/object-name", []byte("x"))
	text := fmt.Sprintf("%v %+v %v", err, err, errors.Unwrap(err))
	for _, secret := range append(s3.Secrets(), "object-name", "127.0.0.1") {
		if strings.Contains(text, secret) {
			t.Errorf("%q shows %q", text, secret)
		}
	}
	if !strings.Contains(text, "connection refused") {
		t.Errorf("%q does not say why", text)
	}
}
