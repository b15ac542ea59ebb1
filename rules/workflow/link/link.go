// Package link joins a spec with the tasks that it uses, and says all that is wrong with that.
package link

import (
	"github.com/cairn-build/cairn/rules/workflow/registry"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// Workflow is a spec whose names are known.
type Workflow struct {
	Spec  *spec.Spec
	Tasks []*Task // in the order of the file
	// Imports are what a module that runs all tasks imports, sorted; conditions of skipif are among them.
	Imports []Import
	// Env are the environment's variables that the spec names, sorted.
	Env []string
}

// Import is one function in generated code.
type Import struct {
	Module string // Entry.Public
	Name   string
	Alias  string // the name in the code: Name, or Name_1, Name_2 where several tasks of one name are used
	Entry  *registry.Entry
}

// Task is an instance with what it calls.
type Task struct {
	*spec.Instance
	Entry      *registry.Entry
	Alias      string   // of Imports
	Conditions []string // aliases of the functions that decide whether it is skipped
	Depth      int      // unpack_depth of Conditions
	// Open are the arguments that the user may set, in the order of the signature: all but those that are bound and mapped.
	Open []string
	// Needs are ids of the instances whose results it takes, in the order of first use.
	Needs []string
}
