package registry

import (
	"fmt"
	"slices"
	"strings"
)

// finder is a whole registry in memory, by the function's name.
type finder map[string][]*Entry

// List gives a Finder of entries.
func List(entries ...*Entry) Finder {
	f := finder{}
	for _, e := range entries {
		f[e.Function] = append(f[e.Function], e)
	}
	for _, es := range f {
		sortEntries(es)
	}
	return f
}

// Named implements Finder.
func (f finder) Named(function string) ([]*Entry, error) { return f[function], nil }

// Names implements Finder.
func (f finder) Names() []string {
	names := make([]string, 0, len(f))
	for n := range f {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// File is the path, below a registry's tree, of the entries of a function's name.
func File(function string) string { return "names/" + function + ".json" }

// tree is a registry's tree, read file by file.
type tree struct {
	read  func(path string) ([]byte, error)
	names func() []string
	known map[string][]*Entry
}

// Tree gives a Finder that reads names/<function>.json of a registry's tree by and by. read gives nil for a file that is not there; names
// gives the paths of all files, for messages, and may be nil.
func Tree(read func(path string) ([]byte, error), names func() []string) Finder {
	return &tree{read: read, names: names, known: map[string][]*Entry{}}
}

// Named implements Finder.
func (t *tree) Named(function string) ([]*Entry, error) {
	if es, ok := t.known[function]; ok {
		return es, nil
	}
	if function == "" || strings.ContainsAny(function, "/\\\x00") {
		return nil, nil
	}
	b, err := t.read(File(function))
	if err != nil {
		return nil, err
	}
	var es []*Entry
	if b != nil {
		if es, err = ParseNamed(b); err != nil {
			return nil, fmt.Errorf("%s of a registry: %w", File(function), err)
		}
	}
	t.known[function] = es
	return es, nil
}

// Names implements Finder.
func (t *tree) Names() []string {
	if t.names == nil {
		return nil
	}
	var out []string
	for _, p := range t.names() {
		if n, ok := strings.CutPrefix(p, "names/"); ok {
			if n, ok = strings.CutSuffix(n, ".json"); ok {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return out
}

// merged is several registries as one.
type merged []Finder

// Merge gives the tasks of several registries. A task that two of them have, because one imports the other's package, is there once, as
// the first has it.
func Merge(fs ...Finder) Finder {
	if len(fs) == 1 {
		return fs[0]
	}
	return merged(fs)
}

// Named implements Finder.
func (m merged) Named(function string) ([]*Entry, error) {
	var out []*Entry
	for _, f := range m {
		es, err := f.Named(function)
		if err != nil {
			return nil, err
		}
		for _, e := range es {
			if !slices.ContainsFunc(out, func(o *Entry) bool { return o.Module == e.Module }) {
				out = append(out, e)
			}
		}
	}
	sortEntries(out)
	return out, nil
}

// Names implements Finder.
func (m merged) Names() []string {
	var out []string
	for _, f := range m {
		out = append(out, f.Names()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
