package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// Package is the targets of one BUILD.hcl.
type Package struct {
	Path        string // relative to the workspace; "" is the root
	File        string // its BUILD.hcl, relative to the workspace
	Description string
	Tags        []string
	Visibility  []label.Pattern // what the package block sets
	Targets     []label.Label   // sorted, instances expanded
}

// evaluate fills the unit from the package's syntax.
func (u *unit) evaluatePackage(body *hclsyntax.Body) {
	u.topLevel(body)
	u.ctx = u.l.ctx.NewChild()
	u.ctx.Variables = map[string]cty.Value{"platform": platformValue(u.platform)}
	u.ctx.Functions = u.trackedFunctions()
	u.declareLocals(body)
	u.evalLocals()
	var blocks []*hclsyntax.Block
	for _, b := range body.Blocks {
		if u.l.kinds[b.Type] != nil && u.declare(b) {
			blocks = append(blocks, b)
		}
	}
	for _, b := range body.Blocks {
		if b.Type == "package" {
			u.packageBlock(b)
		}
	}
	for _, b := range blocks {
		u.target(b, u.l.kinds[b.Type])
	}
	u.sift()
	u.names = nil
}

func platformValue(p rule.Platform) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal(p.String()), "os": cty.StringVal(p.OS), "arch": cty.StringVal(p.Arch)})
}

// sift keeps one message of several that say the same.
func (u *unit) sift() {
	seen := false
	u.diags = slices.DeleteFunc(u.diags, func(d diag.Diag) bool {
		again := seen && d.Code == "too-much-work"
		seen = seen || d.Code == "too-much-work"
		return again
	})
}

// topLevel refuses what cannot stand at the top of a BUILD file.
func (u *unit) topLevel(body *hclsyntax.Body) {
	for _, name := range sortedKeys(body.Attributes) {
		hint := "A value with a name stands in locals { ... }."
		u.report(diag.Diag{Code: "unknown-attribute", Summary: fmt.Sprintf("%s has no attribute %q", BuildFile, clip(name)), Range: rangeOf(body.Attributes[name].NameRange),
			Detail: "At the top of the file stand blocks only.", Hint: hint})
	}
	var pkg *hclsyntax.Block
	for _, b := range body.Blocks {
		switch {
		case b.Type == "locals" || b.Type == "function":
		case b.Type == "package":
			if pkg != nil {
				u.report(diag.Diag{Code: "duplicate-block", Summary: "There are two package blocks", Range: rangeOf(b.DefRange()), Context: blockContext(b),
					Related: []diag.Related{{Range: rangeOf(pkg.DefRange()), Text: "the first one"}}})
				continue
			}
			pkg = b
		case b.Type == "variable" || b.Type == "workspace":
			if u.path != "" {
				u.report(diag.Diag{Code: "misplaced-block", Summary: fmt.Sprintf("%s block stands in the root package only", article(b.Type)), Range: rangeOf(b.DefRange()),
					Context: blockContext(b), Hint: "Move it to " + BuildFile + " in the workspace's root."})
			}
		case u.l.kinds[b.Type] != nil:
		case slices.Contains(reserved, b.Type):
			u.report(diag.Diag{Code: "unknown-kind", Summary: fmt.Sprintf("%q is reserved for later", b.Type), Range: rangeOf(b.TypeRange), Context: blockContext(b),
				Detail: "This version of cairn does not have it yet."})
		default:
			words := append([]string{"workspace", "package", "variable", "locals", "function"}, u.l.kindNames...)
			hint := diag.DidYouMean(b.Type, words)
			if hint == "" {
				hint = "`cairn help` lists the kinds."
			}
			u.report(diag.Diag{Code: "unknown-kind", Summary: "There is no kind of target called " + quoteName(b.Type), Range: rangeOf(b.TypeRange), Context: blockContext(b), Hint: hint})
		}
	}
}

// declare checks a target's name and takes it.
func (u *unit) declare(b *hclsyntax.Block) bool {
	name, ok := u.oneLabel(b)
	if !ok {
		return false
	}
	rng := rangeOf(b.LabelRanges[0])
	fail := func(code, summary, detail, hint string, related ...diag.Related) bool {
		u.report(diag.Diag{Code: code, Summary: summary, Detail: detail, Hint: hint, Range: rng, Context: blockContext(b), Related: related})
		return false
	}
	if err := label.CheckName(name); err != nil {
		return fail("bad-name", "Bad name "+quoteName(name), capital(err.Error())+".", "")
	}
	switch {
	case strings.Contains(name, "@"):
		return fail("bad-name", "Bad name "+quoteName(name), "What follows an @ is the key of a for_each.", "")
	case name == "all":
		return fail("bad-name", "A target cannot be called \"all\"", "//pkg:all stands for all targets of a package.", "")
	case strings.HasPrefix(name, "."):
		return fail("bad-name", "Bad name "+quoteName(name), "A target's name does not start with a dot; cairn keeps files of its own under such names.", "")
	}
	if first := u.names[name]; first != nil {
		return fail("duplicate-target", fmt.Sprintf("There are two targets called %q", name), "Names are unique in a package, whatever the kinds.", "",
			diag.Related{Range: rangeOf(first.DefRange()), Text: "the first one"})
	}
	folded := strings.ToLower(name)
	if first := u.folded[folded]; first != nil {
		return fail("case-clash", fmt.Sprintf("%q and %q differ by case only", name, first.Labels[0]), "On some file systems their outputs would be one.", "",
			diag.Related{Range: rangeOf(first.DefRange()), Text: "the other one"})
	}
	if u.folded == nil {
		u.folded = map[string]*hclsyntax.Block{}
	}
	u.folded[folded] = b
	u.names[name] = b
	if dir := joinPath(u.path, name); u.l.holds[dir] {
		return fail("folder-clash", fmt.Sprintf("%q is the name of a folder that holds packages", name), fmt.Sprintf("//%s is or holds a package, and the outputs of both would lie in one place.", dir), "Give the target another name.")
	}
	return true
}

func (u *unit) packageBlock(b *hclsyntax.Block) {
	context := blockContext(b)
	u.noLabels(b)
	u.noBlocks(b, context)
	u.knownAttributes(b, packageAttrs, context)
	for i := range packageAttrs {
		at := &packageAttrs[i]
		a := b.Body.Attributes[at.Name]
		if a == nil {
			continue
		}
		v, ok := u.plainAttr(at, a, scope{where: "a package block", vars: true, locals: true}, u.ctx, context)
		if !ok {
			continue
		}
		switch at.Name {
		case "visibility":
			u.visibility = u.patterns(a, v.([]string), context)
		case "tags":
			u.tags = v.([]string)
		case "description":
			u.doc = v.(string)
		}
	}
}

// plainAttr evaluates an attribute of a block that is not a target.
func (u *unit) plainAttr(at *rule.Attr, a *hclsyntax.Attribute, sc scope, ctx *hcl.EvalContext, context string) (any, bool) {
	us, ds := u.check(a.Expr, sc, context)
	if n := ""; !ds.HasErrors() {
		if n = u.dependsOnPlatform(us); n != "" {
			ds = append(ds, diag.Diag{Code: "misplaced-reference", Summary: fmt.Sprintf("%s differs between platforms", at.Name), Range: rangeOf(a.Expr.Range()), Context: context,
				Detail: fmt.Sprintf("%s refers to `platform`, which cannot be used in %s.", n, sc.where)})
		}
	}
	if ds.HasErrors() {
		u.reportAll(ds)
		return nil, false
	}
	v, ds := u.evaluate(a.Expr, ctx, context)
	if ds.HasErrors() {
		u.reportAll(ds)
		return nil, false
	}
	c := converter{u: u, at: at, context: context, expr: a.Expr, ctx: ctx}
	x, ok := c.value(v)
	u.reportAll(c.ds)
	return x, ok
}
