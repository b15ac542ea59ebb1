package resolve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// known reads pools: lines of `module version: dependency version, dependency`; a line `---` starts the next pool.
func known(t *testing.T, text string) *Known {
	t.Helper()
	k, pool := &Known{}, 0
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch line {
		case "":
			continue
		case "---":
			pool++
			continue
		}
		head, deps, _ := strings.Cut(line, ":")
		name, v, ok := strings.Cut(head, " ")
		if !ok {
			t.Fatalf("%q", line)
		}
		file := fmt.Sprintf("pool%d/%s/%s/%s.dep", pool, name, v, name)
		f, problems := dep.Read(file, []byte(dep.Header+"\n"+strings.ReplaceAll(deps, ",", "\n")))
		k.Add(name, version.Installed{Version: v, Pool: pool}, f, problems)
	}
	return k
}

// ask reads requests: `a 1.0.0, b`. The n-th stands in line n of st.cmd.
func ask(text string) []Request {
	var out []Request
	for i, s := range strings.Split(text, ",") {
		name, v, _ := strings.Cut(strings.TrimSpace(s), " ")
		out = append(out, Request{Module: name, Version: v, Range: diag.Range{File: "st.cmd", Start: diag.Pos{Line: i + 1}}})
	}
	return out
}

func order(c *Closure) string {
	if c == nil {
		return "-"
	}
	var out []string
	for _, m := range c.Modules {
		out = append(out, m.Name+" "+m.Version)
	}
	return strings.Join(out, ", ")
}

const diamond = `
llrf 5.0.0: asyn 4.42.0, scaling 1.0.0
scaling 1.0.0+2: asyn 4.42.0
scaling 1.0.0+1: asyn 4.41.0
asyn 4.41.0:
asyn 4.42.0+0:
asyn 4.43.0:
other 1.0.0: asyn 4.41.0
`

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		name, pools, ask string
		want             string // load order; "-": an error
		says             []string
	}{
		{"chain", "a 1.0.0: b 1.0.0\nb 1.0.0: c 1.0.0\nc 1.0.0:", "a", "c 1.0.0, b 1.0.0, a 1.0.0", nil},
		{"diamond", diamond, "llrf", "asyn 4.42.0+0, scaling 1.0.0+2, llrf 5.0.0", nil},
		{"any version gives way to one that is named", diamond, "asyn, llrf", "asyn 4.42.0+0, scaling 1.0.0+2, llrf 5.0.0", nil},
		{"a revision gives way to one that is named", "a 1.0.0: b 1.0.0\nc 1.0.0: b 1.0.0+1\nb 1.0.0+1:\nb 1.0.0+2:", "a, c", "b 1.0.0+1, a 1.0.0, c 1.0.0", nil},
		{"conflict", diamond, "llrf 5.0.0, other", "-", []string{
			"st.cmd:2: module asyn is wanted at versions that exclude each other: 4.41.0, 4.42.0",
			"st.cmd:2 asks for other (any version); other 1.0.0 depends on asyn 4.41.0.",
			"st.cmd:1 asks for llrf 5.0.0; llrf 5.0.0 depends on asyn 4.42.0."}},
		{"conflict of revisions", "b 1.0.0+0:\nb 1.0.0+1:\na 1.0.0: b 1.0.0+0", "a, b 1.0.0+1", "-", []string{"exclude each other: 1.0.0+0, 1.0.0+1"}},
		{"missing version", diamond, "asyn 4.40.0", "-", []string{
			"Module asyn version 4.40.0 not available (but other versions are available)", "There are: 4.43.0, 4.42.0+0, 4.41.0."}},
		{"missing version below", "a 1.0.0: b 2.0.0\nb 1.0.0:", "a", "-", []string{
			"Module b version 2.0.0 not available (but", "st.cmd:1 asks for a (any version); a 1.0.0 depends on b 2.0.0.", "There are: 1.0.0."}},
		{"missing module", diamond, "assyn", "-", []string{"Module assyn not available", `Did you mean "asyn"?`}},
		{"nothing like it", diamond, "motor", "-", []string{"Module motor not available", "A module that is a target is named by its label, in deps or with -r"}},
		{"1.0 is no 1.0.0", "a 1.0.0:\na 1.0.1:", "a 1.0", "-", []string{"Module a version 1.0 not available (but", "was 1.0.0 meant?"}},
		{"junk in a .dep", "a 1.0.0: tmp lab", "a", "-", []string{"Module tmp version lab not available", "a 1.0.0 depends on tmp lab"}},
		{"cycle", "a 1.0.0: b 1.0.0\nb 1.0.0: c\nc 1.0.0: a 1.0.0", "b", "-", []string{
			"modules depend on each other in a circle: b 1.0.0 -> c 1.0.0 -> a 1.0.0 -> b 1.0.0"}},
		{"itself", "a 1.0.0: a 1.0.0", "a", "-", []string{"circle: a 1.0.0 -> a 1.0.0"}},
		{"no version settles", "a 2.0.0: b 1.0.0\na 1.0.0:\nb 1.0.0: a 1.0.0", "a", "-", []string{"circle: a"}},
		{"test version", "a test:", "a", "a test", []string{"the version of module a may be unexpected", "the test version test is taken"}},
		{"test version, asked for", "a test:", "a test", "a test", nil},
		{"none", "a 1.0.0: b none", "a, c none", "a 1.0.0", nil},
		{"pools", "a 1.0.0: b 1.0.0\n---\na 1.0.0:\nb 1.0.0:\na 1.0.0+1: b", "a 1.0.0", "b 1.0.0, a 1.0.0+1", nil},
		{"damaged", "a 1.0.0: b 1.0.0,\x00\x00\nb 1.0.0:", "a", "-", []string{"pool0/a/1.0.0/a.dep:3: the .dep file is damaged"}},
		{"damage where nobody asks", "a 2.0.0: \x00\na 1.0.0:", "a 1.0.0", "a 1.0.0", nil},
		{"what lost asks for nothing", "a 1.0.0: b 1.0.0\nb 2.0.0: c 2.0.0\nb 1.0.0:\nc 1.0.0:\nc 2.0.0:", "a, b, c 1.0.0", "b 1.0.0, a 1.0.0, c 1.0.0", nil},
		{"all at once", "a 1.0.0: b 1.0.0, c 1.0.0", "a", "-", []string{"Module b version 1.0.0 not available", "Module c version 1.0.0 not available"}},
	} {
		got, problems := Resolve(ask(c.ask), known(t, c.pools), Options{Arch: "linux-x86_64"})
		if order(got) != c.want || problems.HasErrors() != (c.want == "-") {
			t.Errorf("%s: %s, want %s\n%v", c.name, order(got), c.want, problems)
		}
		text := problems.Error()
		for _, d := range problems {
			text += "\n" + d.Hint
		}
		for _, s := range c.says {
			if !strings.Contains(text, s) {
				t.Errorf("%s: it does not say %q:\n%s", c.name, s, text)
			}
		}
		if c.says == nil && len(problems) > 0 {
			t.Errorf("%s: %v", c.name, problems)
		}
	}
}

func TestElsewhere(t *testing.T) {
	k := &Known{}
	k.AddElsewhere("a")
	_, problems := Resolve(ask("a 1.0.0"), k, Options{Arch: "linux-aarch64"})
	if want := "Module a version 1.0.0 not available for linux-aarch64 (but maybe for other EPICS versions or architectures)"; len(problems) != 1 || problems[0].Summary != want {
		t.Errorf("%v", problems)
	}
}

func TestStrictOrder(t *testing.T) {
	for _, c := range []struct{ name, pools, ask, want, says string }{
		{"as asked", diamond, "other, asyn 4.41.0", "asyn 4.41.0, other 1.0.0", ""},
		{"an unversioned request first", diamond, "asyn, llrf", "-", "Conflict between requested asyn version 4.42.0 and already loaded version 4.43.0."},
		{"the other way round", diamond, "llrf, asyn", "asyn 4.42.0+0, scaling 1.0.0+2, llrf 5.0.0", ""},
		{"both chains", diamond, "llrf, other", "-", "st.cmd:1 asks for llrf (any version); llrf 5.0.0 depends on asyn 4.42.0.\nst.cmd:2 asks for other (any version); other 1.0.0 depends on asyn 4.41.0."},
		{"order of the folder", "a 1.0.0:\na 1.0.0+0:", "a", "a 1.0.0", "Between 1.0.0 and 1.0.0+0"},
		{"order of the folder, reversed", "a 1.0.0+0:\na 1.0.0:", "a 1.0.0", "a 1.0.0+0", "Between"},
		{"revision", "a 1.0.0: b 1.0.0\nc 1.0.0: b 1.0.0+1\nb 1.0.0+1:\nb 1.0.0+2:", "a, c", "-", "Conflict between requested b version 1.0.0+1 and already loaded version 1.0.0+2."},
		{"missing", "a 1.0.0: b 2.0.0\nb 1.0.0:", "a", "-", "Module b version 2.0.0 not available (but other versions are available)"},
		{"cycle", "a 1.0.0: b\nb 1.0.0: a", "b", "-", "circle: b 1.0.0 -> a 1.0.0 -> b 1.0.0"},
		{"order of requests", "a 1.0.0:\nb 1.0.0:", "b, a, b 1.0.0, c none", "b 1.0.0, a 1.0.0", ""},
	} {
		got, problems := Resolve(ask(c.ask), known(t, c.pools), Options{StrictOrder: true})
		if order(got) != c.want || !strings.Contains(problems.Error(), c.says) || c.says == "" && len(problems) > 0 {
			t.Errorf("%s: %s, want %s\n%v", c.name, order(got), c.want, problems)
		}
	}
}

func TestTree(t *testing.T) {
	c, _ := Resolve(ask("llrf, scaling"), known(t, diamond), Options{Pools: []string{"siteMods"}})
	want := `llrf 5.0.0  siteMods
├── asyn 4.42.0+0 (for 4.42.0)  siteMods
└── scaling 1.0.0+2 (for 1.0.0)  siteMods
    └── asyn 4.42.0+0 (for 4.42.0)  siteMods
scaling 1.0.0+2  siteMods  (see above)
`
	if got := c.Tree(); got != want {
		t.Errorf("got\n%s", got)
	}
}
