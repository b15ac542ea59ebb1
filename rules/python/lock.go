package python

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/python/pep"
)

// file is a distribution that a lock offers for a package. The name says what it is; where it lies is nobody's business here.
type file struct {
	name   string
	sha256 string // lower case
	url    string // only of packages that a lock takes from an address rather than from an index
}

// pkg is one package of a lock.
type pkg struct {
	name, version string
	marker        string
	python        string // what it requires of Python
	wheels        []file
	sdist         bool
	src           file     // the sdist, where the lock names it with its digest
	hashes        []string // where the lock gives digests without names
	unusable      string   // why a package can never be installed: it is a folder, a repository
}

// wish is what of a lock is wanted, and where it is to be installed.
type wish struct {
	env    pep.Env // without extras and groups
	extras []string
	groups []string
	own    []string // names of own code, which takes the place of what a lock has
	// project is what the pyproject.toml beside the lock says, nil where it is not known.
	project *project
}

// lock is a lock file that was read. choose gives the packages that apply, each once, sorted by name.
type lock interface {
	choose(w wish) ([]pkg, error)
}

// lockNames are the files that are looked for in a project, in order: what was made to be installed from first, then the locks of
// tools that are themselves what makes it, and last what may as well be no lock.
var lockNames = []string{"pylock.toml", "uv.lock", "poetry.lock", "requirements.txt"}

// isLock says whether a file that is there is a lock: requirements without hashes only say what is required.
func isLock(name string, b []byte) bool {
	return path.Base(name) != "requirements.txt" || strings.Contains(string(b), "--hash")
}

// readLock reads a lock file; its name says which form it has.
func readLock(name string, b []byte) (lock, error) {
	base := path.Base(name)
	switch {
	case base == "uv.lock":
		doc, err := parseTOML(b)
		if err != nil {
			return nil, err
		}
		return readUV(doc)
	case base == "poetry.lock":
		doc, err := parseTOML(b)
		if err != nil {
			return nil, err
		}
		return readPoetry(doc)
	case strings.HasSuffix(base, ".toml"):
		doc, err := parseTOML(b)
		if err != nil {
			return nil, err
		}
		return readPylock(doc)
	case strings.HasSuffix(base, ".txt"):
		return readRequirements(string(b))
	}
	return nil, errors.New("a lock is pylock.toml (or another .toml of its form), uv.lock, poetry.lock, or requirements (.txt) with hashes")
}

// words of TOML documents; a value of another type counts as absent.
func text(m map[string]any, k string) string           { s, _ := m[k].(string); return s }
func object(m map[string]any, k string) map[string]any { o, _ := m[k].(map[string]any); return o }
func objects(m map[string]any, k string) []map[string]any {
	l, _ := m[k].([]any)
	var out []map[string]any
	for _, v := range l {
		if o, ok := v.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}
func texts(m map[string]any, k string) []string {
	l, _ := m[k].([]any)
	var out []string
	for _, v := range l {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// digits takes a SHA-256 as locks write it, "" for what is none.
func digits(s string) string {
	s = strings.ToLower(strings.TrimPrefix(s, "sha256:"))
	if len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
		return ""
	}
	return s
}

// lastPart gives the file's name at the end of a URL or path.
func lastPart(s string) string {
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	return strings.NewReplacer("%2B", "+", "%2b", "+", "%21", "!").Replace(path.Base(s))
}

// wanted checks that extras or groups are those of a lock, and gives them normalised.
func wanted(what string, asked, known []string) ([]string, error) {
	var out []string
	for _, a := range asked {
		i := slices.IndexFunc(known, func(k string) bool { return pep.Normalize(k) == pep.Normalize(a) })
		if i < 0 {
			return nil, fmt.Errorf("the lock has no %s %q; it has %s", what, a, orNone(known))
		}
		out = append(out, pep.Normalize(a))
	}
	return out, nil
}

func orNone(l []string) string {
	if len(l) == 0 {
		return "none"
	}
	slices.Sort(l)
	return strings.Join(l, ", ")
}

// fits says whether a Python meets what a lock requires of it.
func fits(set string, w wish) error {
	if set == "" {
		return nil
	}
	full := w.env.Vars["python_full_version"]
	ok, err := pep.Allows(set, full)
	if err != nil {
		return fmt.Errorf("requires-python %q: %w", set, err)
	}
	if !ok {
		return fmt.Errorf("it is for Python %s, and the interpreter is %s", set, full)
	}
	return nil
}

// once keeps the packages that apply, and refuses two of one name.
func once(ps []pkg) ([]pkg, error) {
	slices.SortStableFunc(ps, func(a, b pkg) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(ps); i++ {
		if ps[i].name == ps[i-1].name {
			return nil, fmt.Errorf("%s is there as %s and as %s, and the markers of both hold", ps[i].name, ps[i-1].version, ps[i].version)
		}
	}
	return ps, nil
}
