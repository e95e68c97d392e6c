package lang

// frPackage is what is said when a package for a browser is made.
var frPackage = [...]row{
	{"write one HTML file as well, which any browser opens (or -)", "écrire aussi un fichier HTML, que tout navigateur ouvre (ou -)"},
	{"one HTML file instead, which any browser opens (or -)", "plutôt un fichier HTML, que tout navigateur ouvre (ou -)"},
	{"Package: %s", "Fichier de partage : %s"},
	{"Passphrase of the package: %s", "Phrase secrète du fichier : %s"},
	{"Any current browser opens the package, offline. What is handed out as a file cannot be called back.",
		"Tout navigateur récent ouvre le fichier de partage, sans connexion. Ce qui est remis en fichier ne peut pas être rappelé."},
	{"%s put %s into a package for a partner", "%s a mis %s dans un fichier de partage pour un partenaire"},
}

// frErrorsPackage is what is said when a package for a browser cannot be made; as in frErrors, each English side is a format
// letter for letter.
var frErrorsPackage = [...]row{
	{"--package - and --json would both write to standard output", "--package - et --json écriraient tous deux sur la sortie standard"},
	{"a package holds every document of the share", "un fichier de partage contient tous les documents du partage"},
	{"the share %s is made, but its package was not written: %w", "le partage %s est fait, mais son fichier n'a pas été écrit : %w"},
	{"`vaultctl share get SHARE --package FILE` writes it, with a new passphrase",
		"`vaultctl share get PARTAGE --package FICHIER` l'écrit, avec une nouvelle phrase secrète"},
	{"a package is for a partner: who is in the organization opens a share with vaultctl",
		"un fichier de partage est pour un partenaire : qui est dans la structure ouvre un partage avec vaultctl"},
	{"`vaultctl share get` opens what was shared with a team", "`vaultctl share get` ouvre ce qui est partagé avec une équipe"},
	{"document %d is another than was shared", "le document %d n'est plus celui qui a été partagé"},
	{"the person agreed to what was there then: share again", "la personne a donné son accord pour ce qui était là alors : partager à nouveau"},
	{"every document left the share: it was removed or made private", "tous les documents ont quitté le partage : ils ont été retirés ou rendus privés"},
	{"a package needs at least one document", "un fichier de partage contient au moins un document"},
	{"document %d is not what was deposited", "le document %d n'est pas ce qui a été déposé"},
	{"the documents are larger than %d MB together: more does not open well in a browser",
		"les documents dépassent %d Mo ensemble : un navigateur ouvre mal ce qui est plus gros"},
	{"the proof of a document is malformed", "la preuve d'un document est malformée"},
	{"this program was built without the page that opens packages; build it with `make web build`, or install a release",
		"ce programme a été construit sans la page qui ouvre les fichiers de partage ; le construire avec `make web build`, ou installer une version publiée"},
	{"the passphrase of a package is seven words in small letters, without accents, joined by hyphens",
		"la phrase secrète d'un fichier de partage est faite de sept mots en minuscules, sans accents, joints par des tirets"},
}
