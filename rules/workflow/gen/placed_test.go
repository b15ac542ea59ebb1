package gen

import (
	"errors"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// TestBadSchemas: what is wrong with a schema is said at the task or the override that it comes from.
func TestBadSchemas(t *testing.T) {
	const head = "id: x\nrequirements: []\nworkflow:\n  - type: task-group\n    title: G\n    description: D\n    tasks:\n      - {name: A, id: a, task: good}\n  - name: B\n    id: b\n    task: FN\n"
	const tasks = `{"version":"1.0.0","entries":{
		"m.good":{"metadata":{"title":"","description":"","tags":[]},"module_path":"m","public_module_path":"m","function_name":"good","json_schema":{"type":"object","properties":{"p":{"type":"string"}}}},
		"m.bad":{"metadata":{"title":"","description":"","tags":[]},"module_path":"m","public_module_path":"m","function_name":"bad","json_schema":{"type":"object","properties":{"p":{"oneOf":[]}}}}}}`
	for _, c := range []struct {
		name, spec, want string
		line             int
	}{
		{"task", strings.Replace(head, "FN", "bad", 1), "Compiled artifact 'params.json' is not a valid JSON Schema; `/properties/b/properties/p/oneOf` must be a list of schemas with one at least.", 11},
		{"override", strings.Replace(head, "FN", "good", 1) + "rjsf-overrides:\n  properties:\n    b.properties.p.minLength: 1\n    G.properties.a.properties.p.type: text\n",
			"Compiled artifact 'rjsf.json' is not a valid JSON Schema; `/properties/G/properties/a/properties/p/type` must be array, boolean, integer, null, number, object or string.", 15},
		{"no place", strings.Replace(head, "FN", "good", 1) + "rjsf-overrides:\n  uiSchema:\n    ui:order.x: 1\n", "The override \"ui:order.x\" has no place; In `rjsf.json`, ui:order has 2 elements", 14},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, problems := spec.Parse("spec.yaml", []byte(c.spec))
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			f, err := registry.Parse([]byte(tasks))
			if err != nil {
				t.Fatal(err)
			}
			w, problems := link.Link(s, f)
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			_, err = Compile(w, Options{Compiler: "cairn test"})
			var l diag.List
			if !errors.As(err, &l) || len(l) != 1 {
				t.Fatalf("got %v", err)
			}
			if l[0].Range.Start.Line != c.line || !strings.Contains(l[0].Error(), c.want) {
				t.Errorf("line %d: %v, not line %d: %s", l[0].Range.Start.Line, l[0], c.line, c.want)
			}
		})
	}
}
