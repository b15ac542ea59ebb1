package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// debuggers are those that an IOC can run under.
var debuggers = []string{"gdb", "lldb", "valgrind"}

// debugging reads which debugger is wanted, into debugger and debugArgs.
func (x *iocsh) debugging() error {
	for _, f := range []struct{ name, value string }{{"gdb", x.gdb}, {"valgrind", x.valgrind}} {
		if f.value == "" {
			continue
		}
		if x.debugger != "" && x.debugger != f.name {
			return usagef("there is one debugger, and %s and %s are two", x.debugger, f.name)
		}
		x.debugger = f.name
		if args := strings.TrimPrefix(f.value, debuggerMark); args != "" {
			x.debugArgs = args
		}
	}
	switch {
	case x.debugger != "" && !slices.Contains(debuggers, x.debugger):
		return badWord("debugger", x.debugger, debuggers)
	case x.debugger == "" && x.debugArgs != "":
		return usagef("--debugger-args goes with a debugger")
	case x.debugger != "" && x.realtime:
		return usagef("--realtime and a debugger exclude each other")
	}
	return nil
}

// wrapped gives the command that starts the IOC under a debugger, or with real-time scheduling. Arguments for a debugger are divided at
// blanks.
func (x *iocsh) wrapped(argv []string) ([]string, error) {
	args := strings.Fields(x.debugArgs)
	find := func(name string) (string, error) {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", &environmentError{fmt.Errorf("there is no program %s", name)}
		}
		return path, nil
	}
	var lead []string
	switch x.debugger {
	case "gdb":
		lead = append(args, "--args")
	case "lldb":
		lead = append(args, "--")
	case "valgrind":
		if lead = args; len(lead) == 0 {
			lead = []string{"--leak-check=full"}
		}
	case "":
		if !x.realtime {
			return argv, nil
		}
		chrt, err := find("chrt")
		if err != nil {
			return nil, err
		}
		if err := exec.Command(chrt, "--fifo", "1", "true").Run(); err != nil {
			return nil, &environmentError{fmt.Errorf("real-time scheduling is not permitted: this user needs the capability CAP_SYS_NICE, or an rtprio limit (ulimit -r)")}
		}
		return append([]string{chrt, "--fifo", "1"}, argv...), nil
	}
	program, err := find(x.debugger)
	if err != nil {
		return nil, err
	}
	return append(append([]string{program}, lead...), argv...), nil
}
