package tui

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/printing"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// saveTo asks where a file is to go and prepares it there. Name is the usual one of the file; a folder gets a file of that name.
// A file that exists is replaced only when the person says so. Whoever calls fills it, keeps it, and drops it in any case.
func (d *desk) saveTo(ctx context.Context, title, name string) (*userfile.Out, error) {
	path := filepath.Join(savingFolder(), name)
	for {
		f := &form{title: title, fields: []*field{{kind: oneLine, label: d.l.T("File"), text: &path, needed: true,
			help: d.l.T("A folder takes a file of the usual name.")}}}
		if err := d.fill(ctx, f); err != nil {
			return nil, err
		}
		path = savingPath(path, name)
		out, err := userfile.Create(path, false)
		if vault.CodeOf(err) == vault.CodeConflict {
			if err = d.sure(ctx, title, d.l.T("%s exists already. It would be replaced.", path)); left(err) {
				continue
			}
			if err == nil {
				out, err = userfile.Create(path, true)
			}
		}
		if err == nil {
			lastFolder.Lock()
			lastFolder.dir = filepath.Dir(path)
			lastFolder.Unlock()
		}
		return out, err
	}
}

// savingFolder is where files went, or were chosen, last; else the home directory.
func savingFolder() string {
	lastFolder.Lock()
	defer lastFolder.Unlock()
	if lastFolder.dir != "" {
		return lastFolder.dir
	}
	home, _ := os.UserHomeDir() // "" is the folder that the program was started in
	return home
}

// savingPath turns what was typed into the absolute path of a file.
func savingPath(typed, name string) string {
	if rest, ok := strings.CutPrefix(typed, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		if home, err := os.UserHomeDir(); err == nil {
			typed = filepath.Join(home, rest)
		}
	}
	if info, err := os.Stat(typed); err == nil && info.IsDir() {
		typed = filepath.Join(typed, name)
	}
	if abs, err := filepath.Abs(typed); err == nil {
		return abs
	}
	return typed
}

// save asks where content is to go, writes it there and says so.
func (d *desk) save(ctx context.Context, title, name string, content []byte) error {
	out, err := d.saveTo(ctx, title, name)
	if err != nil {
		return err
	}
	defer out.Drop()
	if _, err = out.Write(content); err == nil {
		err = out.Keep()
	}
	if err == nil {
		d.note(d.l.T("Written: %s", out.Path))
	}
	return err
}

// printer finds the print command. It is asked for before something is made that can be printed but once.
func (d *desk) printer() (*printing.Printer, error) { return printing.New(d.options.PrintCommand) }

// print sends content to a printer, and says what the print command said.
func (d *desk) print(ctx context.Context, p *printing.Printer, content []byte) error {
	said, err := p.Print(ctx, bytes.NewReader(content))
	if err != nil {
		return err
	}
	if said == "" {
		said = d.l.T("Sent to the printer.")
	}
	d.note(said)
	return nil
}

// download makes a call that answers with a file, and hands it to take, which reads all of it; meta is known before that.
func download[Meta any](ctx context.Context, d *desk, route string, req any, take func(Meta, io.Reader) error) (Meta, error) {
	return through(ctx, d, func(c *apiclient.Client) (Meta, error) {
		meta, body, err := apiclient.Download[Meta](ctx, c, route, req)
		if err != nil {
			return meta, err
		}
		defer func() { _ = body.Close() }() // reading is over by then
		return meta, take(meta, body)
	})
}

// cardField asks for the words of a card. A QR reader that types ends with Enter as well.
func cardField(l lang.Lang, help string, text *string) *field {
	return &field{kind: secret, label: l.T("Words of the card, or scan its code"), help: help, text: text}
}

// askCard asks for the person's card, for the reason why: they type its words, or have its code scanned. What it returns goes into
// requests and nowhere else.
func (d *desk) askCard(ctx context.Context, why string) (string, error) {
	var words string
	q := cardField(d.l, d.l.T("Nothing of what is typed is shown."), &words)
	q.needed = true
	err := d.fill(ctx, &form{title: d.l.T("The person's card"), intro: []string{why}, fields: []*field{q}})
	return words, err
}
