package module

import (
	"archive/tar"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

//go:embed ioc_pool.md
var poolDoc string

// PoolKind is where a `require` looks for modules.
var PoolKind = &rule.Rule{
	Kind: "ioc_pool",
	Doc:  poolDoc,
	Attrs: []rule.Attr{
		{Name: "path", Type: rule.String, Doc: "A folder of this machine with installed modules, `<module>/<version>/...`: an absolute path. It may come from a `variable`."},
		{Name: "modules", Type: rule.LabelRefs, Needs: ioc.Module{}.ProviderName(), Doc: "Modules that are targets. Exactly one of `path` and `modules` is given."},
	},
	Analyze: analyzePool,
	Calls:   map[string]rule.CallFunc{poolIndexCall: indexPool, poolModuleCall: takeModule},
}

func analyzePool(c *rule.Context) error {
	if c.Has("path") == c.Has("modules") {
		c.Problem("", "pool-content", "A pool is a folder or some targets", "Give exactly one of path and modules.")
		return nil
	}
	p := ioc.Pool{Modules: ioc.ModulesOf(c, "modules")}
	if !c.Has("path") {
		var files []rule.Artifact
		for _, m := range p.Modules {
			files = append(files, m.Tree)
		}
		c.SetDefault(files...)
		c.Provide(p)
		return nil
	}
	p.Path = strings.TrimRight(c.String("path"), "/")
	if err := rule.CheckHostFolder(p.Path); err != nil {
		c.Problem("path", "bad-path", "Bad path "+quote(c.String("path")), "A folder of the machine "+err.Error()+".")
		return nil
	}
	p.Index = declareIndex(c, p.Path, ioc.ArchOf(c.Platform()))
	c.SetDefault(p.Index)
	c.Provide(p)
	return nil
}

const poolIndexCall = "ioc_pool/1"

// listPool writes to $3 a line `<module> <version> <arch>` for each lib folder, and to $4 an archive of the .dep files for $2. What has a
// space in its name is no module, and no names start with a dot, as patterns do not match those.
const listPool = `set -eu
export LC_ALL=C
pool=$1 arch=$2 lines=$PWD/$3 deps=$PWD/$4
: > "$lines"
: > "$deps"
[ -d "$pool" ] || { echo absent > "$lines"; exit 0; }
cd "$pool"
for lib in */*/lib/*/; do
  [ -d "$lib" ] || continue
  module=${lib%%/*} rest=${lib#*/}
  version=${rest%%/*} here=${lib%/}
  here=${here##*/}
  case $module$version$here in *[[:space:][:cntrl:]]*) continue ;; esac
  printf '%s %s %s\n' "$module" "$version" "$here" >> "$lines"
  if [ "$here" = "$arch" ] && [ -f "$lib$module.dep" ]; then
    printf './%s%s.dep\n' "$lib" "$module" >> "$TMPDIR/list"
  fi
done
[ ! -f "$TMPDIR/list" ] || tar -chf "$deps" -T "$TMPDIR/list"
`

// poolIndexArgs is what ioc_pool/1 is told.
type poolIndexArgs struct {
	Path  string `json:"path"`
	Arch  string `json:"arch"`
	Lines string `json:"lines"`
	Deps  string `json:"deps"`
	Out   string `json:"out"`
}

// declareIndex declares what makes the index of a folder of the machine.
func declareIndex(c *rule.Context, path, arch string) rule.Artifact {
	a := poolIndexArgs{Path: path, Arch: arch}
	folder := rule.HostFolder(path, "*/*/lib/*/*.dep")
	lines, deps, out := c.OutputFile("", ".parts/lines"), c.OutputFile("", ".parts/deps.tar"), c.OutputFile("", "index.json")
	c.Declare(rule.Action{Mnemonic: "List", Outputs: []rule.Artifact{lines, deps}, Local: true,
		Spawn: &rule.Spawn{Argv: []string{"sh", "-c", listPool, "sh", rule.HostTool(folder), arch, lines.Path, deps.Path}, HostTools: []string{folder}, Posix: true}})
	a.Lines, a.Deps, a.Out = lines.Path, deps.Path, out.Path
	ioc.DeclareCall(c, rule.Action{Mnemonic: "Index", Inputs: []rule.Artifact{lines, deps}, Outputs: []rule.Artifact{out}}, poolIndexCall, a, nil)
	return out
}

// indexPool is ioc_pool/1: it puts what listPool found into one file, in which times and owners of files play no part.
func indexPool(_ context.Context, c rule.CallContext) error {
	var a poolIndexArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	lines, err := ioc.InputBytes(c, a.Lines)
	if err != nil {
		return err
	}
	archive, err := ioc.InputBytes(c, a.Deps)
	if err != nil {
		return err
	}
	x := ioc.PoolIndex{Path: a.Path, Modules: map[string]map[string]ioc.PoolEntry{}}
	for line := range strings.Lines(string(lines)) {
		w := strings.Fields(line)
		if len(w) == 1 {
			x.Absent = true
			continue
		}
		if len(w) != 3 {
			return fmt.Errorf("internal error: bad line %q; please report it", line)
		}
		if x.Modules[w[0]] == nil {
			x.Modules[w[0]] = map[string]ioc.PoolEntry{}
		}
		e := x.Modules[w[0]][w[1]]
		e.Here = e.Here || w[2] == a.Arch
		x.Modules[w[0]][w[1]] = e
	}
	for r := tar.NewReader(bytes.NewReader(archive)); len(archive) > 0; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		parts := strings.Split(strings.TrimPrefix(h.Name, "./"), "/")
		if h.Typeflag != tar.TypeReg || len(parts) != 5 {
			continue
		}
		e, ok := x.Modules[parts[0]][parts[1]]
		if !ok {
			continue
		}
		if e.Dep, err = io.ReadAll(r); err != nil {
			return err
		}
		e.HasDep = true
		x.Modules[parts[0]][parts[1]] = e
	}
	b, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		return err
	}
	return c.Write(a.Out, append(b, '\n'), false)
}
