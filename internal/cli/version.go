package cli

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// versionInfo is the answer of version.
type versionInfo struct {
	api.Head
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Protocol string `json:"protocol"` // of the local API
}

func newVersion(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		Short:       lang.Key("Show the version of vaultctl"),
		Example:     "  vaultctl version\n  vaultctl version --json",
		Args:        argsFromUse,
		Annotations: map[string]string{withoutSettings: "yes"},
		RunE:        func(*cobra.Command, []string) error { return runVersion(f) },
	}
}

func runVersion(f *Factory) error {
	info := versionInfo{
		Head: api.H("version"), Version: f.Build.Version, Commit: f.Build.Commit,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Protocol: api.Protocol,
	}
	return emit(f, info, func(w io.Writer, v versionInfo) error {
		commit := ""
		if v.Commit != "" && !strings.Contains(v.Version, v.Commit) {
			commit = " " + v.Commit
		}
		_, err := fmt.Fprintf(w, "vaultctl %s%s %s/%s %s\n", v.Version, commit, v.OS, v.Arch, v.Go)
		return err
	})
}
