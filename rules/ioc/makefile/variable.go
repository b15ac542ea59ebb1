package makefile

import (
	"maps"
	"slices"
	"strings"
)

// variable is a name's value: parts that assignments added, joined by a space. Those of a simple one are expanded already.
type variable struct {
	simple bool
	parts  []part
	size   int // bytes that were added
}

type part struct {
	text string
	at   Place
}

func (v *variable) text() string {
	if len(v.parts) == 1 {
		return v.parts[0].text
	}
	all := make([]string, len(v.parts))
	for i, p := range v.parts {
		all[i] = p.text
	}
	return strings.Join(all, " ")
}

// assign does what `name op value` says.
func (m *Maker) assign(name, op, value string, at Place) {
	if len(value) > maxValue {
		m.note(at, name, "the value is too long")
		return
	}
	old := m.vars[name]
	switch op {
	case ":=", "::=", ":::=":
		m.vars[name] = &variable{simple: true, parts: []part{{m.Expand(value), at}}}
	case "?=":
		if old == nil {
			m.vars[name] = &variable{parts: []part{{value, at}}}
		}
	case "+=":
		m.add(name, old, value, at)
	case "!=":
		m.note(at, name+" != "+value, "a command's output is the value, and no command is run")
		m.vars[name] = &variable{simple: true, parts: []part{{"$(shell)", at}}}
	default:
		m.vars[name] = &variable{parts: []part{{value, at}}}
	}
}

func (m *Maker) add(name string, old *variable, value string, at Place) {
	if old == nil {
		m.vars[name] = &variable{parts: []part{{value, at}}}
		return
	}
	if value == "" {
		return
	}
	if old.simple {
		value = m.Expand(value)
	}
	if len(old.parts) == 1 && old.parts[0].text == "" {
		old.parts[0] = part{value, at}
		return
	}
	if old.size += len(value) + 1; old.size > maxValue {
		m.note(at, name, "the value is too long")
		return
	}
	old.parts = append(old.parts, part{value, at})
}

// Forget takes a variable's value away, so that one of Options.Outside stands for itself again.
func (m *Maker) Forget(name string) { delete(m.vars, name) }

// Names gives the variables that are set, in order.
func (m *Maker) Names() []string { return slices.Sorted(maps.Keys(m.vars)) }

// Set says whether a variable was given a value, be it an empty one.
func (m *Maker) Set(name string) bool { return m.vars[name] != nil }

// Raw gives a variable's value without expanding it.
func (m *Maker) Raw(name string) string {
	if v := m.vars[name]; v != nil {
		return v.text()
	}
	return ""
}

// Value gives a variable's expanded value, "" where it is not set.
func (m *Maker) Value(name string) string { return m.lookup(name) }

// At gives the place of a variable's last assignment.
func (m *Maker) At(name string) Place {
	if v := m.vars[name]; v != nil {
		return v.parts[len(v.parts)-1].at
	}
	return Place{}
}

// Words gives the words of a variable's value, each with the place of the assignment that brought it.
func (m *Maker) Words(name string) []Word {
	v := m.vars[name]
	if v == nil {
		return nil
	}
	var out []Word
	for _, p := range v.parts {
		text := p.text
		if !v.simple {
			saved := m.here
			m.here = p.at
			text = m.recursive(name, text)
			m.here = saved
		}
		for _, w := range words(text) {
			out = append(out, Word{w, p.at})
		}
	}
	return out
}

// lookup gives the expansion of $(name).
func (m *Maker) lookup(name string) string {
	v := m.vars[name]
	switch {
	case v == nil && m.outside[name]:
		return "$(" + name + ")"
	case v == nil:
		return ""
	case v.simple:
		return v.text()
	}
	return m.recursive(name, v.text())
}

// recursive expands text, which belongs to a recursive variable.
func (m *Maker) recursive(name, text string) string {
	if m.busy[name] {
		m.note(m.here, "$("+name+")", "the variable refers to itself")
		return ""
	}
	m.busy[name] = true
	defer delete(m.busy, name)
	return m.Expand(text)
}

// words splits at blanks as make does.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\v' || r == '\f' })
}
