package phrase

import (
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// Error says an error to a person: what happened and, unless it is "", what to do next.
func Error(l lang.Lang, err error) (message, hint string) {
	wire := api.ErrorOf(Advise(err))
	if wire.Hint != "" {
		hint = Hint(l, wire.Hint)
	}
	return l.Message(wire.Message), hint
}

// Advise adds what to do next to an error that does not say it.
func Advise(err error) error {
	if api.HintOf(err) != "" {
		return err
	}
	message := err.Error()
	for _, a := range advices() {
		if a.code == vault.CodeOf(err) && strings.Contains(message, a.part) {
			return api.WithHint(err, a.hint)
		}
	}
	return err
}

// advice is a hint for the errors of a code whose message has a part; "" is any message.
type advice struct {
	code vault.Code
	part string
	hint string
}

// advices go from the particular to the general.
func advices() []advice {
	return []advice{
		{vault.CodeNotFound, "there is no organization here yet", lang.Key("`vaultctl init` founds one, `vaultctl join --recover` rebuilds one that was lost")},
		{vault.CodeLocked, "", lang.Key("`vaultctl unlock` opens the vaults")},
		{vault.CodeNoDaemon, "may not be started", lang.Key("leave out --no-autostart, or start vaultd")},
		{vault.CodeNoDaemon, "on PATH", lang.Key("install vaultd beside vaultctl")},
		{vault.CodeNoIdentity, "passphrase does not open", lang.Key("type it again; if it is lost, `vaultctl join --recover` rebuilds the organization in a new home")},
		{vault.CodeNoIdentity, "share", lang.Key("shares of one recovery secret bear the same code after need-N; copy them anew from the paper")},
		{vault.CodeUnreachable, "", lang.Key("nothing is lost: the work is safe here and is sent when the storage answers; `vaultctl remote test` says more")},
		{vault.CodeFull, "", lang.Key("make room on the storage; the work is safe here and is sent afterwards")},
		{vault.CodeReadOnly, "", lang.Key("check the credentials or the rights of the folder; the work is safe here")},
		{vault.CodeForeign, "", lang.Key("choose an empty folder or bucket")},
		{vault.CodeIntegrity, "", lang.Key("change nothing on the storage; `vaultctl verify` names what is wrong")},
		{vault.CodeUpgrade, "", lang.Key("install the current version of vaultctl on this machine")},
		{vault.CodeDiskFull, "", lang.Key("make room on this machine's disk, then try again")},
	}
}

// Hint translates a hint: one that the client wrote, or one that the daemon sent. It serves for findings too.
func Hint(l lang.Lang, hint string) string {
	if words := Sentence(l, hint); words != hint {
		return words
	}
	return l.Message(hint)
}

// WithoutName takes the name of the file off a message that begins with it.
func WithoutName(message, path string) string {
	rest, ok := strings.CutPrefix(message, path)
	if !ok {
		return message
	}
	return strings.TrimLeft(rest, ": \u00a0")
}
