//go:build !windows

package lang

// desktopLocale returns "": elsewhere the environment says it all.
func desktopLocale() string { return "" }
