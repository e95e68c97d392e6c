// Package local makes the folder of this machine available as a remote, and nothing else. Tests link it instead of all
// backends.
package local

import _ "github.com/rclone/rclone/backend/local" // registers the backend
