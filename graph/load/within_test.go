package load

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

var withinKinds = map[string]*rule.Rule{"m": {Kind: "m", Attrs: []rule.Attr{
	{Name: "tree", Type: rule.LabelRef, Doc: "d"},
	{Name: "files", Type: rule.Files, Doc: "d", Within: "tree"},
	{Name: "other", Type: rule.Files, Doc: "d"},
}}}

func kindsWithin(o *Options) { o.Kinds = withinKinds }

// Plain words mean the folder that another attribute names, in targets that set it; ./ and labels mean what they always mean.
func TestWithinAnotherTree(t *testing.T) {
	w := mustLoad(t, MapFS{"p/a.c": "", "p/BUILD.hcl": `
m "plain" { files = ["a.c", "./a.c"] }
m "inside" {
  tree  = ":src"
  files = ["src/*.h", "./a.c", ":gen", "a.c"]
  other = ["a.c"]
}
`}, kindsWithin)
	here := rule.Ref{Path: "p/a.c"}
	for _, c := range []struct {
		target, attr string
		want         []rule.Ref
	}{
		{"//p:plain", "files", []rule.Ref{here, here}},
		{"//p:inside", "files", []rule.Ref{{InTree: "src/*.h"}, here, {Label: label.Label{Pkg: "p", Name: "gen"}}, {InTree: "a.c"}}},
		{"//p:inside", "other", []rule.Ref{here}},
	} {
		if d := cmp.Diff(c.want, target(t, w, c.target).Attrs[c.attr].Value, noRanges); d != "" {
			t.Errorf("%s.%s: %s", c.target, c.attr, d)
		}
	}
}

func TestWithinRefusesWhatLeavesTheTree(t *testing.T) {
	o := testOptions(MapFS{"BUILD.hcl": "workspace \"w\" {}\n", "p/BUILD.hcl": `
m "inside" {
  tree  = ":src"
  files = ["../a.c", "./none.c", "a[.c"]
}
`})
	kindsWithin(&o)
	_, ds := Load(context.Background(), o)
	for _, want := range []string{`Bad pattern "../a.c"`, `There is no file "none.c"`, `Bad pattern "a[.c"`} {
		if !strings.Contains(ds.Error(), want) {
			t.Errorf("%q is not told:\n%s", want, ds.Error())
		}
	}
}
