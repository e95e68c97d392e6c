package cli

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/phrase"
	"vaultctl/internal/vault"
)

// completeTime bounds how long a shell waits for the daemon; a slow answer is no answer.
const completeTime = 700 * time.Millisecond

// completer offers values; arguments that were typed before are in args.
type completer = func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective)

const noFiles = cobra.ShellCompDirectiveNoFileComp

// complete registers the values of a flag.
func complete(cmd *cobra.Command, flag string, c completer) {
	if err := cmd.RegisterFlagCompletionFunc(flag, c); err != nil {
		panic("cli: completion of --" + flag + ": " + err.Error()) // no such flag: a mistake in the program
	}
}

// fixed offers words that never change.
func fixed(words ...string) completer {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return words, noFiles
	}
}

// positions completes the first arguments by one completer each, and the others as files; nil completes nothing.
func positions(each ...completer) completer {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		switch {
		case len(args) >= len(each):
			return nil, cobra.ShellCompDirectiveDefault
		case each[len(args)] == nil:
			return nil, noFiles
		}
		return each[len(args)](cmd, args, toComplete)
	}
}

// askDaemon lists things for a completion. It starts no daemon and stays silent whatever goes wrong.
func askDaemon[T any](ctx context.Context, f *Factory, route string, req any) iter.Seq[T] {
	return func(yield func(T) bool) {
		ctx, cancel := context.WithTimeout(ctx, completeTime)
		defer cancel()
		f.globals.noAutostart = true
		c, err := f.Client(ctx)
		if err != nil {
			return
		}
		for item, err := range apiclient.List[T](ctx, c, route, req) {
			if err != nil || !yield(item) {
				return
			}
		}
	}
}

// described is one completion whose description stays on one line.
func (f *Factory) described(value, about string) cobra.Completion {
	return cobra.CompletionWithDesc(value, f.IO.Clean(about))
}

func (f *Factory) completeBeneficiaries(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for b := range askDaemon[api.Beneficiary](cmd.Context(), f, api.RouteBeneficiaryList, api.BeneficiaryListRequest{}) {
		about := strings.TrimSpace(b.Name + " " + vault.BirthDate(b.Born).Year())
		if strings.HasPrefix(typed, refPrefix) {
			for _, ref := range b.Refs {
				found = append(found, f.described(refPrefix+ref, about))
			}
			continue
		}
		found = append(found, f.described(b.ID, about))
	}
	return found, noFiles
}

func (f *Factory) completeDocuments(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for d := range askDaemon[api.Document](cmd.Context(), f, api.RouteDocumentList, api.DocumentListRequest{}) {
		found = append(found, f.described(d.ID, strings.TrimSpace(d.Name+" "+d.DocumentType+" "+d.Title)))
	}
	return found, noFiles
}

func (f *Factory) completeReaders(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for t := range askDaemon[api.Team](cmd.Context(), f, api.RouteTeamList, api.Empty{}) {
		found = append(found, "team:"+t.Name)
	}
	for a := range askDaemon[api.Agent](cmd.Context(), f, api.RouteAgentList, api.Empty{}) {
		found = append(found, "agent:"+a.Name)
	}
	return found, noFiles
}

// completeCodes offers the codes of workstations that ask to be enrolled.
func (f *Factory) completeCodes(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for q := range askDaemon[api.JoinRequest](cmd.Context(), f, api.RouteDeviceAsking, api.CodeRequest{Brief: true}) {
		found = append(found, f.described(q.Code, phrase.Day(f.Lang(), q.Since)))
	}
	return found, noFiles
}

// completeConsents offers consents: of the beneficiary who was typed before, if there is one.
func (f *Factory) completeConsents(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var who []string
	if len(args) > 0 {
		who = args[:1]
	} else {
		for b := range askDaemon[api.Beneficiary](cmd.Context(), f, api.RouteBeneficiaryList, api.BeneficiaryListRequest{}) {
			who = append(who, b.ID)
		}
	}
	var found []cobra.Completion
	for _, b := range who {
		for c := range askDaemon[api.Consent](cmd.Context(), f, api.RouteConsentList, api.BeneficiaryRequest{Beneficiary: b}) {
			found = append(found, f.described(c.ID, c.To+" "+c.Purpose+" "+c.State))
		}
	}
	return found, noFiles
}

func (f *Factory) completePurposes(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for _, p := range vault.Purposes {
		found = append(found, f.described(p.Code, phrase.Purpose(f.Lang(), p.Code)))
	}
	return found, noFiles
}

// typeFlag completes a flag with the codes of document types.
func (f *Factory) typeFlag(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return completeTypes(f)(cmd, nil, typed)
}
