package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/config"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// runAsk asks to be enrolled in an organization, shows what both screens have to show, and waits for an administrator.
func runAsk(ctx context.Context, f *Factory, cmd *cobra.Command, o joinOptions) error {
	wait, err := o.waitSpan()
	if err != nil {
		return err
	}
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	status, err := apiclient.Call[api.Status](ctx, c, api.RouteStatus, api.Empty{})
	if err != nil {
		return err
	}
	var q api.JoinRequest
	switch status.State {
	case stateUninitialized:
		q, err = o.askFirst(ctx, f, cmd, c)
	case stateJoining:
		q, err = o.askAgain(ctx, f, c, status.Protect)
	default:
		err = errFounded()
	}
	if err != nil {
		return err
	}
	if err := emit(f, q, func(w io.Writer, q api.JoinRequest) error { return f.writeAsking(w, &q) }); err != nil {
		return err
	}
	if err := o.compared(ctx, f); err != nil {
		return err
	}
	tell, done := f.stages()
	res, err := apiclient.Stream[api.Joined](ctx, c, api.RouteJoinFinish, api.JoinFinishRequest{Wait: wait}, tell)
	done()
	if err != nil {
		return stillAsking(err)
	}
	if err := emit(f, res, func(w io.Writer, j api.Joined) error { return f.writeJoined(w, &j) }); err != nil {
		return err
	}
	f.IO.Note(f.Lang().T("Next: `vaultctl status` shows how things are, `vaultctl beneficiary list` whom this workstation knows of."))
	return nil
}

// waitSpan returns the time to wait for an approval as the daemon takes it. Without the flag that is as long as it takes.
func (o *joinOptions) waitSpan() (string, error) {
	switch o.wait {
	case waitForever, "":
		return forever.String(), nil
	case "0":
		return "", nil
	}
	d, err := config.ParseDuration(o.wait)
	if err != nil {
		return "", flagValue("wait", vault.Errorf(vault.CodeInvalid, "%w", err))
	}
	return d.String(), nil
}

// askFirst asks from a home that is empty.
func (o *joinOptions) askFirst(ctx context.Context, f *Factory, cmd *cobra.Command, c *apiclient.Client) (q api.JoinRequest, err error) {
	req := api.JoinAskRequest{Root: o.root}
	if req.Conf, err = userfile.RcloneConf(o.rcloneCfg); err != nil {
		return q, err
	}
	if o.remote == "" {
		if o.remote, err = f.IO.Ask(ctx, f.Lang().T("Storage: a folder, or an rclone remote"), "--remote"); err != nil {
			return q, err
		}
	}
	if req.Remote, err = userfile.RemoteSpec(o.remote); err != nil {
		return q, err
	}
	if err := lookFirst(ctx, c, api.JoinLookRequest{Remote: req.Remote, Conf: req.Conf, Root: req.Root}); err != nil {
		return q, err
	}
	if err := o.protect.settle(ctx, cmd, f); err != nil {
		return q, err
	}
	err = o.protect.found(ctx, f, func(p api.Protection) error {
		req.Protect = p
		q, err = apiclient.Call[api.JoinRequest](ctx, c, api.RouteJoinAsk, req)
		return err
	})
	return q, beforeFounded(err)
}

// lookFirst makes sure that there is an organization to join before a passphrase is chosen or words are typed for it.
func lookFirst(ctx context.Context, c *apiclient.Client, req api.JoinLookRequest) error {
	_, err := apiclient.Call[api.Empty](ctx, c, api.RouteJoinLook, req)
	return beforeFounded(err)
}

// askAgain takes up what an earlier run asked, in the protection that it chose; --anew forgets it.
func (o *joinOptions) askAgain(ctx context.Context, f *Factory, c *apiclient.Client, method string) (q api.JoinRequest, err error) {
	req := api.JoinAskRequest{Anew: o.anew, Root: o.root, Protect: api.Protection{Method: method}}
	if req.Conf, err = userfile.RcloneConf(o.rcloneCfg); err != nil {
		return q, err
	}
	if req.Remote, err = userfile.RemoteSpec(o.remote); err != nil {
		return q, err
	}
	if o.protect.method != "" && o.protect.method != method {
		return q, vault.Errorf(vault.CodeConflict, "the keys of this device are kept by %s already", method)
	}
	if !o.anew {
		q, err = apiclient.Call[api.JoinRequest](ctx, c, api.RouteJoinAsk, req)
		if code := vault.CodeOf(err); code != vault.CodeLocked && code != vault.CodeNoIdentity {
			return q, err
		}
	}
	if method == byPassphrase {
		if req.Protect.Passphrase, err = f.passphrase(ctx, o.protect.passphraseFile); err != nil {
			return q, err
		}
	}
	return apiclient.Call[api.JoinRequest](ctx, c, api.RouteJoinAsk, req)
}

// errRootNeeded refuses to let the storage choose the organization where nobody can compare words.
func errRootNeeded() error {
	return api.WithHint(vault.Errorf(vault.CodeUsage, "--root is missing: the fingerprint of the organization to join"),
		"`vaultctl status` on an enrolled workstation shows it; without it, whoever runs the storage could hand out another organization (--trust-storage)")
}

// compared asks whether the organization's words are those of the administrator's screen. --yes does not answer that.
func (o *joinOptions) compared(ctx context.Context, f *Factory) error {
	if o.root != "" || o.trust || o.wait == "0" {
		return nil
	}
	answer, err := f.IO.Ask(ctx, f.Lang().T("Does the administrator's screen show the same words for the organization? yes or no"), "--root")
	if err != nil {
		return stillAsking(err)
	}
	switch strings.ToLower(answer) {
	case "y", "yes", "o", "oui":
		return nil
	}
	return api.WithHint(vault.Errorf(vault.CodeInterrupted, "this workstation did not join"),
		"if the words differ, somebody stands in between: tell whoever runs the storage")
}

// stillAsking says of a wait that ended that nothing is lost.
func stillAsking(err error) error {
	if code := vault.CodeOf(err); (code == vault.CodeInterrupted || code == vault.CodeAttention) && api.HintOf(err) == "" {
		return api.WithHint(err, "the request stays on the storage: `vaultctl join` shows the code again and goes on")
	}
	return err
}

// writeAsking shows what the person at the new workstation reads out.
func (f *Factory) writeAsking(w io.Writer, q *api.JoinRequest) error {
	l := f.Lang()
	p := &page{f: f, l: l}
	p.para(l.T("This workstation asks to join the organization on %s.", q.Remote))
	p.line("")
	if _, err := io.WriteString(w, p.String()); err != nil {
		return err
	}
	if err := f.writeWords(w, q); err != nil {
		return err
	}
	p = &page{f: f, l: l}
	p.line("")
	if q.Ignored > 0 {
		p.para("! " + l.N(q.Ignored, "%d note on the storage names another root without the signature of the one before; it does not count.",
			"%d notes on the storage name another root without the signature of the one before; they do not count."))
	}
	p.para(l.T("Tell an administrator, in person or by telephone. They run `vaultctl device approve %s --agent NAME --role agent`, and approve only if their screen shows the same two lines of words.", q.Code))
	_, err := io.WriteString(w, p.String())
	return err
}

// writeWords shows the code and both groups of words, the same on both screens.
func (f *Factory) writeWords(w io.Writer, q *api.JoinRequest) error {
	l := f.Lang()
	return f.fields(w, l.T("code"), q.Code, l.T("organization"), strings.Join(q.RootWords, " "), l.T("workstation"), strings.Join(q.Words, " "))
}

func (f *Factory) writeJoined(w io.Writer, j *api.Joined) error {
	l := f.Lang()
	p := &page{f: f, l: l}
	p.para(l.T("This workstation is enrolled in %s, for %s (%s).", j.Name, j.Agent, strings.Join(j.Roles, ", ")))
	p.line(l.T("Root fingerprint: %s", j.Fingerprint))
	if len(j.Teams) > 0 {
		p.line(l.T("It opens the vaults consented to: %s", strings.Join(j.Teams, ", ")))
	}
	p.line(l.N(j.Vaults, "%d vault is known here.", "%d vaults are known here."))
	_, err := io.WriteString(w, p.String())
	return err
}
