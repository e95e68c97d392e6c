package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/vault"
)

// intent says what a command is about to do to the person whom it was given.
type intent int

const (
	reads intent = iota
	writes
)

const refPrefix = "ref:"

// beneficiary turns what stands for B on a command line into what the daemon takes: an id or a reference as they are, a
// name after asking who bears it. A name is never enough to write without a person who confirms whom they mean.
func (f *Factory) beneficiary(ctx context.Context, c *apiclient.Client, text string, to intent) (string, error) {
	if id, ok, err := exactBeneficiary(text); ok || err != nil {
		return id, err
	}
	if to == writes && !f.IO.CanAsk() {
		return "", api.WithHint(
			vault.Errorf(vault.CodeAmbiguous, "a name is not enough to change a vault; give the id or ref:SYSTEM:ID"),
			"`vaultctl beneficiary list --search NAME` shows the ids")
	}
	var found []api.Beneficiary
	for b, err := range apiclient.List[api.Beneficiary](ctx, c, api.RouteBeneficiaryResolve, api.ResolveRequest{Text: text}) {
		if err != nil {
			return "", err
		}
		found = append(found, b)
	}
	switch {
	case len(found) == 0:
		return "", api.WithHint(vault.Errorf(vault.CodeNotFound, "nobody of that name is known here"),
			"`vaultctl beneficiary list --search NAME` searches parts of names")
	case to == writes:
		return f.confirmPerson(ctx, found)
	case len(found) > 1:
		return "", f.ambiguous(found)
	}
	return found[0].ID, nil
}

// exactBeneficiary recognizes ids and references. A mistyped id is an error, never a name.
func exactBeneficiary(text string) (string, bool, error) {
	if text = strings.TrimSpace(text); strings.HasPrefix(text, refPrefix) {
		return text, true, nil
	}
	squeezed := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(text))
	id, err := vault.ParseBeneficiaryID(squeezed)
	switch {
	case text == "":
		return "", false, vault.Errorf(vault.CodeUsage, "an empty name names nobody")
	case err == nil:
		return string(id), true, nil
	case !strings.ContainsAny(squeezed, "0123456789"): // a name of as many letters
		return "", false, nil
	case vault.LooksLikeID('d', squeezed):
		return "", false, vault.Errorf(vault.CodeNotFound, "that is the id of a document, not of a person")
	case vault.LooksLikeID('s', squeezed):
		return "", false, vault.Errorf(vault.CodeNotFound, "that is the id of a share, not of a person")
	case vault.LooksLikeID('c', squeezed):
		return "", false, vault.Errorf(vault.CodeNotFound, "that is the id of a consent, not of a person")
	case vault.LooksLikeID('b', squeezed):
		return "", false, api.WithHint(err, "check the last character, or find the id with `vaultctl beneficiary list --search NAME`")
	}
	return "", false, nil
}

// ambiguous lists the candidates and says that one must be chosen. With --json the message holds them, since standard
// error is then one object.
func (f *Factory) ambiguous(found []api.Beneficiary) error {
	l := f.Lang()
	var lines []string
	for i := range found {
		lines = append(lines, phrase.PersonLine(l, &found[i]))
	}
	hint := lang.Key("give the id of the one you mean")
	if f.JSON() {
		return api.WithHint(vault.Errorf(vault.CodeAmbiguous, "%d people match: %s", len(found), strings.Join(lines, "; ")), hint)
	}
	for _, line := range lines {
		// Should this fail, so will the error message.
		_, _ = fmt.Fprintln(f.IO.Err, "  "+f.IO.CleanErr(line))
	}
	return api.WithHint(vault.Errorf(vault.CodeAmbiguous, "%d people match", len(found)), hint)
}

// confirmPerson shows whom a name found and lets the person at the terminal choose or refuse.
func (f *Factory) confirmPerson(ctx context.Context, found []api.Beneficiary) (string, error) {
	l := f.Lang()
	if len(found) == 1 {
		ok, err := f.IO.Confirm(ctx, l.T("Do you mean %s?", f.IO.CleanErr(phrase.PersonLine(l, &found[0]))), "--yes")
		if err == nil && !ok {
			err = errDeclined()
		}
		return found[0].ID, err
	}
	var options []string
	for i := range found {
		options = append(options, phrase.PersonLine(l, &found[i]))
	}
	i, err := f.IO.Choose(ctx, l.T("Several people match. Whom do you mean?"), append(options, l.T("nobody of these")), "ID")
	switch {
	case err != nil:
		return "", err
	case i == len(found):
		return "", errDeclined()
	}
	return found[i].ID, nil
}

// errDeclined is the end of a command that a person was asked about and did not want.
func errDeclined() error {
	return vault.Errorf(vault.CodeInterrupted, "nothing was changed, as you wished")
}

// sure asks before something that cannot be undone; without a terminal it takes --yes.
func (f *Factory) sure(ctx context.Context, question string) error {
	ok, err := f.IO.Confirm(ctx, question, "--yes")
	if err == nil && !ok {
		err = errDeclined()
	}
	return err
}

// connect gives the daemon, and B as the daemon takes it.
func (f *Factory) connect(cmd *cobra.Command, b string, to intent) (*apiclient.Client, string, error) {
	// What needs no daemon is refused before one is started.
	if _, _, err := exactBeneficiary(b); err != nil {
		return nil, "", err
	}
	c, err := f.Client(cmd.Context())
	if err != nil {
		return nil, "", err
	}
	id, err := f.beneficiary(cmd.Context(), c, b, to)
	return c, id, err
}
