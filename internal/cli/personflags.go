package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// personFlags are the flags that say who somebody is.
type personFlags struct {
	familyName, givenName, usageName, born, birthPlace, language, phone, email string
	aliases, refs                                                              []string
	input                                                                      string
}

func (o *personFlags) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.familyName, "family-name", "", lang.Key("name at birth"))
	flags.StringVar(&o.givenName, "given-name", "", lang.Key("given name"))
	flags.StringVar(&o.usageName, "usage-name", "", lang.Key("married or other name in use"))
	flags.StringArrayVar(&o.aliases, "alias", nil, lang.Key("other spelling or name; repeatable"))
	flags.StringVar(&o.born, "born", "", lang.Key("date of birth: 1985-03-14, 1985-03, 1985, 1985~ or unknown"))
	flags.StringVar(&o.birthPlace, "birth-place", "", lang.Key("place of birth"))
	flags.StringArrayVar(&o.refs, "ref", nil, lang.Key("reference in another system, SYSTEM:ID; repeatable"))
	flags.StringVar(&o.language, "lang", "", lang.Key("language that the person reads or speaks: fr, ar, ps; fr and en are for messages too"))
	flags.StringVar(&o.phone, "phone", "", lang.Key("telephone number"))
	flags.StringVar(&o.email, "email", "", lang.Key("e-mail address"))
	flags.StringVar(&o.input, "input", "", lang.Key("JSON file with the members that beneficiary show --json prints; - for standard input"))
}

// personInput is what --input holds: the members of a person, and for add the consent. Flags beat it.
type personInput struct {
	api.Person
	Consent    consentFlags `json:"consent"`
	NoRecovery bool         `json:"no_recovery"`
	shownOnly
}

// shownOnly are members that `beneficiary show --json` prints and nobody can set: they are accepted, so that its output
// can be edited and handed in, and ignored.
type shownOnly struct {
	V        json.RawMessage `json:"v"`
	Type     json.RawMessage `json:"type"`
	ID       json.RawMessage `json:"id"`
	Readable json.RawMessage `json:"readable"`
	Name     json.RawMessage `json:"name"`
	State    json.RawMessage `json:"state"`
	Reason   json.RawMessage `json:"reason"`
	Opened   json.RawMessage `json:"opened"`
	LastSeen json.RawMessage `json:"last_seen"`
	Card     json.RawMessage `json:"card"`
	Consents json.RawMessage `json:"consents"`
	Docs     json.RawMessage `json:"documents"`
	Expired  json.RawMessage `json:"expired"`
	Soon     json.RawMessage `json:"soon"`
}

const maxInput = 1 << 20

// readInput reads --input; without the flag it is empty. An unknown member is an error: it could be a misspelt one.
func (f *Factory) readInput(path string) (personInput, error) {
	var in personInput
	if path == "" {
		return in, nil
	}
	b, err := f.readSmall(path, maxInput)
	if err != nil {
		return in, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, vault.Errorf(vault.CodeInvalid, "--input: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return in, vault.Errorf(vault.CodeInvalid, "--input: one JSON object is expected, and something follows it")
	}
	return in, nil
}

// over puts the flags that were given over p and checks the date of birth.
func (o *personFlags) over(f *Factory, cmd *cobra.Command, p *api.Person) error {
	for flag, pair := range map[string]struct {
		to   **string
		from string
	}{
		"family-name": {&p.FamilyName, o.familyName}, "given-name": {&p.GivenName, o.givenName},
		"usage-name": {&p.UsageName, o.usageName}, "born": {&p.Born, o.born}, "birth-place": {&p.BirthPlace, o.birthPlace},
		"lang": {&p.Language, o.language}, "phone": {&p.Phone, o.phone}, "email": {&p.Email, o.email},
	} {
		if v := cleared(given(cmd, flag, strings.TrimSpace(pair.from))); v != nil {
			*pair.to = v
		}
	}
	if err := f.speak(o.language); err != nil {
		return err
	}
	if cmd.Flags().Changed("alias") {
		p.Aliases = &o.aliases
	}
	if cmd.Flags().Changed("ref") {
		p.Refs = &o.refs
	}
	if p.Born == nil {
		return nil
	}
	born, err := f.birth("born", *p.Born)
	if err == nil {
		p.Born = &born
	}
	return err
}

// speak takes the person's language for that of messages where the program has it: on these commands --lang is both.
func (f *Factory) speak(language string) error {
	if language != "fr" && language != "en" {
		return nil
	}
	settings, err := f.Config()
	if err != nil {
		return err
	}
	return settings.SetFlag("lang", language)
}

// merged adds values to a list without doubles; "none" among them empties it first.
func merged(have []string, more *[]string) *[]string {
	if more == nil {
		return nil
	}
	list := slices.Clone(have)
	for _, v := range *more {
		switch {
		case v == vault.None:
			list = nil
		case !slices.Contains(list, v):
			list = append(list, v)
		}
	}
	if list == nil {
		list = []string{}
	}
	return &list
}

// text returns the value of an attribute, "" if there is none.
func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
