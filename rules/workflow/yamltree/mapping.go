package yamltree

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
)

func (r *reader) mapping(n ast.Node, entries []*ast.MappingValueNode, depth int) *Node {
	out := &Node{Kind: Map, cost: 16, Pairs: make([]Pair, 0, len(entries))}
	from, to := -1, 0
	var index map[string]int // of a large mapping's keys
	if len(entries) > 16 {
		index = make(map[string]int, len(entries))
	}
	find := func(key string) int {
		if index != nil {
			if i, ok := index[key]; ok {
				return i
			}
			return -1
		}
		for i := range out.Pairs {
			if out.Pairs[i].Key == key {
				return i
			}
		}
		return -1
	}
	var merged []*Node
	var mergeAt diag.Range
	for _, e := range entries {
		if e == nil {
			continue
		}
		k, ok := r.key(e.Key, depth)
		key, at := k.Text, k.Range
		if from < 0 {
			from = k.from
		}
		v := r.read(e.Value, depth+1)
		if v.Range.IsZero() || v.Kind == Null && v.Range.Start == v.Range.End {
			// Nothing stands after the colon: the place is the key's.
			v.Range, v.from, v.to = at, k.from, k.to
		}
		to = max(to, k.to, v.to)
		if _, merge := e.Key.(*ast.MergeKeyNode); merge {
			if !mergeAt.IsZero() {
				r.duplicate("<<", at, mergeAt)
				continue
			}
			mergeAt = at
			merged = r.merges(v)
			continue
		}
		if !ok {
			continue
		}
		if i := find(key); i >= 0 {
			r.duplicate(key, at, out.Pairs[i].At)
			continue
		}
		if index != nil {
			index[key] = len(out.Pairs)
		}
		out.Pairs = append(out.Pairs, Pair{Key: key, At: at, Value: v})
		out.cost += 16 + len(key) + v.cost
	}
	if merged != nil {
		r.merge(out, merged)
	}
	if m, ok := n.(*ast.MappingNode); ok && m.IsFlowStyle {
		from = r.offset(m.Start)
		to = max(to, from+1)
		if m.End != nil {
			to = r.offset(m.End) + 1
		}
	}
	from = max(from, 0)
	out.Range, out.from, out.to = r.span(from, to), from, to
	return out
}

func (r *reader) duplicate(key string, at, first diag.Range) {
	r.report(diag.Diag{Code: "duplicate-key", Summary: fmt.Sprintf("The key %q stands twice", quote.Clip(key)), Detail: "A mapping has each key once.", Range: at,
		Related: []diag.Related{{Range: first, Text: "the first one"}}})
}

// key gives a key; false, after a report, where it is no text.
func (r *reader) key(n ast.Node, depth int) (*Node, bool) {
	if k, ok := n.(*ast.MappingKeyNode); ok { // ? key
		n = k.Value
	}
	if m, ok := n.(*ast.MergeKeyNode); ok {
		off := r.offset(m.Token)
		return r.node(String, "<<", off, off+2), true
	}
	v := r.read(n, depth+1)
	if v.Kind == String {
		return v, true
	}
	hint := ""
	if v.Kind != List && v.Kind != Map && v.to > v.from && v.to <= len(r.src) {
		hint = fmt.Sprintf("Put it in quotes: %q.", quote.Clip(r.src[v.from:v.to]))
	}
	r.report(diag.Diag{Code: "syntax", Summary: "A key is text", Detail: fmt.Sprintf("This key is %s.", v.Kind), Hint: hint, Range: v.Head()})
	return v, false
}

// merges gives the mappings that << names.
func (r *reader) merges(v *Node) []*Node {
	list := []*Node{v}
	if v.Kind == List {
		list = v.List
	}
	out := []*Node{}
	for _, m := range list {
		if m.Kind != Map {
			r.bad(m.from, m.to, "<< takes a mapping or a list of mappings", fmt.Sprintf("This is %s.", m.Kind), "")
			continue
		}
		out = append(out, m)
	}
	return out
}

// merge puts before out's own pairs those of merged whose keys it lacks; earlier ones win. A pair is shown where it is written.
func (r *reader) merge(out *Node, merged []*Node) {
	have := make(map[string]bool, len(out.Pairs))
	for _, p := range out.Pairs {
		have[p.Key] = true
	}
	var first []Pair
	for _, m := range merged {
		for _, p := range m.Pairs {
			if !have[p.Key] {
				have[p.Key] = true
				first = append(first, p)
				out.cost += 16 + len(p.Key) + p.Value.cost
			}
		}
	}
	out.Pairs = append(first, out.Pairs...)
}
