// Draws what the page shows. Every text goes in as text, never as markup.

import { shownAs } from "./list.js"

/**
 * el makes an element. Properties whose names begin with "on" are listeners; the others are attributes, of which false
 * and undefined are left out.
 *
 * @param {string} name
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | null)} children
 */
export function el(name, properties = {}, ...children) {
	const element = document.createElement(name)
	for (const [key, value] of Object.entries(properties)) {
		if (key.startsWith("on")) element.addEventListener(key.slice(2), value)
		else if (value !== false && value !== undefined) element.setAttribute(key, value === true ? "" : String(value))
	}
	element.append(...children.filter((child) => child !== null))
	return element
}

/** facts draws pairs of a name and what it is; pairs without a value are left out. */
export function facts(pairs) {
	const list = el("dl")
	for (const [name, value] of pairs) {
		if (value) list.append(el("dt", {}, name), el("dd", {}, ...[value].flat()))
	}
	return list
}

// kept is how long what is being saved stays in memory, in milliseconds: a browser may ask the person first.
const kept = 10 * 60 * 1000

/** saver draws a button that saves parts under a name. */
export function saver(label, parts, name, described) {
	const save = () => {
		const url = URL.createObjectURL(new Blob(parts, { type: "application/octet-stream" }))
		el("a", { href: url, download: name }).click()
		setTimeout(() => URL.revokeObjectURL(url), kept)
	}
	return el("button", { type: "button", "aria-label": described, onclick: save }, label)
}

/**
 * summary draws who a package is from and for.
 */
export function summary(speech, list, organization, today) {
	const ended = list.until !== undefined && list.until < today
	return [
		el("h2", { id: "given", tabindex: "-1" }, speech.say("given")),
		facts([
			[speech.say("from"), organization],
			[speech.say("to"), list.recipient],
			[speech.say("about"), list.beneficiary],
			[speech.say("purpose"), list.purpose?.[speech.language]],
			[speech.say("made"), speech.day(list.made_on)],
			[speech.say("until"), list.until && speech.day(list.until)],
			[speech.say("root"), list.fingerprint && el("code", {}, list.fingerprint)],
		]),
		list.until === undefined ? null : el("p", { class: ended ? "notice wrong" : "notice" }, speech.say(ended ? "ended" : "delete", speech.day(list.until))),
	].filter((node) => node !== null)
}

/**
 * entry draws one document.
 *
 * @param {import("./text.js").Speech} speech
 * @param {object} piece what the list says, with what opening it gave
 * @param {string} organization
 * @param {number} number from 1
 */
export function entry(speech, piece, organization, number) {
	const { listed, opened, proof } = piece
	const title = el("h3", { id: `title-${number}` }, listed.title)
	if (opened === null) {
		return el("li", {}, title, el("p", { class: "wrong" }, speech.say("documentAltered", organization)))
	}
	return el("li", {}, title,
		facts([
			[speech.say("type"), listed.type?.[speech.language]],
			[speech.say("issued"), listed.issued_on && speech.day(listed.issued_on)],
			[speech.say("size"), speech.size(listed.size)],
			[speech.say("digest"), [el("code", {}, listed.sha256), el("br"), el("span", { class: "right" }, "✓ " + speech.say("digestGood"))]],
			[speech.say("proof"), proofText(speech, proof)],
		]),
		...actions(speech, listed, opened, number))
}

function proofText(speech, proof) {
	switch (proof.state) {
	case "none":
		return speech.say("proofNone")
	case "unknown":
		return speech.say("proofUnknown")
	case "bad":
		return el("span", { class: "wrong" }, speech.say("proof" + proof.reason[0].toUpperCase() + proof.reason.slice(1)))
	}
	const seen = speech.say(proof.facts["original-seen"] === "yes" ? "proofSeen" : "proofUnseen")
	return [
		el("span", { class: "right" }, "✓ " + speech.say("proofGood", speech.day(proof.facts.deposited), proof.facts["agent-name"] || "–")), " " + seen,
		el("br"), speech.say("proofRoot", proof.root), " " + speech.say("proofMeans"),
	]
}

function actions(speech, listed, opened, number) {
	const named = (what) => speech.say("nameViewed", speech.say(what), listed.title)
	const save = saver(speech.say("save"), opened.parts, listed.file, named("save"))
	const type = shownAs(opened.parts[0])
	if (type === "") {
		return [el("p", { class: "hint" }, speech.say("saveOnly")), el("div", { class: "actions" }, save)]
	}
	opened.url ??= URL.createObjectURL(new Blob(opened.parts, { type })) // one, however often the page is drawn
	const { url } = opened
	const place = el("div", { class: "shown", id: `shown-${number}`, hidden: true })
	const label = (open) => speech.say(open ? "hide" : "view")
	const toggle = el("button", {
		type: "button", class: "main", "aria-expanded": "false", "aria-controls": place.id, "aria-label": named("view"),
		onclick: () => {
			const open = place.hidden
			place.replaceChildren(...(open ? shown(speech, listed, type, url) : []))
			place.hidden = !open
			toggle.textContent = label(open)
			toggle.setAttribute("aria-expanded", String(open))
			toggle.setAttribute("aria-label", named(open ? "hide" : "view"))
		},
	}, label(false))
	const tab = el("a", { href: url, target: "_blank", rel: "noopener", class: "button", "aria-label": named("tab") }, speech.say("tab"))
	return [el("div", { class: "actions" }, toggle, tab, save), place]
}

function shown(speech, listed, type, url) {
	if (type !== "application/pdf") return [el("img", { src: url, alt: listed.title })]
	return [el("p", { class: "hint" }, speech.say("pdfHelp")), el("iframe", { src: url, title: listed.title })]
}

/** sealed draws how to open the copies without this page. */
export function sealed(speech, copies) {
	const parts = (text) => [text]
	return el("details", {},
		el("summary", {}, speech.say("sealed")),
		el("p", {}, speech.say("sealedHelp")),
		el("pre", { tabindex: "0", "aria-label": speech.say("sealed") }, "age -d -i key.age list.age\nage -d -i key.age -o 1.pdf 1.age"),
		el("div", { class: "actions" },
			saver(speech.say("sealedKey"), parts(copies.key), "key.age"),
			saver(speech.say("sealedList"), parts(copies.list), "list.age"),
			...copies.documents.map((text, i) => saver(speech.say("sealedCopy", i + 1), parts(text), `${i + 1}.age`))))
}
