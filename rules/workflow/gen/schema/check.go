package schema

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

// form is what the meta-schema of JSON Schema 2020-12 asks of a keyword's value.
type form int

const (
	aSchema form = iota
	schemas      // a list with one at least
	named        // an object of schemas
	aText
	aBool
	aCount // a whole number, 0 or more
	aNumber
	positive
	types
	aList
	texts     // a list of texts, none of them twice
	textLists // an object of texts
	either    // an object of schemas or texts
	bools     // an object of booleans
)

// keyword gives the form of a keyword; false for those whose value may be anything.
func keyword(k string) (form, bool) {
	switch k {
	case "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties":
		return aSchema, true
	case "allOf", "anyOf", "oneOf", "prefixItems":
		return schemas, true
	case "$defs", "definitions", "dependentSchemas", "patternProperties", "properties":
		return named, true
	case "$anchor", "$comment", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor", "$recursiveRef", "$ref", "$schema",
		"contentEncoding", "contentMediaType", "description", "format", "pattern", "title":
		return aText, true
	case "deprecated", "readOnly", "uniqueItems", "writeOnly":
		return aBool, true
	case "maxContains", "maxItems", "maxLength", "maxProperties", "minContains", "minItems", "minLength", "minProperties":
		return aCount, true
	case "exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum":
		return aNumber, true
	case "multipleOf":
		return positive, true
	case "type":
		return types, true
	case "enum", "examples":
		return aList, true
	case "required":
		return texts, true
	case "dependentRequired":
		return textLists, true
	case "dependencies":
		return either, true
	case "$vocabulary":
		return bools, true
	}
	return 0, false
}

// Invalid is the error of a document that is no JSON Schema.
type Invalid struct {
	Name  string // "params.json"
	Wrong []Problem
}

// Problem is what is wrong at a place in a document.
type Problem struct {
	At   string // JSON pointer
	Text string // "must be a text"
}

// Summary says which document is wrong, in the words that users of the ecosystem know.
func (i *Invalid) Summary() string {
	return "Compiled artifact '" + i.Name + "' is not a valid JSON Schema"
}

// Error gives the summary and the first problems.
func (i *Invalid) Error() string {
	const most = 5
	var l []string
	for _, p := range i.Wrong[:min(most, len(i.Wrong))] {
		l = append(l, p.At+" "+p.Text)
	}
	more := ""
	if len(i.Wrong) > most {
		more = fmt.Sprintf("; and %d more", len(i.Wrong)-most)
	}
	return i.Summary() + ": " + strings.Join(l, "; ") + more
}

// Check says whether doc is a JSON Schema by the rules of 2020-12, and whether each reference within it leads somewhere. The error
// is an *Invalid. Patterns are not read: which expressions are right is the validator's matter.
//
// It is written by hand because the library that our tests compare it with costs each start of a program 12 ms.
func Check(name string, doc *ojson.Object) error {
	c := &checker{root: doc}
	c.schema(doc, "")
	if len(c.wrong) == 0 {
		return nil
	}
	return &Invalid{name, c.wrong}
}

type checker struct {
	root  *ojson.Object
	wrong []Problem
}

func (c *checker) say(at, format string, args ...any) {
	if at == "" {
		at = "/"
	}
	c.wrong = append(c.wrong, Problem{at, fmt.Sprintf(format, args...)})
}

func (c *checker) schema(v any, at string) {
	o, ok := v.(*ojson.Object)
	if !ok {
		if _, ok := v.(bool); !ok {
			c.say(at, "must be a schema, which is an object or a boolean")
		}
		return
	}
	for _, k := range o.Keys() {
		x, _ := o.Get(k)
		if f, ok := keyword(k); ok {
			c.value(f, x, at+"/"+escape(k))
		}
		if k == "$ref" {
			c.ref(x, at+"/$ref")
		}
	}
}

func (c *checker) value(f form, v any, at string) {
	switch f {
	case aSchema:
		c.schema(v, at)
	case schemas:
		l, ok := v.([]any)
		if !ok || len(l) == 0 {
			c.say(at, "must be a list of schemas with one at least")
		}
		for i, x := range l {
			c.schema(x, at+"/"+strconv.Itoa(i))
		}
	case named:
		c.each(v, at, "schemas", func(x any, at string) { c.schema(x, at) })
	case textLists:
		c.each(v, at, "lists of texts", func(x any, at string) { c.value(texts, x, at) })
	case either:
		c.each(v, at, "schemas and lists of texts", func(x any, at string) {
			if _, ok := x.([]any); ok {
				c.value(texts, x, at)
			} else {
				c.schema(x, at)
			}
		})
	case bools:
		c.each(v, at, "booleans", func(x any, at string) { c.value(aBool, x, at) })
	case aText:
		if _, ok := v.(string); !ok {
			c.say(at, "must be a text")
		}
	case aBool:
		if _, ok := v.(bool); !ok {
			c.say(at, "must be a boolean")
		}
	case aList:
		if _, ok := v.([]any); !ok {
			c.say(at, "must be a list")
		}
	case aNumber, positive, aCount:
		c.number(f, v, at)
	case types:
		if l, ok := v.([]any); ok {
			if len(l) == 0 {
				c.say(at, "must have one type at least")
			}
			c.unique(l, at)
			for i, x := range l {
				c.oneType(x, at+"/"+strconv.Itoa(i))
			}
			return
		}
		c.oneType(v, at)
	case texts:
		l, ok := v.([]any)
		if !ok {
			c.say(at, "must be a list of texts")
		}
		c.unique(l, at)
		for i, x := range l {
			c.value(aText, x, at+"/"+strconv.Itoa(i))
		}
	}
}

func (c *checker) each(v any, at, what string, f func(x any, at string)) {
	o, ok := v.(*ojson.Object)
	if !ok {
		c.say(at, "must be an object of %s", what)
	}
	for _, k := range o.Keys() {
		x, _ := o.Get(k)
		f(x, at+"/"+escape(k))
	}
}

func (c *checker) number(f form, v any, at string) {
	n, ok := v.(ojson.Number)
	r, _ := strconv.ParseFloat(string(n), 64) // what is too large for it is infinite, of the right sign
	switch {
	case !ok:
		c.say(at, "must be a number")
	case f == aCount && (r != math.Trunc(r) || r < 0):
		c.say(at, "must be a whole number, 0 or more")
	case f == positive && r <= 0:
		c.say(at, "must be more than 0")
	}
}

func (c *checker) oneType(v any, at string) {
	switch v {
	case "array", "boolean", "integer", "null", "number", "object", "string":
	default:
		c.say(at, "must be array, boolean, integer, null, number, object or string")
	}
}

func (c *checker) unique(l []any, at string) {
	seen := map[string]bool{}
	for _, x := range l {
		k := canonical(x)
		if seen[k] {
			c.say(at, "has %s twice", k)
		}
		seen[k] = true
	}
}

// ref follows a reference within the document.
func (c *checker) ref(v any, at string) {
	s, _ := v.(string)
	rest, ok := strings.CutPrefix(s, "#/")
	if !ok {
		return
	}
	var to any = c.root
	for _, key := range strings.Split(rest, "/") {
		key = unescape(key)
		found := false
		switch x := to.(type) {
		case *ojson.Object:
			to, found = x.Get(key)
		case []any:
			if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(x) {
				to, found = x[i], true
			}
		}
		if !found {
			c.say(at, "leads to %s, which is not there", s)
			return
		}
	}
}
