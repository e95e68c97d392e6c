package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/proof"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

type proofOptions struct {
	out, pdf, card string
	force          bool
}

func newDocumentProof(f *Factory) *cobra.Command {
	o := &proofOptions{}
	cmd := &cobra.Command{
		Use:   "proof DOCUMENT",
		Short: lang.Key("Write a proof that a document was deposited, by whom and when"),
		Long: "Write a file in which this workstation attests, by its signature, which bytes were deposited as a document, by whom, when,\n" +
			"and whether the original was seen, with the certificates that lead to the organization's root. `vaultctl verify FILE --proof\n" +
			"PROOF --root FINGERPRINT` checks it anywhere, offline. --pdf writes a page to print beside it. It is no statement that the\n" +
			"document is genuine. That a proof was made is in the person's journal. A private document needs the person's card.",
		Example: "  vaultctl document proof d7k2m9x4qw3t5 -o proof.json --pdf proof.pdf\n" +
			"  vaultctl verify cni.pdf --proof proof.json --root 'abcd-efgh-ijkl-mnop-qrst-uvwx'",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeDocuments),
		RunE:              func(cmd *cobra.Command, args []string) error { return runDocumentProof(f, cmd, args[0], o) },
	}
	cmd.Flags().StringVarP(&o.out, "output", "o", "", lang.Key("file of the proof; - for standard output"))
	cmd.Flags().StringVar(&o.pdf, "pdf", "", lang.Key("file of a page to print"))
	cmd.Flags().BoolVar(&o.force, "force", false, lang.Key("replace a file that exists"))
	cardFlag(cmd, &o.card, "card")
	return cmd
}

func runDocumentProof(f *Factory, cmd *cobra.Command, id string, o *proofOptions) error {
	switch {
	case o.out == "":
		return api.WithHint(usagef(cmd, "missing: --output"), lang.Key("-o proof.json writes the file that proves; --pdf alone would prove nothing"))
	case o.pdf == stdio || o.pdf == o.out:
		return usagef(cmd, "--pdf needs a file of its own")
	}
	// Names that are taken are refused before anything is in the journal.
	var files []*userfile.Out
	for _, path := range []string{o.out, o.pdf} {
		if path == "" || path == stdio {
			continue
		}
		out, err := userfile.Create(path, o.force)
		if err != nil {
			return err
		}
		defer out.Drop()
		files = append(files, out)
	}
	c, _, card, err := f.openable(cmd.Context(), id, o.card)
	if err != nil {
		return err
	}
	res, err := apiclient.Call[api.DocumentProof](cmd.Context(), c, api.RouteDocumentProof,
		api.DocumentProofRequest{Document: id, Card: card, PDF: o.pdf != "", Language: f.Lang().String()})
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, res.Proof, "", "  "); err != nil {
		return err
	}
	text.WriteByte('\n')
	if o.out == stdio {
		if _, err := f.IO.Out.Write(text.Bytes()); err != nil {
			return err
		}
	}
	contents := [][]byte{text.Bytes(), res.PDF}
	if o.out == stdio {
		contents = contents[1:]
	}
	for i, out := range files {
		if _, err := out.Write(contents[i]); err != nil {
			return err
		}
		if err := out.Keep(); err != nil {
			return err
		}
	}
	return f.proved(&res, o)
}

// provedFile is a proof that was written to a file.
type provedFile struct {
	api.Head
	Document    string `json:"document"`
	Digest      string `json:"digest"`
	Fingerprint string `json:"fingerprint"`
	Path        string `json:"path"`
	PDF         string `json:"pdf,omitempty"`
}

func (f *Factory) proved(res *api.DocumentProof, o *proofOptions) error {
	if o.out == stdio {
		return nil
	}
	l := f.Lang()
	out := provedFile{Head: api.H("proof"), Document: res.Document, Digest: res.Digest, Fingerprint: res.Fingerprint, Path: o.out, PDF: o.pdf}
	err := emit(f, out, func(w io.Writer, p provedFile) error {
		return f.fields(w, l.T("proof"), p.Path, l.T("page"), p.PDF, l.T("digest"), p.Digest, l.T("fingerprint of the root"), p.Fingerprint)
	})
	if err == nil && !f.JSON() {
		f.IO.Note(l.T("Whoever checks it compares the fingerprint with one that they have from the organization itself."))
	}
	return err
}

// verifyProof checks a file against a proof, without daemon and store.
func verifyProof(ctx context.Context, f *Factory, cmd *cobra.Command, file string, o verifyOptions) error {
	switch {
	case o.proof == "":
		return api.WithHint(usagef(cmd, "missing: --proof"), lang.Key("`vaultctl document proof DOCUMENT -o proof.json` makes one; without FILE, verify checks everything that is stored"))
	case o.root == "":
		return api.WithHint(usagef(cmd, "missing: --root"), lang.Key("the fingerprint of the organization's root, from the organization itself; the one in the proof proves nothing"))
	case o.proof == stdio && file == stdio:
		return usagef(cmd, "the file and the proof cannot both come from standard input")
	}
	if _, err := proof.Fingerprint(o.root); err != nil {
		return flagValue("root", err)
	}
	p, err := readInput(f, o.proof, proof.Parse)
	if err != nil {
		return err
	}
	v, err := p.Verify(o.root)
	if err != nil {
		return err
	}
	_, err = readInput(f, file, func(r io.Reader) (struct{}, error) {
		return struct{}{}, v.CheckFile(contextReader{ctx, r})
	})
	if err != nil {
		return err
	}
	return emit(f, proofCheck(v), f.showProof)
}

// readInput gives a file, or standard input for "-", to a function.
func readInput[T any](f *Factory, path string, use func(io.Reader) (T, error)) (T, error) {
	file, err := f.openUserFile(path)
	if err != nil {
		var none T
		return none, err
	}
	defer func() { _ = file.Close() }() // only read
	return use(file)
}

// contextReader stops when the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (c contextReader) Read(b []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, vault.Errorf(vault.CodeInterrupted, "interrupted")
	}
	return c.r.Read(b)
}

func proofCheck(v *proof.Verified) api.ProofCheck {
	out := api.ProofCheck{Head: api.H("proof_check"), Document: string(v.Document), Version: v.Version, Digest: string(v.Digest), Size: v.Size, OrgID: string(v.Org),
		Organization: v.Organization, Fingerprint: v.Fingerprint, Deposited: v.Deposited.Format(time.RFC3339), DepositedBy: v.AgentName, Device: string(v.Device),
		OriginalSeen: v.OriginalSeen, Issued: v.Issued.Format(time.RFC3339), IssuedBy: v.IssuerName}
	for _, d := range v.Chain {
		out.Chain = append(out.Chain, string(d))
	}
	return out
}

func (f *Factory) showProof(w io.Writer, v api.ProofCheck) error {
	l := f.Lang()
	pg := &page{f: f, l: l}
	pg.line(l.T("✓ The proof holds: this file was deposited."))
	if _, err := io.WriteString(w, pg.String()); err != nil {
		return err
	}
	seen := l.T("not noted")
	if v.OriginalSeen {
		seen = l.T("the agent noted that they saw it")
	}
	err := f.fields(w, l.T("organization"), v.Organization, l.T("document"), v.Document, l.T("digest"), v.Digest, l.T("deposited"), phrase.Time(l, v.Deposited),
		l.T("by"), v.DepositedBy, l.T("workstation"), v.Device, l.T("original"), seen, l.T("proof made"), phrase.Time(l, v.Issued), l.T("by"), v.IssuedBy)
	if err != nil {
		return err
	}
	f.IO.Note(l.T("The organization's workstations attest this, with their own clocks. It does not show that the document is genuine, nor whether the workstation was revoked since."))
	return nil
}
