package manifest

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"vaultctl/internal/vault"
)

// Limits of an archive. An honest one stays far below them; what is larger is refused before it is unpacked.
const (
	maxDirectory  = 4 << 20  // bytes of the list of members, as it is read into memory
	maxMembers    = 50_000   // members
	maxUnpacked   = 64 << 30 // bytes of all members
	maxRatio      = 200      // unpacked bytes for a packed one…
	ratioFreeSize = 16 << 20 // …of members that are larger than this
)

// archive is a ZIP file that was found to be no bomb by what it declares. archive/zip refuses members that are larger
// than they declare when they are read.
type archive struct {
	*zip.Reader
	file io.Closer
}

// openArchive opens a ZIP file. Errors have CodeInvalid, or are those of opening a file; whatIf says what the file may be
// instead of a ZIP.
func openArchive(path string, whatIf *vault.Error) (*archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileTrouble(err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fileTrouble(err), f.Close())
	}
	return newArchive(f, info.Size(), whatIf)
}

// readAtCloser is an open file.
type readAtCloser interface {
	io.ReaderAt
	io.Closer
}

// newArchive reads the list of members of f, which it closes when it fails.
func newArchive(f readAtCloser, size int64, whatIf *vault.Error) (*archive, error) {
	meter := &metered{r: f, left: maxDirectory}
	z, err := zip.NewReader(meter, size)
	switch {
	case errors.Is(err, errBudget):
		err = errBomb()
	case errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrAlgorithm) || errors.Is(err, io.ErrUnexpectedEOF):
		err = whatIf
	case errors.Is(err, zip.ErrInsecurePath): // names are looked up in a list, never opened as paths
		err = checkMembers(z.File)
	case err != nil:
		err = fmt.Errorf("read archive: %w", err)
	default:
		err = checkMembers(z.File)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	meter.free = true
	return &archive{z, f}, nil
}

// Close closes the file.
func (a *archive) Close() error { return a.file.Close() }

func errBomb() *vault.Error {
	return vault.Errorf(vault.CodeInvalid, "the archive unpacks to far more than it should: it is refused")
}

// checkMembers refuses archives that would unpack to too much, and names that occur twice: which of the two is meant
// cannot be told.
func checkMembers(members []*zip.File) error {
	total := uint64(0)
	seen := make(map[string]bool, len(members))
	for _, m := range members {
		packed, unpacked := m.CompressedSize64, m.UncompressedSize64
		if unpacked > maxUnpacked || unpacked > ratioFreeSize && unpacked/max(packed, 1) > maxRatio {
			return errBomb()
		}
		if total += unpacked; total > maxUnpacked {
			return errBomb()
		}
		if seen[m.Name] {
			return vault.Errorf(vault.CodeInvalid, "the archive holds two files of one name")
		}
		seen[m.Name] = true
	}
	if len(members) > maxMembers {
		return errBomb()
	}
	return nil
}

// member returns the regular member of that exact name, nil if there is none.
func (a *archive) member(name string) *zip.File {
	for _, m := range a.File {
		if m.Name == name && m.Mode().IsRegular() && m.Mode()&fs.ModeSymlink == 0 {
			return m
		}
	}
	return nil
}

var errBudget = errors.New("more is read than allowed")

// metered limits how much is read before it is set free.
type metered struct {
	r    io.ReaderAt
	left int64
	free bool
}

func (m *metered) ReadAt(b []byte, off int64) (int, error) {
	if !m.free {
		if m.left -= int64(len(b)); m.left < 0 {
			return 0, errBudget
		}
	}
	return m.r.ReadAt(b, off)
}
