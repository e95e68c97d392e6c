// Checks the proof of a document, if one is enclosed: a chain of signed notes from the document up to the root of the
// organization. docs/format.md says what a note is.

import { ed25519 } from "@noble/curves/ed25519.js"
import { sha256 } from "@noble/hashes/sha2.js"

const first = "vaultctl document proof v1"
const other = "vaultctl certificate v1"

// longest bounds what is read of a proof that somebody made to be troublesome.
const longest = 16

/**
 * @typedef {object} Checked
 * @property {"none" | "unknown" | "good" | "bad"} state unknown: of a kind that this page does not know
 * @property {"signature" | "chain" | "document" | "organization" | ""} reason what does not fit, if bad
 * @property {Record<string, string>} facts what the document's note says, if good
 * @property {string} root the fingerprint of the root key, if good
 */

/**
 * check says what a proof is worth.
 *
 * @param {unknown} proof as it stands in the sealed list, undefined if there is none
 * @param {string} digest the SHA-256 of the document that was opened, in hexadecimal
 * @param {string} fingerprint the root's, as the sealed list names it; "" if it does not
 * @returns {Checked}
 */
export function check(proof, digest, fingerprint) {
	if (proof === undefined || proof === null) return verdict("none", "")
	if (proof.type !== "document_proof" || proof.v !== 1 || !Array.isArray(proof.notes)) return verdict("unknown", "")
	const { notes } = proof
	if (notes.length < 1 || notes.length > longest) return verdict("bad", "chain")
	const read = notes.map(verified)
	if (read.some((note) => note === null)) return verdict("bad", "signature")
	for (const [i, note] of read.entries()) {
		if (note.title !== (i === 0 ? first : other) || note.facts.org !== read[0].facts.org) return verdict("bad", "chain")
		if (i > 0 && note.facts.subject !== read[i - 1].facts.key) return verdict("bad", "chain")
		if (i > 1 && note.facts.role !== "admin") return verdict("bad", "chain") // it let somebody else in
	}
	const { facts } = read[0]
	if (facts.sha256 !== digest) return verdict("bad", "document")
	const root = fingerprintOf(read[read.length - 1].key)
	if (fingerprint !== "" && root !== fingerprint) return verdict("bad", "organization")
	return { state: "good", reason: "", facts, root }
}

function verdict(state, reason) {
	return { state, reason, facts: {}, root: "" }
}

// verified returns the title and fields of a signed note, null if it is malformed or its signature does not fit.
function verified(text) {
	if (typeof text !== "string" || !text.endsWith("\n")) return null
	const lines = text.slice(0, -1).split("\n")
	const [last] = lines.splice(-1)
	const facts = {}
	for (const line of lines.slice(1)) {
		const space = line.indexOf(" ")
		const name = line.slice(0, space)
		if (space < 1 || Object.hasOwn(facts, name)) return null
		facts[name] = line.slice(space + 1)
	}
	try {
		const key = fromBase64(facts.key)
		const message = new TextEncoder().encode(text.slice(0, -last.length - 1))
		if (!last.startsWith("sig ") || !ed25519.verify(fromBase64(last.slice(4)), message, key, { zip215: false })) return null
		return { title: lines[0], facts, key }
	} catch {
		return null
	}
}

function fromBase64(text) {
	return Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
}

/** fingerprintOf returns what people compare: 120 bits of the SHA-256 of a key, six groups of four characters. */
export function fingerprintOf(key) {
	let bits = 0n
	for (const byte of sha256(key).slice(0, 15)) bits = (bits << 8n) | BigInt(byte)
	let text = ""
	for (let at = 115n; at >= 0n; at -= 5n) text += "abcdefghijklmnopqrstuvwxyz234567"[Number((bits >> at) & 31n)]
	return text.match(/.{4}/g).join("-")
}
