// Package resolve finds out which version of which module is loaded for some requests, before anything is: the whole closure of the
// .dep files, in load order, or what is wrong with it. The order of requests and of folders plays no part, unless it is to. It
// knows no folders: a Finder says what there is.
package resolve

import (
	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// Request asks for a module: a line of a startup script, an attribute of a target, an argument of a command.
type Request struct {
	Module, Version string // the version may be "" for any, or version.None, which asks for nothing
	By              string // who asks, for messages: "st.cmd", "//ioc:llrf"; "" where only the Range says
	Range           diag.Range
}

// Finder says what is installed. It must give the same answers each time. A pool is a folder of a search path, or what stands for one.
type Finder interface {
	// Versions gives what there is of a module for the architecture in question: pools in the order of the search path, and within
	// a pool in the order of its folder. No versions: there is no such module.
	Versions(module string) []version.Installed
	// Deps gives what the .dep file of an installed version says. A version without such a file has no entries and no name, which
	// is no problem. The problems have places.
	Deps(module string, v version.Installed) (dep.File, diag.List)
	// Elsewhere says whether there is something of a module for other architectures.
	Elsewhere(module string) bool
	// Modules gives the names of all modules, for "did you mean"; none where nobody knows.
	Modules() []string
}

// Options is how Resolve goes about it.
type Options struct {
	Arch  string   // of the IOC, for messages: "linux-x86_64"
	Pools []string // what messages call the pools, by their numbers
	// StrictOrder does what require does at run time: requests are loaded one after another, and the first version of a module that
	// is loaded stays; of versions that require holds for equal the folder's first is taken. The first problem ends it.
	StrictOrder bool
}

// Closure is what is loaded for some requests.
type Closure struct {
	Modules []Module // in load order: each comes after those that it depends on
	Roots   []string // the modules that were asked for, each once; sorted, or with StrictOrder as they were asked for
	opts    Options
}

// Module is one of them.
type Module struct {
	Name, Version string // the version as its folder is called
	Pool          int
	Deps          []dep.Entry // what its .dep says, without what asks for nothing
	DepFile       string      // its name in messages; "" where there is none
}

// Find gives a module of the closure.
func (c *Closure) Find(name string) (Module, bool) {
	for _, m := range c.Modules {
		if m.Name == name {
			return m, true
		}
	}
	return Module{}, false
}

// Resolve gives the closure of some requests, nil where there is an error among the problems.
//
// A module has one version: of those that satisfy all who ask for it the one that version.Select takes. The versions that somebody
// would have got alone, or in another order, play no part. It is an error where none satisfies all, where one asks for what is
// not there, and where modules depend on each other in a circle.
func Resolve(requests []Request, find Finder, o Options) (*Closure, diag.List) {
	if o.StrictOrder {
		return inOrder(requests, find, o)
	}
	r := newResolver(requests, find, o)
	if r.settle(); r.problems.HasErrors() {
		return nil, r.problems.Sort()
	}
	c := r.closure()
	if r.problems.HasErrors() {
		return nil, r.problems.Sort()
	}
	return c, r.problems.Sort()
}
