package tui

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"vaultctl/internal/termio"
)

// read tells a sheet. A secret one is told only after a yes, since the terminal keeps what was told.
func (r *reader) read(ctx context.Context, s *sheet) error {
	r.say("", s.title)
	if s.secret {
		show, err := r.reveals(ctx)
		if err != nil || !show {
			return err
		}
	}
	hidden := len(s.code) > 0
	for _, line := range s.lines {
		if drawn(line) {
			hidden = true
			continue
		}
		r.say(line)
	}
	if hidden {
		r.say(r.l.T("A code to scan belongs here, which cannot be told."))
	}
	if !s.secret {
		return nil
	}
	if _, err := r.ask(ctx, r.l.T("When it is written down, press Enter.")+" "); err != nil {
		return err
	}
	r.say(r.l.T("Clear this terminal's history now: what was told stands in it."))
	return nil
}

// reveals asks whether what the person alone may see is to be told here. It is shown once, so leaving it unseen is asked for too.
func (r *reader) reveals(ctx context.Context) (bool, error) {
	r.say(r.l.T("Nobody else may look on. It is shown once."), r.l.T("What is told here stays in this terminal's history until that is cleared."))
	for {
		show, lose := false, false
		if err := r.yes(ctx, &field{label: r.l.T("Tell it here?"), yes: &show}); err != nil && r.over {
			return false, err
		}
		if show {
			return true, nil
		}
		if err := r.yes(ctx, &field{label: r.l.T("Then nobody will ever see it. Leave it unseen?"), yes: &lose}); err != nil && r.over {
			return false, err
		}
		if lose {
			return false, nil
		}
	}
}

// drawn reports whether a line is a part of a drawing: a code that is scanned.
func drawn(line string) bool {
	return strings.TrimSpace(line) != "" && strings.Trim(line, "█▀▄▌▐░▒▓ ") == ""
}

// pick lets the person name files, or choose them by their numbers in a folder.
func (r *reader) pick(ctx context.Context, p *picking) ([]string, error) {
	part := newPickPart(r.l, nil, p)
	r.say("", p.title, r.l.T("Type numbers such as 1,3,5-7, the number of a folder, the path of a file or folder, .. for the folder above, or letters to search; /back leaves."))
	told := r.folder(part, 0)
	for {
		line, err := r.answer(ctx, r.l.T("%s: ", r.l.T("Files")))
		if err != nil {
			return nil, errBackFor(err)
		}
		was, numbers := part.dir, listed(line, len(part.shown))
		switch {
		case line == "":
			told = r.folder(part, 0)
		case readerWords[strings.ToLower(line)] == "more" && told < len(part.shown):
			told = r.folder(part, told)
		case line == "..":
			part.enter(filepath.Dir(part.dir))
		case len(numbers) > 0:
			part.choosing(numbers)
		case strings.ContainsAny(line, `/\`) || strings.HasPrefix(line, "~"):
			part.named(line)
		default:
			part.query = line
			part.narrow()
			told = r.folder(part, 0)
		}
		if part.wrong != "" {
			r.say("✗ " + part.wrong)
			part.wrong = ""
			continue
		}
		if len(part.marked) > 0 && part.choose() {
			r.say(r.l.N(len(part.picked), "%d file chosen", "%d files chosen"))
			return part.picked, nil
		}
		if part.dir != was {
			told = r.folder(part, 0)
		}
	}
}

// errBackFor takes going to the question before for leaving, where there is none.
func errBackFor(err error) error {
	if left(err) {
		return err
	}
	return errBack
}

// folder tells what is in a folder from a place on, and returns how many were told.
func (r *reader) folder(p *pickPart, from int) int {
	if from == 0 {
		r.say(termio.Clean(p.dir))
		if len(p.shown) == 0 {
			r.say(r.l.T("No files here."))
		}
	}
	end := min(len(p.shown), from+portion)
	for i := from; i < end; i++ {
		e := &p.entries[p.shown[i]]
		about := termio.FormatBytes(e.size)
		if e.folder {
			about = r.l.T("folder")
		}
		r.say(strconv.Itoa(i+1) + ". " + termio.Isolate(termio.Clean(e.name)) + "; " + about)
	}
	if rest := len(p.shown) - end; rest > 0 {
		r.say(r.l.N(rest, "%d more: the word more tells it, letters search.", "%d more: the word more tells them, letters search."))
	}
	return end
}

// choosing takes entries by their numbers: files, or one folder, which is entered.
func (p *pickPart) choosing(numbers []int) {
	var paths []string
	for _, n := range numbers {
		e := &p.entries[p.shown[n]]
		path := filepath.Join(p.dir, e.name)
		if e.folder && len(numbers) == 1 {
			p.enter(path)
			return
		}
		if e.folder || p.pick.one && len(numbers) > 1 {
			p.wrong = p.l.T("Choose files, or one folder.")
			if p.pick.one {
				p.wrong = p.l.T("Choose one file.")
			}
			return
		}
		paths = append(paths, path)
	}
	for _, path := range slices.Compact(paths) {
		p.marked[path] = true
	}
}

// named takes a path that was typed, or several as terminals paste them.
func (p *pickPart) named(line string) {
	if paths := droppedPaths(line); len(paths) > 0 && (!p.pick.one || len(paths) == 1) {
		p.take(paths)
		return
	}
	path := savingPath(strings.Trim(line, `"'`), "")
	if strings.HasPrefix(line, ".") {
		path = filepath.Join(p.dir, line)
	}
	p.take([]string{path})
}
