package manifest

import "vaultctl/internal/vault"

func openXLSX(path string, o Options) (Source, error) {
	return nil, vault.Errorf(vault.CodeLater, "%s is not in this version", ".xlsx")
}
func openExportAs(path string, o Options) (Source, error) {
	return nil, vault.Errorf(vault.CodeLater, "%s is not in this version", ".zip")
}

// OpenExport opens the export of another organization: its person, and their documents.
func OpenExport(path string, o Options) (people, documents Source, err error) {
	return nil, nil, vault.Errorf(vault.CodeLater, "%s is not in this version", ".zip")
}
func errSealed() error { return vault.Errorf(vault.CodeUsage, "the export is sealed") }
