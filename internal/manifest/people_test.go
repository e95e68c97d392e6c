package manifest

import (
	"io"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

func TestPersonRow(t *testing.T) {
	dir := t.TempDir()
	MustWrite(t, dir, "papiers/oui.pdf", "signed")
	MustWrite(t, dir, "papiers/mandat.pdf", "mandate")
	path := MustWrite(t, dir, "p.csv", "Référence;Nom;Prénom;Nom d'usage;Alias;Date de naissance;Lieu de naissance;Langue;Téléphone;Courriel;consent_to;"+
		"Finalité;Consenti le;consent_until;Preuve;Consentement oral;Donné par;Représentant;Mandat;Interprète;Lu à haute voix;Recueilli par;no_recovery\n"+
		"4711|CAF:99;Dupré;Zoé;Martin;Zouzou|Z.;14/03/1985;Lille;fr;0601020304;zoe@example.org;team:Accueil;"+
		"Demander ou garder un logement;20/11/2026;31/12/2027;papiers\\oui.pdf;;Représentant;Ana Lopes;papiers/mandat.pdf;I. Ba;oui;Lea;oui\n"+
		"SI:4712;Ba;;;;inconnu;;;;;;;;;;;;;;;;;\n")
	rows := MustRows(t, MustOpen(t, path, Options{Source: "SI"}))
	for i, want := range []string{
		`{"row":2,"person":{"family_name":"Dupré","given_name":"Zoé","usage_name":"Martin","aliases":["Zouzou","Z."],"born":"1985-03-14","birth_place":"Lille","language":"fr","phone":"0601020304","email":"zoe@example.org","refs":["SI:4711","CAF:99"]},"consent":{"to":"team:Accueil","purpose":"housing","until":"2027-12-31","on":"2026-11-20","evidence_name":"oui.pdf","given_by":"representative","representative":"Ana Lopes","mandate_name":"mandat.pdf","interpreter":"I. Ba","read_aloud":true,"collected_by":"Lea"},"no_recovery":true}`,
		`{"row":3,"person":{"family_name":"Ba","born":"unknown","refs":["SI:4712"]}}`,
	} {
		wantErr(t, rows[i].Err, "", "")
		if got := MustJSON(t, rows[i].Person.PersonRow); got != want {
			t.Errorf("got %s", got)
		}
	}
	c, err := rows[0].Person.Evidence.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if b, err := io.ReadAll(c); err != nil || string(b) != "signed" {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestPersonRefused(t *testing.T) {
	head := "ref;family_name;consent_to;consent_purpose;consent_evidence;consent_verbal;given_by;born\n"
	for _, tc := range []struct{ row, part string }{
		{";Ba;;;;;;", "column ref: the cell is empty"},
		{"1,85E+12;Ba;;;;;;", "column ref: a number in scientific notation"},
		{"SI:1|2;Ba;;;;;;", "column ref: a bare reference needs its system"},
		{"SI:1;Ba;team:A;;;oui;;", "column consent_purpose: the cell is empty"},
		{"SI:1;Ba;;case-file;;oui;;", "column consent_to: the cell is empty"},
		{"SI:1;Ba;team:A;case-file;;;;", "column consent_evidence: a consent needs evidence, or consent_verbal"},
		{"SI:1;Ba;team:A;case-file;a.pdf;oui;;", "column consent_verbal: a consent has evidence or was spoken"},
		{"SI:1;Ba;team:A;voyage;;oui;;", "column consent_purpose: a word that is not known here"},
		{"SI:1;Ba;team:A;case-file;;oui;voisin;", "column given_by: a word that is not known here"},
		{"SI:1;Ba;team:A;case-file;../a.pdf;;;", "column consent_evidence: path outside the folder"},
		{"SI:1;Ba;;;;;;03/25/1985", "column born: not a date: there is no month 25"},
	} {
		rows := MustRead(t, "p.csv", head+tc.row+"\n", Options{})
		wantErr(t, rows[0].Err, vault.CodeInvalid, tc.part)
	}
}

// What is given for all rows completes a row and never overrides it.
func TestConsentForAllRows(t *testing.T) {
	paper := &Attachment{Name: "oui.pdf"}
	all := &Consent{Terms: api.ConsentTerms{To: "team:Accueil", Purpose: "case-file", Until: "2027-12-31", Language: "fr"}, Evidence: paper}
	head := "ref;consent_to;consent_until;consent_verbal\n"
	for _, tc := range []struct{ row, want string }{
		{"SI:1;;;", `{"to":"team:Accueil","purpose":"case-file","until":"2027-12-31","evidence_name":"oui.pdf","language":"fr"}`},
		{"SI:1;team:Nord;none;oui", `{"to":"team:Nord","purpose":"case-file","verbal":true,"language":"fr"}`},
		{"SI:1;;01/02/2027;", `{"to":"team:Accueil","purpose":"case-file","until":"2027-02-01","evidence_name":"oui.pdf","language":"fr"}`},
	} {
		rows := MustRead(t, "p.csv", head+tc.row+"\n", Options{Consent: all})
		wantErr(t, rows[0].Err, "", "")
		if got := MustJSON(t, rows[0].Person.Consent); got != tc.want {
			t.Errorf("%s: %s", tc.row, got)
		}
	}
}
