// Package makefile reads GNU make's language as far as the makefiles of EPICS modules use it, and runs nothing: variables of both
// flavours, conditionals, includes, functions, and rules as text. What it cannot know without running something (a shell's output, a
// file that is not there) becomes a Note with its place. It sees files through an fs.FS alone, always ends, and is not safe for concurrent use.
//
// The reference is GNU make 4.3; a test expands the same text with the make of the machine.
package makefile

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Root is the absolute name under which a makefile sees the folder that Options.Files is: $(abspath x) in folder a/b gives Root/a/b/x.
const Root = "/.e3/site/wrapper"

// Options is what a makefile finds when it is read.
type Options struct {
	// Files is all that may be read. Names in it are those of fs.ValidPath.
	Files fs.FS
	// Above holds files outside of Files that may be included, by their names relative to it: "../RELEASE.local".
	Above map[string][]byte
	// Dir is the folder of Files where make would run: relative names start there.
	Dir string
	// Set holds variables that are there from the start, taken literally.
	Set map[string]string
	// Outside names variables whose values only make's own surroundings know; they stay in values as they are written, $(NAME).
	Outside []string
	// Known says whether an include of this expanded name is understood without being read.
	Known func(name string) bool
	// Unseen says that a folder's files are elsewhere, so that a wildcard below it stands for itself; nil: none is.
	Unseen func(dir string) bool
}

// Place is a line of a file.
type Place struct {
	File string // in Options.Files
	Line int    // from 1
}

// Note is something that was not understood.
type Note struct {
	At     Place
	Text   string // the line, or the part of it that it is about
	Reason string // a sentence without a full stop
}

// Word is one word of a variable's value and the place of the assignment that it came from.
type Word struct {
	Text string
	At   Place
}

// Rule is what make would do to bring targets up to date.
type Rule struct {
	At      Place
	Targets []string
	Needs   []string // what comes after the colon, `|` left out
	// Pattern holds the middle part of a static pattern rule, `a.o b.o: %.o: %.c`.
	Pattern string
	Recipe  []Line // as written, unexpanded
}

// Line is a line of a recipe, without the tab.
type Line struct {
	Text string
	At   Place
}

// The bounds that keep hostile text from taking for ever.
const (
	maxFile    = 1 << 20 // bytes of one makefile
	maxValue   = 1 << 20 // bytes of one expansion
	maxWork    = 1 << 25 // bytes of all expansions together
	maxDepth   = 100     // references within references
	maxInclude = 16      // files within files
	maxFiles   = 1000    // includes in all
	maxNotes   = 1000
	maxShown   = 500 // bytes of a note's text
)

// Maker holds what makefiles have said. Its zero value is not ready; see New.
type Maker struct {
	o       Options
	vars    map[string]*variable
	outside map[string]bool
	rules   []*Rule
	notes   []Note
	noted   map[Note]bool
	here    Place
	depth   int // of references
	nested  int // of includes and evals
	files   int // that were included
	work    int
	busy    map[string]bool // recursive variables that are being expanded
}

// New makes a Maker that has read nothing yet.
func New(o Options) *Maker {
	m := &Maker{o: o, vars: map[string]*variable{}, outside: map[string]bool{}, noted: map[Note]bool{}, busy: map[string]bool{}}
	if m.o.Dir = path.Clean(o.Dir); m.o.Dir == "" {
		m.o.Dir = "."
	}
	for _, n := range o.Outside {
		m.outside[n] = true
	}
	m.set("CURDIR", m.abs("."))
	m.set("MAKE", "make")
	for n, v := range o.Set {
		m.set(n, v)
	}
	return m
}

func (m *Maker) set(name, value string) {
	m.vars[name] = &variable{simple: true, parts: []part{{text: value}}}
}

// Read reads a makefile of Options.Files and says whether it was there.
func (m *Maker) Read(name string) bool {
	return m.ReadAs(name, name)
}

// ReadAs is Read of a makefile that make would find under another name: a wrapper's own is copied into the folder of the sources.
func (m *Maker) ReadAs(name, as string) bool {
	b, ok := m.bytes(name)
	if ok {
		m.include(name, as, b)
	}
	return ok
}

func (m *Maker) bytes(name string) ([]byte, bool) {
	if m.o.Files == nil || !fs.ValidPath(name) {
		return nil, false
	}
	info, err := fs.Stat(m.o.Files, name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, false
	}
	if info.Size() > maxFile {
		m.note(m.here, name, "the file is larger than a makefile may be")
		return nil, false
	}
	b, err := fs.ReadFile(m.o.Files, name)
	return b, err == nil
}

// include reads b, which is the file name, with MAKEFILE_LIST as make would have it for a file called as.
func (m *Maker) include(name, as string, b []byte) {
	if m.nested >= maxInclude {
		m.note(m.here, name, "files include each other too deeply")
		return
	}
	if m.files++; m.files == maxFiles {
		m.note(m.here, name, fmt.Sprintf("%d files have been included, and the rest is left out", maxFiles))
	}
	m.nested++
	saved := m.here
	list := m.Value("MAKEFILE_LIST")
	if len(list) < 1<<12 {
		m.set("MAKEFILE_LIST", list+" "+Root+"/"+as)
	}
	m.eval(name, b, 1)
	m.here = saved
	m.nested--
}

// Notes gives what was not understood so far, in the order in which it was met.
func (m *Maker) Notes() []Note { return m.notes }

// Rules gives the rules in the order of the files.
func (m *Maker) Rules() []*Rule { return m.rules }

func (m *Maker) note(at Place, text, reason string) {
	if len(text) > maxShown {
		text = text[:maxShown] + "..."
	}
	n := Note{at, strings.ToValidUTF8(strings.TrimSpace(text), "\uFFFD"), reason}
	if m.noted[n] || len(m.notes) >= maxNotes {
		return
	}
	m.noted[n] = true
	m.notes = append(m.notes, n)
}

// abs gives the absolute form of a name as $(abspath) does.
func (m *Maker) abs(name string) string {
	if strings.HasPrefix(name, "/") {
		return path.Clean(name)
	}
	return path.Join(Root, m.o.Dir, name)
}

// above gives a file of Options.Above and its name there, nil where there is none.
func (m *Maker) above(name string) (string, []byte) {
	abs := m.abs(name)
	for n, b := range m.o.Above {
		if path.Join(Root, n) == abs && len(b) <= maxFile {
			return n, b
		}
	}
	return "", nil
}

// Inside gives the name in Options.Files of what a makefile calls name, false where it lies outside.
func (m *Maker) Inside(name string) (string, bool) {
	abs := m.abs(name)
	if abs == Root {
		return ".", true
	}
	in, ok := strings.CutPrefix(abs, Root+"/")
	return in, ok && fs.ValidPath(in)
}
