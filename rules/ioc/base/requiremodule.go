package base

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
	"github.com/cairn-build/cairn/rules/ioc/module"
)

// RequireVersion is the version of cairn's own require module: 5.1, whose behaviour it has, with a patch number that no require of
// others has, so that both can lie in one folder of modules.
const RequireVersion = "5.1.100"

// requireSources are the C sources, dbd file, templates and shell scripts of the module require, with their folder.
//
//go:embed require
var requireSources embed.FS

const requireCall = "ioc_require/1"

// requireArgs is what ioc_require/1 is told. Digest stands for all that it writes.
type requireArgs struct {
	To     string `json:"to"`
	Digest string `json:"digest"`
}

// requireModule declares cairn's own require, made against a base for the target's platform, in the folder "require" of the target's.
// The kind must have requireCalls among its Calls. False is for a problem, which is recorded.
func requireModule(c *rule.Context, b ioc.Base) (ioc.Module, bool) {
	files, err := requireNames()
	if err != nil {
		c.Problem("", "internal", "internal error: "+err.Error(), "Please report it.")
		return ioc.Module{}, false
	}
	digest, err := requireDigest(files)
	if err != nil {
		c.Problem("", "internal", "internal error: "+err.Error(), "Please report it.")
		return ioc.Module{}, false
	}
	src := c.OutputTree("", "require/.src")
	ioc.DeclareCall(c, rule.Action{Mnemonic: "Require", Outputs: []rule.Artifact{src}}, requireCall, requireArgs{To: src.Path, Digest: digest}, nil)
	s := &module.Spec{Name: "require", Version: RequireVersion, Base: b, Dir: "require", Root: src.Path}
	for _, name := range files {
		it := module.Item{In: src, At: src.Path + "/" + name, Range: c.Target.Range}
		switch dir, base := path.Split(name); {
		case dir == "db/":
			s.Templates = append(s.Templates, it)
		case dir == "bin/":
			s.Extra = append(s.Extra, module.Extra{To: "bin/" + base, From: it, Executable: base != "activate"})
		case path.Ext(name) == ".c":
			s.Sources = append(s.Sources, it)
		case path.Ext(name) == ".h":
			s.PrivateHeaders = append(s.PrivateHeaders, it)
		case path.Ext(name) == ".dbd":
			s.Dbds = append(s.Dbds, it)
		}
	}
	return module.Build(c, s)
}

// requireCalls are those that kinds with a requireModule have, with further ones of their own.
func requireCalls(own map[string]rule.CallFunc) map[string]rule.CallFunc {
	all := map[string]rule.CallFunc{requireCall: writeRequire}
	for name, f := range module.Kind.Calls {
		all[name] = f
	}
	for name, f := range own {
		all[name] = f
	}
	return all
}

// requireNames gives the names of the files, sorted.
func requireNames() ([]string, error) {
	var names []string
	err := fs.WalkDir(requireSources, "require", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(p, "require/"))
		}
		return err
	})
	return names, err
}

func requireDigest(names []string) (string, error) {
	h := sha256.New()
	for _, name := range names {
		b, err := requireSources.ReadFile("require/" + name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(b), b)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// writeRequire is ioc_require/1: it writes the sources, which are a part of cairn.
func writeRequire(_ context.Context, c rule.CallContext) error {
	var a requireArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	names, err := requireNames()
	if err != nil {
		return err
	}
	for _, name := range names {
		b, err := requireSources.ReadFile("require/" + name)
		if err != nil {
			return err
		}
		if err := c.Write(a.To+"/"+name, b, false); err != nil {
			return err
		}
	}
	return nil
}
