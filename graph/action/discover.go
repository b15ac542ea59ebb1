package action

import (
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/cache/tree"
	"github.com/cairn-build/cairn/graph/rule"
)

// An action with Discover has a narrow key that knows nothing of the inputs that Discover covers; its depfile says of each look at
// them what was seen, and each has a digest: of a file what it holds and whether it may be executed, of a folder its names with
// their kinds, of a place the kind of thing that lies there, if any, and of a tree by its own path all that is in it. So a file that
// nobody looked at, or for, changes nothing.

// coveredBy says whether a path is one of some places, or below one. The root of the action's tree covers the workspace's files, and
// no outputs.
func coveredBy(places []string, p string) bool {
	return slices.ContainsFunc(places, func(d string) bool {
		return p == d || strings.HasPrefix(p, d+"/") || d == "." && !strings.HasPrefix(p+"/", rule.OutDir+"/")
	})
}

// discovered turns a depfile's names into what was looked at.
func (x *Executor) discovered(j *Job, names, places []string) ([]Read, error) {
	now := x.looked(j)
	reads := map[string]Read{}
	var undeclared []string
	for _, n := range names {
		p, mark := splitLook(n)
		if !coveredBy(places, p) {
			undeclared = append(undeclared, n)
			continue
		}
		reads[p+mark] = Read{Path: p + mark, Digest: now(p + mark)}
	}
	if len(undeclared) > 0 {
		return nil, &UndeclaredError{undeclared}
	}
	rs := make([]Read, 0, len(reads))
	for _, r := range reads {
		rs = append(rs, r)
	}
	slices.SortFunc(rs, func(a, b Read) int { return strings.Compare(a.Path, b.Path) })
	return rs, nil
}

// splitLook gives a look's path in its shortest form, and "", "/" or "/." after it.
func splitLook(n string) (p, mark string) {
	for _, mark := range []string{"/.", "/"} {
		if rest, ok := strings.CutSuffix(n, mark); ok {
			return path.Clean(rest), mark
		}
	}
	return path.Clean(n), ""
}

// thing is what lies at a path of the inputs.
type thing struct {
	kind  string // "file", "program", "link", "folder"
	file  digest.Hash
	link  string
	names []string // of a folder, each with its kind
}

// looked gives a function from a look to its digest as the job's inputs are now; the zero hash where there is nothing.
func (x *Executor) looked(j *Job) func(string) digest.Hash {
	var things map[string]*thing
	return func(look string) digest.Hash {
		if things == nil {
			things = x.things(j)
		}
		p, mark := splitLook(look)
		t, ok := things[p]
		switch {
		case !ok:
			return digest.Hash{}
		case mark == "/.":
			return digest.Of([]byte(t.kind)).Hash
		case mark == "/":
			slices.Sort(t.names)
			return digest.Of([]byte(t.kind + "\x00" + strings.Join(t.names, "\x00"))).Hash
		}
		return digest.Of([]byte(t.kind + "\x00" + string(t.file[:]) + t.link)).Hash
	}
}

// things gives all that lies where the job discovers its inputs.
func (x *Executor) things(j *Job) map[string]*thing {
	all := map[string]*thing{}
	var add func(p string, t *thing)
	add = func(p string, t *thing) {
		if had, ok := all[p]; ok && had.kind == t.kind {
			return
		}
		all[p] = t
		if p == "." {
			return
		}
		up := path.Dir(p)
		add(up, &thing{kind: "folder"})
		all[up].names = append(all[up].names, path.Base(p)+"\x00"+t.kind)
	}
	for i := range j.Inputs {
		r := &j.Inputs[i]
		if !coveredBy(j.Action.Spawn.Discover, r.Path) {
			continue
		}
		if r.Kind != rule.OutputTree {
			add(r.Path, &thing{kind: fileKind(r.Exec), file: r.Digest.Hash})
			continue
		}
		add(r.Path, &thing{kind: "folder", file: r.Digest.Hash})
		entries, err := tree.Flatten(x.Store, r.Digest)
		if err != nil {
			continue // the bytes are gone: nothing matches, and staging will say so
		}
		for _, e := range entries {
			switch at := r.Path + "/" + e.Path; {
			case e.Dir:
				add(at, &thing{kind: "folder"})
			case e.Link != "":
				add(at, &thing{kind: "link", link: e.Link})
			default:
				add(at, &thing{kind: fileKind(e.Exec), file: e.Digest.Hash})
			}
		}
	}
	return all
}

func fileKind(exec bool) string {
	if exec {
		return "program"
	}
	return "file"
}
