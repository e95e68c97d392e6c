package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vaultctl/internal/vault"
)

const magic = "vaultctl proof v1"

// What every statement says of itself, so that nobody takes it for more.
const (
	aboutEnglish = "A workstation of the organization attests that a file with this digest was deposited at this time by this agent, as its journal has it. " +
		"This is no statement about what the document says, nor that it is genuine."
	aboutFrench = "Un poste de la structure atteste qu'un fichier ayant cette empreinte a été déposé à cette date par cet agent, d'après son journal. " +
		"Cela ne dit rien de ce que le document affirme, ni qu'il est authentique."
)

// text returns the exact bytes that are signed.
func (s *Statement) text() []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, magic)
	for _, f := range s.fields() {
		fmt.Fprintf(&b, "%s %s\n", f[0], f[1])
	}
	return b.Bytes()
}

func (s *Statement) fields() [][2]string {
	seen := "no"
	if s.OriginalSeen {
		seen = "yes"
	}
	return [][2]string{
		{"org", string(s.Org)}, {"organization", quoted(s.Organization)}, {"document", string(s.Document)}, {"version", strconv.Itoa(s.Version)},
		{"event", s.Event}, {"segment", fmt.Sprintf("%s %d", s.Writer, s.Seq)}, {"commitment", dash(string(s.Commitment))},
		{"digest", string(s.Digest)}, {"size", strconv.FormatInt(s.Size, 10)}, {"deposited", stamp(s.Deposited)},
		{"agent", dash(string(s.Agent))}, {"agent-name", quoted(s.AgentName)}, {"device", string(s.Device)}, {"original-seen", seen},
		{"issued", stamp(s.Issued)}, {"issuer", dash(string(s.Issuer))}, {"issuer-name", quoted(s.IssuerName)}, {"by", string(s.By)},
		{"en", aboutEnglish}, {"fr", aboutFrench},
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// quoted writes a name on one line, as JSON does.
func quoted(s string) string {
	raw, err := json.Marshal(strings.ToValidUTF8(s, "\ufffd"))
	if err != nil { // a string always marshals
		return `""`
	}
	return string(raw)
}

// parseStatement reads the text of a statement whose signature holds. It takes no other bytes than those that text gives,
// the two sentences apart.
func parseStatement(text string) (*Statement, error) {
	bad := func(what string) (*Statement, error) {
		return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "the statement's %s", what))
	}
	lines := strings.Split(text, "\n")
	var s Statement
	names := s.fields()
	if len(lines) != len(names)+2 || lines[0] != magic || lines[len(lines)-1] != "" {
		return bad("form")
	}
	v := map[string]string{}
	for i, f := range names {
		value, ok := strings.CutPrefix(lines[i+1], f[0]+" ")
		if !ok {
			return bad(f[0])
		}
		v[f[0]] = value
	}
	undash := func(name string) string { return strings.TrimSuffix(v[name], "-") }
	writer, seq, _ := strings.Cut(v["segment"], " ")
	s = Statement{Org: vault.OrgID(v["org"]), Document: vault.DocumentID(v["document"]), Event: v["event"], Writer: vault.WriterID(writer),
		Commitment: vault.Hash(undash("commitment")), Digest: vault.Hash(v["digest"]), Agent: vault.AgentID(undash("agent")), Device: vault.DeviceID(v["device"]),
		OriginalSeen: v["original-seen"] == "yes", Issuer: vault.AgentID(undash("issuer")), By: vault.DeviceID(v["by"])}
	for name, to := range map[string]*string{"organization": &s.Organization, "agent-name": &s.AgentName, "issuer-name": &s.IssuerName} {
		if json.Unmarshal([]byte(v[name]), to) != nil {
			return bad(name)
		}
	}
	for name, to := range map[string]*time.Time{"deposited": &s.Deposited, "issued": &s.Issued} {
		t, err := time.Parse(time.RFC3339, v[name])
		if err != nil {
			return bad(name)
		}
		*to = t.UTC()
	}
	var errs [3]error
	s.Version, errs[0] = strconv.Atoi(v["version"])
	s.Size, errs[1] = strconv.ParseInt(v["size"], 10, 64)
	s.Seq, errs[2] = strconv.ParseUint(seq, 10, 48)
	if errs[0] != nil || errs[1] != nil || errs[2] != nil || !s.Digest.Valid() || s.Size < 0 {
		return bad("values")
	}
	for i, f := range s.fields() {
		if f[0] != "en" && f[0] != "fr" && lines[i+1] != f[0]+" "+f[1] {
			return bad(f[0])
		}
	}
	return &s, nil
}
