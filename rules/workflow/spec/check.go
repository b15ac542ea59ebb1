package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/quote"
	"github.com/cairn-build/cairn/rules/workflow/yamltree"
)

// maxHints bounds for how many problems the nearest spelling is looked for among ids: there may be 10,000 of either.
const maxHints = 20

// checker gathers what is wrong with one file.
type checker struct {
	diags   diag.List
	places  Places
	context string // of what is being read: task "obs"
	hints   int
}

func (c *checker) report(d diag.Diag) {
	if d.Context == "" {
		d.Context = c.context
	}
	c.diags = yamltree.Add(c.diags, d)
}

func (c *checker) bad(code string, rng diag.Range, summary, detail, hint string) {
	c.report(diag.Diag{Code: code, Summary: summary, Detail: detail, Hint: hint, Range: rng})
}

func (c *checker) warn(code string, rng diag.Range, summary, detail, hint string) {
	c.report(diag.Diag{Warning: true, Code: code, Summary: summary, Detail: detail, Hint: hint, Range: rng})
}

// didYouMean is diag.DidYouMean for candidates that may be many.
func (c *checker) didYouMean(name string, candidates []string) string {
	if c.hints++; c.hints > maxHints {
		return ""
	}
	return diag.DidYouMean(name, candidates)
}

// shape is what keys a mapping has.
type shape struct {
	what     string   // "A task instance"
	keys     []string // all there are
	required []string
	// retired are keys that another place or form has: what to do instead.
	retired map[string]string
	open    bool // other keys are kept
}

// mapping checks that n, which is at the pointer at, is a mapping of this shape; false where it is none at all.
func (c *checker) mapping(n *yamltree.Node, at string, s shape) bool {
	if n.Kind != yamltree.Map {
		c.wrongType(n, s.what+" is a mapping", "Input should be a valid dictionary", "Its keys are "+list(s.keys)+".")
		return false
	}
	for i := range n.Pairs {
		p := &n.Pairs[i]
		if slices.Contains(s.keys, p.Key) {
			c.place(n, at+"/"+yamltree.Step(p.Key), p)
			continue
		}
		if s.open {
			continue
		}
		hint := s.retired[p.Key]
		if hint == "" {
			hint = diag.DidYouMean(p.Key, s.keys)
		}
		c.bad("unknown-key", p.At, fmt.Sprintf("%s has no key %q", s.what, quote.Clip(p.Key)), "Extra inputs are not permitted. The keys are "+list(s.keys)+".", hint)
	}
	for _, k := range s.required {
		if n.Get(k) == nil {
			c.bad("missing-key", n.Head(), fmt.Sprintf("%q is missing", k), fmt.Sprintf("Field required. %s has %s.", s.what, list(s.required)), nearMiss(n, k, s.keys))
		}
	}
	return true
}

// nearMiss says which of n's keys may be meant for one that is missing.
func nearMiss(n *yamltree.Node, key string, known []string) string {
	for _, p := range n.Pairs {
		if !slices.Contains(known, p.Key) && diag.Nearest(p.Key, []string{key}) != "" {
			return fmt.Sprintf("Is %q meant?", quote.Clip(p.Key))
		}
	}
	return ""
}

func (c *checker) wrongType(n *yamltree.Node, summary, detail, hint string) {
	c.bad("bad-type", n.Head(), summary, fmt.Sprintf("%s; this is %s.", detail, n.Kind), hint)
}

// text gives a String's letters; false, after a report, where n is none.
func (c *checker) text(n *yamltree.Node, what string) (string, bool) {
	if n == nil {
		return "", false
	}
	if n.Kind != yamltree.String {
		hint := ""
		switch n.Kind {
		case yamltree.Int, yamltree.Float, yamltree.Bool:
			hint = fmt.Sprintf("Put it in quotes: %q.", quote.Clip(n.Text))
		case yamltree.Null:
			hint = "Give it a value, or take the key out."
		}
		c.wrongType(n, what+" is text", "Input should be a valid string", hint)
		return "", false
	}
	return n.Text, true
}

// optional is text for a key that may be missing or null: "" then.
func (c *checker) optional(n *yamltree.Node, what string) string {
	if n == nil || n.Kind == yamltree.Null {
		return ""
	}
	s, _ := c.text(n, what)
	return s
}

// list checks that n is a list.
func (c *checker) list(n *yamltree.Node, what string) bool {
	if n.Kind == yamltree.List {
		return true
	}
	hint := ""
	if n.Kind == yamltree.Null {
		hint = "An empty list is []."
	}
	c.wrongType(n, what+" is a list", "Input should be a valid list", hint)
	return false
}

// texts reads a list of texts.
func (c *checker) texts(n *yamltree.Node, at, what string) []string {
	if n == nil || n.Kind == yamltree.Null || !c.list(n, what) {
		return nil
	}
	var out []string
	for i, e := range n.List {
		c.places[at+"/"+strconv.Itoa(i)] = e.Range
		if s, ok := c.text(e, "An element of "+what); ok {
			out = append(out, s)
		}
	}
	return out
}

// place notes where a pair of n is: where an alias or << brings it, that is the place of n.
func (c *checker) place(n *yamltree.Node, at string, p *yamltree.Pair) {
	if !n.Holds(p.At) {
		c.places[at], c.places[at+keyMark] = n.Head(), n.Head()
		return
	}
	c.places[at] = p.Value.Head()
	if p.Value.Kind == yamltree.Map || p.Value.Kind == yamltree.List {
		c.places[at+keyMark] = p.At
	}
}

// keyMark ends the pointer of a key, rather than its value, in Places.
const keyMark = "#"

// Key gives the place of the key at a pointer, or Value where it has none.
func (p Places) Key(pointer string) diag.Range {
	if r, ok := p[pointer+keyMark]; ok {
		return r
	}
	return p.Value(pointer)
}

// Value gives the place of the value at a pointer, or of the nearest part around it that has a place.
func (p Places) Value(pointer string) diag.Range {
	for {
		if r, ok := p[pointer]; ok {
			return r
		}
		i := strings.LastIndexByte(pointer, '/')
		if i < 0 {
			return diag.Range{}
		}
		pointer = pointer[:i]
	}
}

// Pointer joins the steps of a JSON pointer to base.
func Pointer(base string, steps ...string) string {
	for _, s := range steps {
		base += "/" + yamltree.Step(s)
	}
	return base
}

// list joins names for people: a, b and c.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
