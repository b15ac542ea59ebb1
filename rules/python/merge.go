package python

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python/pep"
)

// toolArgs are the words of python_tool/1.
type toolArgs struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// writeTool is python_tool/1: it writes a script of cairn's own.
func writeTool(_ context.Context, c rule.CallContext) error {
	var a toolArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	return c.Write(a.Path, []byte(a.Text), false)
}

// mergeArgs are the words of python_merge/3.
type mergeArgs struct {
	Parts    []string `json:"parts"` // trees with a folder for each wheel, named like it
	Wheels   []string `json:"wheels"`
	Own      []string `json:"own,omitempty"` // plans of own code
	Probe    string   `json:"probe,omitempty"`
	Host     string   `json:"host,omitempty"`   // what the host's interpreter has
	Commit   string   `json:"commit,omitempty"` // a file with the commit that makes the environment
	Editable bool     `json:"editable,omitempty"`
	Out      string   `json:"out"`
	List     string   `json:"list"`
	Overlaps []string `json:"overlaps,omitempty"`
}

// listed is a package in packages.json.
type listed struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	File    string `json:"file,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	Absent  string `json:"absent,omitempty"` // why own code is not installed
	Own     bool   `json:"own,omitempty"`    // it is own code
	Host    bool   `json:"host,omitempty"`   // it is the host's
}

// merge is python_merge/3: it lays the installed wheels over each other, without copying anything, and lists them.
func merge(_ context.Context, c rule.CallContext) error {
	var a mergeArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	if err := list(c, a); err != nil {
		return err
	}
	m := &merging{c: c, args: a, have: map[string]owned{}, lost: map[string]bool{}}
	var top []place
	for _, parts := range a.Parts {
		es, err := c.Folder(parts)
		if err != nil {
			return err
		}
		for _, e := range es {
			top = append(top, place{e.Path, parts + "/" + e.Path})
		}
	}
	slices.SortStableFunc(top, func(x, y place) int { return strings.Compare(x.part, y.part) })
	if err := m.folder("", top); err != nil {
		return err
	}
	if len(m.clashes) == 0 {
		return addOwn(c, a)
	}
	slices.Sort(m.clashes)
	const most = 20
	if n := len(m.clashes) - most; n > 0 {
		m.clashes = append(m.clashes[:most], fmt.Sprintf("and %d more", n))
	}
	return fmt.Errorf("%s\nif it does not matter which of them is used, name it in overlaps", strings.Join(m.clashes, "\n"))
}

// addOwn adds what is no wheel's: the commit that the environment is of, and what leads to folders that are imported where they lie.
func addOwn(c rule.CallContext, a mergeArgs) error {
	if a.Commit != "" {
		b, err := read(c, a.Commit)
		if err != nil {
			return err
		}
		if err := c.Write(a.Out+"/commit", b, false); err != nil {
			return err
		}
	}
	if !a.Editable {
		return nil
	}
	b, err := read(c, a.Probe)
	if err != nil {
		return err
	}
	p, err := readProbe(b)
	if err != nil {
		return err
	}
	site := a.Out + "/lib/" + p.Interpreter.LibDir() + "/site-packages/"
	return errors.Join(c.Write(site+"_cairn_editable.py", []byte(editableCode), false), c.Write(site+"_cairn_editable.pth", []byte("import _cairn_editable\n"), false))
}

// owned is a file of the merged tree and the wheel that it is from.
type owned struct {
	part string
	rule.Entry
}

// merging lays wheels over each other.
type merging struct {
	c       rule.CallContext
	args    mergeArgs
	have    map[string]owned
	lost    map[string]bool // part/path of what was left out: bytecode of it is as well, because nobody would notice that it is of another source
	clashes []string
}

// place is a folder of one wheel.
type place struct {
	part string
	path string // in the action's tree
}

// within is what one wheel has in a folder.
type within struct {
	place
	rule.Entry
}

// folder merges what several wheels have in one folder, at rel. What only one of them has is not looked into: an environment is ten
// thousand files, of which hardly any lie in a folder that two wheels share.
func (m *merging) folder(rel string, from []place) error {
	below := map[string][]within{}
	var files []within
	for _, p := range from {
		es, err := m.c.Folder(p.path)
		if err != nil {
			return err
		}
		for _, e := range es {
			w := within{place{p.part, p.path + "/" + e.Path}, e}
			if !e.Dir {
				w.Path = join(rel, e.Path)
				files = append(files, w)
				continue
			}
			name := e.Path
			if rel == "" && name == "lib64" {
				name = "lib"
			}
			below[name] = append(below[name], w)
		}
	}
	for _, f := range files { // before folders: what sources come to decides about their bytecode
		if source := sourceOf(f.Path); source != "" && m.lost[f.part+"/"+source] || !m.take(f.part, f.Path, f.Entry) {
			continue
		}
		if err := put(m.c, m.args.Out+"/"+f.Path, f.Entry); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(below)) {
		at := join(rel, name)
		if err := m.below(at, below[name]); err != nil {
			return err
		}
	}
	return nil
}

// below puts the folders that wheels have at one place.
func (m *merging) below(at string, all []within) error {
	alike := !slices.ContainsFunc(all, func(w within) bool { return w.Blob != all[0].Blob })
	if alike && m.whole(at) {
		return m.c.LinkTree(m.args.Out+"/"+at, all[0].Blob)
	}
	var from []place
	for _, w := range all {
		from = append(from, w.place)
	}
	return m.folder(at, from)
}

// whole says whether a folder can be taken as it is: more may come into those down to site-packages, and bytecode may have lost its
// source.
func (m *merging) whole(at string) bool {
	return strings.Contains(at, "/site-packages/") && (path.Base(at) != "__pycache__" || len(m.lost) == 0)
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// take says whether a wheel's file is to be put at rel.
func (m *merging) take(part, rel string, e rule.Entry) bool {
	was, there := m.have[rel]
	switch {
	case !there:
		m.have[rel] = owned{part, e}
		return true
	case was.Blob == e.Blob && was.Link == e.Link:
		return false
	}
	m.lost[part+"/"+rel] = true
	if !allowed(m.args.Overlaps, rel) {
		m.clashes = append(m.clashes, fmt.Sprintf("%s and %s both have %s, with different contents", wheelName(was.part), wheelName(part), rel))
	}
	return false
}

func put(c rule.CallContext, at string, e rule.Entry) error {
	if e.Link != "" {
		return c.Symlink(at, e.Link)
	}
	return c.Link(at, e.Blob, e.Executable)
}

func list(c rule.CallContext, a mergeArgs) error {
	var all []listed
	for _, tree := range a.Wheels {
		ws, err := c.Entries(tree)
		if err != nil {
			return err
		}
		for _, e := range ws {
			w, err := pep.ParseWheel(e.Path)
			if err != nil {
				return err
			}
			all = append(all, listed{Name: w.Name, Version: w.Version, File: e.Path, SHA256: e.Blob.SHA256})
		}
	}
	for _, at := range a.Own {
		p, err := readPlan(c, at)
		if err != nil {
			return err
		}
		if !p.Package {
			all = append(all, listed{Name: p.Name, Absent: p.Why})
			continue
		}
		for i := range all {
			all[i].Own = all[i].Own || pep.Normalize(all[i].Name) == pep.Normalize(p.Name)
		}
	}
	slices.SortStableFunc(all, func(x, y listed) int { return cmp.Compare(x.Name, y.Name) })
	for i := 1; i < len(all); i++ {
		if all[i].Name == all[i-1].Name {
			return fmt.Errorf("%s is there twice, as %s and as %s", all[i].Name, all[i-1].File, all[i].File)
		}
	}
	if a.Host != "" {
		b, err := read(c, a.Host)
		if err != nil {
			return err
		}
		var host []listed
		if err := json.Unmarshal(b, &host); err != nil {
			return err
		}
		for _, h := range host {
			if !slices.ContainsFunc(all, func(l listed) bool { return l.Name == h.Name }) {
				all = append(all, listed{Name: h.Name, Version: h.Version, Host: true})
			}
		}
		slices.SortStableFunc(all, func(x, y listed) int { return cmp.Compare(x.Name, y.Name) })
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return c.Write(a.List, append(b, '\n'), false)
}

// wheelName gives a wheel's package and version for people.
func wheelName(part string) string {
	if w, err := pep.ParseWheel(part + ".whl"); err == nil {
		return w.Name + " " + w.Version
	}
	return part
}

// allowed says whether a file may be had by several packages. Globs are of paths in site-packages.
func allowed(globs []string, rel string) bool {
	_, in, ok := strings.Cut(rel, "/site-packages/")
	if !ok {
		in = rel
	}
	return slices.ContainsFunc(globs, func(g string) bool { return matches(strings.Split(g, "/"), strings.Split(in, "/")) })
}

// sourceOf gives the source that a file is the compiled form of, "" for what is none.
func sourceOf(rel string) string {
	dir, name := path.Split(rel)
	if path.Base(dir) != "__pycache__" || path.Ext(name) != ".pyc" {
		return ""
	}
	stem, _, _ := strings.Cut(name, ".")
	return path.Join(path.Dir(path.Clean(dir)), stem+".py")
}

// matches compares the parts of a path with those of a glob, in which ** stands for any number of them.
func matches(glob, parts []string) bool {
	for ; len(glob) > 0; glob, parts = glob[1:], parts[1:] {
		if glob[0] == "**" {
			for i := range len(parts) + 1 {
				if matches(glob[1:], parts[i:]) {
					return true
				}
			}
			return false
		}
		if len(parts) == 0 {
			return false
		}
		if ok, err := path.Match(glob[0], parts[0]); err != nil || !ok {
			return false
		}
	}
	return len(parts) == 0
}
