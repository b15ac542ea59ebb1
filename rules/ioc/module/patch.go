package module

import (
	"context"
	"encoding/json"
	"maps"
	"path"
	"slices"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

const gatherCall = "ioc_gather/1"

// gatherArgs is what ioc_gather/1 is told: files, by their paths below To.
type gatherArgs struct {
	To    string            `json:"to"`
	Files map[string]string `json:"files"`
}

// applyPatches lets sources be taken from a patched copy: of the tree that they lie in, or of those that lie in the package. A
// patch that does not apply is named, and nothing of the copy is kept.
func (m *moduleBuild) applyPatches() {
	if len(m.s.Patches) == 0 {
		return
	}
	from, root := m.s.Tree, m.s.Root
	if from.Path == "" {
		from, root = m.gather()
	}
	to := m.tree("src")
	argv := []string{rule.HostTool("sh"), "-eu", "-c", patchScript, "patch", rule.HostTool("git"), root, to.Path}
	in := []rule.Artifact{from}
	for _, p := range m.s.Patches {
		argv = append(argv, p.At)
		in = append(in, p.In)
	}
	m.c.Declare(rule.Action{Mnemonic: "Patch", Inputs: ioc.Distinct(in), Outputs: []rule.Artifact{to}, Spawn: &rule.Spawn{Argv: argv, HostTools: []string{"git"}, Posix: true,
		Env: []rule.EnvVar{{Name: "GIT_CONFIG_GLOBAL", Value: "/dev/null"}, {Name: "GIT_CONFIG_NOSYSTEM", Value: "1"}, {Name: "LC_ALL", Value: "C"}}}})
	move := func(p string) string {
		if p == m.s.Root {
			return to.Path
		}
		if rel, ok := below(m.s.Root, p); ok {
			return path.Join(to.Path, rel)
		}
		return p
	}
	for _, l := range m.s.lists() {
		for i, x := range *l {
			if x.In == m.s.Tree || m.s.Tree.Path == "" && x.In.Kind == rule.Source {
				(*l)[i] = Item{In: to, At: move(x.At), Range: x.Range}
			}
		}
	}
	for _, dirs := range [][]string{m.s.KeepHeaders, m.s.Includes} {
		for i := range dirs {
			dirs[i] = move(dirs[i])
		}
	}
	m.s.Root, m.s.Tree = to.Path, to
}

// patchScript copies a folder and applies patches to the copy. git must not find a repository around it: in one, what lies
// outside of the current folder is left out without a word.
const patchScript = `git=$1 src=$2 out=$3
shift 3
top=$PWD
export GIT_CEILING_DIRECTORIES="${PWD%/*}:$PWD:$PWD/${out%/*}"
mkdir -p "$out"
cp -R "$src/." "$out"
chmod -R u+w "$out"
for p; do
  case $p in *.p0.patch) n=0 ;; *) n=1 ;; esac
  (cd "$out" && "$git" apply -p$n --whitespace=nowarn "$top/$p") || { echo "the patch $p does not apply" >&2; exit 1; }
done`

// gather makes a tree of the package's files that the module names, as patches need a folder of their own.
func (m *moduleBuild) gather() (rule.Artifact, string) {
	to := m.tree("plain")
	a := gatherArgs{To: to.Path, Files: map[string]string{}}
	var in []rule.Artifact
	for _, l := range m.s.lists() {
		for _, x := range *l {
			if x.In.Kind == rule.Source {
				rel, _ := below(m.s.Root, x.At)
				a.Files[rel] = x.At
				in = append(in, x.In)
			}
		}
	}
	sortArtifacts(in)
	m.call("Gather", gatherCall, a, nil, in, to)
	return to, to.Path
}

func gatherFunc(_ context.Context, c rule.CallContext) error {
	var a gatherArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	for _, rel := range slices.Sorted(maps.Keys(a.Files)) {
		b, err := ioc.InputBytes(c, a.Files[rel])
		if err != nil {
			return err
		}
		if err := c.Write(a.To+"/"+rel, b, false); err != nil {
			return err
		}
	}
	return nil
}
