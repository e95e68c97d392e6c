package engine

import (
	"slices"

	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// teller says in plain words what events did. It is for one goroutine.
type teller struct {
	e     *Engine
	l     lang.Lang
	org   *vault.Org
	keys  *keyring
	types map[string]string // code → name
}

func (e *Engine) newTeller(l lang.Lang, org *vault.Org, keys *keyring) *teller {
	return &teller{e: e, l: l, org: org, keys: keys, types: map[string]string{}}
}

// hidden are the events of upkeep, which no journal for people shows: they change nothing that a person decided.
var hidden = map[vault.EventType]bool{
	vault.Resealed: true, vault.Tombstoned: true, vault.NoteSealed: true, vault.ManifestWritten: true, vault.Heartbeat: true,
	vault.EpochOpened: true, vault.EpochExtended: true,
}

// sentence says what a record did. State is that of its vault, nil for events of the organization.
func (t *teller) sentence(r *vault.Record, st *vault.State) string {
	who := t.org.AgentName(t.agent(r))
	var s string
	switch r.Type {
	case vault.DocumentDeposited, vault.DocumentReplaced, vault.DocumentEdited, vault.DocumentRemoved:
		s = t.document(r, st, who)
	case vault.AccessOpened, vault.AccessRefused:
		s = t.access(r, st, who)
	case vault.ConsentGiven, vault.ConsentWithdrawn, vault.ConsentExpired:
		s = t.consent(r, st, who)
	case vault.ShareAdded, vault.ShareRevoked, vault.ShareExpired:
		s = t.share(r, st, who)
	case vault.PartnerAdded, vault.PartnerRemoved:
		s = t.partner(r, who)
	case vault.OrgCreated, vault.RootSucceeded, vault.RecoverySet, vault.DeviceCertified, vault.DeviceRevoked, vault.DeviceAdopted, vault.AgentAdded,
		vault.TeamAdded, vault.TeamMember:
		s = t.organization(r, who)
	default:
		s = t.vault(r, who)
	}
	return vault.MaskNIR(s)
}

// agent returns who is responsible for a record: whom it names, else whose device wrote it.
func (t *teller) agent(r *vault.Record) vault.AgentID {
	if r.Agent != "" {
		return r.Agent
	}
	if d := t.org.Devices[r.Pos.Writer.Device()]; d != nil {
		return d.Agent
	}
	return ""
}

func (t *teller) vault(r *vault.Record, who string) string {
	switch r.Type {
	case vault.VaultOpened:
		return t.l.T("%s opened the vault", who)
	case vault.VaultEdited:
		return t.l.T("%s changed what is known of the person", who)
	case vault.VaultClosed:
		var b vault.CloseBody
		_ = r.Decode(&b)
		return t.l.T("%s closed the vault (%s)", who, t.closing(b.Reason))
	case vault.VaultReopened:
		return t.l.T("%s reopened the vault", who)
	case vault.VaultErased:
		return t.l.T("%s erased the vault", who)
	case vault.CardIssued:
		var b vault.CardBody
		_ = r.Decode(&b)
		return t.l.T("%s issued card number %d", who, b.N)
	}
	return t.l.T("%s did something that this version does not know (%s)", who, string(r.Type))
}

func (t *teller) closing(reason string) string {
	switch reason {
	case "moved":
		return t.l.T("the person moved away")
	case "deceased":
		return t.l.T("the person died")
	case "inactive":
		return t.l.T("no contact for a long time")
	case "request":
		return t.l.T("at the person's request")
	case closedMistake:
		return t.l.T("opened by mistake")
	case closedDuplicate:
		return t.l.T("a duplicate of another vault of the person")
	}
	return reason
}

func (t *teller) consent(r *vault.Record, st *vault.State, who string) string {
	if r.Type == vault.ConsentGiven {
		var b vault.ConsentBody
		_ = r.Decode(&b)
		return t.l.T("%s recorded a consent to %s (%s)", who, t.org.TeamName(b.Team), t.purpose(b.Purpose))
	}
	var b vault.EndBody
	_ = r.Decode(&b)
	if b.Team == "" && st != nil {
		if c := st.Consent(b.Consent); c != nil {
			b.Team = c.Team
		}
	}
	if r.Type == vault.ConsentExpired {
		return t.l.T("The consent to %s ended with its last day", t.org.TeamName(b.Team))
	}
	return t.l.T("%s recorded the withdrawal of the consent to %s", who, t.org.TeamName(b.Team))
}

func (t *teller) purpose(code string) string {
	for _, p := range vault.Purposes {
		if p.Code == code {
			if t.l == lang.French {
				return p.FR
			}
			return p.EN
		}
	}
	return code
}

func (t *teller) document(r *vault.Record, st *vault.State, who string) string {
	var b vault.DepositBody
	_ = r.Decode(&b)
	what := t.what(st, b.Document)
	switch r.Type {
	case vault.DocumentDeposited:
		if b.Evidence != "" {
			return t.l.T("%s deposited %s", who, t.proof(b.Evidence))
		}
		return t.l.T("%s deposited %s", who, what)
	case vault.DocumentReplaced:
		return t.l.T("%s deposited a new version of %s", who, what)
	case vault.DocumentRemoved:
		return t.l.T("%s removed %s", who, what)
	}
	switch b.Space {
	case vault.Private:
		return t.l.T("%s made %s private", who, what)
	case vault.Shared:
		return t.l.T("%s shared %s, which was private", who, what)
	}
	return t.l.T("%s changed the description of %s", who, what)
}

func (t *teller) access(r *vault.Record, st *vault.State, who string) string {
	var b vault.AccessBody
	_ = r.Decode(&b)
	what := t.what(st, b.Document)
	if r.Type == vault.AccessRefused {
		return t.refusal(&b, who, what)
	}
	switch b.How {
	case "print":
		return t.l.T("%s printed %s", who, what)
	case "export":
		return t.l.T("%s handed over %s in an export", who, what)
	case "recover":
		return t.l.T("%s recovered %s", who, what)
	case "package":
		return t.l.T("%s put %s into a package for a partner", who, what)
	case "pack":
		return t.l.T("%s put %s into a PDF to be handed out", who, what)
	case "proof":
		return t.l.T("%s made a proof of deposit of %s", who, what)
	}
	return t.l.T("%s opened %s", who, what)
}

func (t *teller) refusal(b *vault.AccessBody, who, what string) string {
	why := t.why(b.Code)
	if b.Document == "" {
		switch b.How {
		case "deposit":
			return t.l.T("%s tried to deposit a document and was refused: %s", who, why)
		case "card":
			return t.l.T("%s tried a card that does not open the vault", who)
		case "export":
			return t.l.T("%s tried to export the vault and was refused: %s", who, why)
		case "share":
			return t.l.T("%s tried to share documents of the vault and was refused: %s", who, why)
		}
		return t.l.T("%s tried to use the vault and was refused: %s", who, why)
	}
	switch b.How {
	case "edit", "deposit":
		return t.l.T("%s tried to change %s and was refused: %s", who, what, why)
	case "remove":
		return t.l.T("%s tried to remove %s and was refused: %s", who, what, why)
	case "share":
		return t.l.T("%s tried to share %s and was refused: %s", who, what, why)
	case "move":
		return t.l.T("%s tried to move %s and was refused: %s", who, what, why)
	}
	return t.l.T("%s tried to open %s and was refused: %s", who, what, why)
}

func (t *teller) why(code vault.Code) string {
	switch code {
	case vault.CodeNoConsent:
		return t.l.T("no consent allows it")
	case vault.CodeNoIdentity:
		return t.l.T("the person's card was missing or was not the right one")
	case refusedClosed:
		return t.l.T("the vault was closed")
	case vault.CodePolicy:
		return t.l.T("a rule forbids it")
	case vault.CodeErased:
		return t.l.T("it was erased")
	case vault.CodeLocked:
		return t.l.T("the workstation was locked")
	}
	return string(code)
}

// what names a document by its type, where this device may know it.
func (t *teller) what(st *vault.State, id vault.DocumentID) string {
	var d *vault.Document
	if st != nil {
		d = st.Documents[id]
	}
	switch {
	case d == nil:
		return t.l.T("a document")
	case d.Evidence != "":
		return t.proof(d.Evidence)
	case d.Space == vault.Private && !d.Described:
		return t.l.T("a private document")
	case d.Type == "" || !d.Described || !slices.ContainsFunc(st.Readers(t.org, vault.Shared), t.readable):
		return t.l.T("a document")
	}
	return t.l.T("a document (%s)", t.typeName(d.Type))
}

// readable reports whether this device holds the reader's key. A journal for an export with the card holds no keys at
// all and names everything.
func (t *teller) readable(r vault.Reader) bool {
	return t.keys == nil || t.keys.reads([]vault.Reader{r})
}

func (t *teller) typeName(code string) string {
	name, ok := t.types[code]
	if !ok {
		name = code
		if found, err := t.e.Types.Find(code, t.l.String()); err == nil {
			name = found.Name
		}
		t.types[code] = name
	}
	return name
}

func (t *teller) organization(r *vault.Record, who string) string {
	switch r.Type {
	case vault.OrgCreated:
		return t.l.T("The organization was founded")
	case vault.RootSucceeded:
		return t.l.T("The root key was replaced")
	case vault.RecoverySet:
		return t.l.T("The recovery key was set")
	case vault.DeviceCertified:
		var b vault.DeviceBody
		_ = r.Decode(&b)
		return t.l.T("A workstation was enrolled for %s", t.org.AgentName(b.Agent))
	case vault.DeviceAdopted:
		return t.l.T("%s took in what a revoked workstation had written", who)
	case vault.DeviceRevoked:
		return t.l.T("%s revoked a workstation", who)
	case vault.AgentAdded:
		var b vault.AgentBody
		_ = r.Decode(&b)
		return t.l.T("%s was added as an agent", t.org.AgentName(b.Agent))
	case vault.TeamAdded:
		var b vault.TeamBody
		_ = r.Decode(&b)
		return t.l.T("%s created the team %s", who, t.org.TeamName(b.Team))
	}
	var b vault.MemberBody
	_ = r.Decode(&b)
	if b.Left {
		return t.l.T("%s left the team %s", t.org.AgentName(b.Agent), t.org.TeamName(b.Team))
	}
	return t.l.T("%s was admitted to the team %s", t.org.AgentName(b.Agent), t.org.TeamName(b.Team))
}
