package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/build"
	"github.com/cairn-build/cairn/graph/label"
)

// An ad-hoc run is a run in a workspace that cairn writes: a git_source that follows, a python_env where one is asked for, and
// a script. It lies in the cache's folder adhoc, one for each question, and so has state of its own like any workspace: asked
// again, nothing is evaluated, looked up or run that does not hang on what is new.

// adhocFlags are the flags of `cairn run` that make a run ad hoc.
type adhocFlags struct {
	git, branch, tag, commit string
	python, key              string
	createEnv, submodules    bool
	passEnv                  []string
	initArgs, mainArgs       string
	sbd, activity, sbi       string
}

// add declares the flags.
func (f *adhocFlags) add(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.git, "git", "", "run a script of the repository at `URL`: https://, ssh://, git@host:path, file:///, or a path")
	p.StringVar(&f.branch, "branch", "", "the branch, which is followed: its `NAME`; by default the repository's own default branch")
	p.StringVar(&f.tag, "tag", "", "the tag: its `NAME`")
	p.StringVar(&f.commit, "commit", "", "the `COMMIT`, on whichever branch: its 40 digits, or the first of them")
	p.BoolVar(&f.submodules, "submodules", false, "fetch the repository's submodules too; by default their folders are empty")
	p.BoolVar(&f.createEnv, "create-env", false, "run it in an environment of what the commit's lock names")
	p.StringVar(&f.key, "key", "content", "what makes that environment another one: `content|commit`, what is in it or each commit")
	p.StringVar(&f.python, "python", "", "the interpreter: a `VERSION` such as 3.11, or a program's name (default python3)")
	p.StringArrayVar(&f.passEnv, "pass-env", nil, "let the script see the caller's variable `NAME`; may be given again")
	p.StringVar(&f.initArgs, "init-args", "", "call the script's functions, init with these arguments: `JSON`, a list, an object of named ones, or {\"args\": [], \"kwargs\": {}}")
	p.StringVar(&f.mainArgs, "main-args", "", "call the script's functions, main with these arguments: `JSON` in the same form")
	p.StringVar(&f.sbd, "sbd", "", "run an activity of the scheduling block definition in `FILE`, the JSON of SKA's project data model")
	p.StringVar(&f.activity, "activity", "", "the activity: its `NAME`")
	p.StringVar(&f.sbi, "sbi-id", "", "the scheduling block instance that the activity is run for: its `ID`")
}

// adhoc is one question: which script of which repository, and in what.
type adhoc struct {
	url        string // as git takes it; absolute
	attr, name string // "branch", "tag" or "commit" and what it is; "" for the default branch
	path       string
	submodules bool // fetched; else their folders are empty, as git and the OET leave them
	createEnv  bool
	key        string // of the environment; "" and "content" are the same
	python     string
	passEnv    []string
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
	attr("submodules", strconv.FormatBool(q.submodules))
	if q.createEnv {
		b.WriteString("}\n\npython_env \"environment\" {\n")
		attr("project", `":repository"`)
		if q.python != "" {
			attr("python", hclText(q.python))
		}
		if q.key != "" && q.key != "content" {
			attr("key", hclText(q.key))
		}
	}
	b.WriteString("}\n\nscript \"script\" {\n")
	attr("source", `":repository"`)
	attr("path", hclText(q.path))
	switch {
	case q.createEnv:
		attr("python_env", `":environment"`)
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
func (a *app) launchAdhoc(ctx context.Context, q *adhoc, h hooks, t *tracker) (*build.Launch, error) {
	cache, err := a.cacheDir()
	if err != nil {
		return nil, err
	}
	p, err := openAdhoc(filepath.Join(cache, adhocTop), q.buildFile(), a.now())
	if err != nil {
		return nil, &environmentError{err}
	}
	t.keyed(q.key)
	s, err := a.openAt(p.dir, "", func(show func(build.Event)) func(build.Event) {
		words := q.inWords(a, p.dir, func(e build.Event) {
			t.event(e)
			show(e)
		})
		return words
	})
	if err != nil {
		p.close()
		return nil, err
	}
	launch, err := s.launch(ctx, label.Label{Name: "script"}, nil)
	if h.done != nil {
		h.done(s)
	}
	if err = s.close(err); err != nil {
		p.close()
		return nil, q.plain(err)
	}
	if launch.Script.Env != "" {
		launch.Script.Env = "the environment of " + q.what()
	} else {
		launch.Script.Chosen = q.python != ""
	}
	// The folder stays locked as long as the script runs: it may read what lies there.
	inner := *launch
	launch.OnRelease(func() {
		inner.Release()
		p.close()
	})
	return launch, nil
}
