package lang

// frCLI is what commands say, in French.
var frCLI = [...]row{}

// frCLIPlurals is what commands say with a count.
var frCLIPlurals = [...]plural{}
