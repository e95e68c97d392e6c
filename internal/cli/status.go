package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

func newStatus(f *Factory) *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: lang.Key("Show how this workstation and its storage are"),
		Long: "Show who this workstation is, whether the vaults are open, what waits to be sent, and what needs attention. It\n" +
			"works while locked. With --check the exit status is 9 if something needs attention, and 11 if stored data was\n" +
			"altered, rolled back or forked.",
		Example: "  vaultctl status\n  vaultctl status --check --quiet || mail -s vaultctl it@example.org < /dev/null\n  vaultctl status --json",
		Args:    argsFromUse,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runStatus(cmd.Context(), f, check) },
	}
	cmd.Flags().BoolVar(&check, "check", false, lang.Key("exit with 9 or 11 if something needs attention"))
	return cmd
}

func runStatus(ctx context.Context, f *Factory, check bool) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	status, err := apiclient.Call[api.Status](ctx, c, api.RouteStatus, api.Empty{})
	if err != nil {
		return err
	}
	if !check || !f.globals.quiet { // a check that is to be quiet answers with its exit status
		err = emit(f, status, func(w io.Writer, s api.Status) error { return f.writeStatus(w, &s) })
	}
	if err != nil || !check {
		return err
	}
	if status.State == stateUninitialized || status.State == stateJoining {
		return vault.Errorf(vault.CodeNotFound, "there is no organization here yet")
	}
	if err := phrase.Judge(status.Attention); err != nil || status.State != stateLocked {
		return err
	}
	return vault.Errorf(vault.CodeLocked, "the vaults are locked")
}

func (f *Factory) writeStatus(w io.Writer, s *api.Status) error {
	l := f.Lang()
	p := &page{f: f, l: l}
	if s.State == stateUninitialized {
		p.line(l.T("There is no organization on this workstation yet."))
		p.line(phrase.Hint(l, "`vaultctl init` founds one, `vaultctl join` enrols this workstation in one, `vaultctl join --recover` rebuilds one that was lost"))
		_, err := io.WriteString(w, p.String())
		return err
	}
	org, agent := s.Name, s.Agent
	if s.State == stateLocked { // names are sealed, and ids tell a person nothing
		org, agent = "", ""
	}
	state := p.f.IO.Styled(termio.Good, "✓ "+l.T("open"))
	if s.State == stateLocked {
		state = p.f.IO.Styled(termio.Warn, "■ "+l.T("locked"))
	}
	if s.State == stateJoining {
		org, state = s.Org, p.f.IO.Styled(termio.Warn, "■ "+l.T("not enrolled yet: an administrator has to approve"))
	}
	if s.Revoked {
		state = p.f.IO.Styled(termio.Bad, "✗ "+l.T("revoked: nothing is written or sent from here any more"))
	}
	if s.State == stateReady && org == "" {
		org = s.Org
	}
	pairs := []string{l.T("organization"), org, l.T("root"), s.Fingerprint, l.T("agent"), agent, l.T("device"), phrase.Device(s)}
	if s.State == stateReady {
		pairs = append(pairs, l.T("vaults"), l.N(s.Vaults, "%d vault", "%d vaults")+", "+l.N(s.Documents, "%d document", "%d documents"))
	}
	pairs = append(pairs, l.T("to send"), phrase.Queue(l, s), l.T("last sync"), phrase.Time(f.Lang(), s.LastSync))
	if _, err := io.WriteString(w, state+"\n"); err != nil {
		return err
	}
	if err := f.fields(w, pairs...); err != nil {
		return err
	}
	for _, r := range s.Remotes {
		p.remote(&r)
	}
	if s.ToReseal > 0 {
		p.line("· " + l.T("to seal anew") + ": " + l.N(s.ToReseal, "%d vault", "%d vaults"))
	}
	if s.Waiting > 0 {
		p.line("· " + phrase.Waiting(l, s.Waiting))
	}
	if s.ToFetch > 0 {
		p.line("· " + l.T("documents' descriptions on their way") + ": " + l.N(s.ToFetch, "%d vault", "%d vaults"))
	}
	if s.Reseal != nil {
		p.line(phrase.Stage(l, *s.Reseal))
	}
	if len(s.Attention) > 0 {
		p.head(l.T("Needs attention"))
		p.findings(s.Attention)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// remote is one line about a remote.
func (p *page) remote(r *api.RemoteStatus) {
	sign := p.f.IO.Styled(termio.Good, "✓")
	words, well := phrase.Remote(p.l, r)
	if !well {
		sign = p.f.IO.Styled(termio.Bad, "✗")
	}
	text := r.Name + "  " + r.Remote
	if words != "" {
		text += "  " + words
	}
	p.WriteString(sign + " " + p.f.IO.Clean(text) + "\n")
}
