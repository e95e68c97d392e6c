// Package apiserver answers the local API: it turns functions of the engine into calls, and keeps the wire's promises for
// them. A request is checked before any function sees it (method, host, protocol, content type, size, unknown fields); a
// panic becomes an error without details; the log has the call's name, status and duration and nothing of what it said.
//
// Register calls with Handle, HandleList, HandleStream, HandleUpload and HandleDownload, then serve the Server with net/http.
// The context that a function gets ends when the caller goes away.
package apiserver

import (
	"context"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// Server is an http.Handler. Registering is not safe for concurrent use and must be over before the first request;
// everything else is.
type Server struct {
	version string
	log     *slog.Logger
	calls   map[string]call
	failed  outcomes

	mu     sync.Mutex // guards what follows
	active int
	last   time.Time
}

// errInside is all that a caller is told of a panic: its value may quote anything.
var errInside = vault.Errorf(vault.CodeFailed, "vaultd failed inside; its log has the details")

// kind tells what a panic is about without quoting a value: the runtime's own errors have none.
func kind(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", p)
}

// call is one registered route.
type call struct {
	contentType string
	serve       func(w *answer, r *http.Request)
}

// New returns a server without calls. version is the program's, sent with every answer.
func New(version string, log *slog.Logger) *Server {
	s := &Server{version: version, log: log, calls: map[string]call{}, last: time.Now()}
	Handle(s, api.RouteOutcome, func(_ context.Context, req api.OutcomeRequest) (api.Outcome, error) {
		return api.Outcome{Error: s.failed.get(req.Transfer)}, nil
	})
	return s
}

// register adds a call; two calls with one name, or a name that is not <noun>/<verb>, are mistakes of the programmer.
func (s *Server) register(route, contentType string, serve func(*answer, *http.Request)) {
	if noun, verb, ok := strings.Cut(route, "/"); !ok || noun == "" || verb == "" || strings.Contains(verb, "/") {
		panic("apiserver: route " + route + " is not <noun>/<verb>")
	}
	if _, taken := s.calls[route]; taken {
		panic("apiserver: route " + route + " registered twice")
	}
	s.calls[route] = call{contentType, serve}
}

// Activity returns how many requests are being answered and when one last began or ended.
func (s *Server) Activity() (active int, last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active, s.last
}

func (s *Server) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active += n
	s.last = time.Now()
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	s.count(1)
	defer s.count(-1)
	w := &answer{ResponseWriter: rw}
	w.Header().Set(api.HeaderProtocol, api.Protocol)
	w.Header().Set(api.HeaderVersion, s.version)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	route, c, err := s.admit(r)
	began := time.Now()
	defer func() {
		p := recover()
		if p != nil && !aborts(p) {
			s.log.Error("panic", "route", route, "kind", kind(p), "stack", string(debug.Stack()))
			w.fail(errInside)
		}
		s.log.Info("request", "method", method(r), "route", route, "status", w.status, "duration", time.Since(began))
		if aborts(p) {
			panic(p)
		}
	}()
	if err != nil {
		w.refuse(err)
		return
	}
	c.serve(w, r)
}

// admit finds the call and refuses whatever vaultctl would not send. The returned route is safe to log.
func (s *Server) admit(r *http.Request) (route string, c call, err error) {
	if err := sameOrigin(r); err != nil {
		return "", call{}, err
	}
	if r.Method != http.MethodPost {
		return "", call{}, vault.Errorf(vault.CodeUsage, "method is not POST")
	}
	route, ours := strings.CutPrefix(r.URL.Path, api.Prefix)
	c, known := s.calls[route]
	if !ours || !known || r.URL.RawQuery != "" {
		return "", call{}, vault.Errorf(vault.CodeUsage, "vaultd %s does not know this call", s.version)
	}
	if err := s.sameProtocol(route, r.Header.Get(api.HeaderProtocol)); err != nil {
		return route, c, err
	}
	if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || got != c.contentType {
		return route, c, vault.Errorf(vault.CodeUsage, "content type is not %s", c.contentType)
	}
	return route, c, nil
}

// sameOrigin refuses what a browser sends: a page of another site must not reach a vault through any forwarded port.
func sameOrigin(r *http.Request) error {
	if r.Host != api.Host {
		return vault.Errorf(vault.CodePolicy, "foreign Host header refused")
	}
	for _, name := range []string{"Origin", "Referer", "Sec-Fetch-Site"} {
		if _, ok := r.Header[name]; ok {
			return vault.Errorf(vault.CodePolicy, "foreign %s header refused", name)
		}
	}
	return nil
}

func (s *Server) sameProtocol(route, got string) error {
	if got == api.Protocol || route == api.RoutePing || route == api.RouteStop {
		return nil
	}
	if got == "" {
		return vault.Errorf(vault.CodeUsage, "header %s is missing", api.HeaderProtocol)
	}
	return vault.Errorf(vault.CodeUpgrade, "the caller's protocol differs from that of vaultd %s (%s): install the same version of both",
		s.version, api.Protocol)
}

// method returns a name that is safe to log: a caller may send any word as method.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodPost, http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// outcomes remembers why the latest broken downloads broke: by then it is too late to say so in the answer itself.
type outcomes struct {
	mu     sync.Mutex // guards what follows
	order  []string
	errors map[string]*api.Error
}

// keep is how many broken downloads are remembered; a client asks at once.
const keep = 64

func (o *outcomes) put(id string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.errors == nil {
		o.errors = map[string]*api.Error{}
	}
	if len(o.order) == keep {
		delete(o.errors, o.order[0])
		o.order = o.order[1:]
	}
	o.order = append(o.order, id)
	o.errors[id] = api.ErrorOf(err)
}

func (o *outcomes) get(id string) *api.Error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.errors[id]
}
