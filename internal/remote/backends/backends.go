// Package backends links every storage backend that rclone has. Only the daemon imports it: tests link the two or three
// backends that they use.
package backends

import _ "github.com/rclone/rclone/backend/all" // registers the backends
