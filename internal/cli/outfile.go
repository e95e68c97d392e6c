package cli

import (
	"fmt"

	"vaultctl/internal/userfile"
)

// writeOut writes a small file that the user asked for, or standard output for "-".
func (f *Factory) writeOut(path string, force bool, content []byte) error {
	if path == stdio {
		_, err := f.IO.Out.Write(content)
		return err
	}
	out, err := userfile.Create(path, force)
	if err != nil {
		return err
	}
	defer out.Drop()
	if _, err := out.Write(content); err != nil {
		return fmt.Errorf("write %s: %w", path, userfile.Pathless(err))
	}
	return out.Keep()
}

// wrote says which file was written, for commands whose answer is the file.
func (f *Factory) wrote(path string) {
	if path != stdio {
		f.IO.Note(f.Lang().T("Written: %s", f.IO.CleanErr(path)))
	}
}
