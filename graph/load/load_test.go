package load

import (
	"context"
	"strings"
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
