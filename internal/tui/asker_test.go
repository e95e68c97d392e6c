package tui

import "context"

func (y yes) fill(_ context.Context, f *form) error {
	*y.says = append(append(*y.says, f.title), f.intro...)
	for _, q := range f.fields {
		if q.kind == yesNo {
			*q.yes = true
		}
	}
	return nil
}

func (y yes) read(_ context.Context, s *sheet) error {
	*y.says = append(append(*y.says, s.title), s.lines...)
	return nil
}

func (y yes) note(text string) { *y.says = append(*y.says, text) }
