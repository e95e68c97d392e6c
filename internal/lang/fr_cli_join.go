package lang

// frJoin is what the commands say by which workstations join an organization.
var frJoin = [...]row{
	// The new workstation.
	{"Enrol this workstation in an organization, or rebuild one that was lost", "Inscrire ce poste dans une structure, ou en reconstruire une qui a été perdue"},
	{"This workstation asks to join the organization on %s.", "Ce poste demande à rejoindre la structure qui se trouve sur %s."},
	{"Tell an administrator, in person or by telephone. They run `vaultctl device approve %s --agent NAME --role agent`, and approve only if their screen shows the same two lines of words.", "Le dire à un administrateur, en personne ou par téléphone. Il lance `vaultctl device approve %s --agent NOM --role agent`, et n'approuve que si son écran montre les deux mêmes lignes de mots."},
	{"This workstation is enrolled in %s, for %s (%s).", "Ce poste est inscrit dans %s, pour %s (%s)."},
	{"It opens the vaults consented to: %s", "Il ouvre les coffres confiés à : %s"},
	{"Next: `vaultctl status` shows how things are, `vaultctl beneficiary list` whom this workstation knows of.", "Ensuite : `vaultctl status` montre l'état des choses, `vaultctl beneficiary list` les personnes que ce poste connaît."},
	{"forget what was asked before, and ask with new keys and another code", "oublier la demande précédente, et demander avec de nouvelles clés et un autre code"},
	{"how long to wait for the approval: 10m, 0 for not at all; as long as it takes if not given", "combien de temps attendre l'approbation : 10m, 0 pour ne pas attendre ; le temps qu'il faudra sans cela"},
	{"take whatever organization the storage holds: its provider may have exchanged it", "prendre la structure que le stockage contient, quelle qu'elle soit : son fournisseur peut l'avoir échangée"},
	{"fingerprint of the root that the organization must have, as `vaultctl status` shows it", "empreinte de la racine que la structure doit avoir, telle que `vaultctl status` la montre"},
	{"Does the administrator's screen show the same words for the organization? yes or no", "L'écran de l'administrateur montre-t-il les mêmes mots pour la structure ? oui ou non"},
	{"waiting for an administrator", "en attente d'un administrateur"},
	{"reading the journal", "lecture du journal"},
	{"not enrolled yet: an administrator has to approve", "pas encore inscrit : un administrateur doit l'approuver"},
	{"workstation", "poste"},

	// The administrator.
	{"Enrol the workstation that shows the code", "Inscrire le poste qui affiche le code"},
	{"List the enrolled machines, or those that ask to be", "Lister les machines inscrites, ou celles qui le demandent"},
	{"those that ask to be enrolled", "celles qui demandent à être inscrites"},
	{"words of the workstation", "mots du poste"},
	{"too old", "trop ancienne"},
	{"whose workstation it is: a name, or an agent's id", "à qui est le poste : un nom, ou l'identifiant d'un agent"},
	{"what it may do: admin, agent, deposit or auditor; admin,agent is both", "ce qu'il peut faire : admin, agent, deposit ou auditor ; admin,agent pour les deux"},
	{"the words of the workstation, as its own screen shows them", "les mots du poste, tels que son propre écran les montre"},
	{"Does the new screen show exactly these words, on both lines? yes or no", "Le nouvel écran montre-t-il exactement ces mots, sur les deux lignes ? oui ou non"},
	{"Name of the agent whose workstation it is", "Nom de l'agent à qui est ce poste"},
	{"What may it do?", "Que peut-il faire ?"},
	{"agent: open vaults, and those that people consent to", "agent : ouvrir des coffres, et ceux que les personnes lui confient"},
	{"deposit: deposit by reference, read nothing (servers)", "deposit : déposer par référence, ne rien lire (serveurs)"},
	{"auditor: see ids, consents and accesses", "auditor : voir les identifiants, les consentements et les accès"},
	{"admin: enrol and revoke workstations", "admin : inscrire et révoquer des postes"},
	{"admin and agent", "admin et agent"},
	{"Enrolled: a workstation of %s (%s). It goes on by itself.", "Inscrit : un poste de %s (%s). Il continue de lui-même."},
	{"%s is in no team yet: a member lets them in with `vaultctl team member add TEAM %s`.", "%s n'est encore dans aucune équipe : un membre l'y fait entrer avec `vaultctl team member add ÉQUIPE %s`."},
	{"%s lets it into their teams: the same command on a workstation that they use.", "%s le fait entrer dans ses équipes : la même commande sur un poste dont il se sert."},
}

// frJoinPlurals is what they say with a count.
var frJoinPlurals = [...]plural{
	{"%d vault is known here.", "%d vaults are known here.", "%d coffre est connu ici.", "%d coffres sont connus ici."},
}
