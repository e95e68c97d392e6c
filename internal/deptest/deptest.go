// Package deptest holds the directions in which packages of this module may depend on one another, as tests. The
// same rules stand in .golangci.yml where an editor shows them; here they are complete.
package deptest
