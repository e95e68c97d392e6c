package tui

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/termio"
)

// The reader is the asker of the tasks that it starts.

func (r *reader) open(p page) {
	r.stack = append(r.stack, p)
	r.moved = true
}

func (r *reader) back() {
	if len(r.stack) > 1 {
		r.stack = r.stack[:len(r.stack)-1]
	}
	r.moved = true
}

func (r *reader) note(text string) { r.say(text) }

// progress is told at each tenth of the way.
func (r *reader) progress(at api.Progress) {
	if at.Total <= 0 {
		return
	}
	if step := int(10 * at.Done / at.Total); step != r.step {
		r.step = step
		r.say(strconv.Itoa(10*step) + " %")
	}
}

// errBefore goes back to the question before.
var errBefore = errors.New("before")

// fill asks for one field after the other.
func (r *reader) fill(ctx context.Context, f *form) error {
	r.say("", f.title)
	r.say(f.intro...)
	asked := 0
	for _, q := range f.fields {
		if q.kind != sentence {
			asked++
		}
	}
	if asked > 1 {
		r.say(r.l.T("/back leaves these questions, /before goes back to the one before."))
	}
	var done []int // the fields that were answered, for going back
	for i := 0; i < len(f.fields); {
		q := f.fields[i]
		if !q.asks() {
			i++
			continue
		}
		err := r.field(ctx, q)
		switch {
		case errors.Is(err, errBefore) && len(done) > 0:
			i = done[len(done)-1]
			done = done[:len(done)-1]
			continue
		case errors.Is(err, errBefore):
			continue
		case err != nil:
			return err
		}
		if q.kind != sentence {
			done = append(done, i)
		}
		i++
	}
	f.finish()
	return nil
}

func (r *reader) field(ctx context.Context, q *field) error {
	switch q.kind {
	case sentence:
		r.say(q.label)
		r.helps(q)
		return nil
	case yesNo:
		return r.yes(ctx, q)
	case choice:
		return r.choice(ctx, q)
	case choices:
		return r.choices(ctx, q)
	case oneLine, secret:
	}
	r.helps(q)
	for {
		prompt := q.label
		if *q.text != "" && q.kind != secret {
			prompt += " [" + termio.Isolate(termio.Clean(*q.text)) + "]"
		}
		ask := r.answer
		if q.kind == secret {
			ask = r.hidden
		}
		line, err := ask(ctx, r.l.T("%s: ", prompt))
		if err != nil {
			return err
		}
		switch {
		case line == "" && q.kind == oneLine:
			line = *q.text
		case line == "-" && q.kind == oneLine:
			line = ""
		}
		if wrong := q.verify(r.l, line); wrong != "" {
			r.say("✗ " + wrong)
			continue
		}
		*q.text = line
		return nil
	}
}

func (r *reader) helps(q *field) {
	if q.help != "" {
		r.say(q.help)
	}
	if q.kind == oneLine && *q.text != "" {
		r.say(r.l.T("An empty line takes what stands in brackets, - takes nothing."))
	}
}

// answer asks for a line of a form; errBack and errBefore are for those who do not want to answer.
func (r *reader) answer(ctx context.Context, prompt string) (string, error) {
	line, err := r.ask(ctx, prompt)
	return going(line, err)
}

func (r *reader) hidden(ctx context.Context, prompt string) (string, error) {
	line, err := r.askSecret(ctx, prompt)
	return going(line, err)
}

func going(line string, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case leaves(line):
		return "", errBack
	case before(line):
		return "", errBefore
	}
	return strings.TrimSpace(line), nil
}

// yes takes words alone, so that a line that was pasted, or an Enter too many, agrees to nothing.
func (r *reader) yes(ctx context.Context, q *field) error {
	if q.help != "" {
		r.say(q.help)
	}
	proposed := r.l.T("no")
	if *q.yes {
		proposed = r.l.T("yes")
	}
	for {
		line, err := r.answer(ctx, r.l.T("%s: ", q.label+" "+r.l.T("yes or no")+" ["+proposed+"]"))
		if err != nil {
			return err
		}
		switch fold(line) {
		case "":
			return nil
		case "yes", "oui":
			*q.yes = true
			return nil
		case "no", "non":
			*q.yes = false
			return nil
		}
		r.say(r.l.T("Answer yes or no, in full."))
	}
}

// choice takes the number of an option, its value, or letters that leave one.
func (r *reader) choice(ctx context.Context, q *field) error {
	r.helps(q)
	options := clean(q.options)
	if len(options) == 0 {
		r.say(r.l.T("%s: %s", q.label, r.l.T("there is nothing to choose from")))
		if q.needed {
			return errBack
		}
		return nil
	}
	chosen := slices.IndexFunc(options, func(o option) bool { return o.value == *q.text })
	prompt := q.label
	if chosen >= 0 {
		prompt += " [" + options[chosen].label + "]"
	}
	list := r.list(options, nil)
	for {
		line, err := r.answer(ctx, r.l.T("%s: ", prompt))
		if err != nil {
			return err
		}
		n := chosen
		if line != "" {
			if n, list = r.find(q, options, line, list); n < 0 {
				continue
			}
		} else if n < 0 {
			r.say(r.l.T("Type a number, or letters to search."))
			continue
		}
		if wrong := q.verify(r.l, options[n].value); wrong != "" {
			r.say("✗ " + wrong)
			continue
		}
		if line != strconv.Itoa(n+1) {
			r.say(options[n].label)
		}
		*q.text = options[n].value
		return nil
	}
}

// list tells the first of the options that are left, all where only is nil, and returns those that were not told.
func (r *reader) list(options []option, only []int) (rest []int) {
	if only == nil {
		for i := range options {
			only = append(only, i)
		}
	}
	for i, n := range only {
		if i == portion && len(only) > portion+2 {
			rest = only[i:]
			r.say(r.l.N(len(rest), "%d more: the word more tells it, letters search.", "%d more: the word more tells them, letters search."))
			return rest
		}
		r.say(strconv.Itoa(n+1) + ". " + options[n].label)
	}
	return nil
}

// find returns the option that a line means, or -1 after it has told which it could mean.
func (r *reader) find(q *field, options []option, line string, rest []int) (int, []int) {
	if n := listed(line, len(options)); len(n) == 1 {
		return n[0], rest
	}
	if word := readerWords[strings.ToLower(line)]; word == "more" && len(rest) > 0 {
		return -1, r.list(options, rest)
	}
	var found []int
	for i, o := range options {
		if o.value == line || fold(o.label) == fold(line) {
			return i, rest
		}
		text := o.label
		if q.finds != nil {
			text += " " + q.finds(o.value)
		}
		if all(strings.Fields(fold(line)), fold(text)) {
			found = append(found, i)
		}
	}
	switch len(found) {
	case 0:
		r.say(r.l.T("Nothing matches."))
		return -1, rest
	case 1:
		return found[0], nil
	}
	return -1, r.list(options, found)
}

// choices takes numbers.
func (r *reader) choices(ctx context.Context, q *field) error {
	r.helps(q)
	options := clean(q.options)
	if len(options) == 0 {
		r.say(r.l.T("%s: %s", q.label, r.l.T("there is nothing to choose from")))
		if q.needed {
			return errBack
		}
		return nil
	}
	var proposed []string
	for i, o := range options {
		if slices.Contains(*q.some, o.value) {
			proposed = append(proposed, strconv.Itoa(i+1))
		}
	}
	prompt := q.label + " " + r.l.T("numbers such as 1,3,5-7, all, or - for none") + " [" + strings.Join(proposed, ",") + "]"
	rest := r.list(options, nil)
	for {
		line, err := r.answer(ctx, r.l.T("%s: ", prompt))
		if err != nil {
			return err
		}
		var some []string
		switch {
		case line == "":
			some = *q.some
		case line == "-":
		case slices.Contains([]string{"all", "tout", "tous", "toutes"}, fold(line)):
			for _, o := range options {
				some = append(some, o.value)
			}
		case readerWords[strings.ToLower(line)] == "more" && len(rest) > 0:
			rest = r.list(options, rest)
			continue
		default:
			for _, n := range listed(line, len(options)) {
				some = append(some, options[n].value)
			}
			if len(some) == 0 {
				r.say(r.l.T("These are not numbers from 1 to %d.", len(options)))
				continue
			}
		}
		if q.needed && len(some) == 0 {
			r.say(r.l.T("Choose at least one."))
			continue
		}
		*q.some = some
		return nil
	}
}
