package load

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/cairn-build/cairn/graph/diag"
)

func posOf(p hcl.Pos) diag.Pos { return diag.Pos{Line: p.Line, Column: p.Column, Byte: p.Byte} }

func rangeOf(r hcl.Range) diag.Range {
	return diag.Range{File: r.Filename, Start: posOf(r.Start), End: posOf(r.End)}
}

// fromHCL puts a problem that HCL found into our form.
func fromHCL(d *hcl.Diagnostic, code string) diag.Diag {
	out := diag.Diag{Code: code, Summary: strings.TrimSuffix(d.Summary, "."), Detail: d.Detail, Warning: d.Severity == hcl.DiagWarning}
	if d.Subject != nil {
		out.Range = rangeOf(*d.Subject)
	}
	return out
}

// maxSyntax bounds the syntax errors shown of one file: after the first few the parser guesses.
const maxSyntax = 10

func syntaxDiags(ds hcl.Diagnostics) diag.List {
	var l diag.List
	for _, d := range ds {
		if d.Severity != hcl.DiagError || len(l) == maxSyntax {
			continue
		}
		l = append(l, fromHCL(d, "syntax"))
	}
	return l
}

// problem is an error of one of our own functions that knows more than a sentence.
type problem struct {
	code    string
	summary string
	detail  string
	hint    string
}

// Error implements error.
func (p *problem) Error() string { return p.summary + ": " + p.detail }

// evalDiags puts what HCL said while it evaluated into our form. Nothing of a sensitive value goes in.
func evalDiags(ds hcl.Diagnostics, context string) diag.List {
	var l diag.List
	for _, d := range ds {
		if d.Severity != hcl.DiagError {
			continue
		}
		x := fromHCL(d, "bad-expression")
		x.Context = context
		secret := false
		if d.Expression != nil {
			x.Values, secret = involved(d.Expression, d.EvalContext)
		}
		if call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d); ok && call.CalledFunctionName() != "" {
			x.Code = "bad-call"
			if sig := signature(call.CalledFunctionName()); sig != "" {
				x.Hint = "Its form is " + sig + "."
			}
			var p *problem
			if errors.As(call.FunctionCallError(), &p) && !secret {
				x.Code, x.Summary, x.Detail, x.Hint = p.code, p.summary, p.detail, p.hint
			}
		}
		if secret {
			x.Detail = "What exactly is wrong is not shown, since a sensitive value is involved."
			x.Hint = ""
		}
		l = append(l, x)
	}
	return l
}

// maxValues bounds how many values a problem shows.
const maxValues = 8

// involved gives `name = value` for the variables that expr refers to, and whether a sensitive one is among them.
func involved(expr hcl.Expression, ctx *hcl.EvalContext) (values []string, secret bool) {
	if ctx == nil {
		return nil, false
	}
	for _, tr := range expr.Variables() {
		v, ds := tr.TraverseAbs(ctx)
		if ds.HasErrors() {
			continue
		}
		if v.ContainsMarked() {
			secret = true
		}
		s := spell(tr) + " = " + show(v)
		if len(values) < maxValues && !slices.Contains(values, s) {
			values = append(values, s)
		}
	}
	return values, secret
}

// spell writes a reference as the source does, up to its first computed step.
func spell(tr hcl.Traversal) string {
	var b strings.Builder
	for _, step := range tr {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			if s.Key.Type() == cty.String {
				fmt.Fprintf(&b, "[%q]", s.Key.AsString())
			} else if s.Key.Type() == cty.Number {
				fmt.Fprintf(&b, "[%s]", s.Key.AsBigFloat().Text('f', -1))
			}
		}
	}
	return b.String()
}

// show writes a value in a few words. It never writes a sensitive one.
func show(v cty.Value) string {
	switch {
	case v.ContainsMarked():
		return "(sensitive)"
	case !v.IsKnown():
		return "(not known yet)"
	case v.IsNull():
		return "null"
	}
	t := v.Type()
	switch {
	case t == cty.String:
		return fmt.Sprintf("%q", clip(v.AsString()))
	case t == cty.Number:
		return v.AsBigFloat().Text('g', 15)
	case t == cty.Bool:
		return fmt.Sprint(v.True())
	case t.IsListType() || t.IsTupleType() || t.IsSetType():
		if v.LengthInt() == 0 {
			return "an empty list"
		}
		var parts []string
		for it := v.ElementIterator(); it.Next() && len(parts) < 3; {
			_, e := it.Element()
			if !e.IsKnown() || e.IsNull() || e.Type() != cty.String {
				return fmt.Sprintf("a list of %d", v.LengthInt())
			}
			parts = append(parts, fmt.Sprintf("%q", clip(e.AsString())))
		}
		if n := v.LengthInt(); n > len(parts) {
			return fmt.Sprintf("[%s, ... %d more]", strings.Join(parts, ", "), n-len(parts))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case t.IsObjectType() || t.IsMapType():
		var keys []string
		for it := v.ElementIterator(); it.Next(); {
			k, _ := it.Element()
			keys = append(keys, k.AsString())
		}
		if len(keys) == 0 {
			return "an empty map"
		}
		return "a map with " + clip(strings.Join(keys, ", "))
	}
	return "a value of type " + t.FriendlyName()
}

// clip shortens s for a message.
func clip(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "..."
}

// typeName says in a user's words what v is.
func typeName(v cty.Value) string {
	t := v.Type()
	switch {
	case v.IsNull():
		return "null"
	case t == cty.String:
		return "a string"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	case t.IsListType() || t.IsTupleType():
		return "a list"
	case t.IsSetType():
		return "a set"
	case t.IsObjectType() || t.IsMapType():
		return "a map"
	}
	return "a value of type " + t.FriendlyName()
}
