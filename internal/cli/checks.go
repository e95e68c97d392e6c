package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/vault"
)

func newDoctor(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: lang.Key("Look for what is wrong on this workstation, and say what to do"),
		Long: "Look at this workstation, its daemon and its storage, and say what to do about each finding. The exit status is 9 if\n" +
			"something needs attention, and 11 if stored data was altered, rolled back or forked.",
		Example: "  vaultctl doctor\n  vaultctl doctor --json",
		Args:    argsFromUse,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), f) },
	}
}

func runDoctor(ctx context.Context, f *Factory) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	found := f.clientFindings(c)
	for finding, err := range apiclient.List[api.Finding](ctx, c, api.RouteDoctor, api.Empty{}) {
		if err != nil {
			return err
		}
		found = append(found, finding)
	}
	if f.JSON() {
		for _, finding := range found {
			if err := f.printJSON(finding); err != nil {
				return err
			}
		}
		return phrase.Judge(found)
	}
	l := f.Lang()
	p := &page{f: f, l: l}
	p.findings(found)
	verdict := phrase.Judge(found)
	if verdict == nil {
		p.line(l.T("All is well."))
	}
	if err := p.flush(); err != nil {
		return err
	}
	return verdict
}

// clientFindings are what the daemon cannot see.
func (f *Factory) clientFindings(c *apiclient.Client) []api.Finding {
	server := c.Server()
	if server.Version == f.Build.Version {
		return nil
	}
	return []api.Finding{{Head: api.H("finding"), Severity: "warning", Code: "versions",
		Message: lang.Key("vaultctl and the running vaultd are of different versions"),
		Hint:    lang.Key("`vaultctl daemon stop`: the next command starts the vaultd that is installed beside it")}}
}

type verifyOptions struct {
	deep        bool
	proof, root string
}

func newVerify(f *Factory) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: lang.Key("Check everything that is stored: chains, signatures, objects"),
		Long: "Check the chains and signatures of the journal, and that every storage holds each object as it was written. With\n" +
			"--deep every object is fetched, and what this workstation can read is opened and compared with its deposit. What is\n" +
			"gone from one storage and still here is sent again. The exit status is 11 if something was altered, rolled back or forked.\n\n" +
			"With a file, its proof of deposit is checked instead, down to the root with the fingerprint: offline, without daemon, store\n" +
			"and account. The exit status is 11 if file or proof was altered, or the proof is of another organization.",
		Example: "  vaultctl verify\n  vaultctl verify --deep --json\n" +
			"  vaultctl verify cni.pdf --proof proof.json --root abcd-efgh-ijkl-mnop-qrst-uvwx",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 0 && o.deep:
				return usagef(cmd, "--deep is for what is stored, not for a file")
			case len(args) > 0:
				return verifyProof(cmd.Context(), f, cmd, args[0], o)
			case o.proof != "" || o.root != "":
				return usagef(cmd, "%s is missing", "FILE")
			}
			return runVerify(cmd.Context(), f, o)
		},
	}
	cmd.Flags().StringVar(&o.proof, "proof", "", lang.Key("proof of deposit of the file; - for standard input"))
	cmd.Flags().StringVar(&o.root, "root", "", lang.Key("fingerprint of the root that the proof must lead to"))
	cmd.Flags().BoolVar(&o.deep, "deep", false, lang.Key("fetch and open everything, not only compare sizes and hashes"))
	return cmd
}

func runVerify(ctx context.Context, f *Factory, o verifyOptions) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	tell, done := f.stages()
	defer done()
	res, err := apiclient.Rows[api.Finding, api.VerifyResult](ctx, c, api.RouteVerify, api.VerifyRequest{Deep: o.deep}, func(finding api.Finding) error {
		done()
		return emit(f, finding, func(w io.Writer, finding api.Finding) error {
			p := &page{f: f, l: f.Lang()}
			p.findings([]api.Finding{finding})
			_, err := io.WriteString(w, p.String())
			return err
		})
	}, tell)
	done()
	if err != nil {
		return err
	}
	res.Findings = nil // they were printed as they came
	return f.verified(&res)
}

// verified prints what was checked and ends with what was found.
func (f *Factory) verified(res *api.VerifyResult) error {
	err := emit(f, res, func(w io.Writer, r *api.VerifyResult) error {
		l := f.Lang()
		p := &page{f: f, l: l}
		p.findings(r.Findings)
		p.line(phrase.Verified(l, r)...)
		_, err := io.WriteString(w, p.String())
		return err
	})
	if err != nil {
		return err
	}
	if err := phrase.Judge(res.Findings); vault.CodeOf(err) == vault.CodeIntegrity {
		return err
	}
	if res.Missing > 0 || res.Altered > 0 {
		return vault.Errorf(vault.CodeIntegrity, "%d objects are missing and %d altered", res.Missing, res.Altered)
	}
	return nil
}
