package engine

import (
	"encoding/json"
	"fmt"
	"strconv"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// A manifest that is run again names files that its import let go once they were verified. The rows are remembered then,
// each as a whole: another row may mean another file of the same name, which is missed and not there.

// goneKey is where a row is remembered whose file went.
func (c *checking) goneKey(keys *keyring, v vault.BeneficiaryID, row *api.ImportRow) (string, error) {
	said, err := json.Marshal(row.Fields)
	if err != nil {
		return "", fmt.Errorf("encode row: %w", err)
	}
	return mac(keys.refsKey, "gone", c.req.Manifest, row.Named, row.Split, string(v), strconv.FormatBool(row.Private), string(said)), nil
}

// leaves notes that the file of a row is about to go.
func (c *checking) leaves(row *api.ImportRow, v vault.BeneficiaryID, d *vault.Document) error {
	if c.req.Manifest == "" {
		return nil
	}
	version, err := c.e.Store.Get(bucketDigests, "current/"+string(d.ID))
	if err != nil {
		return err
	}
	key, err := c.goneKey(c.keys, v, row)
	if err != nil {
		return err
	}
	c.leaving = append(c.leaving, jsonOp(bucketFiles, key, fileRecord{Vault: v, Document: d.ID, Version: string(version)}))
	return nil
}

// rememberLeaving makes durable what leaves noted, before anybody is told that the files may go.
func (c *checking) rememberLeaving() error {
	if len(c.leaving) == 0 {
		return nil
	}
	return c.e.remember(c.ctx, c.leaving)
}

// goneFile is knownFile for a row whose file is not there any more.
func (c *checking) goneFile(keys *keyring, st *vault.State, row *api.ImportRow) (*vault.Document, error) {
	key, err := c.goneKey(keys, st.ID, row)
	if err != nil {
		return nil, err
	}
	var was fileRecord
	if err := getJSON(c.e.Store, bucketFiles, key, &was); err != nil || was.Document == "" {
		return nil, err
	}
	return c.e.stillThere(st, &was)
}
