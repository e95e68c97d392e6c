package lang

// frStats is what the accounts of the service say: counts, who could read a vault, vaults that nobody used.
var frStats = [...]row{
	{"month", "mois"},
	{"team", "équipe"},
	{"count", "nombre"},
	{"counts", "comptes"},
	{"not told", "non communiqué"},
	{"no team", "aucune équipe"},
	{"vaults opened", "coffres ouverts"},
	{"uses of cards", "utilisations de cartes"},
	{"documents deposited", "justificatifs déposés"},
	{"documents opened", "justificatifs consultés"},
	{"shares", "partages"},
	{"procedures", "démarches"},
	{"Not told: counts from one to four, and what would give one away.", "Non communiqué : les nombres de un à quatre, et ce qui en révélerait un."},
	{"Procedures are those of vaults that this workstation reads.", "Les démarches sont celles des coffres que ce poste peut lire."},
	{"Count what the service did in a year", "Compter ce que le service a fait dans une année"},
	{"team or month; both may be given", "team ou month ; les deux sont possibles"},
	{"calendar year; default this one", "année civile ; par défaut l'année en cours"},
	{"count this alone: vaults_opened, cards_used, documents_deposited, documents_opened, shares, procedures",
		"ne compter que cela : vaults_opened, cards_used, documents_deposited, documents_opened, shares, procedures"},
	{"csv or svg; default what the file's name says", "csv ou svg ; par défaut selon le nom du fichier"},
	{"write who could read the vault on this day: YYYY-MM-DD", "écrire qui pouvait lire le coffre ce jour-là : AAAA-MM-JJ"},
	{"%s, of %s, by the consent %s (%s)", "%s, de %s, par le consentement %s (%s)"},
	{"%s, %d documents by the share %s (%s)", "%s, %d justificatifs par le partage %s (%s)"},
	{"a partner", "un partenaire"},
	{"The person, with their card", "La personne, avec sa carte"},
	{"Who holds the recovery sheets, if enough of them come together", "Les personnes qui gardent les feuilles de secours, si elles se réunissent en nombre suffisant"},
	{"%s: from %s on", "%s : à partir du %s"},
	{"%s: from %s to %s", "%s : du %s au %s"},
	{"close all vaults not used for so long: 18mo, 2y", "clore tous les coffres non utilisés depuis : 18mo, 2y"},
}

// frStatsPlurals is what they say with a count.
var frStatsPlurals = [...]plural{
	{"%d more vault was not used for so long; this workstation does not read it.", "%d more vaults were not used for so long; this workstation does not read them.",
		"%d autre coffre n'a pas été utilisé depuis ; ce poste ne peut pas le lire.", "%d autres coffres n'ont pas été utilisés depuis ; ce poste ne peut pas les lire."},
	{"Close %d vault?", "Close %d vaults?", "Clore %d coffre ?", "Clore %d coffres ?"},
}

// frErrorsStats is what is refused there; as in frErrors, each English side is a format letter for letter.
var frErrorsStats = [...]row{
	{"a plot shows one measure by team or by month", "un graphique montre une seule mesure, par équipe ou par mois"},
	{"a plot shows one measure by team or by month: give --measure and one --by", "un graphique montre une seule mesure, par équipe ou par mois : donnez --measure et un seul --by"},
	{"counts are given by team and by month", "les comptes se donnent par équipe et par mois"},
	{"counts are written as csv or svg", "les comptes s'écrivent en csv ou svg"},
	{"counts are written as csv or svg: give --format", "les comptes s'écrivent en csv ou svg : donnez --format"},
	{"nothing of that name is counted", "rien de ce nom n'est compté"},
	{"not a year: %d", "ce n'est pas une année : %d"},
	{"--year is a year of four digits", "--year est une année de quatre chiffres"},
	{"--by is team or month", "--by est team ou month"},
	{"--measure is one of %s", "--measure est l'un de %s"},
	{"say whose vault: who could read it is told for one", "dites le coffre de qui : on dit qui pouvait lire un coffre à la fois"},
	{"who could read is told for one vault: say whose", "on dit qui pouvait lire un coffre à la fois : dites lequel"},
	{"say whose vault, or --inactive-for", "dites le coffre de qui, ou --inactive-for"},
	{"--dry-run goes with --inactive-for", "--dry-run va avec --inactive-for"},
	{"with --inactive-for the reason is inactive", "avec --inactive-for le motif est inactive"},
	{"give B or --inactive-for, not both", "donnez B ou --inactive-for, pas les deux"},
	{"%d of %d vaults could not be closed", "%d coffres sur %d n'ont pas pu être clos"},
}
