package load

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

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
