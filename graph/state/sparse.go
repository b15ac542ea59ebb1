package state

import (
	"cmp"
	"iter"
	"slices"
	"sort"
)

// sparse maps a few ids to bytes: a sorted table in the snapshot, and what was set since on top.
type sparse struct {
	base []blobRef
	text []byte
	over map[uint32][]byte // nil value: removed
}

func (s *sparse) get(id uint32) []byte {
	if b, ok := s.over[id]; ok {
		return b
	}
	return find(s.base, s.text, id)
}

// set keeps b, which must not be changed afterwards; nil removes.
func (s *sparse) set(id uint32, b []byte) {
	if b == nil && s.get(id) == nil {
		return
	}
	if s.over == nil {
		s.over = map[uint32][]byte{}
	}
	s.over[id] = b
}

// all yields what is there, by rising id.
func (s *sparse) all() iter.Seq2[uint32, []byte] {
	return func(yield func(uint32, []byte) bool) {
		over := make([]uint32, 0, len(s.over))
		for id := range s.over {
			over = append(over, id)
		}
		slices.Sort(over)
		base := s.base
		for len(base) > 0 || len(over) > 0 {
			var id uint32
			var b []byte
			if len(over) == 0 || len(base) > 0 && base[0].ID < over[0] {
				r := base[0]
				id, b, base = r.ID, s.text[r.Off:r.Off+r.Len:r.Off+r.Len], base[1:]
			} else {
				if len(base) > 0 && base[0].ID == over[0] {
					base = base[1:]
				}
				id, b, over = over[0], s.over[over[0]], over[1:]
			}
			if b != nil && !yield(id, b) {
				return
			}
		}
	}
}

// find looks id up in a sorted table; nil where it is not there.
func find(table []blobRef, text []byte, id uint32) []byte {
	i, ok := sort.Find(len(table), func(i int) int { return cmp.Compare(id, table[i].ID) })
	if !ok {
		return nil
	}
	r := table[i]
	return text[r.Off : r.Off+r.Len : r.Off+r.Len]
}

// blobs collects bytes for a section, each at a multiple of 8, and the table that finds them.
type blobs struct{ text []byte }

func (b *blobs) add(id uint32, data []byte) blobRef {
	for len(b.text)%8 != 0 {
		b.text = append(b.text, 0)
	}
	r := blobRef{ID: id, Off: uint32(len(b.text)), Len: uint32(len(data))}
	b.text = append(b.text, data...)
	return r
}

func (b *blobs) table(s *sparse) []blobRef {
	var t []blobRef
	for id, data := range s.all() {
		t = append(t, b.add(id, data))
	}
	return t
}

// aligned copies b to memory that is aligned for what listings hold.
func aligned(b []byte) []byte {
	c := alignedBytes(len(b))
	copy(c, b)
	return c
}

// alignedBytes makes n zero bytes at a multiple of 8; never nil.
func alignedBytes(n int) []byte {
	return raw(make([]uint64, n/8+1))[:n:n]
}
