// The text form of an age file: base64 in lines of 64 characters between two marks.

const begin = mark("BEGIN") + "\n"
const end = "\n" + mark("END") + "\n"
const column = 64

// slice is how many lines are decoded at a time, so that no second copy of a large text is made.
const slice = 1024

/**
 * decode returns the bytes of an age file. It accepts exactly what the program writes, and throws on anything else: a
 * package is never repaired.
 *
 * @param {string} text
 * @returns {Uint8Array}
 */
export function decode(text) {
	if (!text.startsWith(begin) || !text.endsWith(end)) throw new Error("armor: marks are missing")
	const stop = text.length - end.length
	const padding = text.endsWith("==" + end) ? 2 : text.endsWith("=" + end) ? 1 : 0
	const lines = Math.ceil((stop - begin.length + 1) / (column + 1))
	const digits = stop - begin.length - (lines - 1)
	if (digits % 4 !== 0) throw new Error("armor: not a whole number of groups")
	const bytes = new Uint8Array((digits / 4) * 3 - padding)
	let filled = 0
	for (let at = begin.length; at < stop; at += slice * (column + 1)) {
		const part = text.slice(at, Math.min(at + slice * (column + 1), stop))
		if (!wellFormed(part)) throw new Error("armor: lines are not of 64 characters")
		const binary = atob(part)
		if (filled + binary.length > bytes.length) throw new Error("armor: too long")
		for (let i = 0; i < binary.length; i++) bytes[filled++] = binary.charCodeAt(i)
	}
	if (filled !== bytes.length) throw new Error("armor: too short")
	return bytes
}

// mark is put together here, so that no line of the page's script looks like one.
function mark(what) {
	return `-----${what} AGE ENCRYPTED FILE-----`
}

// wellFormed reports whether part is whole lines, the last of which may be shorter and without its end.
function wellFormed(part) {
	for (let at = 0; at < part.length; at += column + 1) {
		const line = part.slice(at, at + column + 1)
		const last = at + column + 1 >= part.length
		if (!/^[A-Za-z0-9+/]+={0,2}\n?$/.test(line) || (!last && (line.length !== column + 1 || line.indexOf("=") >= 0))) return false
		if (line.indexOf("\n") >= 0 && line.length !== column + 1) return false
	}
	return true
}
