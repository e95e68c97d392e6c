package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// journalQuery is a request understood.
type journalQuery struct {
	scope string // beneficiary, or "" for everything
	agent vault.AgentID
	since int64 // milliseconds
	lang  lang.Lang
}

func (e *Engine) journalQuery(req *api.JournalRequest) (journalQuery, error) {
	q := journalQuery{}
	_, org, err := e.ready()
	if err != nil {
		return q, err
	}
	q.lang, _ = lang.Parse(req.Language)
	if req.Beneficiary != "" {
		id, err := e.resolveID(req.Beneficiary)
		if err != nil {
			return q, err
		}
		if _, _, _, err := e.load(id); err != nil {
			return q, err
		}
		q.scope = string(id)
	}
	if req.Agent != "" {
		if q.agent, err = findAgent(org, req.Agent); err != nil {
			return q, err
		}
	}
	if req.Since != "" {
		d, err := vault.ParseDate(req.Since, e.today())
		if err != nil {
			return q, err
		}
		at := d.Time()
		q.since = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, e.Now().Location()).UnixMilli()
	}
	return q, nil
}

// findAgent finds an agent by id or name. Errors have CodeNotFound, or CodeAmbiguous for a name that two bear.
func findAgent(org *vault.Org, text string) (vault.AgentID, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "agent:")
	if org.Agents[vault.AgentID(text)] != nil {
		return vault.AgentID(text), nil
	}
	var found vault.AgentID
	want := foldName(text)
	for id, a := range org.Agents {
		if a.Name == "" || foldName(a.Name) != want {
			continue
		}
		if found != "" {
			return "", vault.Errorf(vault.CodeAmbiguous, "two agents bear this name: give the id")
		}
		found = id
	}
	if found == "" {
		return "", vault.Errorf(vault.CodeNotFound, "no such agent")
	}
	return found, nil
}

// JournalList yields what was done in one vault, or everywhere, newest last, in plain sentences. Upkeep that changes
// nothing a person decided (resealing, notes, tombstones) is left out. National identity numbers are masked.
func (e *Engine) JournalList(ctx context.Context, req api.JournalRequest, yield func(api.JournalEntry) error) error {
	q, err := e.journalQuery(&req)
	if err != nil {
		return err
	}
	return e.journal(ctx, q, func(_ *vault.Record, j api.JournalEntry) error { return yield(j) })
}

// journal calls fn for the entries of a query, newest last.
func (e *Engine) journal(ctx context.Context, q journalQuery, fn func(*vault.Record, api.JournalEntry) error) error {
	keys, org, err := e.ready()
	if err != nil {
		return err
	}
	t := e.newTeller(q.lang, org, keys)
	return e.eachRecord(ctx, q, t, func(r *vault.Record, st *vault.State, refused string) error {
		j := t.entry(r, st)
		j.Quarantined = refused
		return fn(r, j)
	})
}

// eachRecord calls fn for the records of a query, newest last, with the state of the vault (nil for those of the organization) and
// why the record was not applied, "" if it was.
func (e *Engine) eachRecord(ctx context.Context, q journalQuery, t *teller, fn func(r *vault.Record, st *vault.State, refused string) error) error {
	recs, err := e.journalRecords(q, t)
	if err != nil {
		return err
	}
	ov := newOverlay(e.Store, t.org, t.keys)
	quarantine := map[vault.Pos]string{}
	for _, x := range t.org.Quarantine {
		quarantine[x.Pos] = x.Reason
	}
	loaded := map[vault.BeneficiaryID]bool{}
	for _, r := range recs {
		if err := ctx.Err(); err != nil {
			return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		var st *vault.State
		if r.Vault != "" {
			if st, err = ov.state(r.Vault); err != nil {
				return err
			}
			if !loaded[r.Vault] {
				loaded[r.Vault] = true
				for _, x := range st.Quarantine {
					quarantine[x.Pos] = x.Reason
				}
			}
		}
		if err := fn(r, st, quarantine[r.Pos]); err != nil {
			return err
		}
	}
	return nil
}

// journalRecords returns the records of a query by time; those of one writer keep their order.
func (e *Engine) journalRecords(q journalQuery, t *teller) ([]*vault.Record, error) {
	prefix := ""
	if q.scope != "" {
		prefix = q.scope + "/"
	}
	var recs []*vault.Record
	err := e.Store.Scan(bucketEvents, prefix, func(_ string, raw []byte) error {
		r := &vault.Record{}
		if err := json.Unmarshal(raw, r); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read event: %w", err)
		}
		if hidden[r.Type] || r.At.Ms < q.since || q.agent != "" && t.agent(r) != q.agent {
			return nil
		}
		recs = append(recs, r)
		return nil
	})
	slices.SortFunc(recs, func(a, b *vault.Record) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Pos.Writer, b.Pos.Writer), cmp.Compare(a.Pos.Seq, b.Pos.Seq),
			cmp.Compare(a.Pos.Index, b.Pos.Index))
	})
	return recs, err
}

// entry is a record as the API gives it.
func (t *teller) entry(r *vault.Record, st *vault.State) api.JournalEntry {
	var ids struct {
		Document vault.DocumentID `json:"document"`
		Consent  vault.ConsentID  `json:"consent"`
		Share    vault.ShareID    `json:"share"`
	}
	_ = r.Decode(&ids)
	j := api.JournalEntry{Head: api.H("journal_entry"), At: r.At.Time().Format(time.RFC3339), Event: r.ID, EventType: string(r.Type),
		Device: string(r.Pos.Writer.Device()), Beneficiary: string(r.Vault), Document: string(ids.Document),
		Consent: string(ids.Consent), Share: string(ids.Share), Text: t.sentence(r, st), Writer: string(r.Pos.Writer), Seq: r.Pos.Seq}
	if a := t.agent(r); a != "" {
		j.Agent = t.org.AgentName(a)
	}
	return j
}

// JournalVerify checks this device's own chain from the exact bytes of its segments: signatures, the link from each
// header to the one before, and that every event and note entry in the index is one that the chain commits to. What does
// not agree is a finding with code integrity; the call itself then succeeds.
func (e *Engine) JournalVerify(ctx context.Context) (api.VerifyResult, error) {
	c := chainCheck{e: e, res: api.VerifyResult{Head: api.H("verify_result")}}
	built, last, err := c.end(ctx)
	if err != nil {
		return api.VerifyResult{}, err
	}
	for seq := range built {
		if err := ctx.Err(); err != nil {
			return c.res, vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		if err := c.segment(seq); err != nil {
			return c.res, err
		}
	}
	if built > 0 && last != c.prev && c.prev != "" {
		c.altered(vault.SegmentPath(c.writer, built-1), "the chain does not end where the index says")
	}
	return c.res, nil
}

// chainCheck walks a chain.
type chainCheck struct {
	e      *Engine
	keys   *keyring
	writer vault.WriterID
	prev   vault.Hash // of the last header that was read, "" after a gap
	res    api.VerifyResult
}

// end closes what is acknowledged into a segment, and returns how many segments there are then and the last one's header. What is
// written from here on is not looked at.
func (c *chainCheck) end(ctx context.Context) (built uint64, last vault.Hash, err error) {
	if c.keys, _, err = c.e.ready(); err != nil {
		return 0, "", err
	}
	err = c.e.exclusive(ctx, func() error {
		if err := c.e.sealSegment(); err != nil {
			return err
		}
		c.writer = c.e.self().Writer
		raw, err := c.e.Store.Get(bucketMeta, metaBuilt)
		if err != nil {
			return err
		}
		built, _ = strconv.ParseUint(string(raw), 10, 64)
		prev, err := c.e.Store.Get(bucketMeta, metaPrev)
		last = vault.Hash(prev)
		return err
	})
	c.e.kick()
	return built, last, err
}

func (c *chainCheck) finding(subject, msg string) {
	c.res.Findings = append(c.res.Findings, api.Finding{Head: api.H("finding"), Severity: "error", Code: string(vault.CodeIntegrity),
		Subject: subject, Message: msg})
}

func (c *chainCheck) altered(subject, msg string) {
	c.res.Altered++
	c.finding(subject, msg)
}

// segment checks one segment; an error is a failure of this machine, not of the chain.
func (c *chainCheck) segment(seq uint64) error {
	path := vault.SegmentPath(c.writer, seq)
	f, err := c.e.Spool.Open(path)
	if vault.CodeOf(err) == vault.CodeNotFound {
		c.res.Missing++
		c.prev = ""
		c.finding(path, "a segment of this workstation's own journal is missing")
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, vault.MaxSegment+8<<10))
	if err != nil {
		return err
	}
	c.res.Segments++
	h, body, err := c.e.openSegment(c.keys, raw)
	if err != nil {
		c.prev = ""
		c.altered(path, err.Error())
		return nil
	}
	var info segmentInfo
	if err := getJSON(c.e.Store, bucketSegments, segmentKey(c.writer, seq), &info); err != nil {
		return err
	}
	switch {
	case h.Writer != c.writer || h.Seq != seq:
		c.altered(path, "the segment is another one")
	case c.prev != "" && h.Prev != c.prev:
		c.altered(path, "the segment does not continue the one before")
	case info.Hash != "" && info.Hash != objecthash.Of(raw):
		c.altered(path, "the segment is not the one that was written")
	}
	c.prev = h.Hash()
	return c.events(path, seq, body)
}

// events compares the events of a segment with those in the index, and their note entries with the commitments.
func (c *chainCheck) events(path string, seq uint64, body *vault.Body) error {
	for i := range body.Events {
		ev := &body.Events[i]
		c.res.Events++
		if ev.Type == vault.Heartbeat {
			continue
		}
		scope := scopeOf(ev.Vault)
		var kept vault.Record
		if err := getJSON(c.e.Store, bucketEvents, eventKey(scope, vault.Pos{Writer: c.writer, Seq: seq, Index: i}), &kept); err != nil {
			if vault.CodeOf(err) != vault.CodeIntegrity {
				return err
			}
			c.altered(ev.ID, "an event in the index cannot be read")
			continue
		}
		switch {
		case kept.ID == "":
			c.res.Missing++
			c.finding(ev.ID, "an event of the journal is missing from the index")
		case vault.HashOf(kept.Statement("", "")) != vault.HashOf(ev.Statement("", "")):
			c.altered(ev.ID, "an event in the index is not the one that was signed")
		}
		for _, h := range ev.Notes {
			line, err := c.e.Store.Get(bucketEntries, scope+"/"+string(h))
			if err != nil && vault.CodeOf(err) != vault.CodeIntegrity {
				return err
			}
			if err != nil || line != nil && vault.HashOf(line) != h {
				c.altered(ev.ID, "a note entry is not the one that was signed")
			}
			if line != nil {
				c.res.Objects++
			}
		}
	}
	return nil
}
