package tui

import (
	"context"
	"fmt"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// loadDevices shows the workstations that ask to be enrolled, then those that are.
func loadDevices(ctx context.Context, d *desk, c *content) error {
	l := d.l
	asking, err := list[api.JoinRequest](ctx, d, api.RouteDeviceAsking, api.CodeRequest{Brief: true})
	note := ""
	if err != nil {
		if !correctable(err) {
			return err
		}
		message, _ := phrase.Error(l, err) // a storage that does not answer does not hide who is enrolled
		note = "! " + l.T("Who wants to join is not known now: %s", termio.Clean(message))
	}
	devices, err := list[api.Device](ctx, d, api.RouteDeviceList, api.Empty{})
	if err != nil {
		return err
	}
	c.head = append(c.head, fact{text: l.T("Founding, joining, recovery and the root key: with `vaultctl`, beside the paper.")},
		fact{text: note, style: termio.Warn})
	c.none = l.T("No workstation.")
	for i := range asking {
		q := &asking[i]
		state := termio.Cell{Text: "? " + l.T("wants to join"), Style: termio.Warn}
		switch {
		case q.Stale:
			state = termio.Cell{Text: "✗ " + l.T("too old"), Style: termio.Faint}
		case q.Approved:
			state = termio.Cell{Text: "? " + l.T("wants its teams"), Style: termio.Warn}
		}
		c.rows = append(c.rows, row{section: l.T("Asking"), item: q, cells: []termio.Cell{state, cell(q.Code), {}, {Text: phrase.Day(l, q.Since)}}})
	}
	for i := range devices {
		dev := &devices[i]
		c.rows = append(c.rows, row{section: l.T("Enrolled"), item: dev, cells: []termio.Cell{phrase.DeviceState(l, dev), cell(dev.Agent),
			{Text: roleWords(l, dev.Roles)}, {Text: phrase.Day(l, dev.Since)}, {Text: dev.ID, Style: termio.Faint}}})
	}
	return nil
}

// roleWords names roles.
func roleWords(l lang.Lang, roles []string) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		switch r {
		case "admin":
			words[i] = l.T("administrator")
		case "agent":
			words[i] = l.T("agent")
		case "deposit":
			words[i] = l.T("deposits")
		case "auditor":
			words[i] = l.T("auditor")
		default:
			words[i] = termio.Clean(r)
		}
	}
	return strings.Join(words, ", ")
}

func deviceActions() []action {
	return []action{
		{key: "enter", label: lang.Key("show it"), needs: oneRow, does: []string{"device list"}, run: showDevice},
		{key: "a", label: lang.Key("approve"), needs: oneRow, does: []string{"device approve"}, run: approveDevice},
		{key: "t", label: lang.Key("take in late work"), needs: oneRow, admin: true, does: []string{"device adopt"}, run: adoptDevice},
		{key: "R", label: lang.Key("revoke"), needs: oneRow, admin: true, does: []string{"device revoke"}, run: revokeDevice},
	}
}

func showDevice(ctx context.Context, d *desk, c chosen) error {
	l := d.l
	switch it := c.item().(type) {
	case *api.Device:
		return d.read(ctx, &sheet{title: l.T("Workstation %s", it.ID), lines: labelled([][2]string{{l.T("state"), phrase.DeviceState(l, it).Text},
			{l.T("agent"), it.Agent}, {l.T("roles"), roleWords(l, it.Roles)}, {l.T("since"), phrase.Day(l, it.Since)}})})
	case *api.JoinRequest:
		q, err := askingUnder(ctx, d, it.Code)
		if err != nil {
			return err
		}
		return d.read(ctx, &sheet{title: l.T("Workstation %s", q.Code), lines: wordLines(l, q), fixed: true})
	}
	return errBack
}

// askingUnder returns the request under a code, with its words.
func askingUnder(ctx context.Context, d *desk, code string) (*api.JoinRequest, error) {
	found, err := list[api.JoinRequest](ctx, d, api.RouteDeviceAsking, api.CodeRequest{Code: code})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, vault.Errorf(vault.CodeNotFound, "no workstation asks to join under this code")
	}
	return &found[0], nil
}

// wordLines are what both screens show.
func wordLines(l lang.Lang, q *api.JoinRequest) []string {
	return []string{
		l.T("code") + ": " + termio.Clean(q.Code), "",
		l.T("organization") + ":", "  " + termio.Clean(strings.Join(q.RootWords, " ")), "",
		l.T("workstation") + ":", "  " + termio.Clean(strings.Join(q.Words, " ")),
	}
}

// approveDevice enrols a workstation whose screen shows the same words, or lets a further one of the agent's into their teams.
func approveDevice(ctx context.Context, d *desk, c chosen) error {
	q, err := chosenRequest(ctx, d, &c)
	if err != nil {
		return err
	}
	if err := sameWords(ctx, d, q); err != nil {
		return err
	}
	req := api.ApproveRequest{Code: q.Device, Words: strings.Join(q.Words, " ")}
	var res api.Approved
	approve := func() error {
		var err error
		res, err = stream[api.Approved](ctx, d, api.RouteDeviceApprove, req)
		return err
	}
	if q.Approved { // further questions are for those who are new
		err = approve()
	} else {
		err = askEnrolment(ctx, d, &req, approve)
	}
	if err != nil {
		return err
	}
	lines := cleaned(phrase.Approved(d.l, &res))
	if res.Queued {
		lines = append(lines, "! "+d.l.T("The storage does not hold this yet: the others hear of it when it does."))
	}
	return d.read(ctx, &sheet{title: d.l.T("Workstation %s", q.Code), lines: lines})
}

// chosenRequest is the request of the row, or the one whose code is typed.
func chosenRequest(ctx context.Context, d *desk, c *chosen) (*api.JoinRequest, error) {
	if len(c.rows) > 0 {
		if it, ok := c.item().(*api.JoinRequest); ok {
			return askingUnder(ctx, d, it.Code)
		}
	}
	var code string
	var q *api.JoinRequest
	f := &form{title: d.l.T("Approve a workstation"), fields: []*field{
		{kind: oneLine, label: d.l.T("Code that the new screen shows"), text: &code, needed: true}}}
	err := d.insist(ctx, f, func() (err error) {
		q, err = askingUnder(ctx, d, code)
		return err
	})
	return q, err
}

// sameWords has the person compare the words of both screens. There is no answer that is proposed, and the words that are sent
// on are those that were compared: nothing else can be enrolled in their place.
func sameWords(ctx context.Context, d *desk, q *api.JoinRequest) error {
	l := d.l
	answer := ""
	f := &form{title: l.T("Compare the words with the new screen"), intro: append(wordLines(l, q), "",
		l.T("Have them read to you from the new screen, beside you or by telephone: anybody who can write to the storage can ask.")), fields: []*field{
		{kind: choice, label: l.T("Does the new screen show exactly these words, on both lines?"), text: &answer, needed: true, options: []option{
			{"", l.T("I have not compared them")}, {"differ", l.T("No, something differs")}, {"same", l.T("Yes, both lines are the same")}}}}}
	if err := d.fill(ctx, f); err != nil {
		return err
	}
	switch answer {
	case "same":
		return nil
	case "differ":
		return api.WithHint(vault.Errorf(vault.CodePolicy, "nothing was approved"),
			"if the words differ, somebody stands in between: tell whoever runs the storage")
	}
	return errBack
}

// askEnrolment asks whose workstation it is and what it may do, and enrols it.
func askEnrolment(ctx context.Context, d *desk, req *api.ApproveRequest, approve func() error) error {
	l := d.l
	agents, err := list[api.Agent](ctx, d, api.RouteAgentList, api.Empty{})
	if err != nil {
		return err
	}
	const somebodyNew = ""
	who, name, role := somebodyNew, "", "agent"
	options := []option{{somebodyNew, "+ " + l.T("somebody new")}}
	for i := range agents {
		options = append(options, option{agents[i].ID, agents[i].Name})
	}
	f := &form{title: l.T("Approve a workstation"), fields: []*field{
		{kind: choice, label: l.T("Whose workstation is it?"), text: &who, options: options},
		{kind: oneLine, label: l.T("Name of the agent"), text: &name, needed: true, when: func() bool { return who == somebodyNew }},
		{kind: choice, label: l.T("What may it do?"), text: &role, options: []option{
			{"agent", l.T("agent: open vaults, and those that people consent to")}, {"deposit", l.T("deposit: deposit by reference, read nothing (servers)")},
			{"auditor", l.T("auditor: see ids, consents and accesses")}, {"admin", l.T("admin: enrol and revoke workstations")},
			{"admin,agent", l.T("admin and agent")}}},
	}}
	return d.insist(ctx, f, func() error {
		if req.Agent = who; who == somebodyNew {
			req.Agent = name
		}
		req.Roles = strings.Split(role, ",")
		return approve()
	})
}

// cleaned makes lines fit for a screen.
func cleaned(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = termio.Clean(line)
	}
	return out
}

func revokeDevice(ctx context.Context, d *desk, c chosen) error {
	dev, ok := c.item().(*api.Device)
	if !ok {
		return vault.Errorf(vault.CodeUsage, "the workstation is not enrolled")
	}
	l := d.l
	title := l.T("Revoke the workstation of %s", termio.Isolate(termio.Clean(dev.Agent)))
	says := []string{l.T("It reads and writes nothing any more. New keys are made of all that it held. What it has read cannot be called back.")}
	if dev.This {
		says = append(says, "! "+l.T("It is this workstation, on which you are working."))
	}
	compromised, err := askCompromised(ctx, d, title, says)
	if err != nil {
		return err
	}
	return endAccess(ctx, d, title, api.RouteDeviceRevoke, api.RevokeRequest{Device: dev.ID, Compromised: compromised})
}

// askCompromised asks whether somebody may read with the keys, and whether to go on.
func askCompromised(ctx context.Context, d *desk, title string, says []string) (bool, error) {
	l := d.l
	how := "no"
	var yes bool
	f := &form{title: title, intro: says, fields: []*field{
		{kind: choice, label: l.T("May somebody else read with its keys?"), text: &how, options: []option{
			{"no", l.T("No: it is in honest hands, or wiped")}, {"yes", l.T("Yes, or not known: seal anew everything that it could read")}}},
		{kind: yesNo, label: l.T("Revoke?"), yes: &yes},
	}}
	if err := d.fill(ctx, f); err != nil {
		return false, err
	}
	if !yes {
		return false, errBack
	}
	return how == "yes", nil
}

// endAccess ends a workstation or an agent, and says what that brought about.
func endAccess(ctx context.Context, d *desk, title, route string, req any) error {
	res, err := stream[api.Removal](ctx, d, route, req)
	if err != nil {
		return err
	}
	return d.read(ctx, &sheet{title: title, lines: phrase.Removal(d.l, &res, termio.Clean)})
}

// adoptDevice takes in what a revoked workstation wrote too late, after saying what that is.
func adoptDevice(ctx context.Context, d *desk, c chosen) error {
	dev, ok := c.item().(*api.Device)
	if !ok {
		return vault.Errorf(vault.CodeUsage, "the workstation is not enrolled")
	}
	l := d.l
	plan, err := stream[api.Adoption](ctx, d, api.RouteDeviceAdopt, api.AdoptRequest{Device: dev.ID, DryRun: true})
	if err != nil {
		return err
	}
	title := l.T("Late work of the workstation of %s", termio.Isolate(termio.Clean(dev.Agent)))
	if len(plan.Items) == 0 {
		return d.read(ctx, &sheet{title: title, lines: []string{l.T("It wrote nothing too late.")}})
	}
	says := append(adoptionLines(l, &plan), "", l.T("Only where you know that it was in honest hands."))
	if err := d.agree(ctx, title, l.T("Take this in?"), says...); err != nil {
		return err
	}
	res, err := stream[api.Adoption](ctx, d, api.RouteDeviceAdopt, api.AdoptRequest{Device: plan.Device})
	if err != nil {
		return err
	}
	return d.read(ctx, &sheet{title: title, lines: append(adoptionLines(l, &res), "", l.T("Taken in: %d of %d.", res.Taken, len(res.Items)))})
}

func adoptionLines(l lang.Lang, a *api.Adoption) []string {
	lines := []string{termio.Clean(l.T("Written too late by a workstation of %s:", a.Agent))}
	for i := range a.Items {
		it := &a.Items[i]
		sign := "·"
		switch {
		case it.Taken:
			sign = "✓"
		case !a.DryRun:
			sign = "✗"
		}
		lines = append(lines, termio.Clean(fmt.Sprintf("  %s %s  %s  %s", sign, phrase.Time(l, it.At), it.What, it.Beneficiary)))
	}
	if a.Queued {
		lines = append(lines, "! "+l.T("The storage does not hold this yet: the others hear of it when it does."))
	}
	return lines
}
