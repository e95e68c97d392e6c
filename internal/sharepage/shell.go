package sharepage

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html"
	"strings"

	"vaultctl/internal/vault"
)

// built holds the script of the page if this program was built after `make web`, and nothing but a remark otherwise.
//
//go:embed built
var built embed.FS

//go:embed web/shell.html
var shell string

//go:embed web/page.css
var style string

func script() (string, error) {
	b, err := built.ReadFile("built/page.js")
	if err != nil {
		return "", vault.Errorf(vault.CodeLater, "this program was built without the page that opens packages; build it with `make web build`, or install a release")
	}
	return string(b), nil
}

// newShell returns the file up to the sealed copies.
func newShell(p Package) (string, error) {
	code, err := script()
	if err != nil {
		return "", err
	}
	lang, title := "fr", "Documents scellés"
	if p.Lang == "en" {
		lang, title = "en", "Sealed documents"
	}
	return strings.NewReplacer(
		"{{lang}}", lang, "{{title}}", title, "{{policy}}", policy(code), "{{style}}", style, "{{script}}", code,
		"{{organization}}", html.EscapeString(p.Organization), "{{share}}", html.EscapeString(p.Share), "{{made}}", day(p.Made),
	).Replace(shell), nil
}

// policy lets the page run and look like what is in it, show what it opened itself, and nothing else: no connection, no
// form, no other page around it.
func policy(code string) string {
	return "default-src 'none'; script-src " + source(code) + "; style-src " + source(style) +
		"; img-src blob:; frame-src blob:; object-src 'none'; base-uri 'none'; form-action 'none'"
}

func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
