package load

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/cairn-build/cairn/graph/diag"
)

// node is a local or a function of a package: a vertex of the graph of what refers to what.
type node struct {
	name     string
	expr     hclsyntax.Expression // nil where it was wrong
	rng      hcl.Range
	context  string
	function bool
	params   []string
	variadic string

	state    visit
	uses     uses
	platform bool // its value can differ between platforms
	value    cty.Value
	fn       function.Function
}

type visit uint8

const (
	fresh visit = iota
	active
	done
)

func (n *node) String() string {
	if n.function {
		return n.name + "()"
	}
	return "local." + n.name
}

// declareLocals gathers the package's locals and functions.
func (u *unit) declareLocals(body *hclsyntax.Body) {
	for _, b := range body.Blocks {
		switch b.Type {
		case "locals":
			u.noLabels(b)
			u.noBlocks(b, "locals")
			for _, name := range sortedKeys(b.Body.Attributes) {
				a := b.Body.Attributes[name]
				if first := u.locals[name]; first != nil {
					u.report(diag.Diag{Code: "duplicate-local", Summary: fmt.Sprintf("There are two locals called %q", clip(name)), Range: rangeOf(a.NameRange),
						Context: "locals", Related: []diag.Related{{Range: rangeOf(first.rng), Text: "the first one"}}})
					continue
				}
				u.locals[name] = &node{name: name, expr: a.Expr, rng: a.NameRange, context: "locals", value: cty.DynamicVal}
			}
		case "function":
			u.declareFunction(b)
		}
	}
}

func (u *unit) declareFunction(b *hclsyntax.Block) {
	context := blockContext(b)
	name, ok := u.oneLabel(b)
	if !ok {
		return
	}
	fail := func(code, summary string, r hcl.Range) {
		u.report(diag.Diag{Code: code, Summary: summary, Range: rangeOf(r), Context: context})
	}
	if !hclsyntax.ValidIdentifier(name) {
		fail("bad-name", "Bad function name "+quoteName(name), b.LabelRanges[0])
		return
	}
	if _, taken := builtins()[name]; taken {
		fail("duplicate-function", fmt.Sprintf("The language has a function called %q already", name), b.LabelRanges[0])
		return
	}
	if first := u.functions[name]; first != nil {
		u.report(diag.Diag{Code: "duplicate-function", Summary: fmt.Sprintf("There are two functions called %q", name), Range: rangeOf(b.DefRange()),
			Context: context, Related: []diag.Related{{Range: rangeOf(first.rng), Text: "the first one"}}})
		return
	}
	u.knownAttributes(b, functionAttrs, context)
	u.noBlocks(b, context)
	n := &node{name: name, rng: b.DefRange(), context: context, function: true}
	u.functions[name] = n
	params, result := b.Body.Attributes["params"], b.Body.Attributes["result"]
	if params == nil || result == nil {
		fail("missing-attribute", "A function needs params and result", b.DefRange())
		return
	}
	list, hd := hcl.ExprList(params.Expr)
	if hd.HasErrors() {
		fail("bad-type", "params is a list of names", params.Expr.Range())
		return
	}
	if v := b.Body.Attributes["variadic_param"]; v != nil {
		list = append(list, v.Expr)
	}
	for i, e := range list {
		p := hcl.ExprAsKeyword(e)
		switch {
		case p == "":
			fail("bad-type", "A parameter is a name without quotes", e.Range())
			return
		case slices.Contains(n.params, p):
			fail("bad-name", fmt.Sprintf("There are two parameters called %q", p), e.Range())
			return
		case slices.Contains([]string{"var", "local", "platform", "self", "each", "in", "out"}, p):
			fail("bad-name", fmt.Sprintf("A parameter cannot be called %q", p), e.Range())
			return
		}
		n.params = append(n.params, p)
		if b.Body.Attributes["variadic_param"] != nil && i == len(list)-1 {
			n.variadic = p
		}
	}
	n.expr = result.Expr
}

// evalLocals finds the value of each local, in the order in which they need each other, and makes the functions.
func (u *unit) evalLocals() {
	for _, name := range sortedKeys(u.functions) {
		u.start(u.functions[name])
	}
	for _, name := range sortedKeys(u.locals) {
		u.start(u.locals[name])
	}
	all := make(map[string]cty.Value, len(u.locals))
	for name, n := range u.locals {
		all[name] = n.value
		n.expr, n.uses = nil, uses{} // the syntax tree is needed no more
	}
	u.ctx.Variables["local"] = cty.ObjectVal(all)
}

// step is one edge of the way to a node, for cycles.
type step struct {
	to  *node
	rng hcl.Range // where the node before it refers to it
}

// start visits a node that nothing is known to refer to.
func (u *unit) start(n *node) {
	if n.state == fresh {
		u.way = append(u.way[:0], step{to: n, rng: n.rng})
		u.visit(n)
	}
}

// visit evaluates a node after all that it refers to. u.way is the way to it, itself included.
func (u *unit) visit(n *node) {
	n.state = active
	defer func() { n.state = done }()
	if n.expr == nil {
		u.failed(n)
		return
	}
	sc := scope{where: "a local", vars: true, locals: true, platform: true}
	if n.function {
		sc.where, sc.params = "a function", n.params
	}
	var ds diag.List
	if n.uses, ds = u.check(n.expr, sc, n.context); ds.HasErrors() {
		u.reportAll(ds)
		u.failed(n)
		return
	}
	n.platform = n.uses.platform
	ok := true
	follow := func(to *node, r use) {
		u.way = append(u.way, step{to, r.rng})
		switch to.state {
		case active:
			u.cycle(u.way)
			ok = false
		case fresh:
			u.visit(to)
		}
		u.way = u.way[:len(u.way)-1]
		n.platform = n.platform || to.platform
	}
	for _, r := range n.uses.functions {
		follow(u.functions[r.name], r)
	}
	for _, r := range n.uses.locals {
		follow(u.locals[r.name], r)
	}
	if !ok {
		u.failed(n)
		return
	}
	ctx := u.nodeContext(n)
	if n.function {
		n.fn = u.makeFunction(n, ctx)
		u.ctx.Functions[n.name] = n.fn
		return
	}
	v, ds := u.evaluate(n.expr, ctx, n.context)
	if ds.HasErrors() {
		u.reportAll(ds)
		u.poisoned = true
	}
	n.value = v
}

// failed makes n something that others can refer to without a second message.
func (u *unit) failed(n *node) {
	u.poisoned = true
	n.value = cty.DynamicVal
	if n.function {
		n.fn = function.New(&function.Spec{
			VarParam: &function.Parameter{Name: "arguments", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowNull: true, AllowUnknown: true},
			Type:     function.StaticReturnType(cty.DynamicPseudoType),
			Impl:     func([]cty.Value, cty.Type) (cty.Value, error) { return cty.DynamicVal, nil },
		})
		u.ctx.Functions[n.name] = n.fn
	}
}

// cycle reports the way from where it first meets its last node.
func (u *unit) cycle(way []step) {
	last := way[len(way)-1].to
	i := slices.IndexFunc(way, func(s step) bool { return s.to == last })
	d := diag.Diag{Code: "cycle", Summary: fmt.Sprintf("%s refers to itself", last), Range: rangeOf(last.rng), Context: last.context}
	if last.function {
		d.Detail = "A function cannot call itself, directly or through others: so every evaluation ends."
	}
	for j := i + 1; j < len(way); j++ {
		d.Related = append(d.Related, diag.Related{Range: rangeOf(way[j].rng), Text: fmt.Sprintf("%s refers to %s", way[j-1].to, way[j].to)})
	}
	u.report(d)
}

// nodeContext is the scope of a local or function: of the locals, just those that it refers to.
func (u *unit) nodeContext(n *node) *hcl.EvalContext {
	ctx := u.ctx.NewChild()
	ctx.Variables = map[string]cty.Value{}
	if len(n.uses.locals) > 0 {
		needed := make(map[string]cty.Value, len(n.uses.locals))
		for _, r := range n.uses.locals {
			needed[r.name] = u.locals[r.name].value
		}
		ctx.Variables["local"] = cty.ObjectVal(needed)
	}
	return ctx
}

func (u *unit) makeFunction(n *node, ctx *hcl.EvalContext) function.Function {
	spec := &function.Spec{}
	param := func(name string) function.Parameter {
		return function.Parameter{Name: name, Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowNull: true, AllowUnknown: true, AllowMarked: true}
	}
	fixed := n.params
	if n.variadic != "" {
		fixed = fixed[:len(fixed)-1]
		p := param(n.variadic)
		spec.VarParam = &p
	}
	for _, name := range fixed {
		spec.Params = append(spec.Params, param(name))
	}
	call := func(args []cty.Value) (cty.Value, error) {
		if u.left.Add(-1) < 0 {
			return cty.DynamicVal, fmt.Errorf("too many steps")
		}
		inner := ctx.NewChild()
		inner.Variables = make(map[string]cty.Value, len(n.params))
		for i, name := range fixed {
			inner.Variables[name] = args[i]
		}
		if n.variadic != "" {
			inner.Variables[n.variadic] = cty.TupleVal(args[len(fixed):])
		}
		v, ds := u.evaluate(n.expr, inner, n.context)
		if ds.HasErrors() {
			return cty.DynamicVal, &problem{code: ds[0].Code, summary: fmt.Sprintf("The call of %s() fails", n.name),
				detail: fmt.Sprintf("%s: %s: %s", ds[0].Range, ds[0].Summary, ds[0].Detail), hint: ds[0].Hint}
		}
		return v, nil
	}
	// The result's type is not asked for beforehand: that would be a second evaluation at each level of calls.
	spec.Type = function.StaticReturnType(cty.DynamicPseudoType)
	spec.Impl = func(args []cty.Value, _ cty.Type) (cty.Value, error) { return call(args) }
	return function.New(spec)
}
