package makefile

import (
	"strconv"
	"strings"
)

// findOther gives the functions that decide, repeat, look at files, or cannot be had.
func findOther(name string) (function, bool) {
	switch name {
	case "if":
		return function{2, 3, nil, choose}, true
	case "or", "and":
		return function{1, 0, nil, func(m *Maker, a []string) string {
			v := ""
			for _, x := range a {
				if v = m.Expand(strings.TrimSpace(x)); (v != "") == (name == "or") {
					return v
				}
			}
			return v
		}}, true
	case "foreach":
		return function{3, 3, nil, foreach}, true
	case "call":
		return function{1, 0, callVariable, nil}, true
	case "eval":
		return function{1, 1, func(m *Maker, a []string) string {
			if m.nested < maxInclude {
				m.nested++
				at := m.here
				m.eval(at.File, []byte(a[0]), 0)
				m.here = at
				m.nested--
			}
			return ""
		}, nil}, true
	case "value":
		return function{1, 1, func(m *Maker, a []string) string { return m.Raw(strings.TrimSpace(a[0])) }, nil}, true
	case "origin":
		return function{1, 1, func(m *Maker, a []string) string {
			if m.vars[strings.TrimSpace(a[0])] != nil {
				return "file"
			}
			return "undefined"
		}, nil}, true
	case "flavor":
		return function{1, 1, func(m *Maker, a []string) string {
			switch v := m.vars[strings.TrimSpace(a[0])]; {
			case v == nil:
				return "undefined"
			case v.simple:
				return "simple"
			}
			return "recursive"
		}, nil}, true
	case "wildcard":
		return function{1, 1, func(m *Maker, a []string) string {
			var out []string
			for _, p := range words(a[0]) {
				out = append(out, m.wildcard(p)...)
			}
			return strings.Join(out, " ")
		}, nil}, true
	case "abspath", "realpath":
		return function{1, 1, func(m *Maker, a []string) string {
			return strings.Join(words(m.replace(a[0], m.abs)), " ")
		}, nil}, true
	case "info":
		return pure(1, func([]string) string { return "" }), true
	case "warning", "error":
		return function{1, 1, func(m *Maker, a []string) string {
			m.note(m.here, a[0], "make says this here ("+name+")")
			return ""
		}, nil}, true
	case "shell", "guile", "file":
		return function{1, 1, nil, func(m *Maker, a []string) string {
			m.note(m.here, "$("+name+" "+a[0]+")", "nothing is run, so the value is not known")
			return "$(" + name + ")" // like a variable from outside: what it is a part of is not known either
		}}, true
	}
	return function{}, false
}

func choose(m *Maker, a []string) string {
	if m.Expand(strings.TrimSpace(a[0])) != "" {
		return m.Expand(a[1])
	}
	if len(a) > 2 {
		return m.Expand(a[2])
	}
	return ""
}

func foreach(m *Maker, a []string) string {
	name := strings.TrimSpace(m.Expand(a[0]))
	old, had := m.vars[name]
	var out []string
	size := 0
	for _, w := range words(m.Expand(a[1])) {
		m.set(name, w)
		v := m.Expand(a[2])
		if size += len(v) + 1; m.tooLong(size) {
			break
		}
		m.work += 64
		out = append(out, v)
	}
	if had {
		m.vars[name] = old
	} else {
		delete(m.vars, name)
	}
	return strings.Join(out, " ")
}

// callVariable expands a variable with $0, $1 and so on set.
func callVariable(m *Maker, a []string) string {
	name := strings.TrimSpace(a[0])
	if f, ok := find(name); ok {
		if len(a)-1 < f.min || f.do == nil {
			m.note(m.here, "$(call "+name+")", "the function cannot be called like this")
			return ""
		}
		args := a[1:]
		if f.max > 0 && len(args) > f.max {
			args = args[:f.max]
		}
		return f.do(m, args)
	}
	v := m.vars[name]
	if v == nil {
		return ""
	}
	saved := map[string]*variable{}
	for i := range max(len(a), 10) {
		n := strconv.Itoa(i)
		saved[n] = m.vars[n]
		delete(m.vars, n)
		if i < len(a) {
			m.set(n, a[i])
		}
	}
	out := m.Expand(v.text())
	for n, v := range saved {
		if v == nil {
			delete(m.vars, n)
		} else {
			m.vars[n] = v
		}
	}
	return out
}
