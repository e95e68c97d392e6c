package cli

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

type joinOptions struct {
	rebuild, anew    bool
	trust            bool
	remote, agent    string
	wait, root       string
	rcloneCfg, words string
	shares           []string
	protect          protection
}

func newJoin(f *Factory) *cobra.Command {
	var o joinOptions
	cmd := &cobra.Command{
		Use:   "join",
		Short: lang.Key("Enrol this workstation in an organization, or rebuild one that was lost"),
		Long: "Ask to be enrolled in the organization on a storage. The screen shows a short code and two lines of words. Tell them\n" +
			"to an administrator, in person or by telephone: they approve with `vaultctl device approve` if their screen shows the\n" +
			"same. The command waits for that; interrupted and run again it goes on, with the same code. A code is good for a week.\n" +
			"On a terminal you are asked whether the organization's words are those of the administrator's screen: whoever runs the\n" +
			"storage could hand out another organization. In scripts its fingerprint is needed, with --root.\n\n" +
			"With --recover, rebuild an organization whose workstations are lost: root words and recovery shares make this\n" +
			"workstation its first device again, and every vault whose person did not decline recovery can be read. Words and\n" +
			"shares come from files, or are asked for on a terminal.",
		Example: "  vaultctl join --remote /srv/vault\n" +
			"  vaultctl join --remote s3:vault --protect keyfile --root f5ik-jnau-lvqf-obl2-knso-sbqm --json\n" +
			"  vaultctl join --recover --remote /srv/vault --agent \"A. Martin\"\n" +
			"  vaultctl join --recover --remote s3:vault --agent admin --protect keyfile --root-words root.txt --share s1.txt --share s3.txt",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.rebuild {
				return runJoin(cmd.Context(), f, cmd, o)
			}
			for _, name := range []string{"root-words", "share", "agent"} {
				if cmd.Flags().Changed(name) {
					return usagef(cmd, "--%s goes with --recover", name)
				}
			}
			if o.root == "" && !o.trust && !f.IO.CanAsk() {
				return errRootNeeded()
			}
			return runAsk(cmd.Context(), f, cmd, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.wait, "wait", waitForever, lang.Key("how long to wait for the approval: 10m, 0 for not at all; as long as it takes if not given"))
	flags.StringVar(&o.root, "root", "", lang.Key("fingerprint of the root that the organization must have, as `vaultctl status` shows it"))
	flags.BoolVar(&o.trust, "trust-storage", false, lang.Key("take whatever organization the storage holds: its provider may have exchanged it"))
	flags.BoolVar(&o.anew, "anew", false, lang.Key("forget what was asked before, and ask with new keys and another code"))
	flags.BoolVar(&o.rebuild, "recover", false, lang.Key("rebuild the organization from root words and recovery shares"))
	flags.StringVar(&o.remote, "remote", "", lang.Key("where everything is stored, sealed: a folder, or a remote in rclone's syntax"))
	declareRclone(cmd, &o.rcloneCfg)
	flags.StringVar(&o.words, "root-words", "", lang.Key("file with the root words; - for standard input"))
	flags.StringArrayVar(&o.shares, "share", nil, lang.Key("file with a recovery share, or several; once for each file"))
	flags.StringVar(&o.agent, "agent", "", lang.Key("name of the agent who administers the organization from here"))
	o.protect.declare(cmd)
	flags.SortFlags = false
	return cmd
}

func runJoin(ctx context.Context, f *Factory, cmd *cobra.Command, o joinOptions) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	if err := f.refuseFounded(ctx, c); err != nil {
		return err
	}
	req := api.JoinRecoverRequest{}
	if req.Conf, err = userfile.RcloneConf(o.rcloneCfg); err != nil {
		return err
	}
	l := f.Lang()
	if o.remote == "" {
		if o.remote, err = f.IO.Ask(ctx, l.T("Storage: a folder, or an rclone remote"), "--remote"); err != nil {
			return err
		}
	}
	if req.Remote, err = userfile.RemoteSpec(o.remote); err != nil {
		return err
	}
	if err := lookFirst(ctx, c, api.JoinLookRequest{Remote: req.Remote, Conf: req.Conf}); err != nil {
		return err
	}
	if req.RootWords, err = f.rootWords(ctx, o.words); err != nil {
		return err
	}
	if req.Recovery, err = f.recoverySecrets(ctx, o.shares, "--share"); err != nil {
		return err
	}
	if req.Agent = o.agent; req.Agent == "" {
		if req.Agent, err = f.IO.Ask(ctx, l.T("Your name, as people know you"), "--agent"); err != nil {
			return err
		}
	}
	if err := o.protect.settle(ctx, cmd, f); err != nil {
		return err
	}
	var res api.InitResult
	err = o.protect.found(ctx, f, func(p api.Protection) error {
		req.Protect = p
		res, err = foundCall(ctx, f, c, api.RouteJoinRecover, req)
		return err
	})
	if err != nil {
		return beforeFounded(err)
	}
	if f.JSON() {
		return f.printJSON(res)
	}
	return (&secretsOut{}).show(ctx, f, &res, false)
}

// rootWords reads the root words from a file or from the person at the terminal, with echo: who types 24 words must see
// them.
func (f *Factory) rootWords(ctx context.Context, file string) (string, error) {
	if file != "" {
		text, err := f.readSecret(file)
		return strings.TrimSpace(text), err
	}
	text, err := f.IO.Ask(ctx, f.Lang().T("The 24 root words"), "--root-words")
	if err == nil && text == "" {
		err = vault.Errorf(vault.CodeUsage, "%s is missing", "--root-words")
	}
	return text, err
}

// recoverySecrets reads shares, identities or words from files, or from the person at the terminal.
func (f *Factory) recoverySecrets(ctx context.Context, files []string, flag string) ([]string, error) {
	if len(files) == 0 {
		return f.typedSecrets(ctx, flag)
	}
	var all []string
	stdin := false
	for _, file := range files {
		if file == stdio && stdin {
			return nil, vault.Errorf(vault.CodeUsage, "standard input can be read once only")
		}
		stdin = stdin || file == stdio
		text, err := f.readSecret(file)
		if err != nil {
			return nil, err
		}
		all = append(all, splitSecrets(text)...)
	}
	return all, nil
}

var (
	shareHead    = regexp.MustCompile(`(?i)^\s*vault-share-\d+-of-\d+-need-(\d+)`)
	identityHead = regexp.MustCompile(`(?i)^\s*AGE-SECRET-KEY-`)
)

// splitSecrets takes apart a text that may hold several secrets: each share begins with its head, each identity is a line
// of its own, lines with # are comments, and words between belong to what stands before them.
func splitSecrets(text string) []string {
	var all []string
	open := false // whether a line of words goes on with the last secret
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case identityHead.MatchString(line):
			all, open = append(all, line), false
		case shareHead.MatchString(line), !open:
			all, open = append(all, line), true
		default:
			all[len(all)-1] += " " + line
		}
	}
	return all
}

// typedSecrets asks for as many shares as the first one says are needed; an identity or plain words are enough alone.
func (f *Factory) typedSecrets(ctx context.Context, flag string) ([]string, error) {
	l := f.Lang()
	var all []string
	for need := 1; len(all) < need; {
		if f.IO.CanAsk() {
			f.IO.Note(l.T("Recovery share %d of those needed. Type or paste it; an empty line ends it.", len(all)+1))
		}
		text, err := f.askLines(ctx, l.T("Share"), flag)
		if err != nil {
			return nil, err
		}
		found := splitSecrets(text)
		if len(found) == 0 {
			return nil, vault.Errorf(vault.CodeUsage, "%s is missing", flag)
		}
		all = append(all, found...)
		if m := shareHead.FindStringSubmatch(found[0]); m != nil && need == 1 {
			need, _ = strconv.Atoi(m[1]) // digits; a number out of range is refused by the daemon
			need = max(1, min(need, 16))
		}
	}
	return all, nil
}

// askLines reads lines until an empty one, or until an identity, which is always one line.
func (f *Factory) askLines(ctx context.Context, label, flag string) (string, error) {
	var lines []string
	for {
		line, err := f.IO.Ask(ctx, label, flag)
		if err != nil {
			return "", err
		}
		if line == "" {
			return strings.Join(lines, "\n"), nil
		}
		lines = append(lines, line)
		if identityHead.MatchString(line) {
			return strings.Join(lines, "\n"), nil
		}
		label = "…"
	}
}
