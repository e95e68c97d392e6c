package importer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash/maphash"
	"io"
	"strings"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/manifest"
	"vaultctl/internal/vault"
)

// hashers is how many files are read at once where only their digests are wanted.
const hashers = 2

// foretell ends rows whose content decides in a dry run: the daemon is asked again with the digests, which makes its
// answer exact but for what earlier rows of the same run would have done.
func (p *pass) foretell(wanted []*item) error {
	var known []*item
	for i, err := range digests(p.work, wanted) {
		it := wanted[i]
		if err == nil {
			known = append(known, it)
			continue
		}
		if err := p.finish(it, refusal(it.row, err)); err != nil {
			return err
		}
	}
	if len(known) == 0 {
		return p.work.Err()
	}
	results, err := p.r.checked(p.work, known, true, false)
	if err != nil {
		return err
	}
	for i, res := range results {
		if err := p.finish(known[i], p.r.forecast.judge(known[i], res)); err != nil {
			return err
		}
	}
	return nil
}

// digests fills in the digests of rows and returns what went wrong with each.
func digests(ctx context.Context, items []*item) []error {
	errs := make([]error, len(items))
	next := make(chan int)
	var wg sync.WaitGroup
	for range hashers {
		wg.Go(func() {
			for i := range next {
				errs[i] = digest(ctx, items[i])
			}
		})
	}
	for i := range items {
		next <- i
	}
	close(next)
	wg.Wait()
	return errs
}

// digest reads the file of a row. Of pages that are to be taken out of a file the digest is not known before they are.
func digest(ctx context.Context, it *item) error {
	d := it.row.Document
	if d.Split != "" {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	content, err := d.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	if changed(it.mark, content.Mark) {
		return errWaiting
	}
	h := sha256.New()
	if _, err := io.CopyBuffer(h, onlyReader{content}, make([]byte, 128<<10)); err != nil {
		return err
	}
	d.Digest = hex.EncodeToString(h.Sum(nil))
	return nil
}

// onlyReader hides WriteTo, which would copy in pieces of its own size.
type onlyReader struct{ io.Reader }

// forecast is what earlier rows of a dry run would have changed, as hashes: 16 bytes for a row at most.
type forecast struct {
	mu      sync.Mutex // guards what follows
	seed    maphash.Seed
	opened  map[uint64]opened   // references of people who would be there, or would have consented
	bytes   map[uint64]struct{} // of documents that would be there, by person
	sources map[uint64]struct{} // source ids of documents that would be there, by person
}

// opened is what a dry run would have done for a person.
type opened struct {
	vault    bool // it would have opened a vault for them
	declined bool // and they decline recovery
}

func (f *forecast) key(words ...string) uint64 {
	if f.opened == nil {
		f.seed = maphash.MakeSeed()
		f.opened, f.bytes, f.sources = map[uint64]opened{}, map[uint64]struct{}{}, map[uint64]struct{}{}
	}
	return maphash.String(f.seed, strings.Join(words, "\x00"))
}

// note takes in what would become of a person, and corrects it where an earlier row would have come first.
func (f *forecast) note(kind manifest.Kind, row *manifest.Row, res *api.RowResult) {
	res.DryRun = true
	if kind != manifest.People || row.Person == nil || row.Person.Person.Refs == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	refs := *row.Person.Person.Refs
	if res.Status == api.RowDeposited && len(refs) > 0 && f.opened[f.key(refName(refs[0]))].vault {
		res.Status = api.RowExists
	}
	now := opened{vault: res.Status == api.RowDeposited, declined: row.Person.NoRecovery}
	if !now.vault && (res.Status != api.RowUpdated || row.Person.Consent == nil) {
		return
	}
	for _, ref := range refs {
		f.opened[f.key(refName(ref))] = now
	}
}

// refName writes a reference as the daemon compares it.
func refName(ref string) string {
	system, id, _ := strings.Cut(strings.TrimPrefix(ref, "ref:"), ":")
	return strings.ToUpper(strings.TrimSpace(system)) + ":" + strings.TrimSpace(id)
}

// rescues reports whether a row is refused only since the person's vault is not there yet, or open to nobody yet, and
// would be by then.
func (f *forecast) rescues(it *item, res *api.RowResult) bool {
	code := vault.Code(res.Code)
	if !res.DryRun || res.Status != api.RowRejected || code != vault.CodeNotFound && code != vault.CodeNoConsent {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b := it.row.Document.Beneficiary
	if !strings.HasPrefix(b, "ref:") {
		return false
	}
	_, ok := f.opened[f.key(refName(b))]
	return ok
}

// declines reports whether a person whose vault the run would open declines recovery.
func (f *forecast) declines(b string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened[f.key(refName(b))].declined
}

// judge says what would become of a row of which the daemon has been told the digest.
func (f *forecast) judge(it *item, res api.RowResult) api.RowResult {
	if it.new && res.Status == api.RowWanted && f.declines(it.row.Document.Beneficiary) {
		return result(it.row, api.RowRejected, api.WithHint(vault.Errorf(vault.CodePolicy,
			"the person declined recovery and has no card: their documents would be lost with the last consent"),
			"issue a card first: `vaultctl card issue`"))
	}
	if res.Status != api.RowDeposited && res.Status != api.RowWanted && res.Status != api.RowUpdated {
		return res
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	d := it.row.Document
	who := res.Beneficiary
	if who == "" {
		who = refName(d.Beneficiary)
	}
	same := f.key(who, d.Digest)
	if d.Split != "" {
		same = f.key(who, d.Path, d.Split)
	}
	_, there := f.bytes[same]
	f.bytes[same] = struct{}{}
	newer := false
	if d.Fields.SourceID != nil {
		source := f.key(who, "source", *d.Fields.SourceID)
		_, newer = f.sources[source]
		f.sources[source] = struct{}{}
	}
	switch {
	case there:
		res.Status = api.RowExists
	case newer:
		res.Status = api.RowUpdated
	case res.Status == api.RowWanted:
		res.Status = api.RowDeposited
	}
	return res
}
