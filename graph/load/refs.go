package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// goodText says whether a string can be held by a target, and reports it where not.
func (c *converter) goodText(e elem) bool {
	s := e.s
	for _, p := range c.placeholders {
		s = strings.ReplaceAll(s, p, "")
	}
	if why := badText(s); why != "" {
		c.fail(e.rng, "bad-string", fmt.Sprintf("Bad string in %s", c.at.Name), why, "")
		return false
	}
	return true
}

// text finishes an attribute of one string.
func (c *converter) text(e elem) (any, bool) {
	if !c.goodText(e) {
		return nil, false
	}
	switch c.at.Type {
	case rule.File:
		return anyOf(c.fileRef(e))
	case rule.LabelRef:
		return anyOf(c.labelRef(e))
	case rule.Output:
		return e.s, c.output(e)
	}
	if len(c.at.Enum) > 0 && !slices.Contains(c.at.Enum, e.s) {
		c.fail(e.rng, "bad-value", fmt.Sprintf("%s cannot be %s", c.at.Name, quoteName(e.s)), fmt.Sprintf("It is one of %s.", strings.Join(c.at.Enum, ", ")),
			diag.DidYouMean(e.s, c.at.Enum))
		return nil, false
	}
	return e.s, true
}

func anyOf(r rule.Ref, ok bool) (any, bool) {
	if !ok {
		return nil, false
	}
	return r, true
}

// list finishes an attribute of several strings. Each bad one is told.
func (c *converter) list(es []elem) (any, bool) {
	ok := true
	if c.at.Type == rule.Strings || c.at.Type == rule.Outputs {
		out := make([]string, len(es))
		for i, e := range es {
			ok = c.goodText(e) && (c.at.Type == rule.Strings || c.output(e)) && ok
			out[i] = e.s
		}
		return out, ok
	}
	out := make([]rule.Ref, 0, len(es))
	for _, e := range es {
		r, good := rule.Ref{}, c.goodText(e)
		if good {
			switch c.at.Type {
			case rule.Files:
				r, good = c.fileRef(e)
			case rule.LabelRefs:
				r, good = c.labelRef(e)
			case rule.Tools:
				r, good = c.toolRef(e)
			}
		}
		ok = ok && good
		out = append(out, r)
	}
	return out, ok
}

func (c *converter) output(e elem) bool {
	if err := rule.CheckRel(e.s); err != nil {
		c.fail(e.rng, "bad-output", "Bad output path "+quoteName(e.s), "An output "+err.Error()+".", "")
		return false
	}
	return true
}

func looksLikeLabel(s string) bool {
	return strings.HasPrefix(s, "//") || strings.HasPrefix(s, ":") || strings.HasPrefix(s, "@")
}

func (c *converter) labelRef(e elem) (rule.Ref, bool) {
	l, err := label.Parse(e.s, c.u.path)
	if err != nil {
		hint := ""
		if !looksLikeLabel(e.s) && c.u.names[e.s] != nil {
			hint = fmt.Sprintf("Write \":%s\".", e.s)
		}
		c.fail(e.rng, "bad-label", "Bad label", capital(err.Error())+".", hint)
		return rule.Ref{}, false
	}
	return rule.Ref{Label: l, Range: rangeOf(e.rng)}, true
}

func (c *converter) fileRef(e elem) (rule.Ref, bool) {
	if looksLikeLabel(e.s) {
		return c.labelRef(e)
	}
	rel := e.s
	if c.at.Within != "" {
		if plain, here := strings.CutPrefix(e.s, "./"); here {
			rel = plain
		} else if c.inTree {
			return c.treeRef(e)
		}
	}
	p, bad := c.u.source(rel)
	if bad != nil {
		c.fail(e.rng, bad.code, bad.summary, bad.detail, bad.hint)
		return rule.Ref{}, false
	}
	return rule.Ref{Path: p, Range: rangeOf(e.rng)}, true
}

// treeRef reads a path or pattern in a folder that does not exist yet.
func (c *converter) treeRef(e elem) (rule.Ref, bool) {
	if _, bad := parsePatterns([]string{e.s}); bad != nil {
		c.fail(e.rng, bad.code, bad.summary, bad.detail, bad.hint)
		return rule.Ref{}, false
	}
	return rule.Ref{InTree: e.s, Range: rangeOf(e.rng)}, true
}

func (c *converter) toolRef(e elem) (rule.Ref, bool) {
	if looksLikeLabel(e.s) {
		return c.labelRef(e)
	}
	if e.s == "" || strings.TrimLeft(e.s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-") != "" || e.s == "." || e.s == ".." {
		hint := "A target is named by its label; a program's own path belongs into " + LocalFile + ", under tools."
		c.fail(e.rng, "bad-tool", "Bad tool "+quoteName(e.s), "A tool is a label, or the name of a program of the host: letters, digits and _ . + -.", hint)
		return rule.Ref{}, false
	}
	return rule.Ref{Host: e.s, Range: rangeOf(e.rng)}, true
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
