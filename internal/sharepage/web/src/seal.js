// Opens age files, with the age-encryption package. What takes long gives the browser a turn now and then, and says how
// far it is.

import { Decrypter } from "age-encryption"
import { base64nopad } from "@scure/base"
import { chacha20poly1305 } from "@noble/ciphers/chacha.js"
import { scryptAsync } from "@noble/hashes/scrypt.js"
import { sha256 } from "@noble/hashes/sha2.js"

/** maxWork is the largest scrypt work factor that is tried: 256 MiB. */
export const maxWork = 18

// turn is how long a computation may last before the browser gets a turn, in milliseconds.
const turn = 50

/** WrongPassphrase says that the passphrase is not the one that the key was sealed with. */
export class WrongPassphrase extends Error {}

/** Altered says that a sealed file is not what was written. */
export class Altered extends Error {}

/**
 * unlock opens the sealed key of a package.
 *
 * @param {Uint8Array} sealed an age file under a passphrase, which holds one age identity
 * @param {string} passphrase
 * @param {(part: number) => void} progress
 * @returns {Promise<string>} the identity
 */
export async function unlock(sealed, passphrase, progress) {
	const scrypt = new ScryptIdentity(passphrase, progress)
	const decrypter = new Decrypter()
	decrypter.addIdentity(scrypt)
	let text
	try {
		text = await decrypter.decrypt(sealed, "text")
	} catch (error) {
		if (error instanceof RangeError) throw error // no memory for it
		if (scrypt.missed) throw new WrongPassphrase("the passphrase does not open the key")
		throw new Altered("the key is not whole", { cause: error })
	}
	const identity = text.split("\n").find((line) => line.startsWith("AGE-SECRET-KEY-"))
	if (identity === undefined) throw new Altered("the key holds no identity")
	return identity
}

/**
 * open returns the plaintext of an age file, in parts, with its SHA-256. Nothing is returned before the last byte has
 * been authenticated.
 *
 * @param {Uint8Array} sealed
 * @param {string} identity
 * @param {(bytes: number) => void} progress told how many bytes were opened since it was last told
 * @returns {Promise<{parts: Uint8Array[], size: number, digest: Uint8Array}>}
 */
export async function open(sealed, identity, progress) {
	const decrypter = new Decrypter()
	decrypter.addIdentity(identity)
	const parts = []
	const hash = sha256.create()
	let size = 0
	try {
		const plain = await decrypter.decrypt(inTurns(sealed))
		const reader = plain.getReader()
		for (;;) {
			const { done, value } = await reader.read()
			if (done) break
			hash.update(value)
			parts.push(value)
			size += value.length
			progress(value.length)
		}
	} catch (error) {
		if (error instanceof RangeError) throw error
		throw new Altered("a sealed copy is not whole", { cause: error })
	}
	return { parts, size, digest: hash.digest() }
}

// inTurns is a stream of bytes that lets the browser draw and answer between its parts.
function inTurns(bytes) {
	const part = 1 << 18
	let at = 0
	let since = performance.now()
	return new ReadableStream({
		async pull(controller) {
			if (performance.now() - since > turn) {
				await new Promise((resolve) => setTimeout(resolve))
				since = performance.now()
			}
			if (at >= bytes.length) return controller.close()
			controller.enqueue(bytes.subarray(at, at + part))
			at += part
		},
	}, { highWaterMark: 0 })
}

// ScryptIdentity is the passphrase identity of age-encryption, but for what it does not do: it leaves the browser its
// turns, says how far it is, and remembers that the passphrase did not fit.
class ScryptIdentity {
	missed = false

	constructor(passphrase, progress) {
		this.passphrase = passphrase
		this.progress = progress
	}

	async unwrapFileKey(stanzas) {
		const [stanza] = stanzas
		if (stanzas.length !== 1 || stanza.args.length !== 3 || stanza.args[0] !== "scrypt" || stanza.body.length !== 32) {
			throw new Error("not a file under a passphrase")
		}
		const salt = base64nopad.decode(stanza.args[1])
		const work = /^[1-9][0-9]?$/.test(stanza.args[2]) ? Number(stanza.args[2]) : Infinity
		if (salt.length !== 16 || work > maxWork) throw new Error("malformed passphrase stanza")
		const label = new TextEncoder().encode("age-encryption.org/v1/scrypt")
		const labelled = new Uint8Array([...label, ...salt])
		const key = await scryptAsync(this.passphrase, labelled, { N: 2 ** work, r: 8, p: 1, dkLen: 32, asyncTick: turn, onProgress: this.progress })
		try {
			return chacha20poly1305(key, new Uint8Array(12)).decrypt(stanza.body)
		} catch {
			this.missed = true
			return null
		}
	}
}
