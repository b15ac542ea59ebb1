package yamltree

import (
	"strconv"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/workflow/ojson"
)

// JSON gives n as an ojson value. at is n's JSON pointer and where is called with that of each value, with its place; it may be nil. A number
// that is not finite has no form in JSON: it is a problem of the list, and null in the value.
func (n *Node) JSON(at string, where func(at string, rng diag.Range)) (any, diag.List) {
	var ds diag.List
	v := n.json(at, where, &ds)
	return v, ds
}

func (n *Node) json(at string, where func(string, diag.Range), ds *diag.List) any {
	if where != nil {
		where(at, n.Head())
	}
	switch n.Kind {
	case Bool:
		return n.Text == "true"
	case Int:
		return ojson.Number(n.Text)
	case Float:
		if n.Text == "nan" || n.Text == "inf" || n.Text == "-inf" {
			*ds = append(*ds, diag.Diag{Code: "bad-value", Summary: "A number that is not finite", Detail: "JSON has no such number.", Range: n.Range})
			return nil
		}
		return ojson.Number(n.Text)
	case String:
		return n.Text
	case List:
		l := make([]any, len(n.List))
		for i, e := range n.List {
			l[i] = e.json(at+"/"+strconv.Itoa(i), where, ds)
		}
		return l
	case Map:
		o := ojson.New()
		for _, p := range n.Pairs {
			o.Set(p.Key, p.Value.json(at+"/"+Step(p.Key), where, ds))
		}
		return o
	}
	return nil
}
