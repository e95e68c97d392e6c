// Makes the picture of docs/packages.md, of the invented package that the Go test leaves in a folder:
// node screenshot.mjs FOLDER PASSPHRASE PICTURE.png

import { launch } from "./browser.mjs"

const [folder, passphrase, picture] = process.argv.slice(2)
const { context, close } = await launch({ locale: "en-GB", viewport: { width: 780, height: 880 } })
try {
	const page = await context.newPage()
	await page.goto(`file://${folder}/shown.html`)
	await page.fill("#passphrase", passphrase)
	await page.click("form button[type=submit]")
	await page.waitForSelector("ol.documents")
	await page.evaluate(() => {
		document.activeElement.blur()
		scrollTo(0, 0)
	})
	await page.screenshot({ path: picture })
} finally {
	await close()
}
