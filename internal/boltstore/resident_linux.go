package boltstore

import (
	"syscall"

	bolt "go.etcd.io/bbolt"
)

// mapAtFirst is how much of the address space is mapped when a store is opened. Whenever a growing file outgrows what is mapped, the
// transaction that does it has to copy all the pages that it works on.
const mapAtFirst = 1 << 30

// dropResident takes the pages of the mapped file out of the process's resident memory. They stay in the system's cache,
// from which the next use maps them again; nothing is lost or written. The transaction keeps the mapping in place.
func dropResident(db *bolt.DB, tx *bolt.Tx) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, db.Info().Data, uintptr(tx.Size()), syscall.MADV_DONTNEED) // advice: that it fails costs memory alone
}
