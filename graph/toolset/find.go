package toolset

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/cairn-build/cairn/graph/diag"
)

// found is where a program lies, before any link or shim is followed.
type found struct {
	path   string
	absent []string // where it was looked for before without success: what appears there is found first
}

// find looks for name: overrides, the fixed search, the folders of PATH.
func (r *Resolver) find(name string) (found, error) {
	if p, ok := r.o.Overrides[name]; ok {
		if !filepath.IsAbs(p) || !executable(p) {
			return found{}, &NotFoundError{Name: name, Looked: []string{p}}
		}
		return found{path: filepath.Clean(p)}, nil
	}
	dirs := r.dirs()
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return found{}, &NotFoundError{Name: name, Looked: dirs}
	}
	var f found
	for _, d := range dirs {
		if f.path = filepath.Join(d, name); executable(f.path) {
			return f, nil
		}
		f.absent = append(f.absent, f.path)
	}
	return found{}, &NotFoundError{Name: name, Looked: dirs, Near: near(name, dirs)}
}

// dirs is where programs are looked for. Folders of PATH that depend on the current folder do not count.
func (r *Resolver) dirs() []string {
	dirs := slices.Clone(r.o.Search)
	path, _ := r.o.Getenv("PATH")
	for _, d := range filepath.SplitList(path) {
		if filepath.IsAbs(d) && !slices.Contains(dirs, filepath.Clean(d)) {
			dirs = append(dirs, filepath.Clean(d))
		}
	}
	return dirs
}

func executable(p string) bool {
	var st syscall.Stat_t
	return syscall.Stat(p, &st) == nil && st.Mode&syscall.S_IFMT == syscall.S_IFREG && st.Mode&0o111 != 0
}

// near gives up to three names of programs that are spelled like name.
func near(name string, dirs []string) []string {
	var names []string
	for _, d := range dirs {
		entries, _ := os.ReadDir(d)
		for _, e := range entries {
			if !e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	var out []string
	for len(out) < 3 {
		n := diag.Nearest(name, names)
		if n == "" {
			break
		}
		out = append(out, n)
		names = slices.DeleteFunc(names, func(s string) bool { return s == n })
	}
	return out
}

// chain gives path and what its last element leads to, link by link, ending with what is no link. Folders on the way are
// resolved.
func chain(path string) ([]string, error) {
	var out []string
	for range 40 {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		path = filepath.Join(dir, filepath.Base(path))
		out = append(out, path)
		fi, err := os.Lstat(path)
		if err != nil {
			return nil, err
		}
		if fi.Mode()&fs.ModeSymlink == 0 {
			return out, nil
		}
		to, err := os.Readlink(path)
		if err != nil {
			return nil, err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(dir, to)
		}
		path = to
	}
	return nil, &fs.PathError{Op: "readlink", Path: out[0], Err: fs.ErrInvalid}
}

// byName gives the element of a chain that a program should be started by: its end, unless that has another name. Some
// programs look at the name that they are called by (sh that is bash, clang++ that is clang, busybox), and keep it. A name
// that only says more (python3.11, x86_64-linux-gnu-gcc-12) is no other name.
func byName(name string, links []string) string {
	end := links[len(links)-1]
	base := filepath.Base(end)
	if strings.HasPrefix(base, name) && !strings.HasPrefix(base[len(name):], "+") || strings.HasSuffix(base, "-"+name) ||
		strings.Contains(base, "-"+name+"-") {
		return end
	}
	for _, p := range slices.Backward(links) {
		if filepath.Base(p) == name && !below(alternatives, p) { // the way, not the place
			return p
		}
	}
	return end
}

// systemDirs are shown in every sandbox, as the machine has them.
var systemDirs = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}

// alternatives is shown as well, as a part of the sandbox's own /etc: links of Debian's /usr/bin lead through it.
const alternatives = "/etc/alternatives"

// InSystem says whether every sandbox shows path anyway.
func InSystem(path string) bool {
	return below(alternatives, path) || slices.ContainsFunc(systemDirs, func(d string) bool { return below(d, path) })
}

// SystemDirs gives the folders that every sandbox shows, as far as they exist.
func SystemDirs() []string { return slices.Clone(systemDirs) }

func below(dir, path string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

// root gives the folder, or the file, that a sandbox must show for the file at path to work; "" where every sandbox does.
// Programs expect their libraries beside the folder that they lie in; but that must not be somebody's HOME, or the root.
func (r *Resolver) root(path string) string {
	if InSystem(path) {
		return ""
	}
	dir := filepath.Dir(path)
	switch filepath.Base(dir) {
	case "bin", "sbin", "libexec":
		up := filepath.Dir(dir)
		for _, sub := range []string{"lib", "lib64", "libexec", "share"} {
			if fi, err := os.Stat(filepath.Join(up, sub)); err == nil && fi.IsDir() && !r.tooWide(up) {
				return up
			}
		}
	}
	return path
}

// tooWide says whether a folder holds much more than one program's files.
func (r *Resolver) tooWide(dir string) bool {
	home, _ := r.o.Getenv("HOME")
	if home != "" && (below(dir, home) || dir == filepath.Join(home, ".local")) {
		return true
	}
	return slices.Contains([]string{"/", "/opt", "/home", "/root", "/tmp", "/var", "/srv", "/mnt"}, dir)
}

// addRoots puts roots together, without those that lie below others.
func addRoots(roots []string, more ...string) []string {
	for _, m := range more {
		if m == "" || InSystem(m) || slices.ContainsFunc(roots, func(r string) bool { return below(r, m) }) {
			continue
		}
		roots = slices.DeleteFunc(roots, func(r string) bool { return below(m, r) })
		roots = append(roots, m)
	}
	slices.SortFunc(roots, cmp.Compare[string])
	return roots
}
