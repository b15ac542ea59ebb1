package toolset

import (
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

const loaderCachePath = "/etc/ld.so.cache"

// closure gives all that the loader loads for the ELF file at path, each once, in the order of loading; nothing for other
// files. It looks where ld.so(8) says: DT_RPATH of the object and of those that loaded it unless it has DT_RUNPATH,
// DT_RUNPATH, ld.so.cache, the standard folders. LD_LIBRARY_PATH is not set for actions.
func (m *memory) closure(path string) []library {
	type item struct {
		o       *object
		inherit []string // DT_RPATH of those that loaded it
	}
	top := m.object(path)
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
			rpath = slices.Concat(it.o.rpath, it.inherit)
		}
		for _, soname := range it.o.needed {
			if seen[soname] {
				continue
			}
			seen[soname] = true
			if soname == filepath.Base(top.interp) {
				continue // it is there already
			}
			at, o := m.library(soname, top, rpath, it.o.runpath)
			out = append(out, library{soname, at})
			if o != nil {
				queue = append(queue, item{o, rpath})
			}
		}
	}
	return out
}

// standardDirs are the folders that loaders know without being told.
func standardDirs(o *object) []string {
	dirs := []string{"/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"}
	if triplet := map[elf.Machine]string{elf.EM_X86_64: "x86_64-linux-gnu", elf.EM_AARCH64: "aarch64-linux-gnu"}[o.machine]; triplet != "" {
		dirs = append(dirs, "/lib/"+triplet, "/usr/lib/"+triplet)
	}
	return dirs
}

func (m *memory) library(soname string, top *object, rpath, runpath []string) (string, *object) {
	try := func(p string) *object {
		if o := m.object(p); o != nil && o.class == top.class && o.machine == top.machine {
			return o
		}
		return nil
	}
	if strings.Contains(soname, "/") {
		if o := try(soname); o != nil {
			return soname, o
		}
		return "", nil
	}
	if len(runpath) > 0 {
		rpath = runpath
	}
	var at []string
	for _, d := range rpath {
		at = append(at, filepath.Join(d, soname))
	}
	at = append(at, m.loaderCache()[soname]...)
	for _, d := range standardDirs(top) {
		at = append(at, filepath.Join(d, soname))
	}
	for _, p := range at {
		if o := try(p); o != nil {
			return p, o
		}
	}
	return "", nil
}

// loaderCache is this machine's ld.so.cache. A machine without one has the standard folders.
func (m *memory) loaderCache() map[string][]string {
	now := factOf(loaderCachePath)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ldcache == nil || m.ldfact != now {
		b, _ := os.ReadFile(loaderCachePath)
		if m.ldcache = parseLoaderCache(b); m.ldcache == nil {
			m.ldcache = map[string][]string{}
		}
		m.ldfact = now
	}
	return m.ldcache
}
