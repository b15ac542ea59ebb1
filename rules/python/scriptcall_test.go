package python

import "testing"

func TestLibrary(t *testing.T) {
	const list = `[{"name": "numpy", "version": "2"}, {"name": "other-lib", "version": "3", "own": true}, {"name": "Dish_Lib", "version": "1.4"}, {"name": "gone", "absent": "no package"}]`
	for _, c := range []struct{ list, project, want string }{
		{list, "[project]\nname = \"dish.lib\"\n", "Dish_Lib 1.4"},
		{list, "[tool.poetry]\nname = \"numpy\"\n", "numpy 2"},
		{list, "[project]\nname = \"gone\"\n", "other-lib 3"},
		{list, "", "other-lib 3"},
		{list, "[broken", "other-lib 3"},
		{`[{"name": "numpy", "version": "2"}]`, "", " "},
		{"broken", "", " "},
		{"", "", " "},
	} {
		name, version := Library([]byte(c.list), []byte(c.project))
		if got := name + " " + version; got != c.want {
			t.Errorf("%q of %q: %q, want %q", c.project, c.list, got, c.want)
		}
	}
}

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{[]any{}, "{}"},
		{map[string]any{}, "{}"},
		{[]any{1.0, "a", nil, map[string]any{"b": false}}, `{"args":[1,"a",null,{"b":false}]}`},
		{map[string]any{"x": 1.5}, `{"kwargs":{"x":1.5}}`},
		{map[string]any{"args": []any{1.0}}, `{"args":[1]}`},
		{map[string]any{"args": []any{}, "kwargs": map[string]any{"args": 1.0}}, `{"kwargs":{"args":1}}`},
		{map[string]any{"args": 1.0, "y": 2.0}, `{"kwargs":{"args":1,"y":2}}`},
		{map[string]any{"args": 1.0}, "error"},
		{map[string]any{"kwargs": []any{}}, "error"},
		{"text", "error"},
	} {
		got, err := arguments(c.in)
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.in, got, c.want)
		}
	}
}
