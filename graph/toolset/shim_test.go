package toolset

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pyenv makes a pyenv in a folder, with shims and two versions. Each question to it is a line in its log.
func (h *host) pyenv(rel string) {
	root := h.at(rel)
	h.put(rel+"/libexec/pyenv", `#!/bin/sh
root=${0%/libexec/pyenv}
echo "$*" >> $root/log
v=${PYENV_VERSION:-$(cat $root/version)}
case $1 in
which) [ -x $root/versions/$v/bin/$2 ] || { echo "pyenv: $2: command not found" >&2; exit 127; }; echo $root/versions/$v/bin/$2 ;;
exec) exec $root/versions/$v/bin/$2 ;;
esac
`)
	h.put(rel+"/version", "1.0\n")
	for _, n := range []string{"tool", "other", "third", "fourth"} {
		h.put(rel+"/shims/"+n, "#!/usr/bin/env bash\nset -e\nprogram=\"${0##*/}\"\nexport PYENV_ROOT=\""+root+"\"\nexec \""+root+"/libexec/pyenv\" exec \"$program\" \"$@\"\n")
		if n == "fourth" {
			continue
		}
		for _, v := range []string{"1.0", "2.0"} {
			h.put(rel+"/versions/"+v+"/bin/"+n, "#!/bin/sh\necho "+n+" "+v+"\n")
			h.put(rel+"/versions/"+v+"/lib/data", v)
		}
	}
}

func TestPyenv(t *testing.T) {
	h := newHost(t)
	h.pyenv("home/.pyenv")
	h.env["PATH"] = h.at("home/.pyenv/shims") + ":/usr/bin:/bin"
	tool, other := h.resolve("tool"), h.resolve("other")
	if tool.Path != h.at("home/.pyenv/versions/1.0/bin/tool") {
		t.Errorf("%s", tool.Path)
	}
	if tool.Identity == other.Identity {
		t.Error("two programs behind equal shims are the same")
	}
	if !slices.Equal(tool.Roots, []string{h.at("home/.pyenv/versions/1.0")}) {
		t.Errorf("roots %v", tool.Roots)
	}
	asked := h.lines("home/.pyenv/log")
	if again := h.resolve("tool"); again.Identity != tool.Identity || h.lines("home/.pyenv/log") != asked {
		t.Error("a second process asks again")
	}

	h.put("home/.pyenv/version", "2.0\n")
	global := h.resolve("tool")
	if global.Path != h.at("home/.pyenv/versions/2.0/bin/tool") || global.Identity == tool.Identity {
		t.Errorf("another global version is not seen: %s", global.Path)
	}
	h.env["PYENV_VERSION"] = "1.0"
	if got := h.resolve("tool"); got.Identity != tool.Identity {
		t.Errorf("PYENV_VERSION does not count: %s", got.Path)
	}
	var se *ShimError
	if err := h.fails("fourth"); !errors.As(err, &se) || !strings.Contains(err.Error(), "command not found") {
		t.Errorf("%v", err)
	}
}

// TestPyenvElsewhere: the manager and its versions are in two places, and only the shim says where the versions are.
func TestPyenvElsewhere(t *testing.T) {
	h := newHost(t)
	root := h.at("data/pyenv")
	h.put("opt/pyenv/libexec/pyenv", "#!/bin/sh\necho $PYENV_ROOT/versions/$(cat $PYENV_ROOT/version)/bin/$2\n")
	h.put("data/pyenv/version", "1.0\n")
	for _, v := range []string{"1.0", "2.0"} {
		h.put("data/pyenv/versions/"+v+"/bin/tool", "#!/bin/sh\necho "+v+"\n")
	}
	h.put("data/pyenv/shims/tool", "#!/usr/bin/env bash\nset -e\nprogram=\"${0##*/}\"\nexport PYENV_ROOT=\""+root+"\"\nexec \""+h.at("opt/pyenv")+"/libexec/pyenv\" exec \"$program\" \"$@\"\n")
	h.env["PATH"] = root + "/shims:/usr/bin:/bin"
	one := h.resolve("tool")
	h.put("data/pyenv/version", "2.0\n")
	two := h.resolve("tool")
	if one.Path != root+"/versions/1.0/bin/tool" || two.Path != root+"/versions/2.0/bin/tool" {
		t.Errorf("%s, %s", one.Path, two.Path)
	}
}

func TestTwoHomes(t *testing.T) {
	h := newHost(t)
	h.pyenv("one/.pyenv")
	h.pyenv("two/.pyenv")
	var got []Tool
	for _, home := range []string{"one", "two"} {
		h.env = map[string]string{"HOME": h.at(home), "PATH": h.at(home) + "/.pyenv/shims:/usr/bin:/bin", "PYENV_ROOT": h.at(home) + "/.pyenv"}
		got = append(got, h.resolve("tool"))
	}
	if got[0].Identity != got[1].Identity || got[0].Path == got[1].Path {
		t.Errorf("%s %s\n%s %s", got[0].Identity, got[0].Path, got[1].Identity, got[1].Path)
	}
}

func TestManagers(t *testing.T) {
	const real = "#!/bin/sh\necho real\n"
	answer := func(path string) string {
		return "#!/bin/sh\n[ \"$1 $2\" = 'which tool' ] || exit 1\necho " + path + "\n"
	}
	for name, make := range map[string]func(h *host){
		"rustup, link": func(h *host) {
			h.put("path/rustup", answer(h.at("real/bin/tool")))
			h.link("rustup", "path/tool")
		},
		"rustup, hard link": func(h *host) {
			p := h.put("path/rustup", answer(h.at("real/bin/tool")))
			if err := os.Link(p, h.at("path/tool")); err != nil {
				h.Fatal(err)
			}
		},
		"mise": func(h *host) {
			h.put("home/.local/bin/mise", answer(h.at("real/bin/tool")))
			h.link(h.at("home/.local/bin/mise"), "path/tool")
		},
		"volta": func(h *host) {
			h.put("home/.volta/bin/volta", answer(h.at("real/bin/tool")))
			h.put("home/.volta/bin/volta-shim", "#!/bin/sh\n")
			h.link(h.at("home/.volta/bin/volta-shim"), "path/tool")
		},
		"asdf": func(h *host) {
			h.put("home/.asdf/bin/asdf", answer(h.at("real/bin/tool")))
			h.put("path/tool", "#!/usr/bin/env bash\n# asdf-plugin: tool 1.0\nexec "+h.at("home/.asdf/bin/asdf")+" exec \"tool\" \"$@\"\n")
		},
		"asdf on PATH": func(h *host) {
			h.put("path/asdf", answer(h.at("real/bin/tool")))
			h.put("path/tool", "#!/usr/bin/env bash\nexec asdf exec \"tool\" \"$@\"\n")
		},
		"a link to a shim": func(h *host) {
			h.put("path/rustup", answer(h.at("real/bin/tool")))
			h.link("rustup", "home/bin/tool")
			h.put("home/bin/rustup", answer(h.at("real/bin/tool")))
			h.link(h.at("home/bin/tool"), "path/tool")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.put("real/bin/tool", real)
			make(h)
			got := h.resolve("tool")
			if got.Path != h.at("real/bin/tool") || got.Programs["tool"] != got.Path {
				t.Fatalf("%s %v", got.Path, got.Programs)
			}
			h.put("real/bin/tool", real+"# changed\n")
			if h.resolve("tool").Identity == got.Identity {
				t.Error("the program behind the shim changed, and nothing is seen")
			}
		})
	}
}

func TestUnknownManager(t *testing.T) {
	h := newHost(t)
	shim := "#!/bin/sh\nexec " + h.at("hidden") + "/$(basename $0) \"$@\"\n"
	for _, n := range []string{"tool", "b", "c", "silent"} {
		h.put("path/"+n, shim)
	}
	h.put("hidden/tool", "#!/bin/sh\necho tool 1.0\n")
	h.put("hidden/b", "#!/bin/sh\necho b 1.0\n")
	got := h.resolve("tool")
	if got.Path != h.at("path/tool") || got.Identity == h.resolve("b").Identity {
		t.Errorf("%s", got.Path)
	}
	h.store.Forget(4, New(h.o).recordKey("tool", h.at("path/tool"), "content"))
	h.put("hidden/tool", "#!/bin/sh\necho tool 2.0\n")
	if h.resolve("tool").Identity == got.Identity {
		t.Error("what it says of its version does not count")
	}
	var se *ShimError
	if err := h.fails("silent"); !errors.As(err, &se) || se.Name != "silent" {
		t.Errorf("%v", err)
	}
	h.put("path/python3", shim)
	h.put("hidden/python3", "#!/bin/sh\n[ \"$1\" = -c ] && echo "+h.at("real/bin/python3")+"\n")
	h.put("real/bin/python3", fakePython(h.at("real")))
	if got := h.resolve("python3"); got.Path != h.at("real/bin/python3") {
		t.Errorf("a Python is not asked which it is: %s", got.Path)
	}
}

func fakePython(prefix string) string {
	return "#!/bin/sh\nprintf '%s\\n' " + strings.Join([]string{prefix, prefix, prefix + "/lib/python3", prefix + "/lib/python3",
		"''", prefix + "/lib/python3", prefix + "/lib/python3/site-packages"}, " ") + "\n"
}

func TestPython(t *testing.T) {
	h := newHost(t)
	h.put("bin/python3", fakePython(h.at("")))
	h.put("lib/python3/os.py", "1")
	h.put("lib/python3/json/a.py", "1")
	h.put("lib/python3/site-packages/numpy-1.0.dist-info/METADATA", "")
	first := h.resolve("python3")
	changes := func(what string, f func()) {
		t.Helper()
		was := h.resolve("python3").Identity
		f()
		if h.resolve("python3").Identity == was {
			t.Errorf("%s: nothing is seen", what)
		}
	}
	h.put("lib/python3/__pycache__/os.pyc", "1")
	if h.resolve("python3").Identity != first.Identity {
		t.Error("bytecode counts")
	}
	changes("a longer file of the library", func() { h.put("lib/python3/os.py", "12") })
	changes("a new file of the library", func() { h.put("lib/python3/new.py", "") })
	changes("another version of a package", func() {
		if err := os.Rename(h.at("lib/python3/site-packages/numpy-1.0.dist-info"), h.at("lib/python3/site-packages/numpy-1.1.dist-info")); err != nil {
			t.Fatal(err)
		}
	})
	h.put("venv/pyvenv.cfg", "home = x\n")
	h.o.Overrides["python3"] = h.link(h.at("bin/python3"), "venv/bin/python3")
	if got := h.resolve("python3"); got.Path != h.at("venv/bin/python3") {
		t.Errorf("the link of a virtual environment is followed: %s", got.Path)
	}
	h.put("bin/python3", "#!/bin/sh\nexit 1\n")
	if err := h.fails("python3"); !strings.Contains(err.Error(), "does not work") {
		t.Errorf("%v", err)
	}
}

func TestGoWrapper(t *testing.T) {
	h := newHost(t)
	h.put("sdk/VERSION", "go1.99")
	h.put("sdk/bin/go", "#!/bin/sh\necho go\n")
	h.put("sdk/bin/gofmt", "#!/bin/sh\n")
	h.put("bin/go", "#!/bin/sh\n[ \"$*\" = 'env GOROOT' ] && echo "+h.at("sdk")+"\n")
	got := h.resolve("go")
	if got.Programs["gofmt"] != h.at("sdk/bin/gofmt") || !slices.Contains(got.Roots, h.at("sdk")) {
		t.Errorf("%v %v", got.Programs, got.Roots)
	}
	for _, f := range []string{"VERSION", "bin/go"} {
		was := h.resolve("go").Identity
		h.put(filepath.Join("sdk", f), "#!/bin/sh\necho changed\n")
		if h.resolve("go").Identity == was {
			t.Errorf("%s changed, and nothing is seen", f)
		}
	}
}

func TestHostPackages(t *testing.T) {
	h := newHost(t)
	h.put("bin/python3", fakePython(h.at("")))
	h.put("lib/python3/os.py", "1")
	const site = "lib/python3/site-packages/"
	h.put(site+"numpy-1.0.dist-info/METADATA", "")
	h.put(site+"numpy-1.0.dist-info/RECORD", "numpy.py,sha256=a,1")
	h.put(site+"tango-9.egg-info/PKG-INFO", "Version: 9")
	got := h.resolve("python3 packages")
	if got.Path != "" || len(got.Programs) > 0 {
		t.Errorf("packages are a program: %+v", got)
	}
	changes := func(what string, f func()) {
		t.Helper()
		was := h.resolve("python3 packages").Identity
		f()
		if h.resolve("python3 packages").Identity == was {
			t.Errorf("%s: nothing is seen", what)
		}
	}
	changes("another RECORD", func() { h.put(site+"numpy-1.0.dist-info/RECORD", "numpy.py,sha256=b,1") })
	changes("another PKG-INFO", func() { h.put(site+"tango-9.egg-info/PKG-INFO", "Version: 10") })
	changes("a .pth file", func() { h.put(site+"x.pth", "/x") })
	changes("another .pth file", func() { h.put(site+"x.pth", "/y") })
	changes("an .egg-link file", func() { h.put(site+"y.egg-link", "/y") })
	changes("a module", func() { h.put(site+"loose.py", "") })
	was := h.resolve("python3 packages").Identity
	h.put("lib/python3/os.py", "12")
	h.put(site+"__pycache__/loose.pyc", "")
	h.put(site+"numpy-1.0.dist-info/METADATA", "x")
	if h.resolve("python3 packages").Identity != was {
		t.Error("the library, bytecode or what a RECORD tells already count")
	}
	h.put("bin/python3", "#!/bin/sh\nexit 1\n")
	if err := h.fails("python3 packages"); !strings.Contains(err.Error(), "does not work") {
		t.Errorf("%v", err)
	}
}
