package startup

import (
	"bytes"
	"slices"
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
