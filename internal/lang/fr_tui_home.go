package lang

// frTUIHome is what the terminal interface says on the pages of its area, in French.
var frTUIHome = [...]row{
	{"Type a name, a reference or an id.", "Tapez un nom, une référence ou un identifiant."},
}

// frTUIHomePlurals is the same with a count.
var frTUIHomePlurals = [...]plural{}
