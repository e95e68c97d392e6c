// The page of a package: asks for the passphrase, opens everything, checks it, shows what is as it should be.

import { sha256 } from "@noble/hashes/sha2.js"
import { decode } from "./armor.js"
import { hex, parse } from "./list.js"
import { canonical } from "./passphrase.js"
import { check } from "./proof.js"
import { Altered, WrongPassphrase, open, unlock } from "./seal.js"
import { Speech, preferred } from "./text.js"
import { el, entry, sealed, summary } from "./view.js"

const main = document.getElementById("main")
const { organization, share, made } = main.dataset
const place = document.getElementById("page")
const status = document.getElementById("status")
let speech = new Speech(preferred(document.documentElement.lang))
let copies = null // the sealed files, as text
let unusable = "" // the sentence that says why nothing can be opened
let opened = null // what was opened and checked
let message = () => "" // what the status says, in the language of the moment

document.addEventListener("DOMContentLoaded", () => {
	for (const button of document.querySelectorAll("#languages button")) {
		button.addEventListener("click", () => {
			speech = new Speech(button.dataset.lang)
			draw()
		})
	}
	try {
		copies = sealedCopies()
	} catch (reason) {
		unusable = reason
	}
	draw()
})

// sealedCopies takes the sealed files out of the page. It throws the name of a sentence if any is missing, or if the key is
// damaged: with such a key, every passphrase would look wrong.
function sealedCopies() {
	const text = (id) => document.getElementById(id)?.textContent.trimStart()
	const [count, keyDigest] = (text("sealed-end") ?? "").split(" ")
	const documents = Array.from(document.querySelectorAll("script[data-copy]"), (block) => block.textContent.trimStart())
	const found = { key: text("sealed-key"), list: text("sealed-list"), documents }
	if (keyDigest?.length !== 64 || found.key === undefined || found.list === undefined || Number(count) !== documents.length) throw "truncated"
	if (hex(sha256(new TextEncoder().encode(found.key))) !== keyDigest) throw "damaged"
	return found
}

function draw() {
	document.documentElement.lang = speech.language
	document.title = `${speech.say("title")} – ${organization}`
	document.getElementById("heading").textContent = speech.say("title")
	for (const button of document.querySelectorAll("#languages button")) {
		button.setAttribute("aria-pressed", String(button.dataset.lang === speech.language))
	}
	if (unusable !== "") {
		place.replaceChildren()
		tell(() => speech.say(unusable, organization), true)
	} else if (opened === null) {
		const typed = document.getElementById("passphrase")?.value ?? ""
		place.replaceChildren(...form(), sealed(speech, copies))
		document.getElementById("passphrase").value = typed
		tell(message, status.classList.contains("wrong"))
	} else {
		const documents = opened.documents.map((piece, i) => entry(speech, piece, organization, i + 1))
		const today = new Date().toISOString().slice(0, 10)
		place.replaceChildren(...summary(speech, opened.list, organization, today), el("h2", {}, speech.say("documents")),
			el("ol", { class: "documents" }, ...documents), sealed(speech, copies))
		tell(message, status.classList.contains("wrong"))
	}
}

// tell says how things are, also to a screen reader.
function tell(what, wrong = false) {
	message = what
	const text = what()
	status.className = text === "" ? "" : wrong ? "notice wrong" : "notice"
	if (status.textContent !== text) status.textContent = text
}

function form() {
	const input = el("input", {
		id: "passphrase", type: "password", autocomplete: "off", autocapitalize: "none", spellcheck: "false", "aria-describedby": "passphrase-hint", required: true,
	})
	const shows = el("input", { type: "checkbox", onchange: () => { input.type = shows.checked ? "text" : "password" } })
	return [
		el("p", {}, speech.say("intro", organization, speech.day(made))),
		share === "" ? null : el("p", { class: "hint" }, speech.say("reference", share)),
		el("form", { novalidate: true, onsubmit: submitted },
			el("label", { for: "passphrase" }, speech.say("passphrase")),
			el("p", { class: "hint", id: "passphrase-hint" }, speech.say("passphraseHint")),
			input,
			el("label", { class: "check" }, shows, " " + speech.say("show")),
			el("button", { type: "submit", class: "main" }, speech.say("open"))),
		el("progress", { id: "progress", max: "1", value: "0", "aria-labelledby": "status", hidden: true }),
	].filter((node) => node !== null)
}

async function submitted(event) {
	event.preventDefault()
	const passphrase = canonical(document.getElementById("passphrase").value)
	if (passphrase === "") {
		tell(() => speech.say("needed"), true)
		document.getElementById("passphrase").focus()
		return
	}
	busy(true)
	try {
		opened = await openAll(passphrase)
		busy(false)
		const good = opened.documents.filter((piece) => piece.opened !== null).length
		const bad = opened.documents.length - good
		tell(() => bad === 0 ? speech.say("opened", good) : speech.say("openedSome", good, bad), bad > 0)
		draw()
		document.getElementById("given").focus()
	} catch (error) {
		busy(false)
		tell(() => speech.say(complaint(error), organization), true)
		document.getElementById("passphrase").focus()
	}
}

function complaint(error) {
	if (error instanceof WrongPassphrase) return "wrong"
	return error instanceof RangeError ? "memory" : "altered"
}

// busy keeps a second click from starting everything again, and the language from changing under what is going on.
function busy(is) {
	for (const control of document.querySelectorAll("button, input")) control.disabled = is
	const bar = document.getElementById("progress")
	bar.hidden = !is
	bar.value = 0
}

async function openAll(passphrase) {
	tell(() => speech.say("checking"))
	const advance = (part) => { document.getElementById("progress").value = part }
	const identity = await unlock(decode(copies.key), passphrase, advance)
	const raw = await open(decode(copies.list), identity, () => {})
	let list
	try {
		list = await parse(raw.parts, copies.documents.length)
	} catch (error) {
		throw new Altered("the list is not whole", { cause: error })
	}
	const total = list.documents.reduce((sum, listed) => sum + listed.size, 0)
	tell(() => list.documents.length === 1 ? speech.say("openingOne") : speech.say("opening", list.documents.length))
	let done = 0
	const documents = []
	for (const [i, listed] of list.documents.entries()) {
		documents.push(await openDocument(listed, copies.documents[i], identity, list.fingerprint ?? "", (bytes) => advance((done += bytes) / total)))
	}
	return { list, documents }
}

// openDocument opens one copy. A copy that is not what the list says is given as not opened.
async function openDocument(listed, text, identity, fingerprint, progress) {
	let found = null
	try {
		found = await open(decode(text), identity, progress)
	} catch (error) {
		if (error instanceof RangeError) throw error
	}
	if (found === null || found.size !== listed.size || hex(found.digest) !== listed.sha256) return { listed, opened: null, proof: null }
	return { listed, opened: found, proof: check(listed.proof, listed, fingerprint) }
}
