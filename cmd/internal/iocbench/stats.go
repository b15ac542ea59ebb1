package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-build/cairn/cmd/internal/figures"
)

const statsFetch = `workspace "stats" { epics_base = "//:base" }

epics_base "base" {}

registry_file "softioc" {
  index   = "pypi"
  package = "softioc"
  version = "4.7.2"
  file    = "softioc-4.7.2.tar.gz"
  sha256  = "993ef8f6b81f0908baa4403422068334757057f006a61f554c450755c9ebf0c6"
  unpack  = true
  strip   = 3
}
`

// statsBuild is iocStats with its 17 files of C in the workspace, so that they can be edited, and a module that stands on it.
const statsBuild = `workspace "stats" { epics_base = "//:base" }

epics_base "base" {}

ioc_module "iocstats" {
  version = "3.2.0"
  sources = concat(glob(["src/devIocStats*.c"]), [for n in ["CpuUsage", "CpuUtilization", "FdUsage", "MemUsage"] : "src/os/Linux/osd${n}.c"],
    [for n in ["SystemInfo", "HostInfo", "PIDInfo"] : "src/os/posix/osd${n}.c"],
    [for n in ["WorkspaceUsage", "ClustInfo", "SuspTasks", "IFErrors", "BootInfo"] : "src/os/default/osd${n}.c"])
  headers         = ["src/devIocStats.h", "src/os/posix/devIocStatsOSD.h"]
  private_headers = ["src/os/default/devIocStatsOSD.h"]
  dbds            = ["src/devIocStats.dbd"]
}

ioc_module "above" {
  version = "1.0.0"
  sources = ["above.c"]
  dbds    = ["above.dbd"]
  deps    = [":iocstats"]
}

ioc "started" {
  startup = "st.cmd"
  deps    = [":iocstats", ":above"]
}
`

// prepareStats fetches base and sources, and keeps a cache that has these alone.
func (b *bench) prepareStats() error {
	ws := b.Path("stats")
	if err := figures.RemoveAll(ws); err != nil {
		return err
	}
	if err := figures.Write(filepath.Join(ws, "BUILD.hcl"), statsFetch); err != nil {
		return err
	}
	if _, _, err := b.counted("stats", "cache", "//..."); err != nil {
		return err
	}
	if err := copySources(filepath.Join(ws, "src"), filepath.Join(ws, "cairn-out/softioc")); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"BUILD.hcl": statsBuild, "above.c": "#include <epicsExport.h>\n#include <devIocStats.h>\nstatic void aboveRegister(void) {}\nepicsExportRegistrar(aboveRegister);\n",
		"above.dbd": "registrar(aboveRegister)\n", "st.cmd": "iocInit\necho " + mark + "\nexit\n",
	} {
		if err := figures.Write(filepath.Join(ws, name), text); err != nil {
			return err
		}
	}
	_, _, err := b.counted("stats", "cache", "//...")
	return err
}

// copySources takes the folder devIocStats out of what was unpacked.
func copySources(to, from string) error {
	at := ""
	err := filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "devIocStats" {
			at = p
			return fs.SkipAll
		}
		return err
	})
	if err == nil && at == "" {
		err = errors.New("softioc's sources have no folder devIocStats")
	}
	if err != nil {
		return err
	}
	return filepath.WalkDir(at, func(p string, d fs.DirEntry, err error) error {
		rel, rerr := filepath.Rel(at, p)
		if err = errors.Join(err, rerr); err != nil || d.IsDir() {
			return err
		}
		if ext := filepath.Ext(p); ext != ".c" && ext != ".h" && ext != ".dbd" {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return figures.Write(filepath.Join(to, rel), string(text))
	})
}

// spawned is a command that cairn runs, with what it reads and writes.
type spawned struct {
	argv    []string
	in, out []string
	depfile string
}

// commandsOf asks cairn which commands make a target.
func (b *bench) commandsOf(label string) ([]spawned, error) {
	text, _, _, err := figures.Command{Dir: b.Path("stats"), Env: b.env("cache"), Argv: []string{b.Cairn, "key", label, "--json"}}.Output()
	if err != nil {
		return nil, err
	}
	var actions []struct {
		Action string
		Parts  []struct{ Name, Value string }
	}
	if err := json.Unmarshal([]byte(text), &actions); err != nil {
		return nil, err
	}
	var out []spawned
	for _, a := range actions {
		var s spawned
		args := map[int]string{}
		for _, p := range a.Parts {
			kind, rest, _ := strings.Cut(p.Name, " ")
			switch n, err := strconv.Atoi(rest); {
			case kind == "arg" && err == nil:
				args[n] = p.Value
			case kind == "input" && p.Value != "tree":
				s.in = append(s.in, rest)
			case kind == "output":
				s.out = append(s.out, rest)
			case kind == "option" && rest == "depfile":
				s.depfile = p.Value
			}
		}
		if len(args) == 0 {
			continue
		}
		for i := range len(args) {
			w := args[i]
			if name, ok := strings.CutPrefix(w, "tool("); ok {
				if w, err = exec.LookPath(strings.TrimSuffix(name, ")")); err != nil {
					return nil, err
				}
			}
			s.argv = append(s.argv, w)
		}
		s.out = slices.DeleteFunc(s.out, func(o string) bool { return o == s.depfile })
		out = append(out, s)
	}
	return out, nil
}

// ninjaProject writes the same commands for ninja, in a copy of the workspace, and says how many there are.
func (b *bench) ninjaProject() (int, error) {
	// What lies between sources and libraries is there after a build without a sandbox.
	if _, _, err := b.cleanBuild(); err != nil {
		return 0, err
	}
	cs, err := b.commandsOf("//:iocstats")
	if err != nil {
		return 0, err
	}
	dir := b.Path("ninja")
	if err := figures.RemoveAll(dir); err != nil {
		return 0, err
	}
	if _, err := (figures.Command{Dir: b.Dir, Argv: []string{"cp", "-a", b.Path("stats"), dir}}).Run(); err != nil {
		return 0, err
	}
	made := map[string]bool{}
	for _, c := range cs {
		for _, o := range c.out {
			made[o] = true
		}
	}
	var n strings.Builder
	for i, c := range cs {
		fmt.Fprintf(&n, "rule r%d\n  command = %s\n", i, ninjaCommand(c.argv))
		if c.depfile != "" {
			fmt.Fprintf(&n, "  depfile = %s\n  deps = gcc\n", c.depfile)
		}
		// What a depfile says need not be said: a source, and what other commands make.
		var in []string
		for _, x := range c.in {
			if made[x] || c.depfile == "" || slices.Contains(c.argv, x) {
				in = append(in, x)
			}
		}
		fmt.Fprintf(&n, "build %s: r%d %s\n", strings.Join(c.out, " "), i, strings.Join(in, " "))
	}
	for o := range made {
		if err := os.Remove(filepath.Join(dir, o)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, o)), 0o755); err != nil {
			return 0, err
		}
	}
	return len(cs), figures.Write(filepath.Join(dir, "build.ninja"), n.String())
}

// ninjaCommand writes words for the shell that ninja starts.
func ninjaCommand(argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		if strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,+:") != "" {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		words[i] = strings.ReplaceAll(w, "$", "$$")
	}
	return strings.Join(words, " ")
}

// cleanBuild builds iocStats, of which nothing was ever built: each time it has another name and another flag, so that no key is known. What it
// stands on is there, and so is what cairn knows of compilers and of the base.
func (b *bench) cleanBuild() (figures.Ran, time.Duration, error) {
	b.edits++
	salt := fmt.Sprintf("%d_%d", b.revision, b.edits)
	text := strings.Replace(statsBuild, `  version = "3.2.0"`, fmt.Sprintf("  module = \"iocstats%s\"\n  usr_cppflags = [\"-DBENCH=%s\"]\n  version = \"3.2.0\"", salt, salt), 1)
	if err := errors.Join(figures.RemoveAll(b.Path("stats", "cairn-out", "iocstats")), figures.Write(b.Path("stats", "BUILD.hcl"), text)); err != nil {
		return figures.Ran{}, 0, err
	}
	return b.counted("stats", "cache", "--sandbox=off", "-j", strconv.Itoa(b.jobs), "//:iocstats")
}

// plain puts iocStats back under its own name, and builds all.
func (b *bench) plain() error {
	if err := figures.Write(b.Path("stats", "BUILD.hcl"), statsBuild); err != nil {
		return err
	}
	_, _, err := b.counted("stats", "cache", "//...")
	return err
}

// clean compares a build of a module of which nothing is there with ninja's of the same commands.
func (b *bench) clean() error {
	n, err := b.ninjaProject()
	if err != nil {
		return err
	}
	ninja := func() (time.Duration, error) {
		if _, err := (figures.Command{Dir: b.Path("ninja"), Argv: []string{b.ninja, "-t", "clean"}}).Run(); err != nil {
			return 0, err
		}
		for _, f := range []string{".ninja_log", ".ninja_deps"} {
			if err := os.Remove(b.Path("ninja", f)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return 0, err
			}
		}
		out, _, took, err := figures.Command{Dir: b.Path("ninja"), Env: []string{"LC_ALL=C", "PWD=/proc/self/cwd"}, Argv: []string{b.ninja, "-j" + strconv.Itoa(b.jobs)}}.Output()
		if err == nil && !strings.Contains(out, fmt.Sprintf("[%d/%d]", n, n)) {
			err = fmt.Errorf("ninja did not run %d commands: %s", n, out)
		}
		return took, err
	}
	var last figures.Ran
	build := func() (time.Duration, error) {
		r, took, err := b.cleanBuild()
		if ran := r.Kinds["Compile"] + r.Kinds["Link"]; err == nil && ran != n {
			err = fmt.Errorf("cairn ran %d compilers and linkers, and ninja %d: %v", ran, n, r.Kinds)
		}
		last = r
		return took, err
	}
	all, err := figures.Turns(b.turns, ninja, build)
	if err != nil {
		return err
	}
	fmt.Printf("\na clean build of iocStats: %d commands of compiler and linker, 17 of them for its files; cairn's actions: %v\n", n, last.Kinds)
	all[0].Line("ninja, the same commands")
	all[1].Line("cairn, sandbox off")
	b.Gate("clean build", all[1].Least(), all[0].Least()*115/100, "1.15 x ninja")
	return b.plain()
}

// header counts what an edit of a comment in a header makes cairn do.
func (b *bench) header() error {
	if _, _, err := b.cleanBuild(); err != nil {
		return err
	}
	file := b.Path("stats", "src/devIocStats.h")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	users := 0
	err = filepath.WalkDir(b.Path("stats", "cairn-out/iocstats/.parts"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(p) != ".d" {
			return err
		}
		deps, err := os.ReadFile(p)
		if strings.Contains(string(deps), "src/devIocStats.h") {
			users++
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := b.plain(); err != nil {
		return err
	}
	fmt.Printf("\na comment in the header devIocStats.h, which %d of the files of iocStats and 1 of another module include\n", users)
	var kinds map[string]int
	all, err := figures.Turns(min(b.turns, 5), func() (time.Duration, error) {
		b.edits++
		// The line's end is as far away as before, so that no line of what follows moves.
		if err := figures.Write(file, strings.TrimRight(string(text), "\n")+fmt.Sprintf(" /* %d %d */\n", os.Getpid(), b.edits)); err != nil {
			return 0, err
		}
		r, took, err := b.counted("stats", "cache", "//:iocstats", "//:above")
		kinds = r.Kinds
		return took, err
	})
	if err != nil {
		return err
	}
	all[0].Line("the header was edited")
	fmt.Printf("  what ran, the last time: %v\n", kinds)
	b.Exactly("files compiled again", kinds["Compile"], users+1)
	b.Exactly("links after it", kinds["Link"], 0)
	return nil
}
