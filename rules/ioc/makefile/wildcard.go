package makefile

import (
	"io/fs"
	"path"
	"strings"
)

// maxFound bounds what one wildcard gives.
const maxFound = 10000

// wildcard gives the files that a pattern fits, spelled as the pattern is, in order.
func (m *Maker) wildcard(pattern string) []string {
	if strings.Contains(pattern, "$(") {
		m.note(m.here, "$(wildcard "+pattern+")", "the files lie where only an installed e3 knows")
		return nil
	}
	found := []string{""}
	rest := pattern
	if strings.HasPrefix(rest, "/") {
		found, rest = []string{"/"}, strings.TrimLeft(rest, "/")
	}
	for rest != "" {
		step, after, more := strings.Cut(rest, "/")
		rest = strings.TrimLeft(after, "/")
		var next []string
		for _, at := range found {
			if m.unseen(at) {
				return []string{pattern}
			}
			names, ok := m.step(at, step)
			if !ok {
				m.note(m.here, "$(wildcard "+pattern+")", "the files lie outside of the wrapper")
				return nil
			}
			for _, n := range names {
				if more {
					n += "/"
				}
				next = append(next, at+n)
			}
			if len(next) > maxFound {
				m.note(m.here, "$(wildcard "+pattern+")", "it fits too many files")
				return nil
			}
		}
		found = next
	}
	return found
}

// unseen says whether what lies in a folder is not known.
func (m *Maker) unseen(at string) bool {
	in, ok := m.Inside(at)
	return ok && m.o.Unseen != nil && m.o.Unseen(in)
}

// step gives the names in the folder at that fit one part of a pattern; false where the folder is not ours.
func (m *Maker) step(at, part string) ([]string, bool) {
	if !strings.ContainsAny(part, "*?[\\") {
		if part == "." || part == ".." {
			return []string{part}, true
		}
		in, ok := m.Inside(at + part)
		if !ok {
			return nil, strings.HasPrefix(Root, m.abs(at+part)+"/") || !strings.HasPrefix(at, "/")
		}
		if m.o.Files == nil {
			return nil, true
		}
		if _, err := fs.Stat(m.o.Files, in); err != nil {
			if m.o.Unseen != nil && m.o.Unseen(in) {
				return []string{part}, true
			}
			return nil, true
		}
		return []string{part}, true
	}
	in, ok := m.Inside(at)
	if !ok {
		return nil, false
	}
	if m.o.Files == nil {
		return nil, true
	}
	list, err := fs.ReadDir(m.o.Files, in)
	if err != nil {
		return nil, true
	}
	m.work += 16 * len(list)
	if m.work > maxWork {
		return nil, true
	}
	var out []string
	for _, e := range list {
		n := e.Name()
		if strings.HasPrefix(n, ".") && !strings.HasPrefix(part, ".") {
			continue
		}
		if fits, err := path.Match(part, n); err == nil && fits {
			out = append(out, n)
		}
	}
	return out, true
}
