package engine

import (
	"bytes"
	"fmt"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// notice renders the notice, as text and on request as pages.
func (e *Engine) notice(l lang.Lang, n NoticeText, pdf bool) (api.Notice, error) {
	text, version, err := e.Paper.NoticeText(l, n)
	if err != nil {
		return api.Notice{}, fmt.Errorf("notice: %w", err)
	}
	out := api.Notice{Head: api.H("notice"), Language: l.String(), Version: version, Hash: string(vault.HashOf([]byte(text))), Text: text}
	if pdf {
		var pages bytes.Buffer
		if err := e.Paper.Notice(&pages, l, n); err != nil {
			return api.Notice{}, fmt.Errorf("notice pages: %w", err)
		}
		out.PDF = pages.Bytes()
	}
	return out, nil
}
