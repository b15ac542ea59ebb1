package main

import (
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// mkgit DIR: makes the folder a repository whose branch is called trunk. bin/link in it is a link to bin/tool where there is one,
// and that may be executed.
func mkgit(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	runGit(ts, dir, "git init -q -b trunk . && if [ -e bin/tool ]; then chmod +x bin/tool && ln -s tool bin/link; fi")
}

// gitcommit DIR MESSAGE COMMAND: runs a shell command in the repository and commits what it put into the index.
func gitCommit(ts *testscript.TestScript, _ bool, args []string) {
	runGit(ts, ts.MkAbs(args[0]), args[2]+" && git commit -q -m '"+args[1]+"'")
}

func runGit(ts *testscript.TestScript, dir, script string) {
	c := exec.Command("sh", "-ec", script)
	c.Dir = dir
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_COMMITTER_NAME=a",
		"GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_EMAIL=a@example.org", "GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000"}
	if out, err := c.CombinedOutput(); err != nil {
		ts.Fatalf("%s: %v\n%s", script, err, strings.TrimSpace(string(out)))
	}
}
