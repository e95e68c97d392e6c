// Opens packages in Chromium, as a partner would. The Go test of the package makes them and starts this.

import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { after, before, test } from "node:test"
import { launch } from "./browser.mjs"

const { PACKAGES: dir, PASSPHRASE: passphrase } = process.env
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

let french, english
const asked = [] // every address that any page asked for

before(async () => {
	french = await launch({ locale: "fr-FR", acceptDownloads: true })
	english = await launch({ locale: "en-US" })
	for (const { context } of [french, english]) context.on("request", (request) => asked.push(request.url()))
})

after(async () => {
	await french.close()
	await english.close()
})

async function load(name, browser = french) {
	const page = await browser.context.newPage()
	page.setDefaultTimeout(60_000) // other tests may keep the machine busy
	page.failures = []
	page.on("console", (line) => { if (line.type() === "error") page.failures.push(line.text()) })
	page.on("pageerror", (error) => page.failures.push(String(error)))
	await page.goto(`file://${dir}/${name}.html`)
	return page
}

async function unlock(page, words = passphrase) {
	await page.fill("#passphrase", words)
	await page.click("form button[type=submit]")
}

// settled waits for what the status says in the end.
async function settled(page, pattern) {
	await page.waitForFunction((source) => new RegExp(source).test(document.getElementById("status").textContent), pattern.source)
	return page.textContent("#status")
}

const opened = (page) => page.waitForSelector("ol.documents")
const item = (page, n) => page.locator("ol.documents > li").nth(n - 1)

test("the right passphrase shows documents, digests and proofs", async () => {
	const page = await load("whole")
	assert.match(await page.textContent("main"), /CCAS de <Rennes> & Cie a préparé/)
	assert.match(await page.textContent("main"), /s7k2m9x4qw3t5/)
	await unlock(page, "  Abaisser abandon, ABDIQUER élève œuvre\nratisser zoologie ")
	await opened(page)
	assert.match(await settled(page, /ouverts/), /vérifiés\u00a0: 8\./)
	const body = await page.textContent("#page")
	for (const expected of ["Amal Haddad", "CAF d’Ille-et-Vilaine", "Demande de RSA", "1er mai 2126", "22 novembre 2026"]) assert.ok(body.includes(expected), expected)
	assert.match(await item(page, 1).textContent(), /Vérifiée\u00a0: déposé le 1er octobre 2026 par Marie Durand, d’après.*noté avoir vu l’original.*clé racine [a-z2-7-]{29}/)
	assert.match(await item(page, 2).textContent(), /Photo <b>d’identité<\/b>.*Aucune preuve/)
	assert.match(await item(page, 5).textContent(), /La preuve est celle d’un autre document/)
	assert.match(await item(page, 6).textContent(), /La preuve est celle d’une autre structure/)
	assert.match(await item(page, 7).textContent(), /une signature ne correspond pas/)
	assert.match(await item(page, 8).textContent(), /d’une sorte que cette page ne sait pas vérifier/)
	const csv = createHash("sha256").update("name;income\nHaddad;0\n").digest("hex")
	assert.ok((await item(page, 3).textContent()).includes(csv))
	assert.deepEqual(page.failures, [])
	await page.close()
})

test("a PDF and an image are shown, other things only saved", async () => {
	const page = await load("whole")
	await unlock(page)
	await opened(page)
	await item(page, 2).getByRole("button", { name: /^Voir/ }).click()
	await page.waitForFunction(() => document.querySelector(".shown img")?.naturalWidth === 180)
	await item(page, 1).getByRole("button", { name: /^Voir/ }).click()
	const frame = await page.waitForSelector(".shown iframe")
	assert.equal(await frame.getAttribute("title"), "Avis d’imposition 2026")
	await pdfShown(page)
	await item(page, 1).getByRole("button", { name: /^Masquer/ }).click()
	assert.equal(await page.locator(".shown iframe").count(), 0)
	for (const n of [3, 4]) {
		assert.equal(await item(page, n).getByRole("button", { name: /^Voir/ }).count(), 0)
		assert.match(await item(page, n).textContent(), /ne se montre pas ici/)
	}
	const coming = page.waitForEvent("download")
	await item(page, 4).getByRole("button", { name: /^Enregistrer/ }).click()
	const download = await coming
	assert.equal(download.suggestedFilename(), "page.html")
	assert.equal(await readFile(await download.path(), "utf8"), "<script>document.title='owned'</script>")
	assert.deepEqual(page.failures, [])
	await page.close()
})

// pdfShown waits until the browser's own viewer has drawn the page: that is where the dark line of text is.
async function pdfShown(page) {
	const frame = page.locator(".shown iframe")
	await frame.scrollIntoViewIfNeeded()
	let previous = ""
	for (let i = 0; i < 100; i++) {
		const drawn = createHash("sha256").update(await frame.screenshot()).digest("hex")
		const viewer = page.frames().some((f) => f.url().startsWith("chrome-extension://"))
		if (viewer && drawn === previous) return
		previous = drawn
		await page.waitForTimeout(100)
	}
	assert.fail("the PDF was not shown")
}

test("a wrong passphrase is said to be wrong, and another may be tried", async () => {
	const page = await load("whole")
	await unlock(page, passphrase.replace("zoologie", "zeste"))
	assert.match(await settled(page, /bonne/), /Ce n’est pas la bonne phrase secrète.*CCAS de <Rennes> & Cie/)
	assert.equal(await page.evaluate(() => document.activeElement.id), "passphrase")
	assert.ok(!(await page.textContent("body")).includes("Haddad"))
	await unlock(page)
	await opened(page)
	await page.close()
})

test("no passphrase is asked for", async () => {
	const page = await load("whole")
	await page.click("form button[type=submit]")
	await settled(page, /Tapez la phrase/)
	await page.close()
})

test("an altered list: nothing is shown", async () => {
	const page = await load("list-altered")
	await unlock(page)
	await settled(page, /a été modifié ou endommagé/)
	assert.ok(!(await page.textContent("body")).includes("Haddad"))
	assert.equal(await page.locator("ol.documents").count(), 0)
	await page.close()
})

for (const [name, number] of [["document-altered", 3], ["document-swapped", 3], ["base64-damaged", 2]]) {
	test(`${name}: that document is not shown`, async () => {
		const page = await load(name)
		await unlock(page)
		await opened(page)
		assert.match(await settled(page, /ouverts/), /vérifiés\u00a0: 7\. Documents modifiés, qui ne sont pas montrés\u00a0: 1/)
		assert.match(await item(page, number).textContent(), /a été modifié ou endommagé dans ce fichier/)
		assert.equal(await item(page, number).locator("button, a, img, iframe").count(), 0)
		await page.close()
	})
}

for (const [name, said] of [["cut", /incomplet/], ["cut-last-line", /incomplet/], ["copy-removed", /incomplet/], ["key-altered", /endommagé en route/]]) {
	test(`${name}: said before anything is typed`, async () => {
		const page = await load(name)
		await settled(page, said)
		assert.equal(await page.locator("#passphrase").count(), 0)
		await page.close()
	})
}

test("an altered script does not run", async () => {
	const page = await load("script-altered")
	assert.match(await page.textContent("main"), /le fichier a été modifié/)
	assert.equal(await page.locator("#passphrase").count(), 0)
	assert.ok(page.failures.some((line) => /Content Security Policy/.test(line)))
	await page.close()
})

test("the page speaks the browser's language, and the other", async () => {
	const page = await load("past", english)
	assert.equal(await page.title(), "Sealed documents – CCAS de <Rennes> & Cie")
	await page.click("#languages button[data-lang=fr]")
	assert.equal(await page.getAttribute("html", "lang"), "fr")
	assert.equal(await page.textContent("h1"), "Documents scellés")
	await page.click("#languages button[data-lang=en]")
	await unlock(page)
	await opened(page)
	await settled(page, /Documents opened and checked: 1\./)
	assert.match(await page.textContent("#page"), /The person’s agreement ended on 21 November 2026/)
	await page.click("#languages button[data-lang=fr]")
	assert.match(await page.textContent("#page"), /L’accord de la personne a pris fin/)
	await page.close()
})

test("everything is done with the keyboard", async () => {
	const page = await load("whole")
	const at = () => page.evaluate(() => document.activeElement.textContent || document.activeElement.id || document.activeElement.type)
	const order = []
	for (let i = 0; i < 5; i++) {
		await page.keyboard.press("Tab")
		order.push(await at())
	}
	assert.deepEqual(order, ["Français", "English", "passphrase", "checkbox", "Ouvrir"])
	await page.keyboard.press("Shift+Tab")
	await page.keyboard.press("Space")
	assert.equal(await page.getAttribute("#passphrase", "type"), "text")
	await page.keyboard.press("Shift+Tab")
	await page.keyboard.type(passphrase)
	await page.keyboard.press("Enter")
	await opened(page)
	assert.equal(await page.evaluate(() => document.activeElement.id), "given")
	await page.keyboard.press("Tab")
	assert.equal(await at(), "Voir")
	await page.keyboard.press("Enter")
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-expanded")), "true")
	await page.close()
})

for (const language of ["fr", "en"]) {
	test(`axe finds nothing in ${language}`, async () => {
		const page = await load("whole", language === "fr" ? french : english)
		assert.deepEqual(await violations(page), [])
		await unlock(page, "wrong")
		await settled(page, /bonne|right passphrase/)
		assert.deepEqual(await violations(page), [])
		await unlock(page)
		await opened(page)
		await page.click("summary")
		await item(page, 2).getByRole("button").first().click()
		await page.waitForSelector(".shown img")
		assert.deepEqual(await violations(page), [])
		await page.close()
		const cut = await load("cut", language === "fr" ? french : english)
		await settled(cut, /incomplet/)
		assert.deepEqual(await violations(cut), [])
		await cut.close()
	})
}

// violations returns what axe finds, of WCAG 2.2 levels A and AA and of what it holds to be good practice.
async function violations(page) {
	await page.evaluate(axe + "; undefined")
	const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }))
	assert.ok(found.passes.length > 10)
	return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`)
}

test("a narrow window needs no scrolling sideways", async () => {
	const page = await load("whole")
	await page.setViewportSize({ width: 320, height: 640 })
	await unlock(page)
	await opened(page)
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth))
	await page.close()
})

test("the page may connect to nothing", async () => {
	const page = await load("whole")
	await unlock(page)
	await opened(page)
	const reached = await page.evaluate(async () => {
		const outcome = async (attempt) => { try { await attempt(); return "reached" } catch { return "refused" } }
		const picture = () => new Promise((resolve, reject) => {
			const image = new Image()
			image.onload = resolve
			image.onerror = reject
			image.src = "http://127.0.0.1:9/x.png"
		})
		return [await outcome(() => fetch("http://127.0.0.1:9/")), await outcome(picture), await outcome(() => new WebSocket("ws://127.0.0.1:9/"))]
	})
	assert.equal(reached.slice(0, 2).join(), "refused,refused")
	assert.ok(page.failures.filter((line) => /Content Security Policy/.test(line)).length >= 3, page.failures.join("\n"))
	await page.close()
})

test("no page asked for anything but itself and what it opened", () => {
	assert.ok(asked.length > 10)
	const foreign = asked.filter((url) => !url.startsWith(`file://${dir}/`) && !url.startsWith("blob:null/") && !/^chrome(-extension)?:\/\//.test(url)) // of the browser's own viewer
	assert.deepEqual(foreign.filter((url) => !url.startsWith("http://127.0.0.1:9/") && !url.startsWith("ws://127.0.0.1:9/")), [])
})
