package module

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

const excludedCall = "ioc_excluded/1"

// exclude makes a target that exclude_archs leaves out: it says why there is nothing, and its dependants are told so.
func exclude(c *rule.Context, s *Spec) {
	why := fmt.Sprintf("exclude_archs of module %s names %s.", s.Name, c.Platform())
	out := c.OutputFile("", "excluded.txt")
	m := &moduleBuild{c: c, s: s}
	m.call("Exclude", excludedCall, textArgs{To: out.Path, Text: why}, ioc.Places{"exclude_archs": c.Target.Attrs["exclude_archs"].Range}, nil, out)
	c.SetDefault(out)
	c.Provide(ioc.Module{Label: c.Label(), Name: s.Name, Version: s.Version, Arch: c.Platform().String(), Excluded: why})
}

func excludedFunc(_ context.Context, c rule.CallContext) error {
	var a textArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	if err := c.Write(a.To, []byte(a.Text+"\n"), false); err != nil {
		return err
	}
	return diag.List{{Warning: true, Code: "excluded-module", Summary: "Nothing is built here", Detail: a.Text, Range: ioc.ReadPlaces(c)["exclude_archs"]}}
}
