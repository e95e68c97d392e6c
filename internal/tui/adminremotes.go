package tui

import (
	"context"
	"fmt"
	"strconv"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
)

// loadRemotes shows the storage, and above it what waits to be sent.
func loadRemotes(ctx context.Context, d *desk, c *content) error {
	s, err := call[api.Status](ctx, d, api.RouteStatus, api.Empty{})
	if err != nil {
		return err
	}
	l := d.l
	c.head = append(c.head, fact{label: l.T("to send"), text: phrase.Queue(l, &s)}, fact{label: l.T("last sync"), text: phrase.Time(l, s.LastSync)})
	if s.ToReseal > 0 {
		c.head = append(c.head, fact{label: l.T("to seal anew"), text: l.N(s.ToReseal, "%d vault", "%d vaults")})
	}
	if s.ToFetch > 0 {
		c.head = append(c.head, fact{label: l.T("documents' descriptions on their way"), text: l.N(s.ToFetch, "%d vault", "%d vaults")})
	}
	if s.Waiting > 0 {
		c.head = append(c.head, fact{text: phrase.Waiting(l, s.Waiting)})
	}
	c.none = l.T("No storage.")
	c.header = []string{l.T("name"), l.T("state"), l.T("to send"), l.T("remote"), l.T("answered")}
	for i := range s.Remotes {
		r := &s.Remotes[i]
		state := termio.Cell{Text: "✓ " + l.T("answers"), Style: termio.Good}
		switch {
		case r.LastError != "":
			state = termio.Cell{Text: "✗ " + l.T("does not work"), Style: termio.Bad}
		case r.LastOK == "":
			state = termio.Cell{Text: "· " + l.T("not asked yet"), Style: termio.Faint}
		}
		c.rows = append(c.rows, row{item: r, cells: []termio.Cell{cell(r.Name), state, {Text: strconv.Itoa(r.Queued)}, cell(r.Remote),
			{Text: phrase.Time(l, r.LastOK), Style: termio.Faint}}})
	}
	return nil
}

func remoteActions() []action {
	return []action{
		{key: "enter", label: lang.Key("show it"), needs: oneRow, does: []string{"remote list", "status"}, run: showRemote},
		{key: "s", label: lang.Key("send and fetch now"), does: []string{"sync"}, run: sendAndFetch},
		{key: "t", label: lang.Key("test it"), needs: oneRow, does: []string{"remote test"}, run: testRemote},
		{key: "a", label: lang.Key("add a mirror"), admin: true, does: []string{"remote add"}, run: addRemote},
		{key: "C", label: lang.Key("clean"), needs: oneRow, admin: true, does: []string{"remote clean"}, run: cleanRemote},
		{key: "E", label: lang.Key("stop using it"), needs: oneRow, admin: true, does: []string{"remote remove"}, run: removeRemote},
	}
}

func showRemote(ctx context.Context, d *desk, c chosen) error {
	r, ok := c.item().(*api.RemoteStatus)
	if !ok {
		return errBack
	}
	words, well := phrase.Remote(d.l, r)
	sign := "✓ "
	if !well {
		sign = "✗ "
	}
	return d.read(ctx, &sheet{title: termio.Clean(r.Name), lines: []string{termio.Clean(r.Remote), "", sign + termio.Clean(words)}})
}

// syncWait bounds how long sending is waited for; the daemon goes on by itself afterwards.
const syncWait = "10m"

// sendAndFetch sends what waits and fetches what others wrote. It can be stopped: the daemon goes on.
func sendAndFetch(ctx context.Context, d *desk, _ chosen) error {
	res, err := stream[api.SyncResult](ctx, d, api.RouteSync, api.SyncRequest{Wait: syncWait})
	if err != nil {
		return err
	}
	l := d.l
	var lines []string
	for i := range res.Remotes {
		words, well := phrase.Remote(l, &res.Remotes[i])
		sign := "✓ "
		if !well {
			sign = "✗ "
		}
		lines = append(lines, sign+termio.Clean(res.Remotes[i].Name+"  "+words))
	}
	if res.Pulled > 0 {
		lines = append(lines, l.N(res.Pulled, "%d journal segment of others fetched.", "%d journal segments of others fetched."))
	}
	if res.Waiting > 0 {
		lines = append(lines, "· "+phrase.Waiting(l, res.Waiting))
	}
	if res.Queued == 0 {
		d.note(l.T("The storage holds everything."))
		return nil
	}
	lines = append(lines, l.N(res.Queued, "%d object is still to be sent; the daemon goes on.", "%d objects are still to be sent; the daemon goes on."))
	return d.read(ctx, &sheet{title: l.T("Storage"), lines: lines})
}

func testRemote(ctx context.Context, d *desk, c chosen) error {
	r, ok := c.item().(*api.RemoteStatus)
	if !ok {
		return errBack
	}
	report, err := call[api.RemoteReport](ctx, d, api.RouteRemoteTest, api.RemoteRequest{Name: r.Name})
	if err != nil {
		return err
	}
	good, pairs := phrase.RemoteReport(d.l, &report)
	lines := []string{"✓ " + termio.Clean(good), ""}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			lines = append(lines, fmt.Sprintf("%s: %s", pairs[i], termio.Clean(pairs[i+1])))
		}
	}
	return d.read(ctx, &sheet{title: termio.Clean(r.Name), lines: lines})
}

func addRemote(ctx context.Context, d *desk, _ chosen) error {
	l := d.l
	var name, spec string
	var added api.Remote
	conf, err := userfile.RcloneConf("")
	if err != nil {
		return err
	}
	f := &form{title: l.T("Add a mirror"), intro: []string{l.T("A mirror gets everything that the others hold. Its section of rclone.conf is copied, sealed, into the home.")}, fields: []*field{
		{kind: oneLine, label: l.T("Name"), text: &name, needed: true},
		{kind: oneLine, label: l.T("Folder or remote"), help: l.T("A folder, or a remote in rclone's syntax: s3:vault-copy"), text: &spec, needed: true},
		{kind: oneLine, label: l.T("rclone.conf, if not the usual one"), text: &conf},
	}}
	err = d.insist(ctx, f, func() error {
		req := api.RemoteAddRequest{Name: name}
		var err error
		if req.Remote, err = userfile.RemoteSpec(spec); err != nil {
			return err
		}
		if req.Conf, err = userfile.RcloneConf(conf); err != nil {
			return err
		}
		added, err = call[api.Remote](ctx, d, api.RouteRemoteAdd, req)
		return err
	})
	if err == nil {
		d.note(l.T("%s is added: %s.", termio.Clean(added.Name), termio.Clean(added.Remote)))
	}
	return err
}

// cleanRemote says what would be deleted, and deletes it.
func cleanRemote(ctx context.Context, d *desk, c chosen) error {
	r, ok := c.item().(*api.RemoteStatus)
	if !ok {
		return errBack
	}
	clean := func(dryRun bool) ([]string, error) {
		all, err := list[api.Cleaned](ctx, d, api.RouteRemoteClean, api.RemoteCleanRequest{Name: r.Name, DryRun: dryRun})
		var lines []string
		for i := range all {
			lines = append(lines, cleaned(phrase.Cleaned(d.l, &all[i]))...)
		}
		return lines, err
	}
	title := d.l.T("Clean %s", termio.Clean(r.Name))
	plan, err := clean(true)
	if err != nil {
		return err
	}
	if err := d.agree(ctx, title, d.l.T("Delete what nothing refers to any more?"), plan...); err != nil {
		return err
	}
	done, err := clean(false)
	if err != nil {
		return err
	}
	return d.read(ctx, &sheet{title: title, lines: done})
}

func removeRemote(ctx context.Context, d *desk, c chosen) error {
	r, ok := c.item().(*api.RemoteStatus)
	if !ok {
		return errBack
	}
	name := termio.Isolate(termio.Clean(r.Name))
	if err := d.agree(ctx, name, d.l.T("Stop using the remote %s?", name),
		d.l.T("What it holds stays there, sealed: delete it with the storage's own means. The last remote cannot be removed.")); err != nil {
		return err
	}
	if _, err := call[api.Empty](ctx, d, api.RouteRemoteRemove, api.RemoteRequest{Name: r.Name}); err != nil {
		return err
	}
	d.note(d.l.T("%s is no longer used; what it holds stays there.", name))
	return nil
}
