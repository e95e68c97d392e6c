package lang

// frTUIDocuments is what the terminal interface says on the pages of its area, in French.
var frTUIDocuments = [...]row{
	{"Nothing of what is typed is shown.", "Rien de ce qui est tapé n'est affiché."},
	{"The person's card", "La carte de la personne"},
	{"letters", "lettres"},
}

// frTUIDocumentsPlurals is the same with a count.
var frTUIDocumentsPlurals = [...]plural{}
