package lang

// frTUIAdmin is what the terminal interface says on the pages of its area, in French.
var frTUIAdmin = [...]row{
	{"%s can be shared with now.", "On peut désormais partager avec %s."},
	{"%s is out of use.", "%s est hors d'usage."},
	{"A new partner", "Un nouveau partenaire"},
	{"File with their public key", "Fichier de sa clé publique"},
	{"How do they open what is shared with them?", "Comment ouvre-t-il ce qui lui est partagé ?"},
	{"How to reach them", "Comment le joindre"},
	{"No partner yet.", "Aucun partenaire pour l'instant."},
	{"Nothing is shared with them any more. What was shared stays in the journals under their name.", "Plus rien n'est partagé avec lui. Ce qui l'a été reste dans les journaux sous son nom."},
	{"Offices, associations and landlords outside, with whom documents are shared.", "Organismes, associations et bailleurs extérieurs avec qui des justificatifs sont partagés."},
	{"The office, association or landlord. A partner is never changed later.", "L'organisme, l'association ou le bailleur. Un partenaire ne se modifie jamais ensuite."},
	{"Their public key", "Sa clé publique"},
	{"add a partner", "ajouter un partenaire"},
	{"administration", "administration"},
	{"checks", "contrôles"},
	{"imports", "imports"},
	{"partners", "partenaires"},
	{"take out of use", "mettre hors d'usage"},
	{"with a passphrase, another one for each share", "avec une phrase secrète, une autre pour chaque partage"},
	{"with their own key: I choose its file", "avec sa propre clé : je choisis le fichier"},
	{"with their own key: I paste it", "avec sa propre clé : je la colle"},
}

// frTUIAdminPlurals is the same with a count.
var frTUIAdminPlurals = [...]plural{}
