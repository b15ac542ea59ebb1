package load

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// unit is the evaluation of one package for one platform. One goroutine fills it; afterwards only Late values use it,
// and they only read it.
type unit struct {
	l        *loader
	path     string // the package
	file     string // its BUILD.hcl
	platform rule.Platform

	ctx       *hcl.EvalContext // var, local, platform, and the package's functions
	locals    map[string]*node
	functions map[string]*node
	way       []step       // while locals are evaluated
	left      atomic.Int64 // steps that loops and functions may still take
	names     map[string]*hclsyntax.Block
	folded    map[string]*hclsyntax.Block // the same by names in lower case

	visibility []label.Pattern
	tags       []string
	doc        string

	targets  []*rule.Target
	groups   map[label.Label][]label.Label
	diags    diag.List
	poisoned bool // something that others refer to has an error, so unknown values are no news
}

func newUnit(l *loader, path string, p rule.Platform) *unit {
	u := &unit{l: l, path: path, file: joinPath(path, BuildFile), platform: p, locals: map[string]*node{}, functions: map[string]*node{},
		names: map[string]*hclsyntax.Block{}, groups: map[label.Label][]label.Label{}}
	u.left.Store(l.o.steps)
	u.poisoned = l.poisoned
	return u
}

func (u *unit) report(d diag.Diag)     { u.diags = append(u.diags, d) }
func (u *unit) reportAll(ds diag.List) { u.diags = append(u.diags, ds...) }

// reportHidden reports problems of an expression; where hide is set, without its text and values.
func (u *unit) reportHidden(ds diag.List, hide bool) {
	for _, d := range ds {
		if hide {
			d.NoSource = true
			if d.Code == "bad-call" || d.Code == "bad-expression" {
				d.Detail = "What exactly is wrong is not shown, since the variable is sensitive."
				d.Hint, d.Values = "", nil
			}
		}
		u.report(d)
	}
}

// blockContext gives a block's own words, `command "table"`.
func blockContext(b *hclsyntax.Block) string {
	s := b.Type
	for _, l := range b.Labels {
		s += fmt.Sprintf(" %q", clip(l))
	}
	return s
}

// oneLabel gives the label of a block that has just one.
func (u *unit) oneLabel(b *hclsyntax.Block) (string, bool) {
	if len(b.Labels) != 1 {
		u.report(diag.Diag{Code: "bad-block", Summary: fmt.Sprintf("A %s has one name", b.Type), Detail: fmt.Sprintf("Write %s \"name\" { ... }.", b.Type),
			Range: rangeOf(b.DefRange()), Context: blockContext(b)})
		return "", false
	}
	return b.Labels[0], true
}

// noLabels refuses names after a block's type.
func (u *unit) noLabels(b *hclsyntax.Block) {
	if len(b.Labels) > 0 {
		u.report(diag.Diag{Code: "bad-block", Summary: fmt.Sprintf("A %s block has no name", b.Type), Range: rangeOf(b.LabelRanges[0]), Context: blockContext(b)})
	}
}

// knownAttributes refuses the attributes of b that schema lacks.
func (u *unit) knownAttributes(b *hclsyntax.Block, schema []rule.Attr, context string) {
	var names []string
	for _, a := range schema {
		names = append(names, a.Name)
	}
	for _, name := range sortedKeys(b.Body.Attributes) {
		if !slices.Contains(names, name) {
			u.report(diag.Diag{Code: "unknown-attribute", Summary: fmt.Sprintf("%s has no attribute %q", article(b.Type), clip(name)), Context: context,
				Range: rangeOf(b.Body.Attributes[name].NameRange), Detail: fmt.Sprintf("There are %s.", strings.Join(names, ", ")), Hint: diag.DidYouMean(name, names)})
		}
	}
}

func (u *unit) noBlocks(b *hclsyntax.Block, context string) {
	for _, in := range b.Body.Blocks {
		u.report(diag.Diag{Code: "unknown-block", Summary: fmt.Sprintf("%s has no block %q", article(b.Type), clip(in.Type)), Range: rangeOf(in.DefRange()),
			Context: context, Hint: fmt.Sprintf("An attribute is written %s = ...", clip(in.Type))})
	}
}

// literalText gives the text of a plain quoted string.
func literalText(e hclsyntax.Expression) (string, bool) {
	t, ok := e.(*hclsyntax.TemplateExpr)
	if !ok || len(t.Parts) > 1 {
		return "", false
	}
	if len(t.Parts) == 0 {
		return "", true
	}
	p, ok := t.Parts[0].(*hclsyntax.LiteralValueExpr)
	if !ok || p.Val.Type() != cty.String || p.Val.IsNull() || !p.Val.IsKnown() {
		return "", false
	}
	return p.Val.AsString(), true
}

func (u *unit) literalString(a *hclsyntax.Attribute, context string) (string, bool) {
	s, ok := literalText(a.Expr)
	if !ok {
		u.report(diag.Diag{Code: "bad-type", Summary: a.Name + " is a plain string here", Range: rangeOf(a.Expr.Range()), Context: context})
		return "", false
	}
	if why := badText(s); why != "" {
		u.report(diag.Diag{Code: "bad-string", Summary: "Bad string", Detail: why, Range: rangeOf(a.Expr.Range()), Context: context})
		return "", false
	}
	return s, true
}

func (u *unit) literalBool(a *hclsyntax.Attribute, context string) (value, ok bool) {
	if l, isLit := a.Expr.(*hclsyntax.LiteralValueExpr); isLit && l.Val.Type() == cty.Bool && !l.Val.IsNull() {
		return l.Val.True(), true
	}
	u.report(diag.Diag{Code: "bad-type", Summary: a.Name + " is true or false here", Range: rangeOf(a.Expr.Range()), Context: context})
	return false, false
}

// badText says why a string cannot be used, "" if it can. The three characters stand for other things in keys and
// placeholders.
func badText(s string) string {
	if i := strings.IndexAny(s, "\x00\x01\x02"); i >= 0 {
		return fmt.Sprintf("A string cannot hold the control character U+%04X.", s[i])
	}
	if strings.ToValidUTF8(s, "") != s {
		return "A string is UTF-8."
	}
	return ""
}

// article puts a word into a sentence: "A command", "An alias".
func article(word string) string {
	if word != "" && strings.ContainsRune("aeiou", rune(word[0])) {
		return "An " + word
	}
	return "A " + word
}

func sortedKeys[M ~map[string]V, V any](m M) []string { return slices.Sorted(maps.Keys(m)) }
