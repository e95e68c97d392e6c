package tui

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// memory is what the screen remembers of an agent's work from one day to the next: the ids of the vaults that they follow
// and of those that they looked at last. It holds no name and no date, and the daemon knows nothing of it. It is safe for
// concurrent use; the file belongs to whoever wrote last.
type memory struct {
	path string

	mu   sync.Mutex // guards what follows
	read bool
	kept remembered
}

// remembered is the content of the file.
type remembered struct {
	Followed []string `json:"followed"` // in the order in which they were followed
	Recent   []string `json:"recent"`   // the last one first
}

const (
	recentMost   = 20
	followedMost = 200
	memoryMost   = 64 << 10 // bytes of the file
)

// memoryPath is the file in the home.
func memoryPath(home string) string { return filepath.Join(home, "screen.json") }

// recall returns what is remembered. A file that cannot be read is as none: nothing depends on it.
func (m *memory) recall() remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.load()
	return remembered{Followed: slices.Clone(m.kept.Followed), Recent: slices.Clone(m.kept.Recent)}
}

func (m *memory) load() {
	if m.read {
		return
	}
	m.read = true
	file, err := os.Open(m.path)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	b, err := io.ReadAll(io.LimitReader(file, memoryMost))
	if err != nil || json.Unmarshal(b, &m.kept) != nil {
		m.kept = remembered{}
		return
	}
	m.kept.Followed = bounded(m.kept.Followed, followedMost)
	m.kept.Recent = bounded(m.kept.Recent, recentMost)
}

// bounded leaves the first of each id, and no more than most; what is no id is not shown to anybody.
func bounded(ids []string, most int) []string {
	var left []string
	for _, id := range ids {
		if _, err := vault.ParseBeneficiaryID(id); err == nil && !slices.Contains(left, id) && len(left) < most {
			left = append(left, id)
		}
	}
	return left
}

// saw notes that a vault was looked at.
func (m *memory) saw(id string) error {
	return m.change(func(r *remembered) {
		if len(r.Recent) > 0 && r.Recent[0] == id {
			return
		}
		r.Recent = slices.Insert(slices.DeleteFunc(r.Recent, func(x string) bool { return x == id }), 0, id)
		r.Recent = r.Recent[:min(len(r.Recent), recentMost)]
	})
}

// follow begins or ends following a vault, and reports whether it is followed now.
func (m *memory) follow(id string) (bool, error) {
	followed := false
	err := m.change(func(r *remembered) {
		if i := slices.Index(r.Followed, id); i >= 0 {
			r.Followed = slices.Delete(r.Followed, i, i+1)
			return
		}
		followed = true
		r.Followed = append(r.Followed, id)
	})
	return followed, err
}

// forget takes away what is no vault any more.
func (m *memory) forget(gone func(id string) bool) error {
	return m.change(func(r *remembered) {
		r.Followed = slices.DeleteFunc(r.Followed, gone)
		r.Recent = slices.DeleteFunc(r.Recent, gone)
	})
}

// change writes the file where something changed.
func (m *memory) change(change func(*remembered)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.load()
	was := remembered{Followed: slices.Clone(m.kept.Followed), Recent: slices.Clone(m.kept.Recent)}
	change(&m.kept)
	switch {
	case slices.Equal(was.Followed, m.kept.Followed) && slices.Equal(was.Recent, m.kept.Recent):
		return nil
	case len(m.kept.Followed) > followedMost:
		m.kept = was
		return vault.Errorf(vault.CodeUsage, "%d people are followed already: stop following somebody first", followedMost)
	}
	err := atomicfile.Write(m.path, 0o600, func(w io.Writer) error { return json.NewEncoder(w).Encode(m.kept) })
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if err != nil {
		m.kept = was
		return vault.Errorf(vault.CodeOf(err), "remember who is followed: %w", err)
	}
	return nil
}

// followAction begins or ends following the person of a page.
func followAction() action {
	return action{key: "f", label: lang.Key("follow, or no longer"), run: func(ctx context.Context, d *desk, c chosen) error {
		if b := about(&c); b != nil {
			return toggleFollow(ctx, d, b.ID)
		}
		return nil
	}}
}

// toggleFollow follows somebody, or no longer, and says which.
func toggleFollow(_ context.Context, d *desk, id string) error {
	followed, err := d.memory.follow(id)
	switch {
	case err != nil:
		return err
	case followed:
		d.note(d.l.T("Followed: it stands at home."))
	default:
		d.note(d.l.T("No longer followed."))
	}
	return nil
}
