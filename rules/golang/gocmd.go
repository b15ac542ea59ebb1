package golang

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// goCmd is one run of the go command in a module's folder.
type goCmd struct {
	c    *rule.Context
	dir  string // of go.mod, in the action's tree
	env  map[string]string
	host []string
	tc   rule.Toolchain
}

// newCmd prepares a run, and says whether it can be one: toolchain, platform and go.mod are there.
func newCmd(c *rule.Context, module string) (*goCmd, bool) {
	tc, ok := c.Toolchain("go")
	if !ok {
		return nil, false
	}
	goos, goarch, ok := goPlatform(c.Platform())
	if !ok {
		c.Problem("", "no-toolchain", "Go does not know this platform", "It knows linux and darwin, on x86_64 and arm64.")
		return nil, false
	}
	g := &goCmd{c: c, tc: tc, dir: path.Join(c.Label().Pkg, module)}
	if g.dir == "" {
		g.dir = "."
	}
	mod := path.Join(g.dir, "go.mod")
	if !slices.ContainsFunc(c.Files("srcs"), func(a rule.Artifact) bool { return a.Path == mod }) {
		c.Problem("srcs", "no-go-mod", "go.mod is not among srcs", "The go command needs "+mod+".")
		return nil, false
	}
	g.env = map[string]string{
		"CGO_ENABLED": "0",
		"GOARCH":      goarch,
		"GOENV":       "off", // the user's own settings are neither seen nor keyed
		"GOFLAGS":     "-modcacherw",
		"GOOS":        goos,
		"GOTOOLCHAIN": "local",
		"GOWORK":      "off",
	}
	for _, e := range tc.Env {
		g.env[e.Name] = e.Value
	}
	g.use("go")
	return g, true
}

// use declares a program of the toolchain, and gives its placeholder.
func (g *goCmd) use(role string) string {
	name := g.tc.HostTools[role]
	if !slices.Contains(g.host, name) {
		g.host = append(g.host, name)
	}
	return rule.HostTool(name)
}

// cgo turns cgo on.
func (g *goCmd) cgo() {
	if g.c.Platform() != g.c.Host {
		g.c.Problem("cgo", "cross-cgo", "cgo works for the host's platform only", "There is no C compiler for "+g.c.Platform().String()+".")
	}
	g.env["CGO_ENABLED"] = "1"
	g.env["CC"] = g.use("cc")
}

// verb gives the first words: `go <verb> -C <dir>`.
func (g *goCmd) verb(v ...string) []string {
	words := append([]string{g.use("go")}, v...)
	if g.dir != "." {
		words = append(words, "-C", g.dir)
	}
	return words
}

// fromDir gives a path of the action's tree as seen from the module's folder.
func (g *goCmd) fromDir(p string) string {
	if g.dir == "." {
		return p
	}
	return strings.Repeat("../", strings.Count(g.dir, "/")+1) + p
}

// withModules is how a go command that needs modules starts: Go takes a folder as a proxy, but by its absolute path only.
const withModules = `export GOPROXY="file://$PWD/$MODULES"; exec "$@"`

// action gives the run of argv with the target's modules at hand and no network.
func (g *goCmd) action(mnemonic string, argv []string) rule.Action {
	sp := &rule.Spawn{Argv: argv, Scratch: []rule.Scratch{buildCache}}
	a := rule.Action{Mnemonic: mnemonic, Spawn: sp, Inputs: g.c.Files("srcs")}
	g.env["GOSUMDB"] = "off" // go.sum is what counts; the database was asked when it was written
	g.env["GOPROXY"] = "off"
	if mods := g.c.Files("modules"); len(mods) == 1 && mods[0].Kind == rule.OutputTree {
		a.Inputs = append(a.Inputs, mods[0])
		delete(g.env, "GOPROXY")
		g.env["MODULES"] = mods[0].Path
		sp.Posix = true
		sp.Argv = append([]string{rule.HostTool("sh"), "-eu", "-c", withModules, "go"}, argv...)
		sp.Scratch = append(sp.Scratch, moduleCache)
	} else if g.c.Has("modules") {
		g.c.Problem("modules", "no-modules", "modules is no go_modules target", "It takes the label of one go_modules.")
	}
	g.finish(sp)
	return a
}

func (g *goCmd) finish(sp *rule.Spawn) {
	for _, name := range slices.Sorted(maps.Keys(g.env)) {
		sp.Env = append(sp.Env, rule.EnvVar{Name: name, Value: g.env[name]})
	}
	slices.Sort(g.host)
	sp.HostTools = slices.Compact(g.host)
}
