package apiserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

type greeting struct {
	Name string `json:"name"`
}

// logBuffer collects a log from several goroutines.
type logBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// MustServe runs a server with a few calls on loopback.
func MustServe(tb testing.TB) (base string, log *logBuffer) {
	tb.Helper()
	log = &logBuffer{}
	s := New("9.9", slog.New(slog.NewTextHandler(log, nil)))
	Handle(s, "test/greet", func(_ context.Context, req greeting) (string, error) {
		switch req.Name {
		case "nobody":
			return "", vault.Errorf(vault.CodeNotFound, "no such person")
		case "panic":
			panic("Durand, Marie")
		case "index":
			var none []int
			_ = none[len(req.Name)]
		}
		return "hello " + req.Name, nil
	})
	HandleDownload(s, "test/get", func(_ context.Context, req greeting, w *Download[greeting]) error {
		if err := w.SetMeta(req); err != nil {
			return err
		}
		if req.Name == "early" {
			return vault.Errorf(vault.CodeNoConsent, "no consent")
		}
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			return err
		}
		switch req.Name {
		case "late":
			return vault.Errorf(vault.CodeIntegrity, "altered")
		case "panic":
			panic("Durand, Marie")
		}
		return nil
	})
	HandleUpload(s, "test/put", func(_ context.Context, _ greeting, parts PartReader) (int64, error) {
		var total int64
		for {
			part, err := parts.Next()
			if errors.Is(err, io.EOF) {
				return total, nil
			}
			if err != nil {
				return 0, err
			}
			n, err := io.Copy(io.Discard, part)
			if err != nil {
				return 0, err
			}
			total += n
		}
	})
	HandleUpload(s, "test/first", func(_ context.Context, _ greeting, parts PartReader) (int64, error) {
		part, err := parts.Next()
		if err != nil {
			return 0, err
		}
		return io.Copy(io.Discard, part)
	})
	web := httptest.NewServer(s)
	tb.Cleanup(web.Close)
	return web.URL, log
}

// MustRequest makes a request as vaultctl would, changed by edit.
func MustRequest(tb testing.TB, url, body string, edit func(*http.Request)) *http.Request {
	tb.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Host = api.Host
	req.Header.Set("Content-Type", api.TypeJSON)
	req.Header.Set(api.HeaderProtocol, api.Protocol)
	if edit != nil {
		edit(req)
	}
	return req
}

// MustDo sends a request and returns the status and the first line of the answer.
func MustDo(tb testing.TB, req *http.Request) (int, api.Line) {
	tb.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	var line api.Line
	if err := json.NewDecoder(resp.Body).Decode(&line); err != nil || !line.Valid() {
		tb.Fatalf("answer %+v: %v", line, err)
	}
	if got := resp.Header.Get("Content-Type"); got != api.TypeLines {
		tb.Errorf("content type %q", got)
	}
	return resp.StatusCode, line
}

func TestStrictness(t *testing.T) {
	base, log := MustServe(t)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, tc := range map[string]struct {
		path, body string
		edit       func(*http.Request)
		code       vault.Code
	}{
		"fine":               {"test/greet", `{"name":"you"}`, nil, ""},
		"charset":            {"test/greet", `{"name":"you"}`, set("Content-Type", "application/json; charset=utf-8"), ""},
		"domain error":       {"test/greet", `{"name":"nobody"}`, nil, vault.CodeNotFound},
		"foreign host":       {"test/greet", `{}`, func(r *http.Request) { r.Host = "evil.example" }, vault.CodePolicy},
		"localhost":          {"test/greet", `{}`, func(r *http.Request) { r.Host = "localhost" }, vault.CodePolicy},
		"origin":             {"test/greet", `{}`, set("Origin", "https://evil.example"), vault.CodePolicy},
		"null origin":        {"test/greet", `{}`, set("Origin", "null"), vault.CodePolicy},
		"own origin":         {"test/greet", `{}`, set("Origin", "http://vaultd"), vault.CodePolicy},
		"referer":            {"test/greet", `{}`, set("Referer", "https://evil.example/"), vault.CodePolicy},
		"fetch":              {"test/greet", `{}`, set("Sec-Fetch-Site", "none"), vault.CodePolicy},
		"get":                {"test/greet", ``, func(r *http.Request) { r.Method = http.MethodGet }, vault.CodeUsage},
		"odd method":         {"test/greet", ``, func(r *http.Request) { r.Method = "DURAND" }, vault.CodeUsage},
		"unknown call":       {"test/durand", `{}`, nil, vault.CodeUsage},
		"other path":         {"../v2/test/greet", `{}`, nil, vault.CodeUsage},
		"query":              {"test/greet?name=durand", `{}`, nil, vault.CodeUsage},
		"no protocol":        {"test/greet", `{}`, func(r *http.Request) { r.Header.Del(api.HeaderProtocol) }, vault.CodeUsage},
		"newer protocol":     {"test/greet", `{}`, set(api.HeaderProtocol, "99"), vault.CodeUpgrade},
		"form":               {"test/greet", `{}`, set("Content-Type", "text/plain"), vault.CodeUsage},
		"unknown field":      {"test/greet", `{"name":"you","force":true}`, nil, vault.CodeUsage},
		"wrong type":         {"test/greet", `{"name":["durand"]}`, nil, vault.CodeUsage},
		"not json":           {"test/greet", `durand`, nil, vault.CodeUsage},
		"empty":              {"test/greet", ``, nil, vault.CodeUsage},
		"two values":         {"test/greet", `{} {}`, nil, vault.CodeUsage},
		"too large":          {"test/greet", `{"name":"` + strings.Repeat("d", api.MaxRequest) + `"}`, nil, vault.CodeUsage},
		"panic":              {"test/greet", `{"name":"panic"}`, nil, vault.CodeFailed},
		"runtime panic":      {"test/greet", `{"name":"index"}`, nil, vault.CodeFailed},
		"early download":     {"test/get", `{"name":"early"}`, nil, vault.CodeNoConsent},
		"upload as json":     {"test/put", `{}`, nil, vault.CodeUsage},
		"upload unbounded":   {"test/put", `{}`, set("Content-Type", "multipart/form-data"), vault.CodeUsage},
		"upload sans meta":   {"test/put", "--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nx\r\n--b--\r\n", set("Content-Type", "multipart/form-data; boundary=b"), vault.CodeUsage},
		"upload cut short":   {"test/put", "--b\r\nContent-Disposition: form-data; name=\"meta\"\r\n\r\n{}\r\n--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nx", set("Content-Type", "multipart/form-data; boundary=b"), vault.CodeInterrupted},
		"upload sans end":    {"test/put", "--b\r\nContent-Disposition: form-data; name=\"meta\"\r\n\r\n{}\r\n", set("Content-Type", "multipart/form-data; boundary=b"), vault.CodeInterrupted},
		"upload sans close":  {"test/put", "--b\r\nContent-Disposition: form-data; name=\"meta\"\r\n\r\n{}\r\n--b", set("Content-Type", "multipart/form-data; boundary=b"), vault.CodeInterrupted},
		"upload odd meta":    {"test/put", "--b\r\nContent-Disposition: form-data; name=\"meta\"\r\n\r\n{\"x\":1}\r\n--b--\r\n", set("Content-Type", "multipart/form-data; boundary=b"), vault.CodeUsage},
		"upload of one byte": {"test/put", "--b\r\nContent-Disposition: form-data; name=\"meta\"\r\n\r\n{}\r\n--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nx\r\n--b--\r\n", set("Content-Type", "multipart/form-data; boundary=b"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, line := MustDo(t, MustRequest(t, base+api.Prefix+tc.path, tc.body, tc.edit))
			var code vault.Code
			want := http.StatusOK
			if line.Error != nil {
				code = line.Error.Code
				want = api.StatusOf(code)
				if strings.Contains(strings.ToLower(line.Error.Message), "durand") {
					t.Errorf("answer quotes the request: %s", line.Error.Message)
				}
			}
			if code != tc.code || status != want {
				t.Errorf("code %q (%+v), status %d; want %q", code, line.Error, status, tc.code)
			}
		})
	}
	if text := strings.ToLower(log.String()); strings.Contains(text, "durand") || !strings.Contains(text, "index out of range") {
		t.Errorf("log quotes a request, or does not explain a panic: %s", text)
	}
}

// TestNoHalfDocument reads downloads as a client that knows nothing of trailers would.
func TestNoHalfDocument(t *testing.T) {
	base, log := MustServe(t)
	for name, whole := range map[string]bool{"fine": true, "late": false, "panic": false} {
		t.Run(name, func(t *testing.T) {
			resp, err := http.DefaultClient.Do(MustRequest(t, base+"/v1/test/get", fmt.Sprintf(`{"name":%q}`, name), nil))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			n, err := io.Copy(io.Discard, resp.Body)
			if (err == nil) != whole {
				t.Errorf("read %d bytes: %v", n, err)
			}
			if end := resp.Trailer.Get(api.TrailerEnd); (end == api.EndOK) != whole {
				t.Errorf("end state %q", end)
			}
		})
	}
	if text := log.String(); strings.Contains(text, "Durand") || !strings.Contains(text, "panic in download") {
		t.Errorf("log: %s", text)
	}
}

func TestActivity(t *testing.T) {
	s := New("1", slog.New(slog.DiscardHandler))
	_, before := s.Activity()
	Handle(s, "test/look", func(context.Context, struct{}) (int, error) {
		active, _ := s.Activity()
		return active, nil
	})
	web := httptest.NewServer(s)
	_, line := MustDo(t, MustRequest(t, web.URL+"/v1/test/look", "{}", nil))
	web.Close()
	if string(line.Result) != "1" {
		t.Errorf("%s requests in flight during one", line.Result)
	}
	if active, last := s.Activity(); active != 0 || !last.After(before) {
		t.Errorf("%d in flight afterwards, last %v, before %v", active, last, before)
	}
}

func TestRegisteringMistakes(t *testing.T) {
	for _, route := range []string{"verb", "a/b/c", "/x", "x/", api.RouteOutcome} {
		t.Run(route, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			Handle(New("1", slog.New(slog.DiscardHandler)), route, func(context.Context, struct{}) (int, error) { return 0, nil })
		})
	}
}

// TestRequestAfterUpload: a call that reads its stream and not the end of the body must not harm the next request on the
// same connection.
func TestRequestAfterUpload(t *testing.T) {
	base, _ := MustServe(t)
	const body = "--x\r\nContent-Disposition: form-data; name=\"meta\"\r\n\r\n{}\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\npaper\r\n--x--\r\n"
	for range 300 {
		req := MustRequest(t, base+api.Prefix+"test/first", "", func(r *http.Request) {
			// Chunks, as of a file whose end the sender does not know: the last boundary arrives by itself.
			r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(body[:len(body)-7]), strings.NewReader(body[len(body)-7:]))), -1
			r.Header.Set("Content-Type", api.TypeUpload+"; boundary=x")
		})
		if status, line := MustDo(t, req); status != http.StatusOK || line.Error != nil {
			t.Fatalf("upload: %d, %+v", status, line.Error)
		}
		if status, line := MustDo(t, MustRequest(t, base+api.Prefix+"test/greet", `{"name":"you"}`, nil)); status != http.StatusOK {
			t.Fatalf("the request after it: %d, %+v", status, line.Error)
		}
	}
}
