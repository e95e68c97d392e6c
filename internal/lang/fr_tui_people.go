package lang

// frTUIPeople is what the terminal interface says on the pages of its area, in French.
var frTUIPeople = [...]row{
	{"%s exists already. It would be replaced.", "%s existe déjà. Il serait remplacé."},
	{"A folder takes a file of the usual name.", "Un dossier reçoit un fichier du nom habituel."},
	{"A larger window shows a code to scan as well: %d × %d.", "Une fenêtre plus grande montre aussi un code à scanner : %d × %d."},
	{"File", "Fichier"},
	{"Nothing of what is typed is shown.", "Rien de ce qui est tapé n'est affiché."},
	{"PgDn", "Pg.suiv"},
	{"Sent to the printer.", "Envoyé à l'imprimante."},
}

// frTUIPeoplePlurals is the same with a count.
var frTUIPeoplePlurals = [...]plural{}
