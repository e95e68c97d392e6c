package agecrypt

import (
	"errors"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"vaultctl/internal/vault"
)

// markType is the type of the stanza that carries a mark. No identity reads it, so stock age ignores it.
const markType = "vaultctl-mark"

// SealMarked is Seal with a mark: words, each one or more printable ASCII characters without space, that Mark reads
// without a key, and that cannot be altered without Open noticing. At most 100 words, and one recipient fewer than for
// Seal; what is not so is vault.CodeInvalid.
func (s *Sealer) SealMarked(dst io.Writer, recipients []string, mark []string) (io.WriteCloser, error) {
	parsed, err := s.readers(recipients)
	if err != nil {
		return nil, err
	}
	return sealMarked(dst, parsed, mark)
}

// Mark reads the mark of the age file src, nil if it has none, and the types of its other stanzas, as Stanzas does.
// Nothing is authenticated: that is for Open.
func (s *Sealer) Mark(src io.Reader) (mark, types []string, err error) {
	header := &headerIdentity{}
	if err := header.read(src); err != nil {
		return nil, nil, err
	}
	for _, st := range header.stanzas {
		switch {
		case st.Type != markType:
			types = append(types, st.Type)
		case mark != nil:
			return nil, nil, vault.Errorf(vault.CodeIntegrity, "the sealed file is marked twice")
		default:
			mark = st.Args
		}
	}
	return mark, types, nil
}

// SealPlugin is SealMarked for a key that the program age-plugin-NAME holds. identity is AGE-PLUGIN-NAME-1…, or empty
// for a plugin that needs none. ask is how the plugin reaches the person: kind is "show" (a message such as a call to
// touch the key, no answer), "public", "secret" (a PIN) or "confirm" (the answer is yes or no). It may be nil: the plugin
// is then told that nobody is there. A malformed identity or name is vault.CodeInvalid, a plugin that is not installed
// or fails vault.CodeNoIdentity.
func (s *Sealer) SealPlugin(dst io.Writer, name, identity string, mark []string, ask func(kind, message string) (string, error)) (io.WriteCloser, error) {
	id, err := newPluginIdentity(name, identity, ask)
	if err != nil {
		return nil, err
	}
	recipient := &pluginRecipient{inner: id.inner.Recipient()}
	w, err := sealMarked(dst, []age.Recipient{recipient}, mark)
	if recipient.err != nil {
		return nil, pluginError(name, recipient.err)
	}
	return w, err
}

// OpenPlugin is Open for a file of SealPlugin. A plugin that is not installed, fails, or does not know the file is
// vault.CodeNoIdentity.
func (s *Sealer) OpenPlugin(src io.Reader, name, identity string, ask func(kind, message string) (string, error)) (io.Reader, error) {
	id, err := newPluginIdentity(name, identity, ask)
	if err != nil {
		return nil, err
	}
	r, err := open(src, "the key of the age plugin does not open this file", id)
	if id.err != nil {
		return nil, pluginError(name, id.err)
	}
	return r, err
}

func pluginError(name string, err error) error {
	var missing *plugin.NotFoundError
	if errors.As(err, &missing) {
		return vault.Errorf(vault.CodeNoIdentity, "the program age-plugin-%s is not installed", name)
	}
	return vault.Errorf(vault.CodeNoIdentity, "age plugin: %w", err)
}

func sealMarked(dst io.Writer, recipients []age.Recipient, mark []string) (io.WriteCloser, error) {
	if len(mark) == 0 || len(mark) > 100 {
		return nil, vault.Errorf(vault.CodeInvalid, "a mark has 1 to 100 words")
	}
	if len(recipients) == maxReaders {
		return nil, vault.Errorf(vault.CodeInvalid, "%d recipients and a mark are too many for one file", maxReaders)
	}
	for _, word := range mark {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r < 33 || r > 126 }) {
			return nil, vault.Errorf(vault.CodeInvalid, "a mark has printable ASCII words")
		}
	}
	marked := append([]age.Recipient{&markedRecipient{recipients[0], mark}}, recipients[1:]...)
	return seal(dst, marked)
}

// markedRecipient adds the mark beside what inner writes, and has the labels of inner, so that the rule against mixing
// kinds still holds.
type markedRecipient struct {
	inner age.Recipient
	mark  []string
}

func (m *markedRecipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	stanzas, _, err := m.WrapWithLabels(fileKey)
	return stanzas, err
}

func (m *markedRecipient) WrapWithLabels(fileKey []byte) (stanzas []*age.Stanza, labels []string, err error) {
	if inner, ok := m.inner.(age.RecipientWithLabels); ok {
		stanzas, labels, err = inner.WrapWithLabels(fileKey)
	} else {
		stanzas, err = m.inner.Wrap(fileKey)
	}
	if err != nil {
		return nil, nil, err
	}
	return append(stanzas, &age.Stanza{Type: markType, Args: m.mark}), labels, nil
}

// pluginRecipient keeps the plugin's error apart from those of the file.
type pluginRecipient struct {
	inner *plugin.Recipient
	err   error
}

func (p *pluginRecipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	stanzas, _, err := p.WrapWithLabels(fileKey)
	return stanzas, err
}

func (p *pluginRecipient) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	stanzas, labels, err := p.inner.WrapWithLabels(fileKey)
	p.err = err
	return stanzas, labels, err
}

// pluginIdentity keeps the plugin's error apart from those of the file.
type pluginIdentity struct {
	inner *plugin.Identity
	err   error
}

func (p *pluginIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := p.inner.Unwrap(stanzas)
	if err != nil && !errors.Is(err, age.ErrIncorrectIdentity) {
		p.err = err
	}
	return key, err
}

func newPluginIdentity(name, identity string, ask func(kind, message string) (string, error)) (*pluginIdentity, error) {
	ui := pluginUI(ask)
	if identity == "" {
		id, err := plugin.NewIdentityWithoutData(name, ui)
		if err != nil {
			return nil, vault.Errorf(vault.CodeInvalid, "not the name of an age plugin")
		}
		return &pluginIdentity{inner: id}, nil
	}
	id, err := plugin.NewIdentity(identity, ui)
	if err != nil || id.Name() != strings.ToLower(name) {
		return nil, vault.Errorf(vault.CodeInvalid, "not a well-formed identity of that age plugin")
	}
	return &pluginIdentity{inner: id}, nil
}

func pluginUI(ask func(kind, message string) (string, error)) *plugin.ClientUI {
	if ask == nil {
		return &plugin.ClientUI{}
	}
	return &plugin.ClientUI{
		DisplayMessage: func(_, message string) error {
			_, err := ask("show", message)
			return err
		},
		RequestValue: func(_, prompt string, secret bool) (string, error) {
			if secret {
				return ask("secret", prompt)
			}
			return ask("public", prompt)
		},
		Confirm: func(_, prompt, yes, no string) (bool, error) {
			answer, err := ask("confirm", prompt+" (yes: "+yes+", no: "+no+")")
			return strings.EqualFold(strings.TrimSpace(answer), "yes"), err
		},
	}
}
