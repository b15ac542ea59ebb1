package base

import (
	"bytes"
	"debug/elf"
	"strings"
)

// relocate makes an ELF file look for libraries in beside where it was told, when it was linked, to look in an absolute folder that ends in
// suffix; what else it was told stays. It changes b, and says whether it has. The new words are shorter than the old ones and stand in their place: text that
// others share with their end stays.
func relocate(b []byte, suffix, beside string) bool {
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return false
	}
	defer f.Close()
	strs := f.Section(".dynstr")
	if strs == nil || strs.Type == elf.SHT_NOBITS || strs.Offset > uint64(len(b)) || strs.Size > uint64(len(b))-strs.Offset {
		return false
	}
	text := b[strs.Offset : strs.Offset+strs.Size]
	changed := false
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		offsets, err := f.DynValue(tag)
		if err != nil {
			continue
		}
		for _, o := range offsets {
			if o >= uint64(len(text)) {
				continue
			}
			end := bytes.IndexByte(text[o:], 0)
			if end < 0 {
				continue
			}
			old := string(text[o : o+uint64(end)])
			now, ok := besideIn(old, suffix, beside)
			if !ok || len(now) > len(old) {
				continue
			}
			copy(text[o:], now+"\x00")
			changed = true
		}
	}
	return changed
}

// besideIn puts beside in the place of absolute folders that end in suffix.
func besideIn(path, suffix, beside string) (string, bool) {
	var out []string
	ok, have := false, false
	for _, d := range strings.Split(path, ":") {
		if strings.HasPrefix(d, "/") && strings.HasSuffix(strings.TrimRight(d, "/"), suffix) {
			ok = true
			if have {
				continue
			}
			d, have = beside, true
		}
		out = append(out, d)
	}
	return strings.Join(out, ":"), ok
}
