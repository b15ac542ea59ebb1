package main

import (
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cairn-build/cairn/graph/exec/debiantest"
)

// crossCompiler is Debian's compiler for aarch64, where the machine has it or it is to be had from packages.
var crossCompiler = sync.OnceValues(func() (debiantest.Program, error) {
	p, err := debiantest.Find("aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu")
	if err == nil && p.Root != "" {
		err = exec.Command("unshare", crossArgs(p, "true")...).Run()
	}
	return p, err
})

// crossArgs gives the words of unshare that start a command for which the package is installed: its files lie over /usr.
func crossArgs(p debiantest.Program, command ...string) []string {
	over := "lowerdir=" + filepath.Join(p.Root, "usr") + ":/usr"
	return append([]string{"-m", "sh", "-ec", `mount -t overlay overlay -o "$1" /usr; shift; exec "$@"`, "cross", over}, command...)
}

// cross COMMAND...: runs a command on a machine that has the compiler for aarch64.
func cross(ts *testscript.TestScript, neg bool, args []string) {
	p, err := crossCompiler()
	ts.Check(err)
	if p.Root == "" {
		err = ts.Exec(args[0], args[1:]...)
	} else {
		err = ts.Exec("unshare", crossArgs(p, args...)...)
	}
	if (err == nil) == neg {
		ts.Fatalf("%v", err)
	}
}
