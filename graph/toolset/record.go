package toolset

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cairn-build/cairn/cache"
	"github.com/cairn-build/cairn/cache/digest"
)

// fact is what a stat says of a file, without following a link; the zero fact is of what is not there.
type fact struct {
	size, mtime, ctime int64 // times in ns
	ino                uint64
	mode               uint32
}

// granule is how much older than the look at it a file must be for its facts to be trusted: a change within the clock's
// granularity leaves them as they are.
const granule = 50 * time.Millisecond

// recordKey names an answer by all that decides where it comes from. It never enters a key of an action.
func (r *Resolver) recordKey(name, path, strict string) digest.Hash {
	h := sha256.New()
	fmt.Fprintf(h, "%s record %d\n%s\x00%s\x00%s\x00", identityForm, recordVersion, name, path, strict)
	for _, d := range r.o.Search {
		fmt.Fprintf(h, "%s\x00", d)
	}
	for _, n := range selectors {
		v, ok := r.o.Getenv(n)
		fmt.Fprintf(h, "%v%s\x00", ok, v)
	}
	return digest.Hash(h.Sum(nil))
}

// remembered gives the tool of a record whose files are as they were.
func (r *Resolver) remembered(key digest.Hash, name string) (Tool, bool) {
	if r.o.Records == nil {
		return Tool{}, false
	}
	b, ok := r.o.Records.Lookup(cache.Tool, key)
	if !ok {
		return Tool{}, false
	}
	t, facts, ok := decodeRecord(b)
	if !ok {
		return Tool{}, false
	}
	if r.o.Seen != nil && !t.Identity.IsZero() && r.o.Seen(name) == t.Identity {
		return t, true
	}
	for i, f := range t.Files {
		if factOf(f) != facts[i] {
			return Tool{}, false
		}
	}
	return t, true
}

// remember records t, false where one of its files is not as it was when it was read. Files that changed just now are not
// remembered; a record that cannot be written makes the next process work it out again, and no more.
func (r *Resolver) remember(key digest.Hash, t *Tool, facts map[string]fact) bool {
	fs := make([]fact, len(t.Files))
	young := r.o.Now().Add(-granule).UnixNano()
	trust := true
	for i, f := range t.Files {
		fs[i] = factOf(f)
		if fs[i] != facts[f] {
			return false
		}
		trust = trust && fs[i].ctime < young && fs[i].mtime < young
	}
	if r.o.Records == nil || !trust {
		return true
	}
	_ = r.o.Records.Record(cache.Tool, key, encodeRecord(t, fs))
	return true
}

// A record is one byte with the version, then Name, Path, Identity (32 bytes), the number of Files, for each its path and its
// fact (size, mtime, ctime, inode, mode), the number of Roots and each, the number of Programs and each name and path, sorted
// by name. Numbers are unsigned varints, of times and sizes zigzag; strings have their length before them.
const recordVersion = 1

func encodeRecord(t *Tool, facts []fact) []byte {
	b := []byte{recordVersion}
	str := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	str(t.Name)
	str(t.Path)
	b = append(b, t.Identity[:]...)
	b = binary.AppendUvarint(b, uint64(len(t.Files)))
	for i, f := range t.Files {
		str(f)
		for _, v := range []int64{facts[i].size, facts[i].mtime, facts[i].ctime} {
			b = binary.AppendVarint(b, v)
		}
		b = binary.AppendUvarint(b, facts[i].ino)
		b = binary.AppendUvarint(b, uint64(facts[i].mode))
	}
	b = binary.AppendUvarint(b, uint64(len(t.Roots)))
	for _, s := range t.Roots {
		str(s)
	}
	b = binary.AppendUvarint(b, uint64(len(t.Programs)))
	for _, n := range slices.Sorted(maps.Keys(t.Programs)) {
		str(n)
		str(t.Programs[n])
	}
	return b
}

// decodeRecord reads what encodeRecord wrote, and nothing else.
func decodeRecord(b []byte) (t Tool, facts []fact, ok bool) {
	r := bytes.NewReader(b)
	bad := false
	uint := func() uint64 {
		v, err := binary.ReadUvarint(r)
		bad = bad || err != nil
		return v
	}
	int := func() int64 {
		v, err := binary.ReadVarint(r)
		bad = bad || err != nil
		return v
	}
	raw := func(n uint64) []byte {
		if bad || n > uint64(r.Len()) {
			bad = true
			return nil
		}
		at := len(b) - r.Len()
		_, _ = r.Seek(int64(n), 1)
		return b[at : at+len(b[at:])-r.Len()]
	}
	str := func() string { return string(raw(uint())) }
	count := func() uint64 {
		n := uint()
		if bad = bad || n > uint64(r.Len()); bad { // each thing takes a byte at least
			return 0
		}
		return n
	}
	if v, err := r.ReadByte(); err != nil || v != recordVersion {
		return Tool{}, nil, false
	}
	t.Name, t.Path = str(), str()
	copy(t.Identity[:], raw(uint64(len(t.Identity))))
	for n := count(); n > 0 && !bad; n-- {
		t.Files = append(t.Files, str())
		facts = append(facts, fact{size: int(), mtime: int(), ctime: int(), ino: uint(), mode: uint32(uint())})
	}
	for n := count(); n > 0 && !bad; n-- {
		t.Roots = append(t.Roots, str())
	}
	t.Programs = map[string]string{}
	for n := count(); n > 0 && !bad; n-- {
		name := str()
		t.Programs[name] = str()
	}
	if bad || r.Len() != 0 {
		return Tool{}, nil, false
	}
	return t, facts, true
}
