package python

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

// Sdists that a lock names are built like a project's own wheel, each by itself, in one environment that has what all of them require.

// buildSdists declares the wheels of a tree of sdists.
func (k *kit) buildSdists(sdists rule.Artifact, tools []string) rule.Artifact {
	c := k.c
	plans, requires := c.OutputTree("", "sdist/plans"), c.OutputFile("", "sdist/requires.txt")
	c.Declare(rule.Action{Mnemonic: "Plan", Inputs: []rule.Artifact{sdists}, Outputs: []rule.Artifact{plans, requires},
		Call: &rule.Call{Func: "python_sdists/1", Args: encode(sdistArgs{Sdists: sdists.Path, Plans: plans.Path, Requires: requires.Path})}})
	e := k.declareEnv("sdist/build/", declareResolve(c, k.question("sdist/build", requires)))
	driver, reads := k.tool("build_wheel.py", buildSource), k.tool("build_reads.py", readsSource)
	out := c.OutputTree("", "sdist/dist")
	c.Declare(rule.Action{Mnemonic: "Build", Inputs: []rule.Artifact{driver, reads, plans, e.content, sdists}, Outputs: []rule.Artifact{out}, Spawn: &rule.Spawn{
		Argv: []string{e.python, "-s", "-B", driver.Path, plans.Path + "/{rel}.json", "{file}", out.Path, "-", "-", "--locked"},
		Env:  buildVariables, HostTools: append([]string{k.py}, tools...), Posix: len(tools) > 0, Layers: []rule.Layer{e.layer},
		Each: &rule.Each{Tree: sdists, Globs: []string{"*"}, Alone: true, Empty: true}}})
	return out
}

// sdistArgs are the words of python_sdists/1.
type sdistArgs struct {
	Sdists   string `json:"sdists"`
	Plans    string `json:"plans"` // a tree with FILE.json for each
	Requires string `json:"requires"`
}

// writeSdistPlan is python_sdists/1: it reads what sdists say of how they are built.
func writeSdistPlan(_ context.Context, c rule.CallContext) error {
	var a sdistArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	es, err := c.Entries(a.Sdists)
	if err != nil {
		return err
	}
	var wanted []string
	for _, e := range es {
		have, err := sdistFiles(c, a.Sdists+"/"+e.Path)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
		if have["pyproject.toml"] == nil && have["setup.py"] == nil {
			return fmt.Errorf("%s has neither pyproject.toml nor setup.py, so nothing says how it is built", e.Path)
		}
		p, err := planOf(have)
		if err != nil {
			return fmt.Errorf("%s: pyproject.toml: %w", e.Path, err)
		}
		if !p.Package { // who publishes a package has made it one
			p.Package, p.Backend, p.Requires = true, "setuptools.build_meta:__legacy__", []string{"setuptools>=40.8.0"}
		}
		p.SCM = "" // its version stands in its PKG-INFO
		b, err := json.MarshalIndent(p, "", " ")
		if err != nil {
			return err
		}
		if err := c.Write(a.Plans+"/"+e.Path+".json", append(b, '\n'), false); err != nil {
			return err
		}
		wanted = append(wanted, p.Requires...)
	}
	slices.Sort(wanted)
	var lines strings.Builder
	for _, r := range slices.Compact(wanted) {
		lines.WriteString(r + "\n")
	}
	return c.Write(a.Requires, []byte(lines.String()), false)
}

// maxPlanFile is how large a file may be that says how a package is built.
const maxPlanFile = 1 << 20

// sdistFiles gives those files in an sdist's one folder that a plan is made of.
func sdistFiles(c rule.CallContext, at string) (map[string][]byte, error) {
	if !strings.HasSuffix(at, ".tar.gz") && !strings.HasSuffix(at, ".tgz") {
		return nil, errors.New("an sdist is a .tar.gz")
	}
	r, err := c.Open(at)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	have := map[string][]byte{}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return have, nil
		}
		if err != nil {
			return nil, err
		}
		parts := strings.Split(path.Clean(h.Name), "/")
		if h.Typeflag != tar.TypeReg || len(parts) != 2 || !slices.Contains(planFiles, parts[1]) {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(t, maxPlanFile+1))
		if err != nil {
			return nil, err
		}
		if len(b) > maxPlanFile {
			return nil, fmt.Errorf("%s is larger than %d bytes", h.Name, maxPlanFile)
		}
		have[parts[1]] = b
	}
}
