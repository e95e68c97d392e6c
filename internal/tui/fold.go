package tui

import "vaultctl/internal/spelling"

// fold makes text fit for searching: lower case, without accents, words with one space between them.
func fold(text string) string { return spelling.Fold(text) }
