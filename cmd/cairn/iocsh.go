package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-build/cairn/graph/diag"
	iocbase "github.com/cairn-build/cairn/rules/ioc/base"
	"github.com/cairn-build/cairn/rules/ioc/dep"
	"github.com/cairn-build/cairn/rules/ioc/startup"
)

// iocsh is one call of `cairn iocsh`.
type iocsh struct {
	*app
	file      string // the startup script, or an ioc target
	modules   []string
	commands  []string
	databases []string
	locate    []string
	noInit    bool
	version   bool
	name      string
	debug     bool
	gdb       string // the arguments, after debuggerMark; "" for no debugger
	valgrind  string
	debugger  string
	debugArgs string
	realtime  bool
	base      string
	dryRun    bool
}

// debuggerMark begins what --gdb and --valgrind hold, so that no arguments differ from no flag.
const debuggerMark = "\x01"

func iocshCommand(a *app) *cobra.Command {
	x := &iocsh{app: a}
	c := &cobra.Command{
		Use:   "iocsh [FILE|TARGET] [-r MODULE[,VERSION]|TARGET]... [-c COMMAND]... [-d DATABASE]...",
		Short: "Starts an IOC with modules, a startup script, commands and databases.",
		Long: "Starts softIocPVA, as iocsh of require 5.1 does: with the environment and the module require, then all of -r, FILE, all of -c, all of -d,\n" +
			"and iocInit, unless -i is given or FILE or a command calls it. However they are written, options are grouped in this order.\n\n" +
			"Modules are looked for in the folders of -l, then in EPICS_DRIVER_PATH. A label (//pkg:name) is a module that is a target: it is built, and\n" +
			"found before all others. FILE may be the label of an ioc, which then has further modules, commands and databases. All versions\n" +
			"are resolved before any process starts: what excludes each other is an error with both chains.\n\n" +
			"The base and require are those of the active environment (EPICS_BASE, E3_REQUIRE_LOCATION), or of --base: a folder, or a target. Without\n" +
			"either it is the workspace's epics_base. The IOC's exit status is passed on. It starts in the current folder; E3_CMD_TOP is\n" +
			"FILE's. The spellings -dg [ARGS], -dv [ARGS] and -rt are understood as well.",
		Example: "  cairn iocsh st.cmd\n  cairn iocsh -r asyn,4.42.0 -r //modules/llrf -c dbl\n  cairn iocsh //iocs:llrf -c 'var requireDebug 1' -i\n" +
			"  cairn iocsh st.cmd -l ./siteMods -d 'motor.db,P=LAB:' --gdb",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{fmt.Sprintf("there is one startup script, and %s and %s are two", args[0], args[1]), "Usage: " + useLine(c)}
			}
			if len(args) == 1 {
				x.file = args[0]
			}
			return x.run(c.Context())
		},
	}
	x.addFlags(c)
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		var wrong *usageError
		if err = flagError(c, err); errors.As(err, &wrong) {
			wrong.hint = strings.TrimSpace(wrong.hint + "\nUsage: " + useLine(c))
		}
		return err
	})
	return c
}

// addFlags adds its options.
func (x *iocsh) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVarP(&x.modules, "require", "r", nil, "load a `MODULE[,VERSION]`, or a target; may be repeated")
	f.StringArrayVarP(&x.commands, "command", "c", nil, "run a `LINE` of the IOC's shell after FILE; may be repeated")
	f.StringArrayVarP(&x.databases, "database", "d", nil, "load a `FILE[,MACROS]` of records or substitutions; may be repeated")
	f.StringArrayVarP(&x.locate, "locate", "l", nil, "look for modules in `DIR` before EPICS_DRIVER_PATH; may be repeated")
	f.BoolVarP(&x.noInit, "no-init", "i", false, "leave out iocInit")
	f.BoolVarP(&x.version, "version", "V", false, "print the version of require")
	f.StringVar(&x.name, "iocname", "", "the IOC's `NAME`, in place of $IOCNAME")
	f.BoolVar(&x.debug, "debug", false, "let require say what it does")
	f.StringVar(&x.gdb, "gdb", "", "run under gdb, with `ARGS` for it")
	f.StringVar(&x.valgrind, "valgrind", "", "run under valgrind, with `ARGS` for it")
	f.Lookup("gdb").NoOptDefVal, f.Lookup("valgrind").NoOptDefVal = debuggerMark, debuggerMark
	f.StringVar(&x.debugger, "debugger", "", "run under `gdb|lldb|valgrind`")
	f.StringVar(&x.debugArgs, "debugger-args", "", "`ARGS` for the debugger")
	f.BoolVar(&x.realtime, "realtime", false, "run with real-time scheduling (chrt --fifo 1)")
	f.StringVar(&x.base, "base", "", "the EPICS base: a `TARGET|DIR`")
	f.BoolVar(&x.dryRun, "dry-run", false, "print the startup script, and start nothing")
	completesWords(c, "debugger", debuggers...)
}

func (x *iocsh) run(ctx context.Context) error {
	if x.version {
		v, _ := x.getenv("E3_REQUIRE_VERSION")
		if v == "" {
			v = iocbase.RequireVersion
		}
		x.ui.Line("require " + v)
		return nil
	}
	if err := x.debugging(); err != nil {
		return err
	}
	if err := x.words(); err != nil {
		return err
	}
	if isLabel(x.file) {
		return x.runTarget(ctx)
	}
	start := startup.Start{IOC: x.iocName(), Debug: x.debug, Commands: x.commands, NoInit: x.noInit}
	top := ""
	if x.file != "" {
		var err error
		if start.File, err = x.script(); err != nil {
			return err
		}
		top = filepath.Dir(start.File)
	}
	for _, d := range x.databases {
		start.Databases = append(start.Databases, startup.ParseDatabase(d))
	}
	place, err := x.place(ctx)
	if err != nil {
		return err
	}
	place.CmdTop = top
	read, err := x.read(&start, place)
	if err != nil {
		return err
	}
	dir, done, err := x.folder()
	if err != nil {
		return err
	}
	defer done()
	start.Top = dir.cwd
	if err := dir.mend(&start, read); err != nil {
		return err
	}
	return x.start(start.Script(), place, dir)
}

// words looks at what goes into the startup script.
func (x *iocsh) words() error {
	for _, list := range [][]string{x.commands, x.databases, {x.name}, {x.file}} {
		for _, w := range list {
			if err := startup.CheckWord(w); err != nil {
				return usagef("%q: what goes into a startup script %v", w, err)
			}
		}
	}
	if given := x.givenName(); given != "" {
		for _, d := range startup.CheckName(given[:min(len(given), dep.MaxPrefix)], diag.Range{}) { // records cut a longer one
			return &usageError{d.Summary, d.Detail}
		}
	}
	for _, d := range x.databases {
		if startup.ParseDatabase(d).File == "" {
			return &usageError{fmt.Sprintf("%q is no database", d), "-d FILE[,MACROS]"}
		}
	}
	for _, m := range x.modules {
		if isLabel(m) {
			continue
		}
		if _, _, err := parseModule(m); err != nil {
			return err
		}
	}
	return nil
}

// isLabel says whether an argument is a target and not a file or a module.
func isLabel(s string) bool { return strings.HasPrefix(s, "//") || strings.HasPrefix(s, ":") }

// script finds the startup script and gives its absolute path.
func (x *iocsh) script() (string, error) {
	fi, err := os.Stat(x.file)
	switch {
	case err != nil:
		return "", usagef("cannot read the startup script %s: %s", x.file, plainError(err))
	case fi.IsDir():
		return "", usagef("%s is a folder, and no startup script", x.file)
	}
	abs, err := filepath.Abs(x.file)
	if err != nil {
		return "", &environmentError{err}
	}
	return abs, nil
}

// givenName is the name that the caller gives the IOC, "" for none.
func (x *iocsh) givenName() string {
	if x.name != "" {
		return x.name
	}
	n, _ := x.getenv("IOCNAME")
	return n
}

// iocName is REQUIRE_IOC.
func (x *iocsh) iocName() string {
	if n := x.givenName(); n != "" {
		return n
	}
	name, _ := x.getenv("USER")
	if name == "" {
		name = "unknown"
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	return fmt.Sprintf("TEST:%s-%d", startup.InName(name), os.Getpid())
}

// iocshWords lets the spellings of require's own iocsh be understood: -dg [ARGS], -dv [ARGS], -rt.
func iocshWords(args []string) []string {
	if len(args) == 0 || args[0] != "iocsh" {
		return args
	}
	out := []string{args[0]}
	takes := []string{"-r", "-c", "-d", "-l", "--require", "--command", "--database", "--locate", "--iocname", "--debugger", "--debugger-args", "--base", "-C", "--directory"}
	for i := 1; i < len(args); i++ {
		w := args[i]
		name, value, given := strings.Cut(w, "=")
		switch {
		case w == "--":
			return append(out, args[i:]...)
		case slices.Contains(takes, w) && i+1 < len(args):
			out = append(out, w, args[i+1])
			i++
		case name == "-dg" || name == "-dv":
			flag := map[string]string{"-dg": "--gdb", "-dv": "--valgrind"}[name]
			if !given && i+1 < len(args) && debuggerWord(args[i+1]) {
				i++
				value = args[i]
			}
			out = append(out, flag+"="+debuggerMark+value)
		case w == "-rt":
			out = append(out, "--realtime")
		default:
			out = append(out, w)
		}
	}
	return out
}

// debuggerWord says whether the word behind -dg or -dv belongs to it: it is no file, no target and no option, as no option has a
// blank in it.
func debuggerWord(w string) bool {
	if strings.HasPrefix(w, "-") {
		return strings.Contains(w, " ")
	}
	_, err := os.Stat(w)
	return w != "" && err != nil && !isLabel(w)
}
