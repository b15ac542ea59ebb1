package python

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// lockSource is where an environment's lock may be.
type lockSource struct {
	locks   []string        // paths in the action's tree, the first that is there counts
	from    []rule.Artifact // the files themselves, or the trees that they are in
	picks   []string        // what is read of trees
	asked   string          // what to call it
	beside  string          // the pyproject.toml that the lock is compared with, in the same folder of a tree
	project rule.Artifact   // the tree whose pyproject.toml says what is required where there is no lock; zero: there must be one
}

// findLock reads where the lock is; false where something is wrong.
func findLock(c *rule.Context) (s lockSource, ok bool) {
	attr := "lock"
	if !c.Has("lock") {
		attr = "project"
	}
	if !c.Has(attr) {
		if !c.Has("wheels") && !c.Has("editable") {
			c.Problem("", "lock-or-project", "Either lock or project is needed", "lock names the lock itself, project the folder of a project that has one. An environment of wheels alone needs neither.")
			return s, false
		}
		return s, true
	}
	in := c.String("lock_path")
	if in != "" {
		if err := rule.CheckRel(in); err != nil {
			c.Problem("lock_path", "bad-path", fmt.Sprintf("Bad path %q", in), "A path in a folder "+err.Error()+".")
			return s, false
		}
	}
	files := c.Files(attr)
	if len(files) != 1 {
		c.Problem(attr, "one-output", attr+" needs a target with one output", fmt.Sprintf("This one has %d.", len(files)))
		return s, false
	}
	f := files[0]
	s.from = files
	if f.Kind != rule.OutputTree {
		if in != "" || attr == "project" {
			c.Problem(attr, "no-folder", fmt.Sprintf("%s is a file", f.Path), "lock_path and project look into a folder; name a file in lock, and nothing else.")
			return s, false
		}
		s.locks, s.asked = []string{f.Path}, f.Path
		return s, true
	}
	names := lockNames
	if in != "" {
		names = []string{in}
	} else if attr == "lock" {
		c.Problem("lock", "no-lock-path", "The lock is a folder", "Say in lock_path which file of it is the lock, or name the folder in project.")
		return s, false
	} else {
		s.project = f
	}
	for _, n := range names {
		s.locks = append(s.locks, f.Path+"/"+n)
	}
	s.beside = path.Join(path.Dir(s.locks[0]), "pyproject.toml")
	s.picks = append(slices.Clone(s.locks), s.beside)
	s.asked = strings.Join(names, ", ") + " in " + f.Path
	return s, true
}

// resolveProject declares what asks for the requirements of a project without a lock, and gives the answer: empty where there is a lock.
func (k *kit) resolveProject(s lockSource) rule.Artifact {
	c := k.c
	a := questionArgs{Project: s.project.Path, Locks: s.locks, Extras: c.Strings("extras"), Groups: c.Strings("groups")}
	requirements, constraints := declareQuestion(c, a, append(slices.Clone(s.picks), s.project.Path+"/pyproject.toml"), []rule.Artifact{s.project})
	o := k.question("resolved", requirements)
	o.Constraints, o.Sdists = constraints, c.Bool("allow_sdist")
	return declareResolve(c, o)
}

// ownWheels gives the wheels of own code: those that are named, and that of the project.
func ownWheels(c *rule.Context, k *kit) (own []Wheel, ok bool) {
	for _, d := range c.Deps("wheels") {
		w, ok := rule.Get[Wheel](d)
		if !ok {
			c.Problem("wheels", "missing-provider", fmt.Sprintf("%s is no python_wheel", d.Label), "")
			return nil, false
		}
		own = append(own, w)
	}
	install := c.Has("project")
	if c.Has("install_project") {
		install = c.Bool("install_project")
	}
	if !install {
		return own, true
	}
	if !c.Has("project") {
		c.Problem("install_project", "no-project", "install_project is about project", "Name the project's folder in project, or a python_wheel in wheels.")
		return nil, false
	}
	o := wheelOptions{prefix: "project/", tools: c.Strings("build_tools")}
	if !projectTree(c, &o) {
		return nil, false
	}
	return append(own, k.declareWheel(o)), true
}

// commitFile gives the file with the project's commit where that makes the environment; a zero Artifact where it does not.
func commitFile(c *rule.Context) (rule.Artifact, bool) {
	if c.String("key") != "commit" {
		return rule.Artifact{}, true
	}
	for _, attr := range []string{"project", "lock"} {
		for _, d := range c.Deps(attr) {
			if k, ok := rule.Get[rule.Checkout](d); ok && k.CommitFile.Path != "" {
				return k.CommitFile, true
			}
		}
	}
	c.Problem("key", "no-commit", "There is no commit", `key = "commit" needs a project that a git_source gives.`)
	return rule.Artifact{}, false
}
