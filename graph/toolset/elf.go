package toolset

import (
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// library is one shared object that a program loads when it starts.
type library struct {
	soname string // as DT_NEEDED gives it; "ld.so" for the program's interpreter
	path   string // "" where it is not found
}

// object is what the closure needs to know of an ELF file.
type object struct {
	class   elf.Class
	machine elf.Machine
	needed  []string
	rpath   []string
	runpath []string
	interp  string
}

// readObject gives nil for what is no ELF file.
func readObject(path string) *object {
	f, err := elf.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	o := &object{class: f.Class, machine: f.Machine}
	o.needed, _ = f.ImportedLibraries()
	rpath, _ := f.DynString(elf.DT_RPATH)
	runpath, _ := f.DynString(elf.DT_RUNPATH)
	origin := filepath.Dir(path)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		origin = filepath.Dir(real)
	}
	o.rpath, o.runpath = searchPath(rpath, origin), searchPath(runpath, origin)
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err == nil {
				o.interp = strings.TrimRight(string(b), "\x00")
			}
		}
	}
	return o
}

// searchPath takes a DT_RPATH or DT_RUNPATH apart. Of the names that the loader replaces, only ORIGIN is in use.
func searchPath(entries []string, origin string) []string {
	var out []string
	for _, e := range entries {
		for _, d := range strings.Split(e, ":") {
			d = strings.ReplaceAll(strings.ReplaceAll(d, "${ORIGIN}", origin), "$ORIGIN", origin)
			if filepath.IsAbs(d) {
				out = append(out, filepath.Clean(d))
			}
		}
	}
	return out
}

// closure gives all that the loader loads for the ELF file at path, each once, in the order of loading; nothing for other
// files. It looks where ld.so(8) says: DT_RPATH of the object and of those that loaded it unless it has DT_RUNPATH,
// DT_RUNPATH, ld.so.cache, the standard folders. LD_LIBRARY_PATH is not set for actions.
func closure(path string) []library {
	type item struct {
		o       *object
		inherit []string // DT_RPATH of those that loaded it
	}
	top := readObject(path)
	if top == nil {
		return nil
	}
	var out []library
	seen := map[string]bool{}
	if top.interp != "" {
		out = append(out, library{"ld.so", top.interp})
	}
	for queue := []item{{o: top}}; len(queue) > 0; queue = queue[1:] {
		it := queue[0]
		rpath := it.inherit
		if len(it.o.runpath) == 0 {
			rpath = append(append([]string{}, it.o.rpath...), it.inherit...)
		}
		for _, soname := range it.o.needed {
			if seen[soname] {
				continue
			}
			seen[soname] = true
			at, o := findLibrary(soname, top, rpath, it.o.runpath)
			if at != "" && at == top.interp {
				continue
			}
			out = append(out, library{soname, at})
			if o != nil {
				queue = append(queue, item{o, rpath})
			}
		}
	}
	return out
}

// standardDirs are the folders that loaders know without being told.
var standardDirs = []string{"/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"}

func findLibrary(soname string, top *object, rpath, runpath []string) (string, *object) {
	try := func(p string) *object {
		if o := readObject(p); o != nil && o.class == top.class && o.machine == top.machine {
			return o
		}
		return nil
	}
	if strings.Contains(soname, "/") {
		return soname, try(soname)
	}
	if len(runpath) > 0 {
		rpath = runpath
	}
	for _, d := range rpath {
		if o := try(filepath.Join(d, soname)); o != nil {
			return filepath.Join(d, soname), o
		}
	}
	for _, p := range loaderCache()[soname] {
		if o := try(p); o != nil {
			return p, o
		}
	}
	for _, d := range standardDirs {
		if o := try(filepath.Join(d, soname)); o != nil {
			return filepath.Join(d, soname), o
		}
	}
	return "", nil
}

// loaderCache is this machine's ld.so.cache, read once.
var loaderCache = sync.OnceValue(func() map[string][]string {
	b, err := os.ReadFile("/etc/ld.so.cache")
	if err != nil {
		return nil
	}
	return parseLoaderCache(b)
})
