package link

import (
	"math"
	"strconv"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// A verdict is that something is refused for certain: pydantic's validation of arguments takes "3" for a number and 3 for a truth value no
// more than it has to, and so is it here. sure shapes are of Python's values; others are of what a file may hold, in which a type that JSON has
// not says nothing.

// refuses says whether no value of a result can be taken.
func refuses(given, want *shape, depth int) bool {
	if given == nil || want == nil || depth > maxDepth {
		return false
	}
	if es := given.enum(); es != nil {
		for _, e := range es {
			if v, ok := literal(e); !ok || !refusesValue(&v, want, depth+1) {
				return false
			}
		}
		return len(es) > 0
	}
	if l := given.anyOf(); len(l) > 0 {
		for _, a := range l {
			if !refuses(a, want, depth+1) {
				return false
			}
		}
		return true
	}
	if l := want.anyOf(); len(l) > 0 {
		for _, a := range l {
			if !refuses(given, a, depth+1) {
				return false
			}
		}
		return true
	}
	g, w := given.kind(), want.kind()
	if w == "" && want.enum() != nil {
		return g == "array" || g == "object" || g == "null" && !hasNull(want.enum())
	}
	if g == "" || w == "" {
		return false
	}
	own, foreign := !jsonKind(g), !jsonKind(w)
	switch {
	case own || foreign: // an object of a class: it is no text and no null, and it may be a kind of any other class
		return own && (w == "string" || w == "null") || foreign && (scalar(g) || g == "array")
	case g == w && g == "array":
		return refusesList(given, want, depth)
	case g == w && g == "object":
		a, b := given.at("additionalProperties"), want.at("additionalProperties")
		return refuses(a, b, depth+1)
	case g == w:
		return false
	case g == "object" && w == "array" && given.o.String("title") != "":
		return false // a model's fields can be run over
	}
	number := func(k string) bool { return k == "integer" || k == "number" || k == "boolean" }
	return !number(g) || !number(w)
}

func refusesList(given, want *shape, depth int) bool {
	gs, gtuple := given.prefix()
	ws, wtuple := want.prefix()
	switch {
	case gtuple && wtuple:
		if len(gs) != len(ws) {
			return true
		}
		for k := range gs {
			if refuses(gs[k], ws[k], depth+1) {
				return true
			}
		}
		return false
	case gtuple:
		item := want.at("items")
		for _, g := range gs {
			if refuses(g, item, depth+1) {
				return true
			}
		}
		return false
	case wtuple:
		return false // how long the list is nobody knows
	}
	return refuses(given.at("items"), want.at("items"), depth+1)
}

func jsonKind(k string) bool { return scalar(k) || k == "array" || k == "object" }

func hasNull(vs []any) bool {
	for _, v := range vs {
		if v == nil {
			return true
		}
	}
	return false
}

// literal gives a plain JSON value as one of a spec.
func literal(v any) (spec.Value, bool) {
	switch v := v.(type) {
	case nil:
		return spec.Value{Kind: spec.Null}, true
	case bool:
		return spec.Value{Kind: spec.Bool, Text: strconv.FormatBool(v)}, true
	case string:
		return spec.Value{Kind: spec.String, Text: v}, true
	case ojson.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return spec.Value{Kind: spec.Float, Text: string(v)}, true
		}
		return spec.Value{Kind: spec.Int, Text: string(v)}, true
	}
	return spec.Value{}, false
}

// refusesValue says whether a literal cannot be taken. Variables in it are taken.
func refusesValue(v *spec.Value, want *shape, depth int) bool {
	if want == nil || depth > maxDepth || v.Kind == spec.Return {
		return false
	}
	if l := want.anyOf(); len(l) > 0 {
		for _, a := range l {
			if !refusesValue(v, a, depth+1) {
				return false
			}
		}
		return true
	}
	if es := want.enum(); es != nil {
		return v.Kind != spec.Env && !among(v, es)
	}
	k := want.kind()
	switch {
	case k == "":
		return false
	case !jsonKind(k):
		return v.Kind != spec.Env || !strings.HasPrefix(k, "python.")
	case v.Kind == spec.Env: // a text, of which nobody knows more
		return k == "array" || k == "object" || k == "null"
	}
	switch k {
	case "null":
		return v.Kind != spec.Null
	case "boolean":
		return !truth(v)
	case "integer", "number":
		n, ok := number(v)
		if !ok || k == "integer" && (n != math.Trunc(n) || math.IsInf(n, 0)) {
			return true
		}
		return outside(n, want)
	case "string":
		return v.Kind != spec.String || wrongLength(v.Text, want)
	case "array":
		return v.Kind != spec.List || refusesElements(v.List, want, depth)
	case "object":
		return v.Kind != spec.Dict || refusesEntries(v.Dict, want, depth)
	}
	return false
}

// among says whether v is one of the values; 1 and "1" count as one, for enumerations take both.
func among(v *spec.Value, es []any) bool {
	for _, e := range es {
		l, ok := literal(e)
		if !ok || l.Kind == v.Kind && l.Text == v.Text || l.Kind != spec.Null && v.Kind != spec.Null && l.Text == v.Text {
			return true
		}
		a, ok1 := number(v)
		b, ok2 := number(&l)
		if ok1 && ok2 && a == b {
			return true
		}
	}
	return false
}

// truth says whether v can be a truth value, as pydantic reads texts and numbers.
func truth(v *spec.Value) bool {
	switch v.Kind {
	case spec.Bool:
		return true
	case spec.Int, spec.Float:
		n, ok := number(v)
		return ok && (n == 0 || n == 1)
	case spec.String:
		switch strings.ToLower(v.Text) {
		case "0", "off", "f", "false", "n", "no", "1", "on", "t", "true", "y", "yes":
			return true
		}
	}
	return false
}

// number reads v as a number where that is possible: a text can hold one.
func number(v *spec.Value) (float64, bool) {
	switch v.Kind {
	case spec.Bool:
		if v.Text == "true" {
			return 1, true
		}
		return 0, true
	case spec.Int, spec.Float, spec.String:
		n, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(v.Text), "_", ""), 64)
		if err != nil && !math.IsInf(n, 0) {
			return 0, false
		}
		if v.Kind == spec.Int && math.IsInf(n, 0) {
			n = math.MaxFloat64 // an integer has no end
		}
		return n, true
	}
	return 0, false
}

func outside(n float64, want *shape) bool {
	for _, b := range []struct {
		key string
		bad func(n, limit float64) bool
	}{
		{"minimum", func(n, l float64) bool { return n < l }}, {"maximum", func(n, l float64) bool { return n > l }},
		{"exclusiveMinimum", func(n, l float64) bool { return n <= l }}, {"exclusiveMaximum", func(n, l float64) bool { return n >= l }},
	} {
		if l, ok := limit(want, b.key); ok && b.bad(n, l) {
			return true
		}
	}
	return false
}

func limit(s *shape, key string) (float64, bool) {
	v, _ := s.o.Get(key)
	n, ok := v.(ojson.Number)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(n), 64)
	return f, err == nil
}

func wrongLength(s string, want *shape) bool {
	n := float64(len([]rune(s)))
	least, ok1 := limit(want, "minLength")
	most, ok2 := limit(want, "maxLength")
	return ok1 && n < least || ok2 && n > most
}

func refusesElements(l []spec.Value, want *shape, depth int) bool {
	if wrongCount(len(l), want) {
		return true
	}
	for k := range l {
		if refusesValue(&l[k], nth(want, k), depth+1) {
			return true
		}
	}
	return false
}

// wrongCount says whether a list cannot have n elements.
func wrongCount(n int, want *shape) bool {
	least, ok1 := limit(want, "minItems")
	most, ok2 := limit(want, "maxItems")
	return ok1 && float64(n) < least || ok2 && float64(n) > most
}

// nth is what the element k of a list is.
func nth(want *shape, k int) *shape {
	if l, ok := want.prefix(); ok {
		if k < len(l) {
			return l[k]
		}
		return nil
	}
	return want.at("items")
}

func refusesEntries(l []spec.Entry, want *shape, depth int) bool {
	if len(lacking(l, want)) > 0 {
		return true
	}
	for k := range l {
		if refusesValue(&l[k].Value, field(want, l[k].Key), depth+1) {
			return true
		}
	}
	return false
}

// lacking gives what a dictionary must have and has not.
func lacking(l []spec.Entry, want *shape) []string {
	var out []string
	for _, r := range want.o.List("required") {
		name, _ := r.(string)
		has := false
		for k := range l {
			has = has || l[k].Key == name
		}
		if !has {
			out = append(out, name)
		}
	}
	return out
}

// field is what the value of a dictionary's key is.
func field(want *shape, key string) *shape {
	if p := want.o.Object("properties"); p != nil {
		if v, ok := p.Get(key); ok {
			return shapeOf(v, want.defs)
		}
	}
	return want.at("additionalProperties")
}
