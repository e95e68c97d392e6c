// Starts Debian's Chromium with a profile of its own, for tests and measurements. Nothing of it reaches the network.

import { chromium } from "playwright-core"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** executable is the browser that is driven. */
export const executable = process.env.CHROMIUM ?? "/usr/bin/chromium"

const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

/**
 * launch starts the browser.
 *
 * @param {import("playwright-core").BrowserContextOptions} [options]
 * @returns {Promise<{context: import("playwright-core").BrowserContext, close: () => Promise<void>}>}
 */
export async function launch(options = {}) {
	const profile = await mkdtemp(join(tmpdir(), "package-browser-"))
	const context = await chromium.launchPersistentContext(profile, {
		executablePath: executable,
		args: [...quiet, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
		...options,
	})
	return {
		context,
		close: async () => {
			await context.close()
			await rm(profile, { recursive: true, force: true })
		},
	}
}
