// Package e2e holds the stories that are told with the real programs: both are built as they are released, with every
// storage backend, and run as processes of their own, beside stock age and a real S3 server on the loopback interface.
// What one package or one command promises is tested there; here is what holds only when everything works together.
package e2e
