package ioc

import (
	"context"
	"encoding/json"

	"github.com/cairn-build/cairn/graph/rule"
)

const concatCall = "ioc_dbd/0"

// concatArgs is what ioc_dbd/0 is told.
type concatArgs struct {
	To   string       `json:"to"`
	From []headerFrom `json:"from"`
}

// expandDbds declares what comes of dbds: it sets dbd, dbdTree, generated (trees of headers) and made (generated sources).
func (m *moduleBuild) expandDbds() {
	if len(m.s.Dbds) == 0 {
		return
	}
	m.dbdTree = m.tree("dbd")
	a := concatArgs{To: m.dbdTree.Path + "/" + m.s.Name + ".dbd"}
	for _, d := range m.s.Dbds {
		a.From = append(a.From, headerFrom{In: d.In.Path, Tree: d.In.Kind == rule.OutputTree, At: d.At})
	}
	m.call("Dbd", concatCall, a, places(m.s.Places), inputsOf(m.s.Dbds), m.dbdTree)
	m.add("dbd/", item{In: m.dbdTree, At: m.dbdTree.Path}, false)
}

// inflate declares what msi makes of subs and tmps, and adds it to db.
func (m *moduleBuild) inflate() {}

func concatFunc(_ context.Context, c rule.CallContext) error {
	var a concatArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	var text []byte
	for _, f := range a.From {
		files, err := filesOf(c, f.In, f.At, f.Tree)
		if err != nil {
			return err
		}
		for _, x := range files {
			b, err := inputBytes(c, x.at)
			if err != nil {
				return err
			}
			text = append(append(text, b...), '\n')
		}
	}
	return c.Write(a.To, text, false)
}
