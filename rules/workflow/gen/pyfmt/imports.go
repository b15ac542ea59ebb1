package pyfmt

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Import is one import. Name "" imports the module itself.
type Import struct {
	Module string
	Name   string
	As     string // "" or Name for none
}

// standard are the modules of the standard library that generated code imports; all others are taken for somebody's package.
var standard = map[string]bool{"os": true, "sys": true, "json": true, "typing": true, "collections": true, "pathlib": true, "importlib": true}

// imported is one line of imports.
type imported struct {
	module string
	from   bool
	names  []Import
}

func (s *imported) print() string {
	var ds []doc
	for _, n := range s.names {
		t := n.Name
		if n.As != "" {
			t += " as " + n.As
		}
		ds = append(ds, text(t))
	}
	if !s.from {
		t := "import " + s.module
		if s.names[0].As != "" {
			t += " as " + s.names[0].As
		}
		return t + "\n"
	}
	head := text("from " + s.module + " import ")
	return layout(group{concat{head, broken("("), indent{concat{soft{}, commas(ds, false)}}, soft{}, broken(")")}}, 0) + "\n"
}

// Imports prints imports in the order and in the sections in which ruff's isort wants them; doubles are dropped.
func Imports(is []Import) string {
	// One statement for each module that is imported, one for the names of each, and one for each name that has another here.
	var ss []*imported
	at := map[Import]*imported{}
	for _, i := range is {
		if i.As == i.Name {
			i.As = ""
		}
		key := Import{Module: i.Module}
		if i.Name == "" {
			key.As = i.As
			key.Name = "import"
		} else if i.As != "" {
			key = i
		}
		s := at[key]
		if s == nil {
			s = &imported{module: i.Module, from: i.Name != ""}
			at[key] = s
			ss = append(ss, s)
		}
		if !slices.Contains(s.names, i) {
			s.names = append(s.names, i)
		}
	}
	for _, s := range ss {
		slices.SortFunc(s.names, func(a, b Import) int { return members(a.Name, b.Name) })
	}
	slices.SortFunc(ss, func(a, b *imported) int {
		return cmp.Or(cmp.Compare(section(a.module), section(b.module)), cmp.Compare(rank(a.from), rank(b.from)), modules(a.module, b.module),
			members(a.names[0].Name, b.names[0].Name), natural(a.names[0].As, b.names[0].As))
	})
	var b strings.Builder
	for n, s := range ss {
		if n > 0 && section(ss[n-1].module) != section(s.module) {
			b.WriteByte('\n')
		}
		b.WriteString(s.print())
	}
	return b.String()
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// section is 0 for the standard library, 1 for packages, 2 for this one.
func section(module string) int {
	root, _, _ := strings.Cut(module, ".")
	switch {
	case root == "":
		return 2
	case standard[root]:
		return 0
	}
	return 1
}

// modules compares the names of modules: relative ones by how far they are, the farthest first.
func modules(a, b string) int {
	da, db := len(a)-len(strings.TrimLeft(a, ".")), len(b)-len(strings.TrimLeft(b, "."))
	return cmp.Or(cmp.Compare(db, da), natural(strings.ToLower(a), strings.ToLower(b)), natural(a, b))
}

// members compares the names that are imported from a module: constants first, then classes, then the others.
func members(a, b string) int {
	return cmp.Or(cmp.Compare(kind(a), kind(b)), natural(strings.ToLower(a), strings.ToLower(b)), natural(a, b))
}

func kind(name string) int {
	switch {
	case len(name) > 1 && strings.ToUpper(name) == name && strings.ToLower(name) != name:
		return 0
	case strings.IndexFunc(name, unicode.IsUpper) == 0:
		return 1
	}
	return 2
}

// natural compares texts in which numbers count as numbers.
func natural(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := a[:na], b[:nb]
			var c int
			if x[0] == '0' || y[0] == '0' {
				c = cmp.Compare(x, y) // as fractions
			} else {
				c = cmp.Or(cmp.Compare(na, nb), cmp.Compare(x, y))
			}
			if c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
