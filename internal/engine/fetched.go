package engine

import (
	"bytes"
	"context"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// fetched is a segment as the source gave it, with all that can be said of it without the segments before it. It is made by
// those who fetch, side by side.
type fetched struct {
	raw    []byte
	hash   vault.ObjectHash // of raw
	header *vault.Header    // its signature holds, unless err says otherwise
	err    error            // of the header
	sealed []byte           // what follows the header
	whole  bool             // sealed is what the header says
	body   *vault.Body      // nil until it is decrypted
	broken bool             // there is no body to be had, whatever the key
}

// fetchSegment reads a segment. What is sealed to an epoch that is at hand, by a device that is enrolled, is decrypted at once.
func (p *puller) fetchSegment(ctx context.Context, w vault.WriterID, seq uint64) (*fetched, error) {
	raw, err := readSource(ctx, p.get, vault.SegmentPath(w, seq), maxSegmentFile)
	if err != nil {
		return nil, err
	}
	f := &fetched{raw: raw}
	if len(raw) > maxSegmentFile {
		return f, nil
	}
	f.hash = objecthash.Of(raw)
	f.header, f.sealed, f.err = splitSegment(raw)
	h := f.header
	f.whole = f.err == nil && int64(len(f.sealed)) == h.Size && vault.HashOf(f.sealed) == h.Body
	if !f.whole || h.Org != p.org.ID || h.Writer != w || h.Seq != seq || !p.enrolled(w) {
		return f, nil
	}
	if identity, ok := p.keys.epochs[h.Epoch]; ok {
		f.open(p.sealer, []string{identity})
	}
	return f, nil
}

// open decrypts the body with one of the keys. Where none of them fits there is no body yet.
func (f *fetched) open(s Sealer, identities []string) {
	plain, err := s.Open(bytes.NewReader(f.sealed), identities)
	if vault.CodeOf(err) == vault.CodeNoIdentity {
		return
	}
	if err == nil {
		f.body, err = vault.ParseBody(f.header, plain)
	}
	f.broken = err != nil
}

// verify checks a segment against its place and decrypts it if that has not been done. A code says what is wrong with it; no
// segment and no code mean that its epoch or its device is not known yet.
func (p *puller) verify(ctx context.Context, w vault.WriterID, seq uint64, f *fetched) (*pulledSegment, string, error) {
	if code := p.misplaced(w, seq, f); code != "" {
		return nil, code, nil
	}
	h := f.header
	if f.body == nil && !f.broken {
		ids, err := p.identities(ctx, h.Epoch)
		if err != nil || len(ids) == 0 {
			return nil, "", err
		}
		f.open(p.sealer, ids)
	}
	switch {
	case f.broken:
		return nil, foundAltered, nil
	case f.body == nil, !p.admitted(w, f.body):
		return nil, "", nil
	}
	past := p.last[w].Past.Clone()
	if past == nil {
		past = vault.Past{}
	}
	past.Merge(f.body.Context.Heads)
	delete(past, w)
	seg := &pulledSegment{writer: w, seq: seq, body: f.body, raw: f.raw, info: segmentInfo{Header: h.Hash(), Prev: h.Prev,
		Size: int64(len(f.raw)), Hash: f.hash, At: f.body.Context.At, Past: past}}
	return seg, "", p.fetchParcels(ctx, seg)
}

// misplaced returns the code of what is wrong with a segment at its place, as far as its header and its bytes tell, or "".
func (p *puller) misplaced(w vault.WriterID, seq uint64, f *fetched) string {
	if len(f.raw) > maxSegmentFile {
		return foundTooLarge
	}
	h := f.header
	switch {
	case vault.CodeOf(f.err) == vault.CodeUpgrade && h.Writer == w:
		return foundUnreadable
	case f.err != nil:
		return foundAltered
	case h.Org != p.org.ID:
		return foundForeign
	case h.Writer != w || h.Seq != seq:
		return foundAltered
	case seq > 0 && h.Prev != p.last[w].Header:
		return foundForked
	case int64(len(f.sealed)) < h.Size:
		return foundTruncated
	case !f.whole:
		return foundAltered
	}
	return ""
}
