package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

// Fingerprint gives the SHA-256, in hex, of what a params.json asks of parameters. Texts for people, defaults and the order of
// keys and of required names are no part of it; a property that is called title or default is.
func Fingerprint(params *ojson.Object) string {
	sum := sha256.Sum256([]byte(canonical(asked(params, false))))
	return hex.EncodeToString(sum[:])
}

// asked drops what only people see. In a map of schemas (byName) the keys are names, and none of them is dropped.
func asked(v any, byName bool) any {
	switch v := v.(type) {
	case *ojson.Object:
		o := &ojson.Object{}
		for _, k := range v.Keys() {
			x, _ := v.Get(k)
			if !byName {
				switch k {
				case "title", "description", "default", "uiSchema":
					continue
				case "const", "enum":
					o.Set(k, x)
					continue
				case "required":
					o.Set(k, unordered(x))
					continue
				}
			}
			maps := k == "properties" || k == "patternProperties" || k == "dependentSchemas" || k == "$defs" || k == "definitions"
			o.Set(k, asked(x, maps && !byName))
		}
		return o
	case []any:
		l := make([]any, len(v))
		for i := range v {
			l[i] = asked(v[i], false)
		}
		return l
	}
	return v
}

// unordered sorts a list whose order says nothing.
func unordered(v any) any {
	l, ok := v.([]any)
	if !ok {
		return v
	}
	l = slices.Clone(l)
	slices.SortFunc(l, func(a, b any) int { return strings.Compare(canonical(a), canonical(b)) })
	return l
}

// canonical gives the JSON of a value with sorted keys.
func canonical(v any) string {
	b, err := ojson.Marshal(ojson.Sorted(v), "")
	if err != nil {
		panic("internal error: a value that is no JSON: " + err.Error())
	}
	return string(b)
}
