package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cairn-build/cairn/graph/fetch/git/gittest"
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

// gitServers are those that a script has started, by its work folder and the name of the variable.
type gitServers map[string]*gittest.Server

// gitserver KIND NAME DIR: serves the repositories below the folder (https: nginx and git's backend, ssh: sshd, git: git's daemon) until
// the script ends. $NAME and a path below DIR are a repository's address. The script's programs have what lets them in.
func gitServer(ts *testscript.TestScript, _ bool, args []string) {
	kind, name, dir := args[0], args[1], ts.MkAbs(args[2])
	place := filepath.Join(ts.Getenv("PLACE"), "server-"+name)
	ts.Check(os.Mkdir(place, 0o755))
	var s *gittest.Server
	var err error
	base := ""
	switch kind {
	case "https":
		s, err = gittest.HTTPS(dir, place)
	case "ssh":
		s, err = gittest.SSH(place)
		base = dir
	case "git":
		s, err = gittest.Daemon(dir)
	default:
		ts.Fatalf("there is no server %s", kind)
	}
	ts.Check(err)
	ts.Defer(s.Close)
	ts.Setenv(name, s.URL+base)
	for _, v := range s.Env {
		n, value, _ := strings.Cut(v, "=")
		ts.Setenv(n, value)
	}
	if s.Key != "" { // for what is not git, and looks at home
		home := filepath.Join(ts.Getenv("HOME"), ".ssh")
		ts.Check(os.MkdirAll(home, 0o700))
		b, err := os.ReadFile(s.Key)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(home, "id_ed25519"), b, 0o600))
	}
	scriptServers(ts)[name] = s
}

// gitvisits NAME [N]: how many requests or connections the server had since it was asked last: some, or just N.
func gitVisits(ts *testscript.TestScript, _ bool, args []string) {
	s := scriptServers(ts)[args[0]]
	got := s.TakeVisits()
	if len(args) == 1 && got == 0 {
		ts.Fatalf("nobody came to %s", args[0])
	}
	if len(args) > 1 && strconv.Itoa(got) != args[1] {
		ts.Fatalf("%d came to %s, want %s", got, args[0], args[1])
	}
}

// gitstop NAME: ends the server.
func gitStop(ts *testscript.TestScript, _ bool, args []string) { scriptServers(ts)[args[0]].Close() }

func scriptServers(ts *testscript.TestScript) gitServers {
	return ts.Value(gitServersKey{}).(gitServers)
}

type gitServersKey struct{}
