package module

import (
	"bytes"
	"debug/elf"
	"path"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/rule"
	"github.com/cairn-build/cairn/rules/ioc"
)

// sharedLibrary is what a shared library defines for others, and what it wants of those that are loaded before it: not what the linker has
// found in a library of the machine, whose name and version then stand with the symbol.
type sharedLibrary struct {
	has, wants map[string]bool
	asks       []string // the libraries that it asks for by name
}

// readLibrary reads a shared library among a Call's inputs.
func readLibrary(c rule.CallContext, at string) (*sharedLibrary, error) {
	b, err := ioc.InputBytes(c, at)
	if err != nil {
		return nil, err
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return nil, err
	}
	l := &sharedLibrary{has: map[string]bool{}, wants: map[string]bool{}}
	for _, s := range symbols {
		switch {
		case s.Section != elf.SHN_UNDEF:
			l.has[s.Name] = true
		case elf.ST_BIND(s.Info) != elf.STB_WEAK && s.Version == "":
			l.wants[s.Name] = true
		}
	}
	l.asks, err = f.ImportedLibraries()
	return l, err
}

// knownLibraries says whether what the library asks for is of the compiler, where each symbol has a version, or among files.
func (l *sharedLibrary) knownLibraries(files []string) bool {
	for _, name := range l.asks {
		stem, _, _ := strings.Cut(name, ".so")
		switch {
		case slices.Contains([]string{"libc", "libm", "libstdc++", "libgcc_s", "libpthread", "libdl", "librt"}, stem):
		case strings.HasPrefix(name, "ld-linux"):
		case slices.ContainsFunc(files, func(f string) bool { return path.Base(f) == name }):
		default:
			return false
		}
	}
	return true
}

// objectWants gives what an object file refers to and does not define.
func objectWants(c rule.CallContext, at string) (map[string]bool, error) {
	b, err := ioc.InputBytes(c, at)
	if err != nil {
		return nil, err
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		return nil, err
	}
	wants := map[string]bool{}
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && s.Name != "" {
			wants[s.Name] = true
		}
	}
	return wants, nil
}

// dynamicSymbols gives the symbols of a shared library that the dynamic linker sees.
func dynamicSymbols(library []byte) ([]elf.Symbol, error) {
	f, err := elf.NewFile(bytes.NewReader(library))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.DynamicSymbols()
}
