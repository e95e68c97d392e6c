package engine

import (
	"context"
	"io"
	"time"

	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// Buckets of the store. Sealed buckets cannot be read while locked; keys are opaque ids everywhere.
const (
	bucketMeta     = "meta"     // name → value
	bucketEvents   = "events"   // sealed: scope/writer/seq/index → vault.Record
	bucketEntries  = "entries"  // sealed: scope/commitment → exact note entry line
	bucketVaults   = "vaults"   // sealed: beneficiary → vault.State
	bucketPeople   = "people"   // sealed: beneficiary → keptSummary
	bucketIndex    = "index"    // sealed: blind index value → beneficiaries
	bucketDigests  = "digests"  // sealed: keyed digest or source id → document, document → its current digest
	bucketDocs     = "docs"     // sealed: document → beneficiary
	bucketBatches  = "batches"  // sealed: batch/beneficiary/id of a document, vault or consent → batchEntry
	bucketFiles    = "files"    // sealed: keyed digest of a path → fileRecord; lost without harm
	bucketNotes    = "notes"    // sealed: path of an organization note → vault.NoteBody
	bucketParcels  = "parcels"  // path → parcel, an age file
	bucketSegments = "segments" // writer/seq → segmentInfo
	bucketQueue    = "queue"    // order → queueItem
	bucketDoomed   = "doomed"   // path → doomed
	bucketHeld     = "held"     // path → heldObject: pushed and read back
)

// Bucket names a bucket and says whether its values are sealed.
type Bucket struct {
	Name   string
	Sealed bool
}

// Buckets lists those that the engine needs.
func Buckets() []Bucket {
	return []Bucket{
		{bucketMeta, false}, {bucketEvents, true}, {bucketEntries, true}, {bucketVaults, true}, {bucketPeople, true}, {bucketIndex, true},
		{bucketDigests, true}, {bucketDocs, true}, {bucketBatches, true}, {bucketFiles, true}, {bucketNotes, true}, {bucketParcels, false},
		{bucketSegments, false}, {bucketQueue, false}, {bucketDoomed, false}, {bucketHeld, false},
	}
}

// Op is one write: a nil Value deletes.
type Op struct {
	Bucket, Key string
	Value       []byte
}

// Store is an ordered key/value store without transactions to hold open. Write is atomic and durable when it returns.
// Reading or writing a sealed bucket while locked is CodeLocked.
type Store interface {
	Get(bucket, key string) ([]byte, error) // nil, nil where absent
	Scan(bucket, prefix string, fn func(key string, value []byte) error) error
	Write(ops []Op) error
	Unlock(key []byte) error
	Lock()
	Close() error
}

// Log is the write-ahead log. Append is durable when it returns.
type Log interface {
	Append(records [][]byte) (first, last uint64, err error)
	Replay(from uint64, fn func(seq uint64, record []byte) error) error
	Rotate() error          // starts a new file, so that Trim can drop what was written so far
	Trim(upto uint64) error // drops records up to and including upto where whole files allow
	Unlock(key []byte) error
	Lock()
	Close() error
}

// SpoolFile is a sealed file being written.
type SpoolFile interface {
	io.Writer
	Size() int64
	Sum() vault.ObjectHash // after the last Write
	Discard() error
}

// Staged is a written file with the object path that it gets.
type Staged struct {
	File SpoolFile
	Name string
}

// Spool keeps sealed files on this disk: those to be pushed, own segments, and an evictable cache.
type Spool interface {
	Create() (SpoolFile, error)        // to be pushed
	CreateSegment() (SpoolFile, error) // to be pushed, and kept
	Stage(files []Staged) error        // all durable under their names when it returns
	Open(name string) (io.ReadCloser, error)
	Has(name string) bool
	Fresh(name string) bool // staged by this process
	ToCache(name string) error
	Remove(names ...string) error // durable when it returns; a name that is not there is no error
	Withdraw(name string) error   // Remove for a segment: one that was never sent and never will be
	Names(prefix string) ([]string, error)
}

// Sealer is age. Wrong keys are CodeNoIdentity, altered files CodeIntegrity.
type Sealer interface {
	Seal(dst io.Writer, recipients []string) (io.WriteCloser, error)
	SealPassphrase(dst io.Writer, passphrase string) (io.WriteCloser, error)
	Open(src io.Reader, identities []string) (io.Reader, error)
	Stanzas(src io.Reader) (n int, types []string, err error)
	NewIdentity() (identity, recipient string, err error)
	IdentityFromSeed(seed []byte) (identity, recipient string, err error)
	SeedOf(identity string) ([]byte, error)
	RecipientOf(identity string) (string, error)
	ParseIdentityFile(r io.Reader) ([]string, error)
	// ValidateRecipient returns the kind of a recipient, "hybrid" or "x25519". Anything else is CodeInvalid, with the reason.
	ValidateRecipient(recipient string) (kind string, err error)
	Forget()
}

// ObjectInfo is an object as a remote lists it.
type ObjectInfo struct {
	Path string
	Size int64
}

// Upload is an object to be put.
type Upload struct {
	Path string
	Size int64
	Hash vault.ObjectHash
	Open func() (io.ReadCloser, error)
}

// Remote is one remote. Objects are immutable: Put of other bytes to an existing path is CodeIntegrity.
type Remote interface {
	Put(ctx context.Context, o Upload) error
	Get(ctx context.Context, path string) (io.ReadCloser, error)
	Stat(ctx context.Context, path string) (ObjectInfo, error)
	List(ctx context.Context, prefix string, fn func(ObjectInfo) error) error
	Folders(ctx context.Context, prefix string) ([]string, error)     // their names, one level
	Delete(ctx context.Context, path string) (kept string, err error) // kept: none, versions, trash, unknown
	Test(ctx context.Context) (features map[string]string, err error)
	Links(ctx context.Context) (bool, error)                                              // whether it makes public links
	Link(ctx context.Context, path string, expires time.Duration) (url string, err error) // under which everybody reads the object
}

// Remotes opens remotes by rclone's syntax, with configuration that is held in memory and saved through SetConfig's save.
type Remotes interface {
	Open(ctx context.Context, spec string) (Remote, error)
	Create(ctx context.Context, spec string) (Remote, error) // makes the folder or bucket where it is missing
	Redact(spec string) string
	SetConfig(conf []byte, save func([]byte) error) error
	Import(confFile, spec string) (conf []byte, err error) // the merged configuration
}

// Protector keeps the device's secret at rest.
type Protector interface {
	Seal(ctx context.Context, home, method, passphrase, keyFile string, secret []byte) error
	Open(ctx context.Context, home, passphrase string) ([]byte, error)
	Replace(ctx context.Context, home, passphrase string, secret []byte) error // by the same method
	NeedsPerson(home string) (bool, error)
	Method(home string) (string, error) // CodeNotFound where there is no secret
}

// Shares is k-of-n sharing of a 32-byte seed.
type Shares interface {
	New() (seed []byte, err error)
	Split(seed []byte, need, of int, language string) ([]string, error)
	Combine(shares []string) (seed []byte, err error)
}

// Words turns 32 bytes into words and back.
type Words interface {
	Encode(seed []byte, language string) ([]string, error)
	DecodeSecret(text string) (seed []byte, err error) // words, or AGE-SECRET-KEY-PQ-1…
	LanguageFor(tag string) string                     // the language itself, or one that most people here read
	CheckLanguage(tag string) error                    // CodeInvalid for what is no language
	Phrase(sum []byte) []string                        // six words, the same for everybody
	Passphrase() string                                // seven random words in one, of letters that every keyboard has: 77 bits
	SamePhrase(typed string, words []string) bool      // whatever the case and the accents
}

// Paper makes printable pages as PDF.
type Paper interface {
	Card(w io.Writer, l lang.Lang, p CardPage) error
	Recovery(w io.Writer, l lang.Lang, p RecoveryPages) error
	Notice(w io.Writer, l lang.Lang, p NoticeText) error
	Journal(w io.Writer, l lang.Lang, p JournalPage) error
	Proof(w io.Writer, l lang.Lang, p ProofPage) error
	Pack(w io.Writer, l lang.Lang, p PackPage) error
	Stamp(w io.Writer, l lang.Lang, text string, made time.Time) error // one page, to be put over others
	Picture(w io.Writer, content []byte, made time.Time) error         // on one page
	NoticeText(l lang.Lang, p NoticeText) (text, version string, err error)
}

// Pages takes pages out of PDFs, in a process of its own for each. Split gives the same bytes for the same PDF and list, and
// says how many pages they have; it reads all of src first, and uses it no more once it has returned an error or the piece
// was closed.
type Pages interface {
	Split(ctx context.Context, src io.Reader, pages string) (piece io.ReadCloser, count int, err error)
	Count(ctx context.Context, src io.Reader) (int, error)
	// Join puts PDFs together, with the stamp over each page; bad is the part that does not do, -1 for none.
	Join(ctx context.Context, stamp []byte, parts [][]byte) (joined io.ReadCloser, bad int, err error)
}

// Plots draws counts as SVG.
type Plots interface {
	Bars(w io.Writer, l lang.Lang, p Plot) error
}

// Plot is what a picture of counts shows.
type Plot struct {
	Title string
	Bars  []Bar
}

// Bar is one count of a Plot; nil is not told.
type Bar struct {
	Label string
	Count *int
}

// CardPage is what a card shows.
type CardPage struct {
	Org, Name, ID string
	N             int
	Words         []string
	WordLanguage  string
	Identity      string
	Locator       string
	Remote        string
	On            vault.Date
}

// RecoveryPages are the root words and the recovery shares.
type RecoveryPages struct {
	Org, OrgID, Fingerprint string
	RootWords               []string
	Shares                  []string // or the identity alone when Need is 1
	Need                    int
	Remote                  string // redacted
	On                      vault.Date
}

// NoticeText is what the notice is filled in with.
type NoticeText struct {
	Org      string
	Holders  string // who keeps recovery
	Need, Of int    // recovery shares; 0 where there is no recovery key
}

// JournalPage is a journal in plain sentences.
type JournalPage struct {
	Org, Name, ID string
	Rows          []JournalRow
	On            time.Time
}

// JournalRow is one line of a printed journal.
type JournalRow struct {
	At   time.Time
	Who  string
	What string
}

// DocumentType is what the engine asks of the catalogue.
type DocumentType struct {
	Code   string
	Name   string
	Health bool
}

// Types is the catalogue of document types.
type Types interface {
	Find(nameOrAlias, language string) (DocumentType, error) // CodeInvalid with a suggestion
	DefaultExpiry(code string, issuedOn vault.Date, born vault.BirthDate) vault.Date
}

// Settings are the configuration values that the engine follows. They are read at each use.
type Settings interface {
	IdleLock() time.Duration
	SoonDays() int
	HealthData(remote string) bool // the remote is declared fit for health data
	SyncInterval() time.Duration
	SilentAfter() time.Duration // how long nothing may be heard of another workstation; 0 is for ever
	Jurisdiction() string
	Custodian(remote string) bool          // this device deletes there what others tombstoned
	Retention(remote string) time.Duration // how long the storage keeps what was deleted; 0 where nobody said
}
