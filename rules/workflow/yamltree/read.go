package yamltree

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/cairn-build/cairn/graph/diag"
)

// reader turns the library's tree into ours.
type reader struct {
	*places
	diags   diag.List
	anchors map[string]*Node
	open    map[string]bool // anchors whose value is being read
	left    int             // of the budget
	spent   bool
}

func (r *reader) report(d diag.Diag) { r.diags = append(r.diags, d) }

func (r *reader) bad(rng diag.Range, summary, detail, hint string) *Node {
	r.report(diag.Diag{Code: "syntax", Summary: summary, Detail: detail, Hint: hint, Range: rng})
	return &Node{Range: rng, cost: 1}
}

// read gives the value of n; it is never nil.
func (r *reader) read(n ast.Node, depth int) *Node {
	if n == nil {
		return &Node{cost: 1}
	}
	if depth > maxDepth {
		off := r.offset(n.GetToken())
		return r.bad(r.span(off, off+1), "Nested too deep", fmt.Sprintf("Values nest %d deep at most.", maxDepth), "")
	}
	switch n := n.(type) {
	case *ast.LiteralNode:
		off := r.offset(n.Start)
		return scalar(String, n.Value.Value, r.span(off, r.blockEnd(off)))
	case *ast.NullNode, *ast.BoolNode, *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.MergeKeyNode:
		return r.scalar(n.GetToken())
	case *ast.TagNode:
		return r.tagged(n, depth)
	case *ast.AnchorNode:
		name := n.Name.GetToken().Value
		r.open[name] = true
		v := r.read(n.Value, depth)
		delete(r.open, name)
		r.anchors[name] = v
		return v
	case *ast.AliasNode:
		return r.alias(n)
	case *ast.SequenceNode:
		return r.list(n, depth)
	case *ast.MappingNode:
		return r.mapping(n, n.Values, depth)
	case *ast.MappingValueNode:
		return r.mapping(n, []*ast.MappingValueNode{n}, depth)
	case *ast.CommentGroupNode:
		return &Node{cost: 1}
	}
	off := r.offset(n.GetToken())
	return r.bad(r.span(off, off+1), "YAML of a kind that is not read", fmt.Sprintf("It is %s.", n.Type()), "")
}

func scalar(k Kind, text string, rng diag.Range) *Node {
	return &Node{Kind: k, Text: text, Range: rng, cost: 16 + len(text)}
}

func (r *reader) scalar(t *token.Token) *Node {
	off := r.offset(t)
	switch t.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		return scalar(String, t.Value, r.span(off, r.quotedEnd(off)))
	case token.ImplicitNullType:
		return scalar(Null, "", r.span(off, off))
	}
	rng := r.span(off, r.plainEnd(off, t.Value))
	k, text, err := plain(t.Value)
	if err != nil {
		return r.bad(rng, "Number too long", sentence(err.Error()), "")
	}
	return scalar(k, text, rng)
}

func (r *reader) tagged(n *ast.TagNode, depth int) *Node {
	off := r.offset(n.Start)
	rng := r.span(off, off+len(n.Start.Value))
	v := r.read(n.Value, depth)
	if n.Value == nil {
		v = scalar(Null, "", rng)
	}
	want, text := v.Kind, v.Text
	switch tag := n.Start.Value; tag {
	case "!!str", "!":
		want = String
		if s, ok := n.Value.(ast.ScalarNode); ok && v.Kind != String {
			text = s.GetToken().Value // as it is written: 007
			if v.Kind == Null && s.GetToken().Type == token.ImplicitNullType {
				text = ""
			}
		}
	case "!!int", "!!float", "!!bool", "!!null":
		want = map[string]Kind{"!!int": Int, "!!float": Float, "!!bool": Bool, "!!null": Null}[tag]
		k := v.Kind
		if k == String {
			k, text, _ = plain(v.Text)
		}
		if k == Int && want == Float {
			k, text = Float, float(text)
		}
		if k != want {
			return r.bad(v.Head(), "The value does not fit its tag", fmt.Sprintf("%s says that it is %s; it is %s.", tag, want, v.Kind), "")
		}
	case "!!seq":
		want = List
	case "!!map":
		want = Map
	default:
		return r.bad(rng, fmt.Sprintf("The tag %s is not understood", clip(tag)), "The tags of YAML's core are: !!str, !!int, !!float, !!bool, !!null, !!seq and !!map.", "")
	}
	if (want == List || want == Map || v.Kind == List || v.Kind == Map) && want != v.Kind {
		return r.bad(v.Head(), "The value does not fit its tag", fmt.Sprintf("%s says that it is %s; it is %s.", n.Start.Value, want, v.Kind), "")
	}
	c := *v
	c.Kind, c.Text = want, text
	return &c
}

func (r *reader) alias(n *ast.AliasNode) *Node {
	off := r.offset(n.Start)
	name := n.Value.GetToken().Value
	rng := r.span(off, off+1+len(name))
	if r.open[name] {
		return r.bad(rng, fmt.Sprintf("The anchor %q is used in what it names", clip(name)), "The value would hold itself.", "")
	}
	v, ok := r.anchors[name]
	if !ok {
		names := make([]string, 0, len(r.anchors))
		for n := range r.anchors {
			names = append(names, n)
		}
		return r.bad(rng, fmt.Sprintf("There is no anchor %q before this", clip(name)), "", diag.DidYouMean(name, names))
	}
	if r.left -= v.cost; r.left < 0 {
		if r.spent {
			return &Node{Range: rng, cost: 1}
		}
		r.spent = true
		return r.bad(rng, "Aliases stand for too much", fmt.Sprintf("With all aliases followed the file would hold more than %d MiB.", budget>>20), "")
	}
	c := *v
	c.Range = rng
	return &c
}

func (r *reader) list(n *ast.SequenceNode, depth int) *Node {
	from := r.offset(n.Start)
	out := &Node{Kind: List, cost: 16, List: make([]*Node, 0, len(n.Values))}
	to := from + 1
	for i, e := range n.Values {
		v := r.read(e, depth+1)
		if v.Range.IsZero() { // nothing after the mark
			at := from
			if i < len(n.Entries) && n.Entries[i] != nil {
				at = r.offset(n.Entries[i].Start)
			}
			v.Range = r.span(at, at+1)
		}
		out.List = append(out.List, v)
		out.cost += v.cost
		to = max(to, v.Range.End.Byte-r.skip)
	}
	if n.IsFlowStyle && n.End != nil {
		to = r.offset(n.End) + 1
	}
	out.Range = r.span(from, to)
	return out
}
