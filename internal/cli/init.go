package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/printing"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

type initOptions struct {
	org, agent, team, remote   string
	shares, holders, rcloneCfg string
	protect                    protection
	secrets                    secretsOut
}

func newInit(f *Factory) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: lang.Key("Found an organization on this workstation"),
		Long: "Found an organization: its root key, its recovery secret, this workstation as the first device, an agent who\n" +
			"administers it, and a first team. Root words and recovery shares are shown once and never stored: write them\n" +
			"down, or print them with --print or -o. Whatever is not given is asked for on a terminal.",
		Example: "  vaultctl init\n" +
			"  vaultctl init --org \"CCAS\" --agent \"A. Martin\" --team reception --remote /srv/vault --recovery-shares 2/3 -o sheets.pdf\n" +
			"  vaultctl init --org CCAS --agent batch --team reception --remote s3:vault --protect keyfile --json --reveal",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error { return runInit(cmd.Context(), f, cmd, o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.org, "org", "", lang.Key("name of the organization"))
	flags.StringVar(&o.agent, "agent", "", lang.Key("name of the agent who administers it"))
	flags.StringVar(&o.team, "team", "", lang.Key("name of the first team"))
	flags.StringVar(&o.remote, "remote", "", lang.Key("where everything is stored, sealed: a folder, or a remote in rclone's syntax"))
	declareRclone(cmd, &o.rcloneCfg)
	flags.StringVar(&o.shares, "recovery-shares", "1/1", lang.Key("K/N: any K of N shares recover everything"))
	flags.StringVar(&o.holders, "holders", "", lang.Key("who keeps the recovery shares, as the notice tells it to people"))
	o.protect.declare(cmd)
	o.secrets.declare(cmd)
	flags.SortFlags = false
	complete(cmd, "recovery-shares", fixed("1/1", "2/3", "3/5"))
	return cmd
}

func runInit(ctx context.Context, f *Factory, cmd *cobra.Command, o initOptions) error {
	need, of, err := parseShares(o.shares)
	if err != nil {
		return err
	}
	if err := o.secrets.prepare(f); err != nil {
		return err
	}
	defer o.secrets.drop()
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	if err := f.refuseFounded(ctx, c); err != nil {
		return err
	}
	if err := o.ask(ctx, f); err != nil {
		return err
	}
	if err := o.protect.settle(ctx, cmd, f); err != nil {
		return err
	}
	req := api.InitRequest{Org: o.org, Agent: o.agent, Team: o.team, Need: need, Of: of, Holders: o.holders, Language: f.Lang().String()}
	if req.Remote, err = userfile.RemoteSpec(o.remote); err != nil {
		return err
	}
	if req.Conf, err = userfile.RcloneConf(o.rcloneCfg); err != nil {
		return err
	}
	var res api.InitResult
	err = o.protect.found(ctx, f, func(p api.Protection) error {
		req.Protect = p
		// An interrupt does not end the call: secrets that nobody has seen would be lost with the organization.
		res, err = foundCall(context.WithoutCancel(ctx), f, c, api.RouteInit, req)
		return err
	})
	if err != nil {
		return beforeFounded(err)
	}
	return o.secrets.give(ctx, f, &res)
}

// foundCall makes a call that founds or rebuilds an organization.
func foundCall(ctx context.Context, f *Factory, c *apiclient.Client, route string, req any) (api.InitResult, error) {
	tell, done := f.stages()
	defer done()
	tell(api.Progress{Stage: "found"})
	return apiclient.Stream[api.InitResult](ctx, c, route, req, tell)
}

// refuseFounded says so before it asks anything.
func (f *Factory) refuseFounded(ctx context.Context, c *apiclient.Client) error {
	status, err := apiclient.Call[api.Status](ctx, c, api.RouteStatus, api.Empty{})
	if err != nil {
		return err
	}
	unfinished := func(finding api.Finding) bool { return finding.Code == "unfinished" } // an interrupted join goes on
	if status.State != stateUninitialized && !slices.ContainsFunc(status.Attention, unfinished) {
		return errFounded()
	}
	return nil
}

func errFounded() error {
	return api.WithHint(vault.Errorf(vault.CodeConflict, "this home belongs to an organization already"),
		lang.Key("`vaultctl status` shows it; another one needs a home of its own, with --home DIRECTORY"))
}

// ask asks for what is missing.
func (o *initOptions) ask(ctx context.Context, f *Factory) error {
	l := f.Lang()
	var missing []string
	for _, q := range []struct {
		value             *string
		label, flag, hint string
	}{
		{&o.org, l.T("Name of the organization"), "--org", ""},
		{&o.agent, l.T("Your name, as people know you"), "--agent", ""},
		{&o.team, l.T("Name of the first team"), "--team", l.T("reception")},
		{&o.remote, l.T("Storage: a folder, or an rclone remote"), "--remote", suggestedRemote()},
	} {
		if *q.value == "" && !f.IO.CanAsk() { // all that is missing is named at once
			missing = append(missing, q.flag)
		}
		if *q.value != "" || !f.IO.CanAsk() {
			continue
		}
		label := q.label
		if q.hint != "" {
			label += " [" + q.hint + "]"
		}
		answer, err := f.IO.Ask(ctx, label, q.flag)
		if err != nil {
			return err
		}
		if answer == "" {
			answer = q.hint
		}
		if answer == "" {
			return vault.Errorf(vault.CodeUsage, "%s is missing", q.flag)
		}
		*q.value = answer
	}
	if len(missing) > 0 {
		_, err := f.IO.Ask(ctx, l.T("Name of the organization"), strings.Join(missing, ", "))
		return err
	}
	return nil
}

// suggestedRemote is a folder that a person may take to try the program out.
func suggestedRemote() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, "vaultctl-storage")
}

var sharesForm = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})$`)

// parseShares reads K/N.
func parseShares(text string) (need, of int, err error) {
	m := sharesForm.FindStringSubmatch(text)
	if m != nil {
		need, _ = strconv.Atoi(m[1]) // digits
		of, _ = strconv.Atoi(m[2])
	}
	if m == nil || need < 1 || need > of || of > 16 || need == 1 && of > 1 {
		return 0, 0, vault.Errorf(vault.CodeUsage, "--recovery-shares is K/N, such as 2/3: 2 ≤ K ≤ N ≤ 16, or 1/1")
	}
	return need, of, nil
}

// secretsOut is where root words and recovery shares go.
type secretsOut struct {
	file          string
	force, reveal bool
	print         bool

	out     *userfile.Out
	printer *printing.Printer
}

func (s *secretsOut) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&s.print, "print", false, lang.Key("print root words and recovery shares, with the configured command"))
	flags.StringVarP(&s.file, "output", "o", "", lang.Key("write root words and recovery shares to this PDF file"))
	flags.BoolVar(&s.force, "force", false, lang.Key("overwrite the file of -o"))
	flags.BoolVar(&s.reveal, "reveal", false, lang.Key("with --json: root words and recovery shares in the answer"))
	if err := cmd.MarkFlagFilename("output", "pdf"); err != nil {
		panic("cli: " + err.Error()) // no such flag: a mistake in the program
	}
}

// onScreen reports whether the secrets are shown to a person.
func (s *secretsOut) onScreen(f *Factory) bool { return f.IO.OutTTY() && !f.JSON() }

// prepare makes sure that the secrets can be given before they are made.
func (s *secretsOut) prepare(f *Factory) error {
	if s.reveal && !f.JSON() {
		return vault.Errorf(vault.CodeUsage, "--reveal goes with --json")
	}
	if s.file == stdio {
		return vault.Errorf(vault.CodeUsage, "root words and recovery shares go to a file, not to standard output")
	}
	if !s.onScreen(f) && !s.reveal && s.file == "" && !s.print {
		return vault.Errorf(vault.CodeUsage, "root words and recovery shares would be lost: give -o FILE.pdf, --print, or --json --reveal")
	}
	var err error
	if s.print {
		if s.printer, err = f.newPrinter(); err != nil {
			return err
		}
	}
	if s.file != "" {
		s.out, err = userfile.Create(s.file, s.force)
	}
	return err
}

func (s *secretsOut) drop() {
	if s.out != nil {
		s.out.Drop()
	}
}

// give hands the result over: file and printer first, so that what fails there is still shown.
func (s *secretsOut) give(ctx context.Context, f *Factory, res *api.InitResult) error {
	paper := s.toPaper(ctx, f, res)
	if paper != nil {
		// Shown whatever was asked for: otherwise nobody would ever have seen them.
		f.IO.Note(f.Lang().T("The pages could not be made; this is what they hold."))
		s.reveal = true
	}
	if f.JSON() {
		res.Sheets = nil
		if !s.reveal {
			res.RootWords, res.Recovery = nil, nil
		}
		if err := f.printJSON(res); err != nil {
			return err
		}
		return paper
	}
	if err := s.show(ctx, f, res, s.onScreen(f) || paper != nil); err != nil {
		return err
	}
	return paper
}

func (s *secretsOut) toPaper(ctx context.Context, f *Factory, res *api.InitResult) error {
	if s.out != nil {
		if _, err := s.out.Write(res.Sheets); err != nil {
			return vault.Errorf(vault.CodeOf(err), "write %s: %w", s.file, userfile.Pathless(err))
		}
		if err := s.out.Keep(); err != nil {
			return err
		}
	}
	if s.printer != nil {
		return f.print(ctx, s.printer, bytes.NewReader(res.Sheets))
	}
	return nil
}
