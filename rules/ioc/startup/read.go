// Package startup holds what is known of startup scripts of IOCs without starting one: what a script loads and requires, the script that
// iocsh writes for a start, the environment that it runs in, and the names of the records that publish what is loaded.
package startup

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cairn-build/cairn/graph/diag"
)

// Kind is what a command does with the file it names.
type Kind uint8

// The kinds of files that scripts name.
const (
	ShellFile Kind = iota // iocshLoad, <: a script that is read as well
	DbFile                // dbLoadRecords
	SubsFile              // dbLoadTemplate
)

// Found is what is known of a file.
type Found uint8

// What there is to know of a file.
const (
	Unknown Found = iota // where the IOC will look, nobody knows yet
	Missing
	There
)

// Options say in what surroundings a script is read.
type Options struct {
	// Env gives the variables that the IOC has when the script starts; nil for none.
	Env func(name string) (string, bool)
	// Look finds a file that the script names, by the path that the IOC will look for: of a ShellFile, its content and the name that places
	// in it are to have. nil: nothing is known of any.
	Look func(k Kind, path string) (name string, data []byte, f Found)
}

// Script is what a startup script and the scripts that it loads say.
type Script struct {
	Requires []Require // in the order in which they are run
	// Init says that a line of the script, or of one that it loads, is a call of iocInit.
	Init  bool
	Files []File // the script itself, then those that it loads, each once
}

// Require is one line that requires a module.
type Require struct {
	Module  string
	Version string // "" for any
	Range   diag.Range
}

// File is one script.
type File struct {
	Name string
	Data []byte // as it was read
	// Whole is Data with the line end that its last line lacks; equal to Data where it lacks none.
	Whole []byte
	loads []load
	at    map[int]int // where the load that starts at a byte is in loads
}

// load is a call of another script.
type load struct {
	name       string // of the File
	start, end int    // the bytes of Data that name it
}

// nesting is how deep scripts may load one another.
const nesting = 32

// Read reads a script, and those that it loads as far as o.Look knows them. Problems are warnings, except that a script which loads itself
// is an error: the line end that a last line lacks, files that are not there, modules that are required too late or not named.
func Read(name string, data []byte, o Options) (*Script, diag.List) {
	r := &reader{o: o, out: &Script{}, env: map[string]string{}, seen: map[string]bool{}}
	r.file(name, data, nil)
	r.problems = append(r.problems, r.late...)
	return r.out, r.problems
}

type reader struct {
	o        Options
	out      *Script
	env      map[string]string // what the scripts have set
	seen     map[string]bool
	stack    []string
	inited   bool
	problems diag.List
	late     diag.List
	lines    int
}

// unknown is the value of a variable that was set to what nobody knows.
const unknown = "\x00"

const (
	// most is how many lines are read of all scripts together: of scripts that load others many times, this is the end.
	most = 200_000
	// mostProblems is how many problems are noted.
	mostProblems = 1000
)

// value gives a macro: those that the script was loaded with come first.
func (r *reader) value(macros map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if v, ok := macros[name]; ok {
			return v, true
		}
		if v, ok := r.env[name]; ok {
			return v, v != unknown
		}
		if r.o.Env != nil {
			return r.o.Env(name)
		}
		return "", false
	}
}

func (r *reader) file(name string, data []byte, macros map[string]string) {
	f := File{Name: name, Data: data, Whole: data}
	first := !r.seen[name]
	r.seen[name] = true
	at := slices.IndexFunc(r.out.Files, func(f File) bool { return f.Name == name })
	if first {
		at = len(r.out.Files)
		if len(data) > 0 && data[len(data)-1] != '\n' {
			f.Whole = append(slices.Clone(data), '\n')
			last := strings.Count(string(data), "\n")
			line := data[strings.LastIndexByte(string(data), '\n')+1:]
			r.warn("no-final-newline", "The last line has no line end", "The IOC's shell would leave it out. It is run all the same.",
				rangeOf(name, last, string(line), 0, len(line), len(data)-len(line)))
		}
		r.out.Files = append(r.out.Files, f)
	}
	r.stack = append(r.stack, name)
	off := 0
	for n, line := range strings.Split(string(f.Whole), "\n") {
		if r.lines++; r.lines > most {
			if r.lines == most+1 {
				r.late = append(r.late, diag.Diag{Code: "too-many-lines", Summary: "The startup script is too long", Range: rangeOf(name, n, line, 0, len(line), off),
					Detail: fmt.Sprintf("It and what it loads have more than %d lines, and what follows is not known.", most)})
			}
			break
		}
		p := place{file: name, at: at, line: n, off: off}
		r.line(line, p, macros)
		off += len(line) + 1
	}
	r.stack = r.stack[:len(r.stack)-1]
}

// noteLoad notes a load once, without a name where it is another script each time.
func (f *File) noteLoad(l load) {
	i, known := f.at[l.start]
	switch {
	case !known:
		if f.at == nil {
			f.at = map[int]int{}
		}
		f.at[l.start] = len(f.loads)
		f.loads = append(f.loads, l)
	case f.loads[i].name != l.name:
		f.loads[i].name = ""
	}
}

// place is where a line stands; at is the index of its file, -1 where the line is no line of a file.
type place struct {
	file string
	at   int
	line int
	off  int
	cmd  bool // the line is a part of another one, whose place this is
}

func (p place) of(line string, start, end int) diag.Range {
	return rangeOf(p.file, p.line, line, start, end, p.off)
}

func rangeOf(file string, n int, line string, start, end, off int) diag.Range {
	start, end = min(start, len(line)), min(end, len(line))
	col := func(i int) int { return 1 + utf8.RuneCountInString(line[:i]) }
	return diag.Range{File: file, Start: diag.Pos{Line: n + 1, Column: col(start), Byte: off + start}, End: diag.Pos{Line: n + 1, Column: col(end), Byte: off + end}}
}

func (r *reader) warn(code, summary, detail string, at diag.Range) {
	if len(r.problems) >= mostProblems {
		return
	}
	r.problems = append(r.problems, diag.Diag{Warning: true, Code: code, Summary: summary, Detail: detail, Range: at})
}

// line runs one line, as far as it matters here.
func (r *reader) line(raw string, p place, macros map[string]string) {
	if comment(raw) {
		return
	}
	if !p.cmd && isInit(raw) {
		r.out.Init, r.inited = true, true
		return
	}
	whole := p.of(raw, 0, len(raw))
	if rest, ok := strings.CutPrefix(strings.TrimLeft(raw, " \t\r"), "<"); ok {
		r.include(raw, rest, p, macros)
		return
	}
	words, balanced := split(raw)
	if !balanced {
		if len(words) > 0 && interesting(words[0].text) {
			r.warn("unbalanced-quote", "A quote is not closed", "The IOC's shell refuses the line.", whole)
		}
		return
	}
	if len(words) == 0 {
		return
	}
	value := r.value(macros)
	args := make([]arg, 0, len(words))
	for _, w := range words {
		a := arg{word: w}
		if a.value, a.known = expand(raw[w.start:w.end], value); a.known {
			// What a macro stands for is taken apart like the rest of the line.
			if again, ok := split(a.value); ok && len(again) > 1 {
				for _, x := range again {
					args = append(args, arg{word{x.text, w.start, w.end}, x.text, true})
				}
				continue
			} else if ok && len(again) == 1 {
				a.value = again[0].text
			} else if ok {
				if raw[w.start] != '"' && raw[w.start] != '\'' {
					continue // nothing is left of it
				}
				a.value = ""
			}
		} else {
			a.value = w.text
		}
		args = append(args, a)
	}
	if len(args) > 0 && args[0].known {
		r.command(args[0].value, args[1:], raw, p, macros)
	}
}

// arg is a word with its macros put in.
type arg struct {
	word
	value string
	known bool // no macro in it is unknown
}

// interesting are the commands that are looked at.
func interesting(command string) bool {
	return slices.Contains([]string{"require", "epicsEnvSet", "iocshLoad", "iocshRun", "iocshCmd", "dbLoadRecords", "dbLoadTemplate"}, command)
}

func (r *reader) command(name string, args []arg, raw string, p place, macros map[string]string) {
	text := func(i int) (string, bool) {
		if i >= len(args) {
			return "", true
		}
		return args[i].value, args[i].known
	}
	switch name {
	case "require":
		r.require(args, raw, p)
	case "epicsEnvSet":
		if n, ok := text(0); ok && n != "" && len(args) > 1 {
			if v, ok := text(1); ok {
				r.env[n] = v
			} else {
				r.env[n] = unknown
			}
		}
	case "iocshLoad":
		if path, ok := text(0); ok && path != "" {
			list, _ := text(1)
			inner := map[string]string{}
			for n, v := range macros {
				inner[n] = v
			}
			for n, v := range definitions(list) {
				inner[n] = v
			}
			r.load(path, p, p.of(raw, args[0].start, args[0].end), args[0].word, inner)
		}
	case "iocshRun", "iocshCmd":
		if line, ok := text(0); ok {
			p.cmd, p.at = true, -1
			for one := range strings.SplitSeq(line, "\n") {
				if len(r.stack) < nesting {
					r.stack = append(r.stack, "")
					r.line(one, p, macros)
					r.stack = r.stack[:len(r.stack)-1]
				}
			}
		}
	case "dbLoadRecords", "dbLoadTemplate":
		k := DbFile
		if name == "dbLoadTemplate" {
			k = SubsFile
		}
		if path, ok := text(0); ok && path != "" {
			r.look(k, path, p.of(raw, args[0].start, args[0].end))
		}
	}
}

func (r *reader) require(args []arg, raw string, p place) {
	at := p.of(raw, 0, len(raw))
	if len(args) == 0 || args[0].value == "" {
		r.warn("bad-require", "No module is named", "It is written `require module` or `require module,version`.", at)
		return
	}
	q := Require{Module: args[0].value, Range: at}
	if len(args) > 1 {
		q.Version = args[1].value
	}
	for _, a := range args[:min(2, len(args))] {
		if !a.known {
			r.warn("unknown-macro", "What is required is not known", fmt.Sprintf("%q has a macro whose value only the running IOC knows.", diag.Clip(a.value, 80)), at)
			return
		}
	}
	if strings.HasPrefix(q.Version, "#") {
		r.warn("comment-after-command", "A comment stands behind a command", "In the IOC's shell only a whole line is a comment: this one asks for version "+q.Version+".", at)
	}
	if q.Version == "none" {
		return
	}
	if r.inited {
		r.warn("require-after-init", q.Module+" is required after iocInit", "Modules can only be loaded before iocInit.", at)
		return
	}
	r.out.Requires = append(r.out.Requires, q)
}

// include is a line that starts with <.
func (r *reader) include(raw, rest string, p place, macros map[string]string) {
	start := len(raw) - len(rest)
	words, ok := split(rest)
	if !ok || len(words) == 0 {
		return
	}
	w := words[0]
	path, known := expand(rest[w.start:w.end], r.value(macros))
	if !known {
		return
	}
	if again, ok := split(path); ok && len(again) > 0 {
		path = again[0].text
	}
	w.start, w.end = w.start+start, w.end+start
	if path != "" {
		r.load(path, p, p.of(raw, w.start, w.end), w, macros)
	}
}

// load reads a script that another one names.
func (r *reader) load(path string, p place, at diag.Range, w word, macros map[string]string) {
	name, data, found := r.look(ShellFile, path, at)
	if found != There {
		return
	}
	if slices.Contains(r.stack, name) {
		r.late = append(r.late, diag.Diag{Code: "script-cycle", Summary: "A script loads itself", Detail: strings.Join(append(slices.Clone(r.stack), name), " -> "), Range: at})
		return
	}
	if len(r.stack) >= nesting {
		r.late = append(r.late, diag.Diag{Code: "script-cycle", Summary: fmt.Sprintf("Scripts load one another %d deep", nesting), Range: at})
		return
	}
	if p.at >= 0 && !p.cmd {
		r.out.Files[p.at].noteLoad(load{name, p.off + w.start, p.off + w.end})
	}
	r.file(name, data, macros)
}

func (r *reader) look(k Kind, path string, at diag.Range) (string, []byte, Found) {
	if r.o.Look == nil {
		return "", nil, Unknown
	}
	name, data, found := r.o.Look(k, path)
	if found == Missing {
		r.warn("missing-file", "There is no file "+diag.Clip(path, 200), "The IOC's shell will say so, and go on.", at)
	}
	return name, data, found
}
