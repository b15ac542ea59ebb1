package pep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Wheel is what a wheel's file name says (PEP 427).
type Wheel struct {
	Name, Version string
	Build         int // 0 where the name has none
	Tags          []string
}

// ParseWheel reads a wheel's file name. Tags are expanded: "py2.py3-none-any" is two.
func ParseWheel(file string) (Wheel, error) {
	base, ok := strings.CutSuffix(file, ".whl")
	parts := strings.Split(base, "-")
	if !ok || len(parts) != 5 && len(parts) != 6 || strings.ContainsAny(file, "/\\") || slices.Contains(parts, "") {
		return Wheel{}, fmt.Errorf("%q is no wheel's name", file)
	}
	w := Wheel{Name: Normalize(parts[0]), Version: strings.ReplaceAll(parts[1], "_", "-")}
	if len(parts) == 6 {
		digits := parts[2][:len(parts[2])-len(strings.TrimLeft(parts[2], "0123456789"))]
		n, err := strconv.Atoi(digits)
		if err != nil {
			return Wheel{}, fmt.Errorf("%q: the build number does not start with a digit", file)
		}
		w.Build = n
	}
	t := parts[len(parts)-3:]
	for _, py := range strings.Split(t[0], ".") {
		for _, abi := range strings.Split(t[1], ".") {
			for _, plat := range strings.Split(t[2], ".") {
				if len(w.Tags) > 10_000 {
					return Wheel{}, fmt.Errorf("%q has too many tags", file)
				}
				w.Tags = append(w.Tags, py+"-"+abi+"-"+plat)
			}
		}
	}
	return w, nil
}

// Interpreter is what of a Python decides about tags; the probe of python_env fills it in.
type Interpreter struct {
	Name    string // sys.implementation.name: "cpython"
	Major   int
	Minor   int
	ABI     string // of CPython: "cp311", "cp313t"
	OS      string // "linux", "darwin"
	Arch    string // of the interpreter: "x86_64", "aarch64", "arm64"
	Libc    string // "glibc" or "musl"
	LibcVer [2]int
	MacOS   [2]int
}

// LibDir gives the name of the interpreter's folder below lib: "python3.11".
func (p Interpreter) LibDir() string {
	name := "python"
	if p.Name == "pypy" {
		name = "pypy"
	}
	dir := fmt.Sprintf("%s%d.%d", name, p.Major, p.Minor)
	if strings.HasSuffix(p.ABI, "t") {
		dir += "t"
	}
	return dir
}

// Tags gives the tags that an interpreter takes, the best first, in the order of packaging.tags.
func (p Interpreter) Tags() []string {
	var out []string
	add := func(py, abi string, plats ...string) {
		for _, pl := range plats {
			out = append(out, py+"-"+abi+"-"+pl)
		}
	}
	plats := p.platforms()
	short := map[string]string{"cpython": "cp", "pypy": "pp"}[p.Name]
	if short == "" {
		short = p.Name
	}
	own := fmt.Sprintf("%s%d%d", short, p.Major, p.Minor)
	add(own, p.ABI, plats...)
	if short == "cp" {
		if !strings.HasSuffix(p.ABI, "t") {
			add(own, "abi3", plats...)
		}
		add(own, "none", plats...)
		if !strings.HasSuffix(p.ABI, "t") {
			for m := p.Minor - 1; m >= 2; m-- {
				add(fmt.Sprintf("cp%d%d", p.Major, m), "abi3", plats...)
			}
		}
	} else {
		add(own, "none", plats...)
	}
	py := []string{fmt.Sprintf("py%d%d", p.Major, p.Minor), fmt.Sprintf("py%d", p.Major)}
	for m := p.Minor - 1; m >= 0; m-- {
		py = append(py, fmt.Sprintf("py%d%d", p.Major, m))
	}
	for _, v := range py {
		add(v, "none", plats...)
	}
	add(own, "none", "any")
	for _, v := range py {
		add(v, "none", "any")
	}
	return out
}

// platforms gives the platform tags, the best first.
func (p Interpreter) platforms() []string {
	switch {
	case p.OS == "darwin":
		return p.macPlatforms()
	case p.OS != "linux":
		return []string{p.OS + "_" + p.Arch}
	}
	var out []string
	if p.Libc == "musl" {
		for m := p.LibcVer[1]; m >= 0; m-- {
			out = append(out, fmt.Sprintf("musllinux_%d_%d_%s", p.LibcVer[0], m, p.Arch))
		}
		return append(out, "linux_"+p.Arch)
	}
	lowest := 17
	if p.Arch == "x86_64" || p.Arch == "i686" {
		lowest = 5
	}
	old := map[int]string{17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
	for m := p.LibcVer[1]; m >= lowest && p.LibcVer[0] == 2; m-- {
		out = append(out, fmt.Sprintf("manylinux_2_%d_%s", m, p.Arch))
		if name := old[m]; name != "" {
			out = append(out, name+"_"+p.Arch)
		}
	}
	return append(out, "linux_"+p.Arch)
}

func (p Interpreter) macPlatforms() []string {
	var out []string
	add := func(major, minor int) {
		formats := []string{p.Arch, "universal2"}
		if p.Arch == "x86_64" {
			formats = []string{"x86_64", "intel", "fat64", "fat32", "universal2", "universal"}
		}
		for _, f := range formats {
			out = append(out, fmt.Sprintf("macosx_%d_%d_%s", major, minor, f))
		}
	}
	for major := p.MacOS[0]; major >= 11; major-- {
		add(major, 0)
	}
	top := 16
	if p.MacOS[0] == 10 {
		top = p.MacOS[1]
	}
	for minor := top; minor >= 4; minor-- {
		if p.Arch == "arm64" { // such machines came with macOS 11; older universal2 wheels have their code
			out = append(out, fmt.Sprintf("macosx_10_%d_universal2", minor))
			continue
		}
		add(10, minor)
	}
	return out
}
