package module

import (
	"context"
	"debug/elf"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

const exportsCall = "ioc_exports/1"

// exportsArgs is what ioc_exports/1 is told.
type exportsArgs struct {
	Libraries []string `json:"libraries"`
	To        string   `json:"to"`
}

// listExports declares the action that lists what a module's libraries define. Modules above it look at the list instead of the
// libraries, so that they are not checked again for a library that is another one only in its version.
func (m *moduleBuild) listExports() {
	if m.library.Path == "" {
		return
	}
	a := exportsArgs{Libraries: []string{m.library.Path}}
	in := []rule.Artifact{m.library}
	for _, v := range m.s.VendorLibs {
		if v.In.Kind == rule.OutputTree {
			return // which libraries these are is known only to who looks into the tree
		}
		a.Libraries = append(a.Libraries, v.At)
		in = append(in, v.In)
	}
	m.exports = m.file("exports.txt")
	a.To = m.exports.Path
	m.call("Exports", exportsCall, a, nil, ioc.Distinct(in), m.exports)
}

func exportsFunc(_ context.Context, c rule.CallContext) error {
	var a exportsArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	all := map[string]bool{}
	for i, l := range a.Libraries {
		if i > 0 && (!isLibrary(l) || strings.HasSuffix(l, ".a")) {
			continue
		}
		b, err := ioc.InputBytes(c, l)
		if err != nil {
			return err
		}
		symbols, err := dynamicSymbols(b)
		if err != nil && i == 0 {
			return fmt.Errorf("%s cannot be read: %w", l, err)
		}
		for _, s := range symbols {
			if s.Section != elf.SHN_UNDEF && s.Section != elf.SHN_ABS { // <m>Lib_<version> are absolute, and nothing refers to them
				all[s.Name] = true
			}
		}
	}
	return c.Write(a.To, []byte(strings.Join(slices.Sorted(maps.Keys(all)), "\n")+"\n"), false)
}
