package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/git"
)

// The schemes of a script's URI. The OET calls a script of this machine one of type filesystem, and writes it file://.
const (
	scriptScheme     = "git://"
	fileScheme       = "file://"
	filesystemScheme = "filesystem://"
)

// repositoryFlags are those that say which repository, and what of it.
var repositoryFlags = []string{"branch", "tag", "commit", "submodules", "create-env", "key"}

// which reads the flags and the arguments of `cairn run`.
func (f *adhocFlags) which(c *cobra.Command, args []string) (*scriptRun, error) {
	n := c.ArgsLenAtDash()
	if n < 0 {
		n = len(args)
	}
	r := &scriptRun{args: args[n:], python: f.python, passEnv: f.passEnv}
	var err error
	if c.Flags().Changed("init-args") {
		if r.init, err = flagCall("init-args", f.initArgs); err != nil {
			return nil, err
		}
	}
	if c.Flags().Changed("main-args") {
		if r.main, err = flagCall("main-args", f.mainArgs); err != nil {
			return nil, err
		}
	}
	r.calls = r.init != nil || r.main != nil
	for _, name := range []string{"git", "branch", "tag", "commit", "python", "sbd", "activity", "sbi-id"} {
		if fl := c.Flags().Lookup(name); fl.Changed && fl.Value.String() == "" {
			return nil, usagef("--%s is empty", name)
		}
	}
	if f.key != "content" && f.key != "commit" {
		return nil, badWord("key", f.key, []string{"content", "commit"})
	}
	switch {
	case c.Flags().Changed("sbd") || c.Flags().Changed("activity"):
		return r, f.fromSBD(c, r, args[:n])
	case n != 1:
		what := "one target, or the URI of one script; arguments for it come after --"
		if c.Flags().Changed("git") {
			what = "one script with --git, git://PATH; arguments for it come after --"
		}
		return nil, &usageError{fmt.Sprintf("%s takes %s", c.CommandPath(), what), "Usage: " + useLine(c)}
	case c.Flags().Changed("sbi-id"):
		return nil, &usageError{"--sbi-id is about an activity, and no scheduling block definition is named", "cairn run --sbd FILE --activity NAME --sbi-id ID"}
	}
	return r, f.fromURI(c, r, args[0])
}

// fromSBD reads which script an activity of a scheduling block definition is.
func (f *adhocFlags) fromSBD(c *cobra.Command, r *scriptRun, args []string) error {
	const form = "cairn run --sbd FILE --activity NAME"
	if f.sbd == "" || f.activity == "" {
		return &usageError{"--sbd and --activity go together", form}
	}
	if len(args) > 0 {
		return &usageError{fmt.Sprintf("the activity says which script it is, and %q says so too", args[0]), form}
	}
	if len(r.args) > 0 {
		return &usageError{"the functions of an activity have no command line, so nothing comes after --", callForm}
	}
	for _, name := range []string{"git", "branch", "tag", "commit"} {
		if c.Flags().Changed(name) {
			return &usageError{fmt.Sprintf("the activity says where its script is, and --%s says so too", name), form}
		}
	}
	a, err := readActivity(f.sbd, f.activity)
	if err != nil {
		return err
	}
	uri, err := a.fill(r, f.sbd, f.sbi)
	if err != nil {
		return err
	}
	if a.Kind == "filesystem" {
		if r.file, err = fileOf(uri); err != nil {
			return err
		}
		if strings.HasPrefix(uri, scriptScheme) {
			return wrongPrefix(uri)
		}
		return nil
	}
	g := *f
	g.git, g.branch, g.commit = a.Repo, a.Branch, a.Commit
	if a.Commit != "" {
		g.branch = "" // as in the OET, the commit counts
	}
	r.git, err = g.repository(uri)
	return err
}

// fromURI reads which script, or which target, an argument is.
func (f *adhocFlags) fromURI(c *cobra.Command, r *scriptRun, arg string) error {
	git, onGit := c.Flags().Changed("git"), strings.HasPrefix(arg, scriptScheme)
	onFile := strings.HasPrefix(arg, fileScheme) || strings.HasPrefix(arg, filesystemScheme)
	var err error
	switch {
	case git:
		r.git, err = f.repository(arg)
		return err
	case onGit:
		return &usageError{fmt.Sprintf("%s is a script of a repository, and no repository is named", arg), "cairn run --git URL " + arg}
	}
	for _, name := range repositoryFlags {
		if c.Flags().Changed(name) {
			return &usageError{fmt.Sprintf("--%s is about a script of a repository, and no repository is named", name), "cairn run --git URL --" + name + " ... git://PATH"}
		}
	}
	if onFile {
		r.file, err = fileOf(arg)
		return err
	}
	scheme, _, hasScheme := strings.Cut(arg, ":")
	if strings.Contains(arg, "://") || hasScheme && slices.Contains([]string{"git", "file", "filesystem"}, scheme) {
		return wrongPrefix(arg)
	}
	for _, name := range []string{"python", "pass-env"} {
		if c.Flags().Changed(name) {
			return &usageError{fmt.Sprintf("--%s is about a script that is no target's: a target says so itself", name), "cairn run --" + name + " ... file:///PATH"}
		}
	}
	r.target = arg
	return nil
}

func wrongPrefix(uri string) error {
	return &usageError{fmt.Sprintf("%s is no script: its prefix is none that cairn knows", uri), "A script is git://PATH in a repository (with --git URL), or file:///PATH or filesystem:///PATH on this machine."}
}

// fileOf gives the path of a script of this machine. It is taken as it stands: nothing in it is percent-encoded.
func fileOf(uri string) (string, error) {
	path, ok := strings.CutPrefix(uri, filesystemScheme)
	if !ok {
		if path, ok = strings.CutPrefix(uri, fileScheme); !ok {
			return "", wrongPrefix(uri)
		}
	}
	bad := func(why, hint string) error {
		return &usageError{fmt.Sprintf("%s is no script of this machine: %s", uri, why), hint}
	}
	switch fi, err := os.Stat(path); {
	case !strings.HasPrefix(path, "/"):
		return "", bad("its path does not start with /", "file:///scripts/observe.py")
	case !plainText(path):
		return "", bad("it holds characters that no path should", "")
	case slices.Contains(strings.Split(path, "/"), ".."):
		return "", bad("its path climbs with \"..\"", "Write where it is: file://"+filepath.Clean(path))
	case err != nil:
		return "", bad(plainError(err), "")
	case !fi.Mode().IsRegular():
		return "", bad("it is no file", "")
	}
	return filepath.Clean(path), nil
}

// repository reads which script of a repository is meant.
func (f *adhocFlags) repository(arg string) (*adhoc, error) {
	path, isScript := strings.CutPrefix(arg, scriptScheme)
	q := &adhoc{submodules: f.submodules, createEnv: f.createEnv, python: f.python, passEnv: f.passEnv, key: f.key}
	if !isScript {
		hint := "It is git:// and the path from the repository's root: git://scripts/observe.py"
		for _, scheme := range []string{fileScheme, filesystemScheme} {
			if rest, ok := strings.CutPrefix(arg, scheme); ok {
				hint = "A script of this machine needs no --git. One of the repository is git://" + strings.TrimLeft(rest, "/")
			}
		}
		return nil, &usageError{fmt.Sprintf("%q is no script of a repository", arg), hint}
	}
	if err := rule.CheckRel(path); err != nil || !plainText(path) {
		why := "cannot hold such characters"
		if err != nil {
			why = err.Error()
		}
		return nil, &usageError{fmt.Sprintf("%q is no script of a repository: a path in it %s", arg, why), "git://scripts/observe.py"}
	}
	q.path = path
	for _, n := range []struct{ attr, value string }{{"branch", f.branch}, {"tag", f.tag}, {"commit", f.commit}} {
		if n.value == "" {
			continue
		}
		if q.attr != "" {
			return nil, &usageError{fmt.Sprintf("--%s and --%s do not go together", q.attr, n.attr), "A commit needs no branch: it is the same on all of them."}
		}
		q.attr, q.name = n.attr, n.value
	}
	if f.key == "commit" && !f.createEnv {
		return nil, &usageError{"--key is about the environment, and none is made", "--create-env"}
	}
	var err error
	q.url, err = repositoryURL(f.git)
	return q, err
}

// repositoryURL gives an address as git takes it. What is refused anyhow is refused before it is written anywhere: it may hold a
// password.
func repositoryURL(url string) (string, error) {
	url, err := absoluteURL(url)
	if err != nil {
		return "", err
	}
	if fault := git.CheckAddress(url); fault != nil {
		return "", &usageError{fault.Text, fault.Why}
	}
	return url, nil
}
