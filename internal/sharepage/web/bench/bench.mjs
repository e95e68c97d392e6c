// Measures the two ways to open a sealed copy in a browser, the package age-encryption and age compiled to WebAssembly:
// `make web && npm run bench` in this folder prints the tables of docs/bench/package.md. Needs go, node and Debian's chromium.

import { Encrypter, armor, generateHybridIdentity, identityToRecipient } from "age-encryption"
import { build } from "esbuild"
import { execFileSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { launch } from "../test/browser.mjs"

const here = new URL(".", import.meta.url).pathname
const rounds = 7
const plainSize = 5 << 20
const passphrase = "abaisser-abandon-abdiquer-abeille-abolir-aborder-aboutir"
const work = [15, 16, 17, 18]

const dir = await mkdtemp(join(tmpdir(), "package-bench-"))
try {
	const scripts = { "age-encryption": await typage(), "age as WebAssembly": await webAssembly() }
	const plain = randomBytes(plainSize)
	const identity = await generateHybridIdentity()
	const copies = { doc: await seal(plain, async (e) => e.addRecipient(await identityToRecipient(identity))) }
	for (const logN of work) {
		copies["key" + logN] = await seal(identity + "\n", (e) => {
			e.setScryptWorkFactor(logN)
			e.setPassphrase(passphrase)
		})
	}
	const pages = {}
	for (const [name, script] of Object.entries(scripts)) {
		pages[name] = join(dir, name.replaceAll(" ", "-") + ".html")
		await writeFile(pages[name], page(script, copies))
	}
	const digest = createHash("sha256").update(plain).digest("hex")
	print(scripts, await measure(pages, digest))
} finally {
	await rm(dir, { recursive: true })
}

async function seal(plain, to) {
	const e = new Encrypter()
	await to(e)
	return armor.encode(await e.encrypt(plain))
}

async function typage() {
	const made = await build({ entryPoints: [here + "typage.js"], bundle: true, minify: true, format: "iife", target: "es2022", write: false, absWorkingDir: here })
	return made.outputFiles[0].text + `
window.ready = Promise.resolve()
window.unlock = (key) => candidate.unlock(candidate.decode(key), ${JSON.stringify(passphrase)}, () => {})
window.openCopy = async (copy, identity) => (await candidate.open(candidate.decode(copy), identity, () => {})).digest`
}

async function webAssembly() {
	const module = join(dir, "open.wasm")
	execFileSync("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", module, "./wasm"], {
		cwd: here, env: { ...process.env, GOOS: "js", GOARCH: "wasm", CGO_ENABLED: "0" }, stdio: "inherit",
	})
	const root = execFileSync("go", ["env", "GOROOT"], { cwd: here, encoding: "utf8" }).trim()
	const bytes = await readFile(module)
	console.log(`module: ${bytes.length} bytes, gzip -9: ${gzipSync(bytes, { level: 9 }).length}`)
	const packed = gzipSync(bytes, { level: 9 }).toString("base64")
	return await readFile(join(root, "lib/wasm/wasm_exec.js"), "utf8") + `
const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
const unarmor = (text) => fromBase64(text.split("\\n").slice(1, -2).join(""))
window.ready = new Promise((resolve) => { window.rivalReady = resolve })
;(async () => {
	const go = new Go()
	const stream = new Blob([fromBase64("${packed}")]).stream().pipeThrough(new DecompressionStream("gzip"))
	const made = await WebAssembly.instantiate(await new Response(stream).arrayBuffer(), go.importObject)
	go.run(made.instance)
})()
window.unlock = async (key) => rivalUnlock(unarmor(key), ${JSON.stringify(passphrase)}).trim()
window.openCopy = async (copy, identity) => rivalOpen(unarmor(copy), identity).digest`
}

function page(script, copies) {
	const blocks = Object.entries(copies).map(([id, text]) => `<script type="text/plain" id="${id}">${text}</script>`)
	return `<!DOCTYPE html><meta charset="utf-8"><title>bench</title>${blocks.join("")}<script>${script}</script>`
}

async function measure(pages, digest) {
	const { context, close } = await launch()
	const times = {}
	try {
		for (let round = 0; round < rounds; round++) {
			for (const [name, file] of Object.entries(pages)) {
				const tab = await context.newPage()
				const began = performance.now()
				await tab.goto("file://" + file)
				await tab.evaluate(() => window.ready)
				const took = { load: performance.now() - began, ...await tab.evaluate(inPage, work) }
				if (took.digest !== digest) throw new Error(name + " opened something else: " + took.digest)
				delete took.digest
				for (const [what, ms] of Object.entries(took)) ((times[what] ??= {})[name] ??= []).push(ms)
				await tab.close()
			}
		}
	} finally {
		await close()
	}
	return times
}

async function inPage(work) {
	const text = (id) => document.getElementById(id).textContent
	const took = {}
	let identity
	for (const logN of work) {
		const began = performance.now()
		identity = await window.unlock(text("key" + logN))
		took[`passphrase, work factor ${logN}`] = performance.now() - began
	}
	const began = performance.now()
	const digest = await window.openCopy(text("doc"), identity)
	took["open and digest 5 MiB"] = performance.now() - began
	took.digest = typeof digest === "string" ? digest : [...digest].map((b) => b.toString(16).padStart(2, "0")).join("")
	return took
}

function print(scripts, times) {
	const names = Object.keys(scripts)
	const row = (cells) => console.log("| " + cells.join(" | ") + " |")
	row(["", ...names])
	row(["---", ...names.map(() => "---")])
	row(["what a page of it adds", ...names.map((n) => (scripts[n].length / 1e3).toFixed(0) + " kB")])
	for (const [what, by] of Object.entries(times)) row([what, ...names.map((n) => (median(by[n]) / 1e3).toFixed(3) + " s")])
	console.log(`\nMedian of ${rounds} runs in turns. ${cpus().length} cores, ${cpus()[0].model}, node ${process.versions.node}.`)
}

function median(values) {
	const sorted = [...values].sort((a, b) => a - b)
	return sorted[sorted.length >> 1]
}
