package action

import (
	"testing"

	"github.com/cairn-build/cairn/graph/rule"
)

func TestArgsOfCalls(t *testing.T) {
	parts := func(args string) (s string) {
		for _, p := range Parts(&rule.Action{Call: &rule.Call{Func: "f/1", Args: []byte(args)}}, nil, nil) {
			s += p.Name + "=" + p.Value + ";"
		}
		return s
	}
	for _, c := range []struct{ args, want string }{
		{`{"spec":{"id":"a"},"out":"x"}`, `option call=f/1;option out="x";option spec={"id":"a"};`},
		{`{}`, `option call=f/1;`},
		{"", `option args=;option call=f/1;`},
		{`[1]`, `option args=[1];option call=f/1;`},
		{`{"args":[1]}`, `option args={"args":[1]};option call=f/1;`},
		{`{"a":1`, `option args={"a":1;option call=f/1;`},
	} {
		if got := parts(c.args); got != c.want {
			t.Errorf("%s: %s, want %s", c.args, got, c.want)
		}
	}
}
