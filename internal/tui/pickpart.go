package tui

import (
	"cmp"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	tea "github.com/charmbracelet/bubbletea"

	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// pickPart lets the person choose files in folders. What is typed, or pasted by dropping files on the window, narrows the
// list or names a path.
type pickPart struct {
	l     lang.Lang
	style *styles
	pick  *picking

	dir     string
	entries []entry
	shown   []int // into entries
	query   string
	cursor  int
	top     int
	marked  map[string]bool // paths
	picked  []string
	wrong   string
	room    int
	reading string // folder that is being read, "" for none
	asked   int    // readings so far
}

// folderMsg is a folder that was read.
type folderMsg struct {
	asked   int
	dir     string
	entries []entry
	err     error
}

// entry is a file or a folder.
type entry struct {
	name   string
	folder bool
	size   int64
	when   int64 // ns since 1970, when it was changed
}

// lastFolder is where files were chosen last, by this process.
var lastFolder struct {
	sync.Mutex
	dir string
}

func newPickPart(l lang.Lang, style *styles, p *picking) *pickPart {
	dir := p.start
	if dir == "" {
		lastFolder.Lock()
		dir = lastFolder.dir
		lastFolder.Unlock()
	}
	if dir == "" {
		dir, _ = os.UserHomeDir() // "" is the folder that the program was started in
	}
	part := &pickPart{l: l, style: style, pick: p, marked: map[string]bool{}}
	part.enter(dir) // in the task's goroutine
	return part
}

func (p *pickPart) init(int, int) tea.Cmd { return nil }
func (p *pickPart) hides() bool           { return false }

// enter reads a folder and shows it, and returns when that is done.
func (p *pickPart) enter(dir string) {
	msg := p.read(dir)
	msg.asked = p.asked
	p.query, p.wrong = "", ""
	p.arrive(msg)
}

// visit has a folder read in the background: one on a network may take its time, or never answer.
func (p *pickPart) visit(dir string) tea.Cmd {
	p.reading, p.query, p.wrong = dir, "", ""
	p.shown = nil // what is pressed meanwhile is not for what was shown
	p.asked++
	asked := p.asked
	return func() tea.Msg {
		msg := p.read(dir)
		msg.asked = asked
		return toPartMsg{p, msg}
	}
}

// arrive shows a folder that was read. One that cannot be read leaves the one before.
func (p *pickPart) arrive(msg folderMsg) {
	if msg.asked != p.asked {
		return // somebody went elsewhere meanwhile
	}
	p.reading = ""
	if msg.err != nil {
		p.wrong = p.l.T("%s cannot be read.", termio.Clean(msg.dir))
		p.narrow()
		return
	}
	p.dir, p.entries, p.cursor, p.top = msg.dir, msg.entries, 0, 0
	p.narrow()
}

// read reads a folder: folders first, then files, the newest first. It uses nothing of the part that changes.
func (p *pickPart) read(dir string) folderMsg {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	msg := folderMsg{dir: dir}
	found, err := os.ReadDir(dir)
	if err != nil {
		msg.err = err
		return msg
	}
	for _, f := range found {
		if e, ok := p.entry(dir, f); ok {
			msg.entries = append(msg.entries, e)
		}
	}
	slices.SortFunc(msg.entries, func(a, b entry) int {
		switch {
		case a.folder != b.folder && a.folder:
			return -1
		case a.folder != b.folder:
			return 1
		case a.folder:
			return strings.Compare(a.name, b.name)
		}
		return cmp.Or(cmp.Compare(b.when, a.when), strings.Compare(a.name, b.name))
	})
	return msg
}

func (p *pickPart) entry(dir string, f os.DirEntry) (entry, bool) {
	name := f.Name()
	if strings.HasPrefix(name, ".") {
		return entry{}, false
	}
	info, err := os.Stat(filepath.Join(dir, name)) // through links
	if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
		return entry{}, false
	}
	if !info.IsDir() && len(p.pick.ends) > 0 && !slices.Contains(p.pick.ends, strings.ToLower(filepath.Ext(name))) {
		return entry{}, false
	}
	return entry{name: name, folder: info.IsDir(), size: info.Size(), when: info.ModTime().UnixNano()}, true
}

func (p *pickPart) narrow() {
	p.shown = p.shown[:0]
	if p.reading != "" {
		return
	}
	query := fold(p.query)
	for i, e := range p.entries {
		if strings.Contains(fold(e.name), query) {
			p.shown = append(p.shown, i)
		}
	}
	p.cursor = max(0, min(p.cursor, len(p.shown)-1))
}

func (p *pickPart) update(msg tea.Msg) (cmd tea.Cmd, done bool, err error) {
	if msg, ok := msg.(folderMsg); ok {
		p.arrive(msg)
	}
	key, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil, false, nil
	}
	switch key.String() {
	case "esc":
		return nil, true, errBack
	case "up":
		p.cursor--
	case "down":
		p.cursor++
	case "pgup":
		p.cursor -= p.room
	case "pgdown":
		p.cursor += p.room
	case "left", "shift+tab":
		cmd = p.visit(filepath.Dir(p.dir))
	case "right", "tab":
		if e := p.at(); e != nil && e.folder {
			cmd = p.visit(filepath.Join(p.dir, e.name))
		}
	case "backspace":
		if r := []rune(p.query); len(r) > 0 {
			p.query = string(r[:len(r)-1])
			p.narrow()
		}
	case " ":
		p.mark()
	case "enter":
		cmd, done = p.pressed()
	default:
		cmd = p.typed(key)
	}
	p.cursor = max(0, min(p.cursor, len(p.shown)-1))
	return cmd, done, nil
}

func (p *pickPart) typed(key tea.KeyMsg) tea.Cmd {
	if !printable(key) {
		return nil
	}
	text := string(key.Runes)
	if key.Paste {
		if paths := droppedPaths(text); len(paths) > 0 {
			to, wrong := p.drop(paths)
			var cmd tea.Cmd
			if to != "" {
				cmd = p.visit(to)
			}
			p.wrong = wrong
			return cmd
		}
	}
	if len(p.query)+len(text) <= queryMost {
		p.query += strings.Map(func(r rune) rune {
			if r < 0x20 {
				return -1
			}
			return r
		}, text)
		p.cursor, p.top = 0, 0
		p.narrow()
	}
	return nil
}

// droppedPaths reads what terminals paste when files are dropped on them: paths between spaces or on lines, quoted, escaped or
// as file URLs. It is nil unless each is an absolute path.
func droppedPaths(text string) []string {
	words := shellWords(text)
	if strings.HasPrefix(strings.TrimSpace(text), "file:") { // a quote is a letter there, and a space is written %20
		words = strings.Fields(text)
	}
	var paths []string
	for _, word := range words {
		if u, err := url.Parse(word); err == nil && u.Scheme == "file" {
			word = filepath.FromSlash(u.Path)
			if filepath.Separator == '\\' { // /C:/scans
				word = strings.TrimPrefix(word, `\`)
			}
		}
		if !filepath.IsAbs(word) {
			return nil
		}
		paths = append(paths, filepath.Clean(word))
	}
	return paths
}

// shellWords splits at spaces and newlines outside quotes; a backslash takes the meaning from what follows.
func shellWords(text string) []string {
	var (
		words []string
		word  strings.Builder
		begun bool
		quote rune
	)
	runes := []rune(strings.TrimSpace(text))
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r == '\\' && quote != '\'' && filepath.Separator == '/' && i+1 < len(runes):
			i++
			word.WriteRune(runes[i])
			begun = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && (r == ' ' || r == '\n' || r == '\r'):
			if begun {
				words = append(words, word.String())
				word.Reset()
				begun = false
			}
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// drop marks files that were dropped, and returns the folder to look at, "" for the one that is shown.
func (p *pickPart) drop(paths []string) (to, wrong string) {
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil || !info.Mode().IsRegular() && !info.IsDir():
			wrong = p.l.T("%s cannot be read.", termio.Clean(path))
		case info.IsDir():
			to = path
		default:
			if to = filepath.Dir(path); p.pick.one {
				clear(p.marked)
			}
			p.marked[path] = true
		}
	}
	if to == p.dir {
		to = ""
	}
	return to, wrong
}

// take marks files by their paths, and shows their folder.
func (p *pickPart) take(paths []string) {
	to, wrong := p.drop(paths)
	if to != "" {
		p.enter(to)
	}
	if wrong != "" {
		p.wrong = wrong
	}
}

func (p *pickPart) at() *entry {
	if p.cursor >= len(p.shown) {
		return nil
	}
	return &p.entries[p.shown[p.cursor]]
}

func (p *pickPart) mark() {
	e := p.at()
	if e == nil || e.folder {
		return
	}
	path := filepath.Join(p.dir, e.name)
	was := p.marked[path]
	if p.pick.one {
		clear(p.marked)
	}
	if was {
		delete(p.marked, path)
	} else {
		p.marked[path] = true
	}
	p.cursor++
}

// pressed takes the marked files, else the one under the cursor; a folder is entered.
func (p *pickPart) pressed() (cmd tea.Cmd, done bool) {
	if len(p.marked) == 0 {
		e := p.at()
		switch {
		case e == nil:
			return nil, false
		case e.folder:
			return p.visit(filepath.Join(p.dir, e.name)), false
		}
		p.marked[filepath.Join(p.dir, e.name)] = true
	}
	return nil, p.choose()
}

// choose takes the marked files.
func (p *pickPart) choose() bool {
	for path := range p.marked {
		p.picked = append(p.picked, path)
	}
	slices.Sort(p.picked)
	lastFolder.Lock()
	lastFolder.dir = p.dir
	lastFolder.Unlock()
	return true
}

func (p *pickPart) view(width, height int) string {
	out := []string{p.style.title.Render(cut(p.pick.title, width)), p.style.faint.Render(cut(termio.Clean(p.dir), width))}
	if p.reading != "" {
		out = append(out, p.style.faint.Render(cut("… "+termio.Clean(p.reading), width)))
	}
	if p.query != "" {
		out = append(out, cut(p.l.T("Search")+" › "+termio.Clean(p.query)+"▏", width))
	}
	if p.wrong != "" {
		out = append(out, p.style.of(termio.Bad).Render(cut("✗ "+p.wrong, width)))
	}
	foot := ""
	if n := len(p.marked); n > 0 {
		foot = p.l.N(n, "%d file chosen", "%d files chosen")
	}
	p.room = max(1, height-len(out)-1)
	p.top = max(0, min(p.top, p.cursor))
	p.top = max(p.top, p.cursor-p.room+1)
	if len(p.shown) == 0 && p.reading == "" {
		out = append(out, p.style.faint.Render(p.l.T("No files here.")))
	}
	for n, i := range p.shown {
		if n >= p.top && n < p.top+p.room {
			out = append(out, p.line(n, &p.entries[i], width))
		}
	}
	return strings.Join(append(out, foot), "\n")
}

func (p *pickPart) line(n int, e *entry, width int) string {
	sign, about := "  ", termio.FormatBytes(e.size)
	if e.folder {
		about = p.l.T("folder")
	}
	if p.marked[filepath.Join(p.dir, e.name)] {
		sign = "● "
	}
	text := sides("  "+sign+termio.Isolate(termio.Clean(e.name)), about, width)
	if n == p.cursor {
		text = p.style.chosen.Render("▸" + text[1:])
	}
	return text
}

func (p *pickPart) hints(l lang.Lang) []string {
	hints := []string{l.T("Enter") + " " + l.T("take")}
	if !p.pick.one {
		hints = append(hints, l.T("space")+" "+l.T("mark"))
	}
	return append(hints, "← "+l.T("folder above"), "→ "+l.T("into it"), "esc "+l.T("leave"))
}
