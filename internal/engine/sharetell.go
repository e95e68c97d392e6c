package engine

import (
	"vaultctl/internal/vault"
)

// share says what an event about a share did.
func (t *teller) share(r *vault.Record, st *vault.State, who string) string {
	var b vault.ShareBody
	_ = r.Decode(&b)
	if r.Type == vault.ShareAdded {
		to := shareWord(t.org, &vault.Share{ShareBody: b})
		return t.l.N(len(b.Documents), "%[2]s shared %[1]d document with %[3]s until %[4]s (%[5]s)",
			"%[2]s shared %[1]d documents with %[3]s until %[4]s (%[5]s)", who, to, t.l.Date(b.Until.Time()), t.purpose(b.Purpose))
	}
	to := string(b.Share)
	if st != nil {
		if sh := st.Share(b.Share); sh != nil {
			to = shareWord(t.org, sh)
		}
	}
	if r.Type == vault.ShareExpired {
		return t.l.T("The share with %s ended with its last day", to)
	}
	return t.l.T("%s ended the share with %s", who, to)
}

func (t *teller) partner(r *vault.Record, who string) string {
	var b vault.PartnerBody
	_ = r.Decode(&b)
	if r.Type == vault.PartnerRemoved {
		return t.l.T("%s removed the partner %s", who, t.org.PartnerName(b.Partner))
	}
	return t.l.T("%s added the partner %s", who, t.org.PartnerName(b.Partner))
}

// proof names a piece of evidence by what it proves.
func (t *teller) proof(of vault.ConsentID) string {
	if vault.LooksLikeID('s', string(of)) {
		return t.l.T("the proof of the agreement to a share")
	}
	return t.l.T("the proof of a consent")
}

// exportShare is a share in manifest.json.
type exportShare struct {
	ID        vault.ShareID        `json:"id"`
	To        string               `json:"to"`
	Key       string               `json:"key"` // hybrid, classic, passphrase, team
	Purpose   string               `json:"purpose"`
	Until     vault.Date           `json:"until"`
	Shared    string               `json:"shared"`
	By        string               `json:"shared_by"`
	State     string               `json:"state"` // active, expired, revoked, ended
	Ended     string               `json:"ended,omitempty"`
	Evidence  vault.DocumentID     `json:"evidence,omitempty"`
	Documents []vault.SharePiece   `json:"documents"`
	Record    *vault.ConsentRecord `json:"record,omitempty"` // what the person agreed to, its events continued to today
}

// shares returns every share, those that have ended too.
func (x *export) shares() []exportShare {
	var out []exportShare
	for _, sh := range x.st.Shares {
		v := exportShare{ID: sh.Share, To: shareWord(x.org, sh), Key: x.e.shareKey(x.org, sh), Purpose: sh.Purpose, Until: sh.Until,
			Shared: stamp(sh.At), By: x.org.AgentName(sh.By), State: shareState(sh), Evidence: sh.Evidence}
		if sh.Ended != nil {
			v.Ended = stamp(sh.Ended.At)
		}
		if sh.Data != nil {
			v.Documents, v.Record = sh.Data.Pieces, agreementNow(sh)
		} else {
			for _, c := range sh.Documents {
				v.Documents = append(v.Documents, vault.SharePiece{Document: c.Document})
			}
		}
		out = append(out, v)
	}
	return out
}
