package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
)

// keeper is one place of the source tree that a target writes to.
type keeper struct {
	conf *Configured
	to   string
	on   string
}

// keeps reports places of the source tree that may not be written to: those of another target, those with packages or of another
// package, and those that hold what the target itself is made from, which would make it anew for ever.
func keeps(order []*Configured, p rule.Platform) diag.List {
	var all []keeper
	pkgs := map[string]bool{}
	for _, c := range order {
		pkgs[c.Target.Label.Pkg] = true
		if c.Target.Platform != p {
			continue
		}
		for _, k := range c.Kept {
			if k.To != "" {
				all = append(all, keeper{c, k.To, k.On})
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b keeper) int { return strings.Compare(a.to+"/", b.to+"/") })
	var ds diag.List
	for i, k := range all {
		if i > 0 && within(k.to, all[i-1].to) {
			ds = append(ds, k.problem(fmt.Sprintf("%s writes to %s as well.", all[i-1].conf.Target.Label, all[i-1].to)))
			continue
		}
		if d, bad := k.packages(pkgs); bad {
			ds = append(ds, d)
			continue
		}
		if src, whose := k.feeds(); src != "" {
			d := k.problem(fmt.Sprintf("%s lies there, and %s is made from it.", src, whose.Target.Label))
			d.Hint = fmt.Sprintf("A glob can leave it out: glob([...], %q)", strings.TrimPrefix(k.to, k.conf.Target.Label.Pkg+"/")+"/**")
			ds = append(ds, d)
		}
	}
	return ds
}

// within says whether path is dir or lies below it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

func (k keeper) problem(detail string) diag.Diag {
	t := k.conf.Target
	return diag.Diag{Code: "bad-place", Summary: fmt.Sprintf("%s cannot be written to", k.to), Detail: detail, Range: t.Range,
		Context: fmt.Sprintf("%s %q", t.Kind, t.Label.Base())}
}

// packages looks for a package in k's place, and for one, further in than k's own, that the place belongs to.
func (k keeper) packages(pkgs map[string]bool) (diag.Diag, bool) {
	own := k.conf.Target.Label.Pkg
	for p := range pkgs {
		switch {
		case p != own && within(p, k.to):
			return k.problem(fmt.Sprintf("The package //%s lies there.", p)), true
		case p != own && p != "" && within(k.to, p) && !within(own, p):
			return k.problem(fmt.Sprintf("It is a folder of the package //%s.", p)), true
		}
	}
	return diag.Diag{}, false
}

// feeds gives a source in k's place that k's target or one that it depends on names, and the target that does. What tests compare
// with is theirs to name.
func (k keeper) feeds() (string, *Configured) {
	if k.on == rule.OnTest {
		return "", nil
	}
	seen := map[*Configured]bool{}
	stack := []*Configured{k.conf}
	for len(stack) > 0 {
		c := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[c] {
			continue
		}
		seen[c] = true
		for _, s := range c.Sources {
			if within(s, k.to) {
				return s, c
			}
		}
		stack = append(stack, c.Deps...)
	}
	return "", nil
}
