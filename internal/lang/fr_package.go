package lang

// frErrorsPackage is what is said when a package for a browser cannot be made; as in frErrors, each English side is a format
// letter for letter.
var frErrorsPackage = [...]row{
	{"a package needs at least one document", "un fichier de partage contient au moins un document"},
	{"document %d is not what was deposited", "le document %d n'est pas ce qui a été déposé"},
	{"the documents are larger than %d MB together: more does not open well in a browser",
		"les documents dépassent %d Mo ensemble : un navigateur ouvre mal ce qui est plus gros"},
	{"the proof of a document is malformed", "la preuve d'un document est malformée"},
	{"this program was built without the page that opens packages; build it with `make web build`, or install a release",
		"ce programme a été construit sans la page qui ouvre les fichiers de partage ; le construire avec `make web build`, ou installer une version publiée"},
	{"the passphrase of a package is words in small letters, without accents, joined by hyphens",
		"la phrase secrète d'un fichier de partage est faite de mots en minuscules, sans accents, joints par des tirets"},
}
