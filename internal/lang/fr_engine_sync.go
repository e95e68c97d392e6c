package lang

// frEngineSync is what the daemon says of what other workstations write and a storage withholds, in French.
var frEngineSync = [...]row{
	{"a workstation says that it has not seen what it must have seen", "un poste dit ne pas avoir vu ce qu'il a forcément vu"},
	{"its storage withheld journal segments from it, or its program hides what it saw: run `vaultctl verify` there, and revoke it if that explains nothing",
		"son stockage lui a caché des segments du journal, ou son programme tait ce qu'il a vu : lancer `vaultctl verify` sur ce poste, et le révoquer si cela n'explique rien"},
	{"an object is larger than any that a device writes; it was not read", "un objet est plus grand que tout ce qu'un poste écrit ; il n'a pas été lu"},
	{"the storage's listing leaves out an object that it holds", "la liste que donne le stockage omet un objet qu'il contient"},
	{"ask the provider why its listings are old; nothing depends on them, but `vaultctl verify` finds less",
		"demander à l'hébergeur pourquoi ses listes sont anciennes ; rien n'en dépend, mais `vaultctl verify` trouve moins de choses"},
	{"the storage holds very many objects that no enrolled device wrote; they are not used", "le stockage contient un très grand nombre d'objets qu'aucun poste inscrit n'a écrits ; ils ne sont pas utilisés"},
	{"the storage does not give a journal segment that other workstations have seen; what they wrote since waits for it",
		"le stockage ne donne pas un segment du journal que d'autres postes ont vu ; ce qu'ils ont écrit depuis l'attend"},
	{"run `vaultctl verify` on the workstations that have it: it is sent again from there; if none has it, a workstation makes it up: see `vaultctl device list`",
		"lancer `vaultctl verify` sur les postes qui l'ont : il est renvoyé de là ; si aucun ne l'a, un poste l'invente : voir `vaultctl device list`"},
	{"How long nothing may be heard of another workstation before `status` and `doctor` name it. 0 means for ever.",
		"Durée sans nouvelles d'un autre poste au bout de laquelle `status` et `doctor` le nomment. 0 : jamais."},
	{"is it switched off or locked? If it is in use, the storage withholds what it writes; if it is gone, revoke it",
		"est-il éteint ou verrouillé ? S'il sert, le stockage cache ce qu'il écrit ; s'il n'existe plus, le révoquer"},
}

// frErrorsSync is the same for what is said with names and numbers.
var frErrorsSync = [...]row{
	{"segment header: bad signature", "en-tête du segment : signature incorrecte"},
	{"upgrade vaultctl on this computer; nothing is lost meanwhile", "mettre à jour vaultctl sur cet ordinateur ; rien n'est perdu entre-temps"},
	{"another workstation works with a newer version: here everything is read-only", "un autre poste travaille avec une version plus récente : ici, tout est en lecture seule"},
	{"the storage holds %d objects that no enrolled device wrote; they are not used", "le stockage contient %d objets qu'aucun poste inscrit n'a écrits ; ils ne sont pas utilisés"},
	{"nothing was heard of %s's workstation since %s", "aucune nouvelle du poste de %s depuis le %s"},
}
