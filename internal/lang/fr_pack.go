package lang

// frPack is what the PDF of a share says, in French.
var frPack = [...]row{
	{"share exactly the documents that this procedure asks for; see procedure check", "partager exactement les justificatifs que demande cette démarche ; voir procedure check"},
	{"write one PDF to print as well: a cover, then the documents, with the recipient and the day on each page",
		"écrire aussi un PDF à imprimer : une page de garde, puis les justificatifs, avec le destinataire et la date sur chaque page"},
	{"The file is not complete; `vaultctl procedure check` says what is missing.", "Le dossier n'est pas complet ; `vaultctl procedure check` dit ce qui manque."},
	{"! %s is not in it: %s. `vaultctl document get %s` or `document print` hands it out by itself.",
		"! %s n'y est pas : %s. `vaultctl document get %s` ou `document print` le remet à part."},
	{"%s put %s into a PDF to be handed out", "%s a mis %s dans un PDF à remettre"},
	{"it cannot be put into one file with others", "il ne peut pas être réuni avec d'autres dans un fichier"},
	{"Documents of %s", "Justificatifs de %s"},
	{"Share %s", "Partage %s"},
	{"Person", "Personne"},
	{"Recipient", "Destinataire"},
	{"Purpose", "Finalité"},
	{"Shared until", "Partagé jusqu'au"},
	{"In this file", "Dans ce dossier"},
	{"Going along by themselves", "Remis à part"},
	{"The digests are those of the documents as they were deposited (SHA-256). Each page bears the recipient and the day. What is handed out on paper or in a file cannot be called back.",
		"Les empreintes sont celles des justificatifs tels que déposés (SHA-256). Chaque page porte le destinataire et la date. Ce qui est remis sur papier ou dans un fichier ne peut pas être rattrapé."},
}

// frErrorsPack is what keeps documents out of it; each English side is a format letter for letter.
var frErrorsPack = [...]row{
	{"no document of the procedure is there", "aucun justificatif de la démarche n'est là"},
	{"`vaultctl procedure check` says what it asks for", "`vaultctl procedure check` dit ce qu'elle demande"},
	{"the share %s is made, but its PDF was not written: %w", "le partage %s est fait, mais son PDF n'a pas été écrit : %w"},
	{"the documents are together too large for one PDF", "les justificatifs sont ensemble trop volumineux pour un PDF"},
	{"the picture cannot be put on a page", "l'image ne peut pas être mise sur une page"},
	{"it is neither a PDF nor a picture", "ce n'est ni un PDF ni une image"},
}
