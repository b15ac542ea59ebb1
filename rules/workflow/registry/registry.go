// Package registry reads what an environment's Python says of the tasks that are registered in it.
package registry

import "github.com/cairn-build/cairn/rules/workflow/ojson"

// Entry is one registered task.
type Entry struct {
	Module   string // where the function is defined: "pkg.tasks._io"
	Public   string // the shortest path that gives it: "pkg.tasks"
	Function string

	Title             string
	Description       string
	Tags              []string
	Deprecated        bool
	DeprecatedMessage string
	// Object says that the name is bound to a task object of generation A's own core, whose attribute func is the function.
	Object bool
	// Mock is the extension of the example that stands in for what the task returns with mocked input and output ("json"), "" for none.
	Mock string
	// Schema is the JSON Schema of the arguments: properties, required, $defs.
	Schema *ojson.Object
	// Returns is the JSON Schema of what it returns, nil where there is none to be had.
	Returns *ojson.Object
	// KeepsRest says that the function takes arguments of any name (**kwargs).
	KeepsRest bool
}

// IO says whether the task is replaced by its example with mocked input and output.
func (e *Entry) IO() bool {
	for _, t := range e.Tags {
		if t == "io" {
			return true
		}
	}
	return false
}

// Finder gives the tasks of a name. A tree of one file for each name is one (see Tree), so that who looks up a name reads one file.
type Finder interface {
	// Named gives the entries whose function has this name, sorted by Public; nil where there is none.
	Named(function string) ([]*Entry, error)
	// Names gives all names, for messages only.
	Names() []string
}
