package code

import (
	"strings"

	"github.com/cairn-build/cairn/rules/workflow/gen/pyfmt"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

// python writes a value of JSON as Python has it, in one line.
func python(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return pyfmt.Quote(v)
	case ojson.Number:
		return string(v)
	case []any:
		xs := make([]string, len(v))
		for i, x := range v {
			xs[i] = python(x)
		}
		return "[" + strings.Join(xs, ", ") + "]"
	case *ojson.Object:
		var xs []string
		for _, k := range v.Keys() {
			x, _ := v.Get(k)
			xs = append(xs, pyfmt.Quote(k)+": "+python(x))
		}
		return "{" + strings.Join(xs, ", ") + "}"
	}
	return "None"
}
