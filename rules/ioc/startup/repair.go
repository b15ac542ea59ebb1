package startup

import (
	"bytes"
	"fmt"
	"path"
	"slices"

	"github.com/cairn-build/cairn/graph/diag"
)

// Mended gives copies of those scripts that cannot be given to the IOC's shell as they are: those whose last line has no line end, which the
// shell would leave out, and those that load one of them. at says where a copy will lie, as the shell is told. Keys are names of s.Files.
func (s *Script) Mended(at func(name string) string) map[string][]byte {
	bad := map[string]bool{}
	for _, f := range s.Files {
		if !bytes.Equal(f.Data, f.Whole) {
			bad[f.Name] = true
		}
	}
	for more := len(bad) > 0; more; {
		more = false
		for _, f := range s.Files {
			if !bad[f.Name] && slices.ContainsFunc(f.loads, func(l load) bool { return bad[l.name] }) {
				bad[f.Name], more = true, true
			}
		}
	}
	out := map[string][]byte{}
	for _, f := range s.Files {
		if !bad[f.Name] {
			continue
		}
		var b bytes.Buffer
		from := 0
		for _, l := range f.loads {
			if !bad[l.name] || l.start < from {
				continue
			}
			b.Write(f.Whole[from:l.start])
			b.WriteString(quote(at(l.name)))
			from = l.end
		}
		b.Write(f.Whole[from:])
		out[f.Name] = b.Bytes()
	}
	return out
}

// CopyNames gives a function that names copies of files in one folder, which no folder of theirs is part of: the same file has the same
// name each time, two files never have one, and none has one of used.
func CopyNames(used ...string) func(file string) string {
	names := map[string]string{}
	taken := map[string]bool{}
	for _, u := range used {
		taken[u] = true
	}
	return func(file string) string {
		if names[file] == "" {
			n := path.Base(file)
			for i := 2; taken[n]; i++ {
				n = fmt.Sprintf("%d_%s", i, path.Base(file))
			}
			taken[n], names[file] = true, n
		}
		return names[file]
	}
}

// WholeScript gives a script its last line end, with a warning where there was none; the IOC's shell would leave that line out. name is for
// the warning's place.
func WholeScript(name string, text []byte) ([]byte, diag.List) {
	if len(text) == 0 || text[len(text)-1] == '\n' {
		return text, nil
	}
	_, said := Read(name, text, Options{})
	said = slices.DeleteFunc(said, func(d diag.Diag) bool { return d.Code != "no-final-newline" })
	return append(text, '\n'), said
}
