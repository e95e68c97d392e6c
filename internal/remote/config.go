package remote

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rclone/rclone/fs/config"
	"github.com/unknwon/goconfig"

	"vaultctl/internal/vault"
)

// Sections are rclone configuration sections: name → key → value.
type Sections map[string]map[string]string

// Config is an rclone configuration that lives in memory. rclone rewrites a section when it refreshes a token; Config
// then hands the whole configuration to the save function that it was made with, and never touches a file itself. It is
// safe for concurrent use.
type Config struct {
	mu   sync.Mutex
	ini  *goconfig.ConfigFile
	save func([]byte) error
}

// NewConfig reads data, in the syntax of rclone.conf and possibly empty. The save function receives the new content,
// which it must seal before it writes it anywhere, and may be nil. It is called with Config's lock held and must not
// call back. A malformed configuration is vault.CodeInvalid.
func NewConfig(data []byte, save func([]byte) error) (*Config, error) {
	ini, err := goconfig.LoadFromReader(bytes.NewReader(data))
	if err != nil {
		return nil, vault.Errorf(vault.CodeInvalid, "rclone configuration is malformed")
	}
	return &Config{ini: ini, save: save}, nil
}

// Merge adds the sections, replacing those of the same name, and saves.
func (c *Config) Merge(sections Sections) error {
	c.mu.Lock()
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		c.ini.DeleteSection(name)
		for _, key := range slices.Sorted(maps.Keys(sections[name])) {
			c.ini.SetValue(name, key, sections[name][key])
		}
	}
	c.mu.Unlock()
	return c.Save()
}

// Bytes returns the configuration in the syntax of rclone.conf. It contains credentials.
func (c *Config) Bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes()
}

func (c *Config) bytes() []byte {
	var buf bytes.Buffer
	// Writing to a bytes.Buffer does not fail, and goconfig has no other error.
	_ = goconfig.SaveConfigData(c.ini, &buf)
	return buf.Bytes()
}

// GetSectionList implements rclone's config.Storage.
func (c *Config) GetSectionList() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ini.GetSectionList()
}

// HasSection implements rclone's config.Storage.
func (c *Config) HasSection(section string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.ini.GetSection(section)
	return err == nil
}

// DeleteSection implements rclone's config.Storage.
func (c *Config) DeleteSection(section string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ini.DeleteSection(section)
}

// GetKeyList implements rclone's config.Storage.
func (c *Config) GetKeyList(section string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ini.GetKeyList(section)
}

// GetValue implements rclone's config.Storage.
func (c *Config) GetValue(section, key string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, err := c.ini.GetValue(section, key)
	return value, err == nil
}

// SetValue implements rclone's config.Storage. Values for a backend given inline are kept out, as rclone does.
func (c *Config) SetValue(section, key, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !strings.HasPrefix(section, ":") {
		c.ini.SetValue(section, key, value)
	}
}

// DeleteKey implements rclone's config.Storage.
func (c *Config) DeleteKey(section, key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ini.DeleteKey(section, key)
}

// Load implements rclone's config.Storage: the content is in memory already.
func (c *Config) Load() error { return nil }

// Save implements rclone's config.Storage by calling the save function.
func (c *Config) Save() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.save == nil {
		return nil
	}
	if err := c.save(c.bytes()); err != nil {
		return fmt.Errorf("save rclone configuration: %w", err)
	}
	return nil
}

// Serialize implements rclone's config.Storage.
func (c *Config) Serialize() (string, error) { return string(c.Bytes()), nil }

// InstallConfig makes c the configuration that Open finds named sections in. rclone has one for the whole process: a
// later call replaces it for remotes opened afterwards. It is safe for concurrent use.
func InstallConfig(c *Config) { installed.current.Store(c) }

// switchboard is what rclone holds on to, so that installing a configuration is one atomic store.
type switchboard struct{ current atomic.Pointer[Config] }

var installed switchboard

var _ config.Storage = (*switchboard)(nil)

// noConfig is what rclone sees until InstallConfig.
func noConfig() *Config {
	c, err := NewConfig(nil, nil)
	if err != nil {
		panic(err) // the empty configuration is well-formed
	}
	return c
}

func (s *switchboard) GetSectionList() []string { return s.current.Load().GetSectionList() }
func (s *switchboard) HasSection(section string) bool {
	return s.current.Load().HasSection(section)
}
func (s *switchboard) DeleteSection(section string) { s.current.Load().DeleteSection(section) }
func (s *switchboard) GetKeyList(section string) []string {
	return s.current.Load().GetKeyList(section)
}
func (s *switchboard) GetValue(section, key string) (string, bool) {
	return s.current.Load().GetValue(section, key)
}
func (s *switchboard) SetValue(section, key, value string) {
	s.current.Load().SetValue(section, key, value)
}
func (s *switchboard) DeleteKey(section, key string) bool {
	return s.current.Load().DeleteKey(section, key)
}
func (s *switchboard) Load() error                { return nil }
func (s *switchboard) Save() error                { return s.current.Load().Save() }
func (s *switchboard) Serialize() (string, error) { return s.current.Load().Serialize() }
