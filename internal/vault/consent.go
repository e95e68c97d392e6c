package vault

// ConsentRecord is the sealed record of one consent, in the field names of ISO/IEC TS 27560:2023, with the fields of
// our own that prove how it was given. It never changes; what happens later is an event.
type ConsentRecord struct {
	SchemaVersion string        `json:"schema_version"` // "ISO/IEC TS 27560:2023"
	RecordID      ConsentID     `json:"record_id"`
	PrincipalID   BeneficiaryID `json:"pii_principal_id"`

	PrivacyNotice       string   `json:"privacy_notice"` // version of the notice
	Language            string   `json:"language"`       // of the notice that was read
	Purpose             string   `json:"purpose"`
	Controllers         []string `json:"pii_controllers"`
	CollectionMethod    string   `json:"collection_method"` // written, verbal
	StorageLocations    []string `json:"storage_locations"`
	RetentionPeriod     string   `json:"retention_period"`
	RecipientThirdParty []string `json:"recipient_third_parties"`
	WithdrawalMethod    string   `json:"withdrawal_method"`
	Jurisdiction        string   `json:"jurisdiction"`

	Events []ConsentEvent `json:"events"`

	CollectedBy    string     `json:"collected_by"`
	GivenBy        string     `json:"given_by"` // person, assisted, representative
	Representative string     `json:"representative,omitempty"`
	MandateDoc     DocumentID `json:"mandate,omitempty"`
	Interpreter    string     `json:"interpreter,omitempty"`
	ReadAloud      bool       `json:"read_aloud,omitempty"`
	NoticeHash     Hash       `json:"notice_hash"`
	Evidence       DocumentID `json:"evidence,omitempty"`
	Assurance      string     `json:"assurance"` // attested, card-signed
	Recovery       bool       `json:"recovery"`  // false: the person declined recovery
}

// ConsentEvent is one event of the record as TS 27560 names it.
type ConsentEvent struct {
	EventTime        string `json:"event_time"` // RFC 3339; the day suffices when the consent is recorded later
	EventType        string `json:"event_type"`
	EventState       string `json:"event_state"` // given, withdrawn, expired…
	EntityID         string `json:"entity_id"`
	ValidityDuration string `json:"validity_duration,omitempty"` // last day, or "" for until withdrawn
}

// Purposes are the codes that a consent may name, with the French and English words for them.
var Purposes = []struct{ Code, FR, EN string }{
	{"case-file", "constituer et suivre un dossier de demande", "prepare and follow an application"},
	{"access-to-rights", "ouvrir ou maintenir des droits", "open or keep benefits and rights"},
	{"safekeeping", "conserver mes documents en sécurité", "keep my documents safe"},
	{"housing", "demander ou garder un logement", "apply for or keep housing"},
	{"health-coverage", "obtenir une couverture santé", "obtain health coverage"},
	{"administrative-address", "obtenir une adresse administrative (domiciliation)", "obtain an administrative address"},
	{"employment", "chercher un emploi ou une formation", "look for work or training"},
}

// ValidPurpose reports whether code is one of Purposes.
func ValidPurpose(code string) bool {
	for _, p := range Purposes {
		if p.Code == code {
			return true
		}
	}
	return false
}
