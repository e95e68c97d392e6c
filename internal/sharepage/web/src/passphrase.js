/**
 * canonical returns what a typed passphrase stands for: words without accents, in small letters, joined by hyphens. The
 * program generates passphrases in this form; internal/words says the same in Go.
 *
 * @param {string} typed
 * @returns {string}
 */
export function canonical(typed) {
	const plain = typed.toLowerCase().normalize("NFKD").replace(/\p{Mn}/gu, "").replaceAll("œ", "oe").replaceAll("æ", "ae")
	return plain.split(/[^\p{L}]+/u).filter((word) => word !== "").join("-")
}
