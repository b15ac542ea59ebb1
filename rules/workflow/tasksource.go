package workflow

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python"
)

// The groups of entry points that register tasks.
const (
	groupC = "wt_registry"
	groupA = "ecoscope_workflows"
)

// source is where a package of tasks is imported from.
type source struct {
	sources   []rule.Artifact
	path      []string    // folders to import from
	entries   [][3]string // group, name, value
	project   string      // the folder of a project that another target makes, whose entry points nobody knows yet
	installed bool
	adapter   bool
}

// taskSource reads which of the three flavours a target is.
func taskSource(c *rule.Context) (source, bool) {
	adapter := c.String("generation") == "a"
	switch {
	case c.Has("srcs") && c.Has("project"):
		c.Problem("project", "project-or-srcs", "Either project or srcs is given", "project names the folder that another target makes, srcs are files of the workspace.")
	case c.Has("srcs"):
		return editable(c, source{adapter: adapter})
	case c.Has("root"):
		c.Problem("root", "root-of-srcs", "root goes with srcs", "The folder of a project that another target makes is named by subdir.")
	case c.Has("project"):
		return project(c, source{adapter: adapter})
	default:
		return source{installed: true, adapter: adapter}, true
	}
	return source{}, false
}

// project is a folder that another target makes.
func project(c *rule.Context, s source) (source, bool) {
	files := c.Files("project")
	if len(files) != 1 || files[0].Kind != rule.OutputTree {
		c.Problem("project", "no-folder", "project needs a target whose one output is a folder", "A git_source is one, and so is a command with out_dirs.")
		return s, false
	}
	if sub := c.String("subdir"); sub != "" {
		if err := rule.CheckRel(sub); err != nil {
			c.Problem("subdir", "bad-path", fmt.Sprintf("Bad folder %q", sub), "A folder of a project "+err.Error()+".")
			return s, false
		}
	}
	s.sources, s.project = files, path.Join(files[0].Path, c.String("subdir"))
	s.path = []string{s.project + "/src", s.project}
	return s, true
}

// editable is a package in the workspace.
func editable(c *rule.Context, s source) (source, bool) {
	root := c.Label().Pkg
	if r := c.String("root"); r != "" && r != "." {
		if err := rule.CheckRel(r); err != nil {
			c.Problem("root", "bad-path", fmt.Sprintf("Bad folder %q", r), "A project's folder "+err.Error()+".")
			return s, false
		}
		root = path.Join(root, r)
	}
	for _, f := range c.Files("srcs") {
		if f.Kind != rule.Source || root != "" && !strings.HasPrefix(f.Path, root+"/") {
			c.Problem("srcs", "not-in-root", fmt.Sprintf("%s is not in the project's folder", f.Path), fmt.Sprintf("srcs are files of the workspace below %s; what another target makes is named by project.", path.Join(".", root)))
			return s, false
		}
		s.sources = append(s.sources, f)
	}
	modules := c.Strings("modules")
	if len(modules) == 0 {
		var ok bool
		if s.entries, ok = entryPoints(c, path.Join(root, "pyproject.toml")); !ok {
			return s, false
		}
		for _, e := range s.entries {
			modules = append(modules, e[2])
			s.adapter = s.adapter || e[0] == groupA && c.String("generation") != "c"
		}
	}
	for _, m := range modules {
		top, _, _ := strings.Cut(m, ":")
		top, _, _ = strings.Cut(strings.TrimSpace(top), ".")
		dir, ok := folderOf(top, root, s.sources)
		if !ok {
			c.Problem("srcs", "no-module", fmt.Sprintf("srcs have no module %s", top), fmt.Sprintf("%s is to be imported, so %s/ or %s.py is looked for in %s and in its folder src.", m, top, top, path.Join(".", root)))
			return s, false
		}
		if !slices.Contains(s.path, dir) {
			s.path = append(s.path, dir)
		}
	}
	return s, true
}

// folderOf gives the folder that a module is imported from.
func folderOf(module, root string, files []rule.Artifact) (string, bool) {
	for _, sub := range []string{"src", "", "lib", "python"} {
		dir := path.Join(root, sub)
		at := path.Join(dir, module)
		for _, f := range files {
			if f.Path == at+".py" || strings.HasPrefix(f.Path, at+"/") {
				return path.Join(".", dir), true
			}
		}
	}
	return "", false
}

// entryPoints reads those of a pyproject.toml that register tasks, sorted, those of wt-registry first.
func entryPoints(c *rule.Context, file string) ([][3]string, bool) {
	b, err := c.ReadSource(file)
	if errors.Is(err, fs.ErrNotExist) {
		c.Problem("root", "no-pyproject", "There is no "+file, "Its entry points would name the modules that register tasks; root says where it lies, or modules names them.")
		return nil, false
	}
	if err != nil {
		c.Problem("root", "bad-pyproject", file+" cannot be read", err.Error()+".")
		return nil, false
	}
	doc, err := python.ParseTOML(b)
	if err != nil {
		c.Problem("root", "bad-pyproject", file+" is no TOML", err.Error()+".")
		return nil, false
	}
	tables := []any{at(doc, "project", "entry-points"), at(doc, "tool", "poetry", "plugins")}
	var out [][3]string
	for _, g := range []string{groupC, groupA} {
		if gen := c.String("generation"); gen == "a" && g == groupC || gen == "c" && g == groupA {
			continue
		}
		n := len(out)
		for _, t := range tables {
			m, _ := at(t, g).(map[string]any)
			for name, v := range m {
				if s, ok := v.(string); ok {
					out = append(out, [3]string{g, name, s})
				}
			}
		}
		slices.SortFunc(out[n:], func(a, b [3]string) int { return slices.Compare(a[:], b[:]) })
	}
	if len(out) == 0 {
		group := groupC
		if c.String("generation") == "a" {
			group = groupA
		}
		c.Problem("root", "no-entry-points", file+" registers no tasks", fmt.Sprintf("It has no [project.entry-points.%q], which names the module that does; modules can name it too.", group))
		return nil, false
	}
	return out, true
}

// at gives what lies at a path of tables, nil for nothing.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}
