package ioc

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/resolve"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

// PoolIndex is what a pool of this machine holds for one architecture: the file Pool.Index, as JSON. Folders that start with a dot do not
// count, and neither do names that no .dep file could have.
type PoolIndex struct {
	Path   string `json:"path"`
	Absent bool   `json:"absent,omitempty"` // there is no such folder
	// Modules are by name, and then by version: the names of their folders.
	Modules map[string]map[string]PoolEntry `json:"modules"`
}

// PoolEntry is one version of a module.
type PoolEntry struct {
	// Here says that there is a lib folder for the architecture: only then does the version count.
	Here   bool   `json:"here"`
	HasDep bool   `json:"has_dep,omitempty"`
	Dep    []byte `json:"dep,omitempty"` // the .dep file, as it is
}

// readPoolIndex reads a Pool.Index in an action.
func readPoolIndex(c rule.CallContext, index string) (PoolIndex, error) {
	b, err := InputBytes(c, index)
	if err != nil {
		return PoolIndex{}, err
	}
	var x PoolIndex
	return x, json.Unmarshal(b, &x)
}

// versions gives the versions of a module that count, sorted as text.
func (x PoolIndex) versions(module string) []string {
	var out []string
	for _, v := range slices.Sorted(maps.Keys(x.Modules[module])) {
		if x.Modules[module][v].Here {
			out = append(out, v)
		}
	}
	return out
}

// AddHostPool tells a finder what the index of a folder of the host says: index is the path of a Pool.Index among the Call's inputs, pool the
// folder's place in the order of pools, and name what messages call it. Modules that have no version for arch are known to be elsewhere.
func AddHostPool(c rule.CallContext, k *resolve.Known, index string, pool int, name, arch string) error {
	x, err := readPoolIndex(c, index)
	if err != nil {
		return err
	}
	for _, m := range slices.Sorted(maps.Keys(x.Modules)) {
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
