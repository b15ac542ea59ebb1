package ioc

import (
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/resolve"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// addHostPool tells a finder what the index of a folder of the host says. name is the folder's.
func addHostPool(c rule.CallContext, k *resolve.Known, index string, pool int, name, arch string) error {
	x, err := readPoolIndex(c, index)
	if err != nil {
		return err
	}
	for _, m := range sortedKeys(x.Modules) {
		versions := x.versions(m)
		if len(versions) == 0 {
			k.AddElsewhere(m)
		}
		for _, v := range versions {
			e := x.Modules[m][v]
			if !e.HasDep {
				k.Add(m, version.Installed{Version: v, Pool: pool}, dep.File{}, nil)
				continue
			}
			f, ds := dep.Read(name+"/"+m+"/"+v+"/lib/"+arch+"/"+m+".dep", e.Dep)
			k.Add(m, version.Installed{Version: v, Pool: pool}, f, ds)
		}
	}
	return nil
}
