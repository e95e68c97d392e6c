// What the page opens a package with, alone, for the measurement.

import { decode } from "../src/armor.js"
import { open, unlock } from "../src/seal.js"

window.candidate = { decode, open, unlock }
