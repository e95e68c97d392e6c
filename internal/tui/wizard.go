package tui

import (
	"context"
	"errors"
)

// steps asks one thing after another. Leaving a step goes back to the one before, whose answers are still there; leaving the
// first leaves all. A step that has nothing to ask returns errSkip.
func (d *desk) steps(ctx context.Context, steps ...func(context.Context) error) error {
	back := false
	for i := 0; i < len(steps); {
		err := steps[i](ctx)
		switch {
		case err == nil:
			back = false
			i++
		case errors.Is(err, errSkip) && !back:
			i++
		case (errors.Is(err, errBack) || errors.Is(err, errSkip)) && i > 0:
			back = true
			i--
		case errors.Is(err, errSkip):
			return errBack
		default:
			return err
		}
	}
	return nil
}

// errSkip is a step that had nothing to ask.
var errSkip = errors.New("nothing to ask")
