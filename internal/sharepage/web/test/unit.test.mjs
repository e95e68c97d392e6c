// What the parts of the page do without a browser.

import assert from "node:assert/strict"
import { createHash, randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { armor } from "age-encryption"
import { decode } from "../src/armor.js"
import { shownAs } from "../src/list.js"
import { canonical } from "../src/passphrase.js"
import { check, fingerprintOf } from "../src/proof.js"
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

const vectors = new URL("../../../proof/testdata/vectors/", import.meta.url)
const vector = (name) => readFileSync(new URL(name, vectors), "utf8")
const proved = { sha256: createHash("sha256").update(vector("document.txt")).digest("hex"), size: Buffer.byteLength(vector("document.txt")) }

test("the published proofs hold, under each root and without one", () => {
	const first = vector("fingerprint.txt").trim(), later = vector("later-fingerprint.txt").trim()
	for (const [name, root, want] of [["proof.json", first, first], ["proof.json", "", first], ["later-root.json", first, first], ["later-root.json", later, later], ["later-root.json", "", later]]) {
		const got = check(JSON.parse(vector(name)), proved, root)
		assert.deepEqual([got.state, got.reason, got.root, got.facts["agent-name"]], ["good", "", want, 'Marie "Maëlle" Durand'], name + root)
	}
})

test("a proof that is none, unknown, or of something else is said to be", () => {
	const proof = JSON.parse(vector("proof.json"))
	const outcome = (...args) => { const { state, reason } = check(...args); return state + " " + reason }
	assert.equal(outcome(undefined, proved, ""), "none ")
	assert.equal(outcome({ ...proof, v: 2 }, proved, ""), "unknown ")
	assert.equal(outcome({ ...proof, type: "other" }, proved, ""), "unknown ")
	assert.equal(outcome(proof, { ...proved, sha256: "0".repeat(64) }, ""), "bad document")
	assert.equal(outcome(proof, { ...proved, size: 1 }, ""), "bad document")
	assert.equal(outcome(proof, proved, vector("later-fingerprint.txt").trim()), "bad organization")
})

test("no altered proof holds", () => {
	const whole = vector("later-root.json")
	const change = (edit) => { const proof = JSON.parse(whole); edit(proof); return proof }
	const forged = {
		statement: (p) => { p.statement = p.statement.replace("original-seen yes", "original-seen no") }, "no statement": (p) => { delete p.statement },
		signature: (p) => { p.sig = "A" + p.sig.slice(1) }, "no signature": (p) => { p.sig = "" }, encoding: (p) => { p.sig = p.sig.replace("==", "") },
		key: (p) => { p.key = p.certificates[1].by }, "no certificates": (p) => { p.certificates = [] }, "a certificate missing": (p) => { p.certificates.shift() },
		"the agent's certificate missing": (p) => { p.certificates.pop() }, order: (p) => { p.certificates.reverse() },
		role: (p) => { p.certificates[0].body = p.certificates[0].body.replace('"admin"', '"agent"') },
		body: (p) => { p.certificates[1].body = p.certificates[1].body.replace("agent", "admin") },
		"of a certificate's statement": (p) => { p.certificates[1].statement = p.certificates[1].statement.replace("o0000000000zz", "o0000000000zy") },
		root: (p) => { p.root = p.key; p.roots = undefined }, "the line of roots": (p) => { p.roots[0] = p.roots[0].replace("n 2", "n 3") },
		"too many": (p) => { p.certificates = Array(100).fill(p.certificates[0]) }, nothing: (p) => { for (const k of ["statement", "key", "sig", "certificates", "root"]) p[k] = null },
	}
	for (const [what, edit] of Object.entries(forged)) assert.equal(check(change(edit), proved, "").state, "bad", what)
})

test("fingerprints are those of the program", () => {
	assert.equal(fingerprintOf(Buffer.alloc(32).toString("base64")), "mzuh-vlpy-mk6x-o3ep-ygfy-5h4o")
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
