// Package query asks about the graph of targets: a small language of sets, its evaluator, and the forms that answers
// take. It sees the graph through an interface of its own and touches no disk.
//
// The language:
//
//	expr   = sum
//	sum    = inter { ("+" | "-" | nothing) inter }     union, difference, union
//	inter  = atom { "&" atom }                         intersection
//	atom   = pattern | call | "(" expr ")"
//	call   = name "(" [ expr { "," expr } ] ")"
//
// Names hold `+` and `-` too (`//db:mini@1.0.0+1`), so an operator stands apart from a word before it: `//a + //b`,
// `//... -//a/...`. Text that holds anything else is put between double quotes.
package query

import "github.com/cairn-build/cairn/graph/label"

// Graph is what a query looks at: targets by number, 0 to Len()-1, in no particular order. It is not changed while a
// query runs.
type Graph interface {
	Len() int
	Label(i int) label.Label
	// Deps gives the numbers of the targets that i names, in order.
	Deps(i int) []int
	Info(i int) Info
}

// History is a Graph that can tell what has changed.
type History interface {
	// Affected gives the targets that a change since a commit concerns, and all that depends on them, ascending. An error
	// is passed on as it is.
	Affected(rev string) ([]int, error)
}

// Info is what is known of one target besides its name and edges.
type Info struct {
	Kind    string
	Tags    []string
	Test    bool
	Manual  bool
	Sources []string // files of the workspace that the target names, its BUILD.hcl left out
	Build   string   // the BUILD.hcl that declares it
	Outputs []string // of the workspace: cairn-out/...
}

// Set is an answer: targets (Files false), or files. Where Path is set the order is that of a path, from the dependant to
// what it depends on; all other answers are sorted.
type Set struct {
	Files bool
	Path  bool
	IDs   []int
	Names []string // the labels of IDs, or the files
}

// Error is what is wrong with a query, at a byte of its text.
type Error struct {
	Query string
	At    int
	Text  string
	Hint  string
}

// Error gives the text, and where.
func (e *Error) Error() string { return e.Text }
