package lang

// frErrors is what error messages say: each English side is the format of a vault.Errorf call or the Msg of a
// vault.Error, letter for letter. Order matters only where one row's format could make another's message: put the
// precise row first.
var frErrors = [...]row{}
