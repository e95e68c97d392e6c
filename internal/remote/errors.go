package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	iofs "io/fs"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rclone/rclone/fs"
	"github.com/rclone/rclone/fs/fserrors"
	"github.com/rclone/rclone/lib/file"
	"github.com/rclone/rclone/lib/pacer"

	"vaultctl/internal/vault"
)

// class is what a failed call means.
type class struct {
	code  vault.Code
	text  string // lower-case reason
	retry bool   // whether trying again within the same call makes sense
}

// failure is a classified error inside a call. Its text never contains what the backend said.
type failure struct {
	class
	detail string
	after  time.Duration // what the server asked to wait, or 0
	err    error
}

func (f *failure) Error() string {
	if f.detail == "" {
		return f.text
	}
	return f.text + ": " + f.detail
}

func (f *failure) Unwrap() error { return f.err }

// report turns the failure into the error that callers see.
func (f *failure) report(op string) error {
	return &vault.Error{Code: f.code, Msg: "remote " + op + ": " + f.Error(), Err: f}
}

// fail makes a failure that needs no classification.
func fail(code vault.Code, retry bool, text string, err error) *failure {
	return &failure{class: class{code, text, retry}, err: err}
}

// classify says what err means for a call that writes or one that reads.
func classify(ctx context.Context, write bool, err error) *failure {
	var known *failure
	if errors.As(err, &known) {
		return known
	}
	if parent := ctx.Err(); parent != nil {
		return fail(vault.CodeInterrupted, false, "interrupted", errors.Join(parent, err))
	}
	f := &failure{class: classOf(write, err), detail: detail(err), err: err}
	if wait, ok := pacer.IsRetryAfter(err); ok {
		f.after = wait
	} else if at := fserrors.RetryAfterErrorTime(err); !at.IsZero() {
		f.after = max(time.Until(at), 0)
	}
	return f
}

func classOf(write bool, err error) class {
	status, apiCode := httpStatus(err), strings.ToLower(errorCode(err))
	text := strings.ToLower(err.Error())
	switch {
	case isFull(err, status, apiCode, text):
		return class{vault.CodeFull, "storage is full", false}
	case isMissing(err, status, apiCode) && write:
		return class{vault.CodeUnreachable, "the remote's folder or bucket is missing; is the disk mounted?", false}
	case isMissing(err, status, apiCode):
		return class{vault.CodeNotFound, "no such object", false}
	case isBadLogin(status, apiCode):
		return class{vault.CodeUnreachable, "the storage rejects the credentials", false}
	case isForbidden(err, status, apiCode, text) && write:
		return class{vault.CodeReadOnly, "the storage does not allow writing", false}
	case isForbidden(err, status, apiCode, text):
		return class{vault.CodeUnreachable, "the storage does not allow reading", false}
	case fserrors.IsNoRetryError(err) || fserrors.IsFatalError(err):
		return class{vault.CodeUnreachable, "the storage refuses", false}
	}
	return class{vault.CodeUnreachable, "the storage cannot be reached", true}
}

func isFull(err error, status int, apiCode, text string) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) ||
		errors.Is(err, file.ErrDiskFull) || fserrors.IsErrNoSpace(err) ||
		status == 507 || strings.Contains(apiCode, "quota") && !strings.Contains(apiCode, "rate") ||
		strings.Contains(apiCode, "storagefull") || strings.Contains(apiCode, "xminio") && strings.Contains(apiCode, "full") ||
		containsAny(text, "no space left", "quota exceeded", "storagequotaexceeded", "quotalimitreached",
			"insufficient storage", "insufficient_space", "disk full", "not enough space", "over quota")
}

func isMissing(err error, status int, apiCode string) bool {
	return errors.Is(err, fs.ErrorObjectNotFound) || errors.Is(err, fs.ErrorDirNotFound) ||
		errors.Is(err, iofs.ErrNotExist) || status == 404 || apiCode == "nosuchbucket" || apiCode == "nosuchkey"
}

func isBadLogin(status int, apiCode string) bool {
	switch apiCode {
	case "invalidaccesskeyid", "signaturedoesnotmatch", "expiredtoken", "invalidtoken", "authfailure",
		"requesttimetooskewed", "authorizationheadermalformed":
		return true
	}
	return status == 401
}

func isForbidden(err error, status int, apiCode, text string) bool {
	return errors.Is(err, iofs.ErrPermission) || errors.Is(err, fs.ErrorPermissionDenied) ||
		errors.Is(err, syscall.EROFS) || status == 403 || apiCode == "accessdenied" ||
		containsAny(text, "permission denied", "access denied", "read-only file system", "403 forbidden")
}

func containsAny(text string, phrases ...string) bool {
	for _, phrase := range phrases {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}

// detail names the technical reason in words that cannot contain a secret, a path or a host.
func detail(err error) string {
	var errno syscall.Errno
	var dns *net.DNSError
	var netErr net.Error
	var unknownCA x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &dns):
		return "host name not found"
	case errors.As(err, &unknownCA), errors.As(err, &hostname), errors.As(err, &invalid), errors.As(err, &certificate):
		return "its certificate is not accepted"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "timed out"
	}
	status, apiCode := httpStatus(err), errorCode(err)
	switch {
	case apiCode != "":
		return apiCode
	case status != 0:
		return "status " + strconv.Itoa(status)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "connection closed early"
	}
	return ""
}

// httpStatus returns the HTTP status in err's chain, or 0.
func httpStatus(err error) int {
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// errorCode returns the service's error code in err's chain if it is one word, or "".
func errorCode(err error) string {
	var answer interface{ ErrorCode() string }
	if !errors.As(err, &answer) {
		return ""
	}
	code := answer.ErrorCode()
	if len(code) > 40 || strings.ContainsFunc(code, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}) {
		return ""
	}
	return code
}
