package lang

// frTUILines is what the terminal interface says when it tells and asks line by line, in French.
var frTUILines = [...]row{
	{"%s: ", "%s : "},
	{"%s: %s", "%s : %s"},
	{"/back leaves these questions, /before goes back to the one before.", "/retour abandonne ces questions, /avant revient à la précédente."},
	{"A code to scan belongs here, which cannot be told.", "Il y a ici un code à scanner, qui ne peut pas être dit."},
	{"An empty line takes what stands in brackets, - takes nothing.", "Une ligne vide garde ce qui est entre crochets, - le retire."},
	{"An empty line tries again.", "Une ligne vide essaie de nouveau."},
	{"Answer yes or no, in full.", "Répondez oui ou non, en toutes lettres."},
	{"Choose at least one.", "Choisissez-en au moins un."},
	{"Choose files, or one folder.", "Choisissez des fichiers, ou un seul dossier."},
	{"Choose one file.", "Choisissez un seul fichier."},
	{"Clear this terminal's history now: what was told stands in it.", "Effacez maintenant l'historique de ce terminal : ce qui a été dit s'y trouve."},
	{"Columns: %s.", "Colonnes : %s."},
	{"Files", "Fichiers"},
	{"Home", "Accueil"},
	{"Keys, alone or with the number of a row behind: %s.", "Touches, seules ou suivies du numéro d'une ligne : %s."},
	{"Left.", "Abandonné."},
	{"Pages, by the word tab and their number: %s.", "Pages, par le mot onglet et leur numéro : %s."},
	{"Tell it here?", "Le dire ici ?"},
	{"The number of a row does what Enter does. The word more tells further rows; /words searches in them.", "Le numéro d'une ligne fait ce que fait Entrée. Le mot suite dit d'autres lignes ; /mots cherche parmi elles."},
	{"Then nobody will ever see it. Leave it unseen?", "Plus personne ne le verra alors. Quitter sans l'avoir vu ?"},
	{"There are no more rows.", "Il n'y a plus d'autres lignes."},
	{"There is no such key or word here; ? tells them.", "Il n'y a pas ici de telle touche ni de tel mot ; ? les dit."},
	{"These are not numbers from 1 to %d.", "Ce ne sont pas des numéros de 1 à %d."},
	{"Type a number, or letters to search.", "Tapez un numéro, ou des lettres pour chercher."},
	{"Type numbers such as 1,3,5-7, the number of a folder, the path of a file or folder, .. for the folder above, or letters to search; /back leaves.", "Tapez des numéros comme 1,3,5-7, le numéro d'un dossier, le chemin d'un fichier ou d'un dossier, .. pour le dossier parent, ou des lettres pour chercher ; /retour abandonne."},
	{"What is told here stays in this terminal's history until that is cleared.", "Ce qui est dit ici reste dans l'historique de ce terminal tant qu'il n'est pas effacé."},
	{"What is told here stays in this terminal's history: clear it, or close the window, before somebody else sits here.", "Ce qui est dit ici reste dans l'historique de ce terminal : effacez-le, ou fermez la fenêtre, avant que quelqu'un d'autre s'installe ici."},
	{"What now?", "Que faire ?"},
	{"When it is written down, press Enter.", "Une fois noté, appuyez sur Entrée."},
	{"Which row? 1 to %d; /back leaves.", "Quelle ligne ? 1 à %d ; /retour abandonne."},
	{"Which rows, such as 1,3,5-7? 1 to %d; /back leaves.", "Quelles lignes, comme 1,3,5-7 ? 1 à %d ; /retour abandonne."},
	{"Words: back, again, tab 2, lock, quit; ? tells this.", "Mots : retour, actualiser, onglet 2, verrouiller, quitter ; ? dit ceci."},
	{"numbers such as 1,3,5-7, all, or - for none", "des numéros comme 1,3,5-7, tout, ou - pour aucun"},
	{"there is nothing to choose from", "il n'y a rien à choisir"},
	{"this one", "celle-ci"},
	{"yes or no", "oui ou non"},
}

// frTUILinesPlurals is the same with a count.
var frTUILinesPlurals = [...]plural{
	{"%d more row: the word more tells it, /words searches.", "%d more rows: the word more tells them, /words searches.", "encore %d ligne : le mot suite la dit, /mots cherche.", "encore %d lignes : le mot suite les dit, /mots cherche."},
	{"%d more: the word more tells it, letters search.", "%d more: the word more tells them, letters search.", "encore %d : le mot suite le dit, des lettres cherchent.", "encore %d : le mot suite les dit, des lettres cherchent."},
}
