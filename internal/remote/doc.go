// Package remote is the engine's view of any rclone backend that holds immutable objects, and the only package that
// knows rclone.
//
// A Remote stores an object once under a path, never overwrites it, and reports an upload as done only after the bytes
// were read back and their BLAKE3 compared. Calls are retried with jitter, limited in rate and number, bounded in time
// and cancellable; their errors are *vault.Error with a code that says what a person can do about it, and never contain
// credentials or object paths.
//
// # Local folders
//
// rclone's local backend neither fsyncs what it writes nor the folders it makes. For remotes that are a folder of this
// machine the package therefore uploads through rclone to a ".partial" name, fsyncs that file, lets rclone rename it and
// fsyncs the folders, so that an object under its final name is complete after a power cut. Other backends get rclone's
// own partial name and rename where they need it.
//
// # Global state of rclone
//
// rclone keeps its configuration storage, its logger and a signal handler in package variables. They are set once, when
// this package is initialised: the configuration is empty and in memory until InstallConfig, log records go to log/slog
// at level Debug without paths, and no signal handler is installed. Settings of a call travel in its context.
package remote
