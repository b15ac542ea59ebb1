// Package manifest writes what lies beside a generated package's code: pyproject.toml, pixi.toml, Dockerfile, README.md, VERSION.yaml.
// It writes no headers, and knows nothing of how tasks run.
package manifest

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// Input is what the files are made of.
type Input struct {
	Workflow *link.Workflow
	Dir      string // the folder's, the distribution's and the console script's name
	Module   string
	Version  string // "1.2.3"
	Variant  string // "" for none
	// Overrides is the TOML of env_overrides, nil for none.
	Overrides []byte
}

var prefixForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`) })

// CheckPrefix says that names cannot begin with p: they are those of a package that pip and conda install, and of a module.
func CheckPrefix(p string) error {
	if !prefixForm().MatchString(p) {
		return fmt.Errorf("a prefix of names begins with a letter from a to z, and has only such letters, digits, - and _; %q is none", p)
	}
	return nil
}

// Names gives the folder's and the module's name of the workflow id with a prefix such as "wt-".
func Names(prefix, id string) (dir, module string) {
	if prefix != "" && !strings.HasSuffix(prefix, "-") && !strings.HasSuffix(prefix, "_") {
		prefix += "-"
	}
	dir = strings.ReplaceAll(prefix+id, "_", "-") + "-workflow"
	return dir, strings.ReplaceAll(dir, "-", "_")
}

// ranges are the versions of packages that generated code is written for, as both pip and conda read them.
var ranges = map[string]string{
	"fastapi":      ">=0.100.0,<1.0.0",
	"httpx":        ">=0.24.0,<1.0.0",
	"obstore":      ">=0.6.0,<1.0.0",
	"pydantic":     ">=2.0.0,<3.0.0",
	"pytest":       ">=7.0.0",
	"pyyaml":       ">=6.0,<7.0",
	"uvicorn":      ">=0.20.0,<1.0.0",
	"wt-contracts": ">=0.2.0,<1.0.0",
	"wt-runner":    ">=0.3.1,<1.0.0",
	"wt-task":      ">=0.1.3,<1.0.0",
}

// runtime are the packages that a generated package imports itself.
var runtime = []string{"fastapi", "pydantic", "pyyaml", "uvicorn", "wt-contracts", "wt-task"}

// Pyproject writes pyproject.toml: PEP 621, built with flit_core, which needs nothing but Python.
func Pyproject(in Input) []byte {
	w := &writer{}
	w.table("build-system")
	w.set("requires", []any{"flit_core>=3.9,<4"})
	w.set("build-backend", "flit_core.buildapi")
	w.table("project")
	w.set("name", in.Dir)
	w.set("version", in.Version)
	m := in.Workflow.Spec.Metadata
	if m == nil {
		m = &spec.Metadata{}
	}
	w.set("description", summary(m, in.Workflow.Spec.ID))
	w.set("readme", "README.md")
	w.set("requires-python", ">=3.10")
	if m.License != "" {
		w.set("license", table{{"text", m.License}})
	}
	if len(m.Maintainers) > 0 {
		var l []any
		for _, x := range m.Maintainers {
			l = append(l, table{{"name", x.Name}, {"email", x.Email}})
		}
		w.set("maintainers", l)
	}
	if len(m.Keywords) > 0 {
		w.set("keywords", texts(m.Keywords))
	}
	w.lines("dependencies", dependencies(in))
	w.table("project.optional-dependencies")
	w.set("results", []any{"obstore" + ranges["obstore"]})
	w.set("tracing", []any{"opentelemetry-sdk>=1.20.0,<2.0.0"})
	w.set("test", []any{"httpx" + ranges["httpx"], "pytest" + ranges["pytest"]})
	w.table("project.scripts")
	w.set(in.Dir, in.Module+".cli:main")
	if m.Repository != "" || m.Documentation != "" {
		w.table("project.urls")
		if m.Documentation != "" {
			w.set("Documentation", m.Documentation)
		}
		if m.Repository != "" {
			w.set("Repository", m.Repository)
		}
	}
	w.table("tool.flit.module")
	w.set("name", in.Module)
	// Its own table keeps the settings of a repository that the package is checked in to from its files.
	w.table("tool.ruff.lint")
	w.set("select", []any{"E4", "E7", "E9", "F"})
	// Packages of tasks need not say that they have types.
	w.table("tool.mypy")
	w.set("ignore_missing_imports", true)
	return w.bytes()
}

// summary gives one line of what the workflow is.
func summary(m *spec.Metadata, id string) string {
	for _, s := range []string{m.Description, m.Name} {
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			return s
		}
	}
	return "The workflow " + id
}

// dependencies are what pip installs with the package. Requirements on conda channels are not among them, as their names mean
// nothing to pip; nor are paths, which are those of one machine.
func dependencies(in Input) []string {
	own := map[string]bool{}
	var l []string
	for _, r := range in.Workflow.Spec.Requirements {
		if r.Git == "" && r.URL == "" {
			continue
		}
		own[normal(r.Name)] = true
		l = append(l, direct(r))
	}
	for i := len(runtime) - 1; i >= 0; i-- {
		name := runtime[i]
		if own[name] {
			continue
		}
		if name == "wt-task" && in.Variant != "" {
			l = append([]string{name + "[" + in.Variant + "]" + ranges[name]}, l...)
		} else {
			l = append([]string{name + ranges[name]}, l...)
		}
	}
	return l
}

// direct writes a requirement as PEP 508's direct reference.
func direct(r spec.Requirement) string {
	s := r.Name
	if len(r.Extras) > 0 {
		s += "[" + strings.Join(r.Extras, ",") + "]"
	}
	if r.URL != "" {
		s += " @ " + r.URL
	} else {
		s += " @ git+" + r.Git
		for _, ref := range []string{r.Rev, r.Branch, r.Tag} {
			if ref != "" {
				s += "@" + ref
			}
		}
	}
	if r.Subdirectory != "" {
		s += "#subdirectory=" + r.Subdirectory
	}
	return s
}

// normal gives a distribution's name as PEP 503 normalizes it.
func normal(name string) string {
	var b strings.Builder
	dash := false
	for _, c := range strings.ToLower(name) {
		if c == '-' || c == '_' || c == '.' {
			dash = b.Len() > 0
			continue
		}
		if dash {
			b.WriteByte('-')
			dash = false
		}
		b.WriteRune(c)
	}
	return b.String()
}

func texts(l []string) []any {
	v := make([]any, len(l))
	for i, s := range l {
		v[i] = s
	}
	return v
}
