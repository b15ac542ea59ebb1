package start

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/startup"
)

// rootVar is the variable that the generated script finds files of the workspace by.
const rootVar = "CAIRN_IOC_ROOT"

// iocSpec is what the attributes of a kind that starts an IOC say.
type iocSpec struct {
	c         *rule.Context
	name      string
	given     bool // ioc_name is given
	compat    string
	base      ioc.Base
	startup   rule.Artifact // zero for none
	data      []rule.Artifact
	databases []rule.Artifact
	deps      []ioc.Module
	requests  []iocRequest
	pools     []iocPool
}

// iocRequest is a module that an attribute asks for.
type iocRequest struct {
	Module  string `json:"module"`
	Version string `json:"version,omitempty"`
	Attr    string `json:"attr"`
	Label   string `json:"label,omitempty"` // of a target in deps
}

// iocPool is an element of pools, or, first, the targets in deps.
type iocPool struct {
	name    string // for messages
	path    string // a folder of the host
	index   rule.Artifact
	modules []ioc.Module
}

// readIoc reads the attributes.
func readIoc(c *rule.Context) (*iocSpec, bool) {
	s := &iocSpec{c: c, name: c.String("ioc_name"), compat: c.String("compat"), data: c.Files("data"), databases: c.Files("databases")}
	base, ok := ioc.BaseOf(c)
	if !ok {
		return nil, false
	}
	s.base = base
	if base.Require == nil {
		c.Problem(ioc.BaseAttr.Name, "no-require", "The base has no module require", "What starts IOCs needs it.")
		return nil, false
	}
	if s.compat != startup.Compat34 {
		s.compat = ""
	}
	if _, s.given = c.Given("ioc_name"); !s.given {
		s.name = defaultIocName(c.Label().Name)
	}
	for _, d := range startup.CheckName(s.name, diag.Range{}) {
		c.Problem("ioc_name", d.Code, d.Summary, d.Detail)
		ok = false
	}
	switch files := c.Files("startup"); len(files) {
	case 0:
	case 1:
		if s.startup = files[0]; s.startup.Kind == rule.OutputTree {
			c.Problem("startup", "no-script", "The startup script is a folder", "It is one file.")
			ok = false
		}
	default:
		c.Problem("startup", "no-script", "The startup script is several files", "It is one file.")
		ok = false
	}
	for _, word := range append(c.Strings("commands"), macroList(c)) {
		if err := startup.CheckWord(word); err != nil {
			c.Problem("commands", "bad-command", fmt.Sprintf("Bad line %q", word), "A line of a startup script "+err.Error()+".")
			ok = false
		}
	}
	return s, s.readModules() && ok
}

// readModules reads which modules are asked for, and where they are looked for.
func (s *iocSpec) readModules() bool {
	c, ok := s.c, true
	own := iocPool{name: c.Label().String()}
	for _, d := range c.Deps("deps") {
		m, is := rule.Get[ioc.Module](d)
		switch {
		case !is:
			continue // loading has said so
		case m.Excluded != "":
			c.Problem("deps", "excluded", fmt.Sprintf("There is no %s for %s", d.Label, c.Platform()), m.Excluded)
			ok = false
			continue
		}
		s.deps = append(s.deps, m)
		s.requests = append(s.requests, iocRequest{m.Name, m.Version, "deps", d.Label.String()})
	}
	own.modules = s.deps
	s.pools = []iocPool{own}
	for _, text := range c.Strings("require") {
		m := startup.ParseModule(text)
		if !plainModule(m) {
			c.Problem("require", "bad-require", fmt.Sprintf("%q is no module", text), `It is written "module" or "module,version".`)
			ok = false
			continue
		}
		s.requests = append(s.requests, iocRequest{m.Name, m.Version, "require", ""})
	}
	for _, d := range c.Deps(ioc.PoolsAttr.Name) {
		p, is := rule.Get[ioc.Pool](d)
		if !is {
			continue // loading has said so
		}
		name := d.Label.String()
		if p.Path != "" {
			name = p.Path
		}
		s.pools = append(s.pools, iocPool{name: name, path: p.Path, index: p.Index, modules: p.Modules})
	}
	return ok
}

func plainModule(m startup.Module) bool {
	bad := func(s string) bool { return strings.ContainsAny(s, " \t\r\n\"'\\/$()") || startup.CheckWord(s) != nil }
	return m.Name != "" && !strings.HasPrefix(m.Name, ".") && !bad(m.Name) && !bad(m.Version)
}

// defaultIocName is a target's name as far as it can begin the names of records.
func defaultIocName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, name)
	return name[:min(len(name), dep.MaxPrefix)]
}

// macroList gives macros as the IOC's shell takes them, in the order of their names.
func macroList(c *rule.Context) string {
	m := c.StringMap("macros")
	var list []string
	for _, n := range slices.Sorted(maps.Keys(m)) {
		v := m[n]
		if n == "" || strings.ContainsAny(n, "=, \t'\"\\$(){}") {
			c.Problem("macros", "bad-macro", fmt.Sprintf("%q cannot be the name of a macro", n), "It is a word without commas, equal signs, brackets and quotes.")
		}
		if strings.ContainsAny(v, ", \t'\"\\") {
			v = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
		}
		list = append(list, n+"="+v)
	}
	return strings.Join(list, ",")
}

// cmdTop is the folder of the startup script, in an action's tree.
func (s *iocSpec) cmdTop() string {
	if s.startup.Path == "" {
		return ""
	}
	return path.Dir(s.startup.Path)
}

// folders gives the pools of the machine, each once.
func (s *iocSpec) folders() []string {
	var out []string
	for _, p := range s.pools {
		if p.path != "" && !slices.Contains(out, p.path) {
			out = append(out, p.path)
		}
	}
	return out
}

// vars gives the IOC's variables. Those that the target sets come over all others.
func (s *iocSpec) vars(pool rule.Artifact) []startup.Var {
	m := s.base.Require
	vars := startup.Environ(startup.Place{Base: s.base.Runtime.Path, Arch: m.Arch, Require: pool.Path + "/require/" + m.Version, Version: m.Version,
		Pools: append([]string{pool.Path}, s.folders()...), CmdTop: s.cmdTop()})
	if s.compat == startup.Compat34 {
		vars = append(vars, startup.Var{Name: "REQUIRE_COMPAT", Value: s.compat})
	}
	vars = append(vars, startup.Var{Name: rootVar, Value: ".", Paths: true})
	own := s.c.Target.Common.Env
	vars = slices.DeleteFunc(vars, func(v startup.Var) bool { _, set := own[v.Name]; return set })
	for _, n := range slices.Sorted(maps.Keys(own)) {
		vars = append(vars, startup.Var{Name: n, Value: own[n]})
	}
	return vars
}

// buildIoc declares the actions that make an IOC: its modules are resolved, its script written, and its pool put together.
func buildIoc(c *rule.Context) (Ioc, bool) {
	s, ok := readIoc(c)
	if !ok {
		return Ioc{}, false
	}
	out := Ioc{Name: s.name, Compat: s.compat, Base: s.base, Pool: c.OutputTree("", "pool"), Start: c.OutputTree("", "start"),
		Closure: c.OutputFile("", "modules.txt"), Resolved: c.OutputFile("", "modules.json"), Files: ioc.Distinct(append(append([]rule.Artifact{s.startup}, s.data...), s.databases...))}
	out.Vars, out.Folders = s.vars(out.Pool), s.folders()
	targets := s.candidates()
	s.declareStart(out, targets)
	s.declarePool(out, targets)
	return out, true
}

// places gives where the attributes stand.
func (s *iocSpec) places() ioc.Places {
	p := ioc.Places{"": s.c.Target.Range}
	for _, a := range []string{"startup", "require", "deps", "pools", "commands", "ioc_name"} {
		if v, ok := s.c.Given(a); ok {
			p[a] = v.Range
		}
	}
	return p
}
