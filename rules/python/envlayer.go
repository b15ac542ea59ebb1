package python

import (
	"fmt"
	"path"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// layerOptions say what an environment has besides its own packages.
type layerOptions struct {
	system   bool     // the host's packages are seen
	editable []string // folders of the workspace that modules are imported from
}

// layer is the machine's own part of an environment, in the folder at. With a pyvenv.cfg above it, the link bin/python is an
// interpreter of its own, whose packages are those below lib.
func layer(c *rule.Context, py string, content rule.Artifact, at string, o layerOptions) rule.Layer {
	l := rule.Layer{Path: c.OutPath(at), Files: []rule.LayerFile{
		{Path: "bin/python", Link: rule.HostTool(py)},
		{Path: "bin/python3", Link: rule.HostTool(py)},
		{Path: "pyvenv.cfg", Text: fmt.Sprintf("home = %s\ninclude-system-site-packages = %v\n", rule.HostToolDir(py), o.system)},
	}}
	for i, dir := range o.editable {
		l.Files = append(l.Files, rule.LayerFile{Path: fmt.Sprintf("editable/%03d", i), Link: dir})
	}
	for _, dir := range []string{"etc", "include", "lib", "share"} {
		l.Files = append(l.Files, rule.LayerFile{Path: dir, Link: content.Path + "/" + dir})
	}
	// Where the interpreter looks in lib64 as well, the merge has put everything into lib.
	l.Files = append(l.Files, rule.LayerFile{Path: "lib64", Link: content.Path + "/lib"})
	return l
}

// editableSource is what editable and editable_srcs say.
type editableSource struct {
	folders []string // relative to the workspace
	sources []rule.Artifact
}

func (e editableSource) given() bool { return len(e.folders) > 0 }

// editable reads which folders are imported where they lie.
func editable(c *rule.Context) (e editableSource, ok bool) {
	for _, d := range c.Strings("editable") {
		at := path.Join(c.Label().Pkg, d)
		if err := rule.CheckRel(d); err != nil && d != "." {
			c.Problem("editable", "bad-path", fmt.Sprintf("Bad folder %q", d), "A folder of the package "+err.Error()+".")
			return e, false
		}
		if at == "" {
			at = "."
		}
		e.folders = append(e.folders, at)
	}
	for _, f := range c.Files("editable_srcs") {
		in := false
		for _, d := range e.folders {
			in = in || d == "." || strings.HasPrefix(f.Path, d+"/")
		}
		if !in || f.Kind != rule.Source {
			c.Problem("editable_srcs", "not-editable", fmt.Sprintf("%s is in no folder of editable", f.Path), "They are files of the workspace, in the folders that editable names.")
			return e, false
		}
		e.sources = append(e.sources, f)
	}
	return e, true
}

// editableCode is the module that a .pth file imports when the interpreter starts: it puts the folders of the layer before the packages.
const editableCode = `"""Modules that are imported where they lie: cairn's attribute editable."""
import os
import sys

folder = os.path.join(sys.prefix, "editable")
if os.path.isdir(folder):
    at = next((n for n, p in enumerate(sys.path) if p.endswith("site-packages")), len(sys.path))
    sys.path[at:at] = [os.path.realpath(os.path.join(folder, n)) for n in sorted(os.listdir(folder))]
`
