package python

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/python/pep"
)

//go:embed runner.py
var runnerSource string

// functions declares runner.py where the script's functions are called, and gives what leads the script in argv: nothing for
// one that is run as a whole.
func functions(c *rule.Context, p *rule.Program) []string {
	if !c.Has("init") && !c.Has("main") {
		return nil
	}
	p.Script.Calls = true
	for _, f := range []struct {
		attr string
		to   *string
	}{{"init", &p.Script.Init}, {"main", &p.Script.Main}} {
		if v := c.Value(f.attr); v != nil {
			var err error
			if *f.to, err = arguments(v); err != nil {
				c.Problem(f.attr, "bad-arguments", fmt.Sprintf("%s is called with nothing like this", f.attr), err.Error())
			}
		}
	}
	runner := c.OutputFile("", "tools/runner.py")
	c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{runner}, Call: &rule.Call{Func: "python_tool/1", Args: encode(toolArgs{runner.Path, runnerSource})}})
	p.Data = append(p.Data, runner)
	// cairn run tells it over descriptors of its own; a command that has the script for a tool, and cairn watch, do not.
	calls := c.OutputFile("", "tools/calls.json")
	var words []string
	for _, f := range [][2]string{{"init", p.Script.Init}, {"main", p.Script.Main}} {
		if f[1] != "" {
			words = append(words, strconv.Quote(f[0])+": "+f[1])
		}
	}
	c.Declare(rule.Action{Mnemonic: "Write", Outputs: []rule.Artifact{calls}, Call: &rule.Call{Func: "python_tool/1", Args: encode(toolArgs{calls.Path, "{" + strings.Join(words, ", ") + "}\n"})}})
	p.Data = append(p.Data, calls)
	return []string{runner.Path, "--calls", calls.Path}
}

// arguments writes what a function is called with as {"args": [...], "kwargs": {...}}.
func arguments(v any) (string, error) {
	call := struct {
		Args   []any          `json:"args,omitempty"`
		Kwargs map[string]any `json:"kwargs,omitempty"`
	}{}
	const form = "It takes a list of arguments, an object of named ones, or { args = [...], kwargs = {...} }."
	switch v := v.(type) {
	case []any:
		call.Args = v
	case map[string]any:
		whole := true
		for k := range v {
			whole = whole && (k == "args" || k == "kwargs")
		}
		if !whole {
			call.Kwargs = v
			break
		}
		var ok bool
		if a, has := v["args"]; has {
			if call.Args, ok = a.([]any); !ok {
				return "", fmt.Errorf("args is no list. %s", form)
			}
		}
		if k, has := v["kwargs"]; has {
			if call.Kwargs, ok = k.(map[string]any); !ok {
				return "", fmt.Errorf("kwargs is no object. %s", form)
			}
		}
	default:
		return "", fmt.Errorf("%s", form)
	}
	b, err := json.Marshal(call)
	return string(b), err
}

// Runner gives runner.py, for scripts that are no target's, and a file's name for it that is another one for other text.
func Runner() (name, text string) {
	sum := sha256.Sum256([]byte(runnerSource))
	return "runner-" + hex.EncodeToString(sum[:8]) + ".py", runnerSource
}

// Library gives the name and version of a library in a packages.json: the own code that is of the project of a pyproject.toml (nil
// for none), else any package of that name, else the first that is own code; "" where there is no such thing.
func Library(list, pyproject []byte) (name, version string) {
	var packages []listed
	if json.Unmarshal(list, &packages) != nil {
		return "", ""
	}
	project := ""
	if doc, err := parseTOML(pyproject); err == nil {
		project = text(object(doc, "project"), "name")
		if project == "" {
			project = text(object(object(doc, "tool"), "poetry"), "name")
		}
	}
	best := listed{}
	for _, p := range packages {
		named := project != "" && pep.Normalize(p.Name) == pep.Normalize(project)
		if p.Absent == "" && (named || p.Own && best.Name == "") {
			best = p
		}
		if named {
			break
		}
	}
	return best.Name, best.Version
}
