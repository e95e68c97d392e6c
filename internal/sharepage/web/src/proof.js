// Checks the proof of a document, if one is enclosed, down to the root of the organization, as docs/proof.md says.

import { ed25519 } from "@noble/curves/ed25519.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { hex } from "./list.js"

// What a statement says, in its order.
const names = ["org", "organization", "document", "version", "event", "segment", "commitment", "digest", "size", "deposited", "agent", "agent-name",
	"device", "original-seen", "issued", "issuer", "issuer-name", "by", "en", "fr"]

// longest bounds the certificates that are read of a proof which somebody made to be troublesome.
const longest = 64

/**
 * @typedef {object} Checked
 * @property {"none" | "unknown" | "good" | "bad"} state unknown: of a kind that this page does not know
 * @property {"signature" | "chain" | "document" | "organization" | ""} reason what does not fit, if bad
 * @property {Record<string, string>} facts what is attested, by name, if good
 * @property {string} root the fingerprint of the root that it leads to, if good
 */

/**
 * check says what a proof is worth.
 *
 * @param {unknown} proof as it stands in the sealed list, undefined if there is none
 * @param {{sha256: string, size: number}} document what was opened
 * @param {string} fingerprint the root's, as the sealed list names it; "" if it does not
 * @returns {Checked}
 */
export function check(proof, document, fingerprint) {
	if (proof === undefined || proof === null) return verdict("none", "")
	if (proof.type !== "document_proof" || proof.v !== 1) return verdict("unknown", "")
	try {
		return attested(proof, document, fingerprint)
	} catch (reason) {
		return verdict("bad", typeof reason === "string" ? reason : "signature")
	}
}

function verdict(state, reason) {
	return { state, reason, facts: {}, root: "" }
}

// attested throws the reason for which a proof does not hold, or anything else if it is malformed.
function attested(proof, document, fingerprint) {
	const facts = statement(proof.statement)
	demand(signed(proof.key, proof.statement, proof.sig), "signature")
	const roots = rootLine(proof, facts.org)
	const last = climb(proof, facts.org, roots)
	demand(last.key === proof.key && has(last, "agent") && last.device === facts.by, "chain")
	demand(facts.digest === document.sha256 && facts.size === String(document.size), "document")
	const prints = roots.map(fingerprintOf)
	demand(fingerprint === "" || prints.includes(fingerprint), "organization")
	return { state: "good", reason: "", facts, root: fingerprint === "" ? prints[prints.length - 1] : fingerprint }
}

function demand(holds, reason) {
	if (!holds) throw reason
}

// statement returns what a statement says, with names read.
function statement(text) {
	const lines = text.split("\n")
	demand(lines.length === names.length + 2 && lines[0] === "vaultctl proof v1" && lines[names.length + 1] === "", "signature")
	const facts = {}
	for (const [i, name] of names.entries()) facts[name] = line(text, i + 1, name)
	for (const name of ["organization", "agent-name", "issuer-name"]) facts[name] = JSON.parse(facts[name])
	return facts
}

// rootLine returns the keys of the roots: the first, and each that the one before named.
function rootLine(proof, org) {
	const roots = [proof.root]
	for (const [i, note] of (proof.roots ?? []).entries()) {
		const [named, sig] = cutLast(note, "sig")
		const [text, by] = cutLast(named, "by")
		const root = line(note, 4, "root")
		demand(note.startsWith("vaultctl root v1\n") && line(note, 1, "org") === org && line(note, 2, "n") === String(i + 2), "chain")
		demand(line(note, 3, "before") === roots[i] && signed(roots[i], text, by) && signed(root, named, sig), "chain")
		roots.push(root)
	}
	return roots
}

// climb checks each certificate by the key of the one before, the first by a root's, and returns what the last says.
function climb(proof, org, roots) {
	const { certificates } = proof
	demand(Array.isArray(certificates) && certificates.length > 0 && certificates.length <= longest, "chain")
	let before = null
	for (const certificate of certificates) {
		const body = JSON.parse(certificate.body)
		const writer = before === null ? body.device : before.device
		demand(before === null ? roots.includes(certificate.by) : certificate.by === before.key && has(before, "admin"), "chain")
		demand(signed(certificate.by, certificate.statement, certificate.sig), "chain")
		const text = certificate.statement
		const digest = hex(sha256(new TextEncoder().encode(certificate.body)))
		demand(text.startsWith("vaultctl event v1\n") && line(text, 1, "org") === org && line(text, 2, "device") === writer, "chain")
		demand(line(text, 4, "type") === "device.certify" && line(text, 10, "body") === digest, "chain")
		demand(nameOf(fromBase64(body.key)).slice(0, 26) === body.device, "chain")
		before = body
	}
	return before
}

function has(body, role) {
	return body.role === role || (body.also ?? []).includes(role)
}

// line returns the value of the nth line of a text, counted from 0, which must have this name.
function line(text, n, name) {
	const found = text.split("\n")[n]
	demand(found !== undefined && found.startsWith(name + " "), "chain")
	return found.slice(name.length + 1)
}

// cutLast splits the last line, which must have this name, from a text.
function cutLast(text, name) {
	demand(text.endsWith("\n"), "chain")
	const at = text.slice(0, -1).lastIndexOf("\n") + 1
	demand(text.startsWith(name + " ", at), "chain")
	return [text.slice(0, at), text.slice(at + name.length + 1, -1)]
}

// signed reports whether a text bears a signature by a key, both in base64.
function signed(key, text, sig) {
	try {
		return ed25519.verify(fromBase64(sig), new TextEncoder().encode(text), fromBase64(key), { zip215: false })
	} catch {
		return false // not a key, or not a signature
	}
}

function fromBase64(text) {
	const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
	demand(btoa(String.fromCharCode(...bytes)) === text, "signature") // one way to write it
	return bytes
}

// nameOf is the lower-case base32 of the SHA-256 of a key, 51 of 52 characters: its beginning names a workstation or a root.
function nameOf(key) {
	let bits = 0n
	for (const byte of sha256(key)) bits = (bits << 8n) | BigInt(byte)
	let text = ""
	for (let at = 251n; at >= 0n; at -= 5n) text += "abcdefghijklmnopqrstuvwxyz234567"[Number((bits >> at) & 31n)]
	return text
}

/** fingerprintOf returns what people compare of a key in base64: 120 bits, six groups of four characters. */
export function fingerprintOf(key) {
	return nameOf(fromBase64(key)).slice(0, 24).match(/.{4}/g).join("-")
}
