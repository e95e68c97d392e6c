// What the parts of the page do without a browser.

import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import { armor } from "age-encryption"
import { decode } from "../src/armor.js"
import { shownAs } from "../src/list.js"
import { canonical } from "../src/passphrase.js"
import { fingerprintOf } from "../src/proof.js"
import { Speech, languages } from "../src/text.js"

test("armor of every length is read as age reads it", () => {
	for (let length = 1; length < 200; length++) {
		const bytes = randomBytes(length)
		assert.deepEqual(Buffer.from(decode(armor.encode(bytes))), bytes)
	}
	const large = randomBytes(300_000)
	assert.deepEqual(Buffer.from(decode(armor.encode(large))), large)
})

test("armor that was damaged is refused", () => {
	const good = armor.encode(randomBytes(500))
	const lines = good.split("\n")
	const without = (i) => lines.filter((_, at) => at !== i).join("\n")
	const damaged = {
		"no marks": lines.slice(1, -2).join("\n"), "no beginning": without(0), "no end": lines.slice(0, -2).join("\n"),
		"a character gone": good.slice(0, 100) + good.slice(101), "a character more": good.slice(0, 100) + "A" + good.slice(100),
		"a foreign character": good.slice(0, 100) + "!" + good.slice(101), "an empty line": good.replace("\n", "\n\n"),
		"padding inside": good.slice(0, 100) + "=" + good.slice(101), "cut off": good.slice(0, 400), "text after it": good + "x",
		"half a line gone": good.slice(0, 120) + good.slice(150), "longer lines": good.replace(/\n(?=[A-Za-z0-9+/]{64})/, ""), empty: "",
	}
	for (const [what, text] of Object.entries(damaged)) assert.throws(() => decode(text), undefined, what)
})

test("a passphrase is read as the program writes it", () => {
	assert.equal(canonical(" Élève  ŒUVRE\n2) cœur_été "), "eleve-oeuvre-coeur-ete")
	assert.equal(canonical("e\u0301te\u0301 – ABANDON"), "ete-abandon")
	assert.equal(canonical(" 1. - "), "")
})

test("what is shown goes by its first bytes", () => {
	const head = (text) => new TextEncoder().encode(text)
	assert.equal(shownAs(head("%PDF-1.7")), "application/pdf")
	assert.equal(shownAs(new Uint8Array([0xff, 0xd8, 0xff, 0xe0])), "image/jpeg")
	assert.equal(shownAs(head("RIFF....WEBPVP8 ")), "image/webp")
	for (const other of ["", "%PD", "<html>", "<svg xmlns=", "RIFF....WAVE", "PK"]) assert.equal(shownAs(head(other)), "")
	assert.equal(shownAs(undefined), "")
})

test("fingerprints are those of the program", () => {
	assert.equal(fingerprintOf(new Uint8Array(32)), "mzuh-vlpy-mk6x-o3ep-ygfy-5h4o")
})

test("both languages say everything with the same values", () => {
	const french = new Speech("fr"), english = new Speech("en")
	assert.deepEqual(languages, ["fr", "en"])
	const source = Speech.sentences()
	assert.ok(source.length > 40)
	for (const key of source) {
		const used = (speech) => [...speech.say(key, "<0>", "<1>").matchAll(/<\d>/g)].map(String).sort().join()
		assert.equal(used(french), used(english), key)
		assert.ok(!/undefined|\{/.test(french.say(key, 0, 1) + english.say(key, 0, 1)), key)
	}
})
