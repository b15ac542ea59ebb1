package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cairn-build/cairn/cmd/internal/pagetest"
	"github.com/cairn-build/cairn/graph/fetch/git/gittest"
)

// TestMain lets the test binary be cairn itself, the worker of its sandbox, or the tests.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cairn": func() { os.Exit(Main()) }})
}

// TestScript runs testdata/script: one file for each behaviour; the first word of its name is the area. Each script has a
// HOME and a cache of its own and the workspace in its current directory.
func TestScript(t *testing.T) {
	locks, err := filepath.Abs("../../testdata/locks")
	if err != nil {
		t.Fatal(err)
	}
	flow, err := os.MkdirTemp("", "cairn-script-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(flow) })
	ioc, err := os.MkdirTemp("", "cairn-script-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(ioc) })
	testscript.RunT(scriptT{t}, testscript.Params{
		Dir: "../../testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LOCKS", locks)
			e.Setenv("FLOWCACHE", filepath.Join(flow, "cache")) // of the scripts that use locks/flow: see its README
			e.Setenv("IOCCACHE", filepath.Join(ioc, "cache"))   // of the scripts that use an epics_base: see testdata/ioc/README.md
			return setUp(e)
		},
		Cmds:               scriptCommands,
		Condition:          condition,
		RequireUniqueNames: true,
		UpdateScripts:      os.Getenv("CAIRN_UPDATE_SCRIPTS") != "",
	})
}

func setUp(e *testscript.Env) error {
	place, err := os.MkdirTemp("", "cairn-script-")
	if err != nil {
		return err
	}
	e.Defer(func() { removeAll(place) })
	work := e.WorkDir
	e.Defer(func() { removeAll(work) })
	home := filepath.Join(place, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		return err
	}
	e.Setenv("HOME", home)
	e.Values[gitServersKey{}] = gitServers{}
	e.Setenv("CAIRN_CACHE", filepath.Join(place, "cache"))
	e.Setenv("PLACE", place)
	e.Setenv("NO_COLOR", "1")
	// What lets a test use the registries that the machine's own clients are set up for.
	for _, name := range []string{"GOMODCACHE", "GOPROXY", "GONOSUMDB", "GOFLAGS", "GOROOT", "GOTOOLCHAIN", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"HTTPS_PROXY", "NO_PROXY", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE", "PIP_CERT", "PIP_FIND_LINKS"} {
		if v, ok := os.LookupEnv(name); ok {
			e.Setenv(name, v)
		}
	}
	return nil
}

// removeAll makes folders writable that a cache keeps read-only, and removes them.
func removeAll(dir string) {
	filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			os.Chmod(p, 0o755)
		}
		return nil
	})
	os.RemoveAll(dir)
}

// condition knows [root], the user that file permissions do not stop, [tourpython], a Python that examples/tour has wheels for,
// [tangopython], one that PyTango has a wheel for, [wheelbase], where an epics_base without a path is to be had,
// [namespaces], where actions are kept apart by the
// kernel, [having:PROGRAM], where a command can have it, [mounts], where a process may have mounts of its own, [browser], where pages can be looked at, and [https], [ssh] and [git], where such a server can run.
func condition(name string) (bool, error) {
	if program, ok := strings.CutPrefix(name, "having:"); ok {
		_, err := havingProgram(program)
		return err == nil, nil
	}
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "tourpython":
		return tourPython(), nil
	case "tangopython":
		return tangoPython(), nil
	case "wheelbase":
		return runtime.GOOS == "linux" && runtime.GOARCH == "amd64", nil
	case "mounts":
		return hasMounts(), nil
	case "namespaces":
		return runtime.GOOS == "linux" && hasNamespaces(), nil
	case "browser":
		return pagetest.Have() == nil, nil
	case "https", "ssh", "git":
		return gittest.Have(name) == nil, nil
	}
	return false, nil
}
