// Package vault is the domain: identifiers, events, note entries, segments, authority and the fold that turns events
// into the state of an organization and of each vault.
//
// It depends on the standard library alone and performs no I/O: every function is deterministic in its arguments, except
// the constructors of random identifiers. Two devices that have seen the same events compute the same state, whatever
// the order in which the events reached them.
//
// Trust comes from ed25519 signatures over headers and statements that bind organization, writer, sequence and content;
// age seals, it does not authenticate. Nothing in an event is derived from a person: what is personal lives in note
// entries, to which events commit by salted hash.
package vault
