//go:build unix

package engine_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
	"vaultctl/internal/workstation"
)

// The crash tests run a scene in a process of its own, which SIGKILLs itself at a step or is killed at a random moment.
// It says on standard output what was acknowledged to it; the test then opens the home again and holds the engine to that.

// scenes are what the child process does, by name; each ends when everything is done and pushed.
var scenes = map[string]func(c *crashing){"deposit": (*crashing).deposits, "withdraw": (*crashing).withdraws, "erase": (*crashing).erases,
	"import": (*crashing).imports, "clean": (*crashing).cleans}

// plan tells the child what to do. It travels in the environment.
type plan struct {
	Home, Scene string
	Vault       string // whom the scene is about
	Kept        string // a document in it
	Step        string // to die at; "" is never
	Nth         int64  // time that the step is taken
}

const planVariable = "CRASH_PLAN"

// said is one thing that was acknowledged, as the child tells it.
type said struct {
	What string // document, removing, removed, withdrawn, erased, synced, step
	ID   string
	Text string
}

// crashing is the child.
type crashing struct {
	*engine.Engine
	plan
	tb testing.TB
}

// TestCrashChild is not a test of its own: it is what the child process runs.
func TestCrashChild(t *testing.T) {
	raw := os.Getenv(planVariable)
	if raw == "" {
		t.Skip("runs as the child process of the crash tests")
	}
	c := &crashing{tb: t}
	if err := json.Unmarshal([]byte(raw), &c.plan); err != nil {
		t.Fatal(err)
	}
	var err error
	c.Engine, err = workstation.New(workstation.Options{Home: c.Home, Version: "test", Sealer: agecrypt.NewWithWorkFactor(10),
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var armed atomic.Bool
	var taken atomic.Int64
	seen := map[string]*atomic.Bool{}
	for _, s := range engine.Steps() {
		seen[s] = &atomic.Bool{}
	}
	c.Engine.Step = func(name string) {
		if armed.Load() && seen[name].CompareAndSwap(false, true) {
			c.say("step", name, "")
		}
		if armed.Load() && name == c.plan.Step && taken.Add(1) == c.Nth { //nolint:staticcheck // the engine has a Step too
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}
	if err := c.Start(ctxb); err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	scenes[c.Scene](c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// say tells the parent in one write, so that a line is whole or absent.
func (c *crashing) say(what, id, text string) {
	line, err := json.Marshal(said{what, id, text})
	if err == nil {
		_, err = os.Stdout.Write(append(line, '\n'))
	}
	if err != nil {
		c.tb.Error(err)
	}
}

func (c *crashing) add(text string, private bool) string {
	typ, title := "cv", "titre"
	d, err := c.DocumentAdd(ctxb, api.DocumentAddRequest{Beneficiary: c.Vault, Private: private, Size: -1, FileName: "scan.pdf",
		Fields: api.DocumentFields{Type: &typ, Title: &title}}, strings.NewReader(text))
	if err != nil {
		c.tb.Fatal(err)
	}
	c.say("document", d.ID, text)
	return d.ID
}

func (c *crashing) sync() {
	if _, err := c.Sync(ctxb, api.SyncRequest{Wait: "60s"}, nil); err != nil {
		c.tb.Fatal(err)
	}
	c.say("synced", "", "")
}

func (c *crashing) deposits() {
	for i := range 3 {
		c.add(fmt.Sprintf("first of round %d", i), false)
		id := c.add(fmt.Sprintf("bad scan of round %d", i), false)
		text := strings.Repeat(fmt.Sprintf("better scan of round %d\n", i), 20_000)
		c.say("replacing", id, text)
		if _, err := c.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: id, Size: -1}, strings.NewReader(text)); err != nil {
			c.tb.Fatal(err)
		}
		c.say("document", id, text)
		c.sync()
	}
}

// imports takes in documents, and takes one batch of two back.
func (c *crashing) imports() {
	for i := range 2 {
		batch := vault.NewBatchID()
		texts := map[int64]string{}
		var parts []part
		for n := range int64(4) {
			s := scanOf("PEP:2", "cv", fmt.Sprintf("row %d of import %d of %d", n, i, time.Now().UnixNano()))
			s.Row, texts[n+1] = n+1, s.content
			parts = append(parts, jsonPart(c.tb, api.PartRow, s.ImportRow), part{api.PartContent, strings.NewReader(s.content)})
		}
		_, err := c.ImportDeposit(ctxb, api.ImportRequest{Batch: string(batch)}, partsOf(parts...), func(r api.RowResult) error {
			c.say("document", r.Document, texts[r.Row])
			return nil
		})
		if err != nil {
			c.tb.Fatal(err)
		}
		if i == 1 {
			c.undo(batch)
		}
		c.sync()
	}
}

func (c *crashing) undo(batch vault.BatchID) {
	req := api.BatchRequest{Batch: string(batch)}
	if err := c.BatchShow(ctxb, req, func(it api.BatchItem) error { c.say("removing", it.ID, ""); return nil }); err != nil {
		c.tb.Fatal(err)
	}
	_, err := c.BatchUndo(ctxb, api.BatchUndoRequest{Batch: string(batch)}, func(it api.BatchItem) error { c.say("removed", it.ID, ""); return nil }, nil)
	if err != nil {
		c.tb.Fatal(err)
	}
}

// cleans removes documents and has the storage cleaned of what is left.
func (c *crashing) cleans() {
	for i := range 3 {
		kept, gone := c.add(fmt.Sprintf("stays %d", i), false), c.add(fmt.Sprintf("goes %d", i), false)
		if i > 0 {
			c.sync() // the last one goes before it was sent
		}
		c.say("removing", gone, "")
		if _, err := c.DocumentRemove(ctxb, api.DocumentRequest{Document: gone}); err != nil {
			c.tb.Fatal(err)
		}
		c.say("removed", gone, "")
		err := c.RemoteClean(ctxb, api.RemoteCleanRequest{}, func(r api.Cleaned) error { c.say("cleaned", kept, fmt.Sprint(r.Missing)); return nil })
		if err != nil {
			c.tb.Fatal(err)
		}
		c.sync()
	}
}

func (c *crashing) withdraws() {
	c.add("just before the withdrawal", false)
	rec, err := c.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: c.Vault, To: "team:Accueil"}, nil)
	if err != nil {
		c.tb.Fatal(err)
	}
	c.say("withdrawn", "", fmt.Sprint(rec.Complete))
	c.add("after the withdrawal", false)
	c.sync()
	// The last consent: this device forgets what it knew.
	if _, err := c.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: c.Vault}, nil); err != nil {
		c.tb.Fatal(err)
	}
	c.say("closed", "", "")
	c.sync()
}

func (c *crashing) erases() {
	c.add("just before the erasure", false)
	rec, err := c.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: c.Vault, Confirm: c.Vault}, nil)
	if err != nil {
		c.tb.Fatal(err)
	}
	c.say("erased", "", fmt.Sprint(rec.Complete))
	c.sync()
}
