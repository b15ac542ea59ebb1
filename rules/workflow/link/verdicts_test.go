package link

import (
	"os"
	"slices"
	"testing"

	"github.com/cairn-build/cairn/rules/workflow/ojson"
	"github.com/cairn-build/cairn/rules/workflow/spec"
)

// valueOf makes a spec's value of JSON; {"float": "nan"} is what JSON has no number for.
func valueOf(v any) spec.Value {
	switch v := v.(type) {
	case []any:
		l := spec.Value{Kind: spec.List}
		for _, x := range v {
			l.List = append(l.List, valueOf(x))
		}
		return l
	case *ojson.Object:
		if f := v.String("float"); f != "" {
			return spec.Value{Kind: spec.Float, Text: f}
		}
		d := spec.Value{Kind: spec.Dict}
		for _, k := range v.Keys() {
			x, _ := v.Get(k)
			d.Dict = append(d.Dict, spec.Entry{Key: k, Value: valueOf(x)})
		}
		return d
	}
	out, _ := literal(v)
	return out
}

// TestVerdicts holds what is refused against what pydantic did with the same values (testdata/verdicts.py): nothing that it takes may be
// refused, and nothing that it refuses is let through where the type is plain.
func TestVerdicts(t *testing.T) {
	b, err := os.ReadFile("testdata/verdicts.json")
	if err != nil {
		t.Fatal(err)
	}
	x, err := ojson.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	o := x.(*ojson.Object)
	values, types := o.List("values"), o.List("types")
	for _, y := range types {
		ty := y.(*ojson.Object)
		name, want := ty.String("name"), shapeOf(ty.Object("shape"), nil)
		for k, v := range values {
			val := valueOf(v)
			no, yes := refusesValue(&val, want, 0), ty.String("takes")[k] == '+'
			text, _ := ojson.Marshal(v, "")
			switch {
			case no && yes:
				t.Errorf("%s takes %s, and is said not to", name, text)
			case !no && !yes && slices.Contains(plain, name):
				t.Errorf("%s does not take %s, and nothing is said", name, text)
			}
		}
	}
	refused := 0
	for _, y := range o.List("given") {
		g := y.(*ojson.Object)
		given := shapeOf(g.Object("shape"), nil)
		for k, y := range types {
			ty := y.(*ojson.Object)
			no, yes := refuses(given, shapeOf(ty.Object("shape"), nil), 0), g.String("any")[k] == '+'
			if no {
				refused++
			}
			if no && yes && !slices.Contains(textual, g.String("name")) {
				t.Errorf("%s takes a result that is %s, and is said not to", ty.String("name"), g.String("name"))
			}
		}
	}
	if refused < 300 {
		t.Errorf("%d wirings are refused, not 300 and more", refused)
	}
}

// plain types are those of which all is known.
var plain = []string{"None", "bool", "float", "str", "bool | list[int]", "list", "list[int]", "list[str]", "set[int]", "frozenset[str]", "tuple[int, str]", "tuple[int, ...]", "Sequence[int]",
	"Mapping[str, int]", "dict", "dict[str, int]", "list[dict[str, list[int]]]", "Color", "Level", "Model", "Typed", "Frame", "Frame | None", "1..10", "short", "two"}

// textual results are refused for numbers and truth values although some texts hold those: whoever means it says int.
var textual = []string{"str", "list[str]", "tuple[int, str]", "Literal"}
