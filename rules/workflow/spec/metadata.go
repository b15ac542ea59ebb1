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

var metadataShape = shape{what: "metadata", keys: []string{"name", "description", "maintainers", "license", "repository", "documentation", "readme", "keywords"},
	required: []string{"name", "description", "maintainers", "license"}, open: true}

func (c *checker) metadata(n *yamltree.Node) *Metadata {
	const at = "/metadata"
	c.context = "metadata"
	if !c.mapping(n, at, metadataShape) {
		return nil
	}
	m := &Metadata{}
	m.Name, _ = c.text(n.Get("name"), "name")
	m.Description, _ = c.text(n.Get("description"), "description")
	m.License, _ = c.text(n.Get("license"), "license")
	m.Repository = c.optional(n.Get("repository"), "repository")
	m.Documentation = c.optional(n.Get("documentation"), "documentation")
	m.Readme = c.optional(n.Get("readme"), "readme")
	m.Keywords = c.texts(n.Get("keywords"), at+"/keywords", "keywords")
	if l := n.Get("maintainers"); l != nil && c.list(l, "maintainers") {
		if len(l.List) == 0 {
			c.bad("bad-value", l.Range, "No maintainer", "List should have at least 1 item.", "")
		}
		for i, e := range l.List {
			at := at + "/maintainers/" + strconv.Itoa(i)
			c.places[at] = e.Head()
			s := shape{what: "A maintainer", keys: []string{"name", "email"}, required: []string{"name", "email"}, open: true}
			if !c.mapping(e, at, s) {
				continue
			}
			var p Maintainer
			p.Name, _ = c.text(e.Get("name"), "A maintainer's name")
			p.Email, _ = c.text(e.Get("email"), "A maintainer's email")
			p.Extra = c.extra(e, at, s.keys)
			m.Maintainers = append(m.Maintainers, p)
		}
	}
	m.Extra = c.extra(n, at, metadataShape.keys)
	return m
}

// extra gives the pairs whose keys are none of known, sorted.
func (c *checker) extra(n *yamltree.Node, at string, known []string) []Entry {
	var out []Entry
	for i := range n.Pairs {
		p := &n.Pairs[i]
		if slices.Contains(known, p.Key) {
			continue
		}
		c.finite(p.Value)
		out = append(out, Entry{Key: p.Key, Value: c.value(p.Value, at+"/"+yamltree.Step(p.Key), false)})
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	return out
}

var overrideShape = shape{what: "rjsf-overrides", keys: []string{"properties", "$defs", "uiSchema"},
	retired: map[string]string{"definitions": `Write "$defs".`, "defs": `Write "$defs".`, "ui_schema": `Write "uiSchema".`}}

func (c *checker) overrides(s *Spec, n *yamltree.Node) {
	const at = "/rjsf-overrides"
	c.context = "rjsf-overrides"
	if !c.mapping(n, at, overrideShape) {
		return
	}
	for key, to := range map[string]*[]Override{"properties": &s.Overrides.Properties, "$defs": &s.Overrides.Defs, "uiSchema": &s.Overrides.UISchema} {
		if m := n.Get(key); m != nil {
			*to = c.overridesOf(m, at+"/"+key, key)
		}
	}
}

func (c *checker) overridesOf(n *yamltree.Node, at, what string) []Override {
	if n.Kind != yamltree.Map {
		c.wrongType(n, what+" is a mapping", "Input should be a valid dictionary", "Its keys are dotted paths.")
		return nil
	}
	var out []Override
	order := map[string]int{}
	for i := range n.Pairs {
		p := &n.Pairs[i]
		at := at + "/" + yamltree.Step(p.Key)
		c.place(n, at, p)
		c.places[at+keyMark] = p.At
		steps := strings.Split(p.Key, ".")
		if slices.Contains(steps, "") {
			c.bad("bad-value", p.At, fmt.Sprintf("%q is no path", quote.Clip(p.Key)), "A path is names with a dot between each two.", "")
			continue
		}
		c.finite(p.Value)
		if what != "uiSchema" {
			c.within(steps[len(steps)-1], p.Value)
		}
		order[p.Key] = i
		out = append(out, Override{Path: steps, Value: c.value(p.Value, at, false)})
	}
	slices.SortFunc(out, func(a, b Override) int { return slices.Compare(a.Path, b.Path) })
	c.lostOverrides(n, out, order)
	return out
}

// within says where a schema, which stands at a key, refers to another document: who checks values by it would fetch that, from wherever
// a stranger's spec says.
func (c *checker) within(key string, n *yamltree.Node) {
	switch n.Kind {
	case yamltree.String:
		if (key == "$ref" || key == "$dynamicRef") && !strings.HasPrefix(n.Text, "#") {
			c.bad("bad-reference", n.Range, fmt.Sprintf("The reference %q leads out of the form", quote.Clip(n.Text)), "A reference in a form's schema begins with `#`.", "Put the definition into `$defs`, and refer to it as `#/$defs/<name>`.")
		}
	case yamltree.List:
		for _, e := range n.List {
			c.within("", e)
		}
	case yamltree.Map:
		for _, p := range n.Pairs {
			c.within(p.Key, p.Value)
		}
	}
}

// lostOverrides warns of a path that stands before one that is above it: the ecosystem's compiler goes by the file and loses the first;
// here a path is applied after those above it.
func (c *checker) lostOverrides(n *yamltree.Node, out []Override, order map[string]int) {
	for _, o := range out {
		path := strings.Join(o.Path, ".")
		for k := 1; k < len(o.Path); k++ {
			above, ok := order[strings.Join(o.Path[:k], ".")]
			if self := order[path]; ok && above > self {
				c.report(diag.Diag{Warning: true, Code: "override-order", Summary: fmt.Sprintf("%q stands before %q", quote.Clip(path), quote.Clip(n.Pairs[above].Key)),
					Detail: "It is applied after it all the same; wt-compiler would lose it.", Hint: "Put it after the other one.", Range: n.Pairs[self].At,
					Related: []diag.Related{{Range: n.Pairs[above].At, Text: "the other one"}}})
			}
		}
	}
}

// strayOverrides warns of overrides of what the form does not have: it shows instances that are in no group, by id, and groups, by title.
func (c *checker) strayOverrides(s *Spec) {
	var names []string
	titles := map[string]string{} // of an instance in a group
	for _, it := range s.Items {
		if it.Task != nil {
			names = append(names, it.Task.ID)
			continue
		}
		names = append(names, it.Group.Title)
		for _, t := range it.Group.Tasks {
			titles[t.ID] = it.Group.Title
		}
	}
	known := words("")
	for _, n := range names {
		known[n] = true
	}
	for _, what := range []string{"properties", "uiSchema"} { // $defs are of no part
		list := s.Overrides.Properties
		if what == "uiSchema" {
			list = s.Overrides.UISchema
		}
		for _, o := range list {
			name := o.Path[0]
			if known[name] || strings.HasPrefix(name, "ui:") {
				continue
			}
			path := strings.Join(o.Path, ".")
			hint := c.didYouMean(name, names)
			for _, n := range names {
				if strings.Contains(n, ".") && strings.HasPrefix(path, n+".") {
					hint = fmt.Sprintf("The title %q holds a dot, and a path ends its steps there: give the group a title without one.", quote.Clip(n))
				}
			}
			if title, ok := titles[name]; ok {
				between := "."
				if what == "properties" {
					between = ".properties."
				}
				hint = fmt.Sprintf("The task is in a group: write %q.", quote.Clip(title+between+path))
			}
			c.report(diag.Diag{Warning: true, Code: "stray-override", Summary: fmt.Sprintf("The form has no part %q", quote.Clip(name)), Detail: "The override changes nothing that is shown.",
				Hint: hint, Range: c.places.Key(Pointer("/rjsf-overrides", what, path)), Context: "rjsf-overrides"})
		}
	}
}
