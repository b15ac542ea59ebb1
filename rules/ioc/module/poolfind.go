package module

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/version"
)

const poolModuleCall = "ioc_pool_module/1"

// poolModuleArgs is what ioc_pool_module/1 is told. Paths are those of trees and files in the action's tree.
type poolModuleArgs struct {
	Module  string          `json:"module"`
	Request string          `json:"request"`
	Arch    string          `json:"arch"`
	From    []poolCandidate `json:"from"` // in the order of the pools
	Headers string          `json:"headers"`
	Dbd     string          `json:"dbd"`
	Index   string          `json:"index"`
	Dep     string          `json:"dep"`
	Version string          `json:"version"`
}

// poolCandidate is what one pool has of the module: a target, or versions in a folder.
type poolCandidate struct {
	Pool    int    `json:"pool"`
	Where   string `json:"where"`             // for messages: a label or a path
	Version string `json:"version,omitempty"` // of a target
	Headers string `json:"headers,omitempty"`
	Dbd     string `json:"dbd,omitempty"`
	Dep     string `json:"dep,omitempty"`
	Folder  string `json:"folder,omitempty"` // a tree with a folder for each version
}

// takeVersions copies what others compile with of all versions of a module, the folder $1, to $3. Links are looked through.
const takeVersions = `set -eu
from=$1 arch=$2 to=$PWD/$3
mkdir -p "$to"
[ -d "$from" ] || exit 0
cd "$from"
for v in */lib/"$arch"/; do
  [ -d "$v" ] || continue
  v=${v%%/*}
  mkdir -p "$to/$v/lib"
  for d in include dbd; do [ ! -d "$v/$d" ] || cp -RL "$v/$d" "$to/$v/$d"; done
  for d in "$v/lib/$arch"/*.dep; do [ ! -f "$d" ] || cp -L "$d" "$to/$v/lib/"; done
done
`

// findModule finds the module that a request ("asyn,4.42.0", or "asyn" for any version) means among pools, to compile with. Where all that
// have the module are targets it is one of them. What is on this machine only an action knows: then Version is "" and VersionFile holds it, Deps are not known, and
// Tree is zero. What cannot be is a problem of attr, or fails the build.
func findModule(c *rule.Context, attr string, pools []ioc.Pool, request string) (ioc.Module, bool) {
	name, want, _ := strings.Cut(request, ",")
	name, want = strings.TrimSpace(name), strings.TrimSpace(want)
	if name == "" || strings.ContainsAny(name, "/: \t") || name[0] == '.' {
		c.Problem(attr, "bad-require", "Bad request "+quote(request), "It is a module's name, a comma and a version, or the name alone.")
		return ioc.Module{}, false
	}
	var targets []ioc.Module
	var installed []version.Installed
	var names []string
	a := poolModuleArgs{Module: name, Request: want, Arch: ioc.ArchOf(c.Platform())}
	var inputs []rule.Artifact
	host := false
	for i, p := range pools {
		if p.Path != "" {
			host = true
			a.From = append(a.From, poolCandidate{Pool: i, Where: p.Path + "/" + name})
			continue
		}
		for _, m := range p.Modules {
			names = append(names, m.Name)
			if m.Name != name || m.Excluded != "" {
				continue
			}
			targets, installed = append(targets, m), append(installed, version.Installed{Version: m.Version, Pool: i})
			a.From = append(a.From, poolCandidate{Pool: i, Where: m.Label.String(), Version: m.Version, Headers: m.Headers.Path, Dbd: m.Dbd.Path, Dep: m.Dep.Path})
			inputs = append(inputs, m.Headers, m.Dbd, m.Dep)
		}
	}
	if !host {
		i, _, err := version.Select(want, installed, false)
		if err != nil || i < 0 {
			c.Problem(attr, "no-module", "No pool has "+quote(request), strings.TrimSpace(notFound(name, err)+nearest(name, names)+targetsGo(names)))
			return ioc.Module{}, false
		}
		return targets[i], true
	}
	return declareTake(c, attr, a, inputs)
}

// declareTake declares what copies candidates of folders of this machine, and what then chooses among all of them.
func declareTake(c *rule.Context, attr string, a poolModuleArgs, inputs []rule.Artifact) (ioc.Module, bool) {
	at := ".pools/" + a.Module
	for i := range a.From {
		f := &a.From[i]
		if f.Version != "" {
			continue
		}
		out := c.OutputTree(attr, fmt.Sprintf("%s/%d", at, f.Pool))
		folder := rule.HostFolder(f.Where, "*/include", "*/dbd", "*/lib/"+a.Arch+"/*.dep")
		c.Declare(rule.Action{Mnemonic: "Take", Outputs: []rule.Artifact{out}, Local: true,
			Spawn: &rule.Spawn{Argv: []string{"sh", "-c", takeVersions, "sh", rule.HostTool(folder), a.Arch, out.Path}, HostTools: []string{folder}, Posix: true}})
		f.Folder = out.Path
		inputs = append(inputs, out)
	}
	m := ioc.Module{Label: c.Label(), Name: a.Module, Arch: a.Arch, Headers: c.OutputTree(attr, at+"/include"), Dbd: c.OutputTree(attr, at+"/dbd"),
		Dep: c.OutputFile(attr, at+"/"+a.Module+".dep"), Index: c.OutputFile(attr, at+"/headers"), VersionFile: c.OutputFile(attr, at+"/version")}
	a.Headers, a.Dbd, a.Dep, a.Index, a.Version = m.Headers.Path, m.Dbd.Path, m.Dep.Path, m.Index.Path, m.VersionFile.Path
	return m, ioc.DeclareCall(c, rule.Action{Mnemonic: "Require", Inputs: inputs, Outputs: []rule.Artifact{m.Headers, m.Dbd, m.Dep, m.Index, m.VersionFile}},
		poolModuleCall, a, ioc.Places{"require": c.Target.Attrs[attr].Range})
}

func nearest(name string, names []string) string {
	if h := diag.DidYouMean(name, names); h != "" {
		return " " + h
	}
	return ""
}

// targetsGo says where targets are named, to whom names no pool, or an empty one.
func targetsGo(names []string) string {
	if len(names) > 0 {
		return ""
	}
	return " `pools` names none that has any; a module that is a target is named by its label in deps."
}

// notFound says what there is instead.
func notFound(name string, err error) string {
	var na *version.NotAvailable
	switch {
	case errors.As(err, &na) && len(na.Others) > 0:
		return fmt.Sprintf("There are other versions of %s: %s.", name, strings.Join(na.Others, ", "))
	case err != nil:
		return fmt.Sprintf("There is no module %s.", name)
	}
	return "Version " + quote(version.None) + " asks for nothing."
}

// takeModule is ioc_pool_module/1: it chooses among what pools have of a module, and gives what is compiled with.
func takeModule(_ context.Context, c rule.CallContext) error {
	var a poolModuleArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	var all []version.Installed
	var from []poolCandidate
	var looked []string
	for _, f := range a.From {
		if f.Version != "" {
			all, from = append(all, version.Installed{Version: f.Version, Pool: f.Pool}), append(from, f)
			continue
		}
		looked = append(looked, f.Where)
		versions, err := c.Folder(f.Folder)
		if err != nil {
			return err
		}
		for _, v := range versions {
			if !v.Dir || strings.HasPrefix(v.Path, ".") {
				continue
			}
			g := f
			g.Version, g.Where, g.Folder = v.Path, f.Where+"/"+v.Path, f.Folder+"/"+v.Path
			all, from = append(all, version.Installed{Version: v.Path, Pool: f.Pool}), append(from, g)
		}
	}
	i, odd, err := version.Select(a.Request, all, false)
	if err != nil || i < 0 {
		return fmt.Errorf("no pool has %s: %s Looked in %s", quote(strings.TrimSuffix(a.Module+","+a.Request, ",")), notFound(a.Module, err), strings.Join(looked, ", "))
	}
	if err := takeCandidate(c, a, from[i]); err != nil || len(odd) == 0 {
		return err
	}
	var said diag.List
	for _, o := range odd {
		said = append(said, diag.Diag{Warning: true, Code: "odd-choice", Summary: fmt.Sprintf("Version %s of module %s is taken", from[i].Version, a.Module), Detail: o, Range: ioc.ReadPlaces(c)["require"]})
	}
	return said
}

// takeCandidate puts a candidate's parts into the outputs.
func takeCandidate(c rule.CallContext, a poolModuleArgs, f poolCandidate) error {
	var depText []byte
	headers, dbd := f.Headers, f.Dbd
	if f.Folder != "" {
		headers, dbd = f.Folder+"/include", f.Folder+"/dbd"
		b, err := ioc.InputBytes(c, f.Folder+"/lib/"+a.Module+".dep")
		var absent *rule.NotInputError
		if err != nil && !errors.As(err, &absent) {
			return err
		}
		depText = b
	} else if f.Dep != "" {
		b, err := ioc.InputBytes(c, f.Dep)
		if err != nil {
			return err
		}
		depText = b
	}
	names, err := ioc.LinkAll(c, headers, a.Headers)
	if err != nil {
		return err
	}
	if _, err := ioc.LinkAll(c, dbd, a.Dbd); err != nil {
		return err
	}
	if err := c.Write(a.Dep, depText, false); err != nil {
		return err
	}
	slices.Sort(names)
	index := strings.Join(names, "\n")
	if index != "" {
		index += "\n"
	}
	if err := c.Write(a.Index, []byte(index), false); err != nil {
		return err
	}
	return c.Write(a.Version, []byte(f.Version+"\n"), false)
}
