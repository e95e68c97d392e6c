package remote

import (
	"maps"
	"slices"
	"strings"

	"github.com/rclone/rclone/fs/fspath"
)

// shown are the inline settings that say which service is meant and are never secret.
var shown = map[string]bool{"provider": true, "region": true, "vendor": true, "env_auth": true, "type": true}

// Redact returns spec for people and logs: backend, path and a few harmless settings stay, every other inline value
// becomes "…". A spec that cannot be parsed is not shown at all.
func Redact(spec string) string {
	parsed, err := fspath.Parse(spec)
	if err != nil {
		return "(unreadable remote)"
	}
	if parsed.Name == "" {
		return parsed.Path
	}
	var out strings.Builder
	out.WriteString(parsed.Name)
	for _, key := range slices.Sorted(maps.Keys(parsed.Config)) {
		value := "…"
		if shown[key] {
			value = parsed.Config[key]
		}
		out.WriteString("," + key + "=" + value)
	}
	// A path with a scheme or a user in it is an address, and addresses carry credentials.
	path := parsed.Path
	if strings.Contains(path, "://") || strings.Contains(path, "@") {
		path = "…"
	}
	return out.String() + ":" + path
}
