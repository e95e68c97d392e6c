package userfile

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vaultctl/internal/api"
)

// Target returns the path of a document's file: out, the usual name in it if it is a directory, or the usual name here.
func Target(out string, d *api.Document) string {
	if out == "" {
		return UsualName(d)
	}
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		return filepath.Join(out, UsualName(d))
	}
	return out
}

// UsualName is <type>_<date>_<id>.<ext>, of characters that every file system takes.
func UsualName(d *api.Document) string {
	parts := []string{}
	for _, part := range []string{cmp.Or(d.DocumentType, "document"), cmp.Or(d.IssuedOn, d.Period, d.ReceivedOn, day(d.Deposited)), d.ID} {
		if part = plainName(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "_") + extension(d)
}

// day is the day of a time of RFC 3339, in this machine's zone.
func day(timestamp string) string {
	if t, err := time.Parse(time.RFC3339, timestamp); err == nil {
		return t.Local().Format("2006-01-02")
	}
	return ""
}

// plainName leaves letters, digits and "-": a type's code may come from a file of somebody else.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return -1
	}, s)
}

// extensions are those of the formats that scanners, telephones and offices make.
var extensions = [...][2]string{
	{"application/pdf", ".pdf"}, {"image/jpeg", ".jpg"}, {"image/png", ".png"}, {"image/tiff", ".tif"}, {"image/heic", ".heic"}, {"image/heif", ".heif"},
	{"image/avif", ".avif"},
	{"image/webp", ".webp"}, {"image/gif", ".gif"}, {"text/plain", ".txt"}, {"application/zip", ".zip"},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"}, {"application/msword", ".doc"},
	{"application/vnd.oasis.opendocument.text", ".odt"},
}

// extension follows the content; only where that says nothing does it follow the name that the file had.
func extension(d *api.Document) string {
	media, _, _ := strings.Cut(d.MediaType, ";")
	for _, e := range extensions {
		if e[0] == media {
			return e[1]
		}
	}
	if ext := plainName(filepath.Ext(d.FileName)); ext != "" && len(ext) <= 5 {
		return "." + strings.ToLower(ext)
	}
	return ".bin"
}
