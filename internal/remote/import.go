package remote

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/rclone/rclone/fs/config"
	"github.com/rclone/rclone/fs/fspath"

	"vaultctl/internal/vault"
)

// DefaultConfigPath returns where the user's rclone keeps its configuration; the file need not exist.
func DefaultConfigPath() string {
	if path, set := os.LookupEnv("RCLONE_CONFIG"); set && path != "" {
		return path
	}
	return config.GetConfigPath()
}

// ImportSection copies the sections that spec needs out of an rclone.conf: the section that it names and those that
// this one wraps. An empty file means DefaultConfigPath. For a local path or an inline backend that wraps nothing the
// answer is empty. The result contains credentials.
//
// Errors: vault.CodeNotFound for a missing file or section, vault.CodeInvalid for an unreadable, malformed or
// encrypted file and for a spec that is not in rclone's syntax.
func ImportSection(file, spec string) (Sections, error) {
	parsed, err := fspath.Parse(spec)
	if err != nil {
		return nil, vault.Errorf(vault.CodeInvalid, "remote is not in rclone's syntax: %s", err.Error())
	}
	found := Sections{}
	wanted := referenced(parsed.Config)
	if parsed.Name != "" && !strings.HasPrefix(parsed.Name, ":") {
		wanted = append(wanted, parsed.Name)
	}
	if len(wanted) == 0 {
		return found, nil
	}
	conf, err := readRcloneConf(file)
	if err != nil {
		return nil, err
	}
	for len(wanted) > 0 {
		name := wanted[0]
		wanted = wanted[1:]
		if _, done := found[name]; done {
			continue
		}
		if !conf.HasSection(name) {
			return nil, vault.Errorf(vault.CodeNotFound, "rclone.conf has no remote named %q", name)
		}
		section := map[string]string{}
		for _, key := range conf.GetKeyList(name) {
			section[key], _ = conf.GetValue(name, key)
		}
		found[name] = section
		wanted = append(wanted, referenced(section)...)
	}
	return found, nil
}

// referenced names the sections that a wrapping backend's settings refer to: "remote" in crypt, alias, chunker, hasher
// and the like, "upstreams" in union (a list of remotes) and combine (a list of folder=remote).
func referenced(settings map[string]string) []string {
	var names []string
	add := func(spec string) {
		parsed, err := fspath.Parse(spec)
		if err != nil || parsed.Name == "" {
			return
		}
		if !strings.HasPrefix(parsed.Name, ":") {
			names = append(names, parsed.Name)
		}
		names = append(names, referenced(parsed.Config)...)
	}
	add(settings["remote"])
	for _, upstream := range splitQuoted(settings["upstreams"]) {
		if folder, spec, ok := strings.Cut(upstream, "="); ok && !strings.ContainsAny(folder, ":,/\\") {
			upstream = spec
		}
		add(upstream)
	}
	return names
}

// splitQuoted splits a space-separated list in which an element may stand in double quotes.
func splitQuoted(list string) []string {
	var out []string
	var current strings.Builder
	quoted := false
	flush := func() {
		if current.Len() > 0 {
			out = append(out, current.String())
			current.Reset()
		}
	}
	for _, c := range list {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ' ' && !quoted:
			flush()
		default:
			current.WriteRune(c)
		}
	}
	flush()
	return out
}

func readRcloneConf(file string) (*Config, error) {
	if file == "" {
		file = DefaultConfigPath()
	}
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, vault.Errorf(vault.CodeNotFound, "there is no rclone.conf; make the remote with \"rclone config\" first")
	case err != nil:
		return nil, vault.Errorf(vault.CodeInvalid, "rclone.conf cannot be read")
	case encrypted(data):
		return nil, vault.Errorf(vault.CodeInvalid, "rclone.conf is encrypted: write the remote's section to a file with "+
			"\"rclone config show NAME\", give that file, and delete it afterwards; the copy kept here is sealed")
	}
	return NewConfig(data, nil)
}

// encrypted reports whether the first line that is no comment is rclone's encryption marker.
func encrypted(data []byte) bool {
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		return strings.HasPrefix(line, "RCLONE_ENCRYPT_V")
	}
	return false
}
