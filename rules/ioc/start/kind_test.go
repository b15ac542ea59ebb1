package start

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/ioctest"
	"github.com/cairn-build/cairn/rules/ruletest"
)

// iocWorld has a base with require, modules in several versions, and pools.
func iocWorld() ruletest.World {
	require := ioctest.Module("require", "5.1.100")
	base := ioc.Base{Headers: ioctest.Tree("base/include"), Dbd: ioctest.Tree("base/dbd"), Runtime: ioctest.Tree("base/runtime"), Arch: "linux-x86_64", Version: "7.0.8.1", Require: &require}
	bare := base
	bare.Require = nil
	c1, c2 := ioctest.Module("c", "4.42.0"), ioctest.Module("c", "4.42.0+1")
	c2.Label.Name = "c2"
	old := ioctest.Module("c", "4.41.0")
	old.Label.Name = "old_c"
	b := ioctest.Module("b", "2.0.0", c1)
	a := ioctest.Module("a", "1.0.0", b)
	target := func(name string, p rule.Provider) []rule.Dep {
		return []rule.Dep{{Label: label.Label{Name: name}, Providers: []rule.Provider{p}}}
	}
	return ruletest.World{
		Targets: map[string][]rule.Dep{
			"//:base": target("base", base), "//:bare": target("bare", bare), "//:a": target("a", a), "//:b": target("b", b), "//:c": target("c", c1),
			"//:none": target("none", ioc.Module{Label: label.Label{Name: "none"}, Name: "none", Version: "1.0.0", Excluded: "It is for others."}),
			"//:pool": target("pool", ioc.Pool{Modules: []ioc.Module{old, c1, c2, b}}),
			"//:site": target("site", ioc.Pool{Path: "/opt/siteMods", Index: rule.Artifact{Path: "cairn-out/site/index.json", Kind: rule.OutputFile}}),
			"//:made": {{Label: label.Label{Name: "made"}, Files: []rule.Artifact{{Path: "cairn-out/made/st.cmd", Kind: rule.OutputFile}}}},
			"//:lab":  target("lab", Ioc{Name: "LAB", Base: base, Pool: ioctest.Tree("lab/pool"), Start: ioctest.Tree("lab/start"), Folders: []string{"/opt/siteMods"}}),
		},
		Sources: map[string]string{
			"pkg/st.cmd":   "require c,4.42.0\niocshLoad $(E3_CMD_TOP)/more.cmd\n",
			"pkg/more.cmd": "require b\n",
		},
	}
}

func TestIoc(t *testing.T) {
	with := func(attrs map[string]any) map[string]any {
		if _, ok := attrs["base"]; !ok {
			attrs["base"] = "//:base"
		}
		return attrs
	}
	ruletest.Golden(t, Kind, iocWorld(), []ruletest.Case{
		{Name: "all of it", Attrs: with(map[string]any{"startup": "st.cmd", "require": []string{"c"}, "deps": []string{"//:a"}, "pools": []string{"//:pool", "//:site"},
			"commands": []string{"dbl"}, "databases": []string{"x.db"}, "macros": map[string]string{"P": "A:", "R": "a, b"}, "ioc_name": "LAB:1", "compat": "3.4",
			"strict_order": true, "data": []string{"more.cmd"}}), Common: rule.Common{Env: map[string]string{"X": "y", "T_A": "other"}}},
		{Name: "only what is asked for is built", Attrs: with(map[string]any{"startup": "st.cmd", "data": []string{"more.cmd"}, "pools": []string{"//:pool"}})},
		{Name: "a script that is made", Attrs: with(map[string]any{"startup": "//:made", "pools": []string{"//:pool"}})},
		{Name: "nothing", Label: "//:x+y", Attrs: with(map[string]any{})},
		{Name: "wrong words", Attrs: with(map[string]any{"require": []string{"", "a b,1"}, "commands": []string{"a\nb"}, "ioc_name": "a b", "deps": []string{"//:none"}})},
		{Name: "wrong names", Attrs: with(map[string]any{"macros": map[string]string{"": "a", "A,B": "b", "C=D": "c", "E F": "d", "OK": "e"}, "ioc_name": "a.b"})},
		{Name: "no base", Attrs: map[string]any{}},
		{Name: "a base without require", Attrs: map[string]any{"base": "//:bare"}},
	})
}

func TestIocTest(t *testing.T) {
	with := func(attrs map[string]any) map[string]any {
		if _, ok := attrs["wait"]; !ok {
			attrs["wait"] = "60s"
		}
		return attrs
	}
	ruletest.Golden(t, TestKind, iocWorld(), []ruletest.Case{
		{Name: "an ioc", Attrs: with(map[string]any{"ioc": "//:lab", "macros": map[string]string{"P": "Q"}, "pvs": map[string]any{"$(IOC):$(P)": "${P}$(IOC)"},
			"output": []string{"^a"}, "allow": []string{"b"}, "input": []string{"dbl"}})},
		{Name: "modules", Attrs: with(map[string]any{"base": "//:base", "deps": []string{"//:c"}})},
		{Name: "both", Attrs: with(map[string]any{"ioc": "//:lab", "deps": []string{"//:c"}})},
		{Name: "wrong values", Attrs: with(map[string]any{"ioc": "//:lab", "pvs": map[string]any{"A": map[string]any{"tolerance": "x"}}})},
		{Name: "wrong names", Attrs: with(map[string]any{"ioc": "//:lab", "pvs": map[string]any{"A B": 1.0}})},
		{Name: "no object", Attrs: with(map[string]any{"ioc": "//:lab", "pvs": []any{}})},
		{Name: "no time", Attrs: map[string]any{"ioc": "//:lab", "wait": "now"}},
		{Name: "no ioc", Attrs: with(map[string]any{"ioc": "//:c"})},
	})
}

func TestExpectations(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`5`, `{"value":5} {"value":5}`},
		{`false`, `{"value":false} {"value":false}`},
		{`["$(P)", 1]`, `{"value":["p",1]} {"value":["p",1]}`},
		{`{}`, `{} {}`},
		{`{"value": 1, "tolerance": 0.5}`, `{"value":1,"tolerance":0.5} {"value":1,"tolerance":0.5}`},
		{`{"match": "^$(P)"}`, `{"match":"^p"} {"match":"^p"}`},
		{`{"ca": "On", "pva": {"match": "x"}}`, `{"value":"On"} {"match":"x"}`},
		{`{"value": 1, "ca": false}`, `null {"value":1}`},
		{`{"value": 1, "pva": true}`, `{"value":1} {"value":1}`},
		{`{"tolerance": -1}`, `tolerance is a number.`},
		{`{"match": 1}`, `match is a regular expression.`},
		{`{"ca": {"pva": 1}}`, `ca says what is expected over one protocol.`},
		{`{"pva": {"valu": 1}}`, `There is no "valu": there are value, tolerance, match, ca and pva.`},
	} {
		var v any
		if err := json.Unmarshal([]byte(c.in), &v); err != nil {
			t.Fatal(err)
		}
		ca, pva, why := readExpectation(v, func(s string) string { return strings.ReplaceAll(s, "$(P)", "p") })
		got := why
		if why == "" {
			x, _ := json.Marshal(ca)
			y, _ := json.Marshal(pva)
			got = string(x) + " " + string(y)
		}
		if got != c.want {
			t.Errorf("%s: %s, not %s", c.in, got, c.want)
		}
	}
}

func TestTreePath(t *testing.T) {
	for _, c := range []struct{ at, top, want string }{
		{treeRoot + "/pkg/a.cmd", "pkg", "pkg/a.cmd"},
		{treeRoot + "/pkg/../b.cmd", "pkg", "b.cmd"},
		{treeRoot + "/pkg/../../b.cmd", "pkg", ""},
		{"a.cmd", "pkg", "pkg/a.cmd"},
		{"a.cmd", ".", "a.cmd"},
		{"a.cmd", "", ""},
		{"../../a.cmd", "pkg", ""},
		{"/etc/a.cmd", "pkg", ""},
	} {
		got, ok := treePath(c.at, c.top)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%q in %q: %q", c.at, c.top, got)
		}
	}
}
