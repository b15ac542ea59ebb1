package load

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/cairn-build/cairn/graph/diag"
)

// The functions here are go-cty's where those have no bound on what they make, and a few that it lacks.

// maxSize bounds what one call can make: elements of a list, bytes that a width asks for.
const maxSize = 1 << 20

var selectFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "key", Type: cty.String},
		{Name: "choices", Type: cty.DynamicPseudoType},
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		if !args[0].IsKnown() || !args[1].IsKnown() {
			return cty.DynamicPseudoType, nil
		}
		v, err := choose(args[0].AsString(), args[1])
		return v.Type(), err
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return choose(args[0].AsString(), args[1]) },
})

func choose(key string, choices cty.Value) (cty.Value, error) {
	t := choices.Type()
	if choices.IsNull() || !t.IsObjectType() && !t.IsMapType() {
		return cty.DynamicVal, function.NewArgErrorf(1, "the choices are a map, not %s", typeName(choices))
	}
	var names []string
	var other cty.Value
	for it := choices.ElementIterator(); it.Next(); {
		k, v := it.Element()
		name := k.AsString()
		if name == key {
			return v, nil
		}
		if name == "default" {
			other = v
		}
		names = append(names, name)
	}
	if other != cty.NilVal {
		return other, nil
	}
	hint := diag.DidYouMean(key, names)
	if hint == "" {
		hint = "Add a choice for it, or one called default."
	}
	return cty.DynamicVal, &problem{"no-choice", fmt.Sprintf("select has no choice for %q", clip(key)),
		fmt.Sprintf("There are choices for %s.", clip(strings.Join(names, ", "))), hint}
}

var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowUnknown: true}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v := args[0]
		switch t := v.Type(); {
		case !v.IsKnown():
			return cty.UnknownVal(cty.Number), nil
		case t == cty.String:
			return stdlib.Strlen(v)
		case t.IsCollectionType() || t.IsTupleType() || t.IsObjectType():
			return cty.NumberIntVal(int64(v.LengthInt())), nil
		}
		return cty.DynamicVal, function.NewArgErrorf(0, "only a string, a list, a set or a map has a length, not %s", typeName(v))
	},
})

func affix(name, what string, test func(s, x string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: what, Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(test(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

var (
	startsWithFunc = affix("startswith", "prefix", strings.HasPrefix)
	endsWithFunc   = affix("endswith", "suffix", strings.HasSuffix)
)

// wide finds a width or precision of four digits or more in a format.
var wide = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`%[^a-zA-Z%]*[0-9]{4,}|%[^a-zA-Z%]*\*`) })

// bounded gives f, a function whose first parameter is a format, without its boundless widths.
func bounded(f function.Function) function.Function {
	return guarded(f, func(args []cty.Value) error {
		v, _ := args[0].Unmark()
		if v.IsKnown() && !v.IsNull() && v.Type() == cty.String && wide().MatchString(v.AsString()) {
			return function.NewArgErrorf(0, "a width has at most three digits")
		}
		return nil
	})
}

// guarded gives f with a check of its arguments before it runs.
func guarded(f function.Function, check func(args []cty.Value) error) function.Function {
	params := f.Params()
	return function.New(&function.Spec{
		Params:   params,
		VarParam: f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if err := check(args); err != nil {
				return cty.DynamicPseudoType, err
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.Call(args) },
	})
}

var indentFunc = guarded(stdlib.IndentFunc, func(args []cty.Value) error {
	n, _ := args[0].Unmark()
	if n.IsKnown() && !n.IsNull() && (n.AsBigFloat().Cmp(big.NewFloat(1000)) > 0 || n.AsBigFloat().Sign() < 0) {
		return function.NewArgErrorf(0, "between 0 and 1000 spaces")
	}
	return nil
})

var setProductFunc = guarded(stdlib.SetProductFunc, func(args []cty.Value) error {
	n := 1
	for _, a := range args {
		a, _ = a.Unmark()
		if !a.IsKnown() || a.IsNull() || !a.CanIterateElements() {
			return nil
		}
		n *= max(1, a.LengthInt())
		if n > maxSize {
			return fmt.Errorf("more than %d combinations", maxSize)
		}
	}
	return nil
})

var toNumberFunc = guarded(stdlib.MakeToFunc(cty.Number), func(args []cty.Value) error {
	v, _ := args[0].Unmark()
	if v.IsKnown() && !v.IsNull() && v.Type() == cty.String && hugeExponent([]byte(v.AsString())) {
		return function.NewArgErrorf(0, "an exponent has at most three digits")
	}
	return nil
})

var jsonDecodeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}},
	Type:   decodedType(decodeJSON),
	Impl:   decoded(decodeJSON),
})

var yamlDecodeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}},
	Type:   decodedType(decodeYAML),
	Impl:   decoded(decodeYAML),
})

func decodedType(f func(string) (cty.Value, error)) function.TypeFunc {
	return func(args []cty.Value) (cty.Type, error) {
		if !args[0].IsKnown() {
			return cty.DynamicPseudoType, nil
		}
		v, err := f(args[0].AsString())
		if err != nil {
			return cty.DynamicPseudoType, function.NewArgError(0, err)
		}
		return v.Type(), nil
	}
}

func decoded(f func(string) (cty.Value, error)) function.ImplFunc {
	return func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v, err := f(args[0].AsString())
		if err != nil {
			return cty.DynamicVal, function.NewArgError(0, err)
		}
		return v, nil
	}
}

func decodeJSON(text string) (cty.Value, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var x any
	if err := dec.Decode(&x); err != nil {
		return cty.DynamicVal, fmt.Errorf("no JSON: %w", err)
	}
	if dec.More() {
		return cty.DynamicVal, fmt.Errorf("no JSON: text after the value, at byte %d", dec.InputOffset())
	}
	return fromPlain(x)
}

// fromPlain makes a value of what a decoder gave.
func fromPlain(x any) (cty.Value, error) {
	switch x := x.(type) {
	case nil:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case bool:
		return cty.BoolVal(x), nil
	case string:
		if !utf8.ValidString(x) {
			return cty.DynamicVal, fmt.Errorf("a string that is not UTF-8")
		}
		return cty.StringVal(x), nil
	case json.Number:
		if hugeExponent([]byte(x)) {
			return cty.DynamicVal, fmt.Errorf("%s: an exponent has at most three digits", clip(string(x)))
		}
		return convert.Convert(cty.StringVal(string(x)), cty.Number)
	case []any:
		vs := make([]cty.Value, len(x))
		for i, e := range x {
			v, err := fromPlain(e)
			if err != nil {
				return v, err
			}
			vs[i] = v
		}
		return cty.TupleVal(vs), nil
	case map[string]any:
		vs := make(map[string]cty.Value, len(x))
		for k, e := range x {
			v, err := fromPlain(e)
			if err != nil {
				return v, err
			}
			vs[k] = v
		}
		return cty.ObjectVal(vs), nil
	}
	return cty.DynamicVal, fmt.Errorf("a value of a kind that BUILD.hcl does not have")
}
