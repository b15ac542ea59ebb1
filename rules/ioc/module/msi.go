package module

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/dbd"
)

// msiScript runs msi twice: for the database, and for the names of the files that it was made of. What msi itself is counts as well. The
// base's libraries are for msi alone: among them are some that the shell's programs have of their own.
const msiScript = `msi=$1 libs=$2 out=$3 dep=$4 src=$5 dir=.; shift 5
case $src in */*) dir=${src%/*} ;; esac
if ! LD_LIBRARY_PATH=$libs "$msi" -o"$out" -I"$dir" "$@"; then
  printf '%s: msi cannot expand it. Templates and included files are looked for beside it, in the folders of templates, subs and tmps, and in db of deps and runtime_deps.\n' "$src" >&2
  exit 1
fi
LD_LIBRARY_PATH=$libs "$msi" -D -ox -I"$dir" "$@" > "$dep"
{
  sed '1s/^x://; s/^ //; s/ \\$//' "$dep"
  printf '%s\n' "$src" "$msi"
  for l in "$libs"/*; do
    if [ -f "$l" ] && ! [ -L "$l" ]; then printf '%s\n' "$l"; fi
  done
} | sed 's/[ #]/\\&/g; s/\$/$$/g; s/^/x: /' > "$dep.names"
mv "$dep.names" "$dep"`

// inflate declares what msi makes of subs and tmps, and adds it to db. Each can include the databases of those before it.
func (m *moduleBuild) inflate() {
	if len(m.s.Subs)+len(m.s.Tmps) == 0 {
		return
	}
	dirs, in, picks := m.templates()
	if len(m.s.Subs) > 0 {
		in = append(in, m.checkSubs())
	}
	made := map[string]Item{}
	for i, s := range append(slices.Clone(m.s.Subs), m.s.Tmps...) {
		var flag []string
		if i < len(m.s.Subs) {
			flag = []string{"-S"}
		}
		if s.pattern() || s.whole() {
			m.msiAll(s, flag, dirs, in, picks)
			continue
		}
		name := dbName(s.At)
		if other, ok := made[name]; ok {
			m.c.Problem(map[bool]string{true: "subs", false: "tmps"}[i < len(m.s.Subs)], "same-file", "Two files would become db/"+name,
				quote(m.rel(other))+" and "+quote(m.rel(s))+" are both expanded to it; rename one of them.")
			continue
		}
		made[name] = s
		out := m.file("db/" + name)
		m.msi(s.At, out.Path, out.Path+".d", flag, dirs, in, picks, s, out, nil)
		m.add("db/"+name, Item{In: out, At: out.Path}, false)
		if in = append(in[:len(in):len(in)], out); !slices.Contains(dirs, path.Dir(out.Path)) {
			dirs = append(dirs, path.Dir(out.Path))
		}
	}
}

// msiAll is for all files of a tree, or for those that a pattern matches: one command for each.
func (m *moduleBuild) msiAll(s Item, flag, dirs []string, in []rule.Artifact, picks []string) {
	out := m.tree("dbs" + fmt.Sprint(len(m.contents)))
	glob, _ := below(s.In.Path, s.At)
	if s.whole() {
		glob = "**"
	}
	each := &rule.Each{Tree: s.In, Globs: []string{glob}}
	m.msi("{file}", out.Path+"/{stem}.db", out.Path+"/{stem}.db.d", flag, dirs, in, picks, s, out, each)
	m.add("db/", Item{In: out, At: out.Path + "/**/*.db"}, false)
}

func (m *moduleBuild) msi(src, to, dep string, flag, dirs []string, in []rule.Artifact, picks []string, s Item, out rule.Artifact, each *rule.Each) {
	b := m.s.Base
	libs := b.Runtime.Path + "/lib/" + b.Arch
	argv := []string{rule.HostTool("sh"), "-eu", "-c", msiScript, "msi", b.Program("msi"), libs, to, dep, src}
	for _, d := range dirs {
		argv = append(argv, "-I"+d)
	}
	argv = append(append(argv, flag...), src)
	m.c.Declare(rule.Action{Mnemonic: "Msi", Subject: m.rel(s), Inputs: ioc.Distinct(append([]rule.Artifact{s.In, b.Runtime}, in...)), Picks: picks, Outputs: []rule.Artifact{out},
		Spawn: &rule.Spawn{Argv: argv, Env: []rule.EnvVar{{Name: "LC_ALL", Value: "C"}}, Posix: true,
			HostTools: []string{"sh"}, DepFile: dep, Each: each}})
}

// templates gives the folders that templates are found in, in order, and what lies in them: the module's own, and db of the modules it uses.
func (m *moduleBuild) templates() (dirs []string, in []rule.Artifact, picks []string) {
	for _, l := range [][]Item{m.s.Templates, m.s.Tmps, m.s.Subs} {
		for _, i := range l {
			if d := i.dir(); !slices.Contains(dirs, d) {
				dirs = append(dirs, d)
			}
		}
	}
	in = inputsOf(m.s.Templates, m.s.Tmps)
	for _, d := range append(ioc.Closure(m.s.Deps), m.s.Runtime...) {
		db := d.Tree.Path + "/db"
		if slices.Contains(dirs, db) {
			continue
		}
		dirs, picks = append(dirs, db), append(picks, db)
		in = append(in, d.Tree)
	}
	return dirs, in, picks
}

// dbName gives the database that a template or substitution file becomes.
func dbName(at string) string {
	return strings.TrimSuffix(path.Base(at), path.Ext(at)) + ".db"
}

const subsCall = "ioc_subs/1"

// subsArgs is what ioc_subs/1 is told.
type subsArgs struct {
	From []callItem `json:"from"`
	To   string     `json:"to"`
}

// checkSubs declares the action that says which substitution files are not closed: msi takes them and leaves records out.
func (m *moduleBuild) checkSubs() rule.Artifact {
	a := subsArgs{To: m.file("subs.ok").Path}
	for _, s := range m.s.Subs {
		a.From = append(a.From, s.told())
	}
	done := m.file("subs.ok")
	m.call("Substitutions", subsCall, a, ioc.Places(m.s.Places), inputsOf(m.s.Subs), done)
	return done
}

func subsFunc(_ context.Context, c rule.CallContext) error {
	var a subsArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	var said diag.List
	for _, f := range a.From {
		files, err := filesOf(c, f.In, f.At, f.Tree)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			said = append(said, nothingAt(f.In, f.At, ioc.ReadPlaces(c)["subs"]))
		}
		for _, file := range files {
			data, err := ioc.InputBytes(c, file.at)
			if err != nil {
				return err
			}
			said = append(said, dbd.Balanced(file.at, data)...)
		}
	}
	if said.HasErrors() {
		return said
	}
	return c.Write(a.To, nil, false)
}
