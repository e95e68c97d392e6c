package lang

// frErrors is what error messages say: each English side is the format of a vault.Errorf call or the Msg of a
// vault.Error, letter for letter. Order matters only where one row's format could make another's message: put the
// precise row first.
var frErrors = [...]row{
	{"a question needs a terminal; give %s", "il faudrait poser une question, et ce n'est pas un terminal : donner %s"},
	{"a document is not written to a terminal; give -o FILE or send it to a pipe", "un justificatif ne s'écrit pas sur un terminal : donner -o FICHIER ou l'envoyer dans un tube"},
	{"no choice made; give %s", "aucun choix fait : donner %s"},
	{"no answer: end of input", "pas de réponse : fin de l'entrée"},
	{"interrupted", "interrompu"},
	{"no configuration key %q; did you mean %s?", "pas de réglage %q ; vouliez-vous dire %s ?"},
	{"no configuration key %q", "pas de réglage %q"},
	{"no document type %q; did you mean %s?", "pas de type de pièce %q ; vouliez-vous dire %s ?"},
	{"no document type %q; see `vaultctl type list`", "pas de type de pièce %q ; voir `vaultctl type list`"},
	{"configuration file %s: %w", "fichier de configuration %s : %w"},
	{"read document types: %w", "lecture des types de pièces : %w"},
	{"%s: control characters are not allowed", "%s : les caractères de commande ne sont pas admis"},
	{"unknown command %q; did you mean %s?", "commande inconnue %q ; vouliez-vous dire %s ?"},
	{"unknown command %q", "commande inconnue %q"},
	{"unknown flag --%s; did you mean --%s?", "option inconnue --%s ; vouliez-vous dire --%s ?"},
	{"unknown flag --%s", "option inconnue --%s"},
	{"%s needs a verb: %s", "%s demande un verbe : %s"},
	{"%s is missing", "il manque %s"},
	{"%d arguments are too many; quote values with spaces", "%d arguments, c'est trop : mettre entre guillemets les valeurs avec espaces"},
	{"no completion for %q; shells are %s", "pas de complétion pour %q ; les interpréteurs sont %s"},
	{"give a value or --default, one of the two", "donner une valeur ou --default, l'un des deux"},
	{"%s is not in this version", "%s n'existe pas dans cette version"},
	{"see `%s --help`", "voir `%s --help`"},
}
