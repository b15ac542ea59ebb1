package load

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// late gives the function that evaluates an attribute once its scope is known. It holds the expression and the scope
// of its package, and changes neither.
func (c converter) late(ctx *hcl.EvalContext) func(rule.Scope) (any, diag.List) {
	u, at, context, expr := c.u, c.at, c.context, c.expr
	return func(s rule.Scope) (any, diag.List) {
		c := converter{u: u, at: at, context: context, expr: expr}
		c.ctx = lateContext(ctx, func() lateScope { return c.scopeOf(s) })
		v, ds := u.evaluate(expr, c.ctx, context)
		if ds.HasErrors() {
			return nil, ds
		}
		x, ok := c.value(v)
		if !ok && len(c.ds) == 0 {
			c.unknown(expr.Range())
		}
		return x, c.ds
	}
}

// lateScope is what in, out and tool() stand for.
type lateScope struct {
	in, out cty.Value
	tool    func(string) (cty.Value, error)
}

func unknownScope() lateScope {
	list := cty.UnknownVal(cty.List(cty.String))
	return lateScope{
		in:   cty.ObjectVal(map[string]cty.Value{"srcs": list, "deps": list, "data": list}),
		out:  list,
		tool: func(string) (cty.Value, error) { return cty.UnknownVal(cty.String), nil },
	}
}

func (c *converter) scopeOf(s rule.Scope) lateScope {
	in := map[string]cty.Value{}
	for _, name := range inNames {
		in[name] = stringList(s.In[name])
	}
	for name, paths := range s.In {
		in[name] = stringList(paths)
	}
	return lateScope{in: cty.ObjectVal(in), out: stringList(s.Out), tool: func(name string) (cty.Value, error) {
		if s.Tool == nil {
			return cty.DynamicVal, fmt.Errorf("the target has no tools")
		}
		p, err := s.Tool(name)
		if strings.IndexByte(p, 1) >= 0 {
			c.placeholders = append(c.placeholders, p)
		}
		return cty.StringVal(p), err
	}}
}

func stringList(ss []string) cty.Value {
	if len(ss) == 0 {
		return cty.ListValEmpty(cty.String)
	}
	vs := make([]cty.Value, len(ss))
	for i, s := range ss {
		vs[i] = cty.StringVal(s)
	}
	return cty.ListVal(vs)
}

func lateContext(parent *hcl.EvalContext, scope func() lateScope) *hcl.EvalContext {
	s := scope()
	ctx := parent.NewChild()
	ctx.Variables = map[string]cty.Value{"in": s.in, "out": s.out}
	ctx.Functions = map[string]function.Function{"tool": function.New(&function.Spec{
		Params: []function.Parameter{{Name: "name", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return s.tool(args[0].AsString())
		},
	})}
	return ctx
}
