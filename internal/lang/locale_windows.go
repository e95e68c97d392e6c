package lang

import "golang.org/x/sys/windows"

// desktopLocale returns the first display language that the user chose in Windows, or "".
func desktopLocale() string {
	names, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil || len(names) == 0 {
		return ""
	}
	return names[0]
}
