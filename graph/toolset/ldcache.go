package toolset

import (
	"bytes"
	"encoding/binary"
)

// parseLoaderCache reads ld.so.cache: soname -> paths, in the file's order. The format is that of struct cache_file_new in
// glibc's sysdeps/generic/dl-cache.h: magic and version (20 bytes), nlibs, len_strings (4 bytes each), flags and three bytes of
// padding, the offset of extensions, 12 unused bytes; then for each library flags, key, value, osversion (4 bytes each) and
// hwcap (8). key and value are offsets of NUL-terminated strings from the beginning of the header. Old caches have another
// table before it. Anything that does not fit is left out. Libraries for processors with certain features (hwcap) come after
// the plain ones: they are made of the same source, and what a tool is shall not depend on the processor.
func parseLoaderCache(b []byte) map[string][]string {
	const header, entry = 48, 24
	at := bytes.Index(b, []byte("glibc-ld.so.cache1.1"))
	if at < 0 {
		return nil
	}
	b = b[at:]
	if len(b) < header {
		return nil
	}
	n := int(binary.NativeEndian.Uint32(b[20:]))
	if n < 0 || n > (len(b)-header)/entry {
		return nil
	}
	str := func(off uint32) string {
		if uint64(off) >= uint64(len(b)) {
			return ""
		}
		s, _, ok := bytes.Cut(b[off:], []byte{0})
		if !ok {
			return ""
		}
		return string(s)
	}
	out := make(map[string][]string, n)
	for _, plain := range []bool{true, false} {
		for i := range n {
			e := b[header+i*entry:]
			key, value := str(binary.NativeEndian.Uint32(e[4:])), str(binary.NativeEndian.Uint32(e[8:]))
			if key != "" && value != "" && plain == (binary.NativeEndian.Uint64(e[16:]) == 0) {
				out[key] = append(out[key], value)
			}
		}
	}
	return out
}
