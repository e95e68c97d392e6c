package engine

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"vaultctl/internal/vault"
)

// object checks size, and with deep the bytes.
func (v *verification) object(ctx context.Context, x *expected, size int64) error {
	switch {
	case size >= 0 && size < x.Size:
		v.res.Altered++
		v.find(foundTruncated, x.Path)
		return nil
	case size > x.Size:
		v.res.Altered++
		v.find(foundAltered, x.Path)
		return nil
	case !v.deep:
		return nil
	}
	rc, err := v.m.remote.Get(ctx, x.Path)
	if err != nil {
		return v.unreadable(x.Path, err)
	}
	defer rc.Close()
	sealed := checkObject(rc, x.Hash)
	if ids := v.keys.identitiesFor(x.Readers); len(ids) > 0 {
		var plain io.Reader
		if plain, err = v.e.Sealer.Open(sealed, ids); err == nil {
			err = x.holds(plain)
		}
	}
	if err == nil {
		_, err = io.Copy(io.Discard, sealed)
	}
	if err != nil {
		return v.unreadable(x.Path, err)
	}
	return nil
}

// holds checks that a plaintext is what was told of it: whoever reads a vault may seal other bytes in the place of an object.
func (x *expected) holds(plain io.Reader) error {
	if len(x.entries) == 0 {
		_, err := io.Copy(io.Discard, checkDigest(plain, nil, x.digest))
		return err
	}
	lines, err := parseNote(plain)
	if err == nil && slices.ContainsFunc(x.entries, func(h vault.Hash) bool { return lines[h] == nil }) {
		err = vault.Errorf(vault.CodeIntegrity, "a note does not hold an entry that it declares")
	}
	return err
}

// unreadable turns an error of reading an object into a finding, or passes it on if the remote is to blame for it all.
func (v *verification) unreadable(path string, err error) error {
	switch vault.CodeOf(err) {
	case vault.CodeUnreachable, vault.CodeInterrupted:
		return err
	case vault.CodeNotFound:
		v.res.Missing++
		v.find(foundMissing, path)
	default:
		v.res.Altered++
		v.find(foundAltered, path)
	}
	return nil
}

// parseSegmentKey undoes segmentKey.
func parseSegmentKey(key string) (vault.WriterID, uint64, error) {
	w, hex, _ := strings.Cut(key, "/")
	seq, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return "", 0, vault.Errorf(vault.CodeIntegrity, "read index: malformed segment key")
	}
	return vault.WriterID(w), seq, nil
}

// segmentOf returns whose segment a path names, and which.
func segmentOf(path string) (vault.WriterID, uint64, bool) {
	w := vault.PathWriter(path)
	name, ok := strings.CutSuffix(path[strings.LastIndexByte(path, '/')+1:], ".seg")
	seq, err := strconv.ParseUint(name, 10, 64)
	return w, seq, ok && err == nil && vault.SegmentPath(w, seq) == path
}
