package agecrypt

import (
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"vaultctl/internal/vault"
)

// Open reads the header of the age file src and returns a reader of its plaintext; src is read on as the plaintext is.
// The plaintext is complete only when the reader has returned io.EOF: whoever uses it before that must be able to take
// it back.
//
// Errors of Open and of the reader: vault.CodeNoIdentity if none of identities fits or there are none;
// vault.CodeInvalid if an identity is malformed; vault.CodeIntegrity if the file is; the error of src, wrapped,
// if src fails. The reader is for one goroutine.
func (s *Sealer) Open(src io.Reader, identities []string) (io.Reader, error) {
	if len(identities) == 0 {
		return nil, vault.Errorf(vault.CodeNoIdentity, "no identity to open with")
	}
	parsed := make([]age.Identity, len(identities))
	for i, text := range identities {
		id, err := s.identity(text)
		if err != nil {
			return nil, vault.Errorf(vault.CodeInvalid, "identity %d: %w", i+1, err)
		}
		parsed[i] = id
	}
	return open(src, "none of the identities opens this file", parsed...)
}

// OpenPassphrase is Open for a file of SealPassphrase. A wrong passphrase, or a file that has none, is
// vault.CodeNoIdentity. It is slow on purpose; a file that asks for more than 1 GiB of work is vault.CodeIntegrity.
func (s *Sealer) OpenPassphrase(src io.Reader, passphrase string) (io.Reader, error) {
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, vault.Errorf(vault.CodeNoIdentity, "the passphrase is empty")
	}
	id.SetMaxWorkFactor(maxWorkFactor)
	return open(src, "the passphrase does not open this file", id)
}

// Stanzas reads the header of the age file src and returns how many readers it names and the type of each, in order:
// mlkem768x25519 for hybrid, X25519, scrypt, or what another program wrote. Who they are cannot be read from a file.
// Nothing is authenticated. A header that is malformed, over 2 MiB or over 1,024 readers is vault.CodeIntegrity. More
// of src than its header may have been read.
func (s *Sealer) Stanzas(src io.Reader) (n int, types []string, err error) {
	none := &headerIdentity{}
	if err := none.read(src); err != nil {
		return 0, nil, err
	}
	for _, st := range none.stanzas {
		types = append(types, st.Type)
	}
	return len(types), types, nil
}

// headerIdentity fits no file. age parses the header, and shows it the stanzas.
type headerIdentity struct{ stanzas []*age.Stanza }

func (h *headerIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	h.stanzas = stanzas
	return nil, age.ErrIncorrectIdentity
}

func (h *headerIdentity) read(src io.Reader) error {
	_, err := open(src, "", h)
	if vault.CodeOf(err) == vault.CodeNoIdentity {
		return nil
	}
	return err
}

func open(src io.Reader, noMatch string, identities ...age.Identity) (io.Reader, error) {
	watched := &watchedReader{src: src}
	r, err := age.Decrypt(watched, identities...)
	var mismatch *age.NoIdentityMatchError
	switch {
	case err == nil:
		return &openReader{plain: r, src: watched}, nil
	case watched.err != nil:
		return nil, fmt.Errorf("read sealed file: %w", watched.err)
	case errors.As(err, &mismatch):
		return nil, vault.Errorf(vault.CodeNoIdentity, "%s", noMatch)
	}
	// What age says quotes the file, which may be anything: it is not repeated.
	return nil, vault.Errorf(vault.CodeIntegrity, "the header of the sealed file is malformed or was altered")
}

type openReader struct {
	plain io.Reader
	src   *watchedReader
}

func (r *openReader) Read(p []byte) (int, error) {
	n, err := r.plain.Read(p)
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case r.src.err != nil:
		return n, fmt.Errorf("read sealed file: %w", r.src.err)
	}
	return n, vault.Errorf(vault.CodeIntegrity, "the sealed file is truncated or was altered")
}

// watchedReader keeps the error of src, so that a failing disk or network is not taken for a forged file.
type watchedReader struct {
	src io.Reader
	err error // the first error other than io.EOF
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.src.Read(p)
	if err != nil && err != io.EOF && w.err == nil {
		w.err = err
	}
	return n, err
}
