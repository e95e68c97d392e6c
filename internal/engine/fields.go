package engine

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// Limits in bytes on what is said of a document.
const (
	maxShort = 1000
	maxLong  = 20_000
	maxCount = 10_000_000 // of pages or pixels
)

// fieldReader turns what a request says of a document into what its note entry says. The first error stays.
type fieldReader struct {
	e     *Engine
	today vault.Date
	err   error
}

// documentData checks the fields of a request. Old is what is known of the document, or empty; born is the beneficiary's
// date of birth. A version that is new and states a date of issue alone does not keep the end of the old one. Errors have
// CodeInvalid, or CodePolicy for a health document.
func (e *Engine) documentData(f *api.DocumentFields, old *vault.Document, born vault.BirthDate, version bool) (vault.DocumentData, error) {
	r := fieldReader{e: e, today: e.today()}
	d := vault.DocumentData{
		Document: old.ID, Type: r.docType(f.Type), Title: r.text("title", f.Title, maxShort), Holder: r.text("holder", f.Holder, maxShort),
		IssuedOn: r.date("issued_on", f.IssuedOn), ExpiresOn: r.date("expires_on", f.ExpiresOn), Period: r.period(f.Period),
		Pages: r.text("pages", f.Pages, maxShort), Note: r.text("note", f.Note, maxLong), OriginalSeen: f.OriginalSeen,
		SourceID: r.text("source_id", f.SourceID, maxShort), ReceivedOn: r.date("received_on", f.ReceivedOn),
		PageCount: r.count("page_count", f.PageCount), Width: r.count("width", f.Width), Height: r.count("height", f.Height),
	}
	if r.err != nil {
		return d, r.err
	}
	issued, expires, received := or(d.IssuedOn, old.IssuedOn), or(d.ExpiresOn, old.ExpiresOn), or(d.ReceivedOn, old.ReceivedOn)
	typ, holder := or(d.Type, old.Type), or(d.Holder, old.Holder)
	if d.IssuedOn != nil && issued != "" && d.ExpiresOn == nil {
		if holder != "" {
			born = ""
		}
		// A date that was read from the document wins over what its type usually lasts.
		printed := !version && old.ExpiresOn != "" && old.ExpiresOn != e.Types.DefaultExpiry(old.Type, old.IssuedOn, born)
		if end := e.Types.DefaultExpiry(typ, issued, born); !printed && (end != "" || version) {
			d.ExpiresOn, expires = &end, end
		}
	}
	switch {
	case issued > r.today:
		return d, vault.Errorf(vault.CodeInvalid, "the date of issue is in the future")
	case received > r.today:
		return d, vault.Errorf(vault.CodeInvalid, "the date of receipt is in the future")
	case issued != "" && expires != "" && expires < issued:
		return d, vault.Errorf(vault.CodeInvalid, "the document would expire before it was issued")
	}
	return d, nil
}

// or returns what p points to, or other.
func or[T any](p *T, other T) T {
	if p == nil {
		return other
	}
	return *p
}

func (r *fieldReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// docType resolves a code, name or alias.
func (r *fieldReader) docType(v *string) *string {
	if v == nil {
		return nil
	}
	if strings.TrimSpace(*v) == "" {
		r.fail(vault.Errorf(vault.CodeInvalid, "a document needs a type: see `vaultctl type list`"))
		return nil
	}
	t, err := r.e.Types.Find(*v, "")
	if err != nil {
		r.fail(err)
		return nil
	}
	if t.Health && !r.e.healthAllowed() {
		r.fail(api.WithHint(vault.Errorf(vault.CodePolicy, "health documents are refused: no remote is declared fit for health data"),
			"the refusal goes by the declared type; `vaultctl config explain health_data` says more"))
		return nil
	}
	return &t.Code
}

// text trims a text and refuses what cannot be a line of one.
func (r *fieldReader) text(name string, v *string, limit int) *string {
	if v == nil {
		return nil
	}
	s := strings.TrimSpace(*v)
	bad := func(c rune) bool {
		return unicode.IsControl(c) && (limit != maxLong || c != '\n' && c != '\t' && c != '\r')
	}
	switch {
	case len(s) > limit:
		r.fail(vault.Errorf(vault.CodeInvalid, "%s is longer than %d bytes", name, limit))
	case !utf8.ValidString(s) || strings.ContainsFunc(s, bad):
		r.fail(vault.Errorf(vault.CodeInvalid, "%s holds control characters", name))
	}
	return &s
}

// count checks a number of pages or pixels.
func (r *fieldReader) count(name string, v *int) *int {
	if v != nil && (*v < 0 || *v > maxCount) {
		r.fail(vault.Errorf(vault.CodeInvalid, "%s: %d is not a plausible number", name, *v))
	}
	return v
}

// date reads a day; "" and "none" clear it.
func (r *fieldReader) date(name string, v *string) *vault.Date {
	if v == nil {
		return nil
	}
	var d vault.Date
	if s := strings.TrimSpace(*v); s != "" && s != vault.None {
		var err error
		if d, err = vault.ParseDate(s, r.today); err != nil {
			r.fail(vault.Errorf(vault.CodeInvalid, "%s: %w", name, err))
		} else if y := d.Time().Year(); y < 1880 || y > 2200 {
			r.fail(vault.Errorf(vault.CodeInvalid, "%s: %d is not a plausible year", name, y))
		}
	}
	return &d
}

func (r *fieldReader) period(v *string) *string {
	if v == nil {
		return nil
	}
	s := strings.TrimSpace(*v)
	if s == vault.None {
		s = ""
	}
	s, err := vault.ParsePeriod(s)
	if err != nil {
		r.fail(err)
	}
	return &s
}

// maxFileName is the longest name that file systems take, in bytes.
const maxFileName = 255

// fileBase returns the base name of a file, whichever system's separators it has, in valid UTF-8 and of a length that
// any file system takes. What else is odd about a name is kept: it is never used as a path.
func fileBase(name string) string {
	name = strings.ToValidUTF8(path.Base(strings.ReplaceAll(name, `\`, "/")), "\uFFFD")
	if name == "." || name == "/" {
		return ""
	}
	for len(name) > maxFileName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}
