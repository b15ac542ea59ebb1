package module

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

const headersCall = "ioc_headers/1"

// headersArgs is what ioc_headers/1 is told.
type headersArgs struct {
	To    string     `json:"to"`
	Index string     `json:"index"`
	From  []callItem `json:"from"`
	Keep  []string   `json:"keep,omitempty"`
}

// installHeaders declares the action that gathers what is installed in include: flat, but for the folders in keep_header_subdirs. It
// hangs on nothing that is compiled, so that dependants compile at once.
func (m *moduleBuild) installHeaders() {
	a := headersArgs{Keep: m.s.KeepHeaders}
	for _, h := range m.s.Headers {
		a.From = append(a.From, h.told())
	}
	for _, g := range m.generated {
		a.From = append(a.From, callItem{In: g.Path, Tree: true, At: g.Path, Made: true})
	}
	if len(a.From) == 0 {
		return
	}
	m.headers, m.index = m.tree("include"), m.file("include.txt")
	a.To, a.Index = m.headers.Path, m.index.Path
	m.call("Headers", headersCall, a, ioc.Places(m.s.Places), append(inputsOf(m.s.Headers), m.generated...), m.headers, m.index)
	m.add("include/", Item{In: m.headers, At: m.headers.Path}, false)
}

func headersFunc(_ context.Context, c rule.CallContext) error {
	var a headersArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	places := ioc.ReadPlaces(c)
	var said diag.List
	from := map[string]string{} // by the name in include
	for _, h := range a.From {
		where := places.Item(h.At, "headers")
		files, err := filesOf(c, h.In, h.At, h.Tree)
		if err != nil {
			return err
		}
		if len(files) == 0 && !h.Made {
			said = append(said, nothingAt(h.In, h.At, where))
		}
		for _, f := range files {
			to := headerName(a.Keep, h, f.at)
			if other, ok := from[to]; ok && other != f.at {
				said = append(said, diag.Diag{Code: "same-header", Summary: fmt.Sprintf("Two headers would be include/%s", to), Range: where,
					Detail: fmt.Sprintf("%s and %s are installed without their folders.", other, f.at),
					Hint:   "keep_header_subdirs names the folders below which headers keep theirs."})
				continue
			}
			from[to] = f.at
			if err := f.put(c, a.To+"/"+to, false); err != nil {
				return err
			}
		}
	}
	if said.HasErrors() {
		return said
	}
	names := slices.Sorted(maps.Keys(from))
	return c.Write(a.Index, []byte(strings.Join(names, "\n")+"\n"), false)
}

// headerName gives where a header goes below include.
func headerName(keep []string, h callItem, at string) string {
	if h.Tree && h.In == h.At {
		rel, _ := below(h.In, at)
		return rel // a folder that another target makes is as it is to be
	}
	for _, k := range keep {
		if rel, ok := below(k, at); ok {
			return rel
		}
	}
	return path.Base(at)
}

// inputFile is a file among a Call's inputs.
type inputFile struct {
	at   string
	rel  string // below the item's folder
	blob *rule.Blob
	exec bool
}

// put copies the file to a path of the outputs.
func (f inputFile) put(c rule.CallContext, to string, exec bool) error {
	if f.blob != nil {
		return c.Link(to, *f.blob, exec)
	}
	b, err := ioc.InputBytes(c, f.at)
	if err != nil {
		return err
	}
	return c.Write(to, b, exec)
}

// filesOf gives the files that an item stands for, sorted. tree says that in is a folder: at then is a file of it, or a pattern, or all.
func filesOf(c rule.CallContext, in, at string, tree bool) ([]inputFile, error) {
	if !tree {
		return []inputFile{{at: at, rel: path.Base(at)}}, nil
	}
	es, err := c.Entries(in)
	if err != nil {
		return nil, err
	}
	pattern, part := below(in, at)
	var out []inputFile
	for _, e := range es {
		if e.Dir || e.Link != "" || part && !matches(pattern, e.Path) {
			continue
		}
		blob := e.Blob
		f := inputFile{at: in + "/" + e.Path, rel: e.Path, blob: &blob, exec: e.Executable}
		if part {
			f.rel = path.Base(e.Path)
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b inputFile) int { return strings.Compare(a.at, b.at) })
	return out, nil
}

// nothingAt says that a word stands for no file of a tree.
func nothingAt(in, at string, where diag.Range) diag.Diag {
	rel, _ := below(in, at)
	return diag.Diag{Code: "missing-source", Summary: fmt.Sprintf("There is no file %q in the tree", rel), Range: where,
		Detail: fmt.Sprintf("It was looked for in %s.", in), Hint: "A file of the package is written \"./" + path.Base(rel) + "\"."}
}

// matches says whether a path of a tree is, or matches, a pattern: `*` and `?` stop at slashes, `**` as a whole name does not.
func matches(pattern, name string) bool {
	if pattern == name {
		return true
	}
	return matchParts(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

func matchParts(ps, ns []string) bool {
	switch {
	case len(ps) == 0:
		return len(ns) == 0
	case ps[0] == "**":
		return matchParts(ps[1:], ns) || len(ns) > 0 && matchParts(ps, ns[1:])
	case len(ns) == 0:
		return false
	}
	ok, err := path.Match(ps[0], ns[0])
	return err == nil && ok && matchParts(ps[1:], ns[1:])
}
