// Package yamltree reads YAML that people write into values that know their places. It knows nothing of workflows.
//
// What it reads is YAML 1.2 with one document, as the ecosystem's own reader (ruamel.yaml, safe, 1.2) has it:
//
//   - `yes`, `no`, `on`, `off`, `y` and `n` are text, as everywhere in 1.2 and unlike in 1.1; true and false are written true, True or TRUE.
//   - Whole numbers are decimal also with a leading zero (017 is 17), 0x1F, 0o17 and 0b11; `_` may stand between digits. 1:30 is text.
//   - A date without quotes is text; ruamel.yaml makes an object of it, which no spec takes. `.5e3` is a number; there it is text.
//   - Keys are text, each stands once; `<<` merges mappings, whose keys come first; anchors may be used anywhere after what they name.
package yamltree

import "github.com/cairn-build/cairn/graph/diag"

// Kind is what a Node is.
type Kind int

// The kinds there are.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
)

// String gives the kind as messages name it: "a list".
func (k Kind) String() string {
	switch k {
	case Null:
		return "empty"
	case Bool:
		return "true or false"
	case Int:
		return "a whole number"
	case Float:
		return "a number"
	case String:
		return "text"
	case List:
		return "a list"
	}
	return "a mapping"
}

// Node is one value. It is shared where the file has an alias: not to be changed.
type Node struct {
	Kind Kind
	// Text is that of a scalar: "true" or "false"; a whole number in decimal; a Float in JSON's form as Python prints it, or "nan", "inf",
	// "-inf"; a String's letters.
	Text  string
	List  []*Node
	Pairs []Pair // of a Map, in the order of the file
	Range diag.Range

	cost     int // how much the value is with all aliases followed; see budget
	from, to int // Range within what is parsed
}

// Pair is a key with its value.
type Pair struct {
	Key   string
	At    diag.Range // of the key
	Value *Node
}

// Get gives a key's value; nil where n has none, or is no Map.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Pairs {
		if n.Pairs[i].Key == key {
			return n.Pairs[i].Value
		}
	}
	return nil
}

// Head gives a place of n that is short enough to be shown: that of a Map is its first key, that of a List its first element.
func (n *Node) Head() diag.Range {
	switch {
	case n.Range.Start.Line == n.Range.End.Line:
	case n.Kind == Map && len(n.Pairs) > 0 && n.Holds(n.Pairs[0].At):
		return n.Pairs[0].At
	case n.Kind == List && len(n.List) > 0 && n.Holds(n.List[0].Range):
		return n.List[0].Head()
	}
	return n.Range
}

// Holds says whether a place is within n's own: not so where n is an alias, or r is of a pair that << brought.
func (n *Node) Holds(r diag.Range) bool {
	return r.Start.Byte >= n.Range.Start.Byte && r.End.Byte <= n.Range.End.Byte
}
