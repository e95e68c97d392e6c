package lang

// frPaper is what printed pages say, in French.
var frPaper = [...]row{
	// Every document.
	{"Page %d of %d", "Page %d sur %d"},
	{"Vault %s", "Coffre %s"},
	{"Name", "Nom"},
	{"Vault number", "Numéro du coffre"},
	{"Made on", "Fait le"},

	// The card.
	{"Card of your digital vault", "Carte de votre coffre-fort numérique"},
	{"Keep this page in a safe place, like a bank card with its code. Anyone who has this page can open your vault. Show it to nobody you do not trust.",
		"Gardez cette page en lieu sûr, comme une carte bancaire avec son code. Toute personne qui a cette page peut ouvrir votre coffre. Ne la montrez qu'à une personne de confiance."},
	{"Your %d secret words", "Vos %d mots secrets"},
	{"If you lose this page", "Si vous perdez cette page"},
	{"Tell your social worker, or any agent of %s. They make you a new page, and this one stops opening what is put in your vault afterwards. Documents that you kept private open with this page only: without it, they are lost.",
		"Dites-le à votre référent social ou à n'importe quel agent (%s). On vous fait une nouvelle page, et celle-ci n'ouvre plus ce qui entre ensuite dans votre coffre. Les documents que vous avez gardés privés ne s'ouvrent qu'avec cette page : sans elle, ils sont perdus."},
	{"The same key in letters, for a computer:", "La même clé en lettres, pour un ordinateur :"},
	{"Where the sealed documents are kept: %s", "Où sont gardés les documents scellés : %s"},
	{"Digital vault", "Coffre-fort numérique"},
	{"What is it for?", "À quoi ça sert ?"},
	{"Your vault keeps copies of your documents. It is locked, and this page is your key.",
		"Votre coffre garde la copie de vos documents. Il est fermé, et cette page est votre clé."},
	{"Cut out the card along the line. A camera reads the square.",
		"Découpez la carte le long du trait. Un appareil photo lit le carré."},
	{"The words and the square open the same vault. One of the two is enough.",
		"Les mots et le carré ouvrent le même coffre. L'un des deux suffit."},

	// The recovery sheets.
	{"%d of these %d shares together open every vault whose owner did not decline recovery, all but its private documents. Fewer open nothing. Give each share to another person. Keep it in a sealed envelope, away from the computers and from those who run them.",
		"%d de ces %d parts réunies ouvrent tous les coffres dont la personne n'a pas refusé la clé de secours, sauf leurs documents privés. Moins de parts n'ouvrent rien. Donnez chaque part à une personne différente. Gardez-la dans une enveloppe scellée, loin des ordinateurs et de ceux qui les gèrent."},
	{"The %d words", "Les %d mots"},
	{"Recovery sheets", "Feuilles de secours"},
	{"Recovery key", "Clé de secours"},
	{"Recovery share %d of %d", "Part de secours %d sur %d"},
	{"This page alone opens every vault whose owner did not decline recovery, all but its private documents. Keep it in a sealed envelope, in a safe, away from the computers and from those who run them.",
		"Cette page ouvre à elle seule tous les coffres dont la personne n'a pas refusé la clé de secours, sauf leurs documents privés. Gardez-la dans une enveloppe scellée, dans un coffre-fort, loin des ordinateurs et de ceux qui les gèrent."},
	{"Holder (name)", "Détenteur (nom)"},
	{"Kept where", "Lieu de garde"},
	{"Date and signature", "Date et signature"},
	{"The share, in letters:", "La part, en lettres :"},
	{"followed by the words below, in their order", "suivie des mots ci-dessous, dans leur ordre"},
	{"The key, in letters:", "La clé, en lettres :"},
	{"When it is needed", "Quand elle sert"},
	{"When every computer of the organization is lost, or when a person lost their card and nobody else can open their vault.",
		"Quand tous les postes de la structure sont perdus, ou quand une personne a perdu sa carte et que personne d'autre ne peut ouvrir son coffre."},
	{"What to do then", "Que faire alors"},
	{"Bring %d holders together at a computer where vaultctl is installed. Run the command below and type or scan the shares when it asks for them. Do not send a share by e-mail or telephone.",
		"Réunissez %d détenteurs devant un ordinateur où vaultctl est installé. Lancez la commande ci-dessous ; tapez ou scannez les parts quand elle les demande. N'envoyez jamais une part par courriel ou par téléphone."},
	{"At a computer where vaultctl is installed, run the command below and type or scan the key when it asks for it. Stock age opens the sealed files with this key as well, without vaultctl.",
		"Sur un ordinateur où vaultctl est installé, lancez la commande ci-dessous ; tapez ou scannez la clé quand elle la demande. Le programme age ordinaire ouvre aussi les fichiers scellés avec cette clé, sans vaultctl."},
	{"Root key", "Clé racine"},
	{"These words decide who runs the organization: with them one names administrators and replaces all of them. They read no document. Keep them apart from the recovery shares.",
		"Ces mots décident qui dirige la structure : avec eux on nomme les administrateurs, et on peut tous les remplacer. Ils ne lisent aucun document. Gardez-les séparés des parts de secours."},
	{"To name a first administrator again when none is left, together with the recovery key. The fingerprint above lets anyone check that a vault belongs to this organization; it is not secret.",
		"Pour nommer de nouveau un premier administrateur quand il n'y en a plus, avec la clé de secours. L'empreinte ci-dessus permet à chacun de vérifier qu'un coffre est bien celui de la structure ; elle n'est pas secrète."},
	{"Storage", "Stockage"},
	{"Root fingerprint", "Empreinte racine"},

	// The notice, receipts and the journal.
	{"Notice, version %s", "Notice, version %s"},
	{"Journal of your vault", "Journal de votre coffre"},
	{"When", "Quand"},
	{"Who", "Qui"},
	{"What", "Quoi"},
	{"Nothing has been done in this vault yet.", "Rien n'a encore été fait dans ce coffre."},
	{"This is everything that was done in your vault, and every time somebody tried and was refused.",
		"Voici tout ce qui a été fait dans votre coffre, et chaque fois que quelqu'un a essayé sans en avoir le droit."},
}

// frPaperPlurals is what printed pages say with a count.
var frPaperPlurals = [...]plural{
	{"%d entry.", "%d entries.", "%d ligne.", "%d lignes."},
}
