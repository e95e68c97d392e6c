package engine

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// JournalExport writes a journal as csv, jsonl, txt or pdf to what begin returns.
func (e *Engine) JournalExport(ctx context.Context, req api.JournalExportRequest, begin func(api.Empty) (io.Writer, error)) error {
	q, err := e.journalQuery(&req.JournalRequest)
	if err != nil {
		return err
	}
	if req.ReadersOn != "" {
		return e.readersExport(q, &req, begin)
	}
	var write func(context.Context, io.Writer, journalQuery) error
	switch req.Format {
	case "csv":
		write = e.journalCSV
	case "jsonl":
		write = e.journalLines
	case "txt":
		write = e.journalText
	case "pdf":
		write = e.journalPDF
	default:
		return errJournalFormat()
	}
	w, err := begin(api.Empty{})
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 64<<10)
	if err := write(ctx, b, q); err != nil {
		return err
	}
	return b.Flush()
}

func errJournalFormat() error {
	return vault.Errorf(vault.CodeUsage, "a journal is exported as csv, jsonl, txt or pdf")
}

func (e *Engine) journalLines(ctx context.Context, w io.Writer, q journalQuery) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return e.journal(ctx, q, func(_ *vault.Record, j api.JournalEntry) error { return enc.Encode(j) })
}

func (e *Engine) journalText(ctx context.Context, w io.Writer, q journalQuery) error {
	return e.journal(ctx, q, func(r *vault.Record, j api.JournalEntry) error {
		_, err := io.WriteString(w, e.journalLine(q.lang, r, j)+"\n")
		return err
	})
}

// journalLine is one sentence with its time, on one line.
func (e *Engine) journalLine(l lang.Lang, r *vault.Record, j api.JournalEntry) string {
	line := l.DateTime(r.At.Time().In(e.Now().Location())) + "  " + oneLine(j.Text)
	if j.Quarantined != "" {
		line += "  [" + l.T("not applied: %s", j.Quarantined) + "]"
	}
	return line
}

// oneLine keeps what names of agents and teams hold from breaking lines.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (e *Engine) journalPDF(ctx context.Context, w io.Writer, q journalQuery) error {
	_, org, err := e.ready()
	if err != nil {
		return err
	}
	page := JournalPage{Org: org.Name, ID: q.scope, On: e.Now()}
	if q.scope != "" {
		st, keys, org, err := e.load(vault.BeneficiaryID(q.scope))
		if err != nil {
			return err
		}
		if readsVault(keys, st, org) {
			page.Name = st.Person.DisplayName()
		}
	}
	err = e.journal(ctx, q, func(r *vault.Record, j api.JournalEntry) error {
		what := j.Text
		if j.Quarantined != "" {
			what += " [" + q.lang.T("not applied: %s", j.Quarantined) + "]"
		}
		page.Rows = append(page.Rows, JournalRow{At: r.At.Time().In(e.Now().Location()), Who: j.Agent, What: what})
		return nil
	})
	if err != nil {
		return err
	}
	return e.Paper.Journal(w, q.lang, page)
}

func (e *Engine) journalCSV(ctx context.Context, w io.Writer, q journalQuery) error {
	return e.sheet(w, q.lang, journalColumns, func(row func(...string) error) error {
		return e.journal(ctx, q, func(r *vault.Record, j api.JournalEntry) error { return row(e.journalCells(r, &j)...) })
	})
}

var journalColumns = []string{"at", "agent", "text", "event_type", "beneficiary", "document", "consent", "device", "event", "writer", "seq", "quarantined"}

func (e *Engine) journalCells(r *vault.Record, j *api.JournalEntry) []string {
	return []string{r.At.Time().In(e.Now().Location()).Format(time.RFC3339), j.Agent, j.Text, j.EventType, j.Beneficiary, j.Document,
		j.Consent, j.Device, j.Event, j.Writer, strconv.FormatUint(j.Seq, 10), j.Quarantined}
}

// sheet writes a table that spreadsheets open by a double click: UTF-8 with a byte order mark, separated as they expect
// in the language. Cells that they would compute are marked as text.
func (e *Engine) sheet(w io.Writer, l lang.Lang, head []string, rows func(row func(...string) error) error) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if l == lang.French {
		c.Comma = ';'
	}
	if err := c.Write(head); err != nil {
		return err
	}
	err := rows(func(cells ...string) error {
		for i, s := range cells {
			if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
				cells[i] = "'" + s
			}
		}
		return c.Write(cells)
	})
	if err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}
