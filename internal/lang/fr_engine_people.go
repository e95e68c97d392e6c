package lang

// frEnginePeople is what the daemon says of people, consents and receipts, in French.
var frEnginePeople = [...]row{
	{"%s exported document %s on %s.", "%s a exporté le justificatif %s le %s."},
	{"%s exported the vault on %s.", "%s a exporté le coffre le %s."},
	{"%s opened document %s on %s.", "%s a ouvert le justificatif %s le %s."},
	{"%s printed document %s on %s.", "%s a imprimé le justificatif %s le %s."},
	{"The vault was erased before, on %s.", "Le coffre a déjà été effacé, le %s."},
	{"This was the last consent: no agent opens the vault any more.", "C'était le dernier consentement : plus aucun agent n'ouvre le coffre."},
	{"What was read, printed or exported before cannot be recalled.", "Ce qui a été lu, imprimé ou exporté auparavant ne peut pas être repris."},
	{"consent %s to %s (%s)", "consentement %s donné à %s (%s)"},
	{"name, date of birth, references, contact details", "nom, date de naissance, références, coordonnées"},
	{"not confirmed yet, it is tried again until done", "pas encore confirmé ; le poste réessaie jusqu'à ce que ce soit fait"},
	{"not confirmed yet, it is tried again until done: %s", "pas encore confirmé ; le poste réessaie jusqu'à ce que ce soit fait : %s"},
	{"say it to any agent, at any time, without giving a reason", "le dire à n'importe quel agent, à tout moment, sans donner de raison"},
	{"the holders of the recovery key, together", "les détenteurs de la clé de secours, réunis"},
	{"the person, with their card", "la personne, avec sa carte"},
	{"the storage does not say whether it keeps deleted files; ask who runs it", "le stockage ne dit pas s'il garde les fichiers supprimés ; demander à qui le gère"},
	{"the storage keeps deleted files in a trash until its own rules remove them; ask who runs it", "le stockage garde les fichiers supprimés dans une corbeille, selon ses propres règles ; demander à qui le gère"},
	{"the storage keeps old versions until its own rules remove them; ask who runs it", "le stockage garde les anciennes versions, selon ses propres règles ; demander à qui le gère"},
	{"until the person withdraws consent or asks for erasure", "jusqu'au retrait du consentement ou à la demande d'effacement"},
}

// frEnginePeoplePlurals is what the daemon says of people with a count.
var frEnginePeoplePlurals = [...]plural{
	{"%d document, evidence included", "%d documents, evidence included", "%d justificatif, preuves comprises", "%d justificatifs, preuves comprises"},
	{"%d consent record", "%d consent records", "%d consentement", "%d consentements"},
}
