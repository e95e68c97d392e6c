// Package api is the contract between vaultctl and vaultd: how a call travels over the local socket, and what each call
// takes and returns. It holds types and tables only, so that the client can link it for nothing.
//
// A call is POST /v1/<noun>/<verb> with a JSON body. The answer is application/jsonl: each line is an object with exactly
// one of the members item, progress, result and error, and the last line is a result or an error. An error before the
// first line is sent with the status of its code. Uploads are multipart/form-data whose first part is "meta" and whose
// other parts are streams; downloads are a binary body that counts only if the trailer Vaultctl-End says "ok".
package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"syscall"

	"vaultctl/internal/vault"
)

// Protocol is the version of this contract. It changes when a client and a daemon of different versions could
// misunderstand one another, and both sides compare it before anything else.
const Protocol = "1"

// What appears literally on the wire.
const (
	Prefix = "/v1/"
	// Host is the only Host header that the daemon answers to: nothing that a browser would send by itself.
	Host = "vaultd"

	HeaderProtocol = "Vaultctl-Protocol"
	HeaderVersion  = "Vaultctl-Version"  // the program's version, for messages only
	HeaderMeta     = "Vaultctl-Meta"     // base64url JSON that describes a download
	HeaderTransfer = "Vaultctl-Transfer" // names a download, so that its failure can be asked for
	TrailerEnd     = "Vaultctl-End"
	EndOK          = "ok"

	TypeJSON   = "application/json"
	TypeLines  = "application/jsonl"
	TypeUpload = "multipart/form-data"
	TypeBinary = "application/octet-stream"

	PartMeta    = "meta"
	PartContent = "content"
	PartEnd     = "end" // empty: ends the part before it at once

	// MaxRequest is the size in bytes of the largest JSON request, and of the meta part of an upload.
	MaxRequest = 1 << 20
)

// The calls that every daemon answers, whatever its protocol, and the one that explains a broken download.
const (
	RoutePing    = "daemon/ping"
	RouteStop    = "daemon/stop"
	RouteOutcome = "transfer/outcome"
)

// Ping is the answer to RoutePing.
type Ping struct {
	Protocol string `json:"protocol"`
	Version  string `json:"version"`
	PID      int    `json:"pid"`
	// UptimeSeconds counts from when the daemon began to serve.
	UptimeSeconds int64 `json:"uptime_seconds"`
	// Home is the fingerprint of the home directory, not its path.
	Home string `json:"home"`
	// Rejected counts connections from accounts that are not allowed in.
	Rejected int64 `json:"rejected"`
}

// OutcomeRequest asks how the download ended that had this Vaultctl-Transfer header.
type OutcomeRequest struct {
	Transfer string `json:"transfer"`
}

// Outcome is the answer: the error that broke the download, nil if none is known.
type Outcome struct {
	Error *Error `json:"error,omitempty"`
}

// Empty is the request or the result of calls that need none.
type Empty struct{}

// ListEnd is the result that closes a list; a list without it was cut short.
type ListEnd struct {
	Items int64 `json:"items"`
}

// Line is one line of an answer; exactly one member is set.
type Line struct {
	Item     json.RawMessage `json:"item,omitempty"`
	Progress *Progress       `json:"progress,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    *Error          `json:"error,omitempty"`
}

// Valid reports whether exactly one member is set.
func (l *Line) Valid() bool {
	n := 0
	for _, set := range []bool{l.Item != nil, l.Progress != nil, l.Result != nil, l.Error != nil} {
		if set {
			n++
		}
	}
	return n == 1
}

// Progress tells how far a call has come. Total is 0 while it is not known; Unit is "bytes" or the plural of a noun.
type Progress struct {
	Stage string `json:"stage"`
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
	Unit  string `json:"unit"`
}

// Error is an error on the wire.
type Error struct {
	Code    vault.Code `json:"code"`
	Message string     `json:"message"`
	Hint    string     `json:"hint,omitempty"`
}

// Err returns e as a *vault.Error, wrapped in a *Hinted if there is a hint, and nil for nil.
func (e *Error) Err() error {
	if e == nil {
		return nil
	}
	return WithHint(&vault.Error{Code: e.Code, Msg: e.Message}, e.Hint)
}

// Hinted is an error together with what the user may do about it. Error does not repeat the hint.
type Hinted struct {
	Err  error
	Text string
}

func (h *Hinted) Error() string { return h.Err.Error() }

// Unwrap returns the error that the hint is about.
func (h *Hinted) Unwrap() error { return h.Err }

// Hint returns the advice.
func (h *Hinted) Hint() string { return h.Text }

// WithHint adds a hint to err; it returns err itself when either is empty.
func WithHint(err error, hint string) error {
	if err == nil || hint == "" {
		return err
	}
	return &Hinted{Err: err, Text: hint}
}

// HintOf returns the first hint in err's chain, given by a *Hinted or by any error with a Hint method; "" if there is none.
func HintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// ErrorOf turns any error into what goes over the wire; nil stays nil. Of errors without a code, a cancelled context
// becomes vault.CodeInterrupted and a full disk vault.CodeDiskFull.
func ErrorOf(err error) *Error {
	if err == nil {
		return nil
	}
	return &Error{Code: codeOf(err), Message: err.Error(), Hint: HintOf(err)}
}

func codeOf(err error) vault.Code {
	code := vault.CodeOf(err)
	if code != vault.CodeFailed {
		return code
	}
	switch {
	case errors.Is(err, context.Canceled):
		return vault.CodeInterrupted
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return vault.CodeDiskFull
	}
	return code
}

// StatusClientClosed answers a call whose caller gave up; net/http has no name for it.
const StatusClientClosed = 499

// statuses is the one table from codes to HTTP statuses.
var statuses = map[vault.Code]int{
	vault.CodeFailed:      http.StatusInternalServerError,
	vault.CodeUsage:       http.StatusBadRequest,
	vault.CodeInvalid:     http.StatusUnprocessableEntity,
	vault.CodeNotFound:    http.StatusNotFound,
	vault.CodeNoConsent:   http.StatusForbidden,
	vault.CodePolicy:      http.StatusForbidden,
	vault.CodeErased:      http.StatusGone,
	vault.CodeLocked:      http.StatusLocked,
	vault.CodeNoIdentity:  http.StatusUnauthorized,
	vault.CodeConflict:    http.StatusConflict,
	vault.CodeAmbiguous:   http.StatusConflict,
	vault.CodeNoDaemon:    http.StatusServiceUnavailable,
	vault.CodeAttention:   http.StatusExpectationFailed,
	vault.CodeUnreachable: http.StatusBadGateway,
	vault.CodeFull:        http.StatusInsufficientStorage,
	vault.CodeReadOnly:    http.StatusBadGateway,
	vault.CodeForeign:     http.StatusBadGateway,
	vault.CodeDiskFull:    http.StatusInsufficientStorage,
	vault.CodeIntegrity:   http.StatusBadGateway,
	vault.CodeUpgrade:     http.StatusUpgradeRequired,
	vault.CodePartial:     http.StatusFailedDependency,
	vault.CodeLater:       http.StatusNotImplemented,
	vault.CodeInterrupted: StatusClientClosed,
}

// StatusOf returns the HTTP status that an error with this code is sent with; 500 for a code that this version does not know.
func StatusOf(code vault.Code) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// EncodeMeta returns v as a header value.
func EncodeMeta(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// DecodeMeta fills v from a header value that EncodeMeta made.
func DecodeMeta(s string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
