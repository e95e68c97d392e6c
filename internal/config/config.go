// Package config reads and writes the settings of vaultctl and vaultd: flags beat environment beats file beats the
// built-in default. The file is TOML, next to the store unless VAULTCTL_CONFIG names another. A key that nothing
// reads is an error, since a typing mistake in a security setting must not pass in silence. This is the only
// package that imports viper.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/viper"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/vault"
)

const envPrefix = "VAULTCTL"

// FilePath returns the path of the configuration file for a home directory: VAULTCTL_CONFIG, or config.toml in it.
func FilePath(home string) string {
	if path := os.Getenv("VAULTCTL_CONFIG"); path != "" {
		return path
	}
	return filepath.Join(home, "config.toml")
}

// Config is a set of settings as read. It is safe for concurrent reading; SetFlag, Set and Unset are for one goroutine.
type Config struct {
	path  string
	v     *viper.Viper
	flags map[string]bool
}

// Load reads the file at path, which need not exist, and the environment. Unknown keys and unacceptable values are
// errors of code vault.CodeInvalid that say where they stand.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return parse(path, string(text))
}

func parse(path, text string) (*Config, error) {
	// Editors on Windows start a text file with a mark that TOML does not know.
	text = strings.TrimPrefix(text, "\ufeff")
	v := viper.New()
	v.SetConfigType("toml")
	v.SetEnvPrefix(envPrefix)
	for _, k := range keys() {
		v.SetDefault(k.Name, k.Default)
		if err := v.BindEnv(k.Name); err != nil {
			return nil, fmt.Errorf("bind %s: %w", k.Env(), err)
		}
	}
	if err := v.ReadConfig(strings.NewReader(text)); err != nil {
		return nil, vault.Errorf(vault.CodeInvalid, "configuration file %s: %w", path, err)
	}
	c := &Config{path: path, v: v, flags: map[string]bool{}}
	if err := c.checkNames(text); err != nil {
		return nil, err
	}
	for _, k := range keys() {
		if err := k.Check(c.text(k)); err != nil {
			return nil, vault.Errorf(vault.CodeInvalid, "%s: %w", c.origin(k, text), err)
		}
	}
	return c, nil
}

func (c *Config) checkNames(text string) error {
	for _, name := range c.v.AllKeys() {
		if _, err := Explain(name); err != nil {
			at := c.path
			if line := lineOf(text, name); line > 0 {
				at = fmt.Sprintf("%s:%d", c.path, line)
			}
			return vault.Errorf(vault.CodeInvalid, "configuration file %s: %w", at, err)
		}
	}
	return nil
}

// origin says where the value of k comes from, for an error message.
func (c *Config) origin(k Key, text string) string {
	if c.Source(k.Name) == "environment" {
		return "environment variable " + k.Env()
	}
	return fmt.Sprintf("configuration file %s:%d", c.path, lineOf(text, k.Name))
}

// text returns the value of k as one string, however the file spelt it.
func (c *Config) text(k Key) string {
	if k.list() {
		if list, ok := c.v.Get(k.Name).([]any); ok {
			names := make([]string, len(list))
			for i, item := range list {
				names[i] = fmt.Sprint(item)
			}
			return strings.Join(names, ",")
		}
	}
	return strings.TrimSpace(c.v.GetString(k.Name))
}

// Path returns the path of the configuration file, whether or not it exists.
func (c *Config) Path() string { return c.path }

// SetFlag lets the value of a command line flag win over everything else.
func (c *Config) SetFlag(name, value string) error {
	k, err := Explain(name)
	if err != nil {
		return err
	}
	if err := k.Check(value); err != nil {
		return err
	}
	c.v.Set(name, value)
	c.flags[name] = true
	return nil
}

// Get returns the value in force for a key and where it comes from: "flag", "environment", "file" or "default".
func (c *Config) Get(name string) (value, source string, err error) {
	k, err := Explain(name)
	if err != nil {
		return "", "", err
	}
	return c.text(k), c.Source(name), nil
}

// Source says where the value of a key comes from: "flag", "environment", "file" or "default".
func (c *Config) Source(name string) string {
	switch {
	case c.flags[name]:
		return "flag"
	case os.Getenv(envPrefix+"_"+strings.ToUpper(name)) != "":
		return "environment"
	case c.v.InConfig(name):
		return "file"
	}
	return "default"
}

// String returns the value of a key as text. It panics on a name that is no key, as do the other typed getters:
// that is a mistake in the program.
func (c *Config) String(name string) string {
	k, err := Explain(name)
	if err != nil {
		panic("config: " + err.Error())
	}
	return c.text(k)
}

// Duration returns the value of a key of kind Duration.
func (c *Config) Duration(name string) time.Duration {
	d, err := ParseDuration(c.String(name))
	if err != nil {
		panic("config: " + name + " is no duration")
	}
	return d
}

// Size returns the value of a key of kind Size, in bytes.
func (c *Config) Size(name string) int64 {
	n, err := ParseSize(c.String(name))
	if err != nil {
		panic("config: " + name + " is no size")
	}
	return n
}

// Names returns the value of a key of kind Names or Folders, without empty ones.
func (c *Config) Names(name string) []string {
	var names []string
	for part := range strings.SplitSeq(c.String(name), ",") {
		if part = strings.TrimSpace(part); part != "" {
			names = append(names, part)
		}
	}
	return names
}

// Spans returns the value of a key of kind Spans, by name.
func (c *Config) Spans(name string) map[string]time.Duration {
	spans, err := parseSpans(c.String(name))
	if err != nil {
		panic("config: " + name + " are no durations")
	}
	return spans
}

// Set writes a value into the file, keeping its comments and other lines, and creates the file if need be.
func (c *Config) Set(name, value string) error {
	k, err := Explain(name)
	if err != nil {
		return err
	}
	if err := k.Check(value); err != nil {
		return err
	}
	return c.rewrite(func(text string) string { return setLine(text, k, value) })
}

// Unset removes a key from the file, so that the default holds again.
func (c *Config) Unset(name string) error {
	k, err := Explain(name)
	if err != nil {
		return err
	}
	return c.rewrite(func(text string) string { return removeLine(text, k.Name) })
}

// rewrite replaces the file by what edit makes of it, but only if the result can be read again.
func (c *Config) rewrite(edit func(string) string) error {
	old, err := os.ReadFile(c.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read configuration: %w", err)
	}
	text := edit(string(old))
	next, err := parse(c.path, text)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	err = atomicfile.Write(c.path, 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	*c = *next
	return nil
}
