package tui

import (
	"testing"
)

// TestKeys: at each place a key means one thing, and where letters are typed no action waits for one.
func TestKeys(t *testing.T) {
	moving := map[string]bool{"up": true, "down": true, "esc": true, "tab": true, "shift+tab": true, "ctrl+r": true, "ctrl+x": true, "ctrl+l": true,
		"ctrl+c": true, "?": true, "/": true, " ": true, "home": true, "end": true, "pgup": true, "pgdown": true}
	for at, actions := range keymap() {
		seen := map[string]string{}
		for _, act := range actions {
			switch {
			case seen[act.key] != "":
				t.Errorf("%s: %q means %s and %s", at, act.key, seen[act.key], act.label)
			case moving[act.key] || len(act.key) == 1 && act.key >= "0" && act.key <= "9":
				t.Errorf("%s: %s is on %q, which moves about", at, act.label, act.key)
			case at == atHome && len(act.key) == 1:
				t.Errorf("%s: %s is on the letter %q, which is typed there", at, act.label, act.key)
			case act.run == nil:
				t.Errorf("%s: %s does nothing", at, act.label)
			}
			seen[act.key] = act.label
		}
	}
}
