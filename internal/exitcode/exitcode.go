// Package exitcode holds the one table that turns an error code of the domain into the exit status of vaultctl.
// Scripts depend on these numbers: a status never changes its meaning, and a new code takes an existing status.
package exitcode

import "vaultctl/internal/vault"

// The exit statuses of the command line contract.
const (
	OK          = 0   // done
	Failed      = 1   // failed, for a reason without a status of its own
	Usage       = 2   // wrong usage, or a value that cannot be accepted
	Partial     = 3   // some rows done, some rejected
	NotFound    = 4   // no such thing, or erased
	Refused     = 5   // no consent, or against policy
	Locked      = 6   // locked, or no usable identity
	Conflict    = 7   // conflict or ambiguous
	NoDaemon    = 8   // the daemon does not answer
	Attention   = 9   // a check found something to look at
	Remote      = 10  // waited for a remote that is unreachable, full or read-only
	Integrity   = 11  // altered, rolled back or forked
	Interrupted = 130 // ended by the caller, as a shell reports SIGINT
)

// Of returns the exit status for a code: OK for the empty code, Failed for a code that this version does not know.
func Of(code vault.Code) int {
	switch code {
	case "":
		return OK
	case vault.CodeUsage, vault.CodeInvalid, vault.CodeLater:
		return Usage
	case vault.CodePartial:
		return Partial
	case vault.CodeNotFound, vault.CodeErased:
		return NotFound
	case vault.CodeNoConsent, vault.CodePolicy:
		return Refused
	case vault.CodeLocked, vault.CodeNoIdentity:
		return Locked
	case vault.CodeConflict, vault.CodeAmbiguous, vault.CodeForeign:
		return Conflict
	case vault.CodeNoDaemon:
		return NoDaemon
	case vault.CodeAttention:
		return Attention
	case vault.CodeUnreachable, vault.CodeFull, vault.CodeReadOnly:
		return Remote
	case vault.CodeIntegrity:
		return Integrity
	case vault.CodeInterrupted:
		return Interrupted
	case vault.CodeFailed, vault.CodeDiskFull, vault.CodeUpgrade:
		return Failed
	}
	return Failed
}

// OfError returns the exit status for an error: OK for nil, and the status of vault.CodeOf(err) otherwise.
func OfError(err error) int { return Of(vault.CodeOf(err)) }
