package state

import (
	"slices"
	"strings"

	"github.com/cairn-build/cairn/cache/digest"
)

// Entry is one file, folder or link of a list of files with their facts.
type Entry struct {
	Path string // relative to a tree's root, or absolute for a tool
	Stat Stat   // zero: must not be there
}

// A listing is entries as bytes, laid out to be scanned in place:
//
//	u64 number of entries, 32 bytes of identity (a tool's; zero for a tree), then
//	statRec by entry, pathRec by entry, then the NUL-terminated paths
//
// It starts at a multiple of 8. Entries are in the order of folder and name.
const listingHead = 8 + 32

type listing struct {
	identity digest.Hash
	stats    []statRec
	recs     []pathRec
	paths    []byte
}

// newListing encodes entries; it sorts a copy.
func newListing(identity digest.Hash, entries []Entry) []byte {
	es := slices.Clone(entries)
	slices.SortFunc(es, func(a, b Entry) int { return comparePathText(a.Path, b.Path) })
	stats := make([]statRec, len(es))
	recs := make([]pathRec, len(es))
	var paths []byte
	for i, e := range es {
		stats[i] = e.Stat.rec(0)
		recs[i] = pathRec{Off: uint32(len(paths)), Len: uint16(len(e.Path)), Dir: dirLen(e.Path)}
		paths = append(append(paths, e.Path...), 0)
	}
	b := alignedBytes(listingHead + len(es)*48 + len(paths))
	view[uint64](b[:8])[0] = uint64(len(es))
	copy(b[8:], identity[:])
	n := listingHead
	n += copy(b[n:], raw(stats))
	n += copy(b[n:], raw(recs))
	copy(b[n:], paths)
	return b
}

func comparePathText(a, b string) int {
	ad, bd := dirLen(a), dirLen(b)
	if c := strings.Compare(a[:ad], b[:bd]); c != 0 {
		return c
	}
	return strings.Compare(a[ad:], b[bd:])
}

func dirLen(p string) uint16 { return uint16(max(0, strings.LastIndexByte(p, '/'))) }

// parseListing looks at an encoded listing in place; false where it is none.
func parseListing(b []byte) (listing, bool) {
	if len(b) < listingHead {
		return listing{}, false
	}
	count := view[uint64](b[:8])[0]
	if count > uint64(len(b)-listingHead)/48 {
		return listing{}, false
	}
	n := int(count)
	at := listingHead + n*40
	l := listing{
		identity: digest.Hash(b[8:40]),
		stats:    view[statRec](b[listingHead:at]),
		recs:     view[pathRec](b[at : at+n*8]),
		paths:    b[at+n*8:],
	}
	for _, r := range l.recs {
		end := uint64(r.Off) + uint64(r.Len)
		if end >= uint64(len(l.paths)) || l.paths[end] != 0 || r.Dir > r.Len || r.Dir > 0 && (r.Dir == r.Len || l.paths[r.Off+uint32(r.Dir)] != '/') {
			return listing{}, false
		}
	}
	return l, true
}

func (l *listing) entries() []Entry {
	es := make([]Entry, len(l.recs))
	for i, r := range l.recs {
		es[i] = Entry{Path: string(pathOf(l.paths, r)), Stat: l.stats[i].stat()}
	}
	return es
}

func (s Stat) rec(flags uint32) statRec {
	return statRec{Size: s.Size, Mtime: s.MtimeNS, Ctime: s.CtimeNS, Ino: s.Ino, Mode: s.Mode, Flags: flags}
}

func (r *statRec) stat() Stat {
	return Stat{Size: r.Size, MtimeNS: r.Mtime, CtimeNS: r.Ctime, Ino: r.Ino, Mode: r.Mode}
}
