package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
	"github.com/cairn-build/cairn/graph/rule"
)

// An ad-hoc run is a run in a workspace that cairn writes: a git_source that follows, a python_env where one is asked for, and
// a script. It lies in the cache's folder adhoc, one for each question, and so has state of its own like any workspace: asked
// again, nothing is evaluated, looked up or run that does not hang on what is new.

// adhocFlags are the flags of `cairn run` that make a run ad hoc.
type adhocFlags struct {
	git, branch, tag, commit string
	python                   string
	createEnv                bool
	passEnv                  []string
}

// add declares the flags.
func (f *adhocFlags) add(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.git, "git", "", "run a script of the repository at `URL`: https://, ssh://, git@host:path, file:///, or a path")
	p.StringVar(&f.branch, "branch", "", "the branch, which is followed: its `NAME`; by default the repository's own default branch")
	p.StringVar(&f.tag, "tag", "", "the tag: its `NAME`")
	p.StringVar(&f.commit, "commit", "", "the `COMMIT`, on whichever branch: its 40 digits, or the first of them")
	p.BoolVar(&f.createEnv, "create-env", false, "run it in an environment of what the commit's lock names")
	p.StringVar(&f.python, "python", "", "the interpreter: a `VERSION` such as 3.11, or a program's name (default python3)")
	p.StringArrayVar(&f.passEnv, "pass-env", nil, "let the script see the caller's variable `NAME`; may be given again")
}

// scriptScheme starts the path of a script in a repository.
const scriptScheme = "git://"

// adhoc is one question: which script, where, and in what.
type adhoc struct {
	url        string // as git takes it; absolute
	attr, name string // "branch", "tag" or "commit" and what it is; "" for the default branch
	path       string
	createEnv  bool
	python     string
	passEnv    []string
}

// request reads the flags and the argument; nil where the run is none of these.
func (f *adhocFlags) request(c *cobra.Command, arg string) (*adhoc, error) {
	path, isScript := strings.CutPrefix(arg, scriptScheme)
	if !c.Flags().Changed("git") {
		if isScript {
			return nil, &usageError{fmt.Sprintf("%s is a script of a repository, and no repository is named", arg), "cairn run --git URL " + arg}
		}
		for _, name := range []string{"branch", "tag", "commit", "create-env", "python", "pass-env"} {
			if c.Flags().Changed(name) {
				return nil, &usageError{fmt.Sprintf("--%s is about a script of a repository, and no repository is named", name), "cairn run --git URL --" + name + " ... git://PATH"}
			}
		}
		return nil, nil
	}
	q := &adhoc{createEnv: f.createEnv, python: f.python, passEnv: f.passEnv}
	if !isScript {
		hint := "It is git:// and the path from the repository's root: git://scripts/observe.py"
		if rest, ok := strings.CutPrefix(arg, "file://"); ok {
			hint = "A script of this machine needs no --git. One of the repository is git://" + strings.TrimLeft(rest, "/")
		}
		return nil, &usageError{fmt.Sprintf("%q is no script of a repository", arg), hint}
	}
	if err := rule.CheckRel(path); err != nil || !plainText(path) {
		why := "it holds characters that no path should"
		if err != nil {
			why = err.Error()
		}
		return nil, &usageError{fmt.Sprintf("%q is no script of a repository: a path in it %s", arg, why), "git://scripts/observe.py"}
	}
	q.path = path
	for _, n := range []struct{ attr, value string }{{"branch", f.branch}, {"tag", f.tag}, {"commit", f.commit}} {
		if !c.Flags().Changed(n.attr) {
			continue
		}
		if q.attr != "" {
			return nil, &usageError{fmt.Sprintf("--%s and --%s do not go together", q.attr, n.attr), "A commit needs no branch: it is the same on all of them."}
		}
		q.attr, q.name = n.attr, n.value
	}
	var err error
	q.url, err = absoluteURL(f.git)
	return q, err
}

// absoluteURL makes a path of this machine a URL that means the same wherever it is read.
func absoluteURL(url string) (string, error) {
	if url != "." && url != ".." && !strings.HasPrefix(url, "/") && !strings.HasPrefix(url, "./") && !strings.HasPrefix(url, "../") {
		return url, nil
	}
	path, err := filepath.Abs(url)
	if err != nil {
		return "", &environmentError{err}
	}
	return "file://" + filepath.ToSlash(path), nil
}

// plainText says whether s holds nothing that a terminal would act on.
func plainText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// buildFile gives the text of the workspace's BUILD.hcl.
func (q *adhoc) buildFile() string {
	var b strings.Builder
	attr := func(name, value string) { fmt.Fprintf(&b, "  %-10s = %s\n", name, value) }
	b.WriteString("# Written by `cairn run --git`; it is safe to remove this folder.\n\nworkspace \"adhoc\" {}\n\ngit_source \"repository\" {\n")
	attr("url", hclText(q.url))
	if q.attr != "" {
		attr(q.attr, hclText(q.name))
	}
	if q.attr != "commit" {
		attr("follow", "true")
	}
	if q.createEnv {
		b.WriteString("}\n\npython_env \"environment\" {\n")
		attr("project", `":repository"`)
		if q.python != "" {
			attr("python", hclText(q.python))
		}
	}
	b.WriteString("}\n\nscript \"script\" {\n")
	attr("source", `":repository"`)
	attr("path", hclText(q.path))
	switch {
	case q.createEnv:
		attr("python_env", `":environment"`)
		attr("pythonpath", `["src", "."]`)
	case q.python != "":
		attr("python", hclText(q.python))
	}
	if len(q.passEnv) > 0 {
		names := make([]string, len(q.passEnv))
		for i, n := range q.passEnv {
			names[i] = hclText(n)
		}
		attr("pass_env", "["+strings.Join(names, ", ")+"]")
	}
	b.WriteString("}\n")
	return b.String()
}

// hclText writes a text as HCL reads it.
func hclText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || r == '$' || r == '%': // ${ and %{ would start a template
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

// launchAdhoc brings the repository, the environment and the script up to date.
func (a *app) launchAdhoc(ctx context.Context, q *adhoc) (*build.Launch, error) {
	cache, err := a.cacheDir()
	if err != nil {
		return nil, err
	}
	p, err := openAdhoc(filepath.Join(cache, adhocTop), q.buildFile(), a.now())
	if err != nil {
		return nil, &environmentError{err}
	}
	s, err := a.openAt(p.dir, "", func(show func(build.Event)) func(build.Event) { return q.inWords(a, show) })
	if err != nil {
		p.close()
		return nil, err
	}
	launch, err := s.launch(ctx, label.Label{Name: "script"})
	if err = s.close(err); err != nil {
		p.close()
		return nil, q.plain(err)
	}
	// The folder stays locked until this process ends: the script may read what lies there.
	return launch, nil
}
