// Package engine holds the use cases: founding an organization, opening and closing vaults, consent and its withdrawal,
// deposits, sealing, pushing and pulling, verification and recovery.
//
// Every change goes through one group commit: build events against the current state, append them to the write-ahead
// log, fsync, update the index, answer. Whatever was answered is durable on this machine. Segments, notes and objects
// reach the remotes afterwards, in an order in which nobody ever sees a reference to an object that is not there.
//
// The engine consumes a Store, a Log, a Spool, a Sealer and Remotes through the small interfaces of ports.go; package
// daemon supplies them. An Engine is safe for concurrent use.
package engine

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"vaultctl/internal/vault"
)

// Options are what an Engine works with. All fields but Now, Logger and Step are required.
type Options struct {
	Home     string
	Version  string
	Store    Store
	Log      Log
	Spool    Spool
	Sealer   Sealer
	Remotes  Remotes
	Protect  Protector
	Shares   Shares
	Words    Words
	Paper    Paper
	Pages    Pages
	Plots    Plots
	Types    Types
	Settings Settings
	Sniff    func(head []byte) (mediaType string)
	Now      func() time.Time
	Logger   *slog.Logger
	Rebuild  bool // the index is new: build it from log and journal at unlock

	Procedures Procedures
	Packages   Packages

	// Step is called at each of the steps, see StepSpooled, from the goroutine that takes them, so that tests can stop the process there.
	// It is nil in production.
	Step func(name string)
}

// Engine is the state of one workstation.
type Engine struct {
	Options
	log *slog.Logger

	commits chan *change  // to the committer, which alone writes to store, log and state
	wake    chan struct{} // to the pusher: there may be work
	resume  chan struct{} // to the tender: the vaults were unlocked
	done    chan struct{} // closed when the committer has ended
	stop    context.CancelFunc
	// background ends with Close; work that outlives a request runs under it.
	background context.Context
	wg         sync.WaitGroup

	// mu guards what follows. Lock order: mu, then nothing. The committer holds it only to swap values in, so readers
	// take what they need and let go.
	mu     sync.RWMutex
	org    *vault.Org // replaced, never changed
	keys   *keyring   // nil while locked
	ident  identityFile
	people map[vault.BeneficiaryID]*summary // nil while locked
	heads  vault.Past                       // other writers' next segments, replaced, never changed
	mounts []*mount                         // open remotes; they outlive locking
	last   time.Time                        // last use by a person, for the idle lock
	// manifested is the last event of each vault whose manifest was looked at.
	manifested map[vault.BeneficiaryID]vault.Pos
	met        map[string]time.Time // when something was first met that others may be at work on

	// writer is touched by the committer alone.
	writer writerState

	// pace is touched by the tender alone.
	pace pace

	notes noteCheck

	// burials belongs to whoever holds tending.
	burials map[vault.BeneficiaryID]burial

	staging stager
	sealing lockTable // one reseal of a vault at a time
	pulling sync.Mutex
	tending sync.Mutex // one round of background work at a time
	// enrolling says that the home has no history yet, so that an empty index is as it should be.
	enrolling atomic.Bool
	// manifests lets one refresh of manifests run at a time.
	manifests sync.Mutex
	clearing  sync.Mutex // one clearing up after erasures at a time; nothing else is locked while waiting for it
	reseals   progressBox
	report    reportBox
	// notesAtOnce is the constant of the same name; tests set it before there is anything to pull.
	notesAtOnce int
	// foldTogether is the constant of the same name; tests set it before Start.
	foldTogether int
}

// New returns an engine for a home. Start opens what is there.
func New(o Options) *Engine {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Engine{
		Options: o, log: o.Logger, commits: make(chan *change, 256), wake: make(chan struct{}, 1), resume: make(chan struct{}, 1), done: make(chan struct{}),
		last: o.Now(), manifested: map[vault.BeneficiaryID]vault.Pos{}, notesAtOnce: notesAtOnce, foldTogether: foldTogether,
	}
}

// Start loads what can be read without a secret, unlocks where no person is needed for it, and begins to push. The
// context ends the background work; Close waits for it.
func (e *Engine) Start(ctx context.Context) error {
	ctx, e.stop = context.WithCancel(ctx)
	e.background = ctx
	ident, err := e.loadIdentity()
	if err != nil {
		return err
	}
	e.ident = ident
	go e.commitLoop(ctx)
	e.wg.Add(2)
	go e.pushLoop(ctx)
	go e.tendLoop(ctx)
	if ident.Device == "" {
		return nil
	}
	if needs, err := e.Protect.NeedsPerson(e.Home); err != nil || needs {
		return err
	}
	if err := e.unlock(ctx, ""); err != nil {
		// The daemon still answers, as locked, so that status and unlock can say what is wrong.
		e.log.Error("unlock at start", "code", vault.CodeOf(err))
	}
	return nil
}

// Close seals what is acknowledged into segments, stops the background work and closes store and log.
func (e *Engine) Close() error {
	_ = e.flush(context.Background())
	if e.stop != nil {
		e.stop()
		e.wg.Wait()
		<-e.done
	}
	err := e.Log.Close()
	if cerr := e.Store.Close(); err == nil {
		err = cerr
	}
	return err
}

// Busy reports whether there is work that must not be left: acknowledged changes that are not on every remote. What a
// revoked device has queued is not on its way.
func (e *Engine) Busy() bool {
	if e.isRevoked() {
		return e.unsealed() > 0
	}
	q, err := e.queueSize("")
	return err != nil || q.Objects > 0 || e.unsealed() > 0
}

// ready returns the unlocked keys and the organization, and notes the use for the idle lock. Errors have CodeLocked, or
// CodeNotFound before init.
func (e *Engine) ready() (*keyring, *vault.Org, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.ident.Device == "":
		return nil, nil, vault.Errorf(vault.CodeNotFound, "there is no organization here yet")
	case e.keys == nil:
		return nil, nil, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	case e.ident.Asking:
		return nil, nil, errAsking()
	}
	e.last = e.Now()
	return e.keys, e.org, nil
}

// view is ready without counting as use by a person, for background work.
func (e *Engine) view() (*keyring, *vault.Org) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.keys, e.org
}

func (e *Engine) kick() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// today returns the day on this machine.
func (e *Engine) today() vault.Date { return vault.DateOf(e.Now()) }
