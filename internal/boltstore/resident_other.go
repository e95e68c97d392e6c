//go:build !linux

package boltstore

import bolt "go.etcd.io/bbolt"

// mapAtFirst leaves it to bbolt how much is mapped: elsewhere the file could become as large as that.
const mapAtFirst = 0

// dropResident does nothing where the system counts mapped pages differently.
func dropResident(*bolt.DB, *bolt.Tx) {}
