package main

import (
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cairn-build/cairn/graph/exec/debiantest"
)

// havingPackages are programs that scripts can have for a command, and the packages of Debian's with them.
var havingPackages = map[string]string{"aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu", "flex": "flex"}

// had remembers what havingProgram found.
var had sync.Map // program -> func() (debiantest.Program, error)

// havingProgram gives a program that the machine has, or that is to be had from packages and can be laid over /usr.
func havingProgram(name string) (debiantest.Program, error) {
	f, _ := had.LoadOrStore(name, sync.OnceValues(func() (debiantest.Program, error) {
		p, err := debiantest.Find(name, havingPackages[name])
		if err == nil && p.Root != "" {
			err = exec.Command("unshare", havingArgs(p, "true")...).Run()
		}
		return p, err
	}))
	return f.(func() (debiantest.Program, error))()
}

// havingArgs gives the words of unshare that start a command for which a package is installed: its files lie over /usr.
func havingArgs(p debiantest.Program, command ...string) []string {
	over := "lowerdir=" + filepath.Join(p.Root, "usr") + ":/usr"
	return append([]string{"-m", "sh", "-ec", `mount -t overlay overlay -o "$1" /usr; shift; exec "$@"`, "having", over}, command...)
}

// having PROGRAM COMMAND...: runs a command on a machine that has the program. [having:PROGRAM] says whether that can be.
func having(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: having PROGRAM COMMAND...")
	}
	p, err := havingProgram(args[0])
	ts.Check(err)
	command := args[1:]
	if p.Root == "" {
		err = ts.Exec(command[0], command[1:]...)
	} else {
		err = ts.Exec("unshare", havingArgs(p, command...)...)
	}
	if (err == nil) == neg {
		ts.Fatalf("%v", err)
	}
}
