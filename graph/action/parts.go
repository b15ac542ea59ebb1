package action

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
	"github.com/cairn-build/cairn/graph/rule"
)

// Part is one named component of a key. Value is what a person may see of it, cut to a line; Digest is what counts.
type Part struct {
	Name   string // "input a/b.c", "env CC", "tool gcc", "arg 2", "output cairn-out/a/b/c"
	Digest digest.Hash
	Value  string
}

// maxValue is how much of a component's value a record keeps for people.
const maxValue = 160

// partSink names the components.
type partSink struct{ parts []Part }

func (p *partSink) add(name, value string) {
	v := value
	if len(v) > maxValue {
		v = strings.ToValidUTF8(v[:maxValue], "") + "..."
	}
	p.parts = append(p.parts, Part{Name: name, Digest: digest.Of([]byte(value)).Hash, Value: v})
}

func (p *partSink) Arg(i int, v string)       { p.add(fmt.Sprintf("arg %d", i), display(v)) }
func (p *partSink) Env(name, value string)    { p.add("env "+name, display(value)) }
func (p *partSink) Option(name, value string) { p.add("option "+name, display(value)) }
func (p *partSink) Output(path string, tree bool) {
	kind := "file"
	if tree {
		kind = "tree"
	}
	p.add("output "+path, kind)
}

func (p *partSink) Tool(t ToolIdentity) {
	p.parts = append(p.parts, Part{Name: toolText(t.Name), Digest: t.Identity})
}

// toolText names a program of the host for people, or a folder.
func toolText(name string) string {
	if folder, ok := rule.HostFolderText(name); ok {
		return "folder " + folder
	}
	return "tool " + name
}

func (p *partSink) Input(in *Resolved) {
	value := ""
	if in.Exec {
		value = "executable"
	}
	if in.Kind == rule.OutputTree {
		value = "tree"
	}
	p.parts = append(p.parts, Part{Name: "input " + in.Path, Digest: in.Digest.Hash, Value: value})
}

// display writes placeholders of host tools as a person would.
func display(s string) string {
	return rule.ExpandHostTools(s, func(name string) string {
		if folder, ok := rule.HostFolderText(name); ok {
			return folder
		}
		return "tool(" + name + ")"
	})
}

// Parts gives the named components of the key of a, sorted by name.
func Parts(a *rule.Action, inputs []Resolved, tools []ToolIdentity) []Part {
	var s partSink
	Describe(a, inputs, tools, &s)
	slices.SortStableFunc(s.parts, func(x, y Part) int { return strings.Compare(x.Name, y.Name) })
	return s.parts
}

// Change is a component that two keys do not share.
type Change struct {
	Name     string
	Old, New *Part // nil where the component was not there
}

// String says it in one line: "input a.c changed", "env CC: gcc -> clang", "input b.h is new".
func (c Change) String() string {
	switch {
	case c.Old == nil:
		return c.Name + " is new"
	case c.New == nil:
		return c.Name + " is gone"
	case strings.HasPrefix(c.Name, "input ") && c.Old.Value != c.New.Value:
		return fmt.Sprintf("%s changed its mode", c.Name)
	case c.Old.Value != c.New.Value && !strings.HasPrefix(c.Name, "input "):
		return fmt.Sprintf("%s: %s -> %s", c.Name, c.Old.Value, c.New.Value)
	}
	return c.Name + " changed"
}

// Diff gives what differs between the components of two keys, sorted by name. Both are sorted by name. Where a command line has
// more or fewer arguments than before, those that moved do not differ.
func Diff(old, now []Part) []Change {
	was, is := arguments(old), arguments(now)
	if len(was) == len(is) {
		return diff(old, now)
	}
	old, now = slices.DeleteFunc(slices.Clone(old), isArgument), slices.DeleteFunc(slices.Clone(now), isArgument)
	for len(was) > 0 && len(is) > 0 && was[0].Digest == is[0].Digest {
		was, is = was[1:], is[1:]
	}
	for len(was) > 0 && len(is) > 0 && was[len(was)-1].Digest == is[len(is)-1].Digest {
		was, is = was[:len(was)-1], is[:len(is)-1]
	}
	var out []Change
	for i := range was {
		out = append(out, Change{Name: was[i].Name + " (" + was[i].Value + ")", Old: &was[i]})
	}
	for i := range is {
		out = append(out, Change{Name: is[i].Name + " (" + is[i].Value + ")", New: &is[i]})
	}
	return append(out, diff(old, now)...)
}

func isArgument(p Part) bool { return strings.HasPrefix(p.Name, "arg ") }

// arguments gives those of the command line, in its order: sorted by name, arg 10 comes before arg 2.
func arguments(parts []Part) []Part {
	var out []Part
	for _, p := range parts {
		if isArgument(p) {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(x, y Part) int {
		if n := len(x.Name) - len(y.Name); n != 0 {
			return n
		}
		return strings.Compare(x.Name, y.Name)
	})
	return out
}

func diff(old, now []Part) []Change {
	var out []Change
	for len(old) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(old) > 0 && old[0].Name < now[0].Name:
			out = append(out, Change{Name: old[0].Name, Old: &old[0]})
			old = old[1:]
		case len(old) == 0 || now[0].Name < old[0].Name:
			out = append(out, Change{Name: now[0].Name, New: &now[0]})
			now = now[1:]
		default:
			if old[0].Digest != now[0].Digest || old[0].Value != now[0].Value {
				out = append(out, Change{Name: old[0].Name, Old: &old[0], New: &now[0]})
			}
			old, now = old[1:], now[1:]
		}
	}
	return out
}

// The record of a key's components (cache.KeyParts): version 1, then for each part its name, digest and value.
const partsVersion = 1

// EncodeParts gives the record of parts.
func EncodeParts(parts []Part) []byte {
	e := &encoder{b: make([]byte, 0, 64*len(parts))}
	e.num(partsVersion)
	e.num(uint64(len(parts)))
	for _, p := range parts {
		e.str(p.Name)
		e.b = append(e.b, p.Digest[:]...)
		e.str(p.Value)
	}
	return e.b
}

// DecodeParts reads what EncodeParts wrote; false for damaged bytes.
func DecodeParts(b []byte) ([]Part, bool) {
	d := &decoder{b: string(b)}
	if d.num() != partsVersion {
		return nil, false
	}
	parts := make([]Part, d.count())
	for i := range parts {
		parts[i].Name = d.str()
		parts[i].Digest = d.hash()
		parts[i].Value = d.str()
	}
	return parts, !d.bad && d.b == ""
}

func (d *decoder) hash() (h digest.Hash) {
	if len(d.b) < len(h) {
		d.bad, d.b = true, ""
		return h
	}
	copy(h[:], d.b)
	d.b = d.b[len(h):]
	return h
}

func (d *decoder) digest() digest.Digest {
	h := d.hash()
	return digest.Digest{Hash: h, Size: int64(d.num())}
}

func (e *encoder) digest(x digest.Digest) {
	e.b = append(e.b, x.Hash[:]...)
	e.b = binary.AppendUvarint(e.b, uint64(x.Size))
}
