// Every sentence of the page, in French and English.

/** languages are the ones that the page speaks. */
export const languages = ["fr", "en"]

const sentences = {
	title: ["Documents scellés", "Sealed documents"],
	intro: ["{0} a préparé ces documents pour vous le {1}. Ils s’ouvrent dans cette page, sans connexion : rien n’est envoyé.",
		"{0} prepared these documents for you on {1}. They open in this page, without a connection: nothing is sent."],
	reference: ["Référence du partage : {0}", "Reference of the share: {0}"],
	passphrase: ["Phrase secrète", "Passphrase"],
	passphraseHint: ["Sept mots, donnés par un autre moyen que ce fichier (téléphone, courrier). Majuscules, accents et tirets ne comptent pas.",
		"Seven words, given by another way than this file (telephone, letter). Capitals, accents and hyphens make no difference."],
	show: ["Afficher ce que je tape", "Show what I type"],
	open: ["Ouvrir", "Open"],
	needed: ["Tapez la phrase secrète.", "Type the passphrase."],
	checking: ["Vérification de la phrase secrète…", "Checking the passphrase…"],
	opening: ["Ouverture et vérification de {0} documents…", "Opening and checking {0} documents…"],
	openingOne: ["Ouverture et vérification du document…", "Opening and checking the document…"],
	opened: ["Documents ouverts et vérifiés : {0}.", "Documents opened and checked: {0}."],
	openedSome: ["Documents ouverts et vérifiés : {0}. Documents modifiés, qui ne sont pas montrés : {1}.", "Documents opened and checked: {0}. Documents that were altered and are not shown: {1}."],
	wrong: ["Ce n’est pas la bonne phrase secrète. Vérifiez les mots et leur ordre, ou demandez-la à {0}.",
		"This is not the right passphrase. Check the words and their order, or ask {0} for it."],
	altered: ["Ce fichier a été modifié ou endommagé : rien n’en est montré. Demandez-en un autre à {0}.",
		"This file was altered or damaged: nothing of it is shown. Ask {0} for another."],
	damaged: ["Ce fichier a été endommagé en route : il ne peut pas être ouvert. Demandez-en un autre à {0}.",
		"This file was damaged on its way: it cannot be opened. Ask {0} for another."],
	truncated: ["Ce fichier est incomplet : il a été coupé en route. Demandez-en un autre à {0}.",
		"This file is incomplete: it was cut off on its way. Ask {0} for another."],
	memory: ["Ce navigateur n’a pas assez de mémoire pour ouvrir ces documents. Fermez d’autres pages, ou essayez sur un autre ordinateur.",
		"This browser has not enough memory to open these documents. Close other pages, or try another computer."],
	given: ["Ce qui vous est transmis", "What you were given"],
	from: ["De", "From"],
	to: ["Pour", "For"],
	about: ["Concerne", "About"],
	purpose: ["Finalité", "Purpose"],
	made: ["Préparé le", "Prepared on"],
	until: ["Accord valable jusqu’au", "Agreed until"],
	root: ["Empreinte de la structure", "Fingerprint of the organization"],
	ended: ["L’accord de la personne a pris fin le {0}. Supprimez ce fichier et ce que vous en avez enregistré.",
		"The person’s agreement ended on {0}. Delete this file and what you saved from it."],
	delete: ["Supprimez ce fichier et ce que vous en avez enregistré quand vous n’en avez plus besoin, au plus tard le {0}.",
		"Delete this file and what you saved from it when you no longer need it, at the latest on {0}."],
	documents: ["Documents", "Documents"],
	type: ["Type", "Type"],
	issued: ["Daté du", "Issued on"],
	size: ["Taille", "Size"],
	digest: ["Empreinte SHA-256", "SHA-256 digest"],
	digestGood: ["Vérifiée : c’est celle de la liste scellée.", "Checked: it is the one of the sealed list."],
	proof: ["Preuve", "Proof"],
	proofNone: ["Aucune preuve n’est jointe.", "No proof enclosed."],
	proofUnknown: ["Une preuve est jointe, d’une sorte que cette page ne sait pas vérifier.", "A proof is enclosed, of a kind that this page cannot check."],
	proofGood: ["Vérifiée : déposé le {0} par {1}, d’après le journal de la structure.", "Checked: deposited on {0} by {1}, as the organization’s journal has it."],
	proofSeen: ["L’agent a noté avoir vu l’original.", "The agent noted that they saw the original."],
	proofUnseen: ["L’agent n’a pas noté avoir vu l’original.", "The agent did not note that they saw the original."],
	proofMeans: ["Cela ne dit rien de ce que le document affirme, ni qu’il est authentique.", "This says nothing about what the document says, nor that it is genuine."],
	proofRoot: ["Signée jusqu’à la clé racine {0} : comparez-la avec celle que la structure publie.", "Signed up to the root key {0}: compare it with the one that the organization publishes."],
	proofSignature: ["La preuve est fausse ou a été modifiée : une signature ne correspond pas.", "The proof is false or was altered: a signature does not fit."],
	proofChain: ["La preuve est fausse ou incomplète : ses signatures ne mènent pas à la structure.", "The proof is false or incomplete: its signatures do not lead to the organization."],
	proofDocument: ["La preuve est celle d’un autre document.", "The proof is that of another document."],
	proofOrganization: ["La preuve est celle d’une autre structure.", "The proof is that of another organization."],
	documentAltered: ["Ce document a été modifié ou endommagé dans ce fichier : il n’est pas montré. Demandez-en un autre exemplaire à {0}.",
		"This document was altered or damaged in this file: it is not shown. Ask {0} for another copy."],
	view: ["Voir", "View"],
	hide: ["Masquer", "Hide"],
	save: ["Enregistrer", "Save"],
	tab: ["Ouvrir dans un onglet", "Open in a tab"],
	nameViewed: ["{0} : {1}", "{0}: {1}"],
	saveOnly: ["Ce type de fichier ne se montre pas ici : enregistrez-le, puis ouvrez-le avec un autre programme.", "This kind of file is not shown here: save it, then open it with another program."],
	pdfHelp: ["Si rien ne s’affiche, ouvrez-le dans un onglet ou enregistrez-le.", "If nothing appears, open it in a tab or save it."],
	sealed: ["Ouvrir sans cette page", "Opening without this page"],
	sealedHelp: ["Les exemplaires scellés sont des fichiers age ordinaires. Enregistrez la clé et les exemplaires, puis, avec le programme age (version 1.3 ou plus récente) et la phrase secrète en minuscules, sans accents, les mots joints par des tirets :",
		"The sealed copies are ordinary age files. Save the key and the copies; then, with the program age (version 1.3 or later) and the passphrase in small letters, without accents, its words joined by hyphens:"],
	sealedKey: ["Enregistrer la clé scellée", "Save the sealed key"],
	sealedList: ["Enregistrer la liste scellée", "Save the sealed list"],
	sealedCopy: ["Enregistrer l’exemplaire scellé {0}", "Save sealed copy {0}"],
	bytes: ["{0} octets", "{0} bytes"],
	byte: ["{0} octet", "{0} byte"],
	kilobytes: ["{0} ko", "{0} kB"],
	megabytes: ["{0} Mo", "{0} MB"],
}

/**
 * Speech says sentences in one language.
 */
export class Speech {
	/** @param {"fr" | "en"} language */
	constructor(language) {
		this.language = language
	}

	/** sentences names all there are. */
	static sentences() {
		return Object.keys(sentences)
	}

	/**
	 * say returns a sentence, {0} and {1} replaced.
	 *
	 * @param {keyof sentences} key
	 * @param {...(string | number)} values
	 */
	say(key, ...values) {
		const sentence = sentences[key][languages.indexOf(this.language)]
		const whole = sentence.replace(/\{(\d)\}/g, (_, i) => String(values[i]))
		return this.language === "fr" ? whole.replace(/ ([:;!?»])/g, "\u00a0$1").replace(/« /g, "«\u00a0") : whole
	}

	/** day returns a date, given as YYYY-MM-DD or with a time; what is no date is returned as it is. */
	day(text) {
		const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})/.exec(text) ?? []
		if (year === undefined) return text
		const format = new Intl.DateTimeFormat(this.language === "fr" ? "fr-FR" : "en-GB", { dateStyle: "long", timeZone: "UTC" })
		const written = format.format(new Date(Date.UTC(Number(year), Number(month) - 1, Number(date))))
		return this.language === "fr" ? written.replace(/^1 /, "1er ") : written
	}

	/** size returns a number of bytes in words. */
	size(bytes) {
		const number = (value, digits) => new Intl.NumberFormat(this.language, { maximumFractionDigits: digits }).format(value)
		if (bytes === 1 || (bytes === 0 && this.language === "fr")) return this.say("byte", bytes)
		if (bytes < 1000) return this.say("bytes", number(bytes, 0))
		if (bytes < 1e6) return this.say("kilobytes", number(bytes / 1e3, 0))
		return this.say("megabytes", number(bytes / 1e6, 1))
	}
}

/** preferred returns the first language of the browser that the page speaks, fallback if there is none. */
export function preferred(fallback) {
	const wanted = (navigator.languages ?? []).map((tag) => tag.slice(0, 2).toLowerCase())
	return wanted.find((code) => languages.includes(code)) ?? fallback
}
