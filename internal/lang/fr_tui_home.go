package lang

// frTUIHome is what the terminal interface says on the pages of its area, in French.
var frTUIHome = [...]row{
	{"Followed: it stands at home.", "Suivi : visible à l'accueil."},
	{"No longer followed.", "N'est plus suivi."},
	{"Type a name, a reference or an id.", "Tapez un nom, une référence ou un identifiant."},
	{"follow, or no longer", "suivre, ou ne plus suivre"},
}

// frTUIHomePlurals is the same with a count.
var frTUIHomePlurals = [...]plural{}

// frErrorsTUIHome are the errors of these pages.
var frErrorsTUIHome = [...]row{
	{"%d people are followed already: stop following somebody first", "%d personnes sont déjà suivies : cessez d'abord d'en suivre une"},
	{"remember who is followed: %w", "mémoriser qui est suivi : %w"},
	{"vaults are opened with `vaultctl beneficiary add`", "les coffres s'ouvrent avec `vaultctl beneficiary add`"},
}
