package load

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// BuildFile is the name of the file that makes a folder a package.
const BuildFile = "BUILD.hcl"

// source checks that rel names a plain file of the package and gives its path in the workspace. It looks into the
// listings of folders only, and so sees names, not states. A link counts if it leads to a plain file.
func (u *unit) source(rel string) (string, *problem) {
	if err := rule.CheckRel(rel); err != nil {
		p := &problem{code: "bad-path", summary: "Bad path " + quoteName(rel), detail: "A source " + err.Error() + "."}
		if strings.HasPrefix(rel, "../") || strings.Contains(rel, "/../") {
			p.hint = "A file of another package is reached through a target of it: \"//pkg:name\"."
		}
		return "", p
	}
	if u.path == "" && (rel == rule.OutDir || strings.HasPrefix(rel, rule.OutDir+"/")) {
		return "", &problem{code: "bad-path", summary: fmt.Sprintf("%s is an output, not a source", quoteName(rel)),
			detail: "What cairn builds is named by the label of the target that makes it."}
	}
	dir, rest := u.path, rel
	for {
		name, more, deeper := strings.Cut(rest, "/")
		l := u.l.rec.list(dir)
		if l.err != nil {
			return "", &problem{code: "unreadable", summary: "Cannot read a folder", detail: fmt.Sprintf("%s: %s.", orRoot(dir), reason(l.err))}
		}
		e, ok := u.entry(l, name)
		full := joinPath(dir, e.Name)
		switch {
		case !ok:
			return "", u.missing(rel, dir, rest, l)
		case deeper && e.Kind != Folder:
			return "", &problem{code: "missing-source", summary: fmt.Sprintf("There is no file %s", quoteName(rel)),
				detail: fmt.Sprintf("%s is not a folder%s.", full, linkNote(e.Kind))}
		case deeper:
			if u.l.packages[full] || u.l.nested[full] {
				return "", &problem{code: "foreign-source", summary: fmt.Sprintf("%s belongs to another package", quoteName(rel)),
					detail: fmt.Sprintf("//%s has a %s of its own.", full, BuildFile), hint: fmt.Sprintf("Name a target of //%s that gives the file.", full)}
			}
			dir, rest = full, more
			continue
		case e.Kind == Folder:
			return "", &problem{code: "not-a-file", summary: fmt.Sprintf("%s is a folder", quoteName(rel)), detail: "A source is a file.",
				hint: fmt.Sprintf("glob([%q]) gives all files in it.", rel+"/**")}
		case e.Kind == Other || e.Kind == Link && !u.l.rec.fs.IsFile(full):
			return "", &problem{code: "not-a-file", summary: fmt.Sprintf("%s is not a plain file", quoteName(rel)), detail: "A source is a plain file or a link to one."}
		}
		return full, nil
	}
}

func linkNote(k EntryKind) string {
	if k == Link {
		return " (it is a link, and links to folders are not followed)"
	}
	return ""
}

// entry finds a name in a listing. Names of the language are in Unicode's composed form, names on disk need not be.
func (u *unit) entry(l *listing, name string) (Entry, bool) {
	if e, ok := l.find(name); ok || isASCII(name) {
		return e, ok
	}
	want := norm.NFC.String(name)
	for _, e := range l.entries {
		if !isASCII(e.Name) && norm.NFC.String(e.Name) == want {
			return e, true
		}
	}
	return Entry{}, false
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// missing says what was probably meant by a file that is not there: rest of rel was looked for in dir.
func (u *unit) missing(rel, dir, rest string, l *listing) *problem {
	p := &problem{code: "missing-source", summary: fmt.Sprintf("There is no file %s", quoteName(rel)), detail: fmt.Sprintf("It would lie in %s.", orRoot(dir))}
	if u.names[rel] != nil {
		p.hint = fmt.Sprintf("There is a target of that name: \":%s\".", rel)
		return p
	}
	var names []string
	for _, e := range l.entries {
		if utf8.ValidString(e.Name) && e.Name != BuildFile {
			names = append(names, e.Name)
		}
	}
	name, _, _ := strings.Cut(rest, "/")
	if near := diag.Nearest(name, names); near != "" {
		p.hint = fmt.Sprintf("Did you mean %q?", strings.TrimSuffix(rel, rest)+near+rest[len(name):])
	} else if strings.ContainsAny(rel, "*?[") {
		p.hint = fmt.Sprintf("Patterns stand in glob: glob([%q])", clip(rel))
	}
	return p
}

func orRoot(dir string) string {
	if dir == "" {
		return "the workspace's root"
	}
	return dir
}
