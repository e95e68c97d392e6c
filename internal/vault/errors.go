package vault

import (
	"errors"
	"fmt"
)

// Code names one kind of failure. Codes are part of the API and CLI contracts: they are only ever added.
type Code string

// The codes. internal/exitcode maps each to an exit status and internal/api to an HTTP status.
const (
	CodeFailed      Code = "failed"      // anything without a better name
	CodeUsage       Code = "usage"       // the request itself is malformed
	CodeInvalid     Code = "invalid"     // a value in the request is not acceptable
	CodeNotFound    Code = "not_found"   // no such beneficiary, document, object…
	CodeNoConsent   Code = "no_consent"  // the vault gives this device no access, or is closed
	CodePolicy      Code = "policy"      // refused by rule: health data, weak passphrase, role…
	CodeErased      Code = "erased"      // the thing was erased on purpose
	CodeLocked      Code = "locked"      // the daemon holds no unlocked keys
	CodeNoIdentity  Code = "no_identity" // wrong passphrase, card, share; no usable identity
	CodeConflict    Code = "conflict"    // exists already, or contradicts what is there
	CodeAmbiguous   Code = "ambiguous"   // a name that several persons bear, or a name where an id is needed
	CodeNoDaemon    Code = "no_daemon"   // vaultd does not answer
	CodeAttention   Code = "attention"   // a check found something that a person should look at
	CodeUnreachable Code = "remote_unreachable"
	CodeFull        Code = "remote_full"
	CodeReadOnly    Code = "remote_read_only"
	CodeForeign     Code = "remote_foreign"  // the remote holds another organization
	CodeDiskFull    Code = "disk_full"       // no space left on this machine
	CodeIntegrity   Code = "integrity"       // altered, rolled back or forked
	CodeUpgrade     Code = "upgrade"         // written by a newer version; read-only here
	CodePartial     Code = "partial"         // some parts done, some rejected
	CodeLater       Code = "not_implemented" // in the contract, not in this version
	CodeInterrupted Code = "interrupted"     // cancelled by the caller
)

// Error is the one error type that crosses package borders with a meaning attached. Msg is a lower-case English
// sentence without personal data, secrets or file names; Err, if set, is the cause.
type Error struct {
	Code Code
	Msg  string
	Err  error
}

// Errorf returns an Error with the code and formatted message. A %w verb sets the cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Msg: err.Error(), Err: errors.Unwrap(err)}
}

func (e *Error) Error() string { return e.Msg }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error with the same code and no message, so that
// errors.Is(err, &Error{Code: CodeLocked}) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Msg == "" && t.Err == nil && t.Code == e.Code
}

// CodeOf returns the code of the first *Error in err's chain, CodeFailed for any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeFailed
}
