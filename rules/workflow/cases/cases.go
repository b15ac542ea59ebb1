// Package cases reads test-cases.yaml: with which parameters a workflow is run, and what has to come of it.
// It knows neither the workflow nor how a run is started.
package cases

import (
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

// File is what a test-cases.yaml means.
type File struct {
	Cases []*Case // in the order of the file
}

// Case is one set of parameters with what is expected of a run with them.
type Case struct {
	Key         string // what the file calls it: "month-grouper"; a name of a file or folder as well
	Name        string // for people
	Description string
	// Params are by instance id and argument, in the order of the file. Never nil.
	Params *ojson.Object
	// Asserts says that the case has assertions (generation A); then there is no snapshot of its result. Contains are texts that what
	// a run prints has to hold.
	Asserts  bool
	Contains []string
	// Raises says that a task is expected to fail; what is compared then is the error.
	Raises bool
	Status int // what POST / answers with: 200 where the file says nothing

	// MockIO says whether tasks that read and write are replaced by their examples; nil where the file leaves that to who runs it.
	MockIO *bool
	// Mocks are files that take the place of the examples that tasks bring, in the order of the file.
	Mocks []Mock

	At diag.Range // of the key
}

// Mock is one entry of mock_io_overrides, a key that the ecosystem's test scripts have.
type Mock struct {
	Task string // "package.tasks.function"
	File string // a path relative to the test cases' folder, or an address
	At   diag.Range
}

// Env gives the variable of the environment by which wt-task is told of the file.
func (m Mock) Env() string {
	return "WT_TASK_MOCK_IO__" + strings.ToUpper(strings.ReplaceAll(m.Task, ".", "_"))
}

// Named gives the case of a key, nil where there is none.
func (f *File) Named(key string) *Case {
	for _, c := range f.Cases {
		if c.Key == key {
			return c
		}
	}
	return nil
}
