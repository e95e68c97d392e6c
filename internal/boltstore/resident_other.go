//go:build !linux

package boltstore

import bolt "go.etcd.io/bbolt"

// dropResident does nothing where the system counts mapped pages differently.
func dropResident(*bolt.DB, *bolt.Tx) {}
