// Makes one script of the page's sources and the packages that it uses: ../built/page.js.

import { build } from "esbuild"
import { readFile } from "node:fs/promises"

const out = new URL("../built/page.js", import.meta.url).pathname
await build({
	entryPoints: [new URL("src/main.js", import.meta.url).pathname],
	outfile: out,
	bundle: true,
	minify: true,
	format: "iife",
	target: "es2022",
	charset: "ascii",
	legalComments: "eof",
})
const script = await readFile(out, "utf8")
if (/<\/script|<!--|^-----/im.test(script)) throw new Error("the script cannot stand inside a page")
console.log(`built/page.js: ${script.length} bytes`)
