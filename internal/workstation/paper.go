package workstation

import (
	"io"
	"time"

	"vaultctl/internal/engine"
	"vaultctl/internal/lang"
	"vaultctl/internal/paper"
	"vaultctl/internal/paper/notice"
)

// pages adapts paper.
type pages struct{}

func (pages) Card(w io.Writer, l lang.Lang, p engine.CardPage) error {
	return paper.Card(w, l, paper.CardData{Organization: p.Org, Person: p.Name, Vault: p.ID, Issued: p.On.Time(), Words: p.Words,
		Identity: p.Identity, Remote: p.Remote})
}

func (pages) Recovery(w io.Writer, l lang.Lang, p engine.RecoveryPages) error {
	return paper.RecoverySheets(w, l, paper.RecoveryData{Organization: p.Org, Made: p.On.Time(), Fingerprint: p.Fingerprint,
		Remote: p.Remote, Needed: p.Need, Shares: p.Shares, RootWords: p.RootWords})
}

func (pages) Notice(w io.Writer, l lang.Lang, p engine.NoticeText) error {
	return paper.Notice(w, l, paper.NoticeData{Printed: time.Now(), Params: noticeParams(p)})
}

func (pages) NoticeText(l lang.Lang, p engine.NoticeText) (text, version string, err error) {
	return notice.Text(l, noticeParams(p))
}

func noticeParams(p engine.NoticeText) notice.Params {
	return notice.Params{Organization: p.Org, RecoveryHolders: p.Holders, RecoveryNeeded: p.Need, RecoveryShares: p.Of}
}

func (pages) Journal(w io.Writer, l lang.Lang, p engine.JournalPage) error {
	data := paper.JournalData{Organization: p.Org, Person: p.Name, Vault: p.ID, Made: p.On}
	for _, r := range p.Rows {
		data.Rows = append(data.Rows, paper.JournalRow{At: r.At, Who: r.Who, What: r.What})
	}
	return paper.Journal(w, l, data)
}

func (pages) Proof(w io.Writer, l lang.Lang, p engine.ProofPage) error {
	return paper.Proof(w, l, paper.ProofData{Fingerprint: p.Fingerprint, Organization: p.Organization, Document: string(p.Document), Digest: string(p.Digest),
		Size: p.Size, Deposited: p.Deposited, Depositor: p.AgentName, Device: string(p.Device), OriginalSeen: p.OriginalSeen, Issued: p.Issued,
		Issuer: p.IssuerName, By: string(p.By)})
}

func (pages) Pack(w io.Writer, l lang.Lang, p engine.PackPage) error {
	data := paper.PackData{Organization: p.Org, Person: p.Person, Procedure: p.Procedure, Recipient: p.Recipient, Purpose: p.Purpose, Share: string(p.Share),
		Made: p.Made, Until: p.Until.Time()}
	for _, piece := range p.Pieces {
		data.Pieces = append(data.Pieces, paper.PackPiece(piece))
	}
	return paper.Pack(w, l, data)
}

func (pages) Stamp(w io.Writer, l lang.Lang, text string, made time.Time) error {
	return paper.Stamp(w, l, text, made)
}

func (pages) Picture(w io.Writer, content []byte, made time.Time) error {
	return paper.Picture(w, content, made)
}
