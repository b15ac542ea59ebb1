package base

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-build/cairn/rules/ioc/startup"
)

// installedRequire puts the shell scripts of require into a tree, with a base whose IOC prints the script that it is started with.
func installedRequire(t *testing.T) (folder string, env []string) {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	folder = filepath.Join(top, "site", "require", RequireVersion)
	put := func(rel string, data []byte, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, rel)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, rel), data, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"iocsh", "activate"} {
		b, err := requireSources.ReadFile("require/bin/" + name)
		if err != nil {
			t.Fatal(err)
		}
		put("bin/"+name, b, 0o755)
	}
	put("lib/linux-x86_64/librequire.so", nil, 0o644)
	put("base/bin/linux-x86_64/softIocPVA", []byte("#!/bin/sh\ncat \"$3\"\n"), 0o755)
	for _, name := range []string{"PATH", "USER"} {
		env = append(env, name+"="+os.Getenv(name))
	}
	return folder, append(env, "TMPDIR="+t.TempDir())
}

// TestScriptsOfStartAgree compares what the shell script writes for a start with what package startup does.
func TestScriptsOfStartAgree(t *testing.T) {
	folder, env := installedRequire(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"st.cmd":      "# iocInit\niocInitX\n  #iocInit\necho iocInit\niocInit_\n",
		"init.cmd":    "\t iocInit()\n",
		"bare.cmd":    "iocInit\n",
		"odd.cmd":     "iocInit;\n",
		"outer.cmd":   "iocshLoad(\"$(E3_CMD_TOP)/inner.cmd\", \"P=A\")\n",
		"inner.cmd":   "# < st.cmd\n< bare.cmd\n",
		"unknown.cmd": "iocshLoad $(NOBODY_KNOWS)bare.cmd\niocshLoad nothere.cmd\n< st.cmd\n",
		"a \"b\".cmd": "echo quoted\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		modules, commands, databases []string
		file                         string
		noInit, debug                bool
	}{
		{},
		{noInit: true},
		{modules: []string{"asyn"}, debug: true},
		{modules: []string{"asyn,4.42.0", " stream , 2.8.24+1 ", "iocstats,", "mod,test+2"}, file: "st.cmd"},
		{file: "init.cmd", commands: []string{"dbl", `epicsEnvSet("A", "$(B=\"x\")")`}},
		{file: "bare.cmd", modules: []string{"x"}},
		{file: "odd.cmd"},
		{file: "outer.cmd"},
		{file: "unknown.cmd"},
		{file: `a "b".cmd`, databases: []string{"a.db", `b.template,P=X:,R="y z"`, "c.subs", "d.subst", "e.substitutions,A=B", "f.subs.db", `back\slash.db , M=1 `}},
		{commands: []string{"iocInit"}},
		{commands: []string{"  iocInit()", "dbl"}},
		{commands: []string{"iocInitX", "# iocInit", "  $(HERE=x)/y"}, databases: []string{"$(TOP)/db/x.db,P=$(P)"}},
		{noInit: true, file: "st.cmd", commands: []string{"iocInit"}},
	} {
		args := []string{"--iocname", "IOC:one"}
		want := startup.Start{IOC: "IOC:one", Top: dir, Debug: c.debug, NoInit: c.noInit, Commands: c.commands}
		for _, d := range c.databases {
			args = append(args, "-d", d)
			want.Databases = append(want.Databases, startup.ParseDatabase(d))
		}
		for _, m := range c.modules {
			args = append(args, "-r", m)
			want.Modules = append(want.Modules, startup.ParseModule(m))
		}
		if c.file != "" {
			args = append(args, c.file)
			want.File = filepath.Join(dir, c.file)
			s, _ := startup.Read(c.file, []byte(files[c.file]), startup.Options{
				Env: func(name string) (string, bool) { return dir, name == "E3_CMD_TOP" },
				Look: func(_ startup.Kind, p string) (string, []byte, startup.Found) {
					text, ok := files[filepath.Base(p)]
					if !ok {
						return "", nil, startup.Missing
					}
					return p, []byte(text), startup.There
				},
			})
			want.NoInit = want.NoInit || s.Init
		}
		for _, l := range c.commands {
			args = append(args, "-c", l)
		}
		s, _ := startup.Read("-c", []byte(strings.Join(c.commands, "\n")), startup.Options{})
		want.NoInit = want.NoInit || s.Init
		if c.noInit {
			args = append(args, "-i")
		}
		if c.debug {
			args = append(args, "--debug")
		}
		run := exec.Command("sh", append([]string{"-c", `. "$0/bin/activate" && exec iocsh "$@"`, folder}, args...)...)
		run.Dir, run.Env = dir, env
		out, err := run.Output()
		if err != nil {
			t.Errorf("%q: %v", args, err)
		}
		if got := string(out); got != string(want.Script()) {
			t.Errorf("%q: iocsh writes\n%s\nand package startup\n%s", args, got, want.Script())
		}
	}
}
