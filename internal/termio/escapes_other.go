//go:build !windows

package termio

import "os"

// enableEscapes has nothing to do here: these terminals always understand escape sequences.
func enableEscapes(*os.File) {}
