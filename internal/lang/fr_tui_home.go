package lang

// frTUIHome is what the terminal interface says on the pages of its area, in French.
var frTUIHome = [...]row{
	{"Everything is on the storage, and what others wrote is here.", "Tout est sur le stockage, et ce que les autres ont écrit est ici."},
	{"Followed", "Suivis"},
	{"Followed: it stands at home.", "Suivi : visible à l'accueil."},
	{"No longer followed.", "N'est plus suivi."},
	{"No scan has arrived.", "Aucun scan n'est arrivé."},
	{"Nobody is followed: f on a person's page follows them.", "Personne n'est suivi : f, sur la page d'une personne, la suit."},
	{"Not deleted from the scanner's folder", "Pas supprimé du dossier du scanner"},
	{"Nothing ends soon.", "Rien ne se termine bientôt."},
	{"Scans", "Scans"},
	{"Seen last", "Vus en dernier"},
	{"Type a name, a reference or an id.", "Tapez un nom, une référence ou un identifiant."},
	{"Which scans?", "Quels scans ?"},
	{"Who?", "Qui ?"},
	{"a consent ends", "un consentement se termine"},
	{"a document expires", "un document expire"},
	{"administer", "administrer"},
	{"cannot be read", "illisible"},
	{"delete what is in a vault", "supprimer ce qui est dans un coffre"},
	{"deposit into a vault", "déposer dans un coffre"},
	{"does not answer; what it held last is shown", "ne répond pas ; son dernier contenu connu est affiché"},
	{"ends soon", "se termine bientôt"},
	{"follow, or no longer", "suivre, ou ne plus suivre"},
	{"followed", "suivis"},
	{"in a vault", "dans un coffre"},
	{"is not there; it is looked for again and again", "absent ; nouvel essai régulier"},
	{"look at the scans", "voir les scans"},
	{"new", "nouveau"},
	{"not open to this workstation", "non ouvert à ce poste"},
	{"open a vault", "ouvrir un coffre"},
	{"safe on this workstation, and waits for the storage", "en sûreté sur ce poste, attend le stockage"},
	{"scanned", "numérisé"},
	{"scans", "scans"},
	{"send and fetch now", "synchroniser"},
	{"verified on the storage", "vérifié sur le stockage"},
	{"watched", "surveillé"},
}

// frTUIHomePlurals is the same with a count.
var frTUIHomePlurals = [...]plural{
	{"%d change waits for %s, which answered last on %s", "%d changes wait for %s, which answered last on %s", "%d changement attend %s, qui a répondu pour la dernière fois le %s", "%d changements attendent %s, qui a répondu pour la dernière fois le %s"},
	{"%d change waits for %s, which has not answered yet", "%d changes wait for %s, which has not answered yet", "%d changement attend %s, qui n'a pas encore répondu", "%d changements attendent %s, qui n'a pas encore répondu"},
	{"%d file is still arriving", "%d files are still arriving", "%d fichier arrive encore", "%d fichiers arrivent encore"},
	{"%d new scan", "%d new scans", "%d nouveau scan", "%d nouveaux scans"},
	{"%d object is safe here and still waits for the storage.", "%d objects are safe here and still wait for the storage.", "%d objet, en sûreté ici, attend encore le stockage.", "%d objets, en sûreté ici, attendent encore le stockage."},
	{"%d scan was deleted from the folder.", "%d scans were deleted from the folder.", "%d scan a été supprimé du dossier.", "%d scans ont été supprimés du dossier."},
	{"Delete %d scan from the scanner's folder?", "Delete %d scans from the scanner's folder?", "Supprimer %d scan du dossier du scanner ?", "Supprimer %d scans du dossier du scanner ?"},
	{"Whose is %d scan?", "Whose are %d scans?", "À qui est %d scan ?", "À qui sont %d scans ?"},
	{"and %d more", "and %d more", "et %d autre", "et %d autres"},
}

// frErrorsTUIHome are the errors of these pages.
var frErrorsTUIHome = [...]row{
	{"%d people are followed already: stop following somebody first", "%d personnes sont déjà suivies : cessez d'abord d'en suivre une"},
	{"no folder of a scanner is watched: name it with --scans, or in the setting scan_folders", "aucun dossier de scanner n'est surveillé : nommez-le avec --scans, ou dans le réglage scan_folders"},
	{"none of these scans was deposited from here", "aucun de ces scans n'a été déposé d'ici"},
	{"remember who is followed: %w", "mémoriser qui est suivi : %w"},
	{"the file is not all of the document, or has changed since", "le fichier n'est pas le document entier, ou a changé depuis"},
	{"the folder does not let it be deleted", "le dossier ne permet pas de le supprimer"},
	{"the scan cannot be read again", "le scan ne peut pas être relu"},
	{"there is no open vault", "il n'y a pas de coffre ouvert"},
	{"whether it is the document cannot be told here: delete it yourself", "impossible de savoir ici si c'est le document : supprimez-le vous-même"},
}
