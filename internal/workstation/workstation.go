// Package workstation assembles an engine from the real adapters: bbolt, write-ahead log, spool, age, rclone, paper. It
// holds no logic; each file adapts one package to the interfaces that the engine declares.
package workstation

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/boltstore"
	"vaultctl/internal/config"
	"vaultctl/internal/engine"
	"vaultctl/internal/oplog"
	"vaultctl/internal/pdfpages"
	"vaultctl/internal/spool"
	"vaultctl/internal/vault"
)

// Options say where and how. Home must exist and be held by this process alone.
type Options struct {
	Home    string
	Config  *config.Config // nil reads the file of the home, and again when it changes
	Version string
	Now     func() time.Time
	Logger  *slog.Logger
	Sealer  *agecrypt.Sealer // nil makes one with the usual work factor
}

// New returns an engine over the home's store, log and spool. An index that is damaged is set aside and built anew from
// log and journal.
func New(o Options) (*engine.Engine, error) {
	follow := o.Config == nil
	if follow {
		c, err := config.Load(config.FilePath(o.Home))
		if err != nil {
			return nil, err
		}
		o.Config = c
	}
	set, err := newSettings(o.Config, follow, o.Logger)
	if err != nil {
		return nil, fmt.Errorf("document types: %w", err)
	}
	fileSpool, err := spool.Open(o.Home, o.Config.Size("cache_size"))
	if err != nil {
		return nil, err
	}
	store, rebuilt, err := openStore(o.Home)
	if err != nil {
		return nil, err
	}
	wal, err := oplog.Open(filepath.Join(o.Home, "log", "changes"))
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	sealer := o.Sealer
	if sealer == nil {
		sealer = agecrypt.New()
	}
	return engine.New(engine.Options{
		Home: o.Home, Version: o.Version, Store: bolt{store}, Log: wal, Spool: files{fileSpool, &sync.Map{}}, Sealer: sealer,
		Remotes: &remotes{}, Protect: keeper{sealer}, Shares: shares{}, Words: bip39{}, Paper: pages{}, Pages: pdfpages.New(), Plots: plots{}, Types: types{set},
		Procedures: procedures{set}, Packages: packages{packageSealer(o.Sealer), types{set}}, Settings: set, Sniff: sniff, Now: o.Now, Logger: o.Logger, Rebuild: rebuilt,
	}), nil
}

const indexName = "index.db"

// openStore opens the index. A damaged one is renamed, not removed: it may still tell what happened.
func openStore(home string) (s *boltstore.Store, rebuilt bool, err error) {
	var specs []boltstore.BucketSpec
	for _, b := range engine.Buckets() {
		specs = append(specs, boltstore.BucketSpec{Name: boltstore.Bucket(b.Name), Sealed: b.Sealed})
	}
	path := filepath.Join(home, indexName)
	_, statErr := os.Stat(path)
	s, err = boltstore.Open(path, specs)
	if vault.CodeOf(err) != vault.CodeIntegrity {
		return s, statErr != nil, err
	}
	if rerr := os.Rename(path, fmt.Sprintf("%s.damaged-%d", path, time.Now().Unix())); rerr != nil {
		return nil, false, errors.Join(err, rerr)
	}
	s, err = boltstore.Open(path, specs)
	return s, true, err
}

func sniff(head []byte) string { return mimetype.Detect(head).String() }
