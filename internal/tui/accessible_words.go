package tui

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// The words that a reader takes at a page, in both languages, whatever the screen's.
var readerWords = map[string]string{
	"?": "help", "help": "help", "aide": "help",
	"back": "back", "/back": "back", "retour": "back", "/retour": "back",
	"quit": "quit", "/quit": "quit", "quitter": "quit", "/quitter": "quit", "exit": "quit",
	"more": "more", "suite": "more",
	"again": "again", "actualiser": "again", "": "again",
	"lock": "lock", "verrouiller": "lock",
}

// obey does what a line says: a word of the reader's, a key with or without rows, the number of a row, or words to search.
func (r *reader) obey(ctx context.Context, line string) {
	if r.content == nil && line != "" && readerWords[strings.ToLower(line)] == "" {
		line = "" // there is nothing to do it to: look again
	}
	verb, rest, _ := strings.Cut(line, " ")
	verb, rest = r.spelled(verb), strings.TrimSpace(rest)
	if rest == "" || verb == "?" {
		if act := r.action(verb); act != nil && verb != "" && verb != "?" {
			r.act(ctx, *act, "")
			return
		}
		if word, ok := readerWords[strings.ToLower(line)]; ok {
			r.word(ctx, word)
			return
		}
	}
	switch {
	case strings.HasPrefix(line, "/"):
		r.query = strings.TrimSpace(line[1:])
		r.search()
	case r.turn(ctx, verb, rest):
	case rest != "" && r.action(verb) != nil && numbered(rest):
		r.act(ctx, *r.action(verb), rest)
	case numbered(line) && r.isRow(line):
		r.enter(ctx, line)
	case r.content.find != nil:
		r.query = line
		r.search()
	default:
		r.say(r.l.T("There is no such key or word here; ? tells them."))
	}
}

func (r *reader) word(ctx context.Context, word string) {
	switch word {
	case "help":
		if r.content != nil {
			r.help()
		}
	case "quit":
		r.over = true
	case "more":
		if r.told >= len(r.rows) {
			r.say(r.l.T("There are no more rows."))
			return
		}
		r.portion()
	case "lock":
		r.shut(ctx)
		r.tell(ctx)
	case "again":
		r.look(ctx)
		r.tell(ctx)
	case "back":
		r.query = ""
		if len(r.stack) > 1 {
			r.stack = r.stack[:len(r.stack)-1]
		}
		r.tell(ctx)
	}
}

// turn shows another page of the same person where the line says so: tab 2.
func (r *reader) turn(ctx context.Context, verb, rest string) bool {
	t, ok := r.page().(tabbed)
	if !ok || !slices.Contains([]string{"tab", "onglet", "page"}, strings.ToLower(verb)) {
		return false
	}
	names, _ := t.tabs(r.l)
	i, err := strconv.Atoi(rest)
	if err != nil {
		i = 1 + slices.IndexFunc(names, func(name string) bool { return rest != "" && strings.HasPrefix(fold(name), fold(rest)) })
	}
	if i < 1 || i > len(names) {
		r.tabs(t)
		return true
	}
	r.stack[len(r.stack)-1] = t.tab(i - 1)
	r.query = ""
	r.tell(ctx)
	return true
}

// spelled gives a key its name in the key map: letters stand for themselves, enter and ctrl+n may be written in any case.
func (r *reader) spelled(verb string) string {
	if len([]rune(verb)) == 1 {
		return verb
	}
	lower := strings.ToLower(verb)
	if letter, ok := strings.CutPrefix(lower, "^"); ok {
		return "ctrl+" + letter
	}
	if lower == strings.ToLower(keyWords(r.l, "enter")) {
		return "enter"
	}
	if lower == strings.ToLower(keyWords(r.l, "delete")) {
		return "delete"
	}
	return lower
}

func (r *reader) action(key string) *action {
	for _, act := range r.actions() {
		if act.key == key {
			return &act
		}
	}
	return nil
}

// enter does what Enter does to a row.
func (r *reader) enter(ctx context.Context, number string) {
	if act := r.action("enter"); act != nil && act.needs != nothing {
		r.act(ctx, *act, number)
		return
	}
	rows := r.chosenRows(number)
	r.say(rowWords(&rows[0]))
	r.help()
}

// act starts an action with the rows that were named, or asks for them.
func (r *reader) act(ctx context.Context, act action, numbers string) {
	if r.content == nil {
		r.tell(ctx)
		return
	}
	if act.needs == nothing {
		r.start(ctx, act, r.chosenRows(numbers))
		return
	}
	if len(r.rows) == 0 {
		r.say(r.l.T("There is nothing here to do that to."))
		return
	}
	for {
		rows := r.chosenRows(numbers)
		if len(rows) > 0 && (len(rows) == 1 || act.needs == someRows) {
			r.start(ctx, act, rows)
			return
		}
		prompt := r.l.T("Which row? 1 to %d; /back leaves.", len(r.rows))
		if act.needs == someRows {
			prompt = r.l.T("Which rows, such as 1,3,5-7? 1 to %d; /back leaves.", len(r.rows))
		}
		if len(r.rows) == 1 && numbers == "" {
			numbers = "1"
			continue
		}
		line, err := r.ask(ctx, prompt+" ")
		if err != nil || leaves(line) || strings.TrimSpace(line) == "" {
			return
		}
		numbers = strings.TrimSpace(line)
	}
}

func (r *reader) isRow(number string) bool { return len(r.chosenRows(number)) == 1 }

// chosenRows returns the rows that numbers name, none where one of them is not a row.
func (r *reader) chosenRows(numbers string) []row {
	var rows []row
	for _, n := range listed(numbers, len(r.rows)) {
		rows = append(rows, r.rows[n])
	}
	return rows
}

// numbered reports whether a text is made of numbers and what stands between them.
func numbered(text string) bool {
	return text != "" && strings.Trim(text, "0123456789,- ") == "" && strings.ContainsAny(text, "0123456789")
}

// listed reads numbers as people write them, "1,3,5-7" or "1 3", and returns them counted from 0, each once and in order. It
// is nil where one is not from 1 to most, or nothing was named.
func listed(text string, most int) []int {
	if !numbered(text) {
		return nil
	}
	var all []int
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		first, last, span := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		to := from
		if span && err == nil {
			to, err = strconv.Atoi(last)
		}
		if err != nil || from < 1 || to > most || from > to {
			return nil
		}
		for n := from; n <= to; n++ {
			all = append(all, n-1)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// leaves reports whether an answer leaves a question.
func leaves(line string) bool {
	line = strings.TrimSpace(line)
	return line == "/back" || line == "/retour"
}

// before reports whether an answer goes back to the question before.
func before(line string) bool {
	line = strings.TrimSpace(line)
	return line == "/before" || line == "/avant"
}
