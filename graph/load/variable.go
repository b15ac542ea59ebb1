package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/cairn-build/cairn/graph/diag"
)

// Var is a variable of the workspace, for `cairn vars`.
type Var struct {
	Name        string
	Type        string // as BUILD.hcl writes it
	Description string
	Sensitive   bool
	Winner      Candidate
	Losers      []Candidate // in the order in which they would win
	Range       diag.Range
}

// Candidate is one value that a variable could have.
type Candidate struct {
	Origin string     // "--var", "CAIRN_VAR_x", "cairn.local.hcl", "default"
	Value  string     // as text; "" for a sensitive variable
	Range  diag.Range // where it stands in a file
}

// secret marks a value that must not be shown or keyed.
type secret struct{}

// variable is one variable block while it is read.
type variable struct {
	name        string
	block       *hclsyntax.Block
	typ         cty.Type
	typed       bool
	defaults    *typeexpr.Defaults
	sensitive   bool
	description string
}

// candidate is a value before it is known to be the winner.
type candidate struct {
	origin string
	value  cty.Value
	rng    diag.Range
	bad    bool // it was told already
}

// variables reads the variable blocks of the root package and finds their values. Variables with errors have an unknown
// value.
func (u *unit) variables(blocks []*hclsyntax.Block, local *Local) (map[string]cty.Value, []Var) {
	values := map[string]cty.Value{}
	var vars []Var
	var read []*variable
	seen := map[string]*hclsyntax.Block{}
	for _, b := range blocks {
		context := blockContext(b)
		name, ok := u.oneLabel(b)
		if !ok {
			continue
		}
		if !hclsyntax.ValidIdentifier(name) {
			u.report(diag.Diag{Code: "bad-name", Summary: "Bad variable name " + quoteName(name), Range: rangeOf(b.LabelRanges[0]), Context: context,
				Detail: "A variable's name starts with a letter and goes on with letters, digits, _ and -."})
			continue
		}
		if first := seen[name]; first != nil {
			u.report(diag.Diag{Code: "duplicate-variable", Summary: fmt.Sprintf("There are two variables called %q", name), Range: rangeOf(b.DefRange()),
				Context: context, Related: []diag.Related{{Range: rangeOf(first.DefRange()), Text: "the first one"}}})
			continue
		}
		seen[name] = b
		u.l.varNames = append(u.l.varNames, name)
		read = append(read, &variable{name: name, block: b, typ: cty.DynamicPseudoType})
	}
	slices.Sort(u.l.varNames)
	for _, v := range read {
		u.varHeader(v)
		val, shown := u.varValue(v, local)
		values[v.name] = val
		vars = append(vars, shown)
	}
	// Validations see all variables.
	ctx := baseContext().NewChild()
	ctx.Variables = map[string]cty.Value{"var": cty.ObjectVal(values)}
	for _, v := range read {
		if values[v.name].IsWhollyKnown() {
			u.validate(v, ctx)
		}
	}
	u.unknownVars(local)
	slices.SortFunc(vars, func(a, b Var) int { return strings.Compare(a.Name, b.Name) })
	return values, vars
}

// varHeader reads all but the default.
func (u *unit) varHeader(v *variable) {
	context := blockContext(v.block)
	u.knownAttributes(v.block, variableAttrs, context)
	attrs := v.block.Body.Attributes
	if a := attrs["type"]; a != nil {
		t, defaults, hd := typeexpr.TypeConstraintWithDefaults(a.Expr)
		if hd.HasErrors() {
			u.reportAll(evalDiags(hd, context))
			u.poisoned = true
		} else {
			v.typ, v.defaults, v.typed = t, defaults, true
		}
	}
	if a := attrs["sensitive"]; a != nil {
		b, ok := u.literalBool(a, context)
		// Whatever is wrong with it, what was meant to be hidden stays hidden.
		v.sensitive = b || !ok
	}
	if a := attrs["description"]; a != nil {
		v.description, _ = u.literalString(a, context)
	}
	for _, b := range v.block.Body.Blocks {
		if b.Type != "validation" {
			u.report(diag.Diag{Code: "unknown-block", Summary: fmt.Sprintf("A variable has no block %q", clip(b.Type)), Range: rangeOf(b.DefRange()),
				Context: context, Hint: diag.DidYouMean(b.Type, []string{"validation"})})
		}
	}
}

// varValue gathers the values that v could have; the first wins.
func (u *unit) varValue(v *variable, local *Local) (cty.Value, Var) {
	var cs []candidate
	if s, ok := u.l.o.Vars[v.name]; ok {
		cs = append(cs, u.fromText(v, "--var", s))
	}
	if s, ok := u.l.rec.env("CAIRN_VAR_"+v.name, v.sensitive); ok {
		cs = append(cs, u.fromText(v, "CAIRN_VAR_"+v.name, s))
	}
	if x, ok := local.vars[v.name]; ok {
		cs = append(cs, u.converted(v, candidate{origin: LocalFile, value: x.value, rng: x.rng}))
	}
	if a := v.block.Body.Attributes["default"]; a != nil {
		if c, ok := u.fromDefault(v, a); ok {
			cs = append(cs, c)
		}
	}
	shown := Var{Name: v.name, Description: v.description, Sensitive: v.sensitive, Range: rangeOf(v.block.DefRange()), Type: "any"}
	if v.typed {
		shown.Type = typeexpr.TypeString(v.typ)
	}
	if len(cs) == 0 {
		u.report(diag.Diag{Code: "unset-variable", Summary: fmt.Sprintf("The variable %q has no value", v.name), Range: rangeOf(v.block.DefRange()),
			Context: blockContext(v.block), Detail: "It has no default, and nothing sets it.",
			Hint: fmt.Sprintf("Give it with --var %s=..., with CAIRN_VAR_%s, or in %s.", v.name, v.name, LocalFile)})
		u.poisoned = true
		return cty.DynamicVal, shown
	}
	for i, c := range cs {
		x := Candidate{Origin: c.origin, Range: c.rng}
		if !v.sensitive && !c.bad {
			x.Value = spellValue(c.value)
		}
		if i == 0 {
			shown.Winner = x
		} else {
			shown.Losers = append(shown.Losers, x)
		}
	}
	val := cs[0].value
	if cs[0].bad {
		u.poisoned = true
		return cty.DynamicVal, shown
	}
	if v.sensitive {
		val = val.Mark(secret{})
	}
	return val, shown
}

// fromText reads a value that was given as text: a string as it is, anything else as a literal of the language.
func (u *unit) fromText(v *variable, origin, text string) candidate {
	c := candidate{origin: origin, bad: true}
	fail := func(detail string) candidate {
		if v.sensitive {
			detail = "What exactly is wrong is not shown, since the variable is sensitive."
		}
		u.report(diag.Diag{Code: "bad-type", Summary: fmt.Sprintf("Bad value for the variable %q from %s", v.name, origin), Detail: detail,
			Range: rangeOf(v.block.DefRange()), Context: blockContext(v.block)})
		return c
	}
	typ := v.typ
	if !v.typed {
		// Without a type, a value looks like the default.
		typ = cty.String
		if a := v.block.Body.Attributes["default"]; a != nil && len(a.Expr.Variables()) == 0 {
			if x, hd := a.Expr.Value(nil); !hd.HasErrors() && !x.IsNull() {
				typ = x.Type()
			}
		}
	}
	if typ == cty.String {
		if why := badText(text); why != "" {
			return fail(why)
		}
		c.value = cty.StringVal(text)
		return u.converted(v, c)
	}
	e, ds := parseExpr([]byte(text), origin)
	if ds.HasErrors() {
		return fail(fmt.Sprintf("It must be %s, written as in BUILD.hcl: %s.", typeWords(typ), ds[0].Summary))
	}
	x, hd := e.Value(nil)
	if hd.HasErrors() || !x.IsWhollyKnown() {
		return fail(fmt.Sprintf("It must be %s, as a literal of BUILD.hcl.", typeWords(typ)))
	}
	c.value = x
	return u.converted(v, c)
}

// fromDefault evaluates a default: literals, pure functions and env(). False where it is null from env(): it sets nothing.
func (u *unit) fromDefault(v *variable, a *hclsyntax.Attribute) (candidate, bool) {
	context := blockContext(v.block)
	c := candidate{origin: "default", rng: rangeOf(a.Expr.Range()), bad: true}
	_, ds := u.check(a.Expr, scope{where: "a variable's default", env: true, pure: true}, context)
	if ds.HasErrors() {
		u.reportHidden(ds, v.sensitive)
		return c, true
	}
	ctx := baseContext().NewChild()
	ctx.Functions = map[string]function.Function{"env": u.envFunc(v.sensitive)}
	x, ds := u.evaluate(a.Expr, ctx, context)
	if ds.HasErrors() {
		u.reportHidden(ds, v.sensitive)
		return c, true
	}
	if x.IsNull() {
		if call, ok := a.Expr.(*hclsyntax.FunctionCallExpr); ok && call.Name == "env" {
			return c, false
		}
	}
	c.value = x
	return u.converted(v, c), true
}

// converted brings a candidate to the variable's type.
func (u *unit) converted(v *variable, c candidate) candidate {
	c.bad = true
	fail := func(detail string) candidate {
		d := diag.Diag{Code: "bad-type", Summary: fmt.Sprintf("Bad value for the variable %q from %s", v.name, c.origin), Detail: detail, Range: c.rng,
			Context: blockContext(v.block)}
		if d.Range.IsZero() {
			d.Range = rangeOf(v.block.DefRange())
		}
		u.reportHidden(diag.List{d}, v.sensitive)
		return c
	}
	if c.value.IsNull() {
		return fail("It cannot be null.")
	}
	if v.defaults != nil && !c.value.IsNull() {
		c.value = v.defaults.Apply(c.value)
	}
	x, err := convert.Convert(c.value, v.typ)
	if err != nil {
		if v.sensitive {
			return fail(fmt.Sprintf("It must be %s.", typeWords(v.typ)))
		}
		return fail(fmt.Sprintf("It must be %s: %s.", typeWords(v.typ), err))
	}
	if why := tooLarge(x); why != "" {
		return fail(why)
	}
	c.value, c.bad = x, false
	return c
}

func (u *unit) validate(v *variable, ctx *hcl.EvalContext) {
	for _, b := range v.block.Body.Blocks {
		if b.Type != "validation" {
			continue
		}
		context := blockContext(v.block)
		u.knownAttributes(b, validationAttrs, context)
		cond, msg := b.Body.Attributes["condition"], b.Body.Attributes["error_message"]
		if cond == nil || msg == nil {
			u.report(diag.Diag{Code: "missing-attribute", Summary: "A validation needs condition and error_message", Range: rangeOf(b.DefRange()), Context: context})
			continue
		}
		sc := scope{where: "a validation", vars: true, pure: true}
		_, ds := u.check(cond.Expr, sc, context)
		_, ds2 := u.check(msg.Expr, sc, context)
		if ds = append(ds, ds2...); ds.HasErrors() {
			u.reportAll(ds)
			continue
		}
		x, ds := u.evaluate(cond.Expr, ctx, context)
		if ds.HasErrors() {
			u.reportHidden(ds, v.sensitive)
			continue
		}
		x, _ = x.UnmarkDeep()
		if x.IsKnown() && (x.IsNull() || x.Type() != cty.Bool) {
			u.report(diag.Diag{Code: "bad-type", Summary: "A validation's condition is true or false", Detail: fmt.Sprintf("This one is %s.", typeName(x)),
				Range: rangeOf(cond.Expr.Range()), Context: context})
			continue
		}
		if !x.IsKnown() || x.True() {
			continue
		}
		m, ds := u.evaluate(msg.Expr, ctx, context)
		if ds.HasErrors() {
			u.reportHidden(ds, v.sensitive)
			continue
		}
		text := "(The message holds a sensitive value and is not shown.)"
		if !m.ContainsMarked() && m.IsKnown() && !m.IsNull() && m.Type() == cty.String {
			text = m.AsString()
		}
		values, _ := involved(cond.Expr, ctx)
		u.reportHidden(diag.List{{Code: "invalid-variable", Summary: fmt.Sprintf("Invalid value for the variable %q", v.name), Detail: text,
			Range: rangeOf(cond.Expr.Range()), Context: context, Values: values}}, v.sensitive)
	}
}

// unknownVars tells of values for variables that there are not.
func (u *unit) unknownVars(local *Local) {
	for _, name := range sortedKeys(u.l.o.Vars) {
		if !slices.Contains(u.l.varNames, name) {
			u.report(diag.Diag{Code: "unknown-variable", Summary: fmt.Sprintf("There is no variable called %s, which --var sets", quoteName(name)),
				Detail: fmt.Sprintf("The workspace's variables are %s.", orNothing(u.l.varNames)), Hint: diag.DidYouMean(name, u.l.varNames)})
		}
	}
	for _, name := range sortedKeys(local.vars) {
		if !slices.Contains(u.l.varNames, name) {
			u.report(diag.Diag{Code: "unknown-variable", Summary: "There is no variable called " + quoteName(name), Range: local.vars[name].rng, NoSource: true,
				Detail: fmt.Sprintf("The workspace's variables are %s.", orNothing(u.l.varNames)), Hint: diag.DidYouMean(name, u.l.varNames)})
		}
	}
}

func (u *unit) envFunc(sensitive bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "name", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[0].AsString()
			if name == "" || strings.ContainsAny(name, "=\x00") {
				return cty.NullVal(cty.String), function.NewArgErrorf(0, "%s is no name of a variable", quoteName(name))
			}
			s, ok := u.l.rec.env(name, sensitive)
			if !ok {
				return cty.NullVal(cty.String), nil
			}
			if why := badText(s); why != "" {
				return cty.NullVal(cty.String), function.NewArgErrorf(0, "the value of %s: %s", name, why)
			}
			return cty.StringVal(s), nil
		},
	})
}

// typeWords says in words what a type constraint asks for.
func typeWords(t cty.Type) string {
	switch {
	case t == cty.String:
		return "a string"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	}
	return "of type " + typeexpr.TypeString(t)
}

// spellValue writes a value as text for `cairn vars`, a string without quotes.
func spellValue(v cty.Value) string {
	if v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
		return v.AsString()
	}
	return show(v)
}
