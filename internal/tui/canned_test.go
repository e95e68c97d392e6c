package tui

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/localsock"
	"vaultctl/internal/vault"
)

// day is when pages with canned answers are looked at.
var day = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// canned answers calls with what a test says: by route a value, a slice for a list, an error, or a function of the request
// that returns one of them. It is for pages whose picture must not depend on ids and days; stories have a real daemon.
type canned map[string]any

// MustCanned serves answers on a home's socket and returns a desk in front of it.
func MustCanned(tb testing.TB, l lang.Lang, answers canned) *desk {
	tb.Helper()
	home, err := os.MkdirTemp("", "tui") // short: the socket's path is bounded
	if err != nil {
		tb.Fatal(err)
	}
	listener, release, err := localsock.Listen(filepath.Join(home, "h"))
	if err != nil {
		tb.Fatal(err)
	}
	server := &http.Server{Handler: answers, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends when it is closed
	tb.Cleanup(func() {
		_ = server.Close()
		release()
		_ = os.RemoveAll(home)
	})
	d := MustDesk(tb, l, filepath.Join(home, "h"))
	d.now = func() time.Time { return day }
	return d
}

// MustDesk returns a desk for a home.
func MustDesk(tb testing.TB, l lang.Lang, home string) *desk {
	tb.Helper()
	d, err := newDesk(&Options{Home: home, Version: "test", Lang: l, NoAutostart: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(d.link.close)
	return d
}

func (c canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", api.TypeLines)
	route := strings.TrimPrefix(r.URL.Path, api.Prefix)
	answer, ok := c[route]
	switch {
	case route == api.RoutePing:
		answer = api.Ping{Protocol: api.Protocol, Version: "test"}
	case !ok:
		answer = vault.Errorf(vault.CodeFailed, "no answer to %s", route)
	}
	if f, ok := answer.(func(json.RawMessage) any); ok {
		answer = f(requestOf(r))
	}
	if d, ok := answer.(downloaded); ok {
		d.serve(w)
		return
	}
	lines := json.NewEncoder(w)
	if err, ok := answer.(error); ok {
		_ = lines.Encode(api.Line{Error: api.ErrorOf(err)})
		return
	}
	raw := func(v any) json.RawMessage {
		b, _ := json.Marshal(v)
		return b
	}
	if v := reflect.ValueOf(answer); v.Kind() == reflect.Slice {
		for i := range v.Len() {
			_ = lines.Encode(api.Line{Item: raw(v.Index(i).Interface())})
		}
		answer = api.ListEnd{Items: int64(v.Len())}
	}
	_ = lines.Encode(api.Line{Result: raw(answer)})
}

// requestOf is what was asked; of an upload it is the meta part, and the rest is read and forgotten.
func requestOf(r *http.Request) (req json.RawMessage) {
	parts, err := r.MultipartReader()
	if err != nil {
		_ = json.NewDecoder(r.Body).Decode(&req) // none is nil
		return req
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return req
		}
		if part.FormName() == api.PartMeta {
			_ = json.NewDecoder(part).Decode(&req)
		}
		_, _ = io.Copy(io.Discard, part) // a broken upload ends with the next part
	}
}

// downloaded is an answer of bytes.
type downloaded struct {
	meta any
	body string
}

func (d downloaded) serve(w http.ResponseWriter) {
	meta, _ := api.EncodeMeta(d.meta)
	w.Header().Set("Content-Type", api.TypeBinary)
	w.Header().Set(api.HeaderMeta, meta)
	w.Header().Set("Trailer", api.TrailerEnd)
	_, _ = io.WriteString(w, d.body) // whoever asked sees what is missing
	w.Header().Set(api.TrailerEnd, api.EndOK)
}

// office is what canned pages show: one agent's morning.
func office() canned {
	return canned{
		api.RouteStatus: api.Status{
			State: stateReady, Name: "CCAS de Rennes", Agent: "Marie Durand", Roles: []string{"admin", "agent"}, Protect: byPassphrase,
			Vaults: 3, Documents: 4, LastSync: "2026-03-02T08:12:00Z",
			Remotes: []api.RemoteStatus{{Name: "main", Remote: "/mnt/nas/vaults", LastOK: "2026-03-02T08:12:00Z"}},
		},
		api.RouteBeneficiaryList: []api.Beneficiary{amal(), vanAn(), fatima()},
		api.RouteBeneficiaryShow: amal(),
		api.RouteDueList:         []api.Due{},
	}
}

func amal() api.Beneficiary {
	return api.Beneficiary{
		ID: "b7k2m9x4qw3t5", Readable: true, Name: "Amal Haddad", FamilyName: "Haddad", GivenName: "Amal", Born: "1985~",
		Language: "ar", Phone: "06 12 34 56 78", Refs: []string{"CCAS:2026-0417"}, State: "open", Opened: "2026-01-12", LastSeen: "2026-02-27",
		Card: 1, Documents: 4, Expired: 1, Soon: 1,
		Consents: []api.Consent{{ID: "cwph5j8jwsgwa", Beneficiary: "b7k2m9x4qw3t5", To: "team:Accueil", Purpose: "case-file", State: "given",
			Given: "2026-01-12", Until: "2027-07-12", Evidence: "verbal", CollectedBy: "Marie Durand"}},
	}
}

func vanAn() api.Beneficiary {
	return api.Beneficiary{ID: "b3n8p2c6rt9k4", Readable: true, Name: "Văn An Nguyễn", FamilyName: "Nguyễn", GivenName: "Văn An", Born: "1971-02-11",
		Refs: []string{"CCAS:2026-0418"}, State: "open", Opened: "2026-02-03", LastSeen: "2026-02-03"}
}

func fatima() api.Beneficiary {
	return api.Beneficiary{ID: "b5w9d4f7hj2m8", Readable: true, Name: "فاطمة محمد", FamilyName: "محمد", GivenName: "فاطمة", Born: "1990-05-01",
		State: "open", Opened: "2026-02-20", LastSeen: "2026-02-20"}
}
