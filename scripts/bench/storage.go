package main

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// perVault is how many documents each vault gets.
const perVault = 5

// storage is an S3 server with a proxy in front, which delays and counts.
type storage struct {
	server *exec.Cmd
	proxy  *httptest.Server
	delay  atomic.Int64 // nanoseconds before a request is handed on

	mu    sync.Mutex // guards calls
	calls map[string]int
}

// serveStorage serves the organization's storage. The rclone of the pinned module is built if it is not there.
func (b *bench) serveStorage(ctx context.Context) (*storage, error) {
	rclone := filepath.Join(b.work, "rclone")
	if b.o.rclone == "" {
		if err := b.buildRclone(ctx); err != nil {
			return nil, err
		}
	} else if err := os.Symlink(b.o.rclone, rclone); err != nil {
		return nil, err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s := &storage{calls: map[string]int{}}
	root := filepath.Join(b.o.org, "s3")
	s.server = exec.CommandContext(ctx, rclone, "serve", "s3", "--dir-cache-time", "1s", "--auth-key", "benchaccess,benchsecret", "--addr", address,
		"--config", "/dev/null", root)
	if b.o.versitygw != "" {
		beside := filepath.Join(b.work, "versitygw")
		if err := os.Mkdir(beside, 0o700); err != nil {
			return nil, err
		}
		s.server = exec.CommandContext(ctx, b.o.versitygw, "--quiet", "--port", address, "posix", "--sidecar", beside, root)
		s.server.Env = append(os.Environ(), "ROOT_ACCESS_KEY=benchaccess", "ROOT_SECRET_KEY=benchsecret")
	}
	if err := s.server.Start(); err != nil {
		return nil, err
	}
	target := &url.URL{Scheme: "http", Host: address}
	behind := httputil.NewSingleHostReverseProxy(target)
	behind.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	s.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		s.mu.Lock()
		s.calls[q.Method]++
		s.mu.Unlock()
		time.Sleep(time.Duration(s.delay.Load()))
		behind.ServeHTTP(w, q)
	}))
	for range 100 {
		var up *http.Response
		if up, err = http.Get(target.String()); err == nil { //nolint:noctx // on loopback
			_ = up.Body.Close()
			return s, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.stop()
	return nil, err
}

func (s *storage) stop() {
	s.proxy.Close()
	_ = s.server.Process.Kill()
	_ = s.server.Wait()
}

// spec opens the storage as a remote.
func (s *storage) spec() string {
	return fmt.Sprintf(":s3,provider=Other,access_key_id=benchaccess,secret_access_key=benchsecret,endpoint='%s':vault", s.proxy.URL)
}

// took returns the calls since it was asked the last time, by method.
func (s *storage) took() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := maps.Clone(s.calls)
	clear(s.calls)
	return out
}

// writeManifests writes people and documents, the same each time.
func (b *bench) writeManifests() error {
	family := []string{"Martin", "Diallo", "Nguyen", "Bernard", "Haddad", "Petit", "Traoré", "Moreau", "Benali", "Garcia"}
	given := []string{"Awa", "Jean", "Marie", "Ali", "Lina", "Paul", "Fatou", "Hugo", "Sara", "Louis"}
	random := rand.New(rand.NewPCG(7, 7))
	lines := map[string][]string{}
	header := "ref,family_name,given_name,born"
	for i := range b.o.vaults {
		file := "desk.csv"
		if i%8 == 7 {
			file = "north.csv"
		}
		lines[file] = append(lines[file], fmt.Sprintf("PEP:%d,%s%d,%s%d,%d-%02d-%02d", i, family[random.IntN(len(family))], i%997,
			given[random.IntN(len(given))], i%13, 1940+i%70, 1+i%12, 1+i%28))
	}
	for file, rows := range lines {
		if err := b.writeLines(file, append([]string{header}, rows...)); err != nil {
			return err
		}
	}
	types := []string{"cv", "payslip", "other"}
	for p := range perVault {
		rows := []string{"path,beneficiary,type,title"}
		if err := os.MkdirAll(filepath.Join(b.work, fmt.Sprintf("part%d", p)), 0o700); err != nil {
			return err
		}
		for i := range b.o.vaults {
			path := fmt.Sprintf("part%d/%d.txt", p, i)
			if err := b.writeLines(path, slices.Repeat([]string{fmt.Sprintf("document %d of %d", p, i)}, 20)); err != nil {
				return err
			}
			rows = append(rows, fmt.Sprintf("%s,ref:PEP:%d,%s,Document %d of %d", path, i, types[(p+i)%3], p, i))
		}
		if err := b.writeLines(fmt.Sprintf("part%d.csv", p), rows); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) writeLines(name string, lines []string) error {
	f, err := os.Create(filepath.Join(b.work, name))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, l := range lines {
		_, _ = w.WriteString(l + "\n") // Flush tells
	}
	err = w.Flush()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
