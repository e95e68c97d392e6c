// Package quiet keeps rclone from touching the user's home while its packages initialise.
//
// rclone's configuration package creates the folder of rclone.conf when it is initialised, unless it believes that the
// user named another file. This package says so for the length of the initialisation. It has no dependency but os, so
// the runtime initialises it before anything that needs the network, rclone included; a test of internal/remote
// watches that this stays true.
package quiet

import "os"

const variable = "RCLONE_CONFIG"

var added = prepare()

func prepare() bool {
	if _, set := os.LookupEnv(variable); set {
		return false
	}
	return os.Setenv(variable, os.DevNull) == nil
}

// Done removes the marker again, so that RCLONE_CONFIG means what the user said it means. It is called once, when
// rclone is initialised.
func Done() {
	if added {
		_ = os.Unsetenv(variable)
		added = false
	}
}
