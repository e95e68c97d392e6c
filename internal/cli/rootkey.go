package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

type rootRotateOptions struct {
	words, next string
	dryRun      bool
	secrets     secretsOut
}

func newRootKey(f *Factory) *cobra.Command {
	return newNoun("root", lang.Key("The root key, whose words decide who belongs to the organization"), newRootRotate(f))
}

func newRootRotate(f *Factory) *cobra.Command {
	var o rootRotateOptions
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: lang.Key("Make new root words, when somebody leaves who has the old ones"),
		Long: "Put a new root key in the place of the old one, when somebody leaves who has its words or may have seen them. The old\n" +
			"words are needed; from then on they sign nothing any more, even dated back. The new words are shown once and stored\n" +
			"nowhere: they count only once they are on paper. Interrupted before that, nothing has changed; with --new-words the\n" +
			"words that are on paper already are taken.\n\n" +
			"The fingerprint changes: tell it to whoever runs `vaultctl join --root`. An old one goes on to be good for finding\n" +
			"the organization.",
		Example: "  vaultctl root rotate --root-words old.txt -o root.pdf\n" +
			"  vaultctl root rotate --root-words old.txt --new-words new.txt\n" +
			"  vaultctl root rotate --root-words old.txt --dry-run",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRootRotate(cmd.Context(), f, cmd, o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.words, "root-words", "", lang.Key("file with the root words; - for standard input"))
	flags.StringVar(&o.next, "new-words", "", lang.Key("file with the new root words that are on paper already; - for standard input"))
	flags.BoolVar(&o.dryRun, "dry-run", false, lang.Key("check the old words, and change nothing"))
	o.secrets.declare(cmd)
	return cmd
}

func runRootRotate(ctx context.Context, f *Factory, cmd *cobra.Command, o rootRotateOptions) error {
	if o.words == stdio && o.next == stdio {
		return vault.Errorf(vault.CodeUsage, "standard input can be read once only")
	}
	fresh := o.next == "" && !o.dryRun
	if !fresh {
		for _, name := range []string{"output", "print", "reveal", "force"} {
			if cmd.Flags().Changed(name) {
				return usagef(cmd, "--%s is for new words: leave out --new-words and --dry-run", name)
			}
		}
	} else if err := o.secrets.prepare(f); err != nil {
		return err
	}
	defer o.secrets.drop()
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	req := api.RootRotateRequest{DryRun: o.dryRun}
	if req.RootWords, err = f.rootWords(ctx, o.words); err != nil {
		return err
	}
	switch {
	case fresh:
		if err := f.sure(ctx, f.Lang().T("Replace the root key?")); err != nil {
			return err
		}
		req.NewWords, err = f.newRootWords(ctx, c, &o.secrets, req.RootWords)
	case o.next != "":
		req.NewWords, err = f.readSecret(o.next)
		if err == nil && !o.dryRun {
			err = f.sure(ctx, f.Lang().T("Replace the root key?"))
		}
	}
	if err != nil {
		return err
	}
	report, done := f.stages()
	res, err := apiclient.Stream[api.RootChange](context.WithoutCancel(ctx), c, api.RouteRootRotate, req, report)
	done()
	if err != nil && fresh && api.HintOf(err) == "" {
		return api.WithHint(err, "the words that are on paper do not count yet: `vaultctl root rotate --new-words FILE` goes on with them")
	}
	if err != nil {
		return err
	}
	return f.writeRoot(&o, &res)
}

// newRootWords has words made and given out, and makes sure that they are on paper before they are made to count.
func (f *Factory) newRootWords(ctx context.Context, c *apiclient.Client, s *secretsOut, old string) (string, error) {
	l := f.Lang()
	key, err := apiclient.Call[api.RootKey](ctx, c, api.RouteRootNew, api.RootNewRequest{RootWords: old, Language: l.String()})
	if err != nil {
		return "", err
	}
	words := strings.Join(key.RootWords, " ")
	if err := s.toPaper(ctx, f, &api.InitResult{Sheets: key.Sheets}); err != nil { // nothing has changed: they may go
		return "", err
	}
	key.Sheets = nil
	if f.JSON() {
		if !s.reveal {
			key.RootWords = nil
		}
		return words, f.printJSON(key)
	}
	if !s.onScreen(f) {
		return words, nil
	}
	p := &page{f: f, l: l}
	p.line(l.T("Root fingerprint: %s", key.Fingerprint))
	p.rootWords(key.RootWords)
	if err := p.flush(); err != nil {
		return "", err
	}
	ok, err := f.written(ctx, key.RootWords)
	if err == nil && !ok {
		err = api.WithHint(vault.Errorf(vault.CodeInterrupted, "the root key was not replaced"),
			"the old words still count; destroy what was written down of the new ones")
	}
	return words, err
}

// writeRoot says what has changed, and who has to hear of it.
func (f *Factory) writeRoot(o *rootRotateOptions, res *api.RootChange) error {
	if f.JSON() {
		return f.printJSON(res)
	}
	l := f.Lang()
	p := &page{f: f, l: l}
	if res.DryRun {
		p.line("· " + l.T("The words are those of the root key; it would be replaced."))
		return p.flush()
	}
	p.line("✓ "+l.T("The root key is replaced."), l.T("Root fingerprint: %s", res.Fingerprint))
	if o.secrets.file != "" {
		p.para(l.T("The new words are in %s: print it, hand the page out, delete the file.", o.secrets.file))
	}
	p.para(l.T("The old words sign nothing any more: destroy them. Tell the new fingerprint to everybody who compares it, and put it into the scripts that run `vaultctl join --root`; the old one still leads here."))
	if res.Queued {
		p.line("! " + l.T("The storage does not hold this yet: the others hear of it when it does."))
	}
	return p.flush()
}
