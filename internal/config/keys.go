package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaultctl/internal/lang"
	"vaultctl/internal/spelling"
	"vaultctl/internal/vault"
)

// Kind says which values a key takes.
type Kind string

// The kinds of value.
const (
	Word     Kind = "word"     // one of the listed choices, or free text where none are listed
	Path     Kind = "path"     // a file path; empty for what is built in
	Duration Kind = "duration" // 90s, 15m, 36h, 30d
	Size     Kind = "size"     // bytes, or with unit: 500MB, 2GiB
	Names    Kind = "names"    // names of remotes, separated by commas
	Folders  Kind = "folders"  // paths of folders, separated by commas
	Spans    Kind = "spans"    // NAME=DURATION pairs separated by commas
)

// Key describes one setting.
type Key struct {
	Name    string
	Kind    Kind
	Default string
	Choices []string // for Word; nil for free text
	Restart bool     // read by vaultd when it starts, and not again
	Doc     string   // one or two English sentences
}

// keys is the whole configuration; a function, since nothing should be set up before it is needed.
func keys() []Key {
	return []Key{
		{Name: "cache_size", Restart: true, Kind: Size, Default: "2GiB", Doc: lang.Key("Space that the daemon keeps for sealed documents on this machine. 0 keeps none.")},
		{Name: "catalogue", Kind: Path, Doc: lang.Key("TOML file whose document types replace or extend the built-in ones.")},
		{Name: "color", Kind: Word, Default: "auto", Choices: []string{"auto", "always", "never"}, Doc: lang.Key("Colour on terminals. NO_COLOR, CLICOLOR and TERM=dumb are honoured by auto.")},
		{Name: "custodian", Kind: Names, Doc: lang.Key("Names of the remotes where this workstation deletes, once a day, what others removed: they may lack the right to.")},
		{Name: "daemon_idle", Restart: true, Kind: Duration, Default: "10m", Doc: lang.Key("How long a daemon started by vaultctl stays without requests. It never leaves with work queued. 0 means for ever.")},
		{Name: "default_purpose", Kind: Word, Doc: lang.Key("Purpose written into a consent when --purpose is not given. Empty: --purpose is required.")},
		{Name: "expiring_soon", Kind: Duration, Default: "30d", Doc: lang.Key("How long before its end a document counts as expiring soon.")},
		{Name: "health_data", Kind: Names, Doc: lang.Key("Names of the remotes that are declared fit for health data. Only there are health documents accepted.")},
		{Name: "idle_lock", Kind: Duration, Default: "15m", Doc: lang.Key("How long without a request before the daemon forgets keys that a passphrase protects. 0 means never.")},
		{Name: "lang", Kind: Word, Default: "auto", Choices: []string{"auto", "fr", "en"}, Doc: lang.Key("Language of screens and papers. auto follows LC_ALL, LC_MESSAGES and LANG.")},
		{Name: "log_level", Restart: true, Kind: Word, Default: "info", Choices: []string{"debug", "info", "warn", "error"}, Doc: lang.Key("What the daemon logs. No level logs personal data or file names.")},
		{Name: "print_command", Kind: Word, Default: "lp", Doc: lang.Key("Command that `card issue --print` and `document print` send a PDF to, on its standard input.")},
		{Name: "procedures", Kind: Path, Doc: lang.Key("TOML file whose procedures replace or extend the built-in ones.")},
		{Name: "retention", Kind: Spans, Doc: lang.Key("How long each storage keeps what was deleted, by old versions, a trash or object lock: main=30d. Receipts name the day.")},
		{Name: "scan_folders", Kind: Folders, Doc: lang.Key("Folders that the terminal interface watches for what a scanner leaves there, separated by commas.")},
		{Name: "screen_lock", Kind: Duration, Default: "10m", Doc: lang.Key("How long nobody may press a key before the terminal interface locks. 0 means never.")},
		{Name: "silent_after", Kind: Duration, Default: "7d", Doc: lang.Key("How long nothing may be heard of another workstation before `status` and `doctor` name it. 0 means for ever.")},
		{Name: "sync_interval", Kind: Duration, Default: "2m", Doc: lang.Key("How often the daemon asks the remote for news of other workstations. Own work is pushed at once.")},
	}
}

// Keys returns every setting in alphabetical order.
func Keys() []Key { return keys() }

// Explain returns the description of one key. For an unknown name the error (vault.CodeNotFound) names the
// closest one.
func Explain(name string) (Key, error) {
	all := keys()
	if i := slices.IndexFunc(all, func(k Key) bool { return k.Name == name }); i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.Name
	}
	if best := spelling.Closest(name, names); best != "" {
		return Key{}, vault.Errorf(vault.CodeNotFound, "no configuration key %q; did you mean %s?", name, best)
	}
	return Key{}, vault.Errorf(vault.CodeNotFound, "no configuration key %q", name)
}

// list reports whether the key takes several values.
func (k Key) list() bool { return k.Kind == Names || k.Kind == Folders || k.Kind == Spans }

// Env returns the environment variable that sets the key.
func (k Key) Env() string { return envPrefix + "_" + strings.ToUpper(k.Name) }

// Check reports whether value is one that the key takes; the error has code vault.CodeInvalid.
func (k Key) Check(value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return vault.Errorf(vault.CodeInvalid, "%s: control characters are not allowed", k.Name)
	}
	var err error
	switch k.Kind {
	case Duration:
		_, err = ParseDuration(value)
	case Size:
		_, err = ParseSize(value)
	case Word:
		if k.Choices != nil && !slices.Contains(k.Choices, value) {
			err = fmt.Errorf("%q is not one of %s", value, strings.Join(k.Choices, ", "))
		}
	case Spans:
		_, err = parseSpans(value)
	case Path, Names, Folders:
	}
	if err != nil {
		return vault.Errorf(vault.CodeInvalid, "%s: %w", k.Name, err)
	}
	return nil
}

// ParseDuration reads a duration that is not negative, as time.ParseDuration does and with whole days, "30d".
func ParseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%q is not a number of days", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration such as 90s, 15m, 36h or 30d", s)
	}
	return d, nil
}

// parseSpans reads NAME=DURATION pairs.
func parseSpans(s string) (map[string]time.Duration, error) {
	spans := map[string]time.Duration{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("%q is not a name and a duration such as main=30d", part)
		}
		d, err := ParseDuration(strings.TrimSpace(value))
		if err != nil {
			return nil, err
		}
		spans[name] = d
	}
	return spans, nil
}

// ParseSize reads a number of bytes, bare or with a decimal (kB, MB, GB, TB) or binary (KiB, MiB, GiB, TiB) unit.
func ParseSize(s string) (int64, error) {
	number := strings.TrimRight(s, "kKMGTiB ")
	n, err := strconv.ParseFloat(number, 64)
	factor, ok := map[string]float64{
		"": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	}[strings.TrimSpace(s[len(number):])]
	if err != nil || !ok || !(n >= 0) || n*factor > math.MaxInt64/2 {
		return 0, fmt.Errorf("%q is not a size such as 500MB or 2GiB", s)
	}
	return int64(n * factor), nil
}
