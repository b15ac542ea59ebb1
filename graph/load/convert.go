package load

import (
	"fmt"
	"math"
	"math/big"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// converter turns the value of one attribute into the Go value that its type asks for, and gathers what is wrong with it.
type converter struct {
	u       *unit
	at      *rule.Attr
	context string
	expr    hclsyntax.Expression
	ctx     *hcl.EvalContext
	ds      diag.List
	// inTree says that plain words are paths in another target's folder: see rule.Attr.Within.
	inTree bool
	// partial values are looked at before `in` and `out` are known: what is unknown is passed over.
	partial bool
	// placeholders are what tool() gave. They hold characters that no other string may hold.
	placeholders []string
}

// elem is one string of an attribute and where it stands.
type elem struct {
	s   string
	rng hcl.Range
}

func (c *converter) fail(r hcl.Range, code, summary, detail, hint string) {
	d := diag.Diag{Code: code, Summary: summary, Detail: detail, Hint: hint, Range: rangeOf(r), Context: c.context}
	if c.ctx != nil {
		d.Values, _ = involved(c.expr, c.ctx)
	}
	c.ds = append(c.ds, d)
}

func isList(t rule.Type) bool {
	switch t {
	case rule.Strings, rule.Files, rule.LabelRefs, rule.Tools, rule.Outputs:
		return true
	}
	return false
}

func isText(t rule.Type) bool {
	switch t {
	case rule.String, rule.File, rule.LabelRef, rule.Output:
		return true
	}
	return false
}

// wants says in words what an attribute of type t takes.
func wants(t rule.Type) string {
	switch t {
	case rule.String:
		return "a string"
	case rule.Bool:
		return "true or false"
	case rule.Int:
		return "a whole number"
	case rule.Strings:
		return "a list of strings"
	case rule.StringMap:
		return "a map of strings"
	case rule.File:
		return "a file or a label"
	case rule.Files:
		return "a list of files and labels"
	case rule.LabelRef:
		return "a label"
	case rule.LabelRefs:
		return "a list of labels"
	case rule.Tools:
		return "a list of labels and names of programs"
	case rule.Output:
		return "an output path"
	case rule.Outputs:
		return "a list of output paths"
	}
	return "any value"
}

// literal converts the expressions that need no evaluation: plain strings, lists of them, true and false. Most
// attributes are of these forms, and this is several times faster. ok says whether it could.
func (c *converter) literal() (v any, good, ok bool) {
	switch e := c.expr.(type) {
	case *hclsyntax.TemplateExpr:
		if !isText(c.at.Type) {
			return nil, false, false
		}
		s, plain := literalText(e)
		if !plain {
			return nil, false, false
		}
		v, good = c.text(elem{s, e.SrcRange})
		return v, good, true
	case *hclsyntax.TupleConsExpr:
		if !isList(c.at.Type) {
			return nil, false, false
		}
		var few [8]elem
		es := few[:0]
		for _, x := range e.Exprs {
			s, plain := literalText(x)
			if !plain {
				return nil, false, false
			}
			es = append(es, elem{s, x.(*hclsyntax.TemplateExpr).SrcRange})
		}
		v, good = c.list(es)
		return v, good, true
	case *hclsyntax.LiteralValueExpr:
		if c.at.Type == rule.Bool && e.Val.Type() == cty.Bool && !e.Val.IsNull() {
			return e.Val.True(), true, true
		}
	}
	return nil, false, false
}

// value converts what an expression was evaluated to. It is false where there is no usable value; ds says why, unless
// the reason was told elsewhere.
func (c *converter) value(v cty.Value) (any, bool) {
	rng := c.expr.Range()
	if v.ContainsMarked() {
		c.fail(rng, "sensitive-value", fmt.Sprintf("%s would hold a sensitive value", c.at.Name),
			"What a target holds enters keys, records and logs, so a sensitive variable cannot stand in it.",
			"Let the command read it from its environment: name the variable in pass_env.")
		return nil, false
	}
	if !v.IsKnown() {
		c.unknown(rng)
		return nil, false
	}
	if v.IsNull() {
		c.fail(rng, "null-value", c.at.Name+" is null", fmt.Sprintf("It takes %s; leave the attribute out to have none.", wants(c.at.Type)), "")
		return nil, false
	}
	switch t := c.at.Type; {
	case isText(t):
		e, ok := c.str(v, rng)
		if !ok {
			return nil, false
		}
		return c.text(e)
	case isList(t):
		es, ok := c.elems(v)
		if !ok {
			return nil, false
		}
		return c.list(es)
	case t == rule.Bool:
		if v.Type() != cty.Bool {
			return c.badType(v, rng)
		}
		return v.True(), true
	case t == rule.Int:
		if v.Type() != cty.Number {
			return c.badType(v, rng)
		}
		n, acc := v.AsBigFloat().Int64()
		if acc != big.Exact {
			c.fail(rng, "bad-type", fmt.Sprintf("%s takes a whole number", c.at.Name), fmt.Sprintf("%s is none, or too large.", show(v)), "")
			return nil, false
		}
		return n, true
	case t == rule.StringMap:
		return c.stringMap(v)
	}
	return c.plain(v, 0)
}

func (c *converter) unknown(rng hcl.Range) {
	if !c.partial && !c.u.poisoned {
		c.fail(rng, "unknown-value", c.at.Name+" has no known value", "Part of the expression has a value that is not known when the file is read.", "")
	}
}

func (c *converter) badType(v cty.Value, rng hcl.Range) (any, bool) {
	hint := ""
	switch {
	case isList(c.at.Type) && v.Type() == cty.String:
		hint = "Put it into brackets: [...]"
	case isText(c.at.Type) && (v.Type() == cty.Number || v.Type() == cty.Bool):
		hint = "Put it into quotes."
	}
	c.fail(rng, "bad-type", fmt.Sprintf("%s takes %s", c.at.Name, wants(c.at.Type)), fmt.Sprintf("This is %s.", typeName(v)), hint)
	return nil, false
}

// str gives v, known and not null, as a string.
func (c *converter) str(v cty.Value, rng hcl.Range) (elem, bool) {
	if v.Type() != cty.String {
		c.badType(v, rng)
		return elem{}, false
	}
	return elem{v.AsString(), rng}, true
}

// elems gives the strings of a list. Where the list stands in brackets, each has its own range.
func (c *converter) elems(v cty.Value) ([]elem, bool) {
	t := v.Type()
	rng := c.expr.Range()
	if !t.IsListType() && !t.IsTupleType() && !t.IsSetType() {
		c.badType(v, rng)
		return nil, false
	}
	tuple, _ := c.expr.(*hclsyntax.TupleConsExpr)
	es := make([]elem, 0, v.LengthInt())
	ok := true
	i := -1
	for it := v.ElementIterator(); it.Next(); {
		i++
		_, x := it.Element()
		r := rng
		if tuple != nil && i < len(tuple.Exprs) {
			r = tuple.Exprs[i].Range()
		}
		switch {
		case !x.IsKnown():
			c.unknown(r)
			ok = false
		case x.IsNull():
			c.fail(r, "null-value", fmt.Sprintf("An element of %s is null", c.at.Name), fmt.Sprintf("It takes %s.", wants(c.at.Type)), "")
			ok = false
		case x.Type() != cty.String:
			hint := ""
			switch xt := x.Type(); {
			case xt == cty.Number || xt == cty.Bool:
				hint = "Put it into quotes."
			case xt.IsListType() || xt.IsTupleType() || xt.IsSetType():
				hint = "concat(...) joins lists."
			}
			c.fail(r, "bad-type", fmt.Sprintf("%s takes %s", c.at.Name, wants(c.at.Type)), fmt.Sprintf("Element %d is %s.", i+1, typeName(x)), hint)
			ok = false
		default:
			es = append(es, elem{x.AsString(), r})
		}
	}
	return es, ok
}

func (c *converter) stringMap(v cty.Value) (any, bool) {
	t := v.Type()
	if !t.IsMapType() && !t.IsObjectType() {
		return c.badType(v, c.expr.Range())
	}
	m := make(map[string]string, v.LengthInt())
	ok := true
	for it := v.ElementIterator(); it.Next(); {
		k, x := it.Element()
		key := k.AsString()
		rng := c.expr.Range()
		if item := c.item(key); item != nil {
			rng = item.Range()
		}
		switch {
		case !x.IsKnown():
			c.unknown(rng)
			ok = false
		case x.IsNull():
			c.fail(rng, "null-value", fmt.Sprintf("%s.%s is null", c.at.Name, clip(key)), "It takes a map of strings.", "")
			ok = false
		case x.Type() != cty.String:
			hint := ""
			if xt := x.Type(); xt == cty.Number || xt == cty.Bool {
				hint = "Put it into quotes."
			}
			c.fail(rng, "bad-type", fmt.Sprintf("%s takes a map of strings", c.at.Name), fmt.Sprintf("%s is %s.", clip(key), typeName(x)), hint)
			ok = false
		case !c.goodText(elem{key, rng}) || !c.goodText(elem{x.AsString(), rng}):
			ok = false
		default:
			m[key] = x.AsString()
		}
	}
	return m, ok
}

// item gives the expression of a key, in a map that is written out; nil elsewhere.
func (c *converter) item(key string) hclsyntax.Expression {
	if obj, ok := c.expr.(*hclsyntax.ObjectConsExpr); ok {
		for _, it := range obj.Items {
			if hcl.ExprAsKeyword(it.KeyExpr) == key {
				return it.ValueExpr
			}
			if k, ok := it.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok {
				if s, ok := literalText(k.Wrapped); ok && s == key {
					return it.ValueExpr
				}
			}
		}
	}
	return nil
}

// plain gives v as JSON would.
func (c *converter) plain(v cty.Value, depth int) (any, bool) {
	rng := c.expr.Range()
	if !v.IsKnown() {
		c.unknown(rng)
		return nil, false
	}
	if v.IsNull() {
		return nil, true
	}
	if depth > maxDepth {
		c.fail(rng, "too-large", "This value is nested too deeply", "", "")
		return nil, false
	}
	switch t := v.Type(); {
	case t == cty.String:
		s := v.AsString()
		return s, c.goodText(elem{s, rng})
	case t == cty.Bool:
		return v.True(), true
	case t == cty.Number:
		f, _ := v.AsBigFloat().Float64()
		if math.IsInf(f, 0) {
			c.fail(rng, "bad-type", c.at.Name+" holds a number that is too large", "", "")
			return nil, false
		}
		return f, true
	case t.IsListType() || t.IsTupleType() || t.IsSetType():
		list := make([]any, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			x, ok := c.plain(e, depth+1)
			if !ok {
				return nil, false
			}
			list = append(list, x)
		}
		return list, true
	case t.IsMapType() || t.IsObjectType():
		m := make(map[string]any, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			x, ok := c.plain(e, depth+1)
			if !ok || !c.goodText(elem{k.AsString(), rng}) {
				return nil, false
			}
			m[k.AsString()] = x
		}
		return m, true
	}
	return c.badType(v, rng)
}
