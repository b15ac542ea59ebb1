package python

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
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

// mergeArgs are the words of python_merge/1.
type mergeArgs struct {
	Parts    string   `json:"parts"` // a tree with a folder for each wheel, named like it
	Wheels   string   `json:"wheels"`
	Out      string   `json:"out"`
	List     string   `json:"list"`
	Overlaps []string `json:"overlaps,omitempty"`
}

// listed is a package in packages.json.
type listed struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	File    string `json:"file"`
	SHA256  string `json:"sha256"`
}

// merge is python_merge/1: it lays the installed wheels over each other, without copying anything, and lists them.
func merge(_ context.Context, c rule.CallContext) error {
	var a mergeArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	if err := list(c, a); err != nil {
		return err
	}
	es, err := c.Entries(a.Parts)
	if err != nil {
		return err
	}
	type owner struct {
		part string
		e    rule.Entry
	}
	have := map[string]owner{}
	for _, e := range es {
		part, rel, ok := strings.Cut(e.Path, "/")
		if !ok {
			continue
		}
		if in, ok := strings.CutPrefix(rel, "lib64/"); ok {
			rel = "lib/" + in
		}
		was, there := have[rel]
		switch {
		case !there:
			have[rel] = owner{part, e}
		case was.e.Blob == e.Blob && was.e.Link == e.Link, allowed(a.Overlaps, rel), bytecodeOf(rel, a.Overlaps):
			continue
		default:
			return fmt.Errorf("%s and %s both have %s, with different contents; if it does not matter which of them is used, name it in overlaps",
				wheelName(was.part), wheelName(part), rel)
		}
		out := a.Out + "/" + rel
		if e.Link != "" {
			err = c.Symlink(out, e.Link)
		} else {
			err = c.Link(out, e.Blob, e.Executable)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func list(c rule.CallContext, a mergeArgs) error {
	ws, err := c.Entries(a.Wheels)
	if err != nil {
		return err
	}
	var all []listed
	for _, e := range ws {
		w, err := pep.ParseWheel(e.Path)
		if err != nil {
			return err
		}
		all = append(all, listed{w.Name, w.Version, e.Path, e.Blob.SHA256})
	}
	slices.SortFunc(all, func(x, y listed) int { return cmp.Compare(x.Name, y.Name) })
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

// bytecodeOf says whether rel is the compiled form of such a file.
func bytecodeOf(rel string, globs []string) bool {
	dir, name := path.Split(rel)
	if path.Base(dir) != "__pycache__" {
		return false
	}
	stem, _, _ := strings.Cut(name, ".")
	return allowed(globs, path.Dir(path.Clean(dir))+"/"+stem+".py")
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
