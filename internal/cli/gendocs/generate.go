package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/cli"
	"vaultctl/internal/termio"
)

// generate returns every generated file by its slash-separated path. The same tree gives the same bytes: no dates,
// no version, no language of the machine.
func generate() (map[string][]byte, error) {
	io, _ := termio.Test()
	root := cli.NewRoot(io, cli.Build{})
	root.DisableAutoGenTag = true
	files := map[string][]byte{}
	for shell, name := range map[string]string{
		"bash": "vaultctl.bash", "zsh": "_vaultctl", "fish": "vaultctl.fish", "powershell": "vaultctl.ps1",
	} {
		var script bytes.Buffer
		if err := cli.WriteCompletion(root, shell, &script); err != nil {
			return nil, fmt.Errorf("generate completion for %s: %w", shell, err)
		}
		files["completions/"+name] = script.Bytes()
	}
	return files, addPages(files, root)
}

func addPages(files map[string][]byte, cmd *cobra.Command) error {
	var page bytes.Buffer
	header := doc.GenManHeader{Section: "1", Source: "vaultctl", Manual: "vaultctl manual", Date: &time.Time{}}
	if err := doc.GenMan(cmd, &header, &page); err != nil {
		return fmt.Errorf("generate manual page of %s: %w", cmd.CommandPath(), err)
	}
	undated := bytes.Replace(page.Bytes(), []byte(`"Jan 0001"`), []byte(`""`), 1)
	files["man/"+strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1"] = undated
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			if err := addPages(files, sub); err != nil {
				return err
			}
		}
	}
	return nil
}

// write puts the generated files below dir and removes manual pages of commands that are no more.
func write(dir string) error {
	files, err := generate()
	if err != nil {
		return err
	}
	old, err := existing(dir)
	if err != nil {
		return err
	}
	for _, path := range old {
		if files[path] == nil {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(path))); err != nil {
				return fmt.Errorf("remove stale page: %w", err)
			}
		}
	}
	for path, content := range files {
		target := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		err := atomicfile.Write(target, 0o644, func(w io.Writer) error {
			_, err := w.Write(content)
			return err
		})
		if err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}

// existing lists what is in the two folders now, as slash-separated paths below dir.
func existing(dir string) ([]string, error) {
	var paths []string
	for _, folder := range []string{"man", "completions"} {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("list generated files: %w", err)
		}
		for _, entry := range entries {
			paths = append(paths, folder+"/"+entry.Name())
		}
	}
	return paths, nil
}
