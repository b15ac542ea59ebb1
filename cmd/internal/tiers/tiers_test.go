// Package tiers holds the test that keeps imports pointing one way: cmd -> rules, graph, cache; graph -> cache; and so on.
package tiers

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cairn-build/cairn/"

// rule says what packages may not import. Paths of ours are written without the module's path; a pattern that ends in
// /... covers a folder and all below it.
type rule struct {
	name   string
	who    []string // the packages that it is about
	except []string // and those that it is not about
	may    []string // of ours: all that they may import (nil: anything)
	never  []string // ours or foreign: what they must not import
	family bool     // may holds what lies in the same folder of the tier, too: rules/python for rules/python/...
	direct bool     // never is about direct imports only
	tests  bool     // test files are held to it as well
	why    string
}

var rules = []rule{
	{
		name: "the cache knows nothing of graphs", who: []string{"cache/..."}, may: []string{"cache/..."},
		why: "bytes live there under their digests; whoever decides what they mean can change without touching the stores",
	},
	{
		name: "the cache's tests as well", who: []string{"cache/..."}, never: []string{"graph/...", "rules/...", "cmd/..."}, tests: true,
		why: "a store that needs a graph to be tested has the wrong interface",
	},
	{
		name: "graph does not know rules or commands", who: []string{"graph/..."}, never: []string{"rules/...", "cmd/..."},
		why: "the engine decides what must happen, for kinds that it has never heard of",
	},
	{
		name: "rules see what a rule author sees", who: []string{"rules/..."}, except: []string{"rules", "rules/ruletest", "rules/workflow/..."},
		may: []string{"graph/rule", "graph/label", "graph/diag"}, family: true,
		why: "a kind touches neither disk nor network, so that analysis is pure and can be cached",
	},
	{
		name: "workflows stand on Python's environments", who: []string{"rules/workflow/..."},
		may: []string{"graph/rule", "graph/label", "graph/diag", "rules/python"}, family: true,
		why: "a workflow runs in a python_env and takes what one provides, and nothing of other families",
	},
	{
		name: "an IOC starts from what modules and bases provide", who: []string{"rules/ioc/start"}, never: []string{"rules/ioc/module", "rules/ioc/base"},
		why: "how they are built is no matter of who loads them: providers in rules/ioc say all, and those of other kinds will do",
	},
	{
		name: "rules do no I/O", who: []string{"rules/..."}, except: []string{"rules/ruletest"},
		never: []string{"os", "os/exec", "net", "net/http", "syscall"}, direct: true,
		why: "what a rule reads must be declared, or it is missing from keys",
	},
	{
		name: "labels and digests are words", who: []string{"graph/label", "cache/digest"}, may: []string{},
		why: "vocabulary imports nothing of ours: everything else imports it",
	},
	{
		name: "problems are values", who: []string{"graph/diag"}, may: []string{},
		why: "every package reports them, so they depend on none",
	},
	{
		name: "HCL stays in loading", who: []string{"graph/...", "rules/...", "cache/...", "cmd/..."}, except: []string{"graph/load", "graph/load/..."},
		never: []string{"github.com/hashicorp/hcl/...", "github.com/zclconf/go-cty/..."}, direct: true,
		why: "a no-op must be able to do without HCL, and the language can change without the engine",
	},
	{
		name: "what a rule author sees is small", who: []string{"graph/rule"}, may: []string{"graph/label", "graph/diag"},
		why: "rules compile against it alone",
	},
	{
		name: "running a command knows no targets", who: []string{"graph/exec/..."}, except: []string{"graph/exec/remote"},
		never: []string{"graph/load", "graph/analysis", "graph/build", "graph/state", "graph/action"},
		why:   "a runner is given files and a command line, so that it can be replaced by one on another machine",
	},
	{
		name: "state is mapped, not decoded", who: []string{"graph/state"}, never: []string{"graph/load", "graph/build", "encoding/json", "encoding/gob", "github.com/hashicorp/hcl/..."},
		why: "the no-op path is paid for on every build",
	},
	{
		name: "queries see an interface", who: []string{"graph/query"}, may: []string{"graph/label", "graph/diag"},
		why: "they are asked of the snapshot, and of a fresh graph, and of fakes",
	},
	{
		name: "the engine does not print", who: []string{"graph/...", "rules/...", "cache/..."}, never: []string{"cmd/...", "golang.org/x/term", "github.com/spf13/cobra"},
		why: "what happens is told through events; how it looks is cmd/internal/ui's matter",
	},
	{
		name: "ui decides nothing", who: []string{"cmd/internal/ui"}, may: []string{"cmd/internal/ui", "graph/build", "graph/procedure", "graph/diag", "graph/rule", "graph/label"}, direct: true,
		why: "how things look must not depend on how they are done",
	},
	{
		name: "the heavy stay out of the start", who: []string{"graph/...", "rules/...", "cache/...", "cmd/..."}, never: []string{"google.golang.org/protobuf/...", "github.com/bazelbuild/remote-apis/..."},
		direct: true,
		why:    "their initialisers cost milliseconds at each start; REAPI messages are encoded by hand, and only tests compare with the originals",
	},
	{
		name: "go-cmp and hclwrite are for tests only", who: []string{"graph/...", "rules/...", "cache/...", "cmd/..."},
		never: []string{"github.com/google/go-cmp/...", "github.com/hashicorp/hcl/v2/hclwrite"},
		why:   "hclwrite imports go-cmp, whose initialisers cost each start half a millisecond; graph/load/format/layout does what we need of it",
	},
	{
		name: "JSON Schemas are checked by hand", who: []string{"graph/...", "rules/...", "cache/...", "cmd/..."},
		never: []string{"github.com/santhosh-tekuri/jsonschema/..."},
		why:   "its initialisers cost each start 12 ms; rules/workflow/gen/schema does what we need of it, and its tests compare",
	},
}

type pkg struct {
	ImportPath   string
	Imports      []string
	Deps         []string
	TestImports  []string
	XTestImports []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps,TestImports,XTestImports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var ps []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return ps
		}
		if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
}

func covered(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if dir, ok := strings.CutSuffix(p, "/..."); ok {
			return name == dir || strings.HasPrefix(name, dir+"/")
		}
		return name == p
	})
}

func TestTiers(t *testing.T) {
	ps := list(t)
	if len(ps) < 10 {
		t.Fatalf("go list gave %d packages", len(ps))
	}
	for _, r := range rules {
		about := 0
		for _, p := range ps {
			name := strings.TrimPrefix(p.ImportPath, module)
			if !covered(name, r.who) || covered(name, r.except) {
				continue
			}
			about++
			for _, i := range broken(r, p) {
				t.Errorf("%s imports %s, but %s: %s", name, i, r.name, r.why)
			}
		}
		if about == 0 {
			t.Errorf("the rule %q is about no package any more", r.name)
		}
	}
}

// broken gives the imports of p that r forbids.
func broken(r rule, p pkg) []string {
	imports := p.Imports
	may := r.may
	if parts := strings.Split(strings.TrimPrefix(p.ImportPath, module), "/"); r.family && len(parts) > 1 {
		may = append(slices.Clone(may), path.Join(parts[:2]...)+"/...")
	}
	if !r.direct && len(r.never) > 0 {
		imports = p.Deps
	}
	if r.tests {
		imports = slices.Concat(p.TestImports, p.XTestImports)
	}
	var bad []string
	for _, i := range imports {
		ours, isOurs := strings.CutPrefix(i, module)
		switch {
		case covered(ours, r.never), isOurs && r.may != nil && !covered(ours, may):
			bad = append(bad, path.Clean(ours))
		}
	}
	return bad
}
