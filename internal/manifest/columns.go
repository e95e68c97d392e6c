package manifest

import (
	"slices"
	"strings"

	"vaultctl/internal/spelling"
	"vaultctl/internal/vault"
)

// Columns of documents.
const (
	colPath         = "path"
	colBeneficiary  = "beneficiary"
	colType         = "type"
	colSourceID     = "source_id"
	colIssuedOn     = "issued_on"
	colExpiresOn    = "expires_on"
	colPeriod       = "period"
	colTitle        = "title"
	colHolder       = "holder"
	colPages        = "pages"
	colSpace        = "space"
	colOriginalSeen = "original_seen"
	colNote         = "note"
	colReceivedOn   = "received_on"
)

// Columns of people.
const (
	colRef            = "ref"
	colFamilyName     = "family_name"
	colGivenName      = "given_name"
	colUsageName      = "usage_name"
	colAliases        = "aliases"
	colBorn           = "born"
	colBirthPlace     = "birth_place"
	colLanguage       = "language"
	colPhone          = "phone"
	colEmail          = "email"
	colConsentTo      = "consent_to"
	colConsentPurpose = "consent_purpose"
	colConsentOn      = "consent_on"
	colConsentUntil   = "consent_until"
	colEvidence       = "consent_evidence"
	colVerbal         = "consent_verbal"
	colGivenBy        = "given_by"
	colRepresentative = "representative"
	colMandate        = "mandate"
	colInterpreter    = "interpreter"
	colReadAloud      = "read_aloud"
	colCollectedBy    = "collected_by"
	colNoRecovery     = "no_recovery"
)

// Columns that a file of rejects adds; they are read over.
const (
	colRow       = "row"
	colErrorCode = "error_code"
	colError     = "error"
)

var rejectColumns = []string{colRow, colErrorCode, colError}

// column is a column of ours and the other headers that are taken for it, compared without regard to case, accents,
// spaces and punctuation.
type column struct {
	name    string
	aliases []string
}

var documentColumns = []column{
	{colPath, []string{"chemin", "fichier", "nom du fichier", "chemin du fichier", "file", "file path"}},
	{colBeneficiary, []string{"bénéficiaire", "personne", "personne accompagnée", "usager", "référence", "ref", "identifiant", "numéro d'identification", "n° de dossier", "numéro de dossier", "n° dossier", "matricule"}},
	{colType, []string{"type de pièce", "type de document", "type de justificatif", "pièce", "justificatif", "nature", "document type"}},
	{colSourceID, []string{"identifiant source", "id source", "identifiant externe", "id externe", "référence du document",
		"identifiant du document", "numéro du document", "id document", "document id", "external id"}},
	{colIssuedOn, []string{"date d'émission", "émis le", "date d'établissement", "établi le", "date du document", "délivré le",
		"date de délivrance", "issue date", "date of issue"}},
	{colExpiresOn, []string{"date d'expiration", "expire le", "expiration", "fin de validité", "date de fin de validité",
		"valable jusqu'au", "valide jusqu'au", "expiry date", "valid until"}},
	{colPeriod, []string{"période", "mois", "année", "month", "year"}},
	{colTitle, []string{"titre", "intitulé", "libellé"}},
	{colHolder, []string{"titulaire", "au nom de"}},
	{colPages, []string{"page", "numéros de page"}},
	{colSpace, []string{"espace", "visibilité", "visibility"}},
	{colOriginalSeen, []string{"original vu", "vu l'original", "original présenté"}},
	{colNote, []string{"remarque", "remarques", "commentaire", "commentaires", "observation", "observations", "notes", "comment"}},
	{colReceivedOn, []string{"reçu le", "date de réception"}},
}

var peopleColumns = []column{
	{colRef, []string{"référence", "références", "refs", "identifiant", "id", "numéro", "numéro d'identification",
		"n° d'identification", "n° de dossier", "numéro de dossier", "n° dossier", "matricule"}},
	{colFamilyName, []string{"nom", "nom de famille", "nom de naissance", "nom patronymique", "last name", "surname", "birth name"}},
	{colGivenName, []string{"prénom", "prénoms", "first name", "forename"}},
	{colUsageName, []string{"nom d'usage", "nom marital", "nom d'épouse", "nom usuel", "married name"}},
	{colAliases, []string{"alias", "autres noms", "autre nom", "surnom", "surnoms", "also known as"}},
	{colBorn, []string{"date de naissance", "date naissance", "naissance", "né le", "née le", "birth date", "date of birth"}},
	{colBirthPlace, []string{"lieu de naissance", "lieu naissance", "né à", "née à", "commune de naissance",
		"ville de naissance", "place of birth"}},
	{colLanguage, []string{"langue", "lang"}},
	{colPhone, []string{"téléphone", "tél", "téléphone portable", "portable", "mobile", "numéro de téléphone"}},
	{colEmail, []string{"mail", "mél", "courriel", "adresse e-mail", "adresse mail", "adresse électronique"}},
	{colConsentTo, []string{"consentement à", "consentement donné à", "équipe", "consentement"}},
	{colConsentPurpose, []string{"finalité", "finalité du consentement", "but", "purpose"}},
	{colConsentOn, []string{"date du consentement", "date de consentement", "consentement le", "consenti le"}},
	{colConsentUntil, []string{"fin du consentement", "consentement jusqu'au", "date de fin du consentement"}},
	{colEvidence, []string{"preuve", "preuve du consentement", "consentement signé", "fichier du consentement", "evidence"}},
	{colVerbal, []string{"consentement oral", "consentement verbal", "oral", "verbal"}},
	{colGivenBy, []string{"donné par", "consentement donné par"}},
	{colRepresentative, []string{"représentant", "représentant légal", "tuteur", "curateur", "mandataire"}},
	{colMandate, []string{"mandat", "fichier du mandat"}},
	{colInterpreter, []string{"interprète"}},
	{colReadAloud, []string{"lu à haute voix", "lu à voix haute", "notice lue"}},
	{colCollectedBy, []string{"recueilli par", "agent"}},
	{colNoRecovery, []string{"sans récupération", "récupération refusée"}},
}

// columnsOf returns the columns of a kind and those that every table must have.
func columnsOf(k Kind) (columns []column, required []string) {
	if k == People {
		return peopleColumns, []string{colRef}
	}
	return documentColumns, []string{colPath, colBeneficiary, colType}
}

// folded is a header as it is compared.
func folded(header string) string { return strings.ReplaceAll(spelling.Fold(header), " ", "") }

// resolver finds the column that a header means.
type resolver struct {
	kind Kind
	m    *Map
	by   map[string]string // folded header to column
}

func newResolver(k Kind, m *Map) *resolver {
	r := &resolver{kind: k, m: m, by: map[string]string{}}
	columns, _ := columnsOf(k)
	for _, name := range rejectColumns {
		r.by[folded(name)] = name
	}
	for _, c := range columns {
		r.by[folded(c.name)] = c.name
		for _, alias := range c.aliases {
			r.by[folded(alias)] = c.name
		}
	}
	if m != nil {
		m.override(r.by, k)
	}
	return r
}

// column returns the column that a header means, "" if none.
func (r *resolver) column(header string) string { return r.by[folded(header)] }

// closest suggests the header that may have been meant for a column that is missing, "" if none is near.
func (r *resolver) closest(missing string, unknown []string) string {
	columns, _ := columnsOf(r.kind)
	i := slices.IndexFunc(columns, func(c column) bool { return c.name == missing })
	if i < 0 {
		return ""
	}
	for _, word := range append([]string{missing}, columns[i].aliases...) {
		if h := spelling.Closest(word, unknown); h != "" {
			return h
		}
	}
	return ""
}

// layout says where the columns of a table are.
type layout struct {
	kind    Kind
	headers []string
	at      map[string][]int // column to cells; several where the map joins them
	m       *Map
}

// newLayout reads a header row. Errors are about the whole table and have CodeInvalid.
func newLayout(headers []string, o *Options, n *notes) (*layout, error) {
	kind := o.kind()
	if kind == "" {
		kind = kindOf(headers, o.Map)
	}
	r := newResolver(kind, o.Map)
	l := &layout{kind: kind, headers: headers, at: map[string][]int{}, m: o.Map}
	var unknown []string
	for i, h := range headers {
		switch name := r.column(h); {
		case name != "":
			l.at[name] = append(l.at[name], i)
		case strings.TrimSpace(h) != "":
			unknown = append(unknown, h)
		}
	}
	if h := o.Map.absent(headers, kind); h != "" {
		return nil, vault.Errorf(vault.CodeInvalid, "the map names a column that the table does not have: %s; the columns are %s", h, listed(headers))
	}
	if err := l.complete(r, unknown); err != nil {
		return nil, err
	}
	if err := l.order(); err != nil {
		return nil, err
	}
	if len(unknown) > 0 {
		n.add(vault.Errorf(vault.CodeAttention, "columns that are not known and not read: %s", listed(unknown)))
	}
	return l, nil
}

// kindOf tells a table of documents from one of people by its headers: a path makes documents, else a reference people.
// Without either it is a table of neither, and the kind that knows more of the headers is the one to complain about.
func kindOf(headers []string, m *Map) Kind {
	documents, people := newResolver(Documents, m), newResolver(People, m)
	path, ref, more := false, false, 0
	for _, h := range headers {
		d, p := documents.column(h), people.column(h)
		path, ref = path || d == colPath, ref || p == colRef
		if d != "" {
			more--
		}
		if p != "" {
			more++
		}
	}
	if !path && (ref && more >= 0 || more > 0) {
		return People
	}
	return Documents
}

// complete checks that every required column is there, in the table or as a default of the map.
func (l *layout) complete(r *resolver, unknown []string) error {
	_, required := columnsOf(l.kind)
	var missing []string
	for _, name := range required {
		if _, ok := l.at[name]; !ok && (l.m == nil || l.m.Defaults[name] == "") {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	err := vault.Errorf(vault.CodeInvalid, "columns missing for %s: %s; the columns are %s", string(l.kind), listed(missing), listed(l.headers))
	for _, name := range missing {
		if h := r.closest(name, unknown); h != "" {
			return vault.Errorf(vault.CodeInvalid, "%w; is %q meant for %s?", err, h, name)
		}
	}
	return err
}

// order checks that no column is there twice, and puts those that the map joins into its order.
func (l *layout) order() error {
	for name, at := range l.at {
		if joined := l.m.joined(name); len(at) > 1 && len(joined) == len(at) {
			slices.SortFunc(at, func(a, b int) int { return joined[folded(l.headers[a])] - joined[folded(l.headers[b])] })
			continue
		}
		if len(at) > 1 && !slices.Contains(rejectColumns, name) {
			var both []string
			for _, i := range at {
				both = append(both, l.headers[i])
			}
			slices.Sort(both)
			return vault.Errorf(vault.CodeInvalid, "several columns for %s: %s", name, listed(both))
		}
	}
	return nil
}

// known says of each header whether it is a column that is read.
func (l *layout) known() []bool {
	known := make([]bool, len(l.headers))
	for name, at := range l.at {
		for _, i := range at {
			known[i] = !slices.Contains(rejectColumns, name)
		}
	}
	return known
}

// cell returns what a row says in a column, the map's translation and default applied, without space around it.
func (l *layout) cell(cells []string, name string) string {
	var parts []string
	for _, i := range l.at[name] {
		if i < len(cells) {
			if v := strings.TrimSpace(cells[i]); v != "" {
				parts = append(parts, v)
			}
		}
	}
	return l.m.value(name, strings.Join(parts, " "))
}

// maxListed is how many headers an error message names.
const maxListed = 40

// listed names headers in a message, without the longest.
func listed(headers []string) string {
	var out []string
	for _, h := range headers {
		if len(out) == maxListed {
			out = append(out, "…")
			break
		}
		if r := []rune(h); len(r) > 60 {
			h = string(r[:60]) + "…"
		}
		out = append(out, h)
	}
	return strings.Join(out, ", ")
}
