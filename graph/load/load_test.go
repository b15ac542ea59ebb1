package load

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// mustLoad loads a workspace that has no problems. Without a root BUILD.hcl it gets one.
func mustLoad(t *testing.T, fs MapFS, change ...func(*Options)) *Workspace {
	t.Helper()
	if _, ok := fs["BUILD.hcl"]; !ok {
		fs["BUILD.hcl"] = "workspace \"w\" {}\n"
	}
	o := testOptions(fs)
	for _, f := range change {
		f(&o)
	}
	w, ds := Load(context.Background(), o)
	if len(ds) > 0 {
		t.Fatalf("problems:\n%s", ds.Error())
	}
	return w
}

func target(t *testing.T, w *Workspace, l string) *rule.Target {
	t.Helper()
	p, err := label.Parse(l, "")
	if err != nil {
		t.Fatal(err)
	}
	x := w.Target(p)
	if x == nil {
		t.Fatalf("no target %s", l)
	}
	return x
}

var noRanges = cmpopts.IgnoreTypes(diag.Range{})

func TestValues(t *testing.T) {
	w := mustLoad(t, MapFS{
		"p/BUILD.hcl": `
package {
  visibility  = [":all", "//q/..."]
  tags        = ["base"]
  description = "A package."
}
locals {
  exts  = ["h", "c"]
  names = [for e in local.exts : "x.${e}"]
  n     = 2
}
function "out" {
  params         = [name]
  variadic_param = rest
  result         = "${name}-${length(rest)}-${local.n}.o"
}
thing "t" {
  file  = "x.h"
  dep   = "//q"
  level = 1 + local.n
  on    = local.n > 1
  words = concat(["a"], [upper("b")], ["${local.n}"])
  table = { a = "x", "b.c" = "${local.n}" }
  any   = { list = [1, true, null, "s"], map = { k = 1.5 } }
  tags  = ["more", "base"]
}
command "c" {
  srcs   = concat(local.names, [":t", "sub/y.h"])
  data   = glob(["**/*.h"], ["sub/**"])
  tools  = ["python3", "//q:tool"]
  outs   = [out("a", 1, 2)]
  script = file("script.sh")
  stdout = self.label
  description = "${self.package}/${self.name}"
  timeout     = "90s"
  resources   = { mem = "4GiB", slots = 2 }
  env         = { A = "1" }
  visibility  = ["//..."]
  manual      = true
  platforms   = ["linux-x86_64"]
}
`,
		"p/x.h": "", "p/x.c": "", "p/sub/y.h": "", "p/script.sh": "echo\n",
	})
	got := target(t, w, "//p:t")
	want := map[string]rule.Value{
		"file":  {Value: rule.Ref{Path: "p/x.h"}},
		"dep":   {Value: rule.Ref{Label: label.Label{Pkg: "q", Name: "q"}}},
		"mode":  {Value: "slow"},
		"level": {Value: int64(3)},
		"on":    {Value: true},
		"words": {Value: []string{"a", "B", "2"}},
		"table": {Value: map[string]string{"a": "x", "b.c": "2"}},
		"any":   {Value: map[string]any{"list": []any{1.0, true, nil, "s"}, "map": map[string]any{"k": 1.5}}},
	}
	if d := cmp.Diff(want, got.Attrs, noRanges); d != "" {
		t.Errorf("//p:t (-want +got)\n%s", d)
	}
	if d := cmp.Diff([]string{"base", "more"}, got.Common.Tags); d != "" {
		t.Error(d)
	}
	c := target(t, w, "//p:c")
	wantC := map[string]rule.Value{
		"srcs":   {Value: []rule.Ref{{Path: "p/x.h"}, {Path: "p/x.c"}, {Label: label.Label{Pkg: "p", Name: "t"}}, {Path: "p/sub/y.h"}}},
		"data":   {Value: []rule.Ref{{Path: "p/x.h"}}},
		"tools":  {Value: []rule.Ref{{Host: "python3"}, {Label: label.Label{Pkg: "q", Name: "tool"}}}},
		"outs":   {Value: []string{"a-2-2.o"}},
		"script": {Value: "echo\n"},
		"stdout": {Value: "//p:c"},
	}
	if d := cmp.Diff(wantC, c.Attrs, noRanges); d != "" {
		t.Errorf("//p:c (-want +got)\n%s", d)
	}
	wantCommon := rule.Common{Description: "p/c", Tags: []string{"base"}, Visibility: []label.Pattern{{Kind: label.Below}}, Env: map[string]string{"A": "1"},
		TimeoutNS: 90e9, Platforms: []string{"linux-x86_64"}, Manual: true, Resources: rule.Resources{Mem: 4 << 30, Slots: 2}}
	if d := cmp.Diff(wantCommon, c.Common); d != "" {
		t.Errorf("common (-want +got)\n%s", d)
	}
	p := w.Packages[1]
	if p.Path != "p" || p.Description != "A package." || len(p.Targets) != 2 || len(p.Visibility) != 2 {
		t.Errorf("package: %+v", p)
	}
	// The range of an element of a list that is written out is its own.
	if r := c.Attrs["tools"].Value.([]rule.Ref)[1].Range; r.Start.Line != 30 || r.Start.Column != 24 {
		t.Errorf("range of the second tool: %+v", r)
	}
}

func TestForEach(t *testing.T) {
	w := mustLoad(t, MapFS{"envs/BUILD.hcl": `
locals { pythons = { py312 = "3.12", py311 = "3.11" } }
thing "oso" {
  for_each = local.pythons
  words    = [each.key, each.value, self.name, self.label]
}
thing "s" {
  for_each = toset(["b", "a"])
  words    = [each.value]
}
thing "none" { for_each = {} }
`})
	var labels []string
	for _, x := range w.Targets {
		labels = append(labels, x.Label.String())
	}
	want := []string{"//envs:oso@py311", "//envs:oso@py312", "//envs:s@a", "//envs:s@b"}
	if d := cmp.Diff(want, labels); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"py311", "3.11", "oso", "//envs:oso@py311"}, target(t, w, "//envs:oso@py311").Attrs["words"].Value); d != "" {
		t.Error(d)
	}
	if g, ok := w.Groups[label.Label{Pkg: "envs", Name: "none"}]; !ok || len(g) != 0 {
		t.Errorf("empty group: %v %v", g, ok)
	}
	if g := w.Groups[label.Label{Pkg: "envs", Name: "oso"}]; len(g) != 2 || g[0].Name != "oso@py311" {
		t.Errorf("group: %v", g)
	}
}

func TestLate(t *testing.T) {
	w := mustLoad(t, MapFS{"p/BUILD.hcl": `
locals { flag = "-x" }
command "c" {
  srcs   = ["a b.txt"]
  argv   = concat([tool("python3"), local.flag], in.srcs, [for o in out : "--out=${o}"], [self.name])
  stdout = out[0]
  env    = { FIRST = in.data[0], PLAIN = "x" }
}
command "now" {
  argv = ["echo", local.flag]
}
`, "p/a b.txt": ""})
	c := target(t, w, "//p:c")
	s := rule.Scope{In: map[string][]string{"srcs": {"p/a b.txt"}, "data": {"p/d"}}, Out: []string{"cairn-out/p/c/o"},
		Tool: func(name string) (string, error) {
			if name != "python3" {
				return "", errors.New("not a tool of this target")
			}
			return rule.HostTool(name), nil
		}}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			v, ds := c.Attrs["argv"].Late(s)
			want := []string{"\x01python3\x02", "-x", "p/a b.txt", "--out=cairn-out/p/c/o", "c"}
			if d := cmp.Diff(want, v); d != "" || ds != nil {
				t.Errorf("argv: %v %s", ds, d)
			}
		})
	}
	wg.Wait()
	if v, ds := c.Attrs["stdout"].Late(s); v != "cairn-out/p/c/o" || ds != nil {
		t.Errorf("stdout: %v %v", v, ds)
	}
	v, ds := c.Attrs["env"].Late(s)
	if d := cmp.Diff(map[string]string{"FIRST": "p/d", "PLAIN": "x"}, v); d != "" || ds != nil {
		t.Errorf("env: %v %s", ds, d)
	}
	if x := target(t, w, "//p:now").Attrs["argv"]; x.Late != nil {
		t.Error("argv without in, out and tool() is evaluated at once")
	}
	// Problems of a late value are values, too.
	s.In["data"] = nil
	if _, ds := c.Attrs["env"].Late(s); !ds.HasErrors() || ds[0].Range.Start.Line != 7 {
		t.Errorf("an index that there is not: %v", ds)
	}
	s.Tool = nil
	if _, ds := c.Attrs["argv"].Late(s); !ds.HasErrors() {
		t.Error("a tool that there is not: no problem")
	}
}

// A string cannot pretend to be the placeholder of a tool.
func TestLatePlaceholders(t *testing.T) {
	w := mustLoad(t, MapFS{"BUILD.hcl": `
workspace "w" {}
command "c" { argv = [tool("cat"), "${out[0]}\u0001sh\u0002"] }
`})
	_, ds := target(t, w, "//:c").Attrs["argv"].Late(rule.Scope{Out: []string{"o"}, Tool: func(n string) (string, error) { return rule.HostTool(n), nil }})
	if len(ds) != 1 || ds[0].Code != "bad-string" {
		t.Errorf("got %v", ds)
	}
}

func TestFor(t *testing.T) {
	fs := MapFS{
		"p/BUILD.hcl": `
locals { here = platform.os }
thing "t" {
  words = [local.here, platform.id, select(platform.os, { linux = "L", default = "D" })]
}
thing "mac" {
  platforms = ["darwin-arm64"]
  mode      = select(platform.id, { darwin-arm64 = "fast" })
}
thing "bad" {
  mode = select(platform.os, { linux = "fast", darwin = "fats" })
}
`,
		"q/BUILD.hcl": `thing "t" { words = ["x"] }`,
	}
	w := mustLoad(t, fs)
	lt := label.Label{Pkg: "p", Name: "t"}
	host, _ := w.For(lt, linux)
	if d := cmp.Diff([]string{"linux", "linux-x86_64", "L"}, host.Attrs["words"].Value); d != "" {
		t.Error(d)
	}
	mac, ds := w.For(lt, darwin)
	if ds != nil {
		t.Fatal(ds)
	}
	if d := cmp.Diff([]string{"darwin", "darwin-arm64", "D"}, mac.Attrs["words"].Value); d != "" || mac.Platform != darwin {
		t.Errorf("%v %s", mac.Platform, d)
	}
	if again, _ := w.For(lt, darwin); again != mac {
		t.Error("evaluated twice")
	}
	if x, ds := w.For(label.Label{Pkg: "p", Name: "mac"}, darwin); ds != nil || x.Attrs["mode"].Value != "fast" {
		t.Errorf("mac: %v %v", x, ds)
	}
	if _, ds := w.For(label.Label{Pkg: "p", Name: "bad"}, darwin); len(ds) != 1 || ds[0].Code != "bad-value" {
		t.Errorf("bad: %v", ds)
	}
	q, ds := w.For(label.Label{Pkg: "q", Name: "t"}, darwin)
	if ds != nil || q.Platform != darwin || q == w.Target(q.Label) {
		t.Errorf("q: %v %v", q, ds)
	}
	if _, ds := w.For(label.Label{Pkg: "q", Name: "no"}, darwin); !ds.HasErrors() {
		t.Error("an unknown label: no problem")
	}
}

func TestVariables(t *testing.T) {
	root := `
workspace "w" { requires = ">= 0.1, < 1" }
variable "a" {
  default     = "d"
  description = "The a."
}
variable "b" { default = env("B") }
variable "n" {
  type    = number
  default = 1
}
variable "l" {
  type    = list(string)
  default = ["x"]
}
variable "o" {
  type    = object({ name = string, size = optional(number, 3) })
  default = { name = "n" }
}
variable "s" {
  default   = "hush"
  sensitive = true
}
thing "t" {
  words = concat([var.a, var.b, "${var.n}"], var.l, ["${var.o.size}"])
}
`
	env := map[string]string{"CAIRN_VAR_a": "from env", "CAIRN_VAR_n": "7", "B": "b!", "CAIRN_VAR_s": "hushhush"}
	w := mustLoad(t, MapFS{"BUILD.hcl": root, "cairn.local.hcl": `vars = { a = "from local", l = ["y", "z"] }
tools = { gcc = "/opt/gcc" }`}, func(o *Options) {
		o.Vars = map[string]string{"a": "from flag"}
		o.Getenv = func(n string) (string, bool) { v, ok := env[n]; return v, ok }
	})
	if d := cmp.Diff([]string{"from flag", "b!", "7", "y", "z", "3"}, target(t, w, "//:t").Attrs["words"].Value); d != "" {
		t.Error(d)
	}
	if w.Local.Tools["gcc"] != "/opt/gcc" {
		t.Errorf("tools: %v", w.Local.Tools)
	}
	want := Var{Name: "a", Type: "any", Description: "The a.", Winner: Candidate{Origin: "--var", Value: "from flag"}, Losers: []Candidate{
		{Origin: "CAIRN_VAR_a", Value: "from env"}, {Origin: "cairn.local.hcl", Value: "from local"}, {Origin: "default", Value: "d"}}}
	if d := cmp.Diff(want, w.Vars[0], noRanges); d != "" {
		t.Error(d)
	}
	for _, v := range w.Vars {
		if v.Name == "s" && (v.Winner.Value != "" || v.Losers[0].Value != "" || v.Winner.Origin != "CAIRN_VAR_s") {
			t.Errorf("sensitive: %+v", v)
		}
	}
	var names []string
	for _, r := range w.Reads() {
		if r.Kind == Env {
			names = append(names, r.Path)
		}
	}
	if d := cmp.Diff([]string{"B", "CAIRN_VAR_a", "CAIRN_VAR_b", "CAIRN_VAR_l", "CAIRN_VAR_n", "CAIRN_VAR_o"}, names); d != "" {
		t.Errorf("a sensitive variable's environment is not recorded, the others' is\n%s", d)
	}
}

func TestReads(t *testing.T) {
	w := mustLoad(t, MapFS{
		"p/BUILD.hcl": `
command "c" {
  srcs   = glob(["src/**/*.c"])
  script = file("s.sh")
  stdout = git_describe()
  data   = [".hidden/x"]
}
`,
		"p/src/a/b.c": "", "p/s.sh": "x", "p/.hidden/x": "", ".git/HEAD": "", "cairn-out/p/BUILD.hcl": "broken {", "nested/BUILD.hcl": "workspace \"n\" {}",
		"nested/deep/BUILD.hcl": "broken {",
	}, func(o *Options) {
		o.GitDescribe = func(dir string) (string, error) { return "v1-" + filepath.Base(dir), nil }
	})
	var got []string
	for _, r := range w.Reads() {
		s := map[ReadKind]string{File: "file ", Dir: "dir ", Env: "env ", GitDescribe: "git "}[r.Kind] + r.Path
		if r.Absent {
			s += " absent"
		} else if r.Digest.IsZero() {
			t.Errorf("%s has no digest", s)
		}
		if (r.Kind == File || r.Kind == Dir) && !r.Absent && r.Stat == (Stat{}) {
			t.Errorf("%s has no stat", s)
		}
		got = append(got, s)
	}
	want := []string{"file BUILD.hcl", "file BUILD.lock.hcl absent", "file cairn.local.hcl absent", "file nested/BUILD.hcl", "file p/BUILD.hcl", "file p/s.sh",
		"dir ", "dir nested", "dir p", "dir p/.hidden", "dir p/src", "dir p/src/a", "git p"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if target(t, w, "//p:c").Attrs["stdout"].Value != "v1-p" {
		t.Error("git_describe")
	}
}

func TestGlob(t *testing.T) {
	fs := MapFS{"p/BUILD.hcl": "", "p/a.c": "", "p/b.c": "", "p/ab.h": "", "p/.dot": "", "p/sub/c.c": "", "p/sub/deep/d.c": "", "p/pkg/BUILD.hcl": "", "p/pkg/e.c": "",
		"p/ws/BUILD.hcl": "workspace \"x\" {}", "p/ws/f.c": "", "p/.hid/g.c": "", "p/été.txt": "", "p/sub/\u0065\u0301.txt": ""}
	w := mustLoad(t, fs)
	u := newUnit(w.l, "p", linux)
	for _, tt := range []struct {
		in, ex []string
		want   string
	}{
		{[]string{"*.c"}, nil, "a.c b.c"},
		{[]string{"**/*.c"}, nil, "a.c b.c sub/c.c sub/deep/d.c"},
		{[]string{"**"}, []string{"*.c"}, "ab.h sub/c.c sub/deep/d.c sub/e\u0301.txt été.txt"},
		{[]string{"sub/**"}, []string{"**/*.txt"}, "sub/c.c sub/deep/d.c"},
		{[]string{"**/deep/**"}, nil, "sub/deep/d.c"},
		{[]string{"**/**/d.c", "a?.h", "[ab].c"}, []string{"b.*"}, "a.c ab.h sub/deep/d.c"},
		{[]string{".*", ".hid/*"}, nil, ".dot .hid/g.c"},
		{[]string{"pkg/*", "ws/*", "BUILD.hcl", "**/BUILD.hcl"}, nil, ""},
		{[]string{"nosuch/*.c", "a.c/*"}, nil, ""},
	} {
		got, p := u.glob(tt.in, tt.ex)
		if p != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("glob(%v, %v) = %v %v, want %s", tt.in, tt.ex, got, p, tt.want)
		}
	}
}

// A name on disk in Unicode's decomposed form is found by its composed one, which is all that the language knows.
func TestDecomposedNames(t *testing.T) {
	w := mustLoad(t, MapFS{"BUILD.hcl": "workspace \"w\" {}\nthing \"t\" { file = \"\u00e9.txt\" }\ncommand \"c\" { srcs = glob([\"*.txt\"]) }", "e\u0301.txt": ""})
	if got := target(t, w, "//:t").Attrs["file"].Value.(rule.Ref).Path; got != "e\u0301.txt" {
		t.Errorf("%q", got)
	}
	if got := target(t, w, "//:c").Attrs["srcs"].Value.([]rule.Ref)[0].Path; got != "e\u0301.txt" {
		t.Errorf("%q", got)
	}
}

func TestDisk(t *testing.T) {
	root := t.TempDir()
	write := func(p, s string) {
		t.Helper()
		p = filepath.Join(root, p)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("BUILD.hcl", "# a comment\n\nworkspace \"w\" {}\n")
	write("a/b/BUILD.hcl", "command \"c\" { srcs = glob([\"*.txt\"]) }\nthing \"l\" { file = \"link\" }\n")
	write("a/b/x.txt", "x")
	write("in/BUILD.hcl", "workspace \"inner\" {}")
	write("in/p/BUILD.hcl", "")
	for link, to := range map[string]string{"a/b/link": "x.txt", "a/b/loop": "..", "a/b/dangling.txt": "nope"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	w := mustLoad(t, MapFS{}, func(o *Options) { o.FS, o.Root = nil, root })
	if len(w.Targets) != 2 || len(w.Packages) != 2 || w.Name != "w" {
		t.Errorf("targets %v, packages %d", w.Targets, len(w.Packages))
	}
	if got := target(t, w, "//a/b:c").Attrs["srcs"].Value.([]rule.Ref); len(got) != 1 || got[0].Path != "a/b/x.txt" {
		t.Errorf("glob: %v", got)
	}
	for dir, want := range map[string]string{"": "", "a/b": "", "in": "in", "in/p": "in"} {
		got, err := FindRoot(filepath.Join(root, dir))
		if err != nil || got != filepath.Join(root, want) {
			t.Errorf("FindRoot(%q) = %q, %v", dir, got, err)
		}
	}
	if _, err := FindRoot(t.TempDir()); !errors.Is(err, ErrNoWorkspace) {
		t.Errorf("FindRoot elsewhere: %v", err)
	}
	reads := w.Reads()
	i := slices.IndexFunc(reads, func(r Read) bool { return r.Kind == Dir && r.Path == "a/b" })
	entries, err := Disk(root).ReadDir("a/b")
	if err != nil || i < 0 || DirDigest(entries) != reads[i].Digest || reads[i].Stat.Inode == 0 {
		t.Errorf("the folder's read: %v %v", reads[i], err)
	}
}

func TestHasWorkspace(t *testing.T) {
	for src, want := range map[string]bool{
		"workspace \"a\" {}":               true,
		"# c\n/* d */\nworkspace a {\n}":   true,
		"x {\n workspace \"a\" {}\n}":      false,
		"# workspace \"a\" {}":             false,
		"workspace = 1":                    false,
		"x = <<E\nworkspace \"a\" {}\nE\n": false,
		"broken {{{\n":                     false,
		"workspace \"a\" {\n broken = = ":  true,
		"my workspace {}":                  false,
	} {
		if got := hasWorkspace([]byte(src)); got != want {
			t.Errorf("hasWorkspace(%q) = %v", src, got)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w, ds := Load(ctx, testOptions(MapFS{"BUILD.hcl": "workspace \"w\" {}"}))
	if w == nil || len(ds) != 1 || ds[0].Code != "interrupted" {
		t.Errorf("%v", ds)
	}
}

func TestDocs(t *testing.T) {
	for _, f := range Functions() {
		if f.Doc == "" || !strings.HasPrefix(f.Signature, f.Name+"(") {
			t.Errorf("%+v", f)
		}
	}
	for _, b := range Blocks() {
		if b.Doc == "" {
			t.Errorf("%s has no doc", b.Type)
		}
		for _, a := range b.Attrs {
			if a.Doc == "" {
				t.Errorf("%s.%s has no doc", b.Type, a.Name)
			}
		}
	}
}
