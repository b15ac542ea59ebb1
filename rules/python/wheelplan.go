package python

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python/pep"
)

// planArgs are the words of python_plan/1.
type planArgs struct {
	Root     string   `json:"root"` // the source tree, or a folder of the workspace
	Subdir   string   `json:"subdir,omitempty"`
	Files    []string `json:"files,omitempty"` // of a folder of the workspace: what is declared of it, relative to it
	Must     bool     `json:"must,omitempty"`  // a folder that is no package is an error
	Plan     string   `json:"plan"`
	Requires string   `json:"requires"`
	List     string   `json:"list,omitempty"` // where Files go
}

// wheelPlan is what build_wheel.py has to know of a project.
type wheelPlan struct {
	Package     bool     `json:"package"`
	Why         string   `json:"why,omitempty"` // why it is no package
	Name        string   `json:"name"`          // normalised; "" where only the backend knows
	Backend     string   `json:"backend"`
	BackendPath []string `json:"backend_path"`
	Requires    []string `json:"requires"`
	SCM         string   `json:"scm"` // what takes the version from git, "" for nothing
	Subdir      string   `json:"subdir"`
}

// planFiles are what a plan is made of.
var planFiles = []string{"pyproject.toml", "setup.py", "setup.cfg"}

// writePlan is python_plan/1: it reads what a project says of how it is built.
func writePlan(_ context.Context, c rule.CallContext) error {
	var a planArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	have := map[string][]byte{}
	for _, n := range planFiles {
		b, err := read(c, path.Join(a.Root, a.Subdir, n))
		var absent *rule.NotInputError
		switch {
		case errors.As(err, &absent):
		case err != nil:
			return err
		default:
			have[n] = b
		}
	}
	p, err := planOf(have)
	if err != nil {
		return fmt.Errorf("%s: %w", path.Join(a.Root, a.Subdir, "pyproject.toml"), err)
	}
	if !p.Package && a.Must {
		return fmt.Errorf("%s is no package: %s", path.Join(a.Root, a.Subdir), p.Why)
	}
	p.Subdir = a.Subdir
	b, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return err
	}
	if err := c.Write(a.Plan, append(b, '\n'), false); err != nil {
		return err
	}
	var lines strings.Builder
	for _, r := range p.Requires {
		lines.WriteString(r + "\n")
	}
	if err := c.Write(a.Requires, []byte(lines.String()), false); err != nil || a.List == "" {
		return err
	}
	if b, err = json.MarshalIndent(a.Files, "", " "); err != nil {
		return err
	}
	return c.Write(a.List, append(b, '\n'), false)
}

// readPlan reads what writePlan wrote.
func readPlan(c rule.CallContext, at string) (*wheelPlan, error) {
	b, err := read(c, at)
	if err != nil {
		return nil, err
	}
	p := &wheelPlan{}
	return p, json.Unmarshal(b, p)
}

// planOf works a plan out of a project's files, by name.
func planOf(have map[string][]byte) (*wheelPlan, error) {
	p := &wheelPlan{BackendPath: []string{}, Requires: []string{}}
	doc, err := parseTOML(have["pyproject.toml"])
	if err != nil {
		return nil, err
	}
	tool, project := object(doc, "tool"), object(doc, "project")
	_, setup := have["setup.py"]
	system := object(doc, "build-system")
	poetry := object(tool, "poetry")
	p.Name = pep.Normalize(text(project, "name"))
	if p.Name == "" {
		p.Name = pep.Normalize(text(poetry, "name"))
	}
	managed, said := object(tool, "uv")["package"].(bool)
	mode, saidMode := poetry["package-mode"].(bool)
	switch {
	case system == nil && !setup:
		p.Why = "it has neither a [build-system] in pyproject.toml nor a setup.py"
		return p, nil
	case said && !managed:
		p.Why = "pyproject.toml says tool.uv.package = false"
		return p, nil
	case saidMode && !mode:
		p.Why = "pyproject.toml says tool.poetry.package-mode = false"
		return p, nil
	}
	p.Package = true
	p.Backend = text(system, "build-backend")
	if l := texts(system, "requires"); l != nil {
		p.Requires = l
	} else if system == nil || system["requires"] == nil {
		p.Requires = []string{"setuptools>=40.8.0"} // PEP 517 and PEP 518
	}
	for _, r := range p.Requires {
		if strings.ContainsAny(r, "\r\n") || strings.HasPrefix(strings.TrimSpace(r), "-") {
			return nil, fmt.Errorf("build-system.requires: %q is no requirement", r)
		}
	}
	if l := texts(system, "backend-path"); l != nil {
		p.BackendPath = l
	}
	if p.Backend == "" {
		p.Backend = "setuptools.build_meta:__legacy__"
	}
	if VersionFromGit(func(name string) ([]byte, error) {
		if b, ok := have[name]; ok {
			return b, nil
		}
		return nil, fs.ErrNotExist
	}) {
		p.SCM = scmOf(p, doc, string(have["setup.py"])+string(have["setup.cfg"]))
	}
	return p, nil
}

// scmOf names what takes the project's version from git, of those that build_wheel.py knows, "" where it turns out to have one of its own,
// and "git" for others.
func scmOf(p *wheelPlan, doc map[string]any, setup string) string {
	wants := func(names ...string) bool {
		return slices.ContainsFunc(p.Requires, func(r string) bool {
			n, err := parseNeed(r)
			return err == nil && slices.Contains(names, n.name)
		})
	}
	setuptools := strings.HasPrefix(p.Backend, "setuptools")
	switch {
	case text(table(doc, "tool", "hatch", "version"), "source") == "vcs":
		return "hatch-vcs"
	case text(table(doc, "tool", "pdm", "version"), "source") == "scm":
		return "pdm-backend"
	case table(doc, "tool", "poetry-dynamic-versioning")["enable"] == true:
		return "poetry-dynamic-versioning"
	case wants("flit-scm"):
		return "flit-scm"
	case wants("versioneer", "versioneer-518") || strings.Contains(setup, "versioneer"):
		return "versioneer"
	case table(doc, "tool", "setuptools_scm") != nil || strings.Contains(setup, "use_scm_version"):
		return "setuptools_scm"
	case wants("setuptools-scm") && setuptools && table(doc, "tool", "setuptools", "dynamic", "version") == nil && text(table(doc, "tool", "setuptools", "dynamic"), "version") == "" && !strings.Contains(setup, "version"):
		return "setuptools_scm"
	case wants("setuptools-scm", "hatch-vcs", "poetry-dynamic-versioning", "dunamai"):
		return "" // it is there, and not asked for the version
	}
	return "git"
}
