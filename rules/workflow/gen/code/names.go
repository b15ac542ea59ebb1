package code

import (
	"slices"

	"github.com/cairn-build/cairn/rules/workflow/gen/pyfmt"
	"github.com/cairn-build/cairn/rules/workflow/link"
	"github.com/cairn-build/cairn/rules/workflow/registry"
)

// own are names that the modules of DAGs use themselves. A task or an instance of such a name has another one in the code.
var own = []string{"Any", "Callable", "Dag", "bool", "create_func_magicmock", "dag", "dict", "float", "int", "main", "metadata", "os", "params",
	"str", "task", "validate", "validate_params_schema", "workers", "wt_task"}

// scope is what things are called in a module.
type scope struct {
	alias   map[string]string // of the imported functions, by their alias in link
	id      map[string]string // of the results, by the instances' ids
	mocked  []link.Import     // with the alias of this module
	imports []pyfmt.Import
	objects map[string]bool // aliases of link whose name is bound to a task object
	mocks   map[string]bool // aliases of link that are mocked
}

// names gives everything a name in a module. Tasks of input and output are not imported where they are mocked.
func names(w *link.Workflow, mock bool) *scope {
	s := &scope{alias: map[string]string{}, id: map[string]string{}, objects: map[string]bool{}, mocks: map[string]bool{}}
	used := map[string]bool{}
	for _, n := range own {
		used[n] = true
	}
	// Ids come first: they are what people know the results by.
	for _, t := range w.Tasks {
		s.id[t.ID] = free(used, t.ID)
	}
	for _, i := range w.Imports {
		name := free(used, i.Alias)
		s.alias[i.Alias] = name
		s.objects[i.Alias] = i.Entry.Object
		if mock && i.Entry.IO() && called(w, i.Entry) {
			s.mocks[i.Alias] = true
			i.Alias = name
			s.mocked = append(s.mocked, i)
			continue
		}
		s.imports = append(s.imports, pyfmt.Import{Module: i.Module, Name: i.Name, As: name})
	}
	return s
}

func free(used map[string]bool, name string) string {
	for used[name] {
		name += "_"
	}
	used[name] = true
	return name
}

// called says whether an instance calls e; conditions are not mocked.
func called(w *link.Workflow, e *registry.Entry) bool {
	return slices.ContainsFunc(w.Tasks, func(t *link.Task) bool { return t.Entry == e })
}
