// Package registry reads what an environment's Python says of the tasks that are registered in it.
package registry

import (
	"slices"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

// Entry is one registered task.
type Entry struct {
	Module   string // where the function is defined: "pkg.tasks._io"
	Public   string // the shortest path that gives it: "pkg.tasks"
	Function string

	Title             string
	Description       string
	Tags              []string
	Deprecated        bool
	DeprecatedMessage string
	// Object says that the name is bound to a task object of generation A's own core, whose attribute func is the function.
	Object bool
	// Adapter says that importing the task needs the package of rules/workflow/adapter, as the environment has no core of generation A.
	Adapter bool
	// Mock is the extension of the example that stands in for what the task returns with mocked input and output ("json"), "" for none.
	Mock string
	// Schema is the JSON Schema of the arguments: properties, required, $defs.
	Schema *ojson.Object
	// Accepts says of each argument, in the order of the signature, which values of Python it takes: a JSON Schema in which a type that
	// JSON has not is named "module.Class", and {} is anything. nil where nobody said so (wt-registry's own output): Schema
	// is then all that is known, and validators that run before a type's own are not in it.
	Accepts *ojson.Object
	// Returns is what the task gives, in the words of Accepts; nil where nothing is known.
	Returns *ojson.Object
	// KeepsRest says that the function takes arguments of any name (**kwargs).
	KeepsRest bool
}

// Name gives "module.function", with the public module.
func (e *Entry) Name() string { return e.Public + "." + e.Function }

// IO says whether the task is replaced by its example with mocked input and output.
func (e *Entry) IO() bool { return slices.Contains(e.Tags, "io") }

// Arguments gives the names of the arguments that are known, in the order of the signature.
func (e *Entry) Arguments() []string {
	names := e.Schema.Object("properties").Keys()
	if e.Accepts != nil {
		names = e.Accepts.Keys()
	}
	for _, r := range e.Schema.List("required") { // Field(exclude=True) leaves only this trace in a schema
		if s, ok := r.(string); ok && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	return names
}

// Required says whether the function cannot be called without the argument.
func (e *Entry) Required(arg string) bool {
	return slices.Contains(e.Schema.List("required"), any(arg))
}

// Settable says whether a person can give the argument a value in a file: it has a schema, and one that JSON has values of.
func (e *Entry) Settable(arg string) bool {
	v, ok := e.Schema.Object("properties").Get(arg)
	return ok && writable(v, e.Schema.Object("$defs"), 0)
}

// Form gives the argument's schema as a person can fill it in: without alternatives that JSON has no values of. It shares values with Schema.
// false where the argument is not Settable.
func (e *Entry) Form(arg string) (any, bool) {
	if !e.Settable(arg) {
		return nil, false
	}
	v, _ := e.Schema.Object("properties").Get(arg)
	o, _ := v.(*ojson.Object)
	for _, key := range []string{"anyOf", "oneOf"} {
		all := o.List(key)
		left := slices.DeleteFunc(slices.Clone(all), func(b any) bool { return !isNull(b) && !writable(b, e.Schema.Object("$defs"), 0) })
		if len(left) == len(all) {
			continue
		}
		one, _ := left[0].(*ojson.Object)
		c := &ojson.Object{}
		for _, k := range o.Keys() {
			switch x, _ := o.Get(k); {
			case k != key:
				c.Set(k, x)
			case len(left) > 1 || one == nil:
				c.Set(k, left)
			default:
				for _, k := range one.Keys() {
					x, _ := one.Get(k)
					c.Set(k, x)
				}
			}
		}
		o, v = c, c
	}
	return v, true
}

// writable says whether a schema allows a value other than null that JSON has. Deep nesting counts as yes.
func writable(v any, defs *ojson.Object, depth int) bool {
	s, ok := v.(*ojson.Object)
	if !ok {
		return v != false
	}
	if depth > 50 {
		return true
	}
	if ref := s.String("$ref"); ref != "" {
		if d := Referred(defs, ref); d != nil {
			return writable(d, defs, depth+1)
		}
		return true
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		if l := s.List(key); len(l) > 0 {
			return slices.ContainsFunc(l, func(b any) bool { return !isNull(b) && writable(b, defs, depth+1) })
		}
	}
	switch t, _ := s.Get("type"); t := t.(type) {
	case string:
		if t == "array" {
			items, ok := s.Get("items")
			return !ok || writable(items, defs, depth+1)
		}
		return JSONType(t)
	case []any:
		return slices.ContainsFunc(t, func(x any) bool { n, _ := x.(string); return JSONType(n) })
	}
	return true
}

func isNull(v any) bool {
	s, ok := v.(*ojson.Object)
	return ok && s.String("type") == "null"
}

// JSONType says whether t is one of JSON Schema's own types.
func JSONType(t string) bool {
	switch t {
	case "null", "boolean", "integer", "number", "string", "array", "object":
		return true
	}
	return false
}

// Referred gives what a "$ref" leads to in $defs, nil where it leads elsewhere.
func Referred(defs *ojson.Object, ref string) *ojson.Object {
	const prefix = "#/$defs/"
	if len(ref) <= len(prefix) || ref[:len(prefix)] != prefix {
		return nil
	}
	return defs.Object(ref[len(prefix):])
}

// Finder gives the tasks of a name. A tree of one file for each name is one (see Tree), so that who looks up a name reads one file.
type Finder interface {
	// Named gives the entries whose function has this name, sorted by Public; nil where there is none.
	Named(function string) ([]*Entry, error)
	// Names gives all names, for messages only.
	Names() []string
}
