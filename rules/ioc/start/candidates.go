package start

import (
	"path"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/startup"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// candidate is a module that is a target, and that the IOC may load.
type candidate struct {
	ioc.Module
	pool int
	// wanted is false for modules of pools that nobody asks for at this version: they are not built, and known for messages alone.
	wanted bool
}

// candidates gives the targets that may be loaded. Which of them are is found out from .dep files when they are there; this leaves out what
// nobody asks for, so that it need not be built.
func (s *iocSpec) candidates() []candidate {
	var all []candidate
	index := map[string]int{} // by label
	add := func(m ioc.Module, pool int) {
		if _, ok := index[m.Label.String()]; !ok && m.Excluded == "" && m.Tree.Path != "" {
			index[m.Label.String()] = len(all)
			all = append(all, candidate{Module: m, pool: pool})
		}
	}
	for i, p := range s.pools {
		for _, m := range ioc.Closure(p.modules) {
			add(m, i)
		}
	}
	asked, complete := s.asked()
	seen := map[startup.Module]bool{}
	for len(asked) > 0 {
		q := asked[0]
		asked = asked[1:]
		if seen[q] {
			continue
		}
		seen[q] = true
		for i := range all {
			c := &all[i]
			if c.wanted || c.Name != q.Name || !version.Loaded(c.Version, q.Version) {
				continue
			}
			c.wanted = true
			for _, d := range c.Deps {
				asked = append(asked, startup.Module{Name: d.Name, Version: d.Version})
			}
		}
	}
	for i := range all {
		all[i].wanted = all[i].wanted || !complete
	}
	return all
}

// asked gives what attributes and scripts ask for. complete is false where a script is made by an action, so that nobody knows yet.
func (s *iocSpec) asked() (asked []startup.Module, complete bool) {
	for _, q := range s.requests {
		asked = append(asked, startup.Module{Name: q.Module, Version: q.Version})
	}
	complete = true
	made := map[string]bool{}
	source := map[string]bool{}
	for _, f := range append([]rule.Artifact{s.startup}, s.data...) {
		source[f.Path] = f.Kind == rule.Source && f.Path != ""
		made[f.Path] = f.Kind != rule.Source
	}
	look := func(k startup.Kind, at string) (string, []byte, startup.Found) {
		p, ok := treePath(at, s.cmdTop())
		if !ok || k != startup.ShellFile {
			return "", nil, startup.Unknown
		}
		for m := range made {
			if made[m] && (p == m || strings.HasPrefix(p, m+"/")) {
				complete = false
			}
		}
		if !source[p] {
			return "", nil, startup.Unknown
		}
		b, err := s.c.ReadSource(p)
		if err != nil {
			return "", nil, startup.Unknown
		}
		return p, b, startup.There
	}
	read := func(name string, text []byte) {
		script, _ := startup.Read(name, text, startup.Options{Env: s.known(), Look: look})
		for _, q := range script.Requires {
			asked = append(asked, startup.Module{Name: q.Module, Version: q.Version})
		}
	}
	switch {
	case s.startup.Path == "":
	case s.startup.Kind != rule.Source:
		complete = false
	default:
		if b, err := s.c.ReadSource(s.startup.Path); err == nil {
			read(s.startup.Path, b)
		}
	}
	read("commands", []byte(strings.Join(s.c.Strings("commands"), "\n")+"\n"))
	return asked, complete
}

// treeRoot stands for the root of an action's tree in paths of scripts.
const treeRoot = "/\x00root"

// known gives the variables that scripts can be read with before the IOC runs.
func (s *iocSpec) known() func(string) (string, bool) {
	return knownVars(s.cmdTop(), s.c.Target.Common.Env)
}

func knownVars(cmdTop string, env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case "E3_CMD_TOP":
			return strings.TrimSuffix(treeRoot+"/"+cmdTop, "/."), cmdTop != ""
		case rootVar:
			return treeRoot, true
		}
		v, ok := env[name]
		return v, ok
	}
}

// treePath gives the path in an action's tree that a script means. What is relative is taken from the script's folder, where it
// is mostly started.
func treePath(at, cmdTop string) (string, bool) {
	if rest, ok := strings.CutPrefix(at, treeRoot+"/"); ok {
		return cleanPath(rest)
	}
	if strings.HasPrefix(at, "/") || cmdTop == "" {
		return "", false
	}
	return cleanPath(cmdTop + "/" + at)
}

// cleanPath gives a path in its shortest form; false where it leaves the tree.
func cleanPath(p string) (string, bool) {
	p = path.Clean(p)
	return p, p != ".." && !strings.HasPrefix(p, "../") && !strings.HasPrefix(p, "/")
}
