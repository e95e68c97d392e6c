package paper

import (
	"fmt"
	"io"
	"strings"
	"time"

	"vaultctl/internal/lang"
)

// RecoveryData is what the recovery sheets of an organization say. Shares and RootWords are secrets in the clear:
// whoever hands them in keeps them no longer than the call.
type RecoveryData struct {
	Organization string
	Made         time.Time
	Fingerprint  string   // of the root key
	Remote       string   // where the organization's objects are kept, as told to join; may be empty
	Needed       int      // k: how many shares rebuild the recovery secret
	Shares       []string // the n shares (a tag, then words), or with n = 1 the recovery identity (AGE-SECRET-KEY-PQ-1…)
	RootWords    []string // the words of the root key; none leaves its page out
}

// RecoverySheets writes one page for each holder of a share of the recovery secret, then the page of the root words; that
// page alone where there are no shares.
// Every page stands alone, so that each can go to another person.
func RecoverySheets(w io.Writer, l lang.Lang, data RecoveryData) error {
	if len(data.Shares) == 0 && len(data.RootWords) > 0 {
		s := newSheet(l, l.T("Root key"), clean(data.Organization), data.Made)
		s.rootPage(data)
		return s.finish(w)
	}
	if len(data.Shares) == 0 || data.Needed < 1 || data.Needed > len(data.Shares) {
		return fmt.Errorf("print recovery sheets: %d of %d shares make no sense", data.Needed, len(data.Shares))
	}
	s := newSheet(l, l.T("Recovery sheets"), clean(data.Organization), data.Made)
	for i, share := range data.Shares {
		if i > 0 {
			s.newPage()
		}
		if err := s.sharePage(data, i+1, share); err != nil {
			return err
		}
	}
	if len(data.RootWords) > 0 {
		s.newPage()
		s.rootPage(data)
	}
	return s.finish(w)
}

// sharePage is the page of share number n.
func (s *sheet) sharePage(data RecoveryData, n int, share string) error {
	l, total := s.lang, len(data.Shares)
	title := l.T("Recovery key")
	rule := l.T("This page alone opens every vault whose owner did not decline recovery, all but its private documents. " +
		"Keep it in a sealed envelope, in a safe, away from the computers and from those who run them.")
	if total > 1 {
		title = l.T("Recovery share %d of %d", n, total)
		rule = l.T("%d of these %d shares together open every vault whose owner did not decline recovery, all but its private "+
			"documents. Fewer open nothing. Give each share to another person. Keep it in a sealed envelope, away from the "+
			"computers and from those who run them.", data.Needed, total)
	}
	s.block(strongStyle, margin, full, clean(data.Organization))
	s.title(title)
	s.boxed(strongStyle, rule)
	s.recoveryFacts(data)
	s.blank(l.T("Holder (name)"))
	s.blank(l.T("Kept where"))
	s.blank(l.T("Date and signature"))

	const code = 62.0
	s.skip(1)
	s.room(code)
	from := s.y
	if err := s.qr(share, margin-4, from, code); err != nil {
		return err
	}
	x, width := margin+code, full-code
	s.y = from + 5
	label := l.T("The share, in letters:")
	if total == 1 {
		label = l.T("The key, in letters:")
	}
	s.block(bodyStyle, x, width, label)
	s.skip(1)
	key, words, _ := strings.Cut(strings.TrimSpace(share), " ")
	s.key(x, width, key)
	if words != "" {
		s.skip(1)
		s.block(smallStyle, x, width, l.T("followed by the words below, in their order"))
	}
	s.skip(4)
	s.block(headingStyle, x, width, l.T("When it is needed"))
	s.block(bodyStyle, x, width, l.T("When every computer of the organization is lost, or when a person lost their card "+
		"and nobody else can open their vault."))
	s.y = max(s.y, from+code)
	if words != "" {
		s.words(strings.Fields(words))
	}
	s.heading(l.T("What to do then"))
	if total > 1 {
		s.para(l.T("Bring %d holders together at a computer where vaultctl is installed. Run the command below and type or "+
			"scan the shares when it asks for them. Do not send a share by e-mail or telephone.", data.Needed))
	} else {
		s.para(l.T("At a computer where vaultctl is installed, run the command below and type or scan the key when it asks " +
			"for it. Stock age opens the sealed files with this key as well, without vaultctl."))
	}
	s.key(margin, full, "vaultctl join --recover --remote "+remoteOr(data.Remote))
	return nil
}

// rootPage is the page of the words of the root key.
func (s *sheet) rootPage(data RecoveryData) {
	l := s.lang
	s.block(strongStyle, margin, full, clean(data.Organization))
	s.title(l.T("Root key"))
	s.boxed(strongStyle, l.T("These words decide who runs the organization: with them one names administrators and "+
		"replaces all of them. They read no document. Keep them apart from the recovery shares."))
	s.recoveryFacts(data)
	s.blank(l.T("Holder (name)"))
	s.blank(l.T("Kept where"))
	s.heading(l.T("The %d words", len(data.RootWords)))
	s.words(data.RootWords)
	s.heading(l.T("When it is needed"))
	s.para(l.T("To name a first administrator again when none is left, together with the recovery key. " +
		"The fingerprint above lets anyone check that a vault belongs to this organization; it is not secret."))
	s.key(margin, full, "vaultctl join --recover --remote "+remoteOr(data.Remote))
}

// recoveryFacts sets what identifies the organization.
func (s *sheet) recoveryFacts(data RecoveryData) {
	l := s.lang
	s.facts(margin, full, 45, [][2]string{
		{l.T("Made on"), l.Date(data.Made)},
		{l.T("Storage"), clean(data.Remote)},
		{l.T("Root fingerprint"), data.Fingerprint},
	})
}

// blank sets a label and a line to write on.
func (s *sheet) blank(label string) {
	s.skip(3.5)
	from := s.y
	s.block(bodyStyle, margin, 48, label)
	s.pdf.Line(margin+50, from+bodyStyle.leading()-0.5, pageWidth-margin, from+bodyStyle.leading()-0.5)
}

// remoteOr returns remote, or the placeholder that the manual uses.
func remoteOr(remote string) string {
	if remote == "" {
		return "REMOTE"
	}
	return clean(remote)
}
