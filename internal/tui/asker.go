package tui

import (
	"context"
	"errors"

	"vaultctl/internal/api"
	"vaultctl/internal/termio"
)

// asker is how a task talks with the person: over the screen, or line by line. A task is straight-line code in a goroutine of
// its own; each question waits for its answer, and none of them holds the screen up. Methods return errBack when the person
// leaves the question, and the error of the context when the program ends.
type asker interface {
	// fill asks for the values of a form's fields.
	fill(context.Context, *form) error
	// read shows a text until the person has read it.
	read(context.Context, *sheet) error
	// pick lets the person choose files of this machine; the paths are absolute.
	pick(context.Context, *picking) ([]string, error)
	// open shows another page, on top of the one that is shown.
	open(page)
	// back leaves the page that is shown: what it was about is gone.
	back()
	// note says a sentence at the foot.
	note(string)
	// progress tells how far the task has come.
	progress(api.Progress)
}

// errBack is the end of a task whose person did not want to go on. Nothing was changed, and nothing is said of it.
var errBack = errors.New("left")

// sheet is a text that is read and left: a receipt, a card, a notice. A secret one is not kept anywhere, and what is asked
// before it is left says so.
type sheet struct {
	title string
	lines []string // each is broken where the screen ends; already clean
	as    termio.Style
	// secret marks what nobody but the person may see: the screen says so, and locking takes it away.
	secret bool
	// fixed lines are not broken: a code that is scanned.
	fixed bool
	// code is a code that is scanned. It stands below the lines, where it fits whole.
	code []string
}

// picking is a choice of files.
type picking struct {
	title string
	start string   // directory to begin in; "" is the one that was looked at last, then the home directory
	one   bool     // a single file
	ends  []string // endings of the files that are wanted, with the dot; empty is all
}

// sure asks a question that can be answered with yes. Anything else is errBack.
func (d *desk) sure(ctx context.Context, title string, says ...string) error {
	return d.agree(ctx, title, d.l.T("Go on?"), says...)
}

// agree is sure with a question of its own.
func (d *desk) agree(ctx context.Context, title, question string, says ...string) error {
	var yes bool
	f := &form{title: title, intro: says, fields: []*field{{kind: yesNo, label: question, yes: &yes}}}
	if err := d.fill(ctx, f); err != nil {
		return err
	}
	if !yes {
		return errBack
	}
	return nil
}
