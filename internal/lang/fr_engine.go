package lang

// frEngine is what the daemon composes, in French.
var frEngine = [...]row{}

// frEnginePlurals is what the daemon composes with a count.
var frEnginePlurals = [...]plural{}
