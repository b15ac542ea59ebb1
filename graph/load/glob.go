package load

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cairn-build/cairn/graph/rule"
)

// The patterns of glob are paths relative to the package. `*`, `?` and `[a-z]` stand for parts of one name, `**` as a
// whole name for any number of folders. A wildcard does not stand for a dot at a name's start. Other packages, nested
// workspaces, cairn-out, links to folders, and cairn's own files are never found.

// globber matches several patterns in one walk.
type globber struct {
	u        *unit
	patterns [][]string
	found    []string
}

// state is a place in a pattern: parts before it have been matched.
type globState struct{ pattern, part int }

func parsePatterns(texts []string) ([][]string, *problem) {
	var ps [][]string
	for _, t := range texts {
		bad := func(detail string) *problem {
			return &problem{code: "bad-pattern", summary: "Bad pattern " + quoteName(t), detail: detail}
		}
		if why := badText(t); why != "" {
			return nil, bad(why)
		}
		if err := rule.CheckRel(t); err != nil {
			return nil, bad("A pattern " + err.Error() + ".")
		}
		var parts []string
		for _, part := range strings.Split(t, "/") {
			if part == "**" {
				if len(parts) == 0 || parts[len(parts)-1] != "**" {
					parts = append(parts, part)
				}
				continue
			}
			if strings.Contains(part, "**") {
				return nil, bad("`**` stands alone between slashes.")
			}
			if _, err := path.Match(part, ""); err != nil {
				return nil, bad("A [ has no ].")
			}
			parts = append(parts, part)
		}
		ps = append(ps, parts)
	}
	return ps, nil
}

// closure adds the states that are reached by `**` standing for no folder.
func (g *globber) closure(ss []globState) []globState {
	for i := 0; i < len(ss); i++ {
		s := ss[i]
		if p := g.patterns[s.pattern]; s.part < len(p) && p[s.part] == "**" {
			next := globState{s.pattern, s.part + 1}
			if !slices.Contains(ss, next) {
				ss = append(ss, next)
			}
		}
	}
	return ss
}

func matchName(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	ok, _ := path.Match(pattern, name)
	return ok
}

// after gives the states that a name leads to.
func (g *globber) after(ss []globState, name string) []globState {
	var next []globState
	add := func(s globState) {
		if !slices.Contains(next, s) {
			next = append(next, s)
		}
	}
	for _, s := range ss {
		p := g.patterns[s.pattern]
		switch {
		case s.part == len(p):
		case p[s.part] == "**":
			if !strings.HasPrefix(name, ".") {
				add(s)
			}
		case matchName(p[s.part], name):
			add(globState{s.pattern, s.part + 1})
		}
	}
	return g.closure(next)
}

// ended says whether one of ss is at its pattern's end. `a/**` covers the files below a.
func (g *globber) ended(ss []globState) bool {
	return slices.ContainsFunc(ss, func(s globState) bool { return s.part == len(g.patterns[s.pattern]) })
}

func (g *globber) walk(dir, rel string, ss []globState) *problem {
	l := g.u.l.rec.list(dir)
	if l.err != nil {
		if missing(l.err) {
			return nil
		}
		return &problem{code: "unreadable", summary: "Cannot read a folder", detail: fmt.Sprintf("%s: %s.", orRoot(dir), reason(l.err))}
	}
	for _, e := range l.entries {
		next := g.after(ss, e.Name)
		if len(next) == 0 {
			continue
		}
		full := joinPath(dir, e.Name)
		switch e.Kind {
		case Folder:
			if e.Name == rule.OutDir || g.u.l.packages[full] || g.u.l.nested[full] {
				continue
			}
			if p := g.walk(full, joinPath(rel, e.Name), next); p != nil {
				return p
			}
			continue
		case Link:
			if !g.u.l.rec.fs.IsFile(full) {
				continue
			}
		case Other:
			continue
		}
		if !g.ended(next) || e.Name == BuildFile || dir == "" && (e.Name == LockFile || e.Name == LocalFile) {
			continue
		}
		if !utf8.ValidString(e.Name) || badText(e.Name) != "" || strings.ContainsAny(e.Name, "\\\n\r") {
			return &problem{code: "bad-file-name", summary: fmt.Sprintf("A file's name cannot be used: %q", full),
				detail: "Names are UTF-8, without control characters and backslashes.", hint: "Rename the file, or leave it out with a narrower pattern."}
		}
		g.found = append(g.found, joinPath(rel, e.Name))
	}
	return nil
}

// glob gives the files of the package that match one of include and none of exclude, sorted, relative to the package.
func (u *unit) glob(include, exclude []string) ([]string, *problem) {
	in, p := parsePatterns(include)
	if p != nil {
		return nil, p
	}
	ex, p := parsePatterns(exclude)
	if p != nil {
		return nil, p
	}
	g := &globber{u: u, patterns: in}
	if p := g.walk(u.path, "", g.start()); p != nil {
		return nil, p
	}
	files := g.found
	if len(ex) > 0 {
		x := &globber{u: u, patterns: ex}
		files = slices.DeleteFunc(files, func(f string) bool {
			ss := x.start()
			for _, name := range strings.Split(f, "/") {
				ss = x.after(ss, name)
			}
			return x.ended(ss)
		})
	}
	slices.Sort(files)
	return files, nil
}

func (g *globber) start() []globState {
	var ss []globState
	for i := range g.patterns {
		ss = append(ss, globState{i, 0})
	}
	return g.closure(ss)
}
