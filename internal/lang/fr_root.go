package lang

// frRoot is what is said when the root key is replaced, in French.
var frRoot = [...]row{
	{"root", "racine"},
	{"The root key, whose words decide who belongs to the organization", "La clé racine, dont les mots décident qui fait partie de la structure"},
	{"Make new root words, when somebody leaves who has the old ones", "Faire de nouveaux mots racine, quand quelqu'un part qui a les anciens"},
	{"file with the new root words that are on paper already; - for standard input", "fichier contenant les nouveaux mots racine, déjà sur papier ; - pour l'entrée standard"},
	{"check the old words, and change nothing", "vérifier les anciens mots, sans rien changer"},
	{"Replace the root key?", "Remplacer la clé racine ?"},
	{"The words are those of the root key; it would be replaced.", "Ce sont bien les mots de la clé racine ; elle serait remplacée."},
	{"The root key is replaced.", "La clé racine est remplacée."},
	{"The root key was replaced", "La clé racine a été remplacée"},
	{"The new words are in %s: print it, hand the page out, delete the file.", "Les nouveaux mots sont dans %s : l'imprimer, remettre la page, supprimer le fichier."},
	{"The old words sign nothing any more: destroy them. Tell the new fingerprint to everybody who compares it, and put it into the scripts that run `vaultctl join --root`; the old one still leads here.",
		"Les anciens mots ne signent plus rien : les détruire. Donner la nouvelle empreinte à tous ceux qui la comparent, et la mettre dans les scripts qui lancent `vaultctl join --root` ; l'ancienne mène encore ici."},
}

var frRootPlurals = [...]plural{
	{"%d note on the storage names another root without the signature of the one before; it does not count.",
		"%d notes on the storage name another root without the signature of the one before; they do not count.",
		"%d note sur le stockage désigne une autre racine sans la signature de la précédente ; elle ne compte pas.",
		"%d notes sur le stockage désignent une autre racine sans la signature de la précédente ; elles ne comptent pas."},
}

// frErrorsRoot is what goes wrong then; as in frErrors, each English side is a format letter for letter.
var frErrorsRoot = [...]row{
	{"note of a root: malformed or altered", "note d'une racine : mal formée ou altérée"},
	{"note of a root: written by a newer version", "note d'une racine : écrite par une version plus récente"},
	{"these are the words of a former root: they were replaced and sign nothing any more", "ce sont les mots d'une ancienne racine : ils ont été remplacés et ne signent plus rien"},
	{"who keeps the root words since has the new ones", "la personne qui garde les mots racine depuis a les nouveaux"},
	{"the storage shows several successors of one root: somebody has the words of a former one", "le stockage montre plusieurs successeurs d'une même racine : quelqu'un a les mots d'une ancienne"},
	{"`vaultctl status` on an enrolled workstation shows the fingerprint of the one that counts; give it with --root", "`vaultctl status` sur un poste inscrit montre l'empreinte de celle qui compte ; la donner avec --root"},
	{"the storage shows another root than the organization's journal names", "le stockage montre une autre racine que celle que désigne le journal de la structure"},
	{"the storage does not show who the root is: the organization's journal names a later one", "le stockage ne montre pas qui est la racine : le journal de la structure en désigne une plus récente"},
	{"`vaultctl verify` on an enrolled workstation puts the note there again; then begin again", "`vaultctl verify` sur un poste inscrit y remet la note ; puis recommencer"},
	{"the storage shows a root that the organization's journal does not name", "le stockage montre une racine que le journal de la structure ne désigne pas"},
	{"the words of the new root are needed", "il faut les mots de la nouvelle racine"},
	{"these words are, or were, the root's: the next one needs others", "ces mots sont, ou étaient, ceux de la racine : il en faut d'autres pour la suivante"},
	{"the root key was not replaced", "la clé racine n'a pas été remplacée"},
	{"the old words still count; destroy what was written down of the new ones", "les anciens mots comptent toujours ; détruire ce qui a été noté des nouveaux"},
	{"the words that are on paper do not count yet: `vaultctl root rotate --new-words FILE` goes on with them", "les mots qui sont sur papier ne comptent pas encore : `vaultctl root rotate --new-words FICHIER` continue avec eux"},
	{"--%s is for new words: leave out --new-words and --dry-run", "--%s est pour de nouveaux mots : ne pas donner --new-words ni --dry-run"},
}
