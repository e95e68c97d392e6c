// The sealed list of a package: who it is from and for, and what each document must be.

/**
 * @typedef {object} Entry
 * @property {string} title
 * @property {string} file the name to save under
 * @property {{en: string, fr: string}} type
 * @property {string} media_type
 * @property {string} [issued_on]
 * @property {number} size in bytes
 * @property {string} sha256 in hexadecimal
 * @property {unknown} [proof]
 */

/**
 * parse reads a list. It throws on what this page does not know, so that nothing is shown by halves.
 *
 * @param {Uint8Array[]} parts
 * @param {number} copies how many sealed copies the page holds
 */
export async function parse(parts, copies) {
	const list = JSON.parse(await new Blob(parts).text())
	if (list.v !== 1 || list.type !== "package" || !Array.isArray(list.documents)) throw new Error("not a list of this version")
	if (list.documents.length !== copies) throw new Error("another number of copies")
	for (const entry of list.documents) {
		if (typeof entry.title !== "string" || typeof entry.file !== "string" || !/^[0-9a-f]{64}$/.test(entry.sha256) || !Number.isSafeInteger(entry.size)) {
			throw new Error("malformed entry")
		}
	}
	return list
}

const starts = [
	["application/pdf", [0x25, 0x50, 0x44, 0x46, 0x2d]],
	["image/jpeg", [0xff, 0xd8, 0xff]],
	["image/png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
	["image/gif", [0x47, 0x49, 0x46, 0x38]],
	["image/webp", [0x52, 0x49, 0x46, 0x46, -1, -1, -1, -1, 0x57, 0x45, 0x42, 0x50]],
]

/**
 * shownAs returns the media type to show a document as, "" if it is only to be saved. It goes by the first bytes and not by
 * what the list says, so that nothing is ever shown as a page with a will of its own.
 *
 * @param {Uint8Array} [head]
 * @returns {string}
 */
export function shownAs(head) {
	if (head === undefined) return ""
	const found = starts.find(([, bytes]) => bytes.every((byte, i) => byte === -1 || head[i] === byte))
	return found === undefined ? "" : found[0]
}

/** hex returns bytes in hexadecimal. */
export function hex(bytes) {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}
