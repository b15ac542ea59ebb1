package yamltree

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
)

// reader turns the library's tree into ours.
type reader struct {
	*places
	diags   diag.List
	anchors map[string]anchor
	open    map[string]int // anchors whose value is being read, how often
	seq     int
	left    int // of the budget
	spent   bool
}

// anchor is what a name stands for; seq orders anchors by where they begin, and the last one before an alias counts.
type anchor struct {
	*Node
	seq int
}

func (r *reader) report(d diag.Diag) { r.diags = Add(r.diags, d) }

// bad reports a problem and gives what stands for the value.
func (r *reader) bad(from, to int, summary, detail, hint string) *Node {
	r.report(diag.Diag{Code: "syntax", Summary: summary, Detail: detail, Hint: hint, Range: r.span(from, to)})
	return r.node(Null, "", from, to)
}

func (r *reader) node(k Kind, text string, from, to int) *Node {
	return &Node{Kind: k, Text: text, Range: r.span(from, to), from: from, to: to, cost: 16 + len(text)}
}

// read gives the value of n; it is never nil.
func (r *reader) read(n ast.Node, depth int) *Node {
	if n == nil {
		return &Node{cost: 1}
	}
	if depth > maxDepth {
		off := r.offset(n.GetToken())
		return r.bad(off, off+1, "Nested too deep", fmt.Sprintf("Values nest %d deep at most.", maxDepth), "")
	}
	switch n := n.(type) {
	case *ast.LiteralNode:
		off := r.offset(n.Start)
		return r.node(String, n.Value.Value, off, r.blockEnd(off, n.Value.Value == ""))
	case *ast.NullNode, *ast.BoolNode, *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.MergeKeyNode:
		return r.scalar(n.GetToken())
	case *ast.TagNode:
		return r.tagged(n, depth)
	case *ast.AnchorNode:
		name := n.Name.GetToken().Value
		r.open[name]++
		r.seq++
		seq := r.seq
		v := r.read(n.Value, depth)
		if r.open[name]--; r.anchors[name].seq < seq {
			r.anchors[name] = anchor{v, seq}
		}
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
	return r.bad(off, off+1, "YAML of a kind that is not read", fmt.Sprintf("It is %s.", n.Type()), "")
}

func (r *reader) scalar(t *token.Token) *Node {
	off := r.offset(t)
	switch t.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		return r.node(String, t.Value, off, r.quotedEnd(off))
	case token.ImplicitNullType:
		return r.node(Null, "", off, off)
	}
	to := r.plainEnd(off, t.Value)
	k, text, err := plain(t.Value)
	if err != nil {
		return r.bad(off, to, "Number too long", sentence(err.Error()), "")
	}
	return r.node(k, text, off, to)
}

func (r *reader) tagged(n *ast.TagNode, depth int) *Node {
	off := r.offset(n.Start)
	end := off + len(n.Start.Value)
	v := r.read(n.Value, depth)
	if n.Value == nil {
		v = r.node(Null, "", off, end)
	}
	var want Kind
	text := v.Text
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
			return r.bad(v.from, v.to, "The value does not fit its tag", fmt.Sprintf("%s says that it is %s; it is %s.", tag, want, v.Kind), "")
		}
	case "!!seq":
		want = List
	case "!!map":
		want = Map
	default:
		return r.bad(off, end, fmt.Sprintf("The tag %s is not understood", quote.Clip(tag)), "The tags of YAML's core are: !!str, !!int, !!float, !!bool, !!null, !!seq and !!map.", "")
	}
	if (want == List || want == Map || v.Kind == List || v.Kind == Map) && want != v.Kind {
		return r.bad(v.from, v.to, "The value does not fit its tag", fmt.Sprintf("%s says that it is %s; it is %s.", n.Start.Value, want, v.Kind), "")
	}
	c := *v
	c.Kind, c.Text = want, text
	return &c
}

func (r *reader) alias(n *ast.AliasNode) *Node {
	off := r.offset(n.Start)
	name := n.Value.GetToken().Value
	end := off + 1 + len(name)
	v, ok := r.anchors[name]
	if r.open[name] > 0 && !ok {
		return r.bad(off, end, fmt.Sprintf("The anchor %q is used in what it names", quote.Clip(name)), "The value would hold itself.", "")
	}
	if !ok {
		names := make([]string, 0, len(r.anchors))
		for n := range r.anchors {
			names = append(names, n)
		}
		return r.bad(off, end, fmt.Sprintf("There is no anchor %q before this", quote.Clip(name)), "", diag.DidYouMean(name, names))
	}
	if r.left -= v.cost; r.left < 0 {
		if r.spent {
			return r.node(Null, "", off, end)
		}
		r.spent = true
		return r.bad(off, end, "Aliases stand for too much", fmt.Sprintf("With all aliases followed the file would hold more than %d MiB.", budget>>20), "")
	}
	c := *v.Node
	c.Range, c.from, c.to = r.span(off, end), off, end
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
			v.Range, v.from, v.to = r.span(at, at+1), at, at+1
		}
		out.List = append(out.List, v)
		out.cost += v.cost
		to = max(to, v.to)
	}
	if n.IsFlowStyle && n.End != nil {
		to = r.offset(n.End) + 1
	}
	out.Range, out.from, out.to = r.span(from, to), from, to
	return out
}
