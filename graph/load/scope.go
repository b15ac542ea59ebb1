package load

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/cairn-build/cairn/graph/diag"
)

// scope is what an expression may refer to at one place of a BUILD file. References are checked by name before anything
// is evaluated, so that each wrong one is told, with what was probably meant.
type scope struct {
	where    string // "for_each", "a local": completes "... stands in"
	params   []string
	vars     bool
	locals   bool
	self     bool
	each     bool
	platform bool
	late     bool // in.*, out and tool()
	env      bool // env(), in a variable's default
	pure     bool // no function that reads anything
	lateIn   string
}

// uses is what an expression refers to.
type uses struct {
	locals    []use
	functions []use // the package's own
	late      bool
	platform  bool
}

// use is one reference.
type use struct {
	name string
	rng  hcl.Range
}

var (
	selfNames     = []string{"label", "name", "package"}
	eachNames     = []string{"key", "value"}
	platformNames = []string{"arch", "id", "os"}
	inNames       = []string{"data", "deps", "srcs"}
)

// check looks at all references of e. It prepares e for evaluation, too: loops are metered.
func (u *unit) check(e hclsyntax.Expression, sc scope, context string) (uses, diag.List) {
	var us uses
	var ds diag.List
	bad := func(r hcl.Range, code, summary, detail, hint string) {
		ds = append(ds, diag.Diag{Code: code, Summary: summary, Detail: detail, Hint: hint, Range: rangeOf(r), Context: context})
	}
	for _, tr := range e.Variables() {
		u.checkReference(tr, sc, &us, bad)
	}
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.FunctionCallExpr:
			u.checkCall(n, sc, &us, bad)
		case *hclsyntax.ForExpr:
			n.ValExpr = u.meter(n.ValExpr)
			if n.CondExpr != nil {
				n.CondExpr = u.meter(n.CondExpr)
			}
		case *hclsyntax.TemplateWrapExpr:
			if _, ok := n.Wrapped.(quoted); !ok {
				n.Wrapped = quoted{n.Wrapped}
			}
		}
		return nil
	})
	return us, ds
}

type reportFunc func(r hcl.Range, code, summary, detail, hint string)

func (u *unit) checkReference(tr hcl.Traversal, sc scope, us *uses, bad reportFunc) {
	root := tr.RootName()
	rng := tr.SourceRange()
	if slices.Contains(sc.params, root) {
		return
	}
	member := func(names []string) {
		if name, ok := second(tr); ok && !slices.Contains(names, name) {
			bad(rng, "unknown-variable", fmt.Sprintf("There is no %s.%s", root, name),
				fmt.Sprintf("`%s` has %s.", root, orNothing(names)), diag.DidYouMean(name, names))
		}
	}
	switch {
	case root == "var" && sc.vars:
		names := u.l.varNames
		name, ok := second(tr)
		if ok && !slices.Contains(names, name) {
			hint := diag.DidYouMean(name, names)
			if hint == "" {
				hint = "Variables are declared in the root package: variable \"" + clip(name) + "\" {}"
			}
			bad(rng, "unknown-variable", "There is no variable called "+quoteName(name),
				fmt.Sprintf("The workspace's variables are %s.", orNothing(names)), hint)
		}
	case root == "local" && sc.locals:
		name, ok := second(tr)
		switch {
		case !ok:
			for n := range u.locals {
				us.locals = append(us.locals, use{n, rng})
			}
			slices.SortFunc(us.locals, func(a, b use) int { return strings.Compare(a.name, b.name) })
		case u.locals[name] == nil:
			names := sortedKeys(u.locals)
			bad(rng, "unknown-variable", "There is no local called "+quoteName(name),
				fmt.Sprintf("The package's locals are %s.", orNothing(names)), diag.DidYouMean(name, names))
		default:
			us.locals = append(us.locals, use{name, rng})
		}
	case root == "self" && sc.self:
		member(selfNames)
	case root == "each" && sc.each:
		member(eachNames)
	case root == "platform" && sc.platform:
		us.platform = true
		member(platformNames)
	case root == "in" && sc.late:
		us.late = true
		member(inNames)
	case root == "out" && sc.late:
		us.late = true
	case root == "in" || root == "out":
		bad(rng, "misplaced-reference", fmt.Sprintf("`%s` cannot be used in %s", root, sc.where),
			"What a target's inputs and outputs are is known when it is analysed, so `in` and `out` stand only in "+u.lateWhere(sc)+".", "")
	case root == "each" && sc.self:
		bad(rng, "misplaced-reference", "`each` is used in a target without for_each", "each.key and each.value stand for one instance of a for_each.", "")
	case slices.Contains([]string{"self", "each"}, root):
		bad(rng, "misplaced-reference", fmt.Sprintf("`%s` cannot be used in %s", root, sc.where), "It stands for the target, so it can be used in a target's attributes only.", "")
	case root == "platform":
		bad(rng, "misplaced-reference", fmt.Sprintf("`platform` cannot be used in %s", sc.where),
			"Which targets there are, and their names, is the same on all platforms.", "")
	case root == "var" || root == "local":
		bad(rng, "misplaced-reference", fmt.Sprintf("`%s` cannot be used in %s", root, sc.where), "", "")
	default:
		var names []string
		for name, ok := range map[string]bool{"var": sc.vars, "local": sc.locals, "self": sc.self, "each": sc.each, "platform": sc.platform, "in": sc.late, "out": sc.late} {
			if ok {
				names = append(names, name)
			}
		}
		names = append(names, sc.params...)
		slices.Sort(names)
		hint := ""
		switch {
		case slices.Contains(u.l.varNames, root) && sc.vars:
			hint = "Write var." + root + "."
		case u.locals[root] != nil && sc.locals:
			hint = "Write local." + root + "."
		default:
			if hint = diag.DidYouMean(root, names); hint == "" && len(tr) == 1 {
				hint = "A string is written in quotes: \"" + clip(root) + "\"."
			}
		}
		bad(rng, "unknown-variable", "There is nothing called "+quoteName(root), fmt.Sprintf("In scope in %s: %s.", sc.where, orNothing(names)), hint)
	}
}

// lateWhere names the places where in, out and tool() may stand.
func (u *unit) lateWhere(sc scope) string {
	if sc.lateIn != "" {
		return sc.lateIn
	}
	return "attributes that are known when the target is analysed (argv, stdout, env)"
}

func (u *unit) checkCall(c *hclsyntax.FunctionCallExpr, sc scope, us *uses, bad reportFunc) {
	switch {
	case u.functions[c.Name] != nil:
		if sc.pure {
			bad(c.NameRange, "misplaced-call", fmt.Sprintf("%s() cannot be called in %s", c.Name, sc.where), "Functions of a package are known after the workspace's variables.", "")
			return
		}
		us.functions = append(us.functions, use{c.Name, c.NameRange})
	case c.Name == "tool":
		if !sc.late {
			bad(c.NameRange, "misplaced-call", "tool() cannot be called in "+sc.where,
				"The path of a tool is known when the target is analysed, so tool() stands only in "+u.lateWhere(sc)+".", "")
			return
		}
		us.late = true
	case c.Name == "env":
		if !sc.env {
			bad(c.NameRange, "misplaced-call", "env() cannot be called in "+sc.where, "The environment is read in one place: env(\"X\") stands only in a variable's default.",
				"Declare a variable in the root package: variable \"x\" { default = env(\"X\") }")
		}
	case slices.Contains([]string{"glob", "file", "git_describe"}, c.Name):
		if sc.pure {
			bad(c.NameRange, "misplaced-call", fmt.Sprintf("%s() cannot be called in %s", c.Name, sc.where), "It reads files of a package.", "")
		}
	default:
		if _, ok := builtins()[c.Name]; !ok {
			names := append(sortedKeys(u.functions), builtinNames()...)
			hint := diag.DidYouMean(c.Name, names)
			detail := "The functions are listed by `cairn help functions`."
			switch c.Name {
			case "timestamp", "uuid", "random", "abspath", "plantimestamp", "bcrypt":
				detail = "A BUILD file means the same at each time and place, so there is no clock, no chance and no absolute path in it."
			}
			bad(c.NameRange, "unknown-function", "There is no function called "+quoteName(c.Name), detail, hint)
		}
	}
}

// second gives the name after a reference's root.
func second(tr hcl.Traversal) (string, bool) {
	if len(tr) < 2 {
		return "", false
	}
	switch s := tr[1].(type) {
	case hcl.TraverseAttr:
		return s.Name, true
	case hcl.TraverseIndex:
		if s.Key.Type() == cty.String && s.Key.IsKnown() && !s.Key.IsNull() {
			return s.Key.AsString(), true
		}
	}
	return "", false
}

func quoteName(s string) string { return fmt.Sprintf("%q", clip(s)) }

// orNothing lists names for a message.
func orNothing(names []string) string {
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > 20:
		return strings.Join(names[:20], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}

// maxSteps bounds the loop steps and calls of a package's functions. The language has no recursion, so each evaluation
// ends, but nested loops could take longer than anyone waits.
const maxSteps = 1 << 20

// exhausted is what a metered expression panics with, to get out of nested loops; evaluate catches it.
type exhausted struct{}

// metered counts how often an expression is evaluated.
type metered struct {
	hclsyntax.Expression
	left *atomic.Int64
}

func (u *unit) meter(e hclsyntax.Expression) hclsyntax.Expression {
	if _, ok := e.(metered); ok {
		return e
	}
	return metered{e, &u.left}
}

// Value implements hcl.Expression.
func (m metered) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if m.left.Add(-1) < 0 {
		panic(exhausted{})
	}
	return m.Expression.Value(ctx)
}

// quoted is the expression in "${...}". HCL takes the quotes around a sole interpolation for nothing, so that "${1}" would
// be a number; in a language of strict types quotes make a string. Lists and maps pass as they are.
type quoted struct{ hclsyntax.Expression }

// Value implements hcl.Expression.
func (q quoted) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, ds := q.Expression.Value(ctx)
	bare, marks := v.Unmark()
	if bare.IsKnown() && !bare.IsNull() && (bare.Type() == cty.Number || bare.Type() == cty.Bool) && tooLarge(bare) == "" {
		if s, err := convert.Convert(bare, cty.String); err == nil {
			return s.WithMarks(marks), ds
		}
	}
	return v, ds
}

// evaluate gives an expression's value, which is DynamicVal where there are errors. It is safe for concurrent use.
func (u *unit) evaluate(e hcl.Expression, ctx *hcl.EvalContext, context string) (v cty.Value, ds diag.List) {
	defer func() {
		if r := recover(); r != nil && u.left.Load() >= 0 {
			v = cty.DynamicVal
			ds = diag.List{{Code: "internal", Summary: "internal error: an expression could not be evaluated",
				Detail: clip(fmt.Sprint(r)) + ". Please report this with the expression.", Range: rangeOf(e.Range()), Context: context}}
		}
		if u.left.Load() < 0 {
			v = cty.DynamicVal
			ds = diag.List{{Code: "too-much-work", Summary: "This takes too long to evaluate",
				Detail: fmt.Sprintf("The loops and functions of a package can take %d steps in all.", u.l.o.steps), Range: rangeOf(e.Range()), Context: context}}
		}
	}()
	v, hd := e.Value(ctx)
	if ds = evalDiags(hd, context); ds.HasErrors() {
		return cty.DynamicVal, ds
	}
	if v == cty.NilVal {
		v = cty.DynamicVal
	}
	if why := tooLarge(v); why != "" {
		return cty.DynamicVal, diag.List{{Code: "too-large", Summary: "This value is too large", Detail: why, Range: rangeOf(e.Range()), Context: context}}
	}
	return v, nil
}

const (
	maxValue  = 8 << 20 // bytes of strings, and 16 for each element
	maxDigits = 1 << 12 // bits of a number's exponent
)

// tooLarge says why a value cannot be kept, "" if it can. Values share their parts, so a few lines can make one that
// would not fit into memory once it is written out.
func tooLarge(v cty.Value) string {
	left := maxValue
	return weigh(v, &left)
}

func weigh(v cty.Value, left *int) string {
	if v.IsMarked() {
		v, _ = v.Unmark()
	}
	*left -= 16
	if !v.IsKnown() || v.IsNull() {
		return ""
	}
	switch t := v.Type(); {
	case t == cty.String:
		*left -= len(v.AsString())
	case t == cty.Number:
		f := v.AsBigFloat()
		if f.IsInf() {
			return "It holds a number that is not finite."
		}
		if n := f.MantExp(nil); n > maxDigits || n < -maxDigits {
			return "It holds a number with more than a thousand digits."
		}
	case t.IsCollectionType() || t.IsTupleType() || t.IsObjectType():
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			if k.Type() == cty.String && k.IsKnown() {
				*left -= len(k.AsString())
			}
			if why := weigh(e, left); why != "" {
				return why
			}
			if *left < 0 {
				break
			}
		}
	}
	if *left < 0 {
		return fmt.Sprintf("It takes more than %d bytes.", maxValue)
	}
	return ""
}
