package python

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
)

//go:embed python_lock.md
var lockDoc string

// PythonLock finds out which packages requirements come to, and keeps the answer.
var PythonLock = &rule.Rule{
	Kind: "python_lock",
	Doc:  lockDoc,
	Attrs: []rule.Attr{
		{Name: "project", Type: rule.LabelRef, Doc: "A target whose output is the folder of a project, such as a `git_source`: its `pyproject.toml` says what is required. One of `project` and `requirements` is given."},
		{Name: "requirements", Type: rule.Files, Doc: "Files that say what is required: `requirements.in`, `requirements.txt`, or a `pyproject.toml`. What they name with `-r` and `-c` stands here too."},
		{Name: "constraints", Type: rule.Files, Doc: "Files in the form of requirements that say which versions may be chosen of packages that are needed anyhow."},
		{Name: "python", Type: rule.String, Default: "python3", Doc: "The oldest Python that the lock is for: a version (`3.11`) or the name of a program of the host (`python3.11`)."},
		{Name: "extras", Type: rule.Strings, Doc: "Extras of the project that are required too."},
		{Name: "groups", Type: rule.Strings, Doc: "Dependency groups of the project that are required too."},
		{Name: "allow_sdist", Type: rule.Bool, Default: false, Doc: "Whether packages may be chosen of which there is the source only. Default: false."},
		{Name: "file", Type: rule.String, Doc: "Where in the package the lock is kept: `pylock.toml`. `cairn lock` writes it, builds read it. Without `file` the lock lives in the cache."},
	},
	Analyze: analyzeLock,
	Calls:   map[string]rule.CallFunc{"python_question/2": writeQuestion, "python_locked/1": checkLocked},
}

func analyzeLock(c *rule.Context) error {
	a, picks, from, ok := lockSources(c)
	file, have, ok2 := lockFile(c)
	py := interpreter(c, c.String("python"))
	if !ok || !ok2 || py == "" {
		return nil
	}
	uv, program, ok := fetchUV(c)
	if !ok {
		return nil
	}
	requirements, constraints := declareQuestion(c, a, picks, from)
	o := resolveOptions{Python: py, UV: uv, UVProgram: program, Requirements: requirements, Constraints: constraints, Sdists: c.Bool("allow_sdist"), File: file}
	if !have {
		c.SetDefault(declareResolve(c, o))
		return nil
	}
	o.Name = "anew"
	declareResolve(c, o)
	probe, out := declareProbe(c, py), c.OutputFile("", "pylock.toml")
	c.Declare(rule.Action{Mnemonic: "Lock", Inputs: []rule.Artifact{{Path: file}, requirements, constraints, probe}, Outputs: []rule.Artifact{out},
		Call: &rule.Call{Func: "python_locked/1", Args: encode(lockedArgs{File: file, Requirements: requirements.Path, Constraints: constraints.Path, Probe: probe.Path, Label: c.Label().String(), Out: out.Path})}})
	c.SetDefault(out)
	return nil
}

// lockSources gives where requirements stand.
func lockSources(c *rule.Context) (a questionArgs, picks []string, from []rule.Artifact, ok bool) {
	a = questionArgs{Extras: c.Strings("extras"), Groups: c.Strings("groups")}
	attr := "requirements"
	if c.Has("project") {
		attr = "project"
	}
	if c.Has("project") == c.Has("requirements") {
		c.Problem(attr, "project-or-requirements", "Either project or requirements is needed", "project names the folder of a project with a pyproject.toml, requirements the files that say what is required.")
		return a, nil, nil, false
	}
	if attr == "project" {
		files := c.Files(attr)
		if len(files) != 1 || files[0].Kind != rule.OutputTree {
			c.Problem(attr, "no-folder", "project is not a target with one folder", "Files that say what is required are named in requirements.")
			return a, nil, nil, false
		}
		a.Project, from, picks = files[0].Path, files, []string{files[0].Path + "/pyproject.toml"}
	}
	for _, n := range []string{"requirements", "constraints"} {
		for _, f := range c.Files(n) {
			if f.Kind == rule.OutputTree {
				c.Problem(n, "folder", fmt.Sprintf("%s is a folder", f.Path), "Name the files that say what is required; the folder of a project is named in project.")
				return a, nil, nil, false
			}
			if n == "requirements" {
				a.Files = append(a.Files, f.Path)
			} else {
				a.Constraints = append(a.Constraints, f.Path)
			}
			if !slices.Contains(from, f) {
				from = append(from, f)
			}
		}
	}
	return a, picks, from, true
}

// lockFile gives the file of the source tree that the lock is kept in, and whether it is there.
func lockFile(c *rule.Context) (file string, have, ok bool) {
	name := c.String("file")
	if name == "" {
		return "", false, !c.Has("file")
	}
	if err := rule.CheckRel(name); err != nil {
		c.Problem("file", "bad-path", fmt.Sprintf("Bad path %q", name), "A path in the package "+err.Error()+".")
		return "", false, false
	}
	if base := path.Base(name); !strings.HasPrefix(base, "pylock.") || !strings.HasSuffix(base, ".toml") {
		c.Problem("file", "bad-name", fmt.Sprintf("%q is no lock's name", name), "It is called pylock.toml, or pylock.NAME.toml.")
		return "", false, false
	}
	file = path.Join(c.Label().Pkg, name)
	_, err := c.ReadSource(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.Problem("file", "unreadable", fmt.Sprintf("%s cannot be read", file), err.Error())
		return "", false, false
	}
	return file, err == nil, true
}

// lockedArgs are the words of the call python_locked/1.
type lockedArgs struct {
	File         string `json:"file"`
	Requirements string `json:"requirements"`
	Constraints  string `json:"constraints"`
	Probe        string `json:"probe"`
	Label        string `json:"label"`
	Out          string `json:"out"`
}

// checkLocked is python_locked/1: it gives a lock of the source tree, if it is the answer to what is asked now.
func checkLocked(_ context.Context, c rule.CallContext) error {
	var a lockedArgs
	if err := json.Unmarshal(c.Args(), &a); err != nil {
		return err
	}
	var bs [4][]byte
	for i, p := range []string{a.File, a.Requirements, a.Constraints, a.Probe} {
		var err error
		if bs[i], err = read(c, p); err != nil {
			return err
		}
	}
	env, err := readProbe(bs[3])
	if err != nil {
		return err
	}
	if err := answers(a.File, bs[0], bs[1], bs[2], env.Vars); err != nil {
		return fmt.Errorf("%w; run `cairn lock %s`", err, a.Label)
	}
	return c.Write(a.Out, bs[0], false)
}

// Locked gives the versions of the packages of a pylock.toml by name, for people; several are joined. What is no lock has none.
func Locked(lock []byte) map[string]string {
	out := map[string]string{}
	doc, err := parseTOML(lock)
	if err != nil {
		return out
	}
	l, err := readPylock(doc)
	if err != nil {
		return out
	}
	for _, p := range l.(*pylock).packages {
		if out[p.name] != "" {
			out[p.name] += " and "
		}
		out[p.name] += p.version
	}
	return out
}
