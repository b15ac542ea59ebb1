package load

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// instance is one target that a block stands for.
type instance struct {
	u       *unit
	kind    *kind
	block   *hclsyntax.Block
	context string
	label   label.Label
	each    *hcl.EvalContext // the scope with each.*; nil without for_each
	full    *hcl.EvalContext // the scope with self.*, too; made when first needed
	// elsewhere says that the target is not for this platform: a select without a choice for it is no error.
	elsewhere bool
}

// target evaluates one block, whose name has been checked.
func (u *unit) target(b *hclsyntax.Block, k *kind) {
	context := blockContext(b)
	for _, in := range b.Body.Blocks {
		u.report(diag.Diag{Code: "unknown-block", Summary: fmt.Sprintf("%s has no block %q", article(b.Type), clip(in.Type)), Range: rangeOf(in.DefRange()),
			Context: context, Hint: fmt.Sprintf("An attribute is written %s = ...", clip(in.Type))})
	}
	base := label.Label{Pkg: u.path, Name: b.Labels[0]}
	fe := b.Body.Attributes["for_each"]
	if fe == nil || k.own["for_each"] {
		u.instance(&instance{u: u, kind: k, block: b, context: context, label: base})
		return
	}
	pairs, ok := u.forEach(fe, context)
	if !ok {
		// The group stands, so that references to it are not told a second time; so do the attributes' own errors.
		u.groups[base] = nil
		unknown := cty.ObjectVal(map[string]cty.Value{"key": cty.UnknownVal(cty.String), "value": cty.DynamicVal})
		u.poisoned = true
		it := &instance{u: u, kind: k, block: b, context: context, label: base, each: u.withEach(unknown)}
		it.build()
		return
	}
	group := make([]label.Label, 0, len(pairs))
	for _, p := range pairs {
		l := label.Label{Pkg: u.path, Name: base.Name + "@" + p.key}
		group = append(group, l)
		u.instance(&instance{u: u, kind: k, block: b, context: context, label: l, each: u.withEach(p.each)})
	}
	u.groups[base] = group
}

func (u *unit) withEach(each cty.Value) *hcl.EvalContext {
	ctx := u.ctx.NewChild()
	ctx.Variables = map[string]cty.Value{"each": each}
	return ctx
}

func (u *unit) instance(it *instance) {
	if t := it.build(); t != nil {
		u.targets = append(u.targets, t)
	}
}

// pair is one key of a for_each.
type pair struct {
	key  string
	each cty.Value
}

// forEach gives the instances, in the order of their keys.
func (u *unit) forEach(a *hclsyntax.Attribute, context string) ([]pair, bool) {
	rng := rangeOf(a.Expr.Range())
	fail := func(code, summary, detail, hint string) ([]pair, bool) {
		values, _ := involved(a.Expr, u.ctx)
		u.report(diag.Diag{Code: code, Summary: summary, Detail: detail, Hint: hint, Range: rng, Context: context, Values: values})
		return nil, false
	}
	us, ds := u.check(a.Expr, scope{where: "for_each", vars: true, locals: true}, context)
	if ds.HasErrors() {
		u.reportAll(ds)
		return nil, false
	}
	if n := u.dependsOnPlatform(us); n != "" {
		return fail("misplaced-reference", "for_each differs between platforms", fmt.Sprintf("%s refers to `platform`, and which targets there are is the same on all platforms.", n), "")
	}
	v, ds := u.evaluate(a.Expr, u.ctx, context)
	if ds.HasErrors() {
		u.reportAll(ds)
		return nil, false
	}
	if v.ContainsMarked() {
		return fail("sensitive-value", "for_each would hold a sensitive value", "Names of targets are shown and keyed.", "")
	}
	if !v.IsKnown() {
		if u.poisoned {
			return nil, false
		}
		return fail("unknown-value", "for_each has no known value", "", "")
	}
	if v.IsNull() {
		return fail("null-value", "for_each is null", "It takes a map or a set of strings; an empty one makes no target.", "")
	}
	t := v.Type()
	isSet := t.IsSetType()
	switch {
	case isSet, t.IsMapType(), t.IsObjectType():
	case t.IsListType(), t.IsTupleType():
		return fail("bad-type", "for_each takes a map or a set of strings", "This is a list, whose order would become part of names.", "Write toset([...]).")
	default:
		return fail("bad-type", "for_each takes a map or a set of strings", fmt.Sprintf("This is %s.", typeName(v)), "")
	}
	var pairs []pair
	folded := map[string]string{}
	for it := v.ElementIterator(); it.Next(); {
		k, x := it.Element()
		if isSet {
			k = x
		}
		if !k.IsKnown() || k.IsNull() || k.Type() != cty.String {
			return fail("bad-type", "for_each takes a map or a set of strings", fmt.Sprintf("The set holds %s.", typeName(k)), "")
		}
		key := k.AsString()
		if err := label.CheckKey(key); err != nil {
			return fail("bad-name", fmt.Sprintf("Bad key %s in for_each", quoteName(key)), capital(err.Error())+".", "Use a map whose keys are short names and whose values are what is needed.")
		}
		if other, ok := folded[strings.ToLower(key)]; ok {
			return fail("case-clash", fmt.Sprintf("The keys %q and %q differ by case only", other, key), "On some file systems their outputs would be one.", "")
		}
		folded[strings.ToLower(key)] = key
		pairs = append(pairs, pair{key, cty.ObjectVal(map[string]cty.Value{"key": k, "value": x})})
	}
	return pairs, true
}

// dependsOnPlatform names the local or function through which us depends on the platform, "" for none.
func (u *unit) dependsOnPlatform(us uses) string {
	for _, r := range us.locals {
		if n := u.locals[r.name]; n.platform {
			return n.String()
		}
	}
	for _, r := range us.functions {
		if n := u.functions[r.name]; n.platform {
			return n.String()
		}
	}
	return ""
}

// build evaluates the attributes. It gives nil where one is wrong.
func (it *instance) build() *rule.Target {
	u, k := it.u, it.kind
	before := len(u.diags)
	attrs := it.block.Body.Attributes
	t := &rule.Target{Label: it.label, Kind: k.rule.Kind, Range: rangeOf(it.block.DefRange()), Platform: u.platform,
		Attrs: make(map[string]rule.Value, len(k.rule.Attrs))}
	known := 0
	if a := attrs["platforms"]; a != nil && !k.own["platforms"] {
		it.elsewhere = it.notHere(a)
	}
	for i := range k.rule.Attrs {
		at := &k.rule.Attrs[i]
		a := attrs[at.Name]
		if a == nil {
			of, said := u.l.defaults[at.Workspace]
			switch {
			case said:
				t.Attrs[at.Name] = of
			case at.Default != nil:
				t.Attrs[at.Name] = rule.Value{Value: at.Default}
			case at.Required:
				u.report(diag.Diag{Code: "missing-attribute", Summary: fmt.Sprintf("%s needs the attribute %q", article(k.rule.Kind), at.Name), Detail: at.Doc,
					Range: t.Range, Context: it.context, Hint: it.typo(at.Name)})
			}
			continue
		}
		known++
		if v, ok := it.attr(at, a); ok {
			t.Attrs[at.Name] = v
		}
	}
	known += it.common(t)
	if known < len(attrs) {
		it.unknownAttributes()
	}
	if len(u.diags) > before {
		return nil
	}
	return t
}

// notHere says whether a target's platforms leave out the one that it is evaluated for. What is wrong with them is told
// when they are read.
func (it *instance) notHere(a *hclsyntax.Attribute) bool {
	c := converter{u: it.u, at: &platformsAttr, expr: a.Expr, partial: true}
	v, good, ok := c.literal()
	list, _ := v.([]string)
	if !ok || !good {
		return false
	}
	for _, p := range list {
		if p == it.u.platform.String() {
			return false
		}
	}
	return len(list) > 0
}

// typo looks for an attribute that was probably meant to be name.
func (it *instance) typo(name string) string {
	for _, has := range sortedKeys(it.block.Body.Attributes) {
		if !it.hasAttr(has) && diag.Nearest(has, []string{name}) != "" {
			return fmt.Sprintf("There is %q; did you mean %q?", has, name)
		}
	}
	return ""
}

func (it *instance) hasAttr(name string) bool {
	for _, n := range it.kind.names {
		if n == name {
			return true
		}
	}
	return false
}

func (it *instance) unknownAttributes() {
	for _, name := range sortedKeys(it.block.Body.Attributes) {
		if it.hasAttr(name) {
			continue
		}
		a := it.block.Body.Attributes[name]
		hint := diag.DidYouMean(name, it.kind.names)
		if name == "count" {
			hint = "There is no count; for_each makes instances that have names."
		} else if hint == "" {
			hint = fmt.Sprintf("`cairn help %s` lists its attributes.", it.kind.rule.Kind)
		}
		it.u.report(diag.Diag{Code: "unknown-attribute", Summary: fmt.Sprintf("%s has no attribute %q", article(it.kind.rule.Kind), clip(name)), Range: rangeOf(a.NameRange),
			Context: it.context, Hint: hint})
	}
}

// scope gives the evaluation scope of the target's attributes.
func (it *instance) scope() *hcl.EvalContext {
	if it.full != nil {
		return it.full
	}
	parent := it.u.ctx
	if it.each != nil {
		parent = it.each
	}
	it.full = parent.NewChild()
	it.full.Variables = map[string]cty.Value{"self": cty.ObjectVal(map[string]cty.Value{
		"name":    cty.StringVal(it.block.Labels[0]),
		"label":   cty.StringVal(it.label.String()),
		"package": cty.StringVal(it.label.Pkg),
	})}
	return it.full
}

// attr evaluates one attribute.
func (it *instance) attr(at *rule.Attr, a *hclsyntax.Attribute) (rule.Value, bool) {
	u := it.u
	c := converter{u: u, at: at, context: it.context, expr: a.Expr, inTree: at.Within != "" && it.block.Body.Attributes[at.Within] != nil}
	if v, good, ok := c.literal(); ok {
		u.reportAll(c.ds)
		return rule.Value{Value: v, Range: rangeOf(a.Expr.Range())}, good
	}
	sc := scope{where: at.Name, vars: true, locals: true, self: true, each: it.each != nil, platform: true, late: at.Late, lateIn: it.kind.lateIn}
	us, ds := u.check(a.Expr, sc, it.context)
	if ds.HasErrors() {
		u.reportAll(ds)
		return rule.Value{}, false
	}
	ctx := it.scope()
	rng := rangeOf(a.Expr.Range())
	if us.late {
		// What can be wrong without knowing the inputs is told now.
		pc := c
		pc.ctx, pc.partial = lateContext(ctx, unknownScope), true
		v, ds := u.evaluate(a.Expr, pc.ctx, it.context)
		if it.absent(ds) {
			return rule.Value{}, false
		}
		u.reportAll(ds)
		if !ds.HasErrors() {
			pc.value(v)
			u.reportAll(pc.ds)
		}
		return rule.Value{Late: c.late(ctx), Range: rng}, !ds.HasErrors() && len(pc.ds) == 0
	}
	v, ds := u.evaluate(a.Expr, ctx, it.context)
	if it.absent(ds) {
		return rule.Value{}, false
	}
	if ds.HasErrors() {
		u.reportAll(ds)
		return rule.Value{}, false
	}
	c.ctx = ctx
	x, ok := c.value(v)
	u.reportAll(c.ds)
	return rule.Value{Value: x, Range: rng}, ok
}

// absent says whether ds is no more than a select that has no choice for a platform that the target is not for.
func (it *instance) absent(ds diag.List) bool {
	if !it.elsewhere || len(ds) == 0 {
		return false
	}
	for _, d := range ds {
		if d.Code != "no-choice" {
			return false
		}
	}
	return true
}
