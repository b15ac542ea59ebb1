package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// tangoPython says whether the lock of examples/observatory has a wheel of PyTango for python3.
var tangoPython = sync.OnceValue(func() bool {
	lock, err := os.ReadFile("../../examples/observatory/dishlib/poetry.lock")
	if err != nil {
		return false
	}
	out, err := exec.Command("python3", "-c", `
import os, platform, sys, sysconfig
tag = "cp%d%d" % sys.version_info[:2]
libc = sys.platform == "darwin" or os.confstr("CS_GNU_LIBC_VERSION")
plain = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED") and libc
print("%s-%s-%s.*_%s" % (tag, tag, "macosx" if sys.platform == "darwin" else "manylinux", platform.machine()) if plain else "none")`).Output()
	if err != nil {
		return false
	}
	wheel, err := regexp.Compile(`"pytango-[^"]*-` + strings.TrimSpace(string(out)) + `[^"]*\.whl"`)
	return err == nil && wheel.Match(lock)
})

// console FILE: what stands after `$ ` in the page's console blocks is run, one after the other, and prints the lines below it:
// but for durations, ids of git and progress, and `...` stands for anything.
func console(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: console FILE")
	}
	commands := 0
	for _, m := range fence.FindAllStringSubmatch(ts.ReadFile(args[0]), -1) {
		if m[2] != "console" {
			continue
		}
		for _, part := range strings.Split("\n"+m[3], "\n$ ")[1:] {
			line, want, _ := strings.Cut(part, "\n")
			commands++
			_ = ts.Exec("sh", "-c", line+" 2>&1") // what is expected says whether it may fail
			if got := ts.ReadFile("stdout"); !sameOutput(got, want) {
				ts.Fatalf("$ %s\ngot:\n%s\nwant:\n%s", line, got, want)
			}
		}
	}
	if commands == 0 {
		ts.Fatalf("%s has no command", args[0])
	}
}

// readenv NAME FILE: the variable is what the file holds.
func readEnv(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: readenv NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}
