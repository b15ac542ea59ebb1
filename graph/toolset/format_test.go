package toolset

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
)

// loaderCacheOf makes an ld.so.cache.
func loaderCacheOf(old bool, pairs ...string) []byte {
	n := len(pairs) / 2
	b := []byte("glibc-ld.so.cache1.1")
	b = binary.NativeEndian.AppendUint32(b, uint32(n))
	b = binary.NativeEndian.AppendUint32(b, 0)
	b = append(b, make([]byte, 20)...)
	strs := []byte{}
	at := 48 + 24*n
	off := func(s string) uint32 {
		o := at + len(strs)
		strs = append(append(strs, s...), 0)
		return uint32(o)
	}
	for i := range n {
		b = binary.NativeEndian.AppendUint32(b, 0x0303)
		b = binary.NativeEndian.AppendUint32(b, off(pairs[2*i]))
		b = binary.NativeEndian.AppendUint32(b, off(pairs[2*i+1]))
		b = append(b, make([]byte, 12)...)
	}
	b = append(b, strs...)
	if old {
		b = append([]byte("ld.so-1.7.0\x00\x00\x00\x00\x00"), b...)
	}
	return b
}

func TestLoaderCache(t *testing.T) {
	want := map[string][]string{"liba.so.1": {"/lib/hw/liba.so.1", "/lib/liba.so.1"}, "libb.so": {"/x/libb.so"}}
	for _, old := range []bool{false, true} {
		got := parseLoaderCache(loaderCacheOf(old, "liba.so.1", "/lib/hw/liba.so.1", "libb.so", "/x/libb.so", "liba.so.1", "/lib/liba.so.1"))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v", got)
		}
	}
}

func FuzzLoaderCache(f *testing.F) {
	f.Add(loaderCacheOf(false, "liba.so.1", "/lib/liba.so.1"))
	f.Add(loaderCacheOf(true))
	f.Add([]byte("glibc-ld.so.cache1.1\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, paths := range parseLoaderCache(b) {
			if name == "" || len(paths) == 0 {
				t.Errorf("%q: %q", name, paths)
			}
		}
	})
}

var sampleTool = Tool{Name: "cc", Path: "/x/gcc", Identity: [32]byte{1, 2, 3}, Files: []string{"/x/gcc", "/gone"}, Roots: []string{"/x"},
	Programs: map[string]string{"cc": "/x/gcc", "as": "/usr/bin/as"}}

func TestRecordFormat(t *testing.T) {
	facts := []fact{{size: 1, mtime: 2, ctime: -3, ino: 1 << 63, mode: 0o100755}, {}}
	got, gotFacts, ok := decodeRecord(encodeRecord(&sampleTool, facts))
	if !ok || !reflect.DeepEqual(got, sampleTool) || !reflect.DeepEqual(gotFacts, facts) {
		t.Errorf("%+v %+v %v", got, gotFacts, ok)
	}
	b := encodeRecord(&sampleTool, facts)
	for i := range b {
		if _, _, ok := decodeRecord(b[:i]); ok {
			t.Errorf("%d of %d bytes are a record", i, len(b))
		}
	}
	if _, _, ok := decodeRecord(append(b, 0)); ok {
		t.Error("a record with more behind it is one")
	}
}

// FuzzRecord says that what decodes encodes to something equal, and that nothing panics or allocates without bound.
func FuzzRecord(f *testing.F) {
	f.Add(encodeRecord(&sampleTool, make([]fact, 2)))
	f.Add([]byte{recordVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		tool, facts, ok := decodeRecord(b)
		if !ok {
			return
		}
		again := encodeRecord(&tool, facts)
		tool2, facts2, ok := decodeRecord(again)
		if !ok || !reflect.DeepEqual(tool, tool2) || !reflect.DeepEqual(facts, facts2) || !bytes.Equal(again, encodeRecord(&tool2, facts2)) {
			t.Errorf("%+v became %+v", tool, tool2)
		}
	})
}
