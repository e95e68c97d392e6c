package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// checkedReader passes bytes through and refuses the end of file unless their hash is the wanted one. An empty want is
// not checked.
type checkedReader struct {
	r    io.Reader
	c    io.Closer
	sum  hash.Hash
	want string // in hexadecimal
	n    int64
}

// checkObject reads the stored bytes of an object.
func checkObject(r io.ReadCloser, want vault.ObjectHash) *checkedReader {
	return &checkedReader{r: r, c: r, sum: objecthash.New(), want: string(want)}
}

// checkDigest reads the plaintext of a document; closing it closes c.
func checkDigest(r io.Reader, c io.Closer, want vault.Hash) *checkedReader {
	return &checkedReader{r: r, c: c, sum: newSum(), want: string(want)}
}

func newSum() hash.Hash { return sha256.New() }

func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	c.n += int64(n)
	if err == io.EOF && c.want != "" && hex.EncodeToString(c.sum.Sum(nil)) != c.want {
		return n, vault.Errorf(vault.CodeIntegrity, "the bytes are not those that were deposited")
	}
	return n, err
}

func (c *checkedReader) Close() error { return c.c.Close() }

func sumOf(h hash.Hash) vault.Hash { return vault.Hash(hex.EncodeToString(h.Sum(nil))) }

func queuedPath(raw []byte) string {
	var it queueItem
	if json.Unmarshal(raw, &it) != nil {
		return ""
	}
	return it.Path
}

func jsonBytes(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("marshal: %w", err)
	}
	return raw, nil
}
