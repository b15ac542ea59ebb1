package base

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

const hostBaseCall = "epics_base_path/1"

// hostBaseArgs is what epics_base_path/1 is told.
type hostBaseArgs struct {
	Path    string `json:"path"` // on the machine, for messages
	Arch    string `json:"arch"`
	OSClass string `json:"os_class"` // of the platform that modules are made for
	Cmplr   string `json:"cmplr"`
	Copy    string `json:"copy"`
	Headers string `json:"headers"`
	Dbd     string `json:"dbd"`
	Runtime string `json:"runtime"`
	Version string `json:"version"`
}

// copyBase copies the parts of an installed base $1 that are for programs of $2 to $3, and says in the file archs for which there are programs. Links
// that lead to what is copied as well stay links; in the place of others comes what they lead to.
const copyBase = `set -eu
export LC_ALL=C
base=$1 arch=$2
mkdir -p "$3"
to=$(cd "$3" && pwd -P)
: > "$to/archs"
[ -d "$base" ] || { echo absent > "$to/archs"; exit 0; }
cd "$base"
for d in bin/*/; do
  [ ! -f "${d}softIocPVA" ] || basename "$d" >> "$to/archs"
done
for d in include dbd db "bin/$arch"; do
  [ -d "$d" ] || continue
  mkdir -p "$to/$d"
  cp -RP "$d/." "$to/$d/"
done
mkdir -p "$to/lib/$arch" "$to/configure"
for f in "lib/$arch"/*.so* "lib/$arch"/*.dylib; do
  [ ! -e "$f" ] || cp -P "$f" "$to/lib/$arch/"
done
[ ! -f configure/CONFIG_BASE_VERSION ] || cp -L configure/CONFIG_BASE_VERSION "$to/configure/"
find "$to" -type l | while IFS= read -r l; do
  case $(readlink "$l") in
    /*) ;;
    *) case $(readlink -f "$l" || true) in "$to"/*) [ ! -e "$l" ] || continue ;; esac ;;
  esac
  rm "$l"
  from=$base/${l#"$to"/}
  [ ! -e "$from" ] || cp -RL "$from" "$l"
done
chmod -R u+w "$to"
`

// classesOf gives the folders of include/os and include/compiler that are for a platform.
func classesOf(p rule.Platform) (osClass, cmplr string) {
	if p.OS == "darwin" {
		return "Darwin", "clang"
	}
	return "Linux", "gcc"
}

// fromPath declares a base that is a copy of an installed one.
func fromPath(c *rule.Context) (ioc.Base, bool) {
	a := hostBaseArgs{Path: strings.TrimRight(c.String("path"), "/"), Arch: c.String("arch")}
	if a.Arch == "" {
		a.Arch = ioc.ArchOf(c.Host)
	}
	if err := rule.CheckHostFolder(a.Path); err != nil {
		c.Problem("path", "bad-path", "Bad path \""+c.String("path")+"\"", "A folder of the machine "+err.Error()+".")
		return ioc.Base{}, false
	}
	if strings.ContainsAny(a.Arch, "/*?[]: ") || a.Arch == "." || a.Arch == ".." {
		c.Problem("arch", "bad-arch", "Bad architecture \""+a.Arch+"\"", "It is a folder's name in bin, such as linux-x86_64 or linux-x86_64-debug.")
		return ioc.Base{}, false
	}
	b := newBase(c, a.Arch)
	dir := c.OutputTree("", ".parts/base")
	folder := rule.HostFolder(a.Path, "include", "dbd", "db", "bin/"+a.Arch, "bin/*/softIocPVA", "lib/"+a.Arch+"/*.so*", "lib/"+a.Arch+"/*.dylib", "configure/CONFIG_BASE_VERSION")
	c.Declare(rule.Action{Mnemonic: "Copy", Outputs: []rule.Artifact{dir}, Local: true,
		Spawn: &rule.Spawn{Argv: []string{"sh", "-c", copyBase, "sh", rule.HostTool(folder), a.Arch, dir.Path}, HostTools: []string{folder}, Posix: true}})
	a.OSClass, a.Cmplr = classesOf(c.Platform())
	a.Copy, a.Headers, a.Dbd, a.Runtime, a.Version = dir.Path, b.Headers.Path, b.Dbd.Path, b.Runtime.Path, b.VersionFile.Path
	return b, ioc.DeclareCall(c, rule.Action{Mnemonic: "Base", Inputs: []rule.Artifact{dir}, Outputs: []rule.Artifact{b.Headers, b.Dbd, b.Runtime, b.VersionFile}},
		hostBaseCall, a, ioc.Places{"path": c.Target.Attrs["path"].Range, "arch": c.Target.Attrs["arch"].Range})
}

// hostBase is epics_base_path/1: it makes of the copy of an installed base what others use, after a look at whether it is one.
func hostBase(_ context.Context, c rule.CallContext) error {
	var a hostBaseArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	entries, err := c.Entries(a.Copy)
	if err != nil {
		return err
	}
	have := map[string]rule.Entry{}
	for _, e := range entries {
		have[e.Path] = e
	}
	if err := isBase(c, a, have); err != nil {
		return err
	}
	version, err := hostVersion(c, a, have)
	if err != nil {
		return err
	}
	if err := c.Write(a.Version, []byte(version+"\n"), false); err != nil {
		return err
	}
	for _, e := range entries {
		dir, rel, _ := strings.Cut(e.Path, "/")
		to := ""
		switch dir {
		case "include":
			if rel = a.header(rel); rel != "" {
				to = a.Headers + "/" + rel
			}
		case "dbd":
			if err := place(c, e, a.Dbd+"/"+rel); err != nil {
				return err
			}
			to = a.Runtime + "/" + e.Path
		case "bin", "lib":
			if err := a.placeProgram(c, e, dir); err != nil {
				return err
			}
		case "db":
			to = a.Runtime + "/" + e.Path
		}
		if to == "" {
			continue
		}
		if err := place(c, e, to); err != nil {
			return err
		}
	}
	return c.Symlink(a.Runtime+"/bin/lib", "../lib/"+a.Arch)
}

// header gives where a header lies in Headers: those of the system and of the compiler lie beside the others, "" for those of others.
func (a hostBaseArgs) header(rel string) string {
	for _, d := range [][2]string{{"os", a.OSClass}, {"compiler", a.Cmplr}} {
		below, ok := strings.CutPrefix(rel, d[0]+"/")
		if !ok {
			continue
		}
		rel, ok = strings.CutPrefix(below, d[1]+"/")
		if !ok {
			return ""
		}
	}
	return rel
}

// place puts a file or a link of the copy into an output tree.
func place(c rule.CallContext, e rule.Entry, to string) error {
	if e.Link == "" {
		return c.Link(to, e.Blob, e.Executable)
	}
	if strings.HasPrefix(path.Join(path.Dir(e.Path), e.Link), "../") || strings.Contains(e.Path, "include/os/") || strings.Contains(e.Path, "include/compiler/") {
		return fmt.Errorf("%s is a link to %s, which has another place in what is made of the base", e.Path, e.Link)
	}
	return c.Symlink(to, e.Link)
}

// placeProgram puts a program or a library where it finds its libraries again: one that was linked with the place of an installed base
// is told to look beside itself.
func (a hostBaseArgs) placeProgram(c rule.CallContext, e rule.Entry, dir string) error {
	to := a.Runtime + "/" + e.Path
	if e.Link != "" || e.Blob.Size < 4 {
		return place(c, e, to)
	}
	b, err := ioc.InputBytes(c, a.Copy+"/"+e.Path)
	if err != nil {
		return err
	}
	beside := "$ORIGIN/../lib"
	if dir == "lib" {
		beside = "$ORIGIN"
	}
	if !relocate(b, "/lib/"+a.Arch, beside) {
		return place(c, e, to)
	}
	return c.Write(to, b, e.Executable)
}

// isBase says what is missing of an installed base.
func isBase(c rule.CallContext, a hostBaseArgs, have map[string]rule.Entry) error {
	at := ioc.ReadPlaces(c)
	wrong := func(attr, summary, detail string) error {
		r := at[attr]
		if r.IsZero() {
			r = at["path"]
		}
		return diag.List{{Code: "no-base", Summary: summary, Detail: detail, Range: r}}
	}
	said, err := ioc.InputBytes(c, a.Copy+"/archs")
	if err != nil {
		return err
	}
	archs := strings.Fields(string(said))
	if len(archs) == 1 && archs[0] == "absent" {
		return wrong("path", "There is no folder "+a.Path, "It would be an installed EPICS base, with the folders bin, lib, include and dbd.")
	}
	bin := "bin/" + a.Arch + "/softIocPVA"
	if _, ok := have[bin]; !ok && len(archs) > 0 {
		return wrong("arch", a.Path+" has no programs for "+a.Arch, "It has them for "+strings.Join(archs, ", ")+"; arch says which are meant.")
	}
	var missing []string
	for _, f := range []string{bin, "bin/" + a.Arch + "/msi", "dbd/softIocPVA.dbd", "include/dbCommon.h", "include/epicsVersion.h"} {
		if _, ok := have[f]; !ok {
			missing = append(missing, f)
		}
	}
	if len(missing) > 0 {
		return wrong("path", a.Path+" is no installed EPICS base", "It has no "+strings.Join(missing, ", no ")+".")
	}
	return nil
}

// hostVersion reads the version of an installed base.
func hostVersion(c rule.CallContext, a hostBaseArgs, have map[string]rule.Entry) (string, error) {
	for _, f := range []struct {
		file string
		read func([]byte) string
	}{{"include/epicsVersion.h", headerVersion}, {"configure/CONFIG_BASE_VERSION", configVersion}} {
		if _, ok := have[f.file]; !ok {
			continue
		}
		b, err := ioc.InputBytes(c, a.Copy+"/"+f.file)
		if err != nil {
			return "", err
		}
		if v := f.read(b); v != "" {
			return v, nil
		}
	}
	return "", errors.New(a.Path + " does not say its version: neither include/epicsVersion.h nor configure/CONFIG_BASE_VERSION has it")
}
