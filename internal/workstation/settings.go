package workstation

import (
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"vaultctl/internal/catalogue"
	"vaultctl/internal/config"
	"vaultctl/internal/engine"
	"vaultctl/internal/procedure"
	"vaultctl/internal/vault"
)

// settings are the configuration and the document types and procedures that it names. Files that change are read again at the next use,
// so that IT staff need not restart a daemon; what cannot be read is logged once and changes nothing. cache_size,
// daemon_idle, log_level and the environment are read when the daemon starts.
type settings struct {
	path string // "" never reads again
	log  *slog.Logger

	mu    sync.Mutex // guards what follows
	seen  [3]stamp   // of the configuration, the document types and the procedures, when last read
	value values
}

// values are what one reading found.
type values struct {
	idleLock, soon, sync, silent time.Duration
	health, custodian            []string
	retention                    map[string]time.Duration
	catalogue                    string // path of the document types
	types                        *catalogue.Catalogue
	procedures                   string // path of their table
	table                        *procedure.Table
	noTable                      error // why there is none: a deposit does not depend on it
}

// stamp tells one content of a file from the next.
type stamp struct {
	changed time.Time
	size    int64
}

func stampOf(path string) stamp {
	var info fs.FileInfo
	var err error
	if path != "" {
		info, err = os.Stat(path)
	}
	if info == nil || err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

// newSettings reads the document types and procedures that c names. With follow the files are read again when they change.
func newSettings(c *config.Config, follow bool, log *slog.Logger) (*settings, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &settings{log: log}
	// The stamps come first: a change after them is seen at the next use, not missed.
	s.seen = [3]stamp{stampOf(c.Path()), stampOf(c.String("catalogue")), stampOf(c.String("procedures"))}
	v, err := readValues(c)
	if err != nil {
		return nil, err
	}
	s.value = v
	if follow {
		s.path = c.Path()
	}
	return s, nil
}

func readValues(c *config.Config) (values, error) {
	v := values{idleLock: c.Duration("idle_lock"), soon: c.Duration("expiring_soon"), sync: c.Duration("sync_interval"), silent: c.Duration("silent_after"),
		health: c.Names("health_data"), custodian: c.Names("custodian"), retention: c.Spans("retention"), catalogue: c.String("catalogue"),
		procedures: c.String("procedures")}
	var err error
	if v.types, err = catalogue.Load(v.catalogue); err != nil {
		return v, err
	}
	v.table, v.noTable = procedure.Load(v.procedures, v.types)
	return v, nil
}

// now returns the values in force.
func (s *settings) now() values {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.path == "" {
		return s.value
	}
	seen := [3]stamp{stampOf(s.path), stampOf(s.value.catalogue), stampOf(s.value.procedures)}
	if seen == s.seen {
		return s.value
	}
	s.seen = seen
	c, err := config.Load(s.path)
	var v values
	if err == nil {
		v, err = readValues(c)
	}
	if err != nil {
		s.log.Warn("changed configuration not taken up", "code", vault.CodeOf(err))
		return s.value
	}
	s.seen[1], s.seen[2] = stampOf(v.catalogue), stampOf(v.procedures)
	s.value = v
	s.log.Info("changed configuration taken up")
	return v
}

// IdleLock implements engine.Settings.
func (s *settings) IdleLock() time.Duration { return s.now().idleLock }

// SoonDays implements engine.Settings.
func (s *settings) SoonDays() int { return int(s.now().soon / (24 * time.Hour)) }

// HealthData implements engine.Settings.
func (s *settings) HealthData(remote string) bool { return slices.Contains(s.now().health, remote) }

// SyncInterval implements engine.Settings.
func (s *settings) SyncInterval() time.Duration { return s.now().sync }

// SilentAfter implements engine.Settings.
func (s *settings) SilentAfter() time.Duration { return s.now().silent }

// Custodian implements engine.Settings.
func (s *settings) Custodian(remote string) bool { return slices.Contains(s.now().custodian, remote) }

// Retention implements engine.Settings.
func (s *settings) Retention(remote string) time.Duration { return s.now().retention[remote] }

// Jurisdiction implements engine.Settings.
func (s *settings) Jurisdiction() string { return "FR" }

// types are the document types in force.
type types struct{ s *settings }

func (t types) Find(name, language string) (engine.DocumentType, error) {
	found, err := t.s.now().types.Find(name)
	if err != nil {
		return engine.DocumentType{}, err
	}
	return engine.DocumentType{Code: found.Code, Name: found.Name(language), Health: found.Health}, nil
}

func (t types) DefaultExpiry(code string, issuedOn vault.Date, born vault.BirthDate) vault.Date {
	found, ok := t.s.now().types.Lookup(code)
	if !ok {
		return ""
	}
	d, _ := found.DefaultExpiry(issuedOn, born)
	return d
}

// procedures are the procedures in force.
type procedures struct{ s *settings }

// Find implements engine.Procedures.
func (p procedures) Find(name string) (*procedure.Procedure, error) {
	return p.s.now().table.Find(name)
}
