package resolve

import (
	"strings"
)

// Tree gives the closure as text for people, one module a line, each below one that depends on it. What stands below a module is
// shown once.
func (c *Closure) Tree() string {
	var b strings.Builder
	shown := map[string]bool{}
	var below func(m Module, indent string)
	line := func(m Module, wanted string) bool {
		b.WriteString(m.Name + " " + m.Version)
		if wanted != "" && wanted != m.Version {
			b.WriteString(" (for " + wanted + ")")
		}
		if m.Pool < len(c.opts.Pools) {
			b.WriteString("  " + c.opts.Pools[m.Pool])
		}
		again := shown[m.Name] && len(m.Deps) > 0
		if again {
			b.WriteString("  (see above)")
		}
		shown[m.Name] = true
		b.WriteString("\n")
		return !again
	}
	below = func(m Module, indent string) {
		for i, e := range m.Deps {
			branch, next := "├── ", "│   "
			if i == len(m.Deps)-1 {
				branch, next = "└── ", "    "
			}
			b.WriteString(indent + branch)
			if d, ok := c.Find(e.Module); ok && line(d, e.Version) {
				below(d, indent+next)
			}
		}
	}
	for _, name := range c.Roots {
		if m, ok := c.Find(name); ok && line(m, "") {
			below(m, "")
		}
	}
	return b.String()
}
