package lang

// frClean is what cleaning says, and receipts of storages where not everybody may delete, in French.
var frClean = [...]row{
	{"Delete from the remotes what nothing refers to any more", "Supprimer des stockages ce à quoi plus rien ne renvoie"},
	{"Delete what nothing refers to any more?", "Supprimer ce à quoi plus rien ne renvoie ?"},
	{"say what would be deleted, delete nothing", "dire ce qui serait supprimé, ne rien supprimer"},
	{"Names of the remotes where this workstation deletes, once a day, what others removed: they may lack the right to.",
		"Noms des stockages où ce poste supprime, une fois par jour, ce que d'autres ont retiré : ils peuvent ne pas en avoir le droit."},
	{"How long each storage keeps what was deleted, by old versions, a trash or object lock: main=30d. Receipts name the day.",
		"Durée pendant laquelle chaque stockage garde ce qui a été supprimé (anciennes versions, corbeille, verrou d'objet) : main=30d. Les accusés donnent la date."},
	{"%s stores and returns; it does not let this workstation delete: a custodian has to.", "%s range et rend ; il ne laisse pas ce poste supprimer : un dépositaire doit le faire."},
	{"%d kept", "%d conservés"},
	{"the storage keeps what was deleted, sealed, until %s at the latest", "le stockage garde ce qui a été supprimé, scellé, jusqu'au %s au plus tard"},
}

// frCleanPlurals is what it says with a count.
var frCleanPlurals = [...]plural{
	{"%d object would be deleted", "%d objects would be deleted", "%d objet serait supprimé", "%d objets seraient supprimés"},
	{"The storage does not let this workstation delete %d object: a custodian has to.", "The storage does not let this workstation delete %d objects: a custodian has to.",
		"Le stockage ne laisse pas ce poste supprimer %d objet : un dépositaire doit le faire.", "Le stockage ne laisse pas ce poste supprimer %d objets : un dépositaire doit le faire."},
	{"%d object was missing there and is sent again, if this workstation or another storage has it.", "%d objects were missing there and are sent again, if this workstation or another storage has them.",
		"%d objet y manquait et est renvoyé, si ce poste ou un autre stockage l'a.", "%d objets y manquaient et sont renvoyés, si ce poste ou un autre stockage les a."},
	{"%d object of a revoked workstation stays until 30 days have passed.", "%d objects of revoked workstations stay until 30 days have passed.",
		"%d objet d'un poste révoqué reste jusqu'à ce que 30 jours soient passés.", "%d objets de postes révoqués restent jusqu'à ce que 30 jours soient passés."},
	{"%d object is not known here and stays; `vaultctl verify` names it.", "%d objects are not known here and stay; `vaultctl verify` names them.",
		"%d objet est inconnu ici et reste ; `vaultctl verify` le nomme.", "%d objets sont inconnus ici et restent ; `vaultctl verify` les nomme."},
	{"this workstation may not delete there: %d object, sealed to those who could read it before, stays until the workstation that wrote it or a custodian deletes it",
		"this workstation may not delete there: %d objects, sealed to those who could read them before, stay until the workstations that wrote them or a custodian delete them",
		"ce poste n'a pas le droit d'y supprimer : %d objet, scellé à ceux qui pouvaient le lire avant, reste jusqu'à ce que le poste qui l'a écrit ou un dépositaire le supprime",
		"ce poste n'a pas le droit d'y supprimer : %d objets, scellés à ceux qui pouvaient les lire avant, restent jusqu'à ce que les postes qui les ont écrits ou un dépositaire les suppriment"},
}
