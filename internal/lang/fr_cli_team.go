package lang

// frTeam is what the commands about teams, agents and workstations that end say, in French.
var frTeam = [...]row{
	{"A workstation of a member has to make the new key of %s: it does so by itself when it hears of this.",
		"Le poste d'un membre doit faire la nouvelle clé de %s : il le fait de lui-même quand il l'apprend."},
	{"A workstation of a member has to make the team's new key: it does so by itself when it hears of this.",
		"Le poste d'un membre doit faire la nouvelle clé de l'équipe : il le fait de lui-même quand il l'apprend."},
	{"End a team to which nobody consents any more", "Mettre fin à une équipe à laquelle personne ne consent plus"},
	{"End a workstation: it reads and writes nothing any more", "Révoquer un poste : il ne lit et n'écrit plus rien"},
	{"End all of an agent's workstations and memberships", "Mettre fin à tous les postes et appartenances d'un agent"},
	{"End the team %s?", "Mettre fin à l'équipe %s ?"},
	{"Left: %s", "A quitté : %s"},
	{"Let an agent into a team: they read what is consented to it", "Faire entrer un agent dans une équipe : il lit ce à quoi elle a droit"},
	{"Remove %s, with every workstation and from every team?", "Retirer %s, avec tous ses postes et de toutes les équipes ?"},
	{"Revoke the workstation %s?", "Révoquer le poste %s ?"},
	{"Show a team with its members", "Montrer une équipe et ses membres"},
	{"Show an agent with their teams and devices", "Montrer un agent, ses équipes et ses postes"},
	{"Take in what a workstation wrote before it heard that it was revoked", "Reprendre ce qu'un poste a écrit avant d'apprendre sa révocation"},
	{"Take this in?", "Reprendre cela ?"},
	{"Taken in: %d of %d.", "Repris : %d sur %d."},
	{"Written too late by a workstation of %s:", "Écrit trop tard par un poste de %s :"},
	{"Take %s out of %s?", "Retirer %s de %s ?"},
	{"Take an agent out of a team, and make a new key for it", "Retirer un agent d'une équipe, et faire une nouvelle clé pour elle"},
	{"The storage does not hold this yet: the others hear of it when it does.", "Le stockage ne l'a pas encore : les autres l'apprendront quand il l'aura."},
	{"What was read before cannot be called back.", "Ce qui a été lu avant ne peut être rappelé."},
	{"This workstation cannot open the documents: sealing them again waits for a workstation of %s.",
		"Ce poste ne peut pas ouvrir les justificatifs : leur nouveau scellement attend un poste de %s."},
	{"Make a new recovery secret, when a holder of the old one leaves", "Faire un nouveau secret de secours, quand un détenteur de l'ancien s'en va"},
	{"Replace the recovery secret?", "Remplacer le secret de secours ?"},
	{"The recovery secret is replaced.", "Le secret de secours est remplacé."},
	{"The recovery secret, which opens the vaults when every workstation is lost", "Le secret de secours, qui ouvre les coffres quand tous les postes sont perdus"},
	{"Until then, and in copies of the storage that somebody kept, the old one still opens what it could open. Destroy the old shares.",
		"D'ici là, et dans les copies du stockage que quelqu'un aurait gardées, l'ancien ouvre encore ce qu'il pouvait ouvrir. Détruire les anciennes parts."},
	{"Who is in a team", "Qui est dans une équipe"},
	{"somebody may read with its keys: seal anew what it could read", "quelqu'un peut lire avec ses clés : sceller à nouveau ce qu'il pouvait lire"},
	{"somebody may read with their keys: seal anew what they could read", "quelqu'un peut lire avec leurs clés : sceller à nouveau ce qu'elles permettaient de lire"},
	{"to seal anew", "à sceller de nouveau"},
	{"documents' descriptions on their way", "descriptions de documents en route"},
}

// frTeamPlurals is what they say with a count.
var frTeamPlurals = [...]plural{
	{"%d workstation of %s is revoked", "%d workstations of %s are revoked", "%d poste de %s est révoqué", "%d postes de %s sont révoqués"},
	{"%d vault is sealed anew in the background", "%d vaults are sealed anew in the background",
		"%d coffre est scellé de nouveau en arrière-plan", "%d coffres sont scellés de nouveau en arrière-plan"},
}
